"""What can be told of an essay's body: its headings and how long it takes to read."""

from dataclasses import dataclass
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
