"""The time zones that a visitor may choose from, and what they are called. Pure."""

from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

MOST_SIMILAR_IN = (datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC))


@lru_cache(maxsize=32)
def of_country(code: str) -> tuple[str, ...]:
    """The zones of a country (ISO 3166), one of those whose clocks agree all year.

    As the zone database lists them: the first of each kind has the most people, or is the
    oldest. Empty for a country that it does not know.
    """
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if not line.startswith("#")]
    alike: dict[tuple[object, ...], str] = {}
    for country, _, name, *_ in rows:
        if country == code:
            zone = ZoneInfo(name)
            clocks = tuple(when.astimezone(zone).utcoffset() for when in MOST_SIMILAR_IN)
            alike.setdefault(clocks, name)
    return tuple(alike.values())


def exists(name: str) -> bool:
    """Whether there is a zone of that name; never an error, whatever the name."""
    try:
        return bool(name) and bool(ZoneInfo(name))
    except (KeyError, ValueError, OSError):  # each for another kind of nonsense
        return False


def city(name: str) -> str:
    """`Los Angeles` for `America/Los_Angeles`."""
    return name.rpartition("/")[2].replace("_", " ")
