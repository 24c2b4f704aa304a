"""What a line looks like, judged by general cues of English prose alone."""

import re
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path

SMALL_WORDS = frozenset(
    "a an and as at be but by do for from if in into is it its me my nor not of off on or our "
    "over per so than that the this to too up us via when who with yet you your we are vs".split()
)
PARTICLES = frozenset("de der den del da di la le van von bin ibn al y".split())
HEADING_LENGTH, HEADING_WORDS = 100, 16

QUOTES = {
    "\u201c": "\u201d",
    '"': '"',
    "\u201e": "\u201c",
    "\u00ab": "\u00bb",
    "\u2018": "\u2019",
    "'": "'",
}
WORD = re.compile(r"[^\W_][\w\u2019'-]*")
CLOSED = re.compile(r"[.!?…,;:\u2014-][\u201d\"\u2019')\]]*$")
SPOKEN = re.compile(r"\u201c[^\u201c\u201d]*\u201d|\"[^\"]*\"")

ATTRIBUTED = re.compile(
    r"^(?P<quote>.+[\u201d\"\u00bb\u2019'])\s*[-\u2013\u2014~]{1,2}\s*(?P<who>[^\u201d\"\u00bb]{2,80})$"
)
TEXTS = ConfigParser()
TEXTS.read_string(Path(__file__).with_suffix(".ini").read_text("utf-8"))


def cue(name: str) -> re.Pattern[str]:
    return re.compile(TEXTS["cues"][name], re.IGNORECASE | re.VERBOSE)


CONTACT = cue("contact")
INVITATION = cue("invitation")
LEADS_TO_INVITATION = cue("leads_to_invitation")
CLOSING_HEADING = cue("closing_heading")
NOTE_HEADING = cue("note_heading")
NOTE_LABEL = cue("note_label")
EXAMPLE = cue("example")
WRITTEN = cue("written")
APPENDIX = cue("appendix")
SELF_PORTRAIT = cue("self_portrait")
FIRST_PERSON_PORTRAIT = cue("first_person_portrait")
ABOUT_HEADING = cue("about_heading")
ABOUT_WHOM = cue("about_whom")
CREDENTIAL = (
    r"(?:(?:[A-Z]{2,6}|Ph\.?D|Psy\.?D|Ed\.?D|[BM]\.?(?:A|S|Sc|Ed)|M\.?D|[A-Z](?:\.[A-Z])+)\b"
    r"(?:[-/][A-Z]{1,6})?\.?(?:\s+(?:\#|No\.?\s*)?\d{3,})?)"
)
NAMED = re.compile(
    r"^(?P<name>[^,:;()|]{3,60}?)(?:,\s*|\s+\|\s+)(?P<credential>"
    + CREDENTIAL
    + r"(?:,\s*"
    + CREDENTIAL
    + r"){0,5})(?P<rest>(?=[\s,.:;\u2014\u2013-]|$).*)$",
    re.DOTALL,
)
NAME_IS = re.compile(r"^(?P<name>[^,:;()|.]{3,60}?)\s+is\s+(?:an?|the)\s+")


@dataclass(frozen=True)
class Signature:
    """A name with what stands behind it: "Name, CREDENTIAL. The rest"."""

    name: str
    credential: str
    rest: str


def words(text: str) -> list[str]:
    return WORD.findall(text)


def is_closed(text: str) -> bool:
    """Whether `text` ends in punctuation, as sentences do."""
    return bool(CLOSED.search(text))


def is_short(text: str) -> bool:
    return len(text) <= HEADING_LENGTH and len(text.split()) <= HEADING_WORDS


def is_capitals(text: str) -> bool:
    """Whether `text` shouts: all of its letters are capitals, and there are some."""
    return text.isupper() and sum(letter.isalpha() for letter in text) >= 4


def is_title_case(text: str) -> bool:
    """Whether all words but the small ones begin with a capital."""
    first, *others = words(text) or [""]
    telling = [word for word in others if len(word) > 3 or word.lower() not in SMALL_WORDS]
    capitals = sum(not word[0].islower() for word in telling)
    return bool(telling) and first[:1].isupper() and capitals >= 0.75 * len(telling)


def is_contact(text: str) -> bool:
    """Whether `text` holds an address or a telephone number."""
    return bool(CONTACT.search(text))


def is_invitation(text: str) -> bool:
    """Whether `text` invites the reader to the practice, quoted speech aside."""
    return bool(INVITATION.search(SPOKEN.sub(" ", text)))


def quotes_in(text: str) -> list[str]:
    """The quotations that `text` is made of, without their marks; nothing if it holds more."""
    close = QUOTES.get(text[:1], "")
    bare = text.rstrip(".,;!?")
    if not close or len(bare) < 3 or not bare.endswith(close):
        return []
    after = text[len(bare) :]
    parts = [part.strip() for part in between(bare[1:-1], text[0], close)]
    if not all(parts) or any(mark in part for part in parts for mark in forbidden(text[0])):
        return []
    return [*parts[:-1], parts[-1] + after]


def attributed(text: str, sentence: bool = False) -> tuple[str, str] | None:
    """The quotation and the author of a line such as "Words." - Author.

    With `sentence`, the quotation must be one: a heading may quote a few words, too.
    """
    match = ATTRIBUTED.match(text) if text[:1] in QUOTES else None
    quotes = quotes_in(match["quote"]) if match else []
    if match is None or len(quotes) != 1 or (sentence and not is_closed(quotes[0])):
        return None
    return quotes[0], match["who"].strip()


def forbidden(mark: str) -> str:
    """Marks that show that a quotation ended in the middle. Single ones also are apostrophes."""
    return "" if mark in "\u2018'" else mark + QUOTES[mark]


def between(text: str, opening: str, closing: str) -> list[str]:
    """`text` cut where one quotation ends and the next begins."""
    gap = r"\s+" if opening == closing or opening in "\u2018'" else r"\s*"
    return re.split(re.escape(closing) + gap + re.escape(opening), text)


def is_name(text: str) -> bool:
    """Whether `text` looks like a person's name: two to four capitalized words."""
    parts = text.removeprefix("Dr. ").removeprefix("Dr ").split()
    return 2 <= len(parts) <= 4 and all(
        part in PARTICLES
        or (part[0].isupper() and all(sign.isalpha() or sign in ".\u2019'-" for sign in part))
        for part in parts
    )


def signature(text: str) -> Signature | None:
    """The name and credential that `text` begins with, if it does."""
    match = NAMED.match(text[:400])
    if not match or not is_name(match["name"]):
        return None
    credential = match["credential"]
    if credential.count(".") == 1:  # a full stop, where "Ph.D." has two
        credential = credential.rstrip(".")
    return Signature(match["name"], credential, text[match.start("rest") :])
