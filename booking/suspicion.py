"""What looks like spam in a form that was sent. Pure: nothing here touches the database.

A mistake costs a real person days, so what suffices is what no real person does: the markup
of a link, a handful of links, two phrases of one who sells to websites, the same words over and
over. What may happen to anybody (an autofill that is quick, or that fills the trap as well; an
address shared with a whole school) never suffices, not even together. A page that was left open
for a day or a month is no signal at all.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from django.core.signing import BadSignature, SignatureExpired, TimestampSigner

SUFFICES = 6  # the one threshold: signals whose weights reach it hold a request apart

QUICK_SECONDS = 3
MANY_LINKS = 3
MANY_FROM_ADDRESS = 20  # in a day; a school or a carrier behind one address may well send these
MANY_ALIKE = 3  # in a day
SHORTEST_TO_COMPARE = 40  # "Do you take new clients?" is what many write


class Signal(Enum):
    """One thing that speaks for spam: the code on file, its weight, and plain words for it."""

    MARKUP = "markup", 6, "It has the markup of links that only spam uses."
    LINKS = "links", 6, "It has several links."
    PITCH = "pitch", 6, "It has several phrases that advertising is made of."
    REPEATED = "repeated", 6, "The same words were sent several times that day."
    PHRASE = "phrase", 4, "It has a phrase that advertising is made of."
    TRAP = "trap", 3, "A field was filled in that people do not see."
    UNSIGNED = "unsigned", 3, "The form was sent without being opened before."
    LINK = "link", 2, "It has a link."
    QUICK = "quick", 1, "The form was filled in within a few seconds."
    ADDRESS = "address", 1, "Many requests came from the same network that day."

    def __init__(self, code: str, weight: int, words: str) -> None:
        self.code, self.weight, self.words = code, weight, words


@dataclass(frozen=True)
class Sending:
    """How a form came: what the visitor did not type into any field that they saw."""

    address: str = field(repr=False)  # practice.network.client_address
    opened: str = ""  # signed by `sign_opening` when the page was made
    trap: str = field(default="", repr=False)


@dataclass(frozen=True)
class Counts:
    """How often today, with the one at hand."""

    from_address: int = 0
    with_email: int = 0
    with_text: int = 0


# What is offered to the owner of a website, in words that nobody says of their own life. Somebody
# whose work is "SEO" and who cannot sleep for it does not offer it.
PITCHES = (
    *("seo services", "seo packages", "seo audit", "search engine optimization services"),
    *("first page of google", "page one of google", "rank higher on google", "google rankings"),
    *("your search rankings", "improve your ranking", "rank your website", "domain authority"),
    *("quality backlinks", "high quality backlinks", "buy backlinks", "backlinks for your"),
    *("link building service", "link building services", "link exchange", "sponsored post"),
    *("guest post on your", "guest posting", "guest post opportunity", "do follow link"),
    *("redesign your website", "website redesign services", "web design services"),
    *("web development services", "mobile app development services", "explainer video"),
    *("traffic to your website", "traffic to your site", "visitors to your website"),
    *("leads for your business", "qualified leads", "lead generation services"),
    *("your google business profile", "digital marketing agency", "digital marketing services"),
    *("i came across your website", "while browsing your website", "contact form submission"),
    *("business funding", "merchant cash advance", "working capital for your business"),
    *("unsubscribe here", "opt out of future"),
)
# What is offered to anybody. Gambling, fraud and debt also bring people to therapy, and one who
# was deceived may quote it all: however many of these, they count as one phrase.
BAITS = (
    *("claim your bonus", "no deposit bonus", "casino bonus codes", "welcome bonus up to"),
    *("best online casinos", "free spins no deposit", "betting tips daily"),
    *("guaranteed daily profit", "earn passive income with crypto", "roi daily"),
    *("crypto investment opportunity", "double your bitcoin", "forex signals"),
    *("instant loan approval", "we offer loans", "make money online fast"),
)
LINK = re.compile(r"https?://|\bwww\.", re.IGNORECASE)
MARKUP = re.compile(r"\[\s*(?:url|link)\b\s*[=\]]|<\s*a\s[^>]*href", re.IGNORECASE)


def signals(texts: Iterable[str], sending: Sending, counts: Counts) -> list[Signal]:
    """All that speaks for spam in what was typed (`texts`) and how it came, the heaviest first."""
    typed = "\n".join(texts)
    found = {
        Signal.MARKUP: bool(MARKUP.search(typed)),
        Signal.REPEATED: counts.with_text > MANY_ALIKE,
        Signal.ADDRESS: counts.from_address > MANY_FROM_ADDRESS,
        Signal.TRAP: bool(sending.trap.strip()),
    }
    signs = [signal for signal, is_there in found.items() if is_there]
    for one in (_of_links(typed), _of_phrases(typed), _of_opening(sending.opened)):
        signs += [one] if one else []
    return sorted(signs, key=lambda signal: -signal.weight)


def suffice(signs: Iterable[Signal]) -> bool:
    """Whether these signals together hold a request apart."""
    return sum(signal.weight for signal in signs) >= SUFFICES


def in_words(codes: Iterable[str]) -> list[str]:
    """What the codes on file stand for; none for those that are known no more."""
    words = {signal.code: signal.words for signal in Signal}
    return [words[code] for code in codes if code in words]


def _of_links(typed: str) -> Signal | None:
    links = len(LINK.findall(typed))
    return Signal.LINKS if links >= MANY_LINKS else Signal.LINK if links else None


def _of_phrases(typed: str) -> Signal | None:
    text = f" {plain(typed)} "
    pitches = [phrase for phrase in PITCHES if f" {phrase} " in text]
    # "quality backlinks" inside "high quality backlinks" is no second one.
    pitches = [p for p in pitches if not any(p != other and p in other for other in pitches)]
    if len(pitches) > 1:
        return Signal.PITCH
    is_bait = any(f" {phrase} " in text for phrase in BAITS)
    return Signal.PHRASE if pitches or is_bait else None


def plain(text: str) -> str:
    """Words alone, in small letters, one space between them."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"\w+", folded))


def _signer() -> TimestampSigner:
    return TimestampSigner(salt="booking.opened")


def sign_opening() -> str:
    """This moment, for the form to bring back."""
    return _signer().sign("form")


def _of_opening(opened: str) -> Signal | None:
    try:
        _signer().unsign(opened, max_age=QUICK_SECONDS)
    except SignatureExpired:
        return None  # a minute ago or a month
    except BadSignature:
        return Signal.UNSIGNED
    return Signal.QUICK
