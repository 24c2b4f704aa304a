"""Every page that a visitor can meet behind the private link, in every state.

Each says how things stand first, whose page it is, what happens if they do nothing, and never ends
in a wall.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup, Tag
from cryptography.fernet import Fernet
from django.test import Client, override_settings

from booking import tokens
from booking.letters import emails
from booking.models import ConsultationRequest, Letter, Limit, Proposal, RequestEvent, State
from booking.services import by_visitor, decisions
from practice.models import Intake, PracticeSettings, User
from tests import factories

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 30, 18, tzinfo=UTC)  # a Monday, at ten in California
DAY = timedelta(days=1)
TUESDAY = datetime(2026, 12, 1, 21, tzinfo=UTC)
TIME: dict[str, Any] = {"starts_at": TUESDAY, "ends_at": TUESDAY + timedelta(minutes=20)}
PAST: dict[str, Any] = {"starts_at": NOW - DAY, "ends_at": NOW - DAY + timedelta(minutes=20)}
WORDS = emails.Draft(
    "About your request",
    "Hi Robin,\n\nI'm sorry, I can't take this on.\n\nhttps://colleague.example/ may have room.",
)


@pytest.fixture(autouse=True)
def clock(practice: PracticeSettings) -> Any:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def filed(state: State = State.PENDING, *offered: datetime, **fields: Any) -> ConsultationRequest:
    fields = {"phone": "+16265550143", "reply_by": (NOW + 2 * DAY).date()} | fields
    consultation = factories.consultation_request(state=state, state_since=NOW, **fields)
    for start in offered:
        Proposal.objects.create(
            request=consultation, starts_at=start, ends_at=start + timedelta(minutes=20)
        )
    return consultation


def away(state: State) -> ConsultationRequest:
    factories.practice_settings(nobody_home_since=NOW - DAY, reviewer_seen_at=NOW - 9 * DAY)
    return filed(state)


def none_suited() -> ConsultationRequest:
    consultation = filed(State.PROPOSED, TUESDAY)
    by_visitor.none_suits(consultation)
    return consultation


OVER: dict[str, Any] = {"holds_until": NOW - DAY, "hold_ended_at": NOW - DAY}
ASKED: dict[str, Any] = {"move_asked_at": NOW}
HELD: dict[str, Any] = {"kept_until": (NOW + 90 * DAY).date(), "kept_because": "A complaint"}
LATE: dict[str, Any] = {"reply_by": (NOW - 3 * DAY).date()}

# The heading of each, and something more that it says.
STATES: dict[str, tuple[Callable[[], ConsultationRequest], str, str]] = {
    "pending": (filed, "You'll hear from me by Wednesday, December 2", "You don't have to do"),
    "suspected": (
        lambda: filed(State.SUSPECTED),
        "You'll hear from me by Wednesday, December 2",
        "You don't have to do",
    ),
    "with a time": (
        lambda: filed(asked_for=TUESDAY, holds_until=NOW + DAY / 2, **TIME),
        "You'll hear from me by Wednesday, December 2",
        "You asked for Tuesday, December 1 at 1:00 PM Pacific Time. I'm holding it for you",
    ),
    "lost its time": (
        lambda: filed(asked_for=TUESDAY, **OVER),
        "You'll hear from me by Wednesday, December 2",
        "no longer holding the time you asked for",
    ),
    "unreserved": (
        lambda: filed(asked_for=TUESDAY, limits_reached=[Limit.CONTACT]),
        "I'll send you other times",
        "I couldn't set that time aside",
    ),
    "without a receipt": (
        lambda: filed(limits_reached=[Limit.LETTERS]),
        "You'll hear from me by Wednesday, December 2",
        "please save this page. You can also call me",
    ),
    "none suited": (
        none_suited,
        "You'll hear from me by Wednesday, December 2",
        "I'm looking for others",
    ),
    "late": (lambda: filed(**LATE), "My reply is late", "You can also call me at"),
    "nobody home": (
        lambda: away(State.PENDING),
        "Your request is still here",
        "If you do nothing, your request stays here",
    ),
    "waitlisted, nobody home": (
        lambda: away(State.WAITLISTED),
        "You're on my waitlist",
        "If you do nothing, your request stays here",
    ),
    "proposed": (
        lambda: filed(State.PROPOSED, TUESDAY, TUESDAY + DAY, holds_until=NOW + DAY),
        "Pick a time to talk",
        "After that, this request ends. You can send a new one.",
    ),
    "proposed, one": (
        lambda: filed(State.PROPOSED, TUESDAY, phone=""),
        "Does this time work for you?",
        "What number can I call?",
    ),
    "proposed beside an agreed time": (
        lambda: filed(State.PROPOSED, TUESDAY + DAY, holds_until=NOW + DAY, **TIME),
        "Does this time work for you?",
        "After that, our call stays where it is.",
    ),
    "proposed, all over": (
        lambda: filed(State.PROPOSED, NOW - DAY),
        "Those times have passed",
        "Ask for other times",
    ),
    "confirmed": (
        lambda: filed(State.CONFIRMED, **TIME),
        "Our call is set",
        "You don't need to confirm. I'll call you then.",
    ),
    "confirmed, they call": (
        lambda: filed(State.CONFIRMED, visitor_calls=True, **TIME),
        "Our call is set",
        "Please call me at",
    ),
    "confirmed, no number": (
        lambda: filed(State.CONFIRMED, phone="", **TIME),
        "Our call is set",
        "I don't have your number",
    ),
    "confirmed, by video": (
        lambda: filed(State.CONFIRMED, medium="video", **TIME),
        "Our call is set",
        "20 minutes, by video",
    ),
    "confirmed, at the office": (
        lambda: filed(State.CONFIRMED, medium="office", **TIME),
        "Our meeting is set",
        "20 minutes, in person",
    ),
    "asked to move": (
        lambda: filed(State.CONFIRMED, **ASKED, **TIME),
        "Our call is set",
        "Until then this time stays yours",
    ),
    "asked to move, late": (
        lambda: filed(State.CONFIRMED, **ASKED, **TIME, **LATE),
        "Our call is set",
        "my reply is late",
    ),
    "past": (
        lambda: filed(State.CONFIRMED, **PAST),
        "After our call",
        "We were set for Sunday, November 29 at 10:00 AM Pacific Time.",
    ),
    "waitlisted": (
        lambda: filed(State.WAITLISTED),
        "You're on my waitlist",
        "You stay on the list for up to 365 days. After that, your request is deleted.",
    ),
    "declined": (lambda: filed(State.DECLINED), "My reply to you", "It isn't because of anything"),
    "withdrawn": (
        lambda: filed(State.WITHDRAWN),
        "You canceled your request",
        "You can undo this until Tuesday, December 1 at 10:00 AM Pacific Time.",
    ),
    "withdrawn, agreed": (
        lambda: filed(State.WITHDRAWN, **TIME),
        "You canceled our call",
        "Bring my request back",
    ),
    "withdrawn long ago": (
        lambda: filed(State.WITHDRAWN, **TIME),  # looked at two days later
        "You canceled our call",
        "send a new request",
    ),
    "cancelled": (
        lambda: filed(State.CANCELLED, **TIME),
        "I had to cancel our call",
        "send a new request",
    ),
    "expired": (
        lambda: filed(State.EXPIRED),
        "The times I offered are no longer open",
        "send a new request",
    ),
    "closed": (lambda: filed(State.CLOSED), "I've closed this request", "send a new request"),
    "held": (
        lambda: filed(**HELD),
        "You'll hear from me by Wednesday, December 2",
        "I'm required to",
    ),
    "held, to be deleted": (
        lambda: filed(State.WITHDRAWN, erasure_asked_at=NOW, **HELD),
        "You canceled your request",
        "You asked me to delete it.",
    ),
}


def read(answer: Any) -> BeautifulSoup:
    return BeautifulSoup(answer.content, "html.parser")


def words(page: Tag) -> str:
    return " ".join(page.get_text(" ").split()).replace(" .", ".").replace(" ,", ",")


def sentences(page: Tag) -> list[str]:
    told = [
        " ".join(each.get_text(" ").split()) for each in page.select("main p, main h1, main h2")
    ]
    return [one for each in told for one in re.split(r"(?<=[.?:]) (?=[A-Z])", each) if one]


def check_frame(page: Tag) -> None:
    """What each private page has: the way out, a name, a way home, a telephone, crisis help."""
    assert len(page.select("h1")) == 1
    assert "exit" in page.select("a")[0]["class"]
    assert page.select("header a[href='/']")[0].get_text(strip=True) == "Quiet Harbor Counseling"
    assert page.select("a[href^='tel:+1-415']")
    assert len(page.select("a[href='tel:988']")) == 1
    told = sentences(page)
    assert sorted(told) == sorted(set(told))


@pytest.mark.parametrize("state", STATES)
def test_each_state_says_how_it_stands_and_what_can_be_done(
    visitor: Client, clock: Any, state: str
) -> None:
    make, heading, more = STATES[state]
    consultation = make()
    if state == "withdrawn long ago":
        clock.shift(2 * DAY)
    answer = visitor.get(consultation.get_absolute_url())
    assert answer.status_code == 200
    page = read(answer)
    check_frame(page)
    assert page.select("h1")[0].get_text() == heading
    assert more in words(page)
    assert page.select("main .card .person .face"), "the person is there"
    assert "The Therapist, LMFT" in words(page)


@pytest.mark.parametrize("state", STATES)
def test_changing_and_deleting_is_folded_and_says_what_it_does(visitor: Client, state: str) -> None:
    page = read(visitor.get(STATES[state][0]().get_absolute_url()))
    [fold] = page.select("details")
    assert not fold.has_attr("open")
    buttons = {each["value"]: each.get_text() for each in fold.select("button")}
    is_final = not {"withdraw", "ask_to_move"} & buttons.keys()
    assert buttons.get("erase", "Delete what I sent") == "Delete what I sent"
    assert is_final or buttons["withdraw"] in (
        "Cancel my request",
        "Cancel our call",
        "Cancel our meeting",
    )
    if "erase" in buttons:
        assert "Emails and texts I already sent stay in your mailbox" in words(fold)
    outside = [each["value"] for each in page.select("main button") if each not in fold.select("*")]
    assert not {"withdraw", "erase", "ask_to_move"} & set(outside)


def test_the_button_is_called_after_what_it_ends(visitor: Client) -> None:
    def named(consultation: ConsultationRequest) -> str:
        page = read(visitor.get(consultation.get_absolute_url()))
        return page.select("button[value=withdraw]")[0].get_text()

    assert named(filed()) == "Cancel my request"
    assert named(filed(State.CONFIRMED, **TIME)) == "Cancel our call"
    assert named(filed(State.PROPOSED, TUESDAY + DAY, **TIME)) == "Cancel our call"


def test_the_time_comes_first_under_the_two_lines(visitor: Client) -> None:
    page = read(visitor.get(filed(State.CONFIRMED, **TIME).get_absolute_url()))
    card = page.select("main .card")[0]
    assert [each.name for each in card.find_all(recursive=False)][:3] == ["svg", "p", "p"]
    assert words(card).startswith(
        "Tuesday, December 1 at 1:00 PM Pacific Time 20 minutes, by phone"
    )
    assert "I'll call you. The call comes from +1 415 555 0100." in words(card)


def test_who_is_declined_reads_the_therapists_own_words_and_where_else_to_look(
    visitor: Client, therapist: User
) -> None:
    consultation = filed(email="robin@example.com")
    decisions.decline(consultation, user=therapist, words=WORDS)
    page = read(visitor.get(consultation.get_absolute_url()))
    check_frame(page)
    assert "Hi Robin, I'm sorry, I can't take this on." in words(page)
    for way in ("https://colleague.example/", "https://findtreatment.gov/", "tel:211"):
        assert page.select(f"main a[href='{way}']"), way
    assert "Your insurance has a list" in words(page)


def test_words_that_were_to_be_said_or_cannot_be_read_are_not_shown(
    visitor: Client, therapist: User
) -> None:
    to_be_said, unreadable = filed(email=""), filed()
    for each in (to_be_said, unreadable):
        decisions.decline(each, user=therapist, words=WORDS)
    with override_settings(FIELD_ENCRYPTION_KEYS=[Fernet.generate_key().decode()]):
        Letter.objects.filter(request=unreadable).update(body=WORDS.body)
    for each in (to_be_said, unreadable):
        text = words(read(visitor.get(each.get_absolute_url())))
        assert "It isn't because of anything you did." in text
        assert "Hi Robin" not in text
        assert "unreadable" not in text


def test_an_earlier_letter_is_not_shown_as_the_reply(visitor: Client, therapist: User) -> None:
    consultation = filed()
    decisions.decline(consultation, user=therapist, words=WORDS)
    decisions.reopen(consultation, user=therapist)
    assert "Hi Robin" not in words(read(visitor.get(consultation.get_absolute_url())))


def test_elsewhere_in_the_world_no_american_number_is_named(visitor: Client) -> None:
    factories.practice_settings(country="GB", holiday_region="ENG")
    page = read(visitor.get(filed(State.DECLINED).get_absolute_url()))
    assert not page.select("main a[href='tel:211']")
    assert "Your insurance has a list" in words(page)


def test_a_request_that_is_over_says_when_it_goes_by_itself(visitor: Client) -> None:
    page = read(visitor.get(filed(State.DECLINED).get_absolute_url()))
    assert "If you do nothing, it's deleted automatically within about 90 days." in words(page)
    assert "deleted automatically" not in words(read(visitor.get(filed().get_absolute_url())))


NAMES_THE_NUMBER: dict[str, Callable[[], ConsultationRequest]] = {
    "agreed, they call": lambda: filed(State.CONFIRMED, visitor_calls=True, **TIME),
    "late": lambda: filed(**LATE),
    "past": lambda: filed(State.CONFIRMED, **PAST),
    "nobody home": lambda: away(State.PENDING),
    "closed": lambda: filed(State.CLOSED),
}


@pytest.mark.parametrize(
    ("telephone", "ways"), [("the front desk", []), ("(415) 555-0100", ["tel:+1-415-555-0100"])]
)
@pytest.mark.parametrize("state", NAMES_THE_NUMBER)
def test_a_number_is_a_link_only_where_it_can_be_dialed(
    visitor: Client, state: str, telephone: str, ways: list[str]
) -> None:
    consultation = NAMES_THE_NUMBER[state]()
    factories.practice_settings(telephone=telephone)
    page = read(visitor.get(consultation.get_absolute_url()))
    assert f"me at {telephone}" in words(page)
    links = page.select("main a[href]")
    assert "" not in [each["href"] for each in links]
    assert [each["href"] for each in links if each.get_text() == telephone] == ways


@pytest.mark.parametrize("fields", [{"email": ""}, {"discreet": True}])
@pytest.mark.parametrize("telephone", ["(415) 555-0100", ""])
def test_a_lost_link_is_a_reason_to_call_where_there_is_a_telephone(
    visitor: Client, telephone: str, fields: dict[str, Any]
) -> None:
    factories.practice_settings(telephone=telephone)
    consultation = filed(**fields)
    page = read(visitor.get(f"/consultation/sent/?key={consultation.token}"))
    assert ("If you lose it, call me" in words(page)) is bool(telephone)


def test_a_meeting_at_the_office_is_not_called_a_call(visitor: Client) -> None:
    for state in (State.CONFIRMED, State.CANCELLED, State.WITHDRAWN):
        consultation = filed(state, medium="office", **TIME)
        text = words(read(visitor.get(consultation.get_absolute_url())))
        assert "our call" not in text, state
        assert "ur meeting" in text, state


def test_who_comes_too_late_reads_how_it_stands_now(visitor: Client, therapist: User) -> None:
    consultation = filed(State.PROPOSED, TUESDAY)
    seen = consultation.version
    decisions.decline(consultation, user=therapist, words=WORDS)
    typed = {"act": "pick", "time": f"{TUESDAY:%Y-%m-%dT%H:%MZ}", "version": seen}
    answer = visitor.post(consultation.get_absolute_url(), typed)
    assert answer.status_code == 409
    page = read(answer)
    check_frame(page)
    assert "Something changed while this page was open" in words(page)
    assert page.select(".error-summary[autofocus]")


# --- Before, after and instead of it ----------------------------------------------------------


def test_the_page_after_sending_says_by_when_what_next_and_how_to_come_back(
    visitor: Client,
) -> None:
    consultation = filed()
    page = read(visitor.get(f"/consultation/sent/?key={consultation.token}"))
    check_frame(page)
    text = words(page)
    parts = [
        "Thank you for writing to me",
        "You'll hear from me by Wednesday, December 2",
        "The Therapist, LMFT",
        "What happens next",
        "Your private page",
        "It can't clear your history",
    ]
    assert [text.index(part) for part in parts] == sorted(text.index(part) for part in parts)
    assert text.count("clear your history") == 1
    assert page.select(f"a[href='{consultation.get_absolute_url()}']")


def test_without_a_link_it_tells_what_happens_to_everybody(visitor: Client) -> None:
    page = read(visitor.get("/consultation/sent/"))
    check_frame(page)
    assert "You'll hear from me within 2 business days." in words(page)


@pytest.mark.parametrize(
    ("token", "status", "heading"),
    [("1-a.b", 404, "This link doesn't work"), ("", 410, "This link has expired")],
)
def test_a_link_that_leads_nowhere_is_no_dead_end(
    visitor: Client, token: str, status: int, heading: str
) -> None:
    answer = visitor.get(f"/consultation/manage/{token or tokens.make(1, 'gone')}/")
    assert answer.status_code == status
    page = read(answer)
    check_frame(page)
    assert page.select("h1")[0].get_text() == heading
    assert page.select("main a[href='/consultation/']")


@pytest.mark.parametrize(
    "changes",
    [
        {"intake": Intake.CLOSED},
        {"nobody_home_since": NOW - DAY, "reviewer_seen_at": NOW - 9 * DAY},
        {"intake": Intake.WAITING_LIST},
    ],
)
@pytest.mark.parametrize("query", ["", "?elsewhere"])
def test_the_form_is_no_dead_end_while_it_takes_nothing(
    visitor: Client, changes: dict[str, Any], query: str
) -> None:
    factories.practice_settings(**changes)
    page = read(visitor.get(f"/consultation/{query}"))
    assert len(page.select("h1")) == 1
    for way in ("header a[href='/']", "a[href^='tel:+1-415']", "a[href='tel:988']"):
        assert page.select(way), way


@pytest.mark.parametrize("is_held", [False, True])
def test_deleting_asks_once_and_then_says_what_is_left(visitor: Client, is_held: bool) -> None:
    consultation = filed(State.CONFIRMED, **TIME, **(HELD if is_held else {}))
    link = consultation.get_absolute_url()
    asked = read(visitor.post(link, {"act": "erase"}))
    check_frame(asked)
    assert asked.select("h1")[0].get_text() == "Delete what you sent?"
    assert [each.get_text() for each in asked.select(".buttons > *")] == [
        "Delete what I sent",
        "Go back to my request",
    ]
    assert "Emails and texts I already sent stay in your mailbox" in words(asked)
    done = read(visitor.post(link, {"act": "erase", "sure": "yes"}))
    check_frame(done)
    assert done.select("h1")[0].get_text() == (
        "It isn't deleted yet" if is_held else "It's deleted"
    )
    assert done.select("main a[href='/']")


def test_opening_any_of_them_notes_nothing(visitor: Client) -> None:
    links = [make().get_absolute_url() for make, *_ in STATES.values()]
    before = RequestEvent.objects.count()
    for link in links:
        visitor.get(link)
    assert RequestEvent.objects.count() == before
