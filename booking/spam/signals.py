"""What looks like spam in a form that was sent. Pure: nothing here touches the database.

A mistake costs a real person days, so what suffices is what no real person does: the markup of a
link, what reads like an advertisement (pitches.py), the same words over and over, links and nothing
of oneself. What may happen to anybody (an autofill that is quick, or that fills the trap as well,
and a link; an address shared with a whole school) never suffices, not even together. A page that
was left open for a day or a month is no signal at all. The first person speaks for a person.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from django.conf import settings
from django.core.signing import BadSignature, SignatureExpired, TimestampSigner

from booking.spam import pitches

SUFFICES = 7  # the one threshold: signals whose weights reach it put a request aside

QUICK_SECONDS = 3
MANY_LINKS = 3
MANY_FROM_ADDRESS = 20  # in a day; a school or a carrier behind one address may well send these
MANY_ALIKE = 3  # in a day
SHORTEST_TO_COMPARE = 40  # "Do you take new clients?" is what many write


class Signal(Enum):
    """One thing that speaks for spam: the code on file, its weight, and plain words for it."""

    MARKUP = "markup", 9, "Its links are written in a way that only spam uses."
    REPEATED = "repeated", 9, "The same words were sent several times that day."
    OFFER = "offer", 9, "It reads like an ad."
    LINKS = "links", 7, "It's almost all links."
    UNSIGNED = "unsigned", 4, "The form was sent without being opened first."
    TRAP = "trap", 3, "A field was filled in that people don't see."
    LINK = "link", 1, "It has a link."
    QUICK = "quick", 1, "The form was filled in within a few seconds."
    ADDRESS = "address", 1, "Many requests came from the same network that day."
    PERSON = "person", -2, 'It says "I", or links to your own site.'

    def __init__(self, code: str, weight: int, words: str) -> None:
        self.code, self.weight, self.words = code, weight, words


@dataclass(frozen=True)
class Sending:
    """How a form came: what the visitor did not type into any field that they saw."""

    address: str = field(repr=False)  # practice.http.network.client_address
    opened: str = ""  # signed by `sign_opening` when the page was made
    trap: str = field(default="", repr=False)


@dataclass(frozen=True)
class Counts:
    """How often today, with the one at hand."""

    from_address: int = 0
    with_email: int = 0
    with_text: int = 0


MARKUP = re.compile(r"\[\s*(?:url|link)\b\s*[=\]]|<\s*a\s[^>]*href", re.IGNORECASE)


def signals(texts: Iterable[str], sending: Sending, counts: Counts) -> list[Signal]:
    """All that speaks for spam in what was typed (`texts`) and how it came, and what speaks
    against it; the heaviest first.
    """
    typed = "\n".join(texts)
    said = pitches.read(typed, settings.SITE_URL.partition("://")[2])
    is_bare = said.words < 3 * said.links and not said.is_personal
    found = {
        Signal.MARKUP: bool(MARKUP.search(typed)),
        Signal.REPEATED: counts.with_text > MANY_ALIKE,
        Signal.OFFER: said.is_offer,
        Signal.LINKS: said.links >= MANY_LINKS and is_bare,
        Signal.LINK: said.links > 0,
        Signal.ADDRESS: counts.from_address > MANY_FROM_ADDRESS,
        Signal.TRAP: bool(sending.trap.strip()),
        Signal.PERSON: said.is_personal,
    }
    signs = [signal for signal, is_there in found.items() if is_there]
    if opening := _of_opening(sending.opened):
        signs.append(opening)
    return sorted(signs, key=lambda signal: -signal.weight)


def suffice(signs: Iterable[Signal]) -> bool:
    return sum(signal.weight for signal in signs) >= SUFFICES


def in_words(codes: Iterable[str]) -> list[str]:
    """What the codes on file stand for; none for those that are known no more."""
    words = {signal.code: signal.words for signal in Signal}
    return [words[code] for code in codes if code in words]


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
