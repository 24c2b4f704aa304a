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
LIST_WORDS, LONE_WORDS = 7, 4


def ends_in_colon(item: Paragraph | None) -> bool:
    return item is not None and item.text.endswith(":")


def is_titled(item: Paragraph) -> bool:
    return cues.is_title_case(item.text)


def has_text_below(items: list[Paragraph], at: int) -> bool:
    return at + 1 < len(items) and items[at + 1].kind not in {"rule", "ornament"}


def is_list_line(item: Paragraph) -> bool:
    text = item.text
    return (
        item.kind == "text"
        and len(text.split()) <= LIST_WORDS
        and text[-1] not in ".!?:…-\u2014\u2013"
        and not cues.quotes_in(text)
        and not cues.is_contact(text)
        and not BYLINE.match(text)
        and not DATE.match(text)
    )


def find_plain_lists(items: list[Paragraph], guesses: list[Guess]) -> None:
    """Short lines in a row that carry no bullet become a list, but for headings around it.

    After a colon two lines make a list. Elsewhere it takes three, of few words each and without
    the capitals of a heading: there a title and a signature may meet.
    """
    at = 0
    while at < len(items):
        start = end = at
        while end < len(items) and is_list_line(items[end]):
            end += 1
        at = max(end, at + 1)
        if start == 0 or items[start - 1].kind in {"rule", "ornament"}:
            continue
        introduced = ends_in_colon(items[start - 1])
        if not introduced and end > start and cues.is_title_case(items[start].text):
            start += 1
        last, before = items[end - 1], items[start : end - 1]
        titled = is_titled(last) and not any(map(is_titled, before))
        apart = last.gap > max((item.gap for item in before[1:]), default=last.gap)
        if before and end < len(items) and (titled or apart):
            end -= 1  # the heading of the text below
        lines = items[start:end]
        lone = all(len(item.text.split()) <= LONE_WORDS for item in lines)
        plain = not any(is_titled(item) or item.text.endswith(",") for item in lines)
        if len(lines) > 1 and (introduced or (len(lines) > 2 and lone and plain)):
            for item in lines:
                item.kind = "bullet"
            why = f"{len(lines)} short lines in a row without closing punctuation"
            guesses.append(Guess(lines[0].line, f"a list of {len(lines)}", why))


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
    """Two or more named patterns without bullets, to which a colon leads: a heading may stand
    above a quotation, too.
    """
    at = 1
    while at < len(items):
        end = at
        while is_plain_pattern(items, end):
            end += 3
        if end - at >= 6 and ends_in_colon(items[at - 1]):
            for item in items[at:end:3]:
                item.kind = "bullet"
            why = "each short line has a quotation and a sentence below it"
            guesses.append(Guess(items[at].line, f"{(end - at) // 3} named patterns", why))
        at = max(end, at + 1)


def find_headings(items: list[Paragraph], guesses: list[Guess], names: set[str]) -> None:
    """Turn text into headings, and lone questions into questions, by their shape.

    `names` are those of people with a credential: such a name below a text is a signature.
    """
    # Whether blank lines set paragraphs apart, as in most documents.
    airy = sum(item.gap > 0 for item in items[1:]) >= 0.1 * len(items)
    for at, item in enumerate(items):
        if item.kind != "text" or item.text in names:
            continue
        several = re.search(r"[.!?…] ", item.text)
        if why := heading_reason(items, at, airy):
            item.kind = "heading"
            guesses.append(Guess(item.line, "a heading", why))
        elif item.text.endswith("?") and cues.is_short(item.text) and not several:
            item.kind = "question"


def heading_reason(items: list[Paragraph], at: int, airy: bool) -> str:
    """Why the text at `at` is a heading; nothing if it is none."""
    item = items[at]
    above = items[at - 1] if at and items[at - 1].kind not in {"rule", "ornament"} else None
    if not has_text_below(items, at) or not may_be_heading(item.text):
        return ""
    titled = cues.is_title_case(item.text) and len(cues.words(item.text)) >= 3
    glued = airy and above is not None and not item.gap
    if cues.is_capitals(item.text):
        return "short line in capitals"
    if ends_in_colon(above) and not titled:
        return ""
    if cues.NOTE_HEADING.match(item.text) and not glued:
        return "short line that announces a note"
    if cues.is_closed(item.text):
        return "short line with the capitals of a heading" if titled else ""
    if glued and not titled:
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
        and not cues.attributed(text)
        and not cues.is_contact(text)
        and not DATE.match(text)
        and not BYLINE.match(text)
        and not (signed and not signed.rest.strip(" .,:;"))
    )


def usual_gap(items: list[Paragraph]) -> float:
    """How many blank lines stand before a heading as a rule."""
    return median([item.gap for item in items[1:] if item.kind == "heading"] or [1])
