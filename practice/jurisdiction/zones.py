"""The time zones that a visitor may choose from. Pure."""

from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from practice.jurisdiction import zone_data

WEEKS = [timedelta(weeks=week) for week in range(53)]
# Where most people live, in order, for countries whose list begins elsewhere: the zone database
# goes from east to west (or back) first, and by people only second.
MOST_PEOPLE = {
    "AU": "Australia/Sydney Australia/Brisbane Australia/Perth Australia/Adelaide",
    "BR": "America/Sao_Paulo America/Manaus",
    "CA": "America/Toronto America/Vancouver America/Edmonton America/Winnipeg America/Halifax",
    "RU": "Europe/Moscow Asia/Yekaterinburg Asia/Novosibirsk",
    "UA": "Europe/Kyiv",
    "US": "America/New_York America/Chicago America/Los_Angeles America/Denver America/Phoenix",
    "UZ": "Asia/Tashkent",
}


def of_country(code: str, now: datetime) -> tuple[str, ...]:
    """The zones of a country (ISO 3166), one of those whose clocks agree in the year from `now` on.

    Those with the most people come first. Empty for a country that nobody knows.
    """
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return _of_country(code, today, zone_data.used())


@lru_cache(maxsize=32)
def _of_country(code: str, now: datetime, edition: str) -> tuple[str, ...]:
    table = Path(zone_data.PACKAGE, "zone.tab").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if not line.startswith("#")]
    names = [*MOST_PEOPLE.get(code, "").split(), *(row[2] for row in rows if row[0] == code)]
    alike: dict[tuple[object, ...], str] = {}
    for name in names:
        zone = ZoneInfo(name)
        clocks = tuple((now + week).astimezone(zone).utcoffset() for week in WEEKS)
        alike.setdefault(clocks, name)
    return tuple(alike.values())


def exists(name: str) -> bool:
    """Whether there is a zone of that name; never an error, whatever the name."""
    try:
        return bool(name) and bool(ZoneInfo(name))
    except (KeyError, ValueError, OSError):  # each for another kind of nonsense
        return False


def named(name: str, otherwise: ZoneInfo) -> ZoneInfo:
    """The zone of that name, or `otherwise` where there is none."""
    return ZoneInfo(name) if exists(name) else otherwise
