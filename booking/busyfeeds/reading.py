"""The lines of an iCalendar file that say when something is.

A sieve rather than a parser: titles, places, people and notes are private and are never
looked at, but for the addresses of those who answered an invitation. So a line that is broken
among them breaks nothing either.
"""

import codecs
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
BOUNDS = {"BEGIN", "END"}
KNOWN = TIMES | TEXTS | OTHERS | BOUNDS
READ = TIMES | BOUNDS
# What says that a time is not busy after all: in doubt, it is.
FREEING = {"STATUS", "TRANSP", "X-MICROSOFT-CDO-BUSYSTATUS", "ATTENDEE", "EXDATE"}
LINE = re.compile(rb"([A-Za-z][A-Za-z0-9-]*)[ \t]*(?=[;:])(.*)")
NAME = re.compile(r"[VX][A-Z-]*|STANDARD|DAYLIGHT|AVAILABLE|PARTICIPANT", re.IGNORECASE)
# A calendar whose events end in a mere LF, whatever its first line does.
MERE_END = re.compile(rb"[^\r]\n\s*(?:BEGIN|END):V(?:EVENT|CALENDAR)", re.IGNORECASE)
# The value begins after the first colon that no quotes hold. Outlook writes zones without them,
# as TZID=tzone://Microsoft/Custom, so a time is looked for first.
VALUES = (
    re.compile(r"(;.*?):(?=\s*(?:\d{4}-?\d\d|[+-]?PT?\d))(.*)", re.IGNORECASE),
    re.compile(r"""((?:"[^"]*"|[^":]++)*+):(.*)"""),
)
# What stands within the quotes of one parameter is no other.
PARAM = re.compile(r""";\s*+([^=;:"\s]++)\s*+=((?:"[^"]*"|[^;"&]++|&(?:\w++;)?|")*+)""")


@dataclass(frozen=True)
class Property:
    params: str  # as written, such as ;VALUE=DATE
    value: str

    def param(self, name: str) -> str:
        """The value of one parameter, or nothing."""
        found = (each[2] for each in PARAM.finditer(self.params) if each[1].upper() == name)
        return next(found, "").strip("\"' ")


# Its name, what it says, and whether it is sure to be more than a line of a text.
Line = tuple[str, Property, bool]


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

    def text(self, name: str) -> str:
        """The first value under a name, or nothing."""
        found = self.all(name)
        return found[0].value.strip() if found else ""


def read(ics: bytes) -> list[Component]:
    """The calendars in a file, mostly one. Raises ValueError with a sentence for what is none."""
    if len(ics) > MAX_BYTES:
        raise ValueError("The calendar is larger than 5 MB.")
    if ics.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        ics = ics.decode("utf-16", errors="replace").encode()
    # Where several calendars were put together, each has its mark.
    ics = ics.replace(codecs.BOM_UTF8, b"").lstrip()
    start = ics[:1000]
    if not re.match(rb"BEGIN:VCALENDAR\s", start, re.IGNORECASE):
        if start.startswith(b"<"):
            raise ValueError("That address opens a web page, not a calendar.")
        raise ValueError("What's at that address isn't a calendar.")
    calendars, count = [], 0
    open_components: list[Component] = []
    is_over = False  # whether the calendar that is open had its end before
    for name, line, is_sure in _lines(ics):
        if name == "BEGIN":
            component = Component(line.value.strip().upper())
            if component.name == "VCALENDAR":
                if open_components and not is_over:  # one that somebody copied into a text
                    del open_components[1:]
                    continue
                open_components, is_over = [], False
                calendars.append(component)
            elif component.name in ("VEVENT", "VFREEBUSY", "VTIMEZONE"):
                # Whatever was left open before it is broken off. Behind the end of a calendar it
                # is still of that, since such an end may stand in a text too.
                is_over = is_over or not open_components
                open_components = open_components[:1] or calendars[-1:]
            if open_components and component.name in COMPONENTS:
                open_components[-1].parts.append(component)
                count += 1
            if count > MAX_COMPONENTS or len(open_components) > MAX_DEPTH:
                raise ValueError("The calendar has more entries than this site can read.")
            open_components.append(component)
        elif name == "END":
            names = [component.name for component in open_components]
            if (ended := line.value.strip().upper()) in names:
                del open_components[names.index(ended) :]
        elif open_components and (component := open_components[-1]).name in COMPONENTS:
            known = component.properties if is_sure else component.doubtful
            known.setdefault(name, []).append(line)
    if open_components[is_over:]:
        # Half a calendar would open every time that the other half keeps busy.
        raise ValueError("The calendar stops before its end.")
    for calendar in calendars:
        _settle(calendar)
    return calendars


def _settle(calendar: Component) -> None:
    """A calendar that writes a status behind the text of some event does so in all of them."""
    doubtful = [(part, line) for part in calendar.parts for line in part.doubtful.get("STATUS", [])]
    if any(line.value in ("CONFIRMED", "TENTATIVE") for _, line in doubtful):
        for part, line in doubtful:
            part.properties.setdefault("STATUS", []).append(line)


def _lines(ics: bytes) -> Iterator[Line]:
    """What says when."""
    shouts, in_text, held = b"BEGIN:VCALENDAR" in ics, False, _Held()
    for line, is_whole in _unfolded(ics):
        found = LINE.match(line)
        name = found[1].decode().upper() if found else ""
        is_prose = not found or (shouts and not found[1].isupper())
        prop = _property(found[2]) if found and name in READ else Property("", "")
        if name in BOUNDS:
            is_text = (is_prose and in_text) or not NAME.fullmatch(prop.value.strip())
        else:
            is_text = is_prose and (
                name not in KNOWN or name in FREEING or (in_text and name not in TIMES)
            )
        if is_text:
            if line:
                yield from held.goes_on(is_whole)
        elif name in BOUNDS:
            yield from held.let_go()
            yield from held.add(name, prop, True, is_whole)
            held.is_text = False
        elif name not in TIMES:
            yield from held.let_go()
            held.is_text = True
            in_text = name in TEXTS or (
                in_text and name not in OTHERS and not name.startswith("X-")
            )
        elif is_whole or name not in FREEING:
            if not held.is_text or name == "ATTENDEE":  # a long one may be broken itself
                yield from held.let_go()
            in_text = in_text and held.is_text
            is_sure = is_whole and not (in_text and (is_prose or name in WORDS))
            in_text = in_text and not is_sure
            yield from held.add(name, prop, is_sure, is_whole)
    yield from held.let_go()


class _Held:
    """What came since a text began: a part of it, where the text turns out to go on behind."""

    def __init__(self) -> None:
        self.is_text = False
        self._lines: list[tuple[str, Property, bool, bool]] = []

    def add(self, name: str, prop: Property, is_sure: bool, is_whole: bool) -> list[Line]:
        """Holds a line; or gives it back, where there is no text or that ends a calendar."""
        if not self.is_text or prop.value.strip().upper() == "VCALENDAR":
            return [(name, prop, is_sure)]
        self._lines.append((name, prop, is_sure, is_whole))
        return []

    def let_go(self) -> list[Line]:
        lines, self._lines = self._lines, []
        return [(name, prop, is_sure) for name, prop, is_sure, _ in lines]

    def goes_on(self, is_whole: bool) -> list[Line]:
        """A line of a text has come; a break within a line casts no doubt on whole ones."""
        if self._lines and self._lines[-1][0] in BOUNDS:
            _, _, _, was_whole = self._lines[-1]
            if is_whole or not was_whole:
                self._lines.pop()
                self.is_text = True
        return [(name, prop, False) for name, prop, _ in self.let_go()] if is_whole else []


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
