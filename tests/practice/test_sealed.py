"""What was typed into the admin when a session, a factor or a token had ended: given back."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from booking.models import ConsultationRequest
from booking.services import by_visitor
from practice.models import PracticeSettings, User
from tests import factories

pytestmark = pytest.mark.django_db

NOTE = "She would rather come on Mondays."
PRESSED = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}


@pytest.fixture
def waiting(practice: PracticeSettings) -> ConsultationRequest:
    return by_visitor.submit(factories.unsaved_request())[0]


def note_of(consultation: ConsultationRequest) -> str:
    return reverse("consultations:note", args=[consultation.pk])


def sealed(answer: Any) -> dict[str, str]:
    """What the page that gave something back would post, which nobody can read in it."""
    html = answer.content.decode()
    assert answer.status_code == 403, html
    assert "Send it now" in html
    assert NOTE not in html
    form = BeautifulSoup(html, "html.parser").select_one("form[method=post]:has([name=sealed])")
    assert form is not None
    return {str(i["name"]): str(i["value"]) for i in form.select("input[name]")}


def test_what_is_sent_after_the_session_ended_is_given_back_and_can_be_sent_again(
    as_therapist: Client, therapist: User, waiting: ConsultationRequest
) -> None:
    Session.objects.all().delete()
    typed = {"note": NOTE, "outcome": ""}
    kept = sealed(as_therapist.post(note_of(waiting), typed, headers=PRESSED))
    waiting.refresh_from_db()
    assert waiting.private_note == ""
    answer = factories.signed_in(therapist).post(note_of(waiting), kept)
    assert answer.status_code == 302
    waiting.refresh_from_db()
    assert waiting.private_note == NOTE


def test_what_is_sent_still_signed_out_is_given_back_once_more(
    visitor: Client, therapist: User, waiting: ConsultationRequest
) -> None:
    kept = sealed(visitor.post(note_of(waiting), {"note": NOTE}))
    kept = sealed(visitor.post(note_of(waiting), kept))
    factories.signed_in(therapist).post(note_of(waiting), kept)
    waiting.refresh_from_db()
    assert waiting.private_note == NOTE


def test_what_was_typed_waits_while_the_second_factor_is_shown_again(
    as_therapist: Client, as_therapist_again: Client, waiting: ConsultationRequest
) -> None:
    demand = reverse("consultations:demand")
    kept = sealed(as_therapist.post(demand, {"contact": "robin@example.com"}))
    assert "Robin" in as_therapist_again.post(demand, kept).content.decode()


def test_a_page_that_was_open_when_somebody_signed_in_anew_is_not_lost(
    therapist: User, waiting: ConsultationRequest
) -> None:
    factories.signed_in(therapist)
    client = Client(enforce_csrf_checks=True)
    client.cookies = factories.signed_in(therapist).cookies
    typed = {"note": NOTE, "csrfmiddlewaretoken": "x" * 64}
    kept = sealed(client.post(note_of(waiting), typed, headers=PRESSED))
    assert client.post(note_of(waiting), kept, headers=PRESSED).status_code == 302
    waiting.refresh_from_db()
    assert waiting.private_note == NOTE


def test_what_another_site_sends_is_refused_and_not_given_back(
    therapist: User, waiting: ConsultationRequest
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies = factories.signed_in(therapist).cookies
    for headers in ({}, PRESSED | {"Sec-Fetch-Site": "cross-site"}):
        answer = client.post(note_of(waiting), {"note": NOTE}, headers=headers)
        assert answer.status_code == 403
        assert "sealed" not in answer.content.decode()


def test_what_was_sealed_for_one_page_goes_to_no_other(
    visitor: Client, as_therapist: Client, waiting: ConsultationRequest
) -> None:
    other = by_visitor.submit(factories.unsaved_request(email="kim@example.com"))[0]
    kept = sealed(visitor.post(note_of(other), {"note": NOTE}))
    for wrong in (kept, {"sealed": "nonsense"}):
        assert as_therapist.post(note_of(waiting), wrong).status_code == 400
    waiting.refresh_from_db()
    assert waiting.private_note == ""


def test_what_is_sealed_is_good_for_twelve_hours_and_for_whoever_may_send_it(
    visitor: Client, editor: User, therapist: User, waiting: ConsultationRequest
) -> None:
    kept = sealed(visitor.post(note_of(waiting), {"note": NOTE}))
    assert factories.signed_in(editor).post(note_of(waiting), kept).status_code == 404
    with time_machine.travel(timezone.now() + timedelta(hours=12, seconds=1)):
        assert factories.signed_in(therapist).post(note_of(waiting), kept).status_code == 400
    waiting.refresh_from_db()
    assert waiting.private_note == ""
    with time_machine.travel(timezone.now() + timedelta(hours=11, minutes=59)):
        assert factories.signed_in(therapist).post(note_of(waiting), kept).status_code == 302


def test_a_page_that_only_wants_its_words_sealed_does_nothing_else(
    as_therapist: Client, waiting: ConsultationRequest
) -> None:
    kept = sealed(as_therapist.post(note_of(waiting), {"note": NOTE, "only_seal": "1"}))
    waiting.refresh_from_db()
    assert waiting.private_note == ""
    as_therapist.post(note_of(waiting), kept)
    waiting.refresh_from_db()
    assert waiting.private_note == NOTE


def test_a_script_and_a_form_without_words_are_led_to_the_sign_in_as_before(
    visitor: Client, waiting: ConsultationRequest
) -> None:
    for data, headers in (
        ({}, {}),
        ({"act": "lift"}, {}),
        ({"note": NOTE}, {"Sec-Fetch-Mode": "cors"}),
    ):
        answer = visitor.post(note_of(waiting), data, headers=headers)
        assert answer.headers["Location"].startswith("/account/login/")
