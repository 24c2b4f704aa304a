"""The busy times in another calendar (iCalendar, RFC 5545), without what they are about.

No clock, no network, no database. Whatever a calendar holds costs seconds at the most, since
its bytes, entries, instances and the days that are looked at are limited.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from operator import attrgetter

from booking.availability import Interval, zone_named
from booking.busyfeeds import events, reading, series
from booking.busyfeeds.limits import Exhausted, Meter, Span
from booking.busyfeeds.losses import Loss, sentences
from booking.busyfeeds.reading import Component
from booking.busyfeeds.zones import Zones

MAX_WORK = 8_000_000
MAX_INTERVALS = 100_000
MAX_ZONES_NAMED = 5

UNKNOWN_ZONE = "This site doesn't know the time zone {!r}. It read those times in {}."


def busy_intervals(
    ics: bytes,
    *,
    timezone: str,
    start: datetime,
    end: datetime,
    own_addresses: Iterable[str] = (),
) -> tuple[list[Interval], list[str]]:
    """Busy times between `start` and `end` (aware), and warnings to show.

    The intervals are in UTC and sorted, those that overlap joined; one that reaches out of the
    span is whole. `timezone` is the practice's: all-day events are its days, and times without
    a zone are in it, unless the calendar names one. What one of `own_addresses` declined is free,
    or the address that the calendar has for a name. What cannot be read opens no time, where
    anything of it can: each warning says what was lost, and tells nothing of what an event is
    about. Raises ValueError, with a sentence, for what is no calendar or too much of one, and
    for a span or a zone that is none.
    """
    practice = zone_named(timezone)
    if start.tzinfo is None or end.tzinfo is None or end < start:
        raise ValueError("The span needs a start and an end after it, both with a time zone.")
    span, meter = Span(start.astimezone(UTC), end.astimezone(UTC)), Meter(MAX_WORK)
    losses: Counter[Loss] = Counter()
    unknown: dict[str, str] = {}
    found: list[Interval] = []
    own = set(map(events.address, own_addresses))
    try:
        for calendar in reading.read(ics):
            zones = Zones(calendar, practice, span, meter)
            theirs = own | {events.address(calendar.text("X-WR-CALNAME"))}
            for times in _busy_times(calendar, zones, theirs - {""}, span, meter, losses):
                found = _with_more(found, filter(span.meets, times))
            unknown |= zones.unknown
    except Exhausted:
        raise ValueError("The calendar repeats more than this site can follow.") from None
    named = sorted(unknown.items())[:MAX_ZONES_NAMED]
    zones_named = [UNKNOWN_ZONE.format(name[:60], instead) for name, instead in named]
    return merged(found), sentences(losses) + zones_named


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
    calendar: Component,
    zones: Zones,
    own: set[str],
    span: Span,
    meter: Meter,
    losses: Counter[Loss],
) -> Iterator[list[Interval]]:
    """The times of each series and of each VFREEBUSY; counts what cannot be read of them."""
    by_uid: dict[str | int, list[Component]] = defaultdict(list)
    for part in calendar.parts:
        if part.name == "VEVENT":
            by_uid[part.text("UID") or id(part)].append(part)
        elif part.name == "VFREEBUSY":
            lost: set[Loss] = set()
            yield events.read_free_busy(part, zones, lost)
            losses.update(lost)
    for parts in by_uid.values():
        lost = set()
        found = events.read_events(parts, zones, own, lost)
        yield series.busy_times(found, span, meter, lost)
        losses.update(lost)


def _with_more(found: list[Interval], times: Iterable[Interval]) -> list[Interval]:
    """Both together, no more than memory should hold. Raises ValueError."""
    found.extend(times)
    if len(found) <= MAX_INTERVALS:
        return found
    found = merged(found)
    if len(found) > MAX_INTERVALS // 2:
        raise ValueError("The calendar has more busy times than this site can follow.")
    return found
