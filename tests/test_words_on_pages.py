"""Pages, letters and screens say nothing that tests/words.py lists, and visitors read them with
ease: in every state, as they come. `-rP --show-capture=stdout` shows the figures.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from blog.models import ArticleIndexPage, BioPage
from booking.letters import emails, replies
from booking.models import ConsultationRequest, OutgoingEmail
from booking.models.letters import AFTER_CALL
from booking.services import decisions
from practice.models import Medium, PracticeSettings, User
from tests import factories, pages
from tests.access import PLACES, things
from tests.pages import Shown
from tests.words import (
    BUTTONS,
    NEVER,
    OTHER_NAMES,
    WORD,
    banned,
    buttons,
    grade,
    hardest,
    read_out,
    sentences,
    text_of,
)

EASY, EASIEST = 6, 4  # the grade of a page, and of a letter
LAW = ("board_notice", "good_faith_estimate_notice")
# What is no sentence of ours: buttons and ways to other pages, and what the therapist wrote.
NOT_OURS = "nav, .masthead, button, .button, select, address, blockquote, q, .said, .hidden, .title"
ESSAY = ".prose, h1, .contents"
VISITORS: dict[str, dict[str, Any]] = {
    "by email": {},
    "by email that others see": {"discreet": True},
    "by phone": {"email": "", "phone": "+16265550143"},
    "by text": {"email": "", "phone": "+16265550143", "text_ok": True},
}
WAGTAILS = "Welcome to your new Wagtail site!"  # of a page that is gone, in the admin's reports
SHOWN: list[Shown] = []  # made by the first test that asks for them


@pytest.fixture
def shown(bare: None) -> list[Shown]:
    if not SHOWN:
        pages.load_sample()
        SHOWN.extend(pages.everything())
    return SHOWN


def lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def own(page: Shown) -> str:
    """What a page says in words of ours: neither the law's nor the therapist's."""
    leave_out = f"{NOT_OURS}, {ESSAY}" if page.kind == "essay" else NOT_OURS
    texts = (PracticeSettings._meta.get_field(name).get_default() for name in LAW)
    law = {line for text in texts for line in lines(text_of(text))}
    return "\n".join(line for line in lines(text_of(page.html, leave_out)) if line not in law)


# --- Pages ---------------------------------------------------------------------------------


def test_no_page_uses_such_words(shown: list[Shown]) -> None:
    found: dict[str, str] = {}
    for page in shown:
        whole = "\n".join([text_of(page.html), *read_out(page.html)])
        names = "\n".join(buttons(page.html)).splitlines()
        for fault in (
            *banned(whole),
            *banned(own(page), OTHER_NAMES),
            *(fault for name in names for fault in banned(name, BUTTONS)),
        ):
            found.setdefault(f"{fault.word!r} in {fault.sentence!r}", page.name)
    assert not found, "\n" + "\n".join(f"{page}: {fault}" for fault, page in found.items())


def test_every_kind_of_page_is_easy_to_read(shown: list[Shown]) -> None:
    """By its own sentences, each counted once in however many states it stands."""
    said: dict[str, dict[str, None]] = defaultdict(dict)
    for page in shown:
        said[page.kind] |= dict.fromkeys(sentences(own(page)))
    hard = ""
    for kind, each in said.items():
        reached, words = grade(each), sum(len(WORD.findall(sentence)) for sentence in each)
        print(f"{kind:14} grade {reached:4.1f}  {words:5} words  {len(each):4} sentences")
        if reached > EASY and kind != "privacy":  # which says what the law wants said
            hard += f"\n{kind} asks for grade {reached:.1f}:\n" + "\n".join(hardest(each, 10))
    assert not hard, hard


# --- Letters -------------------------------------------------------------------------------


@pytest.fixture
def bookable(practice: PracticeSettings) -> None:
    factories.schedule()


def drafts(consultation: ConsultationRequest) -> Iterator[tuple[str, str]]:
    """What is proposed for each decision, and after the call, whether it fits the state or not;
    from each of the words that one may start from.
    """
    starts = factories.open_times()[:3]
    for kind in (*(each.kind for each in decisions.DECISIONS if each.writes), *AFTER_CALL):
        for chosen, _ in replies.names(kind):
            draft = emails.draft(
                consultation,
                kind,
                starts_at=starts[0],
                minutes=20,
                starts=starts,
                stands_until=starts[0],
                start_from=chosen,
            )
            yield kind, f"{draft.subject}\n\n{draft.body}"


def built(consultation: ConsultationRequest) -> Iterator[tuple[str, str]]:
    """Every letter that may be owed for a request as it stands."""
    consultation.refresh_from_db()
    for kind in emails.BUILDERS:
        for time in {consultation.starts_at, consultation.holds_until}:
            row = OutgoingEmail(
                kind=kind,
                request=consultation,
                version=consultation.version,
                recipient=OutgoingEmail.Recipient.VISITOR,
                about_time=time,
            )
            if message := emails.build(row):
                yield kind, f"{message.subject}\n\n{message.body}"


@pytest.fixture
def letters(bookable: None, therapist: User) -> dict[str, str]:
    """Every letter to a visitor and every sentence to be said to one, by what it is."""
    found: dict[str, str] = {}
    for medium in Medium:
        PracticeSettings.objects.update(consultation_medium=medium)
        for who, fields in VISITORS.items():
            waiting, agreed = pages.asked(**fields), pages.agreed(therapist, **fields)
            offered = pages.offered(therapist, **fields)
            texts = [text for each in (waiting, agreed) for text in drafts(each)]
            texts += [text for each in (waiting, agreed, offered) for text in built(each)]
            for number, (kind, text) in enumerate(texts):
                found[f"{kind} {who}, {medium.value}, {number}"] = re.sub(r"\n(?=[a-z])", " ", text)
    kinds = {name.partition(" ")[0] for name in found}
    assert kinds >= {*emails.BUILDERS, *(each.kind for each in decisions.DECISIONS if each.writes)}
    return found


def test_no_letter_uses_such_words(letters: dict[str, str]) -> None:
    found: dict[str, str] = {}
    for name, text in letters.items():
        for fault in banned(text, NEVER + OTHER_NAMES):
            found.setdefault(f"{name.partition(',')[0]}: {fault.word!r}", fault.sentence)
    assert not found, "\n" + "\n".join(f"{what} in {said!r}" for what, said in found.items())


def test_letters_are_easier_still(letters: dict[str, str]) -> None:
    by_kind: dict[str, list[float]] = defaultdict(list)
    for name, text in letters.items():
        kind = name.partition(" ")[0]
        if kind != "letter":  # which holds the words of a decision, as the therapist changed them
            by_kind[kind].append(grade(text))
    means = {kind: sum(grades) / len(grades) for kind, grades in by_kind.items()}
    for kind, mean in means.items():
        print(f"{kind:18} grade {mean:4.1f}  {len(by_kind[kind]):3} letters")
    said = [sentence for text in letters.values() for sentence in sentences(text)]
    mean = sum(means.values()) / len(means)
    assert mean <= EASIEST, f"grade {mean:.1f}; the hardest:\n" + "\n".join(hardest(said, 20))


# --- The admin -----------------------------------------------------------------------------


@pytest.mark.django_db
def test_no_screen_of_the_admin_uses_such_words(
    therapist: User, index: ArticleIndexPage, bio: BioPage, practice: PracticeSettings
) -> None:
    known = things(therapist, index, bio)
    owner = factories.user("owner@example.com")
    User.objects.filter(pk=owner.pk).update(is_superuser=True)
    client = factories.signed_in(owner, again=True)
    client.raise_request_exception = False
    found: dict[str, str] = {}
    seen = 0
    for address in re.findall(r"^(?:\* )?(/(?:admin|account)/.*)$", PLACES, re.MULTILINE):
        for text in said_at(client, address.format(**known)):
            seen += 1
            for fault in banned(text.replace(WAGTAILS, "")):
                found.setdefault(f"{fault.word!r} in {fault.sentence!r}", address)
    assert seen > 100, "hardly a screen was looked at"
    assert not found, "\n" + "\n".join(f"{address}: {fault}" for fault, address in found.items())


def said_at(client: Client, path: str) -> Iterator[str]:
    """What a screen says, if there is one at `path`."""
    answer: Any = client.get(path)
    is_page = answer.status_code == 200 and "html" in answer.headers.get("Content-Type", "")
    if is_page and not answer.streaming:
        html = answer.content.decode()
        yield "\n".join([text_of(html), *read_out(html)])
