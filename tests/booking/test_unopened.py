"""A request that nobody opens: the second address hears of it at half of the promise."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client

from booking.letters import outbox
from booking.models import ConsultationRequest, OutgoingEmail, State
from booking.services import by_visitor, unopened
from practice.models import PracticeSettings
from tests import factories

pytestmark = pytest.mark.django_db

SECOND = "second@example.org"
# Monday at nine in California; the promise is the end of Wednesday, so half is Tuesday 16:30.
MONDAY = datetime(2026, 11, 16, 17, tzinfo=UTC)
HALF = datetime(2026, 11, 18, 0, 30, tzinfo=UTC)
SOON = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def with_second(practice: PracticeSettings) -> PracticeSettings:
    return factories.practice_settings(second_email=SECOND)


def submit(at: datetime = MONDAY, **fields: Any) -> ConsultationRequest:
    with time_machine.travel(at, tick=False):
        reply_by = PracticeSettings.load().reply_by(PracticeSettings.load().today())
        unsaved = factories.unsaved_request(**{"reply_by": reply_by, **fields})
        consultation = by_visitor.submit(unsaved)[0]
        outbox.send_due()
    mail.outbox.clear()
    return consultation


def alerted_at(at: datetime) -> int:
    with time_machine.travel(at, tick=False):
        owed = unopened.alert_unopened()
        outbox.send_due()
    return owed


def test_the_second_address_hears_once_at_half_of_the_promised_time() -> None:
    submit()
    assert alerted_at(HALF - SOON) == 0
    assert alerted_at(HALF + SOON) == 1
    assert alerted_at(HALF + 2 * SOON) == 0
    assert [letter.to for letter in mail.outbox] == [[SECOND]]


def test_it_says_nothing_of_the_person() -> None:
    consultation = submit(message="canary", phone="+16265550143")
    alerted_at(HALF + SOON)
    [letter] = mail.outbox
    text = letter.message().as_string() + letter.body
    for secret in (
        "canary",
        "Robin",
        "robin@",
        "5550143",
        "555-0143",
        consultation.token,
        f"/{consultation.pk}/",
    ):
        assert secret not in text
    assert "Wednesday, November 18" in letter.body


def test_a_weekend_is_no_part_of_the_time() -> None:
    friday = datetime(2026, 11, 21, 1, tzinfo=UTC)  # at five in the afternoon
    submit(friday)
    half = datetime(2026, 11, 24, 4, 30, tzinfo=UTC)  # 27.5 of 55 hours: Monday, 20:30
    assert alerted_at(half - SOON) == 0
    assert alerted_at(half + SOON) == 1


def test_a_request_that_was_opened_alerts_nobody(as_therapist: Client) -> None:
    consultation = submit()
    as_therapist.get(f"/admin/consultations/{consultation.pk}/")
    consultation.refresh_from_db()
    assert consultation.opened_at is not None
    first = consultation.opened_at
    as_therapist.get(f"/admin/consultations/{consultation.pk}/")
    consultation.refresh_from_db()
    assert consultation.opened_at == first
    assert alerted_at(HALF + SOON) == 0


def test_neither_the_list_nor_an_editor_opens_a_request(
    as_therapist: Client, as_editor: Client
) -> None:
    consultation = submit()
    as_therapist.get("/admin/consultations/")
    as_editor.get(f"/admin/consultations/{consultation.pk}/")
    consultation.refresh_from_db()
    assert consultation.opened_at is None


def test_one_that_is_opened_while_the_alert_waits_sends_none(as_therapist: Client) -> None:
    consultation = submit()
    with time_machine.travel(HALF + SOON, tick=False):
        assert unopened.alert_unopened() == 1
        unopened.note_opened(consultation)
        outbox.send_due()
    assert mail.outbox == []


def test_what_is_held_apart_alerts_nobody() -> None:
    consultation = submit()
    ConsultationRequest.objects.filter(pk=consultation.pk).update(
        state=State.SUSPECTED, held_apart_for=["links"]
    )
    assert alerted_at(HALF + SOON) == 0


@pytest.mark.parametrize("state", [State.WITHDRAWN, State.CLOSED, State.WAITLISTED])
def test_only_what_waits_for_an_answer_is_missed(state: State) -> None:
    consultation = submit()
    ConsultationRequest.objects.filter(pk=consultation.pk).update(state=state)
    assert alerted_at(HALF + SOON) == 0


def test_without_a_second_address_nothing_is_owed() -> None:
    submit()
    factories.practice_settings(second_email="")
    assert alerted_at(HALF + SOON) == 0


def test_an_alert_to_the_first_address_that_cannot_leave_does_not_hold_it_up(
    settings: Any,
) -> None:
    settings.EMAIL_BACKEND = "no.such.Backend"
    submit()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    OutgoingEmail.objects.filter(kind="alert_new").update(
        next_try_at=HALF + timedelta(days=1), attempts=5
    )
    alerted_at(HALF + SOON)
    assert [letter.to for letter in mail.outbox if letter.to == [SECOND]] == [[SECOND]]


def test_a_time_that_comes_before_the_promise_ends_it() -> None:
    asked_for = datetime(2026, 11, 17, 17, tzinfo=UTC)  # Tuesday at nine
    consultation = submit()
    ConsultationRequest.objects.filter(pk=consultation.pk).update(
        asked_for=asked_for, reply_by=date(2026, 11, 17)
    )
    assert alerted_at(MONDAY + timedelta(hours=12) - SOON) == 0
    assert alerted_at(MONDAY + timedelta(hours=12) + SOON) == 1


def test_a_hold_that_runs_out_meanwhile_does_not_alert_twice() -> None:
    consultation = submit()
    assert alerted_at(HALF + SOON) == 1
    ConsultationRequest.objects.filter(pk=consultation.pk).update(version=7)
    assert alerted_at(HALF + 2 * SOON) == 0


@pytest.mark.parametrize("address", ["practice@example.com", "Practice@Example.com", "no address"])
def test_a_second_address_is_another_one(address: str) -> None:
    practice = PracticeSettings.load()
    practice.second_email = address
    with pytest.raises(ValidationError) as told:
        practice.full_clean()
    assert list(told.value.message_dict) == ["second_email"]
