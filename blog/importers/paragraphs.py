"""From the lines of a plain-text document to its paragraphs and the marks they carry."""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from itertools import pairwise

from blog.importers import cues

INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u2060\u00ad"))
LINE_END = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
STRAIGHT = str.maketrans("\u201c\u201d\u201e\u2018\u2019", '"""\'\'')
TAB = 4

RULE = re.compile(r"-{3,}")
ORNAMENT = re.compile(r"[\s*_=~#•·\u2013\u2014⁂-]+")
UNDERLINE = re.compile(r"={3,}|-{4,}")
HASHES = re.compile(r"(#{1,6})\s+(?=[^\s#])")
BOLD = re.compile(r"(\*\*|__)(?=\S)((?:(?!\1).)+)\1:?")
BULLET = re.compile(r"(?:(?:--|[-\u2013\u2014*+\u00bb→✓✔➤►❖·◦○▫])(?=\s)|[•‣▪●])\s*(?=\S)")
ORDINALS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
STEP = re.compile(
    r"(?:step\s+(?P<word>\d{1,2}|"
    + "|".join(ORDINALS)
    + r")(?:\s*[.:)]|\s+[-\u2013\u2014](?=\s)|$)"
    r"|\(?(?P<digits>\d{1,2})(?:[.):](?!\d)|\s+[-\u2013\u2014](?=\s)))\s*",
    re.IGNORECASE,
)
SENTENCE_CLOSED = re.compile(r"[.!?…:;][\u201d\"\u2019')\]]*$|[\u201d\"]$")

WRAPPED_FROM, WRAPPED_TO = 45, 130  # a hard-wrapped line is about this long
FILLED = 0.7  # of the width: a sentence that stops here goes on below


@dataclass
class Paragraph:
    """A paragraph, or a line that stands for itself.

    `kind` begins as text, quoted (behind a >), bullet, step, heading, rule (a line of ---) or
    ornament (* * *), and the reader refines it. `mark` is the bullet or number as typed, `number`
    that of a step, or the level of a marked heading; `gap` counts the blank lines before.
    """

    line: int
    text: str
    kind: str = "text"
    mark: str = ""
    number: int = 0
    indent: int = 0
    gap: int = 0

    @property
    def whole(self) -> str:
        """The text with its mark, for a mark that turned out to be part of the sentence."""
        return f"{self.mark} {self.text}".strip()


def folded(title: str) -> str:
    """A title without the differences that nobody types."""
    return " ".join(title.translate(STRAIGHT).split()).casefold()


def lines_of(text: str) -> list[str]:
    """The source's lines, whichever way they end, without invisible characters."""
    return LINE_END.sub("\n", text.translate(INVISIBLE)).split("\n")


def ordinal(match: re.Match[str]) -> int:
    number = (match["word"] or match["digits"]).lower()
    return ORDINALS.index(number) + 1 if number in ORDINALS else int(number)


def marked(line: str) -> Paragraph:
    """The paragraph that one line makes, its mark taken off."""
    text = " ".join(line.split())
    if RULE.fullmatch(text):
        return Paragraph(0, "", "rule")
    if ORNAMENT.fullmatch(text):
        return Paragraph(0, "", "ornament", mark=text)
    if match := HASHES.match(text):
        title = text[match.end() :].rstrip("#").rstrip()
        return Paragraph(0, title, "heading", match[1], len(match[1]))
    if match := BOLD.fullmatch(text):
        return Paragraph(0, match[2].strip(), "heading", match[1])
    if match := STEP.match(text):
        return Paragraph(0, text[match.end() :], "step", match[0].strip(), ordinal(match))
    if text.startswith("> "):
        return Paragraph(0, text[2:], "quoted", ">")
    if match := BULLET.match(text):
        return Paragraph(0, text[match.end() :], "bullet", match[0].strip())
    return Paragraph(0, text)


def wrap_width(lines: list[str]) -> int:
    """How wide a hard-wrapped document is; 0 where each line is a paragraph of its own.

    A line that stops in the middle of a sentence, with the next going on in small letters, shows
    that lines were broken to a width.
    """
    broken, pairs = [], 0
    for line, below in pairwise(lines):
        length, after = len(line.expandtabs(TAB).rstrip()), below.strip()
        if not after or not WRAPPED_FROM <= length <= WRAPPED_TO:
            continue
        pairs += 1
        if after[0].islower() and not SENTENCE_CLOSED.search(line.rstrip()):
            broken.append(length)
    return max(broken) if broken and 5 * len(broken) >= pairs else 0


def underlined(above: Paragraph | None, line: str, gap: int) -> int:
    """The level of heading that a line of === or ---- makes of the line above it, or 0."""
    if above is None or gap or above.kind != "text" or len(above.text) > 120:
        return 0
    if not UNDERLINE.fullmatch(line) or (above.gap == 0 and above.line > 1):
        return 0
    return 1 if line[0] == "=" else 2


def goes_on(above: Paragraph | None, last_line: str, line: Paragraph, width: int) -> bool:
    """Whether `line` is the rest of the paragraph above, broken to a width."""
    if above is not None and above.kind == line.kind == "quoted" and not line.gap:
        return True
    if above is None or line.kind != "text" or line.gap or above.kind in {"rule", "ornament"}:
        return False
    if above.kind == "heading" and above.mark:
        return False
    first_word = line.text.split(" ", 1)[0]
    length = len(last_line.expandtabs(TAB).rstrip())
    if width and length + 1 + len(first_word) > width:
        return True
    if width and length > FILLED * width and not cues.is_title_case(last_line):
        return not SENTENCE_CLOSED.search(last_line.rstrip())
    open_item = above.kind in {"bullet", "step"} and not SENTENCE_CLOSED.search(last_line.rstrip())
    return open_item and line.indent > above.indent and first_word[0].islower()


def paragraphs(text: str, titles: Container[str] = ()) -> Iterator[Paragraph]:
    """The paragraphs of `text` in order; lines broken to a width are joined again.

    A line whose folded text is in `titles` stays by itself.
    """
    lines = lines_of(text)
    width, gap, last_line, was_alone = wrap_width(lines), 0, "", False
    current: Paragraph | None = None
    parts: list[str] = []
    for number, line in enumerate(lines, 1):
        stripped = line.strip()
        if not stripped:
            gap += 1
            continue
        level = underlined(current, stripped, gap) if len(parts) == 1 else 0
        if current is not None and level:
            current.kind, current.number, current.mark = "heading", level, stripped[0]
            continue
        new = marked(line)
        expanded = line.expandtabs(TAB)
        new.line, new.gap, new.indent = number, gap, len(expanded) - len(expanded.lstrip())
        alone = bool(titles) and folded(new.whole) in titles
        if not alone and not was_alone and goes_on(current, last_line, new, width):
            parts.append(new.text)
        else:
            if current is not None:
                current.text = " ".join(parts)
                yield current
            current, parts = new, [new.text]
        gap, last_line, was_alone = 0, line, alone
    if current is not None:
        current.text = " ".join(parts)
        yield current
