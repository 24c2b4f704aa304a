"""What every reader hands to the writer: one article, or one bio, without any Django in it."""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any

Block = tuple[str, Any]  # a block's name in `ArticleBody` and its raw value

SUMMARY_LENGTH = 300
SUMMARY_ENOUGH = 110

TAG = re.compile(r"<[^>]+>")
SENTENCE_END = re.compile(r"(?<=[.!?…])[”\"’')]*\s+")


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
        for name, value in self.body:
            if name == "text":
                return first_sentences(plain(value))
        return ""


def plain(html: str) -> str:
    """The words of simple HTML, without its tags."""
    return " ".join(unescape(TAG.sub(" ", html)).split())


def first_sentences(text: str) -> str:
    """As many whole sentences of `text` as make a summary; a long one is cut between words."""
    summary = ""
    for sentence in SENTENCE_END.split(text[: 4 * SUMMARY_LENGTH]):
        longer = f"{summary} {sentence}".strip()
        if len(longer) > SUMMARY_LENGTH:
            break
        summary = longer
        if len(summary) >= SUMMARY_ENOUGH:
            break
    return summary or text[: SUMMARY_LENGTH - 1].rsplit(" ", 1)[0] + "…"
