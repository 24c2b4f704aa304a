"""What can be told of an essay's body: its headings, how long it takes, what is said in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.utils.html import strip_tags

from practice.blocks import heading_id, texts

WORDS_A_MINUTE = 230  # adults reading English prose: 238 in Brysbaert 2019, a little kinder here
CONTENTS_FROM = 3


@dataclass(frozen=True)
class Entry:
    anchor: str
    text: str


def contents(body: Any) -> list[Entry]:
    """The headings of a body, in order; nothing for fewer than three."""
    entries = [
        Entry(heading_id(block), str(block.value))
        for block in body
        if block.block_type == "heading"
    ]
    return entries if len(entries) >= CONTENTS_FROM else []


def minutes(body: Any) -> int:
    """Reading time in whole minutes, at least one."""
    words = sum(len(strip_tags(text).split()) for text in texts(body))
    return max(1, round(words / WORDS_A_MINUTE))


def spoken_line(body: Any) -> str:
    """The first line that somebody speaks, else what the first pattern sounds like, or nothing."""
    lines = (line for value in _values(body, "spoken_lines") for line in value["lines"])
    quotes = (
        each["quote"] for value in _values(body, "named_patterns") for each in value["patterns"]
    )
    return next(filter(None, chain(lines, quotes)), "")


def _values(body: Any, kind: str) -> Iterator[Any]:
    return (block.value for block in body if block.block_type == kind)


@dataclass(frozen=True)
class Excerpt:
    """What a list shows of a body."""

    minutes: int = 1
    spoken_line: str = ""


def excerpt(body: Any) -> Excerpt:
    return Excerpt(minutes(body), spoken_line(body))
