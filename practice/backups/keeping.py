"""Which backups are kept: 7 daily, 4 weekly, and none for longer than the privacy page says."""

from collections.abc import Iterable
from datetime import datetime, timedelta

DAYS, WEEKS = 7, 4


def kept(times: Iterable[datetime], now: datetime, longest: timedelta) -> set[datetime]:
    """Those of `times` (UTC) that stay. Pure.

    The newest of each of the last seven days that have one, and of those before them the newest
    of each of the last four weeks (Monday to Sunday); none that is older than `longest`. The
    newest of all stays whatever its age: a practice whose backups fail must not lose its last.
    """
    newest_first = sorted(times, reverse=True)
    days: dict[object, datetime] = {}
    weeks: dict[object, datetime] = {}
    for time in newest_first:
        if now - time > longest:
            continue
        if time.date() in days or len(days) < DAYS:
            days.setdefault(time.date(), time)
        else:
            weeks.setdefault(time.isocalendar()[:2], time)
    return {*newest_first[:1], *days.values(), *list(weeks.values())[:WEEKS]}
