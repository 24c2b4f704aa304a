"""Lists in the body of an essay: named patterns, spoken lines and plain points."""

import re
from collections.abc import Sequence
from html import escape

from blog.importers import cues
from blog.importers.draft import Block, Guess
from blog.importers.paragraphs import Paragraph

Found = tuple[Block, int] | None  # a block and the index of what follows it

INLINE_PATTERN = re.compile(
    r"^(?P<name>[^\u201c\"\u00ab]{2,80}?)\s*(?:[:\u2013\u2014-]\s*|\s)(?=[\u201c\"\u00ab])"
)
AFTER_QUOTE = re.compile(
    r"^(?P<quote>\u201c[^\u201c\u201d]+\u201d|\"[^\"]+\"|\u00ab[^\u00ab\u00bb]+\u00bb)\s*[.,;:\u2013\u2014-]*\s*(?P<rest>.*)$",
    re.DOTALL,
)


def paragraph(text: str) -> str:
    return f"<p>{escape(text, quote=False)}</p>" if text else ""


def is_prose(items: Sequence[Paragraph], at: int) -> bool:
    return at < len(items) and items[at].kind == "text"


def details_end(items: Sequence[Paragraph], at: int, apart: bool) -> int:
    """Where the lines end that belong to the bullet at `at`: quotation and explanation.

    They stand right below it or are indented. Where blank lines stand between, a quotation
    belongs to the bullet, and so does the paragraph after it if another bullet follows or
    (`apart`) the bullets before had one too.
    """
    end = at + 1
    deeper = is_prose(items, end) and items[end].indent > items[at].indent
    while is_prose(items, end) and (
        items[end].indent > items[at].indent if deeper else not items[end].gap
    ):
        end += 1
    if end > at + 1 or not is_prose(items, end) or not cues.quotes_in(items[end].text):
        return end
    end += 1
    bullet_follows = end + 1 < len(items) and items[end + 1].kind == "bullet"
    if is_prose(items, end) and (apart or bullet_follows) and not cues.quotes_in(items[end].text):
        end += 1
    return end


def read_list(items: Sequence[Paragraph], at: int, guesses: list[Guess]) -> Found:
    """Bullets: named patterns, spoken lines, or plain points."""
    if items[at].kind != "bullet":
        return None
    runs: list[tuple[int, int]] = []
    end = at
    while end < len(items) and items[end].kind == "bullet":
        start, end = end, details_end(items, end, bool(runs) and runs[-1][1] - runs[-1][0] > 2)
        runs.append((start, end))
    return (
        read_patterns(items, runs, guesses)
        or read_spoken_bullets(items, runs, guesses)
        or read_points(items, runs)
    )


def read_patterns(
    items: Sequence[Paragraph], runs: list[tuple[int, int]], guesses: list[Guess]
) -> Found:
    """Bullets with a quotation or a sentence of their own below or beside a short name."""
    inline = [inline_pattern(items[start].text) for start, _ in runs]
    if not all(
        cues.is_short(found[0] if found else items[start].text)
        for (start, _), found in zip(runs, inline, strict=True)
    ):
        return None
    below = sum(end - start > 1 for start, end in runs)
    beside = len(runs) > 1 and all(inline)
    if not beside and not (runs[0][1] - runs[0][0] > 1 and 2 * below >= len(runs)):
        return None
    quoted = any(inline) or any(
        items[i].text[0] in cues.QUOTES for start, end in runs for i in range(start + 1, end)
    )
    if not quoted and (len(runs) < 2 or below < len(runs)):
        return None
    patterns = [
        pattern(items[start:end], found) for (start, end), found in zip(runs, inline, strict=True)
    ]
    why = "bullets that each have a quotation or a sentence of their own"
    guesses.append(Guess(items[runs[0][0]].line, f"{len(runs)} named patterns", why))
    return ("named_patterns", {"patterns": patterns}), runs[-1][1]


def inline_pattern(text: str) -> tuple[str, str, str] | None:
    """Name, quotation and explanation that stand on one line."""
    match = INLINE_PATTERN.match(text)
    after = AFTER_QUOTE.match(text[match.end() :]) if match else None
    if match is None or after is None or cues.is_closed(match["name"]):
        return None
    return match["name"].strip("*_ "), after["quote"][1:-1].strip(), after["rest"]


def quoted_first(text: str) -> tuple[str, str]:
    """The quotation that `text` begins with, if it is a sentence of its own, and the rest."""
    match = AFTER_QUOTE.match(text)
    if match is None or not match["rest"][:1].isupper():
        return "", text
    return match["quote"][1:-1].strip(), match["rest"]


def pattern(items: Sequence[Paragraph], inline: tuple[str, str, str] | None) -> dict[str, str]:
    name, quote, explanation = inline or (items[0].text.strip("*_ :\u2013\u2014-"), "", "")
    details = [item.text for item in items[1:]]
    quotes: list[str] = []
    while not quote and details and (spoken := cues.quotes_in(details[0])):
        quotes += spoken
        details.pop(0)
    if not quote and not quotes and details:
        quote, details[0] = quoted_first(details[0])
    texts = [explanation, *details] if explanation else details
    return {
        "name": name,
        "quote": quote or "\u201d \u201c".join(quotes),
        "explanation": "".join(map(paragraph, texts)),
    }


def read_spoken_bullets(
    items: Sequence[Paragraph], runs: list[tuple[int, int]], guesses: list[Guess]
) -> Found:
    spoken = [cues.quotes_in(items[start].text) for start, _ in runs]
    if not all(spoken) or any(end - start > 1 for start, end in runs):
        return None
    lines = [line for some in spoken for line in some]
    guesses.append(Guess(items[runs[0][0]].line, "spoken lines", "bullets that are quotations"))
    return ("spoken_lines", {"lines": lines}), runs[-1][1]


def read_points(items: Sequence[Paragraph], runs: list[tuple[int, int]]) -> Found:
    points = []
    for start, end in runs:
        points.append(items[start].text)
        after = start + 1
        while after < end and items[after].indent > items[start].indent:
            points[-1] += f" {items[after].text}"
            after += 1
        if after < end:
            return ("points", {"items": points}), after
    return ("points", {"items": points}), runs[-1][1]
