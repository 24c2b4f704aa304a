"""What a line looks like, judged by general cues of English prose alone."""

import re
from dataclasses import dataclass

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
CONTACT = re.compile(
    r"@|www\.|https?:|(?:\d[\s().-]*){7}"
    r"|^\d+\s.*\b(?:street|st|avenue|ave|road|rd|boulevard|blvd|drive|lane|suite)\b",
    re.IGNORECASE,
)
SPOKEN = re.compile(r"\u201c[^\u201c\u201d]*\u201d|\"[^\"]*\"")

ATTRIBUTED = re.compile(
    r"^(?P<quote>.+[\u201d\"\u00bb\u2019'])\s*[-\u2013\u2014~]{1,2}\s*(?P<who>[^\u201d\"\u00bb]{2,80})$"
)

# An invitation names a way to the practice, not only a wish to be close to somebody.
INVITATION = re.compile(
    r"""
    \b(?:free|complimentary|no-cost)\s+(?:[\w-]+\s+){0,3}?
        (?:consult(?:ation)?s?|calls?|sessions?|chats?|conversations?)\b
  | \b(?:schedul(?:e|ing)|book(?:ing)?|arrang(?:e|ing)|request(?:ing)?|reserve|set(?:ting)?\s+up
        |sign\s+up\s+for|ask(?:ing)?\s+for|make|making)\s+(?:[\w-]+\s+){0,4}?
        (?:consult(?:ation)?|appointment|session|call|chat|intake)\b
  | \b(?:schedule|book|arrange|set\s+up)\s+(?:[\w-]+\s+){0,3}?(?:conversation|meeting|time|visit)
        \s+(?:with\s+(?:me|us)|to\s+(?:talk|meet|speak))\b
  | \b(?:feel\s+free|please|welcome|hesitate|invite\s+you|encourage\s+you|you\s+can|you\s+may
        |(?:^|[.!?,]\s+|\band\s+)(?=reach|get|connect))(?:\s+to)?\s*\b
        (?:reach\s+out|get\s+in\s+touch|connect\s+with\s+me)\b
        (?!\s+(?:to|for|with)\s+(?!(?:me|us|my|our)\b|(?:an?\s+)?(?:free|first|no-cost|complimentary
        |consult\w*|appointment|session|support|help|more|intake)\b))
  | \bplease\s+(?:call|phone|e-?mail|contact)\b
  | \breach\s+out\s+(?:to\s+(?:me|us|my|our)\b|today\b|any\s?time\b|here\b|now\b)
  | \bget\s+in\s+touch\b(?!\s+with\s+(?!me\b|us\b|my\s+(?:office|practice)))
  | \blet['\u2019]s\s+(?:talk|connect|chat)\b(?!\s+(?:about|through|to|over)\b)
  | \bmy\s+door\s+is\s+(?:always\s+)?open\b
  | \b(?:accepting|taking|welcoming)\s+(?:on\s+)?new\s+clients\b
  | \b(?:contact|call|phone|text|e-?mail|message|write\s+to)\s+
        (?:me|us|(?:my|our)\s+(?:office|practice))\b
  | \bwrite\s+(?:me|us)\b
  | \b(?:give|send|drop)\s+(?:me|us)\s+(?:a|an)\s+(?:call|ring|line|note|message|e-?mail|text)\b
  | \bbook\s+(?:now|today|online)\b | [\w.+-]{1,64}@\w
  | \b(?:call|phone|text)\s+(?:\w+\s+){0,3}?at\s+\(?\d
  | \bclick\s+here\b | \bcontact\s+(?:form|page)\b | \bwork\s+(?:together\s+)?with\s+me\b
  | \bi(?:[\u2019']d|\s+would)\s+(?:love|be\s+(?:glad|happy|honored))\s+to\s+
        (?:hear|talk|speak|meet|help|work|walk|support|listen|connect|join)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
LEADS_TO_INVITATION = re.compile(
    r"\b(?:I|we)\s+(?:also\s+)?(?:work|help|specialize|specialise|offer|support|guide|see)\b"
    r"|\blet[\u2019']s\s+(?:talk|begin|start|work)\b|\b(?:I[\u2019']m|I\s+am|we[\u2019']re|we\s+are)\s+here\b"
    r"|\bmy\s+(?:office|practice|work)\b"
    r"|\byou[\u2019']?(?:re|\s+are)\s+not\s+alone\b|\byou\s+do(?:n[\u2019']t|\s+not)\s+have\s+to\b",
    re.IGNORECASE,
)
CLOSING_HEADING = re.compile(
    r"^(?:are\s+you\s+|if\s+you[\u2019']?(?:re|\s+are)\s+)?(?:ready|want|need|looking|curious|interested"
    r"|thinking|struggling|would\s+you|could\s+you|let[\u2019']s|take|taking|start|begin|book|schedule"
    r"|work(?:ing)?\s+with|reach|contact|call|how\s+(?:i|we)\s+can|where\s+(?:to|do|can)|an?\s+invitation)\b"
    r"|\b(?:help|support|together|next\s+steps?|first\s+step|get(?:ting)?\s+started|touch"
    r"|consultation|let[\u2019']s\s+talk)\b",
    re.IGNORECASE,
)
NOTE_HEADING = re.compile(
    r"^(?:(?:an?|my|one|the)\s+)?(?:(?:last|final|closing|short|brief|quick)\s+)?(?:"
    r"(?:personal|author[\u2019']s|therapist[\u2019']s)\s+(?:note|word|reflection)s?(?:\s+.*)?"
    r"|(?:note|word)s?(?:\s+(?:from|to|for)\s+.*)?|p\.?\s?s\.?)[:.]?$",
    re.IGNORECASE,
)
NOTE_LABEL = re.compile(
    r"^((?:(?:an?|my)\s+)?personal\s+note)\s*[:\u2014\u2013-]\s+(?=\S)", re.IGNORECASE
)
EXAMPLE = re.compile(
    r"(?:^|(?<=\s))(?:(?:as\s+an?|for)\s+)?(?:example|instance|e\.g\.)\s*:\s*", re.IGNORECASE
)
WRITTEN = re.compile(
    r"\b(?:book|defin\w*|writes?|wrote|written|author|poet|poem|researchers?|quoted?|quotes"
    r"|proverb|according|put\s+it|once\s+said)\b",
    re.IGNORECASE,
)
APPENDIX = re.compile(
    r"^(?:references?|resources?|further\s+reading|notes|sources|footnotes?|disclaimer)\b[:.]?$",
    re.IGNORECASE,
)

PROFESSION = (
    r"(?:therapist|psychotherapist|counsel(?:l)?or|psychologist|psychiatrist|clinician|coach"
    r"|social\s+worker|analyst|practitioner|LMFT|LCSW|LPCC?|MFT)"
)
SELF_PORTRAIT = re.compile(
    r"\b(?:I\s+am|I[\u2019']m|(?:he|she)\s+is|they\s+are|is)\s+(?:an?\s+)?(?:\w[\w-]*,?\s+){0,7}?"
    + PROFESSION
    + r"\b|\blicensed\s+(?:\w+\s+){0,5}?"
    + PROFESSION
    + r"\b"
    r"|\b(?:in\s+)?(?:private\s+practice|practicing\s+(?:since|for))\b",
    re.IGNORECASE,
)
FIRST_PERSON_PORTRAIT = re.compile(
    r"^I(?:[\u2019']m|\s+am)\s+(?:an?\s+)?(?:\w[\w-]*,?\s+){0,5}?" + PROFESSION + r"\b",
    re.IGNORECASE,
)
ABOUT_HEADING = re.compile(
    r"^(?:(?:about|meet)\s+(?P<who>.+)|bio|biography|author\s+bio|who\s+i\s+am)[:.]?$",
    re.IGNORECASE,
)
ABOUT_WHOM = re.compile(
    r"^(?:me|us|the\s+(?:author|writer|therapist|practice)|your\s+therapist)$", re.IGNORECASE
)
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
