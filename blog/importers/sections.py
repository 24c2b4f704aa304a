"""Where one article ends and the next, or the bio, begins."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from blog.importers import cues
from blog.importers.draft import Guess
from blog.importers.headings import usual_gap
from blog.importers.paragraphs import Paragraph

WIDE_GAP = 3
CLOSING_ITEMS, CLOSING_LENGTH = 8, 1500


@dataclass
class Section:
    """An article or a bio: the items from `start` up to `end`, its title's index if it has one."""

    kind: str
    start: int
    end: int
    title: int | None = None


def sections(
    items: list[Paragraph], given: Collection[int], guesses: list[Guess], *, all_given: bool = False
) -> list[Section]:
    """The articles and bios of a document, in order.

    `given` are the titles that are known, and with `all_given` there are no others between them.
    Between two lines of --- stands one article, too. A bio is guessed everywhere.
    """
    marks = [i for i, item in enumerate(items) if item.kind == "rule" or (all_given and i in given)]
    sealed = range(marks[0] + 1, marks[-1]) if len(marks) > 1 else range(0)
    styles = title_styles(items)
    found: list[Section] = []
    open_section, invited = False, None
    for at, item in enumerate(items):
        if item.kind in {"rule", "ornament"}:
            open_section = open_section and item.kind == "ornament"
            continue
        current = found[-1] if open_section else None
        why, kind = "", "article"
        if at in given:
            why = "given as a title"
        elif (current is None or current.kind != "bio") and (
            why := bio_reason(items, at, current is None or invited is not None)
        ):
            kind = "bio"
        elif current is None:
            why = "first line of the document" if not found else "first line after ---"
        elif at not in sealed:
            why = "" if at + 1 in given else title_reason(items, at, current, styles, invited)
        if why:
            title = at if kind == "bio" or at in given or current or is_title(items, at) else None
            found.append(Section(kind, at, at, title))
            guesses.append(Guess(item.line, "a bio" if kind == "bio" else "a title", why))
            open_section, invited = True, None
        found[-1].end = at + 1
        if not why:
            invited = still_invited(items, at, found[-1], invited)
    return found


def is_title(items: list[Paragraph], at: int) -> bool:
    """Whether the first line of a section can be its title."""
    item = items[at]
    if item.kind in {"heading", "question"}:
        return True
    short = item.kind == "text" and cues.is_short(item.text) and item.text[-1] not in ",:;"
    return short and has_text(items, at)


def title_styles(items: list[Paragraph]) -> dict[int, str]:
    """Headings that stand out from the other headings, each with how it does."""
    headings = [i for i, item in enumerate(items) if item.kind == "heading"]
    levels = {items[i].number for i in headings if items[i].number}
    plain = [i for i in headings if not items[i].mark]
    styles: dict[int, str] = {}
    if levels and (min(levels) == 1 or len(levels) > 1):
        top = [i for i in headings if items[i].number == min(levels)]
        styles |= dict.fromkeys(top, "marked as a heading of the highest level")
    first = next((i for i, item in enumerate(items) if item.text), None)
    shouted = [i for i in plain if cues.is_capitals(items[i].text)]
    if first in shouted and len(shouted) < len(plain):
        styles |= dict.fromkeys(shouted, "in capitals like the first title")
    usual = usual_gap(items)
    for i in range(1, len(items)):
        if items[i].kind not in {"heading", "question"}:
            continue
        if items[i].gap >= max(WIDE_GAP, usual + 2):
            styles.setdefault(i, f"{items[i].gap} blank lines before a short line")
        if items[i - 1].kind == "ornament" and items[i].kind == "heading":
            styles.setdefault(i, "short line below an ornament")
    return styles


def title_reason(
    items: list[Paragraph],
    at: int,
    current: Section,
    styles: dict[int, str],
    invited: int | None,
) -> str:
    """Why a new article begins at `at`; nothing if none does."""
    item = items[at]
    if item.kind not in {"heading", "question"} or not has_text(items, at):
        return ""
    is_appendix = cues.NOTE_HEADING.match(item.text) or cues.APPENDIX.match(item.text)
    if is_appendix or cues.is_invitation(item.text):
        return ""
    if at in styles:
        return styles[at]
    if item.kind == "heading" and current.kind == "bio":
        return "short line below a bio"
    if invited is None or opens_closing(items, at):
        return ""
    if item.kind == "heading" or opens_article(items, at):
        return f"short line after the invitation on line {items[invited].line}"
    return ""


def has_text(items: list[Paragraph], at: int) -> bool:
    below = items[at + 1] if at + 1 < len(items) else None
    return below is not None and below.kind not in {"rule", "ornament"}


def opens_closing(items: list[Paragraph], at: int) -> bool:
    """Whether a heading leads to another invitation at once, rather than to an article."""
    if not cues.CLOSING_HEADING.search(items[at].text):
        return False
    for item in items[at + 1 : at + 5]:
        if item.kind not in {"text", "question"}:
            return False
        if cues.is_invitation(item.text):
            return True
    return False


def opens_article(items: list[Paragraph], at: int) -> bool:
    """Whether a lone question after an invitation is a title: three paragraphs follow it."""
    following = items[at + 1 : at + 4]
    return len(following) == 3 and not any(
        item.kind in {"heading", "rule"} or cues.is_invitation(item.text) for item in following
    )


def still_invited(
    items: list[Paragraph], at: int, current: Section, invited: int | None
) -> int | None:
    """Where the reader was last invited, as long as what follows may be closing words."""
    item = items[at]
    told = at - current.start >= (1 if current.title is None else 2)
    if item.kind not in {"step", "quoted"} and told and cues.is_invitation(item.text):
        return at
    if invited is None or item.kind == "step" or at - invited > CLOSING_ITEMS:
        return None
    length = sum(len(items[i].text) for i in range(invited + 1, at + 1))
    return invited if length <= CLOSING_LENGTH else None


def bio_reason(items: list[Paragraph], at: int, at_edge: bool) -> str:
    """Why a bio begins at `at`; nothing if none does.

    In the middle of an article, a sentence about somebody with a degree is about somebody else:
    `at_edge` says that a section begins or that the reader was just invited.
    """
    item = items[at]
    below = items[at + 1] if at + 1 < len(items) else None
    lead = below.text[:600] if below is not None and below.kind == "text" else ""
    at_edge = at_edge or below is None or item.gap >= WIDE_GAP
    if item.kind in {"heading", "text"} and (match := cues.ABOUT_HEADING.match(item.text)):
        who = match["who"]
        if who is None or cues.ABOUT_WHOM.match(who.rstrip(":.")):
            return "a line that announces the author"
        is_somebody = cues.is_name(who) or cues.signature(who)
        if is_somebody and cues.SELF_PORTRAIT.search(lead):
            return "a line that announces a person, and a profession below"
    if item.kind not in {"heading", "text"}:
        return ""
    signed = cues.signature(item.text)
    if signed and not (rest := signed.rest.strip(" .,:;\u2014\u2013-")):
        if at_edge and cues.SELF_PORTRAIT.search(lead):
            return "a name with a credential, and a profession below"
    elif (
        signed
        and cues.SELF_PORTRAIT.search(item.text[:600])
        and (at_edge or re.search(r"\bI\b", rest[:200]))
    ):
        return "a name with a credential, followed by a profession"
    if not at_edge:
        return ""
    match = cues.NAME_IS.match(item.text)
    if match and cues.is_name(match["name"]) and cues.SELF_PORTRAIT.search(item.text[:300]):
        return "a sentence that says who someone is, outside an article"
    if item.gap >= 2 and cues.FIRST_PERSON_PORTRAIT.match(item.text):
        return "a sentence in which the author says who they are, set apart by blank lines"
    return ""
