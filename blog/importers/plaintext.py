"""Reads articles from a plain-text document that separates them by nothing but its own shape."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import pairwise

from blog.importers import body, cues
from blog.importers.account import account
from blog.importers.closing import find_closing, settle_questions
from blog.importers.draft import ArticleDraft, Block, Guess, shortened
from blog.importers.headings import find_headings, find_plain_lists, find_plain_patterns
from blog.importers.paragraphs import Paragraph, folded, paragraphs
from blog.importers.sections import Section, sections

Progress = Callable[[float], None]

TITLE_LENGTH = 60


class UnknownTitle(ValueError):
    """A title that was given is no line of the document."""


def read_articles(
    text: str, *, titles: Sequence[str] = (), progress: Progress = lambda done: None
) -> list[ArticleDraft]:
    """The articles and bios of `text`, in order, each with what was guessed and why.

    `titles` are titles that are known, for where a guess is wrong; a line of --- separates too.
    Titles of which one would have been found anyway are all the titles from the first to the last
    of them, and what stands between two lines of --- is one article.
    `progress` is told from time to time which part of the work is done, from 0 to 1.

    Raises UnknownTitle, and account.LostLine if a line of the document stands in no draft.
    """
    items = list(paragraphs(text, {folded(title) for title in titles}))
    progress(0.3)
    guesses: list[Guess] = []
    given = given_titles(items, titles)
    find_plain_patterns(items, guesses)
    find_plain_lists(items, guesses)
    find_headings(items, guesses, people(items))
    # Whoever names a title that is found anyway lists them all, to be rid of a wrong one.
    all_given = bool(given) and any(part.title in given for part in sections(items, (), []))
    for at in given:
        items[at].kind = "heading"
    progress(0.5)
    found = sections(items, given, guesses, all_given=all_given)
    drafts = []
    for number, section in enumerate(found, 1):
        drafts.append(read_section(items, section, guesses))
        progress(0.5 + 0.4 * number / len(found))
    account(text, drafts)
    progress(1)
    return with_guesses(drafts, guesses)


def given_titles(items: list[Paragraph], titles: Sequence[str]) -> set[int]:
    """Where the known titles stand: the first line that reads like each of them."""
    if not titles:
        return set()
    lines: dict[str, int] = {}
    for at, item in enumerate(items):
        lines.setdefault(folded(item.whole), at)
        lines.setdefault(folded(item.text), at)
    given = set()
    for title in filter(str.strip, titles):
        place = lines.get(folded(title))
        if place is None:
            raise UnknownTitle(f'no line of the document reads "{title}"')
        item = items[place]
        if item.kind in {"bullet", "step"} and folded(item.text) != folded(title):
            item.text, item.mark = item.whole, ""
        given.add(place)
    return given


def people(items: list[Paragraph]) -> set[str]:
    """The names that stand in the document with a credential."""
    signatures = (cues.signature(item.text) for item in items if item.kind == "text")
    return {signed.name for signed in signatures if signed}


def read_section(items: list[Paragraph], section: Section, guesses: list[Guess]) -> ArticleDraft:
    """The draft of one article or bio."""
    if section.kind == "bio":
        return read_bio(items[section.start : section.end], guesses)
    titled = section.title is not None
    first = items[section.start]
    content = items[section.start + titled : section.end]
    title = first.text
    if not titled:
        title = shortened(first.whole, TITLE_LENGTH)
        why = "the text begins at once, so its first words serve"
        guesses.append(Guess(first.line, "an article without a title", why))
    return ArticleDraft("article", title, article_body(content, guesses), first.line, "", titled)


def article_body(content: list[Paragraph], guesses: list[Guess]) -> list[Block]:
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
    rest = signed.rest.lstrip(" .,:;\u2014\u2013-") if signed else ""
    settle_questions(content, guesses)
    if signed and (not rest or rest.startswith(("I ", "I\u2019", "I'"))):
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
    bounds = [*(bisect_left(lines, draft.line) for draft in drafts), len(ordered)]
    for draft, (start, end) in zip(drafts, pairwise(bounds), strict=True):
        draft.guesses.extend(ordered[start:end])
    return drafts
