"""What Windows, Exchange and others call time zones, beyond the names of the zone database."""

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from html import unescape
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from booking.busyfeeds import values

# How Windows shows its zones: (UTC-05:00) Eastern Time (US & Canada). Their list:
# https://learn.microsoft.com/windows-hardware/manufacture/desktop/default-time-zones
SHOWN = re.compile(r"\((?:utc|gmt)\s*([+-]\d\d?[:.]?\d\d)?\)\s*(.*)")
# What Exchange calls a zone of which it knows no more than this.
BOTH_OFFSETS = re.compile(
    r"(?:utc|gmt)\s*([+-]\d\d:?\d\d) \(standard\) / (?:utc|gmt)\s*([+-]\d\d:?\d\d) \(daylight\)"
)
WITH_SUMMERS = (  # one for each pair of offsets, the most people's first
    *("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"),
    *("America/Halifax", "America/St_Johns", "America/Anchorage", "America/Adak"),
    *("Europe/London", "Europe/Berlin", "Europe/Athens", "Asia/Jerusalem"),
    *("Australia/Sydney", "Australia/Adelaide", "Pacific/Auckland", "America/Santiago"),
)
OFFSET = re.compile(r"(?:utc|gmt)?\s*([+-]\d\d?(?:[:.]?\d\d)?)")
NUMBERED = re.compile(r"(.*[^\s\d+-])[\s_-]+\d{1,2}")  # as Exchange tells copies apart
BETWEEN_PLACES = re.compile(r"[,;:/]| and ")
NO_PLACE = re.compile(r"\(.*?\)|\bus & canada|\b(?:time|standard|islands?|is\.)(?=\s|$)|^city of ")
PLACES = {  # those that are no part of a name in the zone database
    place: zone
    for line in Path(__file__).with_suffix(".txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
    for place, _, zone in [line.partition(": ")]
}
SEPARATOR = re.compile(r"[\s_/-]")
SAMPLES = (datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC))


def plain(name: str) -> str:
    """A name without quotes, escapes (RFC 5545, 3.3.11) and what else programs write variously."""
    text = unescape(re.sub(r"\\(.)", r"\1", name)).replace("\N{MINUS SIGN}", "-")
    words = text.strip("\"' ").casefold().removeprefix("tzone://microsoft/").split()
    return " ".join(words).replace("us and canada", "us & canada")


def known_zone(name: str) -> tzinfo | None:
    """The zone of an IANA or a Windows name, also behind a maker's prefix, else None."""
    parts = plain(name).replace("daylight time", "standard time").strip("/").split("/")
    for start in range(max(len(parts) - 3, 0), max(len(parts) - 1, 1)):
        key = "/".join(parts[start:])
        for spelled in (key, key.replace(" ", "_"), SEPARATOR.sub("", key)):
            if zone := _zone(_names().get(spelled, "")):
                return zone
    return None


def described_zone(name: str) -> tzinfo | None:
    """The zone of an offset, of a name for people or of a numbered copy, else None.

    Such as GMT+0200; (UTC-05:00) Eastern Time (US & Canada); Eastern Standard Time 1. An offset
    is believed more than a place that contradicts it.
    """
    key = plain(name)
    if found := OFFSET.fullmatch(key):
        return _fixed(found[1])
    if found := BOTH_OFFSETS.fullmatch(key):
        return _with_both(found[1], found[2])
    shown = SHOWN.fullmatch(key)
    offset, places = (shown[1] or "+0", shown[2]) if shown else (None, key)
    if offset and (not places or places.startswith("coordinated universal time")):
        return _fixed(offset)
    if numbered := NUMBERED.fullmatch(key):
        return known_zone(numbered[1]) or described_zone(numbered[1])
    for place in _places(places, in_words=offset is not None):
        for zone in filter(None, map(_zone, place)):
            if offset is None or values.offset(offset) in _offsets(zone):
                return zone
    return None


def offset_in(name: str) -> tzinfo | None:
    """What a name for people says of its zone's offset, if nothing else of it is known."""
    shown = SHOWN.fullmatch(plain(name))
    return _fixed(shown[1]) if shown and shown[1] else None


def _places(text: str, *, in_words: bool) -> Iterator[list[str]]:
    """For each place of a list its zones; also of a list without commas, if `in_words`."""
    if whole := PLACES.get(text):
        yield [whole]
    places = [" ".join(NO_PLACE.sub("", part).split()) for part in BETWEEN_PLACES.split(text)]
    if len(places) > 1:  # London, for one, has Greenwich's time in winter alone
        places = [place for place in places if place != "greenwich mean"]
    elif in_words:
        words = places[0].split()
        places += [
            " ".join(words[start : start + length])
            for start in range(len(words))
            for length in (3, 2, 1)
        ]
    for place in places:
        yield [PLACES[place]] if place in PLACES else _cities().get(place.replace(" ", "_"), [])


def _offsets(zone: tzinfo) -> list[timedelta | None]:
    return [sample.astimezone(zone).utcoffset() for sample in SAMPLES]


def _with_both(standard: str, daylight: str) -> tzinfo | None:
    """A zone that has both of these offsets in the course of a year."""
    both = {_fixed(standard), _fixed(daylight)}
    if len(both) == 1:
        return both.pop()
    wanted = {zone.utcoffset(None) for zone in both if zone}
    found = (zone for zone in map(_zone, WITH_SUMMERS) if zone and set(_offsets(zone)) == wanted)
    return next(found, None)


def _fixed(offset: str) -> tzinfo | None:
    try:
        return timezone(values.offset(offset))
    except ValueError:
        return None


def _zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):  # gone from the zone database
        return None


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """Also without what divides their words, which in names with a number may be a minus."""
    names = WINDOWS_TO_OLSON | {name: name for name in available_timezones()}
    known = {name.casefold(): zone for name, zone in names.items()}
    together = {
        SEPARATOR.sub("", key): zone
        for key, zone in known.items()
        if key.isascii() and not any(sign.isdigit() for sign in key)
    }
    return together | known


@lru_cache(maxsize=1)
def _cities() -> dict[str, list[str]]:
    """Names in the zone database by their last part: of melbourne, [Australia/Melbourne]."""
    found: dict[str, list[str]] = defaultdict(list)
    for key, name in sorted(_names().items(), reverse=True):
        if "/" in key and not key.startswith("etc/"):
            found[key.rpartition("/")[2]].append(name)
    return found
