"""Which lines of a document are headings, and which short lines are something else."""

import re
from statistics import median

from blog.importers import cues
from blog.importers.draft import Guess
from blog.importers.paragraphs import Paragraph

BYLINE = re.compile(r"^(?:written\s+)?by\s+\S", re.IGNORECASE)
DATE = re.compile(
    r"^(?:\w+day,?\s+)?(?:\d{1,2}\.?\s+)?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*\.?"
    r"\s+(?:\d{1,2}(?:st|nd|rd|th)?,?\s+)?\d{4}$|^\d{1,4}([./-])\d{1,2}\1\d{1,4}$",
    re.IGNORECASE,
)
LIST_LENGTH, LIST_WORDS, LONE_WORDS = 60, 7, 4


def ends_in_colon(item: Paragraph | None) -> bool:
    return item is not None and item.text.endswith(":")


def is_list_line(item: Paragraph) -> bool:
    text = item.text
    return (
        item.kind == "text"
        and len(text) <= LIST_LENGTH
        and len(text.split()) <= LIST_WORDS
        and text[-1] not in ".!?:…-\u2014\u2013"
        and not cues.quotes_in(text)
        and not cues.is_contact(text)
        and not BYLINE.match(text)
        and not DATE.match(text)
    )


def find_plain_lists(items: list[Paragraph], guesses: list[Guess]) -> None:
    """Short lines in a row that carry no bullet become a list."""
    at = 0
    while at < len(items):
        end = at
        while end < len(items) and is_list_line(items[end]):
            end += 1
        if at and items[at - 1].kind not in {"rule", "ornament"}:
            start, stop = list_bounds(items, at, end)
            for item in items[start:stop]:
                item.kind = "bullet"
            if stop > start:
                why = f"{stop - start} short lines in a row without closing punctuation"
                guesses.append(Guess(items[start].line, f"a list of {stop - start}", why))
        at = max(end, at + 1)


def list_bounds(items: list[Paragraph], start: int, end: int) -> tuple[int, int]:
    """Which of the short lines from `start` to `end` are a list; headings around it are not.

    After a colon two lines make a list. Elsewhere it takes three, of few words each and without
    the capitals of a heading: there a title and a signature may meet.
    """
    introduced = ends_in_colon(items[start - 1])
    if not introduced and end > start and cues.is_title_case(items[start].text):
        start += 1
    if end - start > 1 and is_heading_below(items, start, end):
        end -= 1
    lines = items[start:end]
    tiny = len(lines) >= 3 and not any(
        len(item.text.split()) > LONE_WORDS
        or cues.is_title_case(item.text)
        or item.text.endswith(",")
        for item in lines
    )
    return (start, end) if tiny or (introduced and len(lines) > 1) else (start, start)


def is_heading_below(items: list[Paragraph], start: int, end: int) -> bool:
    """Whether the last of the short lines is the heading of the text below rather."""
    last, before = items[end - 1], items[start : end - 1]
    titled = cues.is_title_case(last.text) and not any(cues.is_title_case(i.text) for i in before)
    apart = last.gap > max((item.gap for item in before[1:]), default=last.gap)
    small = all(item.text[0].islower() for item in before) and not last.text[0].islower()
    followed = end < len(items) and items[end].kind in {"text", "step", "bullet"}
    return followed and (titled or apart or small)


def is_airy(items: list[Paragraph]) -> bool:
    """Whether blank lines set paragraphs apart, as in most documents."""
    return sum(item.gap > 0 for item in items[1:]) >= 0.1 * len(items)


def is_plain_pattern(items: list[Paragraph], at: int) -> bool:
    """A short line, a quotation below and a sentence below that."""
    if at + 2 >= len(items):
        return False
    name, quote, explanation = items[at : at + 3]
    return (
        is_list_line(name)
        and quote.kind == explanation.kind == "text"
        and quote.gap == explanation.gap
        and bool(cues.quotes_in(quote.text))
        and not cues.quotes_in(explanation.text)
    )


def find_plain_patterns(items: list[Paragraph], guesses: list[Guess]) -> None:
    """Named patterns without bullets: at least two of them one after another.

    A heading may stand above a quotation, too: so either a colon leads to the patterns, or each
    is a block of its own between blank lines.
    """
    airy = is_airy(items)
    at = 1
    while at < len(items):
        end = at
        while is_plain_pattern(items, end):
            end += 3
        blocks = airy and all(i.gap > 0 for i in items[at:end:3])
        blocks = blocks and not any(i.gap for i in items[at + 1 : end : 3])
        if end - at >= 6 and (blocks or ends_in_colon(items[at - 1])):
            for item in items[at:end:3]:
                item.kind = "bullet"
            why = "each short line has a quotation and a sentence below it"
            guesses.append(Guess(items[at].line, f"{(end - at) // 3} named patterns", why))
        at = max(end, at + 1)


def find_headings(items: list[Paragraph], guesses: list[Guess], names: set[str]) -> None:
    """Turn text into headings, and lone questions into questions, by their shape.

    `names` are those of people with a credential: such a name below a text is a signature.
    """
    airy = is_airy(items)
    for at, item in enumerate(items):
        if item.kind != "text" or item.text in names:
            continue
        if why := heading_reason(items, at, airy):
            item.kind = "heading"
            guesses.append(Guess(item.line, "a heading", why))
        elif is_lone_question(item):
            item.kind = "question"


def is_lone_question(item: Paragraph) -> bool:
    text = item.text
    return text.endswith("?") and cues.is_short(text) and not re.search(r"[.!?…] ", text)


def heading_reason(items: list[Paragraph], at: int, airy: bool) -> str:
    """Why the text at `at` is a heading; nothing if it is none."""
    item = items[at]
    above = items[at - 1] if at and items[at - 1].kind not in {"rule", "ornament"} else None
    below = items[at + 1] if at + 1 < len(items) else None
    if below is None or below.kind in {"rule", "ornament"} or not may_be_heading(item.text):
        return ""
    if above is not None and above.text.endswith(",") and cues.is_short(above.text):
        return ""  # a greeting, and this is the name below it
    count = len(cues.words(item.text))
    titled = cues.is_title_case(item.text)
    glued = airy and above is not None and not item.gap
    if cues.is_capitals(item.text):
        return "short line in capitals"
    if ends_in_colon(above) and not (titled and count >= 3):
        return ""
    if cues.NOTE_HEADING.match(item.text) and not glued:
        return "short line that announces a note"
    if cues.is_closed(item.text):
        enough = 4 if item.text[-1] == "." or glued else 2 if item.text[-1] == ":" else 3
        return "short line with the capitals of a heading" if titled and count >= enough else ""
    if glued and not (titled and count >= 3):
        return ""
    return "short line without closing punctuation among paragraphs"


def may_be_heading(text: str) -> bool:
    """False for what is no heading: long, quoted, an address, a date, a byline, a signature."""
    first = next((sign for sign in text if sign.isalnum()), "")
    signed = cues.signature(text)
    return bool(
        first
        and not first.islower()
        and cues.is_short(text)
        and text[-1] not in ",;-\u2013"
        and not cues.quotes_in(text)
        and not cues.attributed(text, sentence=True)
        and not cues.is_contact(text)
        and not DATE.match(text)
        and not BYLINE.match(text)
        and not (signed and not signed.rest.strip(" .,:;"))
    )


def usual_gap(items: list[Paragraph]) -> float:
    """How many blank lines stand before a heading as a rule."""
    return median([item.gap for item in items[1:] if item.kind == "heading"] or [1])
