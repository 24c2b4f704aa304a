"""Reads articles from a plain-text document that separates them by nothing but its own shape."""

from bisect import bisect_left
from collections.abc import Callable, Sequence

from blog.importers import body, cues
from blog.importers.account import account
from blog.importers.closing import find_closing, settle_questions
from blog.importers.draft import ArticleDraft, Guess, first_sentences
from blog.importers.headings import find_headings, find_plain_lists, find_plain_patterns
from blog.importers.paragraphs import Paragraph, paragraphs
from blog.importers.sections import Section, sections

Progress = Callable[[float], None]

STRAIGHT = str.maketrans("“”„‘’", "\"\"\"''")
TITLE_LENGTH = 250


class UnknownTitle(ValueError):
    """A title that was given is no line of the document."""


def read_articles(
    text: str, *, titles: Sequence[str] = (), progress: Progress = lambda done: None
) -> list[ArticleDraft]:
    """The articles and bios of `text`, in order, each with what was guessed and why.

    `titles` are titles that are known, for where a guess is wrong; a line of --- separates too.
    `progress` is told from time to time which part of the work is done, from 0 to 1.

    Raises UnknownTitle, and account.LostLine if a line of the document stands in no draft.
    """
    items = list(paragraphs(text))
    progress(0.3)
    guesses: list[Guess] = []
    given = given_titles(items, titles)
    find_plain_patterns(items, guesses)
    find_plain_lists(items, guesses)
    find_headings(items, guesses, people(items))
    for at in given:
        items[at].kind = "heading"
    progress(0.5)
    found = sections(items, given, guesses)
    drafts = []
    for number, section in enumerate(found, 1):
        drafts.append(read_section(items, section, guesses))
        progress(0.5 + 0.4 * number / len(found))
    account(text, drafts)
    progress(1)
    return with_guesses(drafts, guesses)


def given_titles(items: list[Paragraph], titles: Sequence[str]) -> set[int]:
    """Where the known titles stand: the first line that reads like each of them."""
    lines: dict[str, int] = {}
    for at, item in enumerate(items):
        for reading in (item.text, item.whole):
            lines.setdefault(folded(reading), at)
    places = {title: lines.get(folded(title)) for title in titles if title.strip()}
    for title, at in places.items():
        if at is None:
            raise UnknownTitle(f'no line of the document reads "{title}"')
    for at in filter(None, places.values()):
        items[at].text, items[at].mark = items[at].whole, ""
    return {at for at in places.values() if at is not None}


def folded(title: str) -> str:
    """A title without the differences that nobody types."""
    return " ".join(title.translate(STRAIGHT).split()).casefold()


def people(items: list[Paragraph]) -> set[str]:
    """The names that stand in the document with a credential."""
    signatures = (cues.signature(item.text) for item in items if item.kind == "text")
    return {signed.name for signed in signatures if signed}


def read_section(
    items: list[Paragraph], section: Section, guesses: list[Guess]
) -> ArticleDraft:
    """The draft of one article or bio."""
    if section.kind == "bio":
        return read_bio(items[section.start : section.end], guesses)
    titled = section.title is not None
    first = items[section.start]
    content = items[section.start + titled : section.end]
    title = first.text
    if not titled:
        title = first_sentences(first.whole)[:TITLE_LENGTH]
        guesses.append(Guess(first.line, "no title", "the text begins at once: its first words serve"))
    return ArticleDraft("article", title, article_body(content, guesses), first.line, "", titled)


def article_body(content: list[Paragraph], guesses: list[Guess]) -> list[body.Block]:
    closing = find_closing(content, guesses)
    settle_questions(content[: closing.start] if closing else content, guesses)
    if not closing:
        return body.build(content, guesses)
    return [
        *body.build(content[: closing.start], guesses),
        body.invitation(content[closing.start : closing.stop]),
        *body.build(content[closing.stop :], guesses),
    ]


def read_bio(content: list[Paragraph], guesses: list[Guess]) -> ArticleDraft:
    """The draft of a bio: name and credential if the text begins with them, and its text.

    A name within a sentence or a heading is taken for the title and stays where it is, too.
    """
    first, *others = content
    signed = cues.signature(first.text)
    rest = signed.rest.lstrip(" .,:;—–-") if signed else ""
    settle_questions(content, guesses)
    if signed and (not rest or rest.startswith(("I ", "I’", "I'"))):
        first.text, first.kind = rest, "text"
        blocks = body.build(content if rest else others, guesses)
        return ArticleDraft("bio", signed.name, blocks, first.line, signed.credential)
    blocks = body.build(content, guesses)
    names = [name for item in content[:2] if (name := name_in(item.text))]
    if names:
        credential = "".join(credential for _, credential in names[-1:])
        return ArticleDraft(
            "bio", names[0][0], blocks, first.line, credential, title_is_quoted=False
        )
    if first.kind == "heading":
        return ArticleDraft("bio", first.text, blocks[1:], first.line)
    guesses.append(Guess(first.line, "a bio without a name", "no name was found at its beginning"))
    return ArticleDraft("bio", "About", blocks, first.line, title_is_quoted=False)


def name_in(text: str) -> tuple[str, str] | None:
    """The name and the credential that `text` is about."""
    if about := cues.ABOUT_HEADING.match(text):
        text = (about["who"] or "").rstrip(":.")
        if cues.is_name(text) and not cues.ABOUT_WHOM.match(text):
            return text, ""
    if signed := cues.signature(text):
        return signed.name, signed.credential
    is_somebody = cues.NAME_IS.match(text)
    return (is_somebody["name"], "") if is_somebody and cues.is_name(is_somebody["name"]) else None


def with_guesses(drafts: list[ArticleDraft], guesses: list[Guess]) -> list[ArticleDraft]:
    """The drafts, each with the guesses made on its own lines, in the order of the lines.

    A heading that turned out to be a title, a note or the closing is one guess with both reasons.
    """
    by_line: dict[int, Guess] = {}
    for guess in guesses:
        before = by_line.get(guess.line)
        both = f"{before.why}; {guess.why}" if before else guess.why
        by_line[guess.line] = Guess(guess.line, guess.what, both)
    ordered = sorted(by_line.values(), key=lambda guess: guess.line)
    lines = [guess.line for guess in ordered]
    bounds = [bisect_left(lines, draft.line) for draft in drafts] + [len(ordered)]
    for draft, start, end in zip(drafts, bounds, bounds[1:], strict=False):
        draft.guesses.extend(ordered[start:end])
    return drafts
