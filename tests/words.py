"""Text as people read it: the words that this site leaves alone, and how easy it is to read. Pure.

The grade is Flesch and Kincaid's, with the syllables at which pyphen would hyphenate.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

import pyphen
from bs4 import BeautifulSoup

# What sounds like a form, a lawyer or a translation, hurts, or promises too much.
NEVER = (
    *(r"who(?:m)?ever", "somebody", r"(?:is|it's) not so", r"could(?: not|n't) be done"),
    *(r"no more\b.*\bany ?more", r"of which (?:nobody|no one)", r"did(?: not|n't) come about"),
    *("held apart", "take it all the same", r"(?:lost|garbled|broken) on the way"),
    *(r"if (?:it|this|that) (?:cannot|can't) wait", r"reach(?:ed|es|ing)? out", "journeys?"),
    *("safe spaces?", "unfortunately", "victims?", "abusers?", r"commit(?:s|ted|ting)? suicide"),
    *(r"e-mail(?:s|ed|ing)?", r"waiting[ -]lists?", r"\w+[\"”)]*!(?!=)"),
)
# One thing has one name: a request, a consultation, a reply.
OTHER_NAMES = (
    r"(?:an?|the|our|your|my|this|that|first|free|short) (?:conversation|talk)",
    r"inquir(?:y|ies)",
    r"(?:does|after|before|by|the|your|my|an?) asking",
    r"(?:an|the|our|your|my|their|no|any) answers?",
)
# A button says what it does, by verb and object.
BUTTONS = (r"^keep\b.*", r"^(?:ok(?:ay)?|yes|no|submit|confirm|send)$")

SENTENCE_END = re.compile(r"([.?!:…][\"”\u2019)\]]*)\s+|\n+")
WORD = re.compile(r"[^\W_]+(?:[.,:@'\u2019/-][^\W_]+)*")
ADDRESS = re.compile(r"https?://\S+")
FEWEST = 3  # words of a sentence; less is a label

BLOCKS = (
    *("p", "li", "dt", "dd", "h1", "h2", "h3", "h4", "td", "th", "caption", "figcaption"),
    *("legend", "label", "summary", "option", "button", "div", "section", "nav", "title", "br"),
)
# Read out or shown, though they stand in a tag.
ATTRIBUTES = ("aria-label", "alt", "title", "placeholder")


class Found(NamedTuple):
    """A word that is to be left alone, and where it stands."""

    word: str
    sentence: str


@cache
def pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(words)})(?!\w)", re.IGNORECASE)


@cache
def hyphens() -> pyphen.Pyphen:
    return pyphen.Pyphen(lang="en_US")


def sentences(text: str) -> list[str]:
    """The sentences of `text`; the end of a line ends one too, as the last item of a list does."""
    marked = SENTENCE_END.sub(lambda end: f"{end[1] or ''}\n", ADDRESS.sub("", text))
    return [" ".join(line.split()) for line in marked.split("\n") if WORD.search(line)]


def banned(text: str, words: tuple[str, ...] = NEVER) -> list[Found]:
    """Each of `words`, as they are written in `text`, with its sentence."""
    found = pattern(words)
    return [
        Found(match[0], sentence)
        for sentence in sentences(text.replace("\u2019", "'"))
        for match in found.finditer(sentence)
    ]


def syllables(word: str) -> int:
    return len(hyphens().positions(word)) + 1


def grade(text: str | Iterable[str]) -> float:
    """How many years of school `text`, or these sentences, ask for; what is no sentence is left."""
    said = sentences(text) if isinstance(text, str) else text
    split = [found for each in said if len(found := WORD.findall(each)) >= FEWEST]
    words = [word for sentence in split for word in sentence]
    if not words:
        return 0.0
    by_length = len(words) / len(split)
    return 0.39 * by_length + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def hardest(said: Iterable[str], number: int = 5) -> list[str]:
    """The sentences to begin with where a text is too hard, each with its grade."""
    by_grade = sorted({*said}, key=lambda each: -grade([each]))
    return [f"{grade([each]):5.1f}  {each}" for each in by_grade[:number]]


def text_of(html: str, leave_out: str = "") -> str:
    """What a page says, block by block; without what `leave_out` selects."""
    soup = BeautifulSoup(re.sub(r"\s+", " ", html), "html.parser")
    for tag in soup.select(f"script, style, svg{leave_out and f', {leave_out}'}"):
        tag.decompose()
    for tag in soup.find_all(BLOCKS):
        tag.insert_before("\n")
        tag.append("\n")
    return soup.get_text()


def read_out(html: str) -> Iterator[str]:
    """What stands in the tags of a page and is shown or read out all the same."""
    soup = BeautifulSoup(html, "html.parser")
    for name in ATTRIBUTES:
        yield from (str(tag[name]) for tag in soup.select(f"[{name}]"))
    yield from (str(tag.get("content")) for tag in soup.select("meta[name=description]"))


def buttons(html: str) -> list[str]:
    soup = BeautifulSoup(html, "html.parser")
    return [" ".join(tag.get_text().split()) for tag in soup.select("button, .button")]
