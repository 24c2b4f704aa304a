"""From the paragraphs of an essay to the blocks of its body."""

import re
from collections.abc import Callable, Sequence
from html import escape

from blog.importers import cues
from blog.importers.draft import Block, Guess
from blog.importers.paragraphs import Paragraph

Found = tuple[Block, int] | None  # a block and the index of what follows it
Reader = Callable[[Sequence[Paragraph], int, list[Guess]], Found]

INLINE_PATTERN = re.compile(r"^(?P<name>[^“\"«]{2,80}?)\s*(?:[:–—-]\s*|\s)(?=[“\"«])")
AFTER_QUOTE = re.compile(r"^(?P<quote>“[^“”]+”|\"[^\"]+\"|«[^«»]+»)\s*[.,;:–—-]*\s*(?P<rest>.*)$", re.DOTALL)
FIRST_SENTENCE = re.compile(r"^(?P<title>[^.!?:]{3,80}[.!?:])\s+(?P<text>\S.*)$", re.DOTALL)
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


def paragraph(text: str) -> str:
    return f"<p>{escape(text, quote=False)}</p>" if text else ""


def invitation(items: Sequence[Paragraph]) -> Block:
    """The closing call to action; the words on its button are the block's own."""
    headed = items[0].kind == "heading"
    heading, rest = (items[0].text, items[1:]) if headed else ("", items)
    return "call_to_action", {"heading": heading, "text": html(rest)}


def is_prose(items: Sequence[Paragraph], at: int) -> bool:
    return at < len(items) and items[at].kind == "text"


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


def details_end(items: Sequence[Paragraph], at: int, apart: bool) -> int:
    """Where the lines end that belong to the bullet at `at`: quotation and explanation.

    They stand right below it or are indented. Where blank lines stand between, a quotation
    belongs to the bullet, and so does the paragraph after it if another bullet follows or
    (`apart`) the bullets before had one too.
    """
    end = at + 1
    while is_prose(items, end) and (not items[end].gap or items[end].indent > items[at].indent):
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
        cues.quotes_in(items[i].text) for start, end in runs for i in range(start + 1, end)
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


def pattern(items: Sequence[Paragraph], inline: tuple[str, str, str] | None) -> dict[str, str]:
    name, quote, explanation = inline or (items[0].text.strip("*_").rstrip(":"), "", "")
    details = [item.text for item in items[1:]]
    quotes: list[str] = []
    while not quote and details and (spoken := cues.quotes_in(details[0])):
        quotes += spoken
        details.pop(0)
    texts = [explanation, *details] if explanation else details
    return {
        "name": name,
        "quote": quote or "” “".join(quotes),
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
    usual = max(below - start for start, below in zip(starts, starts[1:], strict=False))
    last = starts[-1] + 1
    while last < end and (last < starts[-1] + usual or belongs_below(items, starts[-1], last)):
        last += 1
    bounds = [*starts, last]
    split = last - at == len(starts) and any(len(items[i].text) > LONG_STEP for i in starts)
    steps = [step(items[a:b], split) for a, b in zip(bounds, bounds[1:], strict=False)]
    guesses.append(Guess(items[at].line, f"{len(steps)} numbered steps", "numbers in a row from 1"))
    return ("numbered_steps", {"steps": steps}), last


def belongs_below(items: Sequence[Paragraph], start: int, at: int) -> bool:
    return items[at].indent > items[start].indent


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
    guesses.append(Guess(items[at].line, f"{len(lines)} spoken lines", why))
    return ("spoken_lines", {"lines": lines}), end


def attributed_quote(items: Sequence[Paragraph], at: int) -> Found:
    if found := cues.attributed(items[at].text):
        return ("pull_quote", {"quote": found[0], "attribution": found[1]}), at + 1
    quote = cues.quotes_in(items[at].text)
    if len(quote) != 1 or at + 1 >= len(items):
        return None
    below, after = items[at + 1], items[at + 2] if at + 2 < len(items) else None
    alone = after is None or after.kind != "bullet"
    if below.kind == "bullet" and below.mark in {"-", "–", "—"} and alone and not below.gap:
        if cues.is_short(below.text) and not cues.is_closed(below.text):
            return ("pull_quote", {"quote": quote[0], "attribution": below.text}), at + 2
    return None


def pull_reason(quote: str, above: str) -> str:
    """Why a single quotation is somebody's written words rather than a spoken line."""
    introduction = above.rsplit(". ", 1)[-1]
    if introduction.endswith((":", ",")) and cues.WRITTEN.search(introduction):
        return "a quotation from something written"
    if introduction.endswith(":") and quote[:1].islower():
        return "a quotation that is no sentence of its own"
    if not introduction.endswith(":") and len(quote) > LONG_QUOTE:
        return "a long quotation by itself"
    return ""


def read_aside(items: Sequence[Paragraph], at: int, guesses: list[Guess]) -> Found:
    """A question after a colon, or a paragraph behind a >."""
    text = items[at].text
    if items[at].kind not in {"aside", "quoted"}:
        return None
    quote, author = cues.attributed(text) or ("” “".join(cues.quotes_in(text)) or text, "")
    return ("pull_quote", {"quote": quote, "attribution": author}), at + 1


READERS: tuple[Reader, ...] = (
    read_note,
    read_heading,
    read_list,
    read_steps,
    read_quotes,
    read_aside,
)
