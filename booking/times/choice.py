"""Which of the open times somebody is shown first, or offered. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from booking.models import PartOfWeek

FEW, FEW_A_DAY = 6, 2


def few(starts: list[datetime], zone: ZoneInfo) -> list[datetime]:
    """Some of the open times to begin with: at most six, of a day its first and its afternoon's.

    So that somebody who can only come late, or only next week, sees one of theirs too.
    """
    by_day: dict[date, list[datetime]] = defaultdict(list)
    for start in starts:
        by_day[start.astimezone(zone).date()].append(start)
    chosen: list[datetime] = []
    for times in by_day.values():
        late = [t for t in times[1:] if t.astimezone(zone).time() >= time(12)]
        chosen += [times[0], *late[: FEW_A_DAY - 1]]
    if len(chosen) < FEW:  # few days have any: then more of each
        chosen = starts
    return sorted(chosen[:FEW])


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
