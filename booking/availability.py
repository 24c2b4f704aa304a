"""Which times are open: the practice's hours, minus whatever is in the way.

Plain arithmetic: no database, no clock, no settings. Whoever calls says what time it is.

Hours are wall time and consultations are elapsed time; the two part ways when clocks change.
So time is first cut into stretches in which the zone keeps one offset from UTC. Within a
stretch a wall time comes exactly once and both kinds of arithmetic agree. A wall time that
does not exist lies in no stretch, and one that comes twice lies in two, so neither gap nor
fold needs a rule of its own: half-hour changes, changes at midnight and a calendar day that
was skipped are all the same case.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import chain
from operator import itemgetter
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


class Window(NamedTuple):
    """Hours of one day in local wall time, the end excluded; an end of 00:00 is the day's end."""

    start: time
    end: time


class Interval(NamedTuple):
    """Time from one aware instant to another, the end excluded."""

    start: datetime
    end: datetime


class Policy(NamedTuple):
    """How consultations are taken: minutes, but `horizon` in local calendar days.

    `step` lies between two starts, `gap` between two consultations, and `lead` at least
    between now and a start. A `daily_limit` of None is no limit.
    """

    timezone: str
    duration: int
    step: int
    gap: int
    lead: int
    horizon: int
    daily_limit: int | None


LEAST = {"duration": 1, "step": 1, "gap": 0, "lead": 0, "horizon": 0, "daily_limit": 1}

Point = TypeVar("Point", datetime, timedelta)
Span = tuple[datetime, datetime]
Stretch = tuple[datetime, datetime, timezone]
Hours = list[tuple[timedelta, timedelta]]  # counted from midnight, sorted, apart from each other


def open_times(
    policy: Policy,
    *,
    weekly: dict[int, list[Window]],
    overrides: dict[date, list[Window]],
    time_off: list[tuple[date, date]],
    busy: list[Interval],
    booked: list[Interval],
    now: datetime,
    on: date | None = None,
) -> list[datetime]:
    """The starts that a visitor may choose from: UTC, sorted, unique; those `on` one local date
    alone, if it is given, for which only that day and its neighbors are worked out.

    `weekly` maps weekdays, Monday 0, to hours; an override replaces those of its date, and an
    empty one closes it; `time_off` closes whole days, first and last included, overrides or
    not. Starts follow each window's own grid, which an obstacle does not shift.

    A consultation lasts `duration` elapsed minutes, each of which must be open on its own local
    date, so that it may run on past midnight, even past the horizon, but not into a day off.
    The local day of a start decides on horizon and limit, also where the consultation, or a
    booked one, ends on the next. `busy` and `booked` may overlap and lie anywhere in time; one
    without length blocks nothing as `busy`, but as `booked` it counts and has its gaps.

    Raises ValueError, with a sentence, for input that makes no sense.
    """
    try:
        zone = zone_named(policy.timezone)
        _check(policy)
        duration, step, gap = (
            timedelta(minutes=minutes) for minutes in (policy.duration, policy.step, policy.gap)
        )
        now = _utc(now)
        earliest = now + timedelta(minutes=policy.lead)
        last_day = now.astimezone(zone).date() + policy.horizon * DAY
        hours_of = _calendar(weekly, overrides, time_off)
        appointments = [_span(interval) for interval in booked]
        taken = [(start - gap, end + gap) for start, end in appointments]
        taken += map(_span, busy)
        full = _full_days(appointments, zone, policy.daily_limit)

        first_day = earliest.date()
        if on is not None:
            first_day, last_day = max(first_day, on - DAY), min(last_day, on)
        # By then the last day is over in every zone, and so is a consultation begun on it.
        until = _midnight(last_day, UTC) + 2 * DAY + duration
        stretches = _stretches(zone, _midnight(first_day, UTC), until)
        open_, grid = _opening(stretches, hours_of, step)
    except OverflowError as error:
        raise ValueError("This reaches beyond the years 1 to 9999.") from error

    begins = sorted(begin for begin, end in taken if begin < end)
    ends = sorted(end for begin, end in taken if begin < end)

    def is_free(start: datetime) -> bool:
        """Whether all of a consultation is open, and whatever begins before its end is over."""
        end = start + duration
        around = open_[bisect_right(open_, start, key=itemgetter(0)) - 1]
        return end <= around[1] and bisect_left(begins, end) == bisect_right(ends, start)

    return [
        start
        for start, day in grid
        if start >= earliest
        and day <= last_day
        and on in (None, day)
        and day not in full
        and is_free(start)
    ]


def _opening(
    stretches: Iterable[Stretch], hours_of: Callable[[date], Hours], step: timedelta
) -> tuple[list[Span], list[tuple[datetime, date]]]:
    """What is open, and the starts on the grid with their local days, taken or not."""
    spans, grid = [], []
    for begin, end, offset in stretches:
        day = begin.astimezone(offset).date()
        while (midnight := _midnight(day, offset)) < end:
            for opens, closes in hours_of(day):
                start, close = midnight + opens, min(midnight + closes, end)
                spans.append((max(start, begin), close))
                while start < close:
                    if start >= begin:
                        grid.append((start, day))
                    start += step
            day += DAY
    return _joined(spans), grid


def _stretches(zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[Stretch]:
    """The time from `begin` to `end`, cut where the zone's offset from UTC changes.

    Looking once a day is enough: in all of the zone database no offset lasts less than three.
    """

    def offset_at(instant: datetime) -> timedelta:
        return instant.astimezone(zone).utcoffset() or timedelta()

    while begin < end:
        offset = offset_at(begin)
        dawn = begin  # of the day in which the offset changes
        while dawn + DAY < end and offset_at(dawn + DAY) == offset:
            dawn += DAY
        seconds = bisect_left(
            range(DAY // SECOND), True, key=lambda n: offset_at(dawn + n * SECOND) != offset
        )
        change = min(dawn + seconds * SECOND, end)
        yield begin, change, timezone(offset)
        begin = change


def _calendar(
    weekly: dict[int, list[Window]],
    overrides: dict[date, list[Window]],
    time_off: list[tuple[date, date]],
) -> Callable[[date], Hours]:
    for weekday in weekly:
        if weekday not in range(7):
            raise ValueError(f"A weekday is 0 (Monday) to 6 (Sunday), not {weekday!r}.")
    if any(isinstance(day, datetime) for day in chain(overrides, *time_off)):
        raise ValueError("Overrides and time off are for dates, not for times.")
    for first, last in time_off:
        if last < first:
            raise ValueError(f"Time off ends before it begins: {first} to {last}.")
    usual = {weekday: _hours(windows) for weekday, windows in weekly.items()}
    special = {day: _hours(windows) for day, windows in overrides.items()}

    def hours_of(day: date) -> Hours:
        if any(first <= day <= last for first, last in time_off):
            return []
        return special.get(day, usual.get(day.weekday(), []))

    return hours_of


def _hours(windows: Iterable[Window]) -> Hours:
    """Windows of one day as time since midnight."""
    spans = []
    for start, end in windows:
        if start.tzinfo or end.tzinfo:
            raise ValueError(f"A window is wall time, without a zone: {start} to {end}.")
        opens, closes = _since_midnight(start), _since_midnight(end) or DAY
        if closes <= opens:
            raise ValueError(f"A window has to end after its start: {start} to {end}.")
        spans.append((opens, closes))
    return _joined(spans)


def _full_days(booked: Iterable[Span], zone: ZoneInfo, limit: int | None) -> set[date]:
    """The local days on which as many consultations begin as may."""
    if limit is None:
        return set()
    counts = Counter(start.astimezone(zone).date() for start, _ in booked)
    return {day for day, count in counts.items() if count >= limit}


def _joined(spans: Iterable[tuple[Point, Point]]) -> list[tuple[Point, Point]]:
    """The spans sorted, those that touch or overlap made one, and empty ones left out."""
    joined: list[tuple[Point, Point]] = []
    for start, end in sorted(spans, key=itemgetter(0)):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        elif start < end:
            joined.append((start, end))
    return joined


def _midnight(day: date, offset: timezone) -> datetime:
    return datetime.combine(day, time.min, offset).astimezone(UTC)


def _since_midnight(moment: time) -> timedelta:
    return datetime.combine(date.min, moment) - datetime.min


def _check(policy: Policy) -> None:
    for name, least in LEAST.items():
        value = getattr(policy, name)
        if name == "daily_limit" and value is None:
            continue
        if not isinstance(value, int) or value < least:
            raise ValueError(f"{name} has to be a whole number from {least} on, not {value!r}.")


def zone_named(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError, TypeError) as error:  # each for another kind of nonsense
        raise ValueError(f"There is no time zone {name!r}.") from error


def _span(interval: Interval) -> Span:
    start, end = _utc(interval.start), _utc(interval.end)
    if end < start:
        raise ValueError(f"An interval ends before it starts: {start} to {end}.")
    return start, end


def _utc(moment: datetime) -> datetime:
    """The same instant in UTC: two times of one zone would be compared by their wall time."""
    if moment.tzinfo is UTC:
        return moment
    if moment.utcoffset() is None:
        raise ValueError(f"A time without a time zone: {moment}.")
    return moment.astimezone(UTC)
