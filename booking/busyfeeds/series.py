"""Events, and the series that share one UID, as the times that they keep busy."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice
from operator import attrgetter, itemgetter

from icalendar.prop import vDuration

from booking.availability import Interval
from booking.busyfeeds import recurrence, rules
from booking.busyfeeds.limits import Meter, Span
from booking.busyfeeds.reading import Component, Property
from booking.busyfeeds.rules import TooOften
from booking.busyfeeds.zones import When, Zones

MAX_INSTANCES = 5_000
# What reading a rule and making an instance cost, measured in days looked at.
RULE_COST = 50
INSTANCE_COST = 8


@dataclass(frozen=True)
class Event:
    """One VEVENT: a single event, the head of a series, or a change to one of its instances."""

    start: When
    length: timedelta
    busy: bool
    sequence: int
    rules: list[str]
    extra: list[tuple[When, timedelta | None]]  # RDATE: more starts, some with their own length
    excluded: list[When]  # EXDATE
    replaces: When | None  # RECURRENCE-ID: the instance that this one stands for
    and_future: bool  # and for all that follow it


class Named:
    """Instances of a series, named by their instant or by their local day."""

    def __init__(self, names: Iterable[When]) -> None:
        self._names: set[date] = {name.wall.date() if name.is_date else name.utc for name in names}

    def __contains__(self, instance: When) -> bool:
        return instance.utc in self._names or instance.wall.date() in self._names


def read_event(component: Component, zones: Zones) -> Event:
    """Raises ValueError or OverflowError for an event that has no readable time."""
    start_line, replaced_line = component.first("DTSTART"), component.first("RECURRENCE-ID")
    if start_line is None:
        raise ValueError("no start")
    start, sequence = zones.when(start_line), component.text("SEQUENCE")
    return Event(
        start=start,
        length=_length(component, start, zones),
        busy=component.text("STATUS").upper() != "CANCELLED"
        and component.text("TRANSP").upper() != "TRANSPARENT",
        sequence=int(sequence) if sequence.isdecimal() else 0,
        rules=[line.value for line in component.all("RRULE")],
        extra=[_period(line, value, zones) for line, value in _values(component.all("RDATE"))],
        excluded=[zones.when(line, value) for line, value in _values(component.all("EXDATE"))],
        replaces=zones.when(replaced_line) if replaced_line else None,
        and_future=replaced_line is not None
        and replaced_line.param("RANGE").upper() == "THISANDFUTURE",
    )


def read_free_busy(component: Component, zones: Zones) -> list[Interval]:
    """What a VFREEBUSY calls busy. Raises ValueError or OverflowError."""
    return [
        _interval(*_period(line, value, zones))
        for line, value in _values(component.all("FREEBUSY"))
        if line.param("FBTYPE").upper() != "FREE"
    ]


def busy_times(events: list[Event], span: Span, meter: Meter) -> list[Interval]:
    """When the events of one UID keep somebody busy, around that span at least.

    Raises BadRule or TooOften for a series that cannot be followed, Exhausted, OverflowError.
    """
    heads = [event for event in events if event.replaces is None]
    newest = max((head.sequence for head in heads), default=0)
    heads = [head for head in heads if head.sequence == newest]
    changes = _by_instance(events)
    excluded = [when for head in heads for when in head.excluded]
    deleted, gone = Named(excluded), Named([*excluded, *changes])
    # A change to an instance that its series excludes is old, unless it is the newer of both.
    found = [
        _interval(change.start, change.length)
        for instance, change in changes.items()
        if change.busy and (change.sequence > newest or instance not in deleted)
    ]
    futures = {when: change for when, change in changes.items() if change.and_future}
    for head in heads:
        if head.busy or futures:
            found += _of_series(head, gone, futures, span, meter)
    return found


def _by_instance(events: list[Event]) -> dict[When, Event]:
    """The latest change to each changed instance, sorted by the instance."""
    changes = {}
    for event in sorted(events, key=attrgetter("sequence")):
        if event.replaces is not None:
            changes[event.replaces.utc] = event.replaces, event
    return dict(change for _, change in sorted(changes.items(), key=itemgetter(0)))


def _of_series(
    head: Event, gone: Named, futures: dict[When, Event], span: Span, meter: Meter
) -> Iterator[Interval]:
    """The times of a series but for those that are gone: excluded, or changed one by one."""
    # From its instance on, each of these decides: the length, the shift, whether it is busy.
    deciding = [head, *futures.values()]
    since = [instance.utc for instance in futures]
    zone = head.start.zone
    shifts = [timedelta()] + [
        change.start.wall_in(zone) - instance.wall_in(zone) for instance, change in futures.items()
    ]
    margin = max(event.length for event in deciding) + max(map(abs, shifts)) + timedelta(days=2)
    for instance, length in _instances(head, *span.days(margin), meter):
        if instance in gone:
            continue
        place = bisect_right(since, instance.utc)
        if deciding[place].busy:
            moved = replace(instance, wall=instance.wall + shifts[place]) if place else instance
            yield _interval(moved, length or deciding[place].length)


def _instances(
    head: Event, since: date, until: date, meter: Meter
) -> Iterator[tuple[When, timedelta | None]]:
    """The starts of a series, and the length of those that have their own."""
    first, zone = head.start.wall, head.start.zone
    meter.spend(RULE_COST * len(head.rules))
    repeats = [
        rules.parse(text).ending_in(zone, whole_days=head.start.is_date) for text in head.rules
    ]
    if not repeats or not all(rule.is_over(first) for rule in repeats):
        yield head.start, None
    for rule in repeats:
        walls = recurrence.instances(rule, first, since=since, until=until, meter=meter)
        for number, wall in enumerate(islice(walls, MAX_INSTANCES + 1)):
            if number == MAX_INSTANCES:
                raise TooOften
            meter.spend(INSTANCE_COST)
            yield When(wall, zone, head.start.is_date), None
    yield from head.extra


def _interval(start: When, length: timedelta | None) -> Interval:
    length = length or timedelta()
    if start.is_date:
        return Interval(start.utc, When(start.wall + length, start.zone).utc)
    return Interval(start.utc, start.utc + length)


def _length(component: Component, start: When, zones: Zones) -> timedelta:
    """How long an event is: in local days if it is a date, else exactly. Raises ValueError."""
    length = timedelta()
    if end_line := component.first("DTEND"):
        end = zones.when(end_line)
        length = end.wall - start.wall if start.is_date else end.utc - start.utc
    elif duration := component.text("DURATION"):
        length = vDuration.from_ical(duration)
    if length < timedelta():
        raise ValueError("an end before its start")
    # A date is a day, also where its end says the same date.
    return max(length, timedelta(days=1)) if start.is_date else length


def _values(lines: list[Property]) -> Iterator[tuple[Property, str]]:
    return ((line, value) for line in lines for value in line.value.split(",") if value.strip())


def _period(line: Property, value: str, zones: Zones) -> tuple[When, timedelta | None]:
    """A start, and a length where a duration or an end follows it. Raises ValueError."""
    first, _, second = value.partition("/")
    start = zones.when(line, first)
    if not second:
        return start, None
    if "P" in second:
        return start, vDuration.from_ical(second.strip())
    return start, zones.when(line, second).utc - start.utc
