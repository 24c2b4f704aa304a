"""The proof that nothing was lost: every word of the source stands in the drafts, in order.

It does not trust the reader: it starts again from the source's lines and the finished blocks.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from blog.importers.cues import EXAMPLE
from blog.importers.draft import ArticleDraft, plain
from blog.importers.paragraphs import STEP, lines_of

# Signs that the reader takes as marks, or that the page's templates set themselves.
QUOTES = str.maketrans("", "", "\u201c\u201d\u201e\u201f\"\u00ab\u00bb\u2018\u2019'\u2039\u203a`")
EDGES = ">*_#:-\u2013\u2014•‣▪●·◦○▫~=+\u00bb→✓✔➤►❖⁂.,;|\\"
MANY = 50


class LostLine(ValueError):
    """A line of the source is not in the drafts."""

    def __init__(self, line: int, text: str):
        self.line = line
        shown = text if len(text) <= 60 else f"{text[:59]}…"
        super().__init__(f"line {line} was lost while reading: {shown}")


def words(text: str) -> list[str]:
    """The words of `text`, without quotation marks, bullets and punctuation around them."""
    bare = (word.strip(EDGES) for word in text.translate(QUOTES).split())
    return [word for word in bare if word]


def source_words(line: str) -> Iterator[tuple[str, bool]]:
    """The words of a line, each with whether it may be a mark: a step's number, "Example:"."""
    text = " ".join(line.split())
    marks = [match.span() for match in EXAMPLE.finditer(text)]
    if step := STEP.match(text):
        marks.append((0, step.end()))
    at = 0
    for start, end in sorted(marks):
        yield from ((word, False) for word in words(text[at:start]))
        yield from ((word, True) for word in words(text[max(at, start) : end]))
        at = max(at, end)
    yield from ((word, False) for word in words(text[at:]))


def draft_words(draft: ArticleDraft) -> Iterator[str]:
    if draft.title_is_quoted:
        yield from words(draft.title)
        yield from words(draft.credential)
    for name, value in draft.body:
        for key, text in fields(name, value):
            yield from words(plain(text) if key in {"text", "explanation"} else text)


def fields(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Each text of a raw block with the name of the field that it stands in."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, list):
        for part in value:
            yield from fields(name, part)
    else:
        for key, part in value.items():
            yield from fields(key, part)


def few(places: set[int]) -> set[int]:
    """`places`, or those at both ends: a line of nothing but marks would leave thousands open."""
    return places if len(places) <= MANY else {*sorted(places)[:MANY], *sorted(places)[-MANY:]}


def account(text: str, drafts: Iterable[ArticleDraft]) -> None:
    """Check that every line of `text` is in `drafts`, in order and word for word.

    Raises LostLine for the first one that is not, or whose words the drafts double.
    """
    found = [word for draft in drafts for word in draft_words(draft)]
    places, number, line = {0}, 0, ""  # where in `found` the source's words so far may end
    for number, line in enumerate(lines_of(text), 1):
        for word, is_mark in source_words(line):
            after = {at + 1 for at in places if at < len(found) and found[at] == word}
            places = few(after | places) if is_mark else after
            if not places:
                raise LostLine(number, line.strip())
    if len(found) not in places:
        raise LostLine(number, line.strip())
