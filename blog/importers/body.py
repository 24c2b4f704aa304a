"""From the paragraphs of an essay to the blocks of its body."""

import re
from collections.abc import Callable, Sequence
from html import escape
from itertools import pairwise

from blog.importers import cues
from blog.importers.bullets import Found, is_prose, paragraph, pattern, read_list
from blog.importers.draft import Block, Guess
from blog.importers.paragraphs import Paragraph

Reader = Callable[[Sequence[Paragraph], int, list[Guess]], Found]

FIRST_SENTENCE = re.compile(r"^(?P<title>[^.!?:]{3,80}[.!?:])\s+(?P<text>\S.*)$", re.DOTALL)
DASHES = {"-", "--", "\u2013", "\u2014"}
LONG_STEP, LONG_QUOTE = 90, 200


def build(items: Sequence[Paragraph], guesses: list[Guess]) -> list[Block]:
    """The blocks that `items` make, in their order; text between two other blocks is one block."""
    blocks: list[Block] = []
    prose: list[Paragraph] = []
    at = 0
    while at < len(items):
        if items[at].kind == "ornament":
            at += 1
            continue
        found = next(filter(None, (read(items, at, guesses) for read in READERS)), None)
        if found is None:
            prose.append(items[at])
            at += 1
            continue
        if prose:
            blocks.append(("text", html(prose)))
            prose = []
        block, at = found
        blocks.append(block)
    if prose:
        blocks.append(("text", html(prose)))
    return blocks


def html(items: Sequence[Paragraph]) -> str:
    """Paragraphs as HTML, with their marks: lists inside of them stay as they were typed."""
    return "".join(
        f"<p><b>{escape(item.text, quote=False)}</b></p>"
        if item.kind == "heading"
        else f"<p>{escape(item.whole, quote=False)}</p>"
        for item in items
        if item.kind != "ornament"
    )


def invitation(items: Sequence[Paragraph]) -> Block:
    """The closing call to action; the words on its button are the block's own."""
    headed = items[0].kind == "heading"
    heading, rest = (items[0].text, items[1:]) if headed else ("", items)
    return "call_to_action", {"heading": heading, "text": html(rest)}


def read_note(items: Sequence[Paragraph], at: int, guesses: list[Guess]) -> Found:
    item = items[at]
    label = cues.NOTE_LABEL.match(item.text) if item.kind == "text" else None
    if label:
        guesses.append(Guess(item.line, "a personal note", "it begins with that label"))
        value = {"title": label[1], "text": paragraph(item.text[label.end() :])}
        return ("personal_note", value), at + 1
    if item.kind != "heading" or not cues.NOTE_HEADING.match(item.text):
        return None
    end = at + 1
    while end < len(items) and items[end].kind != "heading":
        end += 1
    if end == at + 1:
        return None
    guesses.append(Guess(item.line, "a personal note", "its heading announces a note"))
    return ("personal_note", {"title": item.text, "text": html(items[at + 1 : end])}), end


def read_heading(items: Sequence[Paragraph], at: int, guesses: list[Guess]) -> Found:
    return (("heading", items[at].text), at + 1) if items[at].kind == "heading" else None


def read_steps(items: Sequence[Paragraph], at: int, guesses: list[Guess]) -> Found:
    """Paragraphs numbered 1, 2, 3, each with what follows it."""
    if items[at].kind != "step" or items[at].number != 1:
        return None
    starts = [at]
    end = at + 1
    while end < len(items) and items[end].kind != "heading":
        if items[end].kind == "step":
            if items[end].number != len(starts) + 1:
                break
            starts.append(end)
        end += 1
    if len(starts) < 2:
        return None
    # The last step is as long as the longest of the others: what follows is the essay again.
    usual = max(below - start for start, below in pairwise(starts))
    last = starts[-1] + 1
    while last < end and (
        last < starts[-1] + usual or items[last].indent > items[starts[-1]].indent
    ):
        last += 1
    bounds = [*starts, last]
    if all(b - a > 1 and cues.quotes_in(items[a + 1].text) for a, b in pairwise(bounds)):
        patterns = [pattern(items[a:b], None) for a, b in pairwise(bounds)]
        why = "numbers in a row, each with a quotation below"
        guesses.append(Guess(items[at].line, f"{len(patterns)} named patterns", why))
        return ("named_patterns", {"patterns": patterns}), last
    split = last - at == len(starts) and any(len(items[i].text) > LONG_STEP for i in starts)
    steps = [step(items[a:b], split) for a, b in pairwise(bounds)]
    what = f"{len(steps)} numbered steps"
    guesses.append(Guess(items[at].line, what, "numbers in a row from 1"))
    return ("numbered_steps", {"steps": steps}), last


def step(items: Sequence[Paragraph], split: bool) -> dict[str, str]:
    """Title, text and example of one step; `split` where its line holds title and text."""
    title, rest = items[0].text, list(items[1:])
    if not title and rest:
        title = rest.pop(0).whole
    rest = [item for item in rest if item.kind != "ornament"]
    texts = [item.whole for item in rest]
    if split and (match := FIRST_SENTENCE.match(title)):
        title, texts = match["title"].rstrip(":"), [match["text"]]
    example = ""
    if texts and (cue := cues.EXAMPLE.search(texts[-1])) and texts[-1][cue.end() :]:
        example = texts[-1][cue.end() :]
        texts[-1] = texts[-1][: cue.start()].rstrip()
    return {"title": title, "text": "".join(map(paragraph, texts)), "example": example}


def read_quotes(items: Sequence[Paragraph], at: int, guesses: list[Guess]) -> Found:
    """Paragraphs that are nothing but quotations: what people say, or one to pause on."""
    if not is_prose(items, at):
        return None
    if attributed := attributed_quote(items, at):
        guesses.append(Guess(items[at].line, "a pull quote", "a quotation with its author"))
        return attributed
    lines: list[str] = []
    end = at
    while is_prose(items, end) and (spoken := cues.quotes_in(items[end].text)):
        lines += spoken
        end += 1
    if not lines:
        return None
    above = items[at - 1].text if at else ""
    if len(lines) == 1 and (why := pull_reason(lines[0], above)):
        guesses.append(Guess(items[at].line, "a pull quote", why))
        return ("pull_quote", {"quote": lines[0], "attribution": ""}), end
    why = "nothing but quotations, as people say them"
    what = "a spoken line" if len(lines) == 1 else f"{len(lines)} spoken lines"
    guesses.append(Guess(items[at].line, what, why))
    return ("spoken_lines", {"lines": lines}), end


def attributed_quote(items: Sequence[Paragraph], at: int) -> Found:
    if found := cues.attributed(items[at].text):
        return ("pull_quote", {"quote": found[0], "attribution": found[1]}), at + 1
    quote = cues.quotes_in(items[at].text)
    if len(quote) != 1 or at + 1 >= len(items):
        return None
    below, after = items[at + 1], items[at + 2] if at + 2 < len(items) else None
    if below.mark not in DASHES or below.gap or (after is not None and after.kind == "bullet"):
        return None
    if not cues.is_short(below.text) or cues.is_closed(below.text):
        return None
    return ("pull_quote", {"quote": quote[0], "attribution": below.text}), at + 2


def pull_reason(quote: str, above: str) -> str:
    """Why a single quotation is somebody's written words rather than a spoken line."""
    introduction = above.rsplit(". ", 1)[-1]
    if introduction.endswith((":", ",")) and cues.WRITTEN.search(introduction):
        return "a quotation from something written"
    if introduction.endswith(":") and quote[:1].islower():
        return "a quotation that isn't a full sentence"
    if not introduction.endswith(":") and len(quote) > LONG_QUOTE:
        return "a long quotation by itself"
    return ""


def read_aside(items: Sequence[Paragraph], at: int, guesses: list[Guess]) -> Found:
    """A question after a colon, or a paragraph behind a >."""
    text = items[at].text
    if items[at].kind not in {"aside", "quoted"}:
        return None
    quote, author = cues.attributed(text) or (
        "\u201d \u201c".join(cues.quotes_in(text)) or text,
        "",
    )
    return ("pull_quote", {"quote": quote, "attribution": author}), at + 1


READERS: tuple[Reader, ...] = (
    read_note,
    read_heading,
    read_list,
    read_steps,
    read_quotes,
    read_aside,
)
