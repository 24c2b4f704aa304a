"""When something is: a time as a calendar writes it, and what the zone that it names means."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from itertools import islice

from booking.busyfeeds import places, recurrence, rules, values
from booking.busyfeeds.limits import Meter, Span
from booking.busyfeeds.reading import Component, Property

# How far around the weeks that are read the zones of a calendar's own making are right.
MARGIN = timedelta(days=800)
MAX_CHANGES = 20
# What explaining a name costs, measured in days looked at, and how long one may be.
NAME_COST = 300
LONGEST_NAME = 250
# The first and the last moment that there are, wherever they are written: the year 9999 is as
# far away in any zone.
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


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
        try:
            instant = self.wall.replace(tzinfo=self.zone).astimezone(UTC)
        except OverflowError:
            instant = LAST if self.wall.year > 1 else FIRST
        object.__setattr__(self, "utc", instant)

    def shifted(self, by: timedelta) -> "When":
        return When(values.shifted(self.wall, by), self.zone, self.is_date)

    def wall_in(self, zone: tzinfo) -> datetime:
        """The naive time in another zone; of a date, its midnight."""
        if self.is_date:
            return self.wall
        try:
            return self.utc.astimezone(zone).replace(tzinfo=None)
        except OverflowError:
            return self.wall


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
    """The zones of one calendar. `unknown` collects the names that nothing explains, and where
    their times were read instead.
    """

    def __init__(self, calendar: Component, practice: tzinfo, span: Span, meter: Meter) -> None:
        self.practice = practice
        self.unknown: dict[str, str] = {}
        self._days = span.days(MARGIN)
        self._meter = meter
        self._found: dict[str, tzinfo] = {"": practice}
        self._own = {
            places.plain(part.text("TZID")): part
            for part in calendar.parts
            if part.name == "VTIMEZONE"
        }
        self._floating = self.get(calendar.text("X-WR-TIMEZONE"))

    def get(self, name: str) -> tzinfo:
        """The zone of that name, or the practice's where nothing is known of it."""
        if name not in self._found:
            self._meter.spend(NAME_COST)
            short = name if len(name) <= LONGEST_NAME else ""
            zone = places.known_zone(short) or self._defined(name) or places.described_zone(short)
            if zone is None:
                zone = places.offset_in(short) or self.practice
                self.unknown[name] = str(zone)
            self._found[name] = zone
        return self._found[name]

    def named_in(self, lines: list[Property]) -> tzinfo | None:
        """The zone that the first of these lines names, if it does."""
        name = lines[0].param("TZID") if lines else ""
        return self.get(name) if name else None

    def when(
        self, line: Property, value: str | None = None, *, floating: tzinfo | None = None
    ) -> When:
        """What a line says, or one value of a line that holds several.

        A time without a zone is in `floating`, or else in the calendar's own. Raises ValueError.
        """
        wall, is_date, is_utc = values.wall_time(line.value if value is None else value)
        if is_date or line.param("VALUE").upper() == "DATE":
            return When(datetime.combine(wall, time.min), self.practice, is_date=True)
        name = line.param("TZID")
        zone = UTC if is_utc else self.get(name) if name else floating or self._floating
        return When(wall, zone)

    def instance(self, line: Property, value: str, start: When) -> When:
        """What names an instance, in the type and the zone of its series' start.

        Of a series of days it is the date as written, or the practice's where that is what is
        midnight there. A series of times may name a whole day. Raises ValueError.
        """
        named = self.when(line, value, floating=None if start.is_date else start.zone)
        if named.is_date or not start.is_date:
            return named
        local = named.wall_in(self.practice)
        is_local = local.time() == time.min != named.wall.time()
        day = local if is_local else named.wall
        return When(datetime.combine(day, time.min), self.practice, is_date=True)

    def _defined(self, name: str) -> tzinfo | None:
        definition = self._own.get(places.plain(name))
        if definition is None:
            return None
        if zone := places.known_zone(definition.text("X-LIC-LOCATION")):
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
        before = values.offset(part.text("TZOFFSETFROM"))
        after = values.offset(part.text("TZOFFSETTO"))
        first, _, _ = values.wall_time(part.text("DTSTART"))
        yield first, before, after
        for line in part.all("RDATE"):
            for value in line.value.split(","):
                yield values.wall_time(value)[0], before, after
        since, until = self._days
        for line in part.all("RRULE"):
            rule = rules.parse(line.value).ending_in(timezone(before))
            if rule.is_partial:
                raise ValueError("a change that cannot be read")
            walls = recurrence.instances(rule, first, since=since, until=until, meter=self._meter)
            for wall in islice(walls, MAX_CHANGES):
                yield wall, before, after
