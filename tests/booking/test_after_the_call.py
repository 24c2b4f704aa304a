"""Three letters after the call: each once, only by a press, and to nobody who wants none."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client

from booking.erasure import data_requests, erasing
from booking.letters import emails, outbox
from booking.models import ConsultationRequest, Letter, Outcome, OutgoingEmail, Referral, State
from booking.models.letters import AFTER_CALL
from booking.services import after_call, again, by_visitor, decisions, notes, transitions
from practice.models import PracticeSettings, User
from tests import factories
from tests.forms import fields_of

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 30, 17, tzinfo=UTC)
CALL = NOW + timedelta(days=2)
AFTER = CALL + timedelta(minutes=20)
WORDS = emails.Draft("About your request", "Words after the call.")


@pytest.fixture(autouse=True)
def clock(practice: PracticeSettings) -> Iterator[time_machine.Traveller]:
    factories.schedule()
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def over(therapist: User, clock: Any) -> ConsultationRequest:
    """A consultation that was agreed and is over; every letter until then has left."""
    return called(therapist, clock)


def called(therapist: User, clock: Any, **fields: Any) -> ConsultationRequest:
    consultation = factories.agreed_request(CALL, by=therapist, name="Maya", **fields)
    factories.letters_left()
    consultation.letters.update(told_at=NOW)
    clock.move_to(AFTER)
    return consultation


def kinds(consultation: ConsultationRequest) -> list[str]:
    return [each.kind for each in after_call.letters(consultation)]


def write(kind: str, consultation: ConsultationRequest, user: User) -> None:
    letter = next(each for each in after_call.LETTERS if each.kind == kind)
    letter.carry_out(consultation, user=user, words=WORDS)


def address(consultation: ConsultationRequest, kind: str = "") -> str:
    return f"/admin/consultations/{consultation.pk}/{kind and f'{kind}/'}"


def opened(client: Client, consultation: ConsultationRequest, kind: str) -> dict[str, Any]:
    html = client.get(address(consultation, kind)).content.decode()
    form = BeautifulSoup(html, "html.parser").select_one("form.request-form")
    assert form is not None
    return fields_of(form)


def to_visitor() -> list[Any]:
    mail.outbox.clear()
    outbox.send_due()
    return [message for message in mail.outbox if message.to == ["robin@example.com"]]


# --- When ----------------------------------------------------------------------------------------


def test_they_wait_until_the_call_is_over(therapist: User, clock: Any) -> None:
    consultation = factories.agreed_request(CALL, by=therapist)
    clock.move_to(AFTER - timedelta(minutes=1))
    assert kinds(consultation) == []
    with pytest.raises(transitions.NotAllowed):
        write("after_next", consultation, therapist)
    clock.move_to(AFTER)
    assert kinds(consultation) == list(AFTER_CALL)


def test_nothing_leaves_by_itself(over: ConsultationRequest, clock: Any) -> None:
    clock.shift(timedelta(days=30))
    assert to_visitor() == []
    assert not over.letters.filter(kind__in=AFTER_CALL).exists()


def test_closing_the_request_does_not_end_them(over: ConsultationRequest, therapist: User) -> None:
    decisions.close(over, user=therapist)
    assert kinds(over) == list(AFTER_CALL)
    write("after_time", over, therapist)
    assert over.state == State.CLOSED
    assert [message.body.strip() for message in to_visitor()] == ["Words after the call."]


@pytest.mark.parametrize("state", [s for s in State if s not in (State.CONFIRMED, State.CLOSED)])
def test_no_other_state_has_them(state: State) -> None:
    before = NOW - timedelta(days=1)
    consultation = factories.consultation_request(state=state, starts_at=before, ends_at=NOW)
    assert kinds(consultation) == []


def test_what_was_closed_without_a_call_has_none(therapist: User, clock: Any) -> None:
    asked = by_visitor.submit(factories.unsaved_request(asked_for=factories.open_time()))[0]
    decisions.close(asked, user=therapist)
    clock.shift(timedelta(days=30))
    assert kinds(asked) == []


def test_who_did_not_come_is_not_thanked_for_the_call(
    over: ConsultationRequest, therapist: User
) -> None:
    notes.save_notes(over, user=therapist, outcome=Outcome.DID_NOT_COME)
    assert kinds(over) == []


# --- Once, and as an event -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", AFTER_CALL)
def test_each_is_written_once_and_the_state_stays(
    over: ConsultationRequest, therapist: User, kind: str
) -> None:
    before = over.version
    write(kind, over, therapist)
    assert (over.state, over.version) == (State.CONFIRMED, before + 1)
    event = over.events.last()
    assert event is not None
    assert (event.kind, event.actor, event.user) == (kind, "practice", therapist)
    assert kind not in kinds(over)
    with pytest.raises(transitions.NotAllowed):
        write(kind, over, therapist)
    assert len(to_visitor()) == 1


def test_two_who_press_at_once_send_one(over: ConsultationRequest, therapist: User) -> None:
    other = ConsultationRequest.objects.get()
    write("after_next", over, therapist)
    with pytest.raises((transitions.Stale, transitions.NotAllowed)):
        write("after_next", other, therapist)
    assert len(to_visitor()) == 1


def test_the_database_too_refuses_a_second_one(over: ConsultationRequest, therapist: User) -> None:
    write("after_next", over, therapist)
    with pytest.raises(IntegrityError), transaction.atomic():
        over.letters.create(version=99, kind="after_next", channel="email", body="Again.")
    over.letters.create(version=98, kind="waitlist", channel="email", body="One.")
    over.letters.create(version=99, kind="waitlist", channel="email", body="Two.")


def test_words_are_needed(over: ConsultationRequest, therapist: User) -> None:
    letter = after_call.LETTERS[0]
    with pytest.raises(ValueError, match="needs words"):
        letter.carry_out(over, user=therapist, words=emails.Draft("", " "))
    assert kinds(over) == list(AFTER_CALL)


def test_no_calendar_hears_of_them(over: ConsultationRequest, therapist: User) -> None:
    assert over.wants_calendar_file
    sequence = over.invitation_sequence
    write("after_next", over, therapist)
    decisions.close(over, user=therapist)
    write("after_time", over, therapist)
    for message in to_visitor():
        assert "text/calendar" not in str(message.message())
    over.refresh_from_db()
    assert over.invitation_sequence == sequence


def test_one_that_was_given_up_is_sent_again_without_a_question(
    over: ConsultationRequest, therapist: User
) -> None:
    write("after_next", over, therapist)
    OutgoingEmail.objects.filter(version=over.version).update(attempts=12, given_up_at=AFTER)
    lost = over.emails.get(version=over.version)
    again.send_again(lost, user=therapist)
    assert [message.body.strip() for message in to_visitor()] == ["Words after the call."]


# --- To whom -------------------------------------------------------------------------------------


def test_nobody_who_wants_none_gets_one(over: ConsultationRequest, therapist: User) -> None:
    write("after_next", over, therapist)
    ConsultationRequest.objects.update(erasure_asked_at=AFTER)
    over.refresh_from_db()
    assert kinds(over) == []
    assert to_visitor() == [], "nor one that was owed before"
    with pytest.raises(transitions.NotAllowed):
        write("after_time", over, therapist)


def test_without_email_the_words_are_to_be_said(therapist: User, clock: Any) -> None:
    consultation = called(therapist, clock, email="", phone="+14155550100", text_ok=True)
    as_therapist = factories.signed_in(therapist)
    form = opened(as_therapist, consultation, "after_next")
    assert "subject" not in form
    answer = as_therapist.post(address(consultation, "after_next"), form, follow=True)
    html = answer.content.decode()
    assert "Words to say or text</h2>" in html
    assert "Text these words" in html
    assert "I told them" in html
    assert ConsultationRequest.objects.to_be_told().exists()
    assert not consultation.emails.filter(recipient="visitor").exists()


def test_where_someone_else_may_read_it_two_neutral_lines_leave(
    therapist: User, visitor: Client, clock: Any
) -> None:
    consultation = called(therapist, clock, discreet=True)
    as_therapist = factories.signed_in(therapist)
    for kind, words in (("after_others", "Call Sam."), ("after_time", "No hurry.")):
        form = opened(as_therapist, consultation, kind)
        assert "subject" not in form
        as_therapist.post(address(consultation, kind), form | {"body": words})
    sent = to_visitor()
    assert len(sent) == 2
    for message in sent:
        assert "Maya" not in str(message.message())
        assert "Sam" not in str(message.message())
    for close in (False, True):
        if close:
            consultation.refresh_from_db()
            decisions.close(consultation, user=therapist)
        own = visitor.get(consultation.get_absolute_url()).content.decode()
        assert "Call Sam." in own
        assert "No hurry." in own


def test_words_that_went_by_email_do_not_stand_on_the_own_page(
    over: ConsultationRequest, therapist: User, visitor: Client
) -> None:
    write("after_next", over, therapist)
    own = visitor.get(over.get_absolute_url()).content.decode()
    assert "Words after the call." not in own


# --- On the screen -------------------------------------------------------------------------------


def test_the_request_offers_those_that_are_left(
    over: ConsultationRequest, as_therapist: Client, therapist: User
) -> None:
    html = as_therapist.get(address(over)).content.decode()
    assert [kind for kind in AFTER_CALL if address(over, kind) in html] == list(AFTER_CALL)
    write("after_time", over, therapist)
    html = as_therapist.get(address(over)).content.decode()
    assert address(over, "after_time") not in html
    assert address(over, "after_next") in html
    assert "wrote that they can take their time" in html


def test_before_the_call_the_page_says_nothing_of_them(
    as_therapist: Client, therapist: User
) -> None:
    consultation = factories.agreed_request(CALL, by=therapist)
    html = as_therapist.get(address(consultation)).content.decode()
    assert "After the call" not in html
    answer = as_therapist.get(address(consultation, "after_next"))
    assert answer.status_code == 302


@pytest.mark.parametrize("kind", AFTER_CALL)
def test_it_is_read_and_changed_before_it_is_sent(
    over: ConsultationRequest, as_therapist: Client, kind: str
) -> None:
    form = opened(as_therapist, over, kind)
    assert form["body"].startswith("Hi Maya,\n\nThank you for talking with me.")
    assert not over.letters.filter(kind=kind).exists()
    typed = form | {"body": "My own words."}
    for _ in range(2):  # pressed twice
        answer = as_therapist.post(address(over, kind), typed, follow=True)
        assert "Your reply is on its way." in answer.content.decode()
    assert [message.body.strip() for message in to_visitor()] == ["My own words."]


def test_the_next_step_names_portal_and_fee(over: ConsultationRequest) -> None:
    words = emails.draft(over, "after_next").body
    assert "A session is 50 minutes and costs $180." in words
    assert "portal" not in words
    PracticeSettings.objects.update(client_portal_url="https://portal.example/me", fee="")
    words = emails.draft(over, "after_next").body
    assert "\nhttps://portal.example/me\n" in words
    assert "costs" not in words


def test_names_of_others_come_from_the_list(
    over: ConsultationRequest, as_therapist: Client
) -> None:
    sam = Referral.objects.create(name="Sam", reach="(415) 555-0100")
    form = opened(as_therapist, over, "after_others")
    assert emails.GAP in form["body"]
    url = address(over, "after_others")
    html = as_therapist.post(url, form | {"referrals": [sam.pk], "use": "1"}).content.decode()
    drafted = BeautifulSoup(html, "html.parser").select_one("form.request-form")
    assert drafted is not None
    as_therapist.post(url, fields_of(drafted))
    assert "- Sam: (415) 555-0100" in Letter.objects.get(kind="after_others").body


# --- Erased and copied with the request ----------------------------------------------------------


def test_they_are_in_a_copy_and_go_with_the_request(
    over: ConsultationRequest, therapist: User
) -> None:
    write("after_next", over, therapist)
    copy = data_requests.export_person("robin@example.com")[0]
    assert "Words after the call." in [letter["words"] for letter in copy["letters"]]
    assert "wrote about the next step" in [event["did"] for event in copy["history"]]
    assert data_requests.erase_person("robin@example.com") == (1, 0)
    erasing.finish_erasures()
    assert not Letter.objects.exists()
