"""The lines of an iCalendar file that say when something is.

A sieve rather than a parser: titles, places, people and notes are private and are never
looked at, but for the addresses of those who answered an invitation. So a line that is broken
among them breaks nothing either.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

MAX_BYTES = 5 * 1024 * 1024
MAX_COMPONENTS = 20_000
MAX_DEPTH = 8

COMPONENTS = {"VCALENDAR", "VEVENT", "VFREEBUSY", "VTIMEZONE", "STANDARD", "DAYLIGHT"}
TIMES = set(
    "UID SEQUENCE RECURRENCE-ID DTSTART DTEND DURATION RRULE RDATE EXDATE STATUS TRANSP "
    "X-MICROSOFT-CDO-BUSYSTATUS ATTENDEE FREEBUSY X-WR-TIMEZONE X-WR-CALNAME "
    "TZID X-LIC-LOCATION TZOFFSETFROM TZOFFSETTO".split()
)
# People break the lines of these, and not every program writes a break as it should.
TEXTS = set("DESCRIPTION COMMENT LOCATION CONTACT X-ALT-DESC".split())
OTHERS = set("DTSTAMP CREATED LAST-MODIFIED SUMMARY CLASS PRIORITY CATEGORIES URL".split())
# Words that people begin a line with, too: behind a text they may be a part of it.
WORDS = {"STATUS", "DURATION"}
# What says that a time is not busy after all: in doubt, it is.
FREEING = {"STATUS", "TRANSP", "X-MICROSOFT-CDO-BUSYSTATUS", "ATTENDEE", "EXDATE"}
LINE = re.compile(rb"([A-Za-z][A-Za-z0-9-]*)(?=[;:])(.*)")
NAME = re.compile(r"[VX][A-Z-]*|STANDARD|DAYLIGHT|AVAILABLE|PARTICIPANT", re.IGNORECASE)
# A calendar whose events end in a mere LF, whatever its first line does.
MERE_END = re.compile(rb"[^\r]\n\s*(?:BEGIN|END):V(?:EVENT|CALENDAR)", re.IGNORECASE)
# The value begins after the first colon that no quotes hold. Outlook writes zones without them,
# as TZID=tzone://Microsoft/Custom, so a time is looked for first.
VALUES = (
    re.compile(r"(;.*?):(?=\s*(?:\d{4}-?\d\d|[+-]?PT?\d))(.*)", re.IGNORECASE),
    re.compile(r"""((?:"[^"]*"|[^":])*):(.*)"""),
)


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
    doubtful: dict[str, list[Property]] = field(default_factory=dict)  # maybe lines of a text

    def all(self, name: str) -> list[Property]:
        """What is said under a name; what is in doubt only if nothing else is, the last first."""
        if name in FREEING:
            return self.properties.get(name, [])
        return self.properties.get(name) or self.doubtful.get(name, [])[::-1]

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
    for name, line, is_sure in _lines(ics):
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
        elif open_components and (component := open_components[-1]).name in COMPONENTS:
            known = component.properties if is_sure else component.doubtful
            known.setdefault(name, []).append(line)
    if open_components:
        # Half a calendar would open every time that the other half keeps busy.
        raise ValueError("The calendar breaks off before its end.")
    for calendar in calendars:
        _settle(calendar)
    return calendars


def _settle(calendar: Component) -> None:
    """A calendar that writes a status behind the text of some event does so in all of them."""
    doubtful = [(part, line) for part in calendar.parts for line in part.doubtful.get("STATUS", [])]
    if any(line.value in ("CONFIRMED", "TENTATIVE") for _, line in doubtful):
        for part, line in doubtful:
            part.properties.setdefault("STATUS", []).append(line)


def _lines(ics: bytes) -> Iterator[tuple[str, Property, bool]]:
    """`(name, what it says, is it sure to be more than a line of a text)` of what says when."""
    shouts, in_text = b"BEGIN:VCALENDAR" in ics, False
    for line, is_whole in _unfolded(ics.removeprefix(b"\xef\xbb\xbf").lstrip()):
        if not (found := LINE.match(line)):
            continue
        name = found[1].decode().upper()
        if shouts and not found[1].isupper() and (in_text or name in FREEING):
            continue
        if name in TEXTS:
            in_text = True
        elif name in ("BEGIN", "END"):
            prop = _property(found[2])
            if NAME.fullmatch(prop.value.strip()):
                in_text = False
                yield name, prop, True
        elif name in TIMES and (is_whole or name not in FREEING):
            is_sure = is_whole and not (in_text and name in WORDS)
            in_text = in_text and not is_sure
            yield name, _property(found[2]), is_sure
        elif name in OTHERS or name.startswith("X-"):
            in_text = False


def _unfolded(ics: bytes) -> Iterator[tuple[bytes, bool]]:
    """`(line, does it begin where lines of this calendar do)`.

    A long line goes on in the next, which begins with a space. Where lines end in CR and LF, as
    they should, a mere LF is a break within a text.
    """
    if not re.match(rb"[^\r\n]*\r\n", ics) or MERE_END.search(ics):
        ics = ics.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        for line in ics.replace(b"\n ", b"").replace(b"\n\t", b"").split(b"\n"):
            yield line.lstrip(), True
        return
    for line in re.sub(rb"\r?\n[ \t]", b"", ics).split(b"\r\n"):
        first, *broken = re.split(rb"[\r\n]", line)
        yield first.lstrip(), True
        yield from ((each.lstrip(), False) for each in broken)


def _property(rest: bytes) -> Property:
    text = rest.decode(errors="replace")
    if text.startswith(":"):
        return Property("", text[1:])
    for form in VALUES:
        if found := form.fullmatch(text):
            return Property(found[1], found[2])
    params, _, value = text.rpartition(":")
    return Property(params, value)
