"""A letter that was given up: why in plain words, its words to copy, and a way to send it again."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from booking.letters import bounces, emails, outbox
from booking.models import ConsultationRequest, OutgoingEmail, RequestEvent
from booking.services import again, by_visitor, decisions, readdress, transitions
from booking.times import open_times
from practice.models import PracticeSettings, User
from tests import factories

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOW = datetime(2026, 11, 30, 17, tzinfo=UTC)
WEDNESDAY = NOW + 2 * DAY
WORDS = emails.Draft("About your message", "These are the words.")


@pytest.fixture(autouse=True)
def clock(practice: PracticeSettings) -> Iterator[time_machine.Traveller]:
    factories.schedule()
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def give_up(consultation: ConsultationRequest, kind: str = "letter") -> OutgoingEmail:
    """Everything else has left; the last letter of this kind did not, and is not tried again."""
    lost = consultation.emails.filter(kind=kind).latest("pk")
    factories.letters_left()
    tried = {"attempts": 12, "last_error": "SMTPDataError 554", "key": lost.key}
    OutgoingEmail.objects.filter(pk=lost.pk).update(
        sent_at=None, given_up_at=timezone.now(), **tried
    )
    lost.refresh_from_db()
    return lost


def waitlisted(therapist: User) -> ConsultationRequest:
    consultation = by_visitor.submit(factories.unsaved_request())[0]
    decisions.waitlist(consultation, user=therapist, words=WORDS)
    return consultation


def agreed(therapist: User) -> ConsultationRequest:
    return factories.agreed_request(WEDNESDAY, by=therapist)


def offered(therapist: User) -> ConsultationRequest:
    consultation = by_visitor.submit(factories.unsaved_request())[0]
    given = {"user": therapist, "words": WORDS, "minutes": 20, "despite": open_times.OBJECTIONS}
    decisions.offer(consultation, starts=[WEDNESDAY, WEDNESDAY + HOUR], **given)
    return consultation


def address(lost: OutgoingEmail) -> str:
    return f"/admin/consultations/{lost.request_id}/again/{lost.pk}/"


def to_the_visitor() -> list[str]:
    mail.outbox.clear()
    outbox.send_due()
    return [message.subject for message in mail.outbox if message.to == ["robin@example.com"]]


# --- Sent again ----------------------------------------------------------------------------


def test_the_therapist_sends_it_again_and_the_history_says_so(
    therapist: User, as_therapist: Client
) -> None:
    consultation = waitlisted(therapist)
    lost = give_up(consultation)
    page = as_therapist.get(f"/admin/consultations/{consultation.pk}/").content.decode()
    assert "Send this email again" in page
    assert "The mail server refused the email." in page
    assert "SMTPDataError" not in page
    assert "These are the words." in page
    answer = as_therapist.post(address(lost), follow=True).content.decode()
    assert "on its way" in answer
    assert to_the_visitor() == ["About your message"]
    assert to_the_visitor() == []
    events = consultation.events.filter(kind=RequestEvent.Kind.SENT_AGAIN)
    assert [event.user for event in events] == [therapist]


def test_it_is_tried_for_a_week_once_more(therapist: User, clock: Any) -> None:
    lost = give_up(waitlisted(therapist))
    clock.shift(30 * DAY)
    again.send_again(lost, user=therapist)
    lost.refresh_from_db()
    assert (lost.attempts, lost.given_up_at, lost.created_at) == (0, None, timezone.now())


def test_two_who_press_at_once_send_it_once(therapist: User) -> None:
    lost = give_up(waitlisted(therapist))
    again.send_again(lost, user=therapist)
    with pytest.raises(transitions.Stale):
        again.send_again(lost, user=therapist)
    assert to_the_visitor() == ["About your message"]


def test_what_left_or_is_still_tried_is_not_sent_again(therapist: User) -> None:
    consultation = waitlisted(therapist)
    for email in consultation.emails.filter(recipient="visitor"):
        with pytest.raises(transitions.Stale):
            again.send_again(email, user=therapist)


def test_an_acknowledgment_is_sent_again_with_the_words_of_today(therapist: User) -> None:
    consultation = by_visitor.submit(factories.unsaved_request())[0]
    again.send_again(give_up(consultation, "received"), user=therapist)
    assert to_the_visitor() == ["About your request"]


def test_one_that_came_back_can_be_sent_again_and_is_settled(therapist: User) -> None:
    lost = give_up(waitlisted(therapist))
    OutgoingEmail.objects.filter(pk=lost.pk).update(bounced_at=NOW)
    again.send_again(lost, user=therapist)
    assert not ConsultationRequest.objects.with_returned_letter().exists()
    assert to_the_visitor() == ["About your message"]


def test_one_that_comes_back_once_more_after_it_was_settled_is_told_again(therapist: User) -> None:
    lost = give_up(waitlisted(therapist))
    OutgoingEmail.objects.filter(pk=lost.pk).update(bounced_at=NOW)
    readdress.reached_otherwise(lost.request, user=therapist)
    again.send_again(lost, user=therapist)
    bounces.came_back(lost)
    assert ConsultationRequest.objects.with_returned_letter().exists()


# --- Refused -------------------------------------------------------------------------------


def withdrew(consultation: ConsultationRequest) -> None:
    consultation.refresh_from_db()
    by_visitor.withdraw(consultation)


def wants_it_deleted(consultation: ConsultationRequest) -> None:
    ConsultationRequest.objects.filter(pk=consultation.pk).update(erasure_asked_at=NOW)


def deleted_but_for_a_cancellation(consultation: ConsultationRequest) -> None:
    ConsultationRequest.objects.filter(pk=consultation.pk).update(erase_when_told=True)


def left_no_email(consultation: ConsultationRequest) -> None:
    ConsultationRequest.objects.filter(pk=consultation.pk).update(email="", phone="+16265550143")


@pytest.mark.parametrize(
    "change", [withdrew, wants_it_deleted, deleted_but_for_a_cancellation, left_no_email]
)
def test_nobody_gets_a_letter_who_withdrew_or_deleted_or_takes_no_email(
    therapist: User, as_therapist: Client, change: Callable[[ConsultationRequest], None]
) -> None:
    consultation = waitlisted(therapist)
    lost = give_up(consultation)
    change(consultation)
    OutgoingEmail.objects.filter(pk=lost.pk).delete()  # as a withdrawal does
    lost.save(force_insert=True)
    with pytest.raises(transitions.NotAllowed):
        again.send_again(lost, user=therapist, knowing=True)
    as_therapist.post(address(lost), {"knowing": "1"})
    assert to_the_visitor() == []


def test_the_cancellation_that_follows_a_withdrawal_is_not_sent_again_either(
    therapist: User,
) -> None:
    consultation = agreed(therapist)
    by_visitor.withdraw(consultation)
    lost = give_up(consultation)
    with pytest.raises(transitions.NotAllowed):
        again.send_again(lost, user=therapist, knowing=True)


def test_an_erased_request_has_nothing_to_send(therapist: User, as_therapist: Client) -> None:
    consultation = waitlisted(therapist)
    lost = give_up(consultation)
    consultation.delete()
    with pytest.raises(transitions.Stale):
        again.send_again(lost, user=therapist)
    answer = as_therapist.post(address(lost), follow=True).content.decode()
    assert "was deleted after you opened it" in answer


def test_an_offer_that_is_over_and_a_reminder_of_what_is_over_are_not_sent_again(
    therapist: User, clock: Any
) -> None:
    consultation = offered(therapist)
    lost = give_up(consultation)
    by_visitor.none_suits(consultation)
    with pytest.raises(transitions.NotAllowed):
        again.send_again(lost, user=therapist, knowing=True)
    reminded = agreed(therapist)
    reminder = outbox.promise(
        "reminder_one_day", transitions.Recipient.VISITOR, reminded, about_time=WEDNESDAY
    )
    give_up(reminded, "reminder_one_day")
    clock.move_to(WEDNESDAY + MINUTE)
    with pytest.raises(transitions.NotAllowed):
        again.send_again(reminder, user=therapist, knowing=True)


def test_an_alert_to_the_practice_is_nothing_to_send_again(therapist: User) -> None:
    consultation = by_visitor.submit(factories.unsaved_request())[0]
    with pytest.raises(transitions.NotAllowed):
        again.send_again(give_up(consultation, "alert_new"), user=therapist)


# --- Asked first ---------------------------------------------------------------------------


def test_nobody_is_asked_about_a_time_that_stands(therapist: User) -> None:
    again.send_again(give_up(agreed(therapist)), user=therapist)
    assert to_the_visitor() == ["About your message"]


def test_nobody_is_asked_about_an_offer_that_stands(therapist: User) -> None:
    again.send_again(give_up(offered(therapist)), user=therapist)
    assert to_the_visitor() == ["About your message"]


def moved_since(consultation: ConsultationRequest, therapist: User, clock: Any) -> None:
    given = {"user": therapist, "words": WORDS, "minutes": 20, "despite": open_times.OBJECTIONS}
    decisions.move(consultation, starts_at=WEDNESDAY + DAY, **given)
    factories.letters_left()


def over_since(consultation: ConsultationRequest, therapist: User, clock: Any) -> None:
    clock.move_to(WEDNESDAY + MINUTE)


@pytest.mark.parametrize("change", [moved_since, over_since])
@pytest.mark.parametrize("make", [agreed])
def test_the_therapist_is_asked_first_where_a_time_in_it_may_be_gone(
    therapist: User,
    clock: Any,
    make: Callable[[User], ConsultationRequest],
    change: Callable[[ConsultationRequest, User, Any], None],
) -> None:
    consultation = make(therapist)
    lost = give_up(consultation)
    change(consultation, therapist, clock)
    OutgoingEmail.objects.filter(pk=lost.pk).update(sent_at=None)
    with pytest.raises(again.TimeMayBeGone):
        again.send_again(lost, user=therapist)
    as_therapist = factories.signed_in(therapist)
    page = as_therapist.post(address(lost)).content.decode()
    assert "a time in it has passed" in page
    assert "These are the words." in page or "We will talk." in page
    assert "robin@example.com" not in [to for message in mail.outbox for to in message.to]
    as_therapist.post(address(lost), {"knowing": "1"})
    assert to_the_visitor() == ["About your message"]


def test_the_therapist_is_asked_about_an_offer_of_which_a_time_is_over(
    therapist: User, clock: Any
) -> None:
    lost = give_up(offered(therapist))
    clock.move_to(WEDNESDAY + MINUTE)
    with pytest.raises(again.TimeMayBeGone):
        again.send_again(lost, user=therapist)


def test_the_list_says_so_too(therapist: User, as_therapist: Client) -> None:
    give_up(waitlisted(therapist))
    page = as_therapist.get("/admin/consultations/").content.decode()
    assert "The mail server refused the email." in page
    assert "SMTPDataError" not in page
