"""The busy times in another calendar (iCalendar, RFC 5545), without what they are about.

No clock, no network, no database. Whatever a calendar holds costs seconds at the most, since
its bytes, entries, instances and the days that are looked at are limited.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, tzinfo
from operator import attrgetter
from zoneinfo import ZoneInfo

from booking.availability import Interval
from booking.busyfeeds import reading, series
from booking.busyfeeds.limits import Exhausted, Meter, Span
from booking.busyfeeds.reading import Component
from booking.busyfeeds.rules import BadRule, TooOften
from booking.busyfeeds.series import Event
from booking.busyfeeds.zones import Zones

MAX_WORK = 8_000_000
MAX_INTERVALS = 100_000
MAX_ZONES_NAMED = 5

UNREADABLE = (
    "An event was left out, since its time cannot be read. It keeps nothing busy.",
    "{} events were left out, since their times cannot be read. They keep nothing busy.",
)
BAD_RULE = (
    "A repeating event was left out, since its rule cannot be read. It keeps nothing busy.",
    "{} repeating events were left out, since their rules cannot be read. They keep nothing busy.",
)
TOO_OFTEN = (
    "A repeating event was left out, since it repeats too often. It keeps nothing busy.",
    "{} repeating events were left out, since they repeat too often. They keep nothing busy.",
)
UNKNOWN_ZONE = "The time zone {!r} is unknown. Its times were read in {}."


def busy_intervals(
    ics: bytes, *, timezone: str, start: datetime, end: datetime
) -> tuple[list[Interval], list[str]]:
    """Busy times between `start` and `end` (aware), and warnings to show.

    The intervals are in UTC and sorted, those that overlap joined; one that reaches out of the
    span is whole. `timezone` is the practice's: all-day events are its days, and times without
    a zone are in it, unless the calendar names one. Warnings tell nothing of what an event is
    about. Raises ValueError, with a sentence, for what is no calendar or too much of one, and
    for a span or a zone that is none.
    """
    practice = _zone(timezone)
    if start.tzinfo is None or end.tzinfo is None or end < start:
        raise ValueError("The span needs a start and an end after it, both with a time zone.")
    span, meter = Span(start.astimezone(UTC), end.astimezone(UTC)), Meter(MAX_WORK)
    left_out: Counter[tuple[str, str]] = Counter()
    unknown: set[str] = set()
    found: list[Interval] = []
    try:
        for calendar in reading.read(ics):
            zones = Zones(calendar, practice, span, meter)
            for times in _busy_times(calendar, zones, span, meter, left_out):
                found = _with_more(found, filter(span.meets, times))
            unknown |= zones.unknown
    except Exhausted:
        raise ValueError("The calendar repeats more than can be followed.") from None
    warnings = [one if n == 1 else many.format(n) for (one, many), n in left_out.items()]
    named = sorted(unknown)[:MAX_ZONES_NAMED]
    return merged(found), warnings + [UNKNOWN_ZONE.format(name[:60], timezone) for name in named]


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """Sorted by start, those that overlap joined into one; those that only touch stay apart."""
    result: list[Interval] = []
    for interval in sorted(intervals, key=attrgetter("start")):
        if result and interval.start < result[-1].end:
            result[-1] = Interval(result[-1].start, max(result[-1].end, interval.end))
        else:
            result.append(interval)
    return result


def _busy_times(
    calendar: Component, zones: Zones, span: Span, meter: Meter, left_out: Counter[tuple[str, str]]
) -> Iterator[list[Interval]]:
    """The times of each series and of each VFREEBUSY; counts what it has to leave out."""
    by_uid: dict[str | int, list[Event]] = defaultdict(list)
    for part in calendar.parts:
        try:
            if part.name == "VEVENT":
                by_uid[part.text("UID") or id(part)].append(series.read_event(part, zones))
            elif part.name == "VFREEBUSY":
                yield series.read_free_busy(part, zones)
        except (ValueError, OverflowError):
            left_out[UNREADABLE] += 1
    for events in by_uid.values():
        try:
            yield series.busy_times(events, span, meter)
        except TooOften:
            left_out[TOO_OFTEN] += 1
        except BadRule:
            left_out[BAD_RULE] += 1
        except (ValueError, OverflowError):
            left_out[UNREADABLE] += 1


def _with_more(found: list[Interval], times: Iterable[Interval]) -> list[Interval]:
    """Both together, no more than memory should hold. Raises ValueError."""
    found.extend(times)
    if len(found) <= MAX_INTERVALS:
        return found
    found = merged(found)
    if len(found) > MAX_INTERVALS // 2:
        raise ValueError("The calendar holds more busy times than can be followed.")
    return found


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone.") from error
