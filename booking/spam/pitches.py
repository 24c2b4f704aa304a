"""Whether a text reads like an advertisement or like somebody's own words. Pure.

Nobody lists what advertising says: it is learned from letters of both kinds (beside this, all
made up). A word, or two in a row, that is twice as frequent in advertisements as with people makes
one twice as likely, and the other way round. No word counts for much by itself: who works in
advertising or lost money to a casino uses the same ones, beside those of a life.
"""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import chain, pairwise
from math import log
from pathlib import Path

HERE = Path(__file__).parent
CERTAIN = log(100)  # so many times likelier is it an advertisement, by all of its words

LINK = re.compile(
    r"https?://\S+|\bwww\.\S+"
    r"|(?<![@\w.-])[\w-]{2,}\.(?:com|net|org|info|biz|io|co|xyz|online|site|shop|app|example)\b\S*",
    re.IGNORECASE,
)
FIRST_PERSON = {"i", "me", "my"}  # of the meanings below
MEANINGS = {
    word: meaning
    for line in (HERE / "meanings.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
    for meaning, _, words in [line.partition(":")]
    for word in words.split()
}


def folded(text: str) -> str:
    """Words alone, in small letters and without accents, one space between them."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(re.findall(r"\w+", "".join(c for c in plain if not unicodedata.combining(c))))


def _meaning(word: str) -> str:
    """What a folded word, or its longest known stem, means in any language; else the word."""
    stems = (f"{word[:end]}*" for end in range(len(word), 1, -1))
    return next((MEANINGS[known] for known in (word, *stems) if known in MEANINGS), word)


def _said(typed: str) -> set[str]:
    """What is said in a text, and each two things in a row. All links are one, and all numbers."""
    plain = re.sub(r"[$\u20ac\u00a3%]", " percent ", LINK.sub(" https ", typed))
    said = [_meaning(word) for word in re.sub(r"\d+", "0", folded(plain)).split()]
    return {*said, *map(" ".join, pairwise(said))}


def letters(path: Path) -> list[str]:
    """The texts of a file, which are parted by lines of three hyphens."""
    return [text.strip() for text in path.read_text("utf-8").split("---\n")]


@cache
def learned(but: str = "") -> dict[str, float]:
    """How much each word speaks for an advertisement or, below zero, for a person: the logarithm
    of how much likelier it stands in one (naive Bayes; each count begins at a half). Learned from
    all letters `but` those of one set.
    """
    ads, own = ([_said(text) for text in _all_letters(kind, but)] for kind in ("spam", "people"))
    in_ads, in_own = (Counter(chain.from_iterable(kind)) for kind in (ads, own))
    ratio = (len(own) + 1) / (len(ads) + 1)
    return {w: log((in_ads[w] + 0.5) / (in_own[w] + 0.5) * ratio) for w in in_ads | in_own}


def _all_letters(kind: str, but: str) -> list[str]:
    files = sorted((HERE / "letters").glob(f"*_{kind}.txt"))
    return [text for file in files if file.stem != f"{but}_{kind}" for text in letters(file)]


@dataclass(frozen=True)
class Reading:
    links: int  # to other sites than this one
    words: int  # beside all links
    is_personal: bool  # in the first person, or leads to this site
    is_offer: bool  # reads like an advertisement


def read(typed: str, host: str) -> Reading:
    """Reads a text that was sent to the site at `host`."""
    links = LINK.findall(typed)
    foreign = [link for link in links if not _leads_to(host, link)]
    for link in set(links) - set(foreign):
        typed = typed.replace(link, " ")
    said = _said(typed)
    return Reading(
        links=len(foreign),
        words=len(folded(LINK.sub(" ", typed)).split()),
        is_personal=len(foreign) < len(links) or not FIRST_PERSON.isdisjoint(said),
        is_offer=sum(learned().get(word, 0) for word in said) >= CERTAIN,
    )


def _leads_to(host: str, link: str) -> bool:
    found = link.partition("://")[2] or link
    return re.split(r"[/?#]", found.casefold().removeprefix("www."))[0] == host.removeprefix("www.")
