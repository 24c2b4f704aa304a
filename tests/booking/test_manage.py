"""A visitor's own page: state on GET, acts on POST, the message never."""

from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from booking import tokens
from booking.erasure import erasing
from booking.letters import alerts, emails
from booking.models import (
    ConsultationRequest,
    ErasedCount,
    Letter,
    OutgoingEmail,
    RequestEvent,
    State,
)
from booking.services import by_visitor, decisions, transitions
from practice.models import PracticeSettings
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_on_file(practice: PracticeSettings) -> ConsultationRequest:
    return by_visitor.submit(factories.unsaved_request(message="canary in the message"))[0]


def state_of(consultation: ConsultationRequest) -> str:
    return ConsultationRequest.objects.get(pk=consultation.pk).state


def test_opening_the_link_changes_nothing(
    visitor: Client, request_on_file: ConsultationRequest
) -> None:
    before = ConsultationRequest.objects.values().get()
    for _ in range(3):
        visitor.get(request_on_file.get_absolute_url())
        visitor.head(request_on_file.get_absolute_url())
    assert ConsultationRequest.objects.values().get() == before


def test_the_page_shows_neither_message_nor_name_nor_contact(
    visitor: Client, request_on_file: ConsultationRequest
) -> None:
    html = visitor.get(request_on_file.get_absolute_url()).content.decode()
    for secret in ("canary", "Robin", "robin@example.com"):
        assert secret not in html
    assert "I have your request" in html


def test_a_visitor_withdraws_and_takes_it_back_within_a_day(
    visitor: Client, request_on_file: ConsultationRequest
) -> None:
    url = request_on_file.get_absolute_url()
    visitor.post(url, {"act": "withdraw"})
    assert state_of(request_on_file) == State.WITHDRAWN
    assert "You canceled your request" in visitor.get(url).content.decode()
    visitor.post(url, {"act": "restore"})
    assert state_of(request_on_file) == State.PENDING


def test_after_a_day_a_withdrawal_stands(
    visitor: Client, request_on_file: ConsultationRequest
) -> None:
    url = request_on_file.get_absolute_url()
    visitor.post(url, {"act": "withdraw"})
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=25)):
        assert "Bring my request back" not in visitor.get(url).content.decode()
        visitor.post(url, {"act": "restore"})
    assert state_of(request_on_file) == State.WITHDRAWN


def test_after_a_withdrawal_nothing_that_was_owed_to_the_visitor_is_sent(
    request_on_file: ConsultationRequest,
) -> None:
    by_visitor.withdraw(request_on_file)
    kinds = list(OutgoingEmail.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["alert_new", "alert_changed"]


def test_to_erase_asks_once_more_and_then_leaves_a_count(
    visitor: Client, request_on_file: ConsultationRequest
) -> None:
    url = request_on_file.get_absolute_url()
    assert "Delete what you sent?" in visitor.post(url, {"act": "erase"}).content.decode()
    assert ConsultationRequest.objects.exists()
    assert "It's deleted" in visitor.post(url, {"act": "erase", "sure": "yes"}).content.decode()
    for model in (ConsultationRequest, RequestEvent, Letter):
        assert not model.objects.exists()
    assert [o.kind for o in OutgoingEmail.objects.all()] == ["alert_erased"]
    assert ErasedCount.objects.get().requests == 1
    assert visitor.get(url).status_code == 410


def confirmed(starts_at: datetime) -> ConsultationRequest:
    return factories.consultation_request(
        state=State.CONFIRMED,
        outcome="became_client",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=20),
    )


def test_a_consultation_that_took_place_cannot_be_withdrawn(visitor: Client, practice: Any) -> None:
    past = confirmed(datetime.now(UTC) - timedelta(days=1))
    html = visitor.get(past.get_absolute_url()).content.decode()
    assert "Cancel" not in html
    visitor.post(past.get_absolute_url(), {"act": "withdraw"})
    past.refresh_from_db()
    assert (past.state, past.outcome) == (State.CONFIRMED, "became_client")


def test_erasing_what_was_confirmed_tells_the_practice_which_time_is_off(practice: Any) -> None:
    ahead = confirmed(datetime(2030, 1, 8, 17, tzinfo=UTC))
    erasing.erase(ahead, by=transitions.Actor.VISITOR)
    alert = alerts.build(OutgoingEmail.objects.get())
    assert alert is not None
    assert "Tuesday, January 8, 2030 at 9:00 AM Pacific Time" in str(alert.body)
    assert "nothing is to be done" not in str(alert.body).lower()


def test_the_sent_page_of_a_withdrawn_request_promises_nothing(
    visitor: Client, request_on_file: ConsultationRequest
) -> None:
    by_visitor.withdraw(request_on_file)
    html = visitor.get(f"/consultation/sent/?key={request_on_file.token}", follow=True)
    assert "You canceled your request" in html.content.decode()


def test_a_late_request_says_so(visitor: Client, practice: Any) -> None:
    late = factories.consultation_request(reply_by=datetime(2026, 1, 5, tzinfo=UTC).date())
    html = visitor.get(late.get_absolute_url()).content.decode()
    assert "My reply is late" in html
    assert "January 5" not in html


def test_a_second_erasure_counts_nothing_twice(request_on_file: ConsultationRequest) -> None:
    again = ConsultationRequest.objects.get()
    erasing.erase(request_on_file, by=transitions.Actor.VISITOR)
    erasing.erase(again, by=transitions.Actor.VISITOR)
    assert ErasedCount.objects.get().requests == 1


@pytest.mark.parametrize("act", ["", "confirm", "delete", "\x00"])
def test_an_unknown_act_does_nothing(
    visitor: Client, request_on_file: ConsultationRequest, act: str
) -> None:
    assert visitor.post(request_on_file.get_absolute_url(), {"act": act}).status_code == 303
    assert state_of(request_on_file) == State.PENDING


def test_a_link_that_was_changed_by_one_letter_leads_nowhere(
    visitor: Client, request_on_file: ConsultationRequest
) -> None:
    token = request_on_file.token
    other = factories.consultation_request()
    forged = [
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        token.replace(f"{request_on_file.pk}-", f"{other.pk}-", 1),
        "1-x.y",
        "%00",
    ]
    for link in forged:
        answer = visitor.get(f"/consultation/manage/{link}/")
        assert answer.status_code == 404
        assert "This link doesn't work" in answer.content.decode()


def test_a_link_that_was_good_once_says_that_it_has_ended(
    visitor: Client, request_on_file: ConsultationRequest
) -> None:
    answer = visitor.get(
        f"/consultation/manage/{tokens.make(request_on_file.pk, 'another-nonce')}/"
    )
    assert answer.status_code == 410
    assert "This link has expired" in answer.content.decode()


def test_a_link_holds_128_random_bits_and_a_signature_of_256(
    request_on_file: ConsultationRequest,
) -> None:
    first, second = request_on_file.token, factories.consultation_request().token
    nonces, signatures = [], []
    for token in (first, second):
        named, _, signature = token.partition(".")
        nonces.append(urlsafe_b64decode(f"{named.partition('-')[2]}=="))
        signatures.append(urlsafe_b64decode(f"{signature}="))
    assert [len(nonce) * 8 for nonce in nonces] == [128, 128]
    assert [len(signature) * 8 for signature in signatures] == [256, 256]
    assert nonces[0] != nonces[1]


def test_a_visitors_withdrawal_counts_though_the_practice_acted_at_the_same_moment(
    request_on_file: ConsultationRequest, visitor: Client, therapist: object
) -> None:
    stale = ConsultationRequest.objects.get()
    decisions.waitlist(
        request_on_file,
        user=therapist,
        words=emails.Draft("s", "b"),  # type: ignore[arg-type]
    )
    with pytest.raises(transitions.Stale):
        by_visitor.withdraw(stale)
    visitor.post(stale.get_absolute_url(), {"act": "withdraw"})
    assert state_of(request_on_file) == State.WITHDRAWN


def test_these_pages_are_kept_nowhere_and_send_no_referrer(
    visitor: Client, request_on_file: ConsultationRequest
) -> None:
    answer = visitor.get(request_on_file.get_absolute_url())
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert not visitor.cookies
