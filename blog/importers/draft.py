"""What every reader hands to the writer: one article, or one bio, without any Django in it."""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any

Block = tuple[str, Any]  # a block's name in `ArticleBody` and its raw value

SUMMARY_LENGTH = 300
SUMMARY_ENOUGH = 110

TAG = re.compile(r"<[^>]+>")
ENDED = re.compile(r"[.!?…:][\"\u201d\u2019')]?$")
SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|(?<=[.!?…][\u201d\"\u2019')])\s+")


@dataclass(frozen=True)
class Guess:
    """What was taken for what, on which line of the source, and why."""

    line: int
    what: str
    why: str


@dataclass(frozen=True)
class ArticleDraft:
    """One article or bio as it was read.

    `kind` is "article" or "bio". `line` is where it begins in the source (from 1).
    `title_is_quoted` is false where the title stands on no line of its own, but was taken from
    the text or made up: such a title does not count when every line is accounted for.
    """

    kind: str
    title: str
    body: list[Block]
    line: int = 1
    credential: str = ""
    title_is_quoted: bool = True
    guesses: list[Guess] = field(default_factory=list)

    @property
    def summary(self) -> str:
        """The first sentences, at most 300 characters, for lists and search engines."""
        texts = (value for name, value in self.body if name == "text")
        return next(filter(None, map(first_sentences, texts)), "")


def plain(html: str) -> str:
    """The words of simple HTML, without its tags."""
    return " ".join(unescape(TAG.sub(" ", html)).split())


def first_sentences(html: str) -> str:
    """As many whole sentences of `html` as make a summary; a long one is cut between words.

    Left out: a sentence that ends its paragraph with a colon, since it only leads to what stands
    below it, and a line that is no sentence, such as the author's name.
    """
    paragraphs = (plain(part) for part in html[: 8 * SUMMARY_LENGTH].split("</p>"))
    sentences = [
        sentence
        for part in paragraphs
        if len(part) > SUMMARY_LENGTH or ENDED.search(part)
        for sentence in SENTENCE_END.split(part)
        if not sentence.endswith(":")
    ]
    summary = ""
    for sentence in sentences:
        longer = f"{summary} {sentence}".strip()
        if summary and len(longer) > SUMMARY_LENGTH:
            break
        summary = longer
        if len(summary) >= SUMMARY_ENOUGH:
            break
    return shortened(summary, SUMMARY_LENGTH)


def shortened(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1].rsplit(' ', 1)[0]}…"
