"""Events of a calendar, read as far as they say when they are."""

import re
from collections.abc import Callable, Set
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import NamedTuple, TypeVar
from urllib.parse import unquote

from booking.availability import Interval
from booking.busyfeeds import values
from booking.busyfeeds.losses import Loss
from booking.busyfeeds.reading import Component, Property
from booking.busyfeeds.zones import When, Zones

T = TypeVar("T")
DAY = timedelta(days=1)


class Length(NamedTuple):
    """Local days, however long they are, and an exact time. Less than nothing lies before."""

    days: int = 0
    rest: timedelta = timedelta()


ASSUMED = Length(rest=timedelta(hours=1))  # of an event whose end says something unreadable


@dataclass(frozen=True)
class Event:
    """One VEVENT: a single event, the head of a series, or a change to one of its instances."""

    start: When
    length: Length
    busy: bool
    sequence: int
    rules: list[str]
    extra: list[tuple[When, Length | None]]  # RDATE: more starts, some with their own length
    excluded: list[When]  # EXDATE
    replaces: When | None  # RECURRENCE-ID: the instance that this one stands for
    and_future: bool  # and for all that follow it


def read_events(
    components: list[Component], zones: Zones, own: Set[str], lost: set[Loss]
) -> list[Event]:
    """The events of one UID, as far as they have readable times."""
    events: list[Event] = []
    # What changes an instance is read in the type and the zone of its series' start.
    for component in sorted(components, key=lambda each: bool(each.all("RECURRENCE-ID"))):
        head = events[0] if events and events[0].replaces is None else None
        try:
            events.append(_read_event(component, zones, own, head, lost))
        except ValueError:
            lost.add(Loss.TIME)
    return events


def _read_event(
    component: Component, zones: Zones, own: Set[str], head: Event | None, lost: set[Loss]
) -> Event:
    """What a VEVENT says; `head` begins the series of which it may change an instance.

    Raises ValueError for an event that has no readable start.
    """
    starts, ends = component.all("DTSTART"), component.all("DTEND")
    replaced = component.all("RECURRENCE-ID")
    floating = zones.named_in(ends) or (
        head.start.zone if head and not head.start.is_date else None
    )
    start = _first(starts or replaced, lambda line: zones.when(line, floating=floating), set())
    if start is None:
        raise ValueError("no start")
    series = head.start if head else start

    def extra(line: Property, value: str) -> tuple[When, Length | None]:
        when, length = _period(line, value, zones, start, lost)
        return in_series(when, start), length

    def instance(line: Property, value: str) -> When:
        return zones.instance(line, value.partition("/")[0], series)

    replaces = _first(replaced, lambda line: instance(line, line.value), lost)
    sequence = component.text("SEQUENCE") if replaces or not replaced else ""
    return Event(
        start=start,
        length=_length(component, start, zones, head, lost),
        busy=_is_busy(component, own),
        sequence=int(sequence) if re.fullmatch(r"[0-9]{1,18}", sequence) else 0,
        rules=[line.value for line in component.all("RRULE")],
        extra=_each(component.all("RDATE"), extra, lost, Loss.TIME),
        excluded=_each(component.all("EXDATE"), instance, lost, Loss.PART),
        replaces=replaces,
        and_future=any(line.param("RANGE").upper() == "THISANDFUTURE" for line in replaced),
    )


def read_free_busy(component: Component, zones: Zones, lost: set[Loss]) -> list[Interval]:
    """What a VFREEBUSY calls busy."""
    lines = [line for line in component.all("FREEBUSY") if line.param("FBTYPE").upper() != "FREE"]
    periods = _each(
        lines, lambda line, value: _period(line, value, zones, None, lost), lost, Loss.TIME
    )
    return [interval(start, length or ASSUMED) for start, length in periods]


def interval(start: When, length: Length | None) -> Interval:
    """From a start on, or up to it where the end that is written lies before."""
    days, rest = length or Length()
    end = values.shifted(start.shifted(days * DAY).utc if days else start.utc, rest)
    if end >= start.utc:
        return Interval(start.utc, end)
    # A date with its own day.
    return Interval(end, start.shifted(DAY).utc if start.is_date else start.utc)


def in_series(when: When, start: When) -> When:
    """An instance that is named by its day, at the time of day at which its series begins."""
    if when.is_date and not start.is_date:
        return replace(start, wall=datetime.combine(when.wall, start.wall.time()))
    return when


def _is_busy(component: Component, own: Set[str]) -> bool:
    """Whether an event keeps busy whoever has these addresses (in lower case).

    Outlook's own word outranks TRANSP (MS-OXCICAL 2.1.3.1.1.20.25). Where something is said
    twice, busy outranks free.
    """

    def said(name: str) -> set[str]:
        return {line.value.strip().upper() for line in component.all(name)}

    if (status := said("STATUS")) and status <= {"CANCELLED", "CANCELED"}:
        return False
    answers = {
        line.param("PARTSTAT").upper()
        for line in component.all("ATTENDEE")
        if not own.isdisjoint((address(line.value), address(line.param("EMAIL"))))
    }
    if answers == {"DECLINED"}:
        return False
    outlook = said("X-MICROSOFT-CDO-BUSYSTATUS")
    if outlook & {"BUSY", "TENTATIVE", "OOF"}:
        return True
    return outlook != {"FREE"} and said("TRANSP") != {"TRANSPARENT"}


def address(text: str) -> str:
    """One's address, as it is compared: in lower case, and without what a link has around it."""
    link = unquote(text).strip(" \"'<>").lower().removeprefix("mailto:")
    return link.partition("?")[0].strip(" \"'<>")


def _length(
    component: Component, start: When, zones: Zones, head: Event | None, lost: set[Loss]
) -> Length:
    """How long an event is: until its end, or as its duration says, or as its series is."""

    def last(line: Property) -> When:
        end = zones.when(line, floating=None if start.is_date else start.zone)
        if values.is_no_time(end.wall) and end.utc <= start.utc:
            raise ValueError("no end")
        return end

    end = _first(component.all("DTEND"), last, set())
    duration = _first(component.all("DURATION"), lambda line: values.duration(line.value), set())
    if end:
        length = _until(start, end)
        if length < Length():
            lost.add(Loss.PART)
    elif duration:
        days, rest = duration
        length = Length(abs(days), abs(rest))
        if duration != length:
            lost.add(Loss.PART)
    elif component.properties.keys() & {"DTEND", "DURATION"}:
        length = ASSUMED
        lost.add(Loss.END)
    elif head and head.start.is_date == start.is_date:
        length = head.length
    else:
        length = Length()
    # A date is a day, also where its end says the same date.
    return Length(length.days - (-length.rest // DAY) or 1) if start.is_date else length


def _until(start: When, end: When) -> Length:
    """Of dates the days between them; else the exact time, and of a last date all of it."""
    if start.is_date:
        until = end.wall if end.wall.time() == time.min else end.wall_in(start.zone)
        return Length(-((start.wall - until) // DAY))
    if end.is_date and end.utc <= start.utc and end.wall.date() == start.wall_in(end.zone).date():
        end = end.shifted(DAY)
    return Length(rest=end.utc - start.utc)


def _period(
    line: Property, value: str, zones: Zones, start: When | None, lost: set[Loss]
) -> tuple[When, Length | None]:
    """A start, and a length where a duration or an end follows it. Raises ValueError."""
    first, _, second = value.partition("/")
    begin = zones.instance(line, first, start) if start else zones.when(line, first)
    if not second:
        return begin, None
    try:
        if "P" in second.upper():
            days, rest = values.duration(second)
            return begin, Length(abs(days), abs(rest))
        return begin, _until(begin, zones.when(line, second, floating=begin.zone))
    except ValueError:
        lost.add(Loss.PART)
        return begin, None


def _first(lines: list[Property], read: Callable[[Property], T], lost: set[Loss]) -> T | None:
    """What the first line says that can be read; a loss if there are lines and none can."""
    for line in lines:
        try:
            return read(line)
        except ValueError:
            continue
    lost.update([Loss.PART] * bool(lines))
    return None


def _each(
    lines: list[Property], read: Callable[[Property, str], T], lost: set[Loss], loss: Loss
) -> list[T]:
    """What each value of the lines says; a loss for those that cannot be read."""
    found = []
    for line in lines:
        for value in filter(str.strip, re.split("[,;]", line.value)):
            try:
                found.append(read(line, value))
            except ValueError:
                lost.add(loss)
    return found
