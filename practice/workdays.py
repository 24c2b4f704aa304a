"""Days on which a practice answers. Pure: no database, no clock, no settings."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache

import holidays

LONGEST_ABSENCE = timedelta(days=731)


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
    start: date,
    count: int,
    *,
    country: str,
    region: str = "",
    away: Sequence[tuple[date, date]] = (),
) -> date:
    """The `count`-th working day after `start`, and the first for a count below one.

    `away` holds first and last days, both included. What lies more than two years ahead is not
    looked at, so that a slip of the pen in a year still leaves an answer.
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
