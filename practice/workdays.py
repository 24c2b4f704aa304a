"""Days on which a practice answers. Pure: no database, no clock, no settings."""

from collections.abc import Sequence
from datetime import date, timedelta

import holidays


def calendar(country: str, region: str) -> holidays.HolidayBase:
    """Weekends and public holidays of `country`; an unknown `region` gives the country's own."""
    try:
        return holidays.country_holidays(country, subdiv=region or None)
    except NotImplementedError:
        return holidays.country_holidays(country)


def nth_working_day(
    start: date,
    count: int,
    *,
    country: str,
    region: str = "",
    away: Sequence[tuple[date, date]] = (),
) -> date:
    """The `count`-th working day after `start`; `away` holds first and last days, both included.

    Raises ValueError where two years hold too few working days.
    """
    days = calendar(country, region)
    day = start
    for _ in range(731):
        day += timedelta(days=1)
        if days.is_working_day(day) and not any(first <= day <= last for first, last in away):
            count -= 1
            if count <= 0:
                return day
    raise ValueError("There is no working day within two years.")
