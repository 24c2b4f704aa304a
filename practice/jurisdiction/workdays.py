"""Days on which a practice answers. Pure: no database, no clock, no settings."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

import holidays

DAY = timedelta(days=1)
LONGEST_ABSENCE = timedelta(days=731)
Absences = Sequence[tuple[date, date]]  # first and last days, both included


def parts_of(country: str) -> list[str] | None:
    """Codes of the parts of `country` with holidays of their own; None for an unknown country."""
    return holidays.list_supported_countries(include_aliases=False).get(country)


@lru_cache(maxsize=8)
def calendar(country: str, region: str) -> holidays.HolidayBase:
    """Weekends and public holidays of `country`; an unknown `region` gives the country's own."""
    try:
        return holidays.country_holidays(country, subdiv=region or None)
    except NotImplementedError:
        return holidays.country_holidays(country)


def holidays_between(first: date, last: date, *, country: str, region: str = "") -> list[date]:
    """The public holidays from `first` to `last`, both included, sorted."""
    days = calendar(country, region)
    span = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in span if day in days]


def nth_working_day(
    start: date, count: int, *, country: str, region: str = "", away: Absences = ()
) -> date:
    """The `count`-th working day after `start`, and the first for a count below one.

    What lies more than two years ahead is not looked at, so that a slip of the pen in a year
    still leaves an answer.
    """
    days = calendar(country, region)
    day = start
    while True:
        day += timedelta(days=1)
        is_away = any(first <= day <= last for first, last in away)
        if days.is_working_day(day) and (not is_away or day - start > LONGEST_ABSENCE):
            count -= 1
            if count <= 0:
                return day


def halfway(
    begins: datetime, ends: datetime, *, country: str, region: str = "", away: Absences = ()
) -> datetime:
    """The moment (UTC) at which half of the working time between two moments is over.

    Both are aware and in the practice's zone. All 24 hours of a working day count, and none of a
    day without work; where there is no working day in between, every hour counts.
    """
    days = calendar(country, region)
    every = list(_days_between(begins, ends))
    spans = [
        (start, end)
        for day, start, end in every
        if days.is_working_day(day) and not any(first <= day <= last for first, last in away)
    ] or [(start, end) for _, start, end in every]
    left = sum((end - start for start, end in spans), timedelta()) / 2
    for start, end in spans:
        if left <= end - start:
            return start + left
        left -= end - start
    return ends.astimezone(UTC)


def _days_between(begins: datetime, ends: datetime) -> Iterator[tuple[date, datetime, datetime]]:
    """Each local day with the part of it (UTC) that lies between two aware moments."""
    day = begins.date()
    while day <= ends.date():
        midnights = (datetime.combine(d, time(), begins.tzinfo) for d in (day, day + DAY))
        first, last = (midnight.astimezone(UTC) for midnight in midnights)
        start, end = max(first, begins.astimezone(UTC)), min(last, ends.astimezone(UTC))
        if start < end:
            yield day, start, end
        day += DAY
