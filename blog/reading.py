"""What can be told of an essay's body: its headings and how long it takes to read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.html import strip_tags

from practice.blocks import heading_id

WORDS_A_MINUTE = 230  # adults reading English prose: 238 in Brysbaert 2019, a little kinder here
CONTENTS_FROM = 3


@dataclass(frozen=True)
class Entry:
    """One heading: where it is and what it says."""

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


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        # What lies in a list comes wrapped, and neither its type nor its id is read by anybody.
        wrapped = value.keys() == {"type", "value", "id"}
        for part in [value["value"]] if wrapped else value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def minutes(body: Any) -> int:
    """Reading time in whole minutes, at least one."""
    parts = (text for block in body.get_prep_value() for text in _texts(block["value"]))
    words = sum(len(strip_tags(text).split()) for text in parts)
    return max(1, round(words / WORDS_A_MINUTE))
