"""A file for the visitor's calendar: by email only if they ask, and to be had on their own page."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
import vobject
from bs4 import BeautifulSoup
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client

from booking.erasure import erasing
from booking.letters import outbox
from booking.models import ConsultationRequest, Letter, State
from booking.services import by_visitor, decisions, transitions
from practice.models import PracticeSettings, User
from tests import factories
from tests.booking.scheduling.acts import ask, confirm, move, offer

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 30, 17, tzinfo=UTC)
WEDNESDAY, THURSDAY = NOW + timedelta(days=2), NOW + timedelta(days=3)
BUTTON = 'value="calendar_file"'
WORDS = decisions.Draft("About your message", "Some words.")


@pytest.fixture(autouse=True)
def clock(practice: PracticeSettings) -> Any:
    factories.schedule()
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def agreed(therapist: User) -> ConsultationRequest:
    """Confirmed, and told so, without a file."""
    return factories.agreed_request(WEDNESDAY, by=therapist, wants_calendar_file=False)


def press(visitor: Client, consultation: ConsultationRequest) -> None:
    answer = visitor.post(consultation.get_absolute_url(), {"act": "calendar_file"})
    assert answer.status_code == 303
    consultation.refresh_from_db()


def sent() -> list[str]:
    """What calendars hear by the letters that leave now, "" for those without a file."""
    mail.outbox.clear()
    outbox.send_due()
    to_visitor = [each for each in mail.outbox if each.to == ["robin@example.com"]]
    return [method_of(each) for each in to_visitor]  # type: ignore[arg-type]


def method_of(message: EmailMultiAlternatives) -> str:
    for part in message.alternatives:
        if part[1].startswith("text/calendar"):
            return str(vobject.readOne(part[0]).method.value)
    return ""


def html_of(visitor: Client, consultation: ConsultationRequest) -> str:
    return visitor.get(consultation.get_absolute_url()).content.decode()


# --- By email ---------------------------------------------------------------------------------


def test_nobody_gets_a_file_who_did_not_ask_for_one(
    therapist: User, agreed: ConsultationRequest
) -> None:
    assert sent() == ["", ""]  # that it arrived, and that it is confirmed
    assert "calendar invitation" not in str([message.body for message in mail.outbox])
    move(agreed, THURSDAY, therapist)
    assert sent() == [""]
    decisions.cancel(agreed, user=therapist, words=WORDS)
    assert sent() == [""]
    agreed.refresh_from_db()
    assert agreed.invitation_sequence is None
    assert erasing.erase(agreed, by=transitions.Actor.VISITOR), "no cancellation has to leave first"


def test_pressed_for_an_agreed_time_the_file_comes_at_once_and_then_with_each_change(
    therapist: User, visitor: Client, agreed: ConsultationRequest
) -> None:
    sent()
    press(visitor, agreed)
    assert sent() == ["REQUEST"]
    move(agreed, THURSDAY, therapist)
    assert sent() == ["REQUEST"]
    by_visitor.withdraw(agreed)
    assert sent() == ["CANCEL"]


def test_pressed_before_a_time_is_set_it_comes_with_the_letter_that_sets_one(
    therapist: User, visitor: Client
) -> None:
    consultation = ask()
    version = consultation.version
    press(visitor, consultation)
    assert consultation.version == version, "what the therapist has open still goes"
    assert sent() == [""]
    confirm(consultation, WEDNESDAY, therapist)
    assert sent() == ["REQUEST"]


def test_who_picks_an_offered_time_gets_it_too(therapist: User, visitor: Client) -> None:
    consultation = ask()
    offer(consultation, [WEDNESDAY, THURSDAY], therapist)
    press(visitor, consultation)
    sent()
    by_visitor.pick(consultation, THURSDAY)
    assert sent() == ["REQUEST"]


def test_wanted_too_late_for_the_letter_it_can_be_asked_for_once_more(
    therapist: User, visitor: Client, agreed: ConsultationRequest
) -> None:
    """While other times were offered for an agreed one, which then stayed as it was."""
    offer(agreed, [THURSDAY], therapist)
    press(visitor, agreed)
    by_visitor.none_suits(agreed)
    sent()
    assert BUTTON in html_of(visitor, agreed)
    press(visitor, agreed)
    assert sent() == ["REQUEST"]


def test_pressed_twice_it_comes_once(visitor: Client, agreed: ConsultationRequest) -> None:
    sent()
    press(visitor, agreed)
    press(visitor, agreed)
    assert sent() == ["REQUEST"]
    assert agreed.events.filter(kind="calendar_file").count() == 1


def test_whose_calendar_got_an_invitation_before_hears_of_changes(
    therapist: User, agreed: ConsultationRequest
) -> None:
    ConsultationRequest.objects.update(invitation_sequence=3)
    agreed.refresh_from_db()
    sent()
    move(agreed, THURSDAY, therapist)
    assert sent() == ["REQUEST"]
    assert Letter.objects.latest("pk").sequence == 4


# --- Where it is offered ----------------------------------------------------------------------


def test_the_page_says_what_a_shared_calendar_would_tell(
    visitor: Client, agreed: ConsultationRequest
) -> None:
    page = BeautifulSoup(html_of(visitor, agreed), "html.parser")
    button = page.select_one("button[value=calendar_file]")
    assert button
    hint = page.find(id=button["aria-describedby"])
    assert hint
    assert "If someone else sees your calendar or email, don't ask for this." in hint.text


@pytest.mark.parametrize(
    "changes",
    [
        {"discreet": True},
        {"email": "", "phone": "+16265550143"},
        {"invitation_sequence": 0},
        {"state": State.DECLINED},
        {"starts_at": NOW - timedelta(hours=2), "ends_at": NOW - timedelta(hours=1)},
    ],
)
def test_it_is_neither_offered_nor_sent_where_it_may_not_leave_or_is_of_no_use(
    visitor: Client, agreed: ConsultationRequest, changes: dict[str, Any]
) -> None:
    sent()
    ConsultationRequest.objects.update(**changes)
    assert BUTTON not in html_of(visitor, agreed)
    visitor.post(agreed.get_absolute_url(), {"act": "calendar_file"})
    assert sent() == []
    agreed.refresh_from_db()
    assert not agreed.wants_calendar_file


def test_who_sends_spam_learns_nothing_by_asking_for_it(visitor: Client) -> None:
    pages = []
    for state in (State.PENDING, State.SUSPECTED):
        consultation = factories.consultation_request(state=state)
        before = html_of(visitor, consultation)
        press(visitor, consultation)
        both = before + html_of(visitor, consultation)
        pages.append(both.replace(consultation.token, "TOKEN"))
    assert pages[0] == pages[1]
    assert BUTTON in pages[0]


# --- To be had on the page --------------------------------------------------------------------


@pytest.mark.parametrize("discreet", [False, True])
def test_an_agreed_time_can_be_taken_along_and_says_nothing_but_when(
    visitor: Client, agreed: ConsultationRequest, discreet: bool
) -> None:
    ConsultationRequest.objects.update(discreet=discreet)
    page = BeautifulSoup(html_of(visitor, agreed), "html.parser")
    link = page.select_one("a[download]")
    assert link
    answer = visitor.get(str(link["href"]))
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="appointment.ics"'
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["X-Robots-Tag"] == "noindex"
    event = vobject.readOne(answer.content.decode()).vevent
    assert event.summary.value == "Appointment"
    assert (event.dtstart.value, event.dtend.value) == (agreed.starts_at, agreed.ends_at)
    assert event.uid.value == str(agreed.invitation_uid)
    assert set(event.contents) == {
        *("uid", "dtstamp", "dtstart", "dtend", "class", "transp", "sequence", "summary")
    }


def test_what_is_not_agreed_or_is_over_cannot_be_taken_along(
    therapist: User, visitor: Client, agreed: ConsultationRequest, clock: Any
) -> None:
    waiting = ask(email="other@example.com")
    for consultation in (waiting, agreed):
        clock.move_to(NOW if consultation is waiting else THURSDAY, tick=False)
        answer = visitor.get(f"{consultation.get_absolute_url()}calendar.ics")
        assert answer.status_code == 404
        assert "download" not in html_of(visitor, consultation)
