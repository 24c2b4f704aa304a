"""A letter's plain text, taken apart for its HTML: paragraphs, lists, one button, who signed.

Pure. Some of it was typed by strangers, so every word is escaped.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from django.utils.html import Urlizer, format_html, format_html_join
from django.utils.safestring import SafeString

TEXT, LIST, BUTTON = "text", "list", "button"
LONGEST = 60  # of what stands for an address; the whole of one looks like a trap
# Readable on either ground without the style sheet, which some mail programs drop.
LINK = '<a class="link" style="color:inherit" href="{}">{}</a>'
BETWEEN = re.compile(r"""([\s<>"']+)""")  # words, as Urlizer parts them
# What no line may part: a telephone number, an hour, a day of a month.
WHOLE = re.compile(r"(?<!\S)(\(?\+?\d[\d ().-]{7,}\d|\d{1,2}:\d\d [AP]M|[A-Z][a-z]+ \d{1,2})(?!\w)")


@dataclass(frozen=True)
class Block:
    """Lines that belong together, as HTML; a button leads to `address`."""

    kind: str
    lines: list[SafeString]
    address: str = ""


def signed(text: str, names: Collection[str]) -> tuple[str, list[str]]:
    """`text` without its last paragraph, and the lines of that, if one of `names` begins it."""
    text = "\n".join(line.rstrip() for line in text.strip().splitlines())
    rest, _, last = text.rpartition("\n\n")
    lines = [line.strip() for line in last.splitlines()]
    return (rest, lines) if lines and lines[0] in names else (text, [])


def blocks(text: str, buttons: Mapping[str, str]) -> list[Block]:
    """`buttons` says what stands for an address that begins so, where it has a line to itself: the
    first becomes the button, and more than one would be none.
    """
    found: list[Block] = []
    for kind, group in groupby(text.splitlines(), partial(_kind, buttons)):
        lines = [line.strip() for line in group]
        if kind == LIST:
            found.append(Block(LIST, [_linked(line.removeprefix("- ")) for line in lines]))
        elif kind == TEXT:
            found.append(Block(TEXT, [_linked(line) for line in lines]))
        elif kind == BUTTON:
            for address in lines:
                words = _words(buttons, address)
                if any(block.kind == BUTTON for block in found):
                    found.append(Block(TEXT, [format_html(LINK, address, words)]))
                else:
                    found.append(Block(BUTTON, [format_html("{}", words)], address))
    return found


def _kind(buttons: Mapping[str, str], line: str) -> str:
    line = line.strip()
    if line.startswith("- "):
        return LIST
    if _words(buttons, line):
        return BUTTON
    return TEXT if line else ""


def _words(buttons: Mapping[str, str], line: str) -> str:
    if len(line.split()) != 1:
        return ""
    return next((words for start, words in buttons.items() if line.startswith(start)), "")


class _Links(Urlizer):
    """Shows of an address where it leads, and no more."""

    url_template = LINK.format("{href}", "{url}")

    def trim_url(self, x: str, *, limit: int | None) -> str:
        if "@" not in x or "://" in x:  # no email address
            # Not the name before an @, by which https://mybank.example@elsewhere.example deceives.
            host = re.split(r"[/?#]", x.partition("://")[2] or x)[0].rpartition("@")[2]
            x = host.removeprefix("www.")
        shown: str = super().trim_url(x, limit=limit)
        return shown


def _linked(line: str) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in _parts(line)))


def _parts(line: str) -> Iterator[SafeString]:
    links = _Links()
    for number, part in enumerate(WHOLE.split(line)):
        if number % 2:
            yield format_html('<span style="white-space:nowrap">{}</span>', part)
            continue
        for word in BETWEEN.split(part):
            yield links.handle_word(word, safe_input=False, trim_url_limit=LONGEST, autoescape=True)
