"""The lines of an iCalendar file that say when something is.

A sieve rather than a parser: titles, places, people and notes are private and are never
looked at, so a line that is broken among them breaks nothing either.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

MAX_BYTES = 5 * 1024 * 1024
MAX_COMPONENTS = 20_000
MAX_DEPTH = 8

COMPONENTS = {"VCALENDAR", "VEVENT", "VFREEBUSY", "VTIMEZONE", "STANDARD", "DAYLIGHT"}
PROPERTIES = (
    "BEGIN END X-WR-TIMEZONE UID SEQUENCE RECURRENCE-ID DTSTART DTEND DURATION RRULE RDATE "
    "EXDATE STATUS TRANSP FREEBUSY TZID X-LIC-LOCATION TZOFFSETFROM TZOFFSETTO"
).split()
LINE = re.compile(rf"({'|'.join(PROPERTIES)})(?=[;:])(.*)".encode(), re.IGNORECASE)


@dataclass(frozen=True)
class Property:
    params: str  # as written, such as ;VALUE=DATE
    value: str

    def param(self, name: str) -> str:
        """The value of one parameter, or nothing."""
        found = re.search(rf';{name}=("[^"]*"|[^;]*)', self.params, re.IGNORECASE)
        return found[1].strip('" ') if found else ""


@dataclass
class Component:
    name: str
    properties: dict[str, list[Property]] = field(default_factory=dict)
    parts: list["Component"] = field(default_factory=list)

    def all(self, name: str) -> list[Property]:
        return self.properties.get(name, [])

    def first(self, name: str) -> Property | None:
        return next(iter(self.all(name)), None)

    def text(self, name: str) -> str:
        """The first value under a name, or nothing."""
        found = self.first(name)
        return found.value.strip() if found else ""


def read(ics: bytes) -> list[Component]:
    """The calendars in a file, mostly one. Raises ValueError with a sentence for what is none."""
    if len(ics) > MAX_BYTES:
        raise ValueError("The calendar is larger than 5 MB.")
    start = ics[:1000].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not re.match(rb"BEGIN:VCALENDAR\s", start, re.IGNORECASE):
        if start.startswith(b"<"):
            raise ValueError("The address leads to a web page, not to a calendar.")
        raise ValueError("What the address leads to is not a calendar.")
    calendars, count = [], 0
    open_components: list[Component] = []
    for name, line in _lines(ics):
        if name == "BEGIN":
            component = Component(line.value.strip().upper())
            if component.name == "VCALENDAR":
                open_components = []
                calendars.append(component)
            elif component.name in ("VEVENT", "VFREEBUSY", "VTIMEZONE"):
                # Whatever was left open before it is broken off.
                open_components = open_components[:1]
            if open_components and component.name in COMPONENTS:
                open_components[-1].parts.append(component)
                count += 1
            if count > MAX_COMPONENTS or len(open_components) > MAX_DEPTH:
                raise ValueError("The calendar holds more entries than can be read.")
            open_components.append(component)
        elif name == "END":
            names = [component.name for component in open_components]
            if (ended := line.value.strip().upper()) in names:
                del open_components[names.index(ended) :]
        elif open_components and open_components[-1].name in COMPONENTS:
            open_components[-1].properties.setdefault(name, []).append(line)
    if open_components:
        # Half a calendar would open every time that the other half keeps busy.
        raise ValueError("The calendar breaks off before its end.")
    return calendars


def _lines(ics: bytes) -> Iterator[tuple[str, Property]]:
    lines = ics.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    # A long line goes on in the next, which begins with a space.
    for line in lines.replace(b"\n ", b"").replace(b"\n\t", b"").split(b"\n"):
        if found := LINE.match(line.lstrip()):
            name = found[1].decode().upper()
            rest = found[2].decode(errors="replace")
            # The value begins after the first colon, or after the last where parameters come
            # first: Outlook writes TZID=tzone://Microsoft/Custom without quotes.
            split = rest.partition if rest.startswith(":") else rest.rpartition
            params, _, value = split(":")
            yield name, Property(params, value)
