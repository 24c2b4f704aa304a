"""Which of the open times somebody is shown first, or offered. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from booking.models import PartOfWeek

FEW, FEW_A_DAY = 6, 2  # to begin with
SOME_A_DAY = 4  # once more are asked for


def shown(starts: list[datetime], zone: ZoneInfo, weeks: int = 0) -> list[datetime]:
    """The open times to show: a few; with `weeks`, some of each day until so many weeks later."""
    first = _few(starts, zone)
    if not first or not weeks:
        return first
    days = _by_day(starts, zone)
    last = _add_weeks(first[-1].astimezone(zone).date(), weeks, list(days))
    return [t for day, times in days.items() if day <= last for t in _apart(times, SOME_A_DAY)]


def _few(starts: list[datetime], zone: ZoneInfo) -> list[datetime]:
    """Of each day its first and its last, so that who can only come late sees one too."""
    days = _by_day(starts, zone).values()
    chosen = [t for times in days for t in _apart(times, FEW_A_DAY)][:FEW]
    return chosen if len(chosen) == FEW else _apart(starts, FEW)


def _add_weeks(last: date, weeks: int, days: list[date]) -> date:
    """The day `weeks` weeks after `last`; one that has no open time doesn't count."""
    for _ in range(weeks):
        later = [day for day in days if day > last]
        if not later:
            break
        last = later[0] + timedelta(days=6)
    return last


def _by_day(starts: list[datetime], zone: ZoneInfo) -> dict[date, list[datetime]]:
    days: dict[date, list[datetime]] = defaultdict(list)
    for start in starts:
        days[start.astimezone(zone).date()].append(start)
    return days


def _apart(times: list[datetime], most: int) -> list[datetime]:
    """At most so many of `times`, from the first to the last, as far apart as they can be."""
    if len(times) <= most:
        return times
    return [times[round(place * (len(times) - 1) / (most - 1))] for place in range(most)]


def to_offer(
    starts: list[datetime], zone: ZoneInfo, parts: Sequence[str], most: int
) -> list[datetime]:
    """Open times to offer to somebody who prefers these parts of the week, on different days."""
    suited = [start for start in starts if suits(start, zone, parts)] or starts
    by_day = {start.astimezone(zone).date(): start for start in reversed(suited)}
    return sorted(by_day.values())[:most]


def suits(start: datetime, zone: ZoneInfo, parts: Sequence[str]) -> bool:
    """Whether a time lies in one of the parts of the week; in any, if there are none."""
    local = start.astimezone(zone)
    if local.weekday() >= 5:
        part = PartOfWeek.WEEKENDS
    elif local.time() < time(12):
        part = PartOfWeek.MORNINGS
    else:
        part = PartOfWeek.AFTERNOONS if local.time() < time(17) else PartOfWeek.EVENINGS
    return not parts or part in parts
