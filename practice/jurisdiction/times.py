"""How days, hours and zones are written: as in the practice's country, and as people call them.

The site speaks English everywhere, but not everywhere the English of the United States.
"""

from collections.abc import Iterable
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# Where the clock of everyday has AM and PM: `preferred="h"` in the timeData of Unicode's CLDR 48
# (common/supplemental/supplementalData.xml).
TWELVE_HOURS = frozenset(
    "AE AG AL AS AU BB BD BH BM BN BO BS BT CA CO CR CU CY DJ DM DO DZ EC EG EH ER FJ FM GD GH GM "
    "GR GT GU GY HK HN IN IQ JM JO KI KN KP KR KW KY LB LC LR LS LY MH MO MP MR MW MX MY NA NI NZ "
    "OM PA PE PG PH PK PR PS PW QA SA SB SD SG SL SO SS SV SY SZ TC TD TN TO TT UM US VC VE VG VI "
    "VU WS YE ZM".split()
)
# Where the month comes before the day when people write English.
MONTH_FIRST = frozenset("AS CA FM GU MH MP PH PR PW UM US VI".split())

# By the letters that a zone's clocks have in a year, and how far its lowest hour is off UTC: CST is
# Chicago's, Havana's and Shanghai's. Other zones are called after their city.
FAMILIAR = {
    ("NDT NST", -3.5): "Newfoundland Time",
    ("ADT AST", -4): "Atlantic Time",
    ("EDT EST", -5): "Eastern Time",
    ("CDT CST", -6): "Central Time",
    ("MDT MST", -7): "Mountain Time",
    ("PDT PST", -8): "Pacific Time",
    ("AKDT AKST", -9): "Alaska Time",
    ("HST", -10): "Hawaii Time",
    ("BST GMT", 0): "UK Time",
    ("GMT IST", 0): "Irish Time",
    ("CEST CET", 1): "Central European Time",
    ("EEST EET", 2): "Eastern European Time",
    ("IST", 5.5): "India Time",
}
BY_KEY = {"America/Phoenix": "Arizona Time"}
YEAR = [timedelta(days=30 * month) for month in range(13)]

_country: ContextVar[str] = ContextVar("country", default="US")


def write_as_in(country: str) -> None:
    """From here on this thread writes as in `country` (ISO 3166), until it is told another one.

    Whoever loads the practice's settings has told it: all that is written comes after that.
    """
    _country.set(country)


def day(day: date, *, year: bool = False) -> str:
    """`Thursday, November 26`, or `Thursday 26 November`; with `year`, for one far away."""
    if _country.get() in MONTH_FIRST:
        return f"{day:%A, %B} {day.day}" + (f", {day.year}" if year else "")
    return f"{day:%A} {day.day} {day:%B}" + (f" {day.year}" if year else "")


def short_day(day: date) -> str:
    """`Thu, Nov 26`, or `Thu 26 Nov`: beside what is on that day."""
    if _country.get() in MONTH_FIRST:
        return f"{day:%a, %b} {day.day}"
    return f"{day:%a} {day.day} {day:%b}"


def clock(local: datetime) -> str:
    """`9:00 AM`, `noon`, or `09:00`: the hour of a local time."""
    if _country.get() not in TWELVE_HOURS:
        return f"{local:%H:%M}"
    return "noon" if (local.hour, local.minute) == (12, 0) else f"{local:%I:%M %p}".lstrip("0")


def hour_in(moment: datetime, zone: ZoneInfo) -> str:
    """`9:00 AM Pacific Time`."""
    local = moment.astimezone(zone)
    return f"{clock(local)} {zone_name(zone, moment)}{which_of_two(local)}"


def which_of_two(local: datetime) -> str:
    """` (PDT)` for a time that its zone's clocks show twice, as they go back; else nothing."""
    first, second = (local.replace(fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    return f" ({zone_label(local)})" if first > second else ""


def in_zone(moment: datetime, zone: ZoneInfo, *, year: bool = True) -> str:
    """`Tuesday, November 24, 2026 at 9:00 AM Pacific Time`."""
    return f"{day(moment.astimezone(zone), year=year)} at {hour_in(moment, zone)}"


def end_of_day(local: datetime) -> datetime:
    """The moment (UTC) at which the day of an aware local time is over in its zone."""
    midnight = datetime.combine(local.date() + timedelta(days=1), time.min, local.tzinfo)
    return midnight.astimezone(UTC)


def until(moment: datetime, zone: ZoneInfo, *, year: bool = True) -> str:
    """`the end of Tuesday, November 24, 2026`; an end within a day has its hour."""
    last = (moment - timedelta(seconds=1)).astimezone(zone)
    if last.date() < moment.astimezone(zone).date():
        return f"the end of {day(last, year=year)}"
    return in_zone(moment, zone, year=year)


def zone_name(zone: ZoneInfo, moment: datetime) -> str:
    """`Pacific Time`, else `Sydney Time`: what people call a zone in the year from `moment` on."""
    key = zone.key
    year = [(moment + ahead).astimezone(zone) for ahead in YEAR]
    letters = " ".join(sorted({local.tzname() or "" for local in year}))
    lowest = min(local.utcoffset() or timedelta() for local in year) / timedelta(hours=1)
    if name := BY_KEY.get(key) or FAMILIAR.get((letters, lowest)):
        return name
    if "/" not in key or key.startswith("Etc/"):
        return zone_label(year[0])
    return f"{city(key)} Time"


def zone_label(local: datetime) -> str:
    """`PST`; `UTC-03` where a zone has no name but its offset."""
    name = local.tzname() or ""
    return f"UTC{name}" if name[:1] in "+-" else name


def city(name: str) -> str:
    """`Los Angeles` for `America/Los_Angeles`."""
    return name.rpartition("/")[2].replace("_", " ")


def agree(one: ZoneInfo, other: ZoneInfo, moments: Iterable[datetime]) -> bool:
    """Whether the clocks of two zones show the same at each of these moments."""
    return all(m.astimezone(one).utcoffset() == m.astimezone(other).utcoffset() for m in moments)
