"""The end of an essay: its closing invitation, and what its lone questions are."""

import re

from blog.importers import cues
from blog.importers.draft import Guess
from blog.importers.headings import ends_in_colon
from blog.importers.paragraphs import Paragraph

PROSE = {"text", "question"}
LAST_WORDS, LAST_WORDS_LENGTH = 6, 900
UNDER_ITS_HEADING, LEADING = 7, 3
AND_SO_ON = re.compile(r"^(?:and|but|or)\b", re.IGNORECASE)


def find_closing(items: list[Paragraph], guesses: list[Guess]) -> range:
    """The items that invite the reader at the end of an essay; an empty range if none do.

    A note or a list of sources may still follow them. The heading above an invitation belongs
    to it if it invites too.
    """
    end = before_appendix(items)
    invitation = last_invitation(items, end)
    if invitation is None:
        return range(0)
    start = closing_heading(items, invitation)
    if start is None:
        start = closing_start(items, invitation)
        why = "the last paragraphs invite the reader"
    else:
        items[start].kind = "heading"
        why = "a heading that invites the reader, and an invitation below it"
    guesses.append(Guess(items[start].line, "the closing invitation", why))
    return range(start, end)


def before_appendix(items: list[Paragraph]) -> int:
    """Where the essay ends and a note or a list of sources begins, if it comes last."""
    headings = [i for i, item in enumerate(items) if item.kind == "heading"]
    last = headings[-1] if headings else None
    if last is None or not any(
        cue.match(items[last].text) for cue in (cues.NOTE_HEADING, cues.APPENDIX)
    ):
        return len(items)
    in_note = (cues.is_invitation(item.text) for item in items[last + 1 :] if item.kind == "text")
    return len(items) if any(in_note) else last


def last_invitation(items: list[Paragraph], end: int) -> int | None:
    """The last item before `end` that invites, if nothing but a few closing words follows it."""
    length = 0
    for at in range(end - 1, max(end - 2 - LAST_WORDS, -1), -1):
        item = items[at]
        if item.kind not in {"step", "quoted"} and cues.is_invitation(item.text):
            return at
        length += len(item.text)
        if item.kind not in {*PROSE, "bullet", "ornament"} or length > LAST_WORDS_LENGTH:
            return None
    return None


def closing_heading(items: list[Paragraph], invitation: int) -> int | None:
    """The heading, or the lone question, under which the invitation stands."""
    if items[invitation].kind == "heading":
        return invitation
    for at in range(invitation - 1, max(invitation - 1 - UNDER_ITS_HEADING, -1), -1):
        item = items[at]
        inviting = cues.CLOSING_HEADING.search(item.text)
        if item.kind == "heading":
            leads = cues.LEADS_TO_INVITATION.search(items[at + 1].text)
            few = invitation - at <= LEADING
            own = not cues.NOTE_HEADING.match(item.text)
            return at if own and (inviting or (few and leads)) else None
        if item.kind == "question" and inviting and at and not ends_in_colon(items[at - 1]):
            return at
        if item.kind not in PROSE:
            return None
    return None


def closing_start(items: list[Paragraph], invitation: int) -> int:
    """The first of the paragraphs that lead to an invitation without a heading."""
    start = invitation
    for at in range(invitation - 1, max(invitation - 1 - LEADING, -1), -1):
        under_step = at > 0 and items[at - 1].kind == "step"
        leads = items[at].kind == "text" and cues.LEADS_TO_INVITATION.search(items[at].text)
        if not leads or under_step or cues.quotes_in(items[at].text):
            break
        start = at
    return start


def settle_questions(items: list[Paragraph], guesses: list[Guess]) -> None:
    """Decide what each lone question is: a heading, a pull quote, one of a list, or text."""
    titled = any(
        item.kind == "heading" and cues.is_title_case(item.text) for item in items if not item.mark
    )
    at = 0
    while at < len(items):
        end = at
        while end < len(items) and items[end].kind == "question":
            end += 1
        if end - at > 1:
            for item in items[at:end]:
                item.kind = "bullet"
            what = f"a list of {end - at} questions"
            guesses.append(Guess(items[at].line, what, "questions in a row, each on its own line"))
        elif end - at == 1:
            settle_question(items, at, titled, guesses)
        at = max(end, at + 1)


def settle_question(items: list[Paragraph], at: int, titled: bool, guesses: list[Guess]) -> None:
    item = items[at]
    item.kind = "text"
    if at and ends_in_colon(items[at - 1]):
        item.kind = "aside"
        guesses.append(Guess(item.line, "a pull quote", "a question by itself after a colon"))
    elif (
        not titled
        and 0 < at < len(items) - 2
        and item.gap
        and items[at - 1].kind != "heading"
        and not AND_SO_ON.match(item.text)
        and items[at + 1].kind in {"text", "bullet", "step"}
    ):
        item.kind = "heading"
        why = "a question by itself, in an article without other headings"
        guesses.append(Guess(item.line, "a heading", why))
