"""Whether a text reads like an advertisement or like somebody's own words. Pure.

An advertisement names what is sold, and has more of the parts of a pitch than it says of a life.
No word of advertising.txt counts by itself: who works in advertising or lost money to a casino uses
the same ones, but not the whole of a pitch, and says "my husband".
"""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

OFFERED = 4  # so many parts of a pitch make one; what is sold counts for three
OFTEN = 4  # times that somebody says "I"
SENTENCES = 10  # words

LINK = re.compile(
    r"https?://\S+|\bwww\.\S+"
    r"|(?<![@\w.-])[\w-]{2,}\.(?:com|net|org|info|biz|io|co|xyz|online|site|shop|app|example)\b\S*",
    re.IGNORECASE,
)
SIGNS = re.compile(r"[$\u20ac\u00a3%]")  # of money, and of percents


def folded(text: str) -> str:
    """Words alone, in small letters and without accents, one space between them."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(re.findall(r"\w+", "".join(c for c in plain if not unicodedata.combining(c))))


def _read_advertising() -> dict[str, re.Pattern[str]]:
    """The sections of advertising.txt, each as one pattern for folded text."""
    sections: dict[str, list[str]] = {}
    for line in Path(__file__).with_name("advertising.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            words = sections.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            words.append(line)
    return {name: re.compile(rf"\b(?:{'|'.join(words)})\b") for name, words in sections.items()}


PARTS = _read_advertising()
SOLD, TERMS, OWN_LIFE, FIRST_PERSON, CARE = (
    PARTS.pop(name) for name in ("sold", "on terms", "own life", "first person", "care")
)


@dataclass(frozen=True)
class Reading:
    """What a text says, counted."""

    links: int  # to other sites than this one
    words: int  # beside all links
    own: int  # different things said of the writer's own life
    parts: int  # of a pitch, less what is said of that life

    @property
    def is_offer(self) -> bool:
        return self.parts >= OFFERED


def read(typed: str, host: str) -> Reading:
    """Reads a text that was sent to the site at `host`."""
    text = folded(typed)
    links = LINK.findall(typed)
    foreign = [link for link in links if not _leads_to(host, link)]
    own = _own(text) + (len(foreign) < len(links))
    parts = _parts(text, own) + bool(foreign)
    parts += bool(SIGNS.search(typed) or TERMS.search(text))
    return Reading(len(foreign), len(folded(LINK.sub(" ", typed)).split()), own, parts - own)


def _leads_to(host: str, link: str) -> bool:
    found = link.partition("://")[2] or link
    return re.split(r"[/?#]", found.casefold().removeprefix("www."))[0] == host.removeprefix("www.")


def _own(text: str) -> int:
    """How many different things are said of a life; "I" is one of them, and saying it often two."""
    said = len(FIRST_PERSON.findall(text))
    return len(set(OWN_LIFE.findall(text))) + (said > 0) + (said >= OFTEN)


def _parts(text: str, own: int) -> int:
    """How many different parts of a pitch there are. What is known to be sold counts for three.

    Two are added for whole sentences in which neither a person nor care is spoken of; where care
    is, and nothing known to be sold, it takes one.
    """
    is_sold, is_care = bool(SOLD.search(text)), bool(CARE.search(text))
    is_impersonal = not own and not is_care and len(text.split()) >= SENTENCES
    parts = sum(bool(pattern.search(text)) for pattern in PARTS.values())
    return parts + 3 * is_sold + 2 * is_impersonal - (is_care and not is_sold)
