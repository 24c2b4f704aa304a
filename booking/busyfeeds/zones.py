"""When something is: a time as a calendar writes it, and what the zone that it names means."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from itertools import islice
from zoneinfo import ZoneInfo

from icalendar.prop import vUTCOffset
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from booking.busyfeeds import recurrence, rules
from booking.busyfeeds.limits import Meter, Span
from booking.busyfeeds.reading import Component, Property

NAME = re.compile(r"[A-Za-z0-9_+\-/]{1,80}")
WALL = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z)?)?", re.IGNORECASE)
# How far around the weeks that are read the zones of a calendar's own making are right.
MARGIN = timedelta(days=800)
MAX_CHANGES = 20


@dataclass(frozen=True)
class When:
    """A date or a time. A date is its local midnight."""

    wall: datetime  # naive
    zone: tzinfo
    is_date: bool = False
    utc: datetime = field(init=False, compare=False)

    def __post_init__(self) -> None:
        # A wall time that a spring day skips is read with the offset before it, one that an
        # autumn day has twice is the first: RFC 5545, 3.3.5, and what fold=0 means.
        instant = self.wall.replace(tzinfo=self.zone).astimezone(UTC)
        object.__setattr__(self, "utc", instant)

    def wall_in(self, zone: tzinfo) -> datetime:
        """The naive time in another zone; of a date, its midnight."""
        return self.wall if self.is_date else self.utc.astimezone(zone).replace(tzinfo=None)


def wall_time(text: str) -> tuple[datetime, bool, bool]:
    """`(naive time, is it a date, is it in UTC)` of 20260308 or 20260308T013000Z.

    Raises ValueError.
    """
    if not (found := WALL.fullmatch(text.strip())):
        raise ValueError("neither a date nor a time")
    year, month, day, hour, minute, second, utc = found.groups()
    if hour is None:
        return datetime(int(year), int(month), int(day)), True, False
    second = "59" if second == "60" else second  # a leap second
    naive = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second))
    return naive, False, utc is not None


def known_zone(name: str) -> tzinfo | None:
    """The zone of an IANA or a Windows name, also behind a maker's prefix, else None."""
    parts = WINDOWS_TO_OLSON.get(name, name).strip("/").split("/")
    keys = ["/".join(parts[start:]) for start in range(max(len(parts) - 3, 0), len(parts))]
    for key in keys if len(keys) == 1 else keys[:-1]:
        try:
            if NAME.fullmatch(key):
                return ZoneInfo(key)
        except (KeyError, ValueError, OSError):  # unknown, malformed, the name of a folder
            continue
    return None


class OwnZone(tzinfo):
    """A zone as a calendar defines it: each change's wall time, sorted, and its new offset."""

    def __init__(self, before: timedelta, changes: list[tuple[datetime, timedelta]]) -> None:
        self._walls = [wall for wall, _ in changes]
        self._offsets = [before, *(offset for _, offset in changes)]

    def utcoffset(self, moment: datetime | None) -> timedelta:
        if moment is None:
            return self._offsets[-1]
        return self._offsets[bisect_right(self._walls, moment.replace(tzinfo=None))]

    def fromutc(self, moment: datetime) -> datetime:
        # The changes are told in wall time, so a first guess finds the offset that holds.
        return moment + self.utcoffset(moment + self.utcoffset(moment))

    def dst(self, moment: datetime | None) -> None:
        return None

    def tzname(self, moment: datetime | None) -> None:
        return None


class Zones:
    """The zones of one calendar. `unknown` collects the names that nothing explains."""

    def __init__(self, calendar: Component, practice: tzinfo, span: Span, meter: Meter) -> None:
        self.practice = practice
        self.unknown: set[str] = set()
        self._days = span.days(MARGIN)
        self._meter = meter
        self._found: dict[str, tzinfo] = {"": practice}
        self._own = {part.text("TZID"): part for part in calendar.parts if part.name == "VTIMEZONE"}
        self._floating = self.get(calendar.text("X-WR-TIMEZONE"))

    def get(self, name: str) -> tzinfo:
        """The zone of that name, or the practice's where nothing is known of it."""
        if name not in self._found:
            zone = known_zone(name) or self._defined(name)
            if zone is None:
                self.unknown.add(name)
            self._found[name] = zone or self.practice
        return self._found[name]

    def when(self, line: Property, value: str | None = None) -> When:
        """What a line says, or one value of a line that holds several. Raises ValueError."""
        wall, is_date, is_utc = wall_time(line.value if value is None else value)
        if is_date:
            return When(wall, self.practice, is_date=True)
        name = line.param("TZID")
        return When(wall, UTC if is_utc else self.get(name) if name else self._floating)

    def _defined(self, name: str) -> tzinfo | None:
        definition = self._own.get(name)
        if definition is None:
            return None
        if zone := known_zone(definition.text("X-LIC-LOCATION")):
            return zone
        try:
            changes = sorted(change for part in definition.parts for change in self._changes(part))
        except (ValueError, OverflowError):
            return None
        if not changes:
            return None
        return OwnZone(changes[0][1], [(wall, after) for wall, _, after in changes])

    def _changes(self, part: Component) -> Iterator[tuple[datetime, timedelta, timedelta]]:
        """`(wall time, offset before, offset after)` of each change to standard or to summer."""
        before = vUTCOffset.from_ical(part.text("TZOFFSETFROM"))
        after = vUTCOffset.from_ical(part.text("TZOFFSETTO"))
        first, _, _ = wall_time(part.text("DTSTART"))
        yield first, before, after
        for line in part.all("RDATE"):
            for value in line.value.split(","):
                yield wall_time(value)[0], before, after
        since, until = self._days
        for line in part.all("RRULE"):
            rule = rules.parse(line.value).ending_in(timezone(before))
            walls = recurrence.instances(rule, first, since=since, until=until, meter=self._meter)
            for wall in islice(walls, MAX_CHANGES):
                yield wall, before, after
