"""Rows under a key that is not here: shown as unreadable, they take nothing else down."""

from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.test import Client
from django.urls import reverse

from booking.erasure import erasing
from booking.letters import outbox
from booking.letters.emails import Draft
from booking.models import BusyFeed, ConsultationRequest, Letter, OutgoingEmail, Schedule, State
from booking.models.schedule import new_secret
from booking.services import by_visitor, decisions, notes
from practice.fields import Unreadable
from practice.models import PracticeSettings, User
from practice.worker import jobs
from tests import factories
from tests.settings import FIELD_ENCRYPTION_KEYS as KEYS

pytestmark = pytest.mark.django_db

SHOWN = "[unreadable: its key is missing]"
NOT_INSIDE_A_TEST = "scrub_database"  # which closes the transaction that a test is


@pytest.fixture
def lost(
    practice: PracticeSettings, therapist: User, settings: Any
) -> dict[str, ConsultationRequest]:
    """Requests, by state, with letters, schedule and a calendar, whose key was lost since."""
    factories.schedule()
    BusyFeed.objects.create(
        schedule=Schedule.load(), name="Mine", url="https://calendar.example/ics"
    )
    personal: dict[str, Any] = {
        "phone": "+14155550100",
        "message": "old words",
        "good_hours": "mornings",
    }
    waiting, _ = by_visitor.submit(factories.unsaved_request(name="Lost", **personal))
    erasing.place_legal_hold(
        waiting, practice.today() + timedelta(days=9), "A subpoena", user=therapist
    )
    notes.save_notes(waiting, note="old note", user=therapist)
    listed, _ = by_visitor.submit(factories.unsaved_request(email="listed@example.com", **personal))
    decisions.waitlist(listed, user=therapist, words=Draft("About", "old words"))
    agreed = factories.agreed_request(
        factories.open_time(), by=therapist, email="agreed@example.com", **personal
    )
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    found = ConsultationRequest.objects.in_bulk()
    assert all(isinstance(consultation.name, Unreadable) for consultation in found.values())
    return {
        consultation.state: found[consultation.pk] for consultation in (waiting, listed, agreed)
    }


@pytest.fixture
def readable(lost: Any) -> ConsultationRequest:
    return by_visitor.submit(
        factories.unsaved_request(name="Kim Readable", email="kim@example.com")
    )[0]


def test_every_page_of_the_practice_still_opens(
    lost: dict[str, ConsultationRequest],
    readable: ConsultationRequest,
    as_therapist_again: Client,
) -> None:
    get = as_therapist_again.get
    listed = get(reverse("consultations:all")).content.decode()
    assert listed.count(SHOWN) >= len(lost)
    assert "Kim Readable" in listed
    for consultation in lost.values():
        page = get(reverse("consultations:detail", args=[consultation.pk])).content.decode()
        assert SHOWN in page
        assert "FIELD_ENCRYPTION_KEYS" in page  # what to do about it
        pages = [
            reverse(f"consultations:{name}", args=[consultation.pk]) for name in ("erase", "hold")
        ]
        pages += [
            reverse("consultations:decide", args=[consultation.pk, decision.kind])
            for decision in decisions.decisions(consultation)
        ]
        for each in pages:
            assert get(each).status_code == 200, each
    for name in ("wagtailadmin_home", "schedule:index", "consultations:demand"):
        assert get(reverse(name)).status_code == 200, name


def test_the_search_finds_what_can_be_read(
    lost: dict[str, ConsultationRequest], readable: ConsultationRequest, as_therapist: Client
) -> None:
    def found(words: str) -> str:
        results = reverse("consultations:all_results")
        return as_therapist.post(results, {"q": words}).content.decode()

    assert "Kim Readable" in found("kim")
    for words in ("Lost", "5550100", "listed@example.com"):
        assert SHOWN not in found(words)


def test_a_visitor_s_own_page_shows_where_it_stands_and_erases(
    lost: dict[str, ConsultationRequest], visitor: Client
) -> None:
    for state, consultation in lost.items():
        for page in (
            consultation.get_absolute_url(),
            f"/consultation/sent/?key={consultation.token}",
        ):
            answer = visitor.get(page, follow=True)
            assert answer.status_code == 200, (state, page)
            assert "unreadable" not in answer.content.decode(), (state, page)
    agreed, listed = lost[State.CONFIRMED], lost[State.WAITLISTED]
    asked = visitor.post(agreed.get_absolute_url(), {"act": "ask_to_move", "version": 2})
    assert asked.status_code in (303, 409)
    erased = visitor.post(listed.get_absolute_url(), {"act": "erase", "sure": "1"})
    assert erased.status_code == 200
    assert not ConsultationRequest.objects.filter(pk=listed.pk).exists()


def test_the_worker_goes_on_and_keeps_what_it_cannot_address(
    lost: dict[str, ConsultationRequest],
    readable: ConsultationRequest,
    mailoutbox: list[Any],
) -> None:
    outbox.send_due()
    to_visitors = OutgoingEmail.objects.filter(recipient=OutgoingEmail.Recipient.VISITOR)
    assert {owed.request for owed in to_visitors.exclude(sent_at=None)} == {readable}
    waiting = to_visitors.filter(sent_at=None)
    assert {owed.request for owed in waiting} == set(lost.values())
    first = waiting.filter(kind="received")  # the others go after it
    assert [owed.last_error for owed in first] == ["UnreadableLetter"] * len(lost)
    alerts = OutgoingEmail.objects.filter(recipient=OutgoingEmail.Recipient.PRACTICE)
    assert alerts.filter(kind="alert_new", request=lost[State.PENDING]).exists()
    assert not alerts.filter(sent_at=None).exists()
    assert not any(SHOWN in f"{mail.subject}{mail.body}{mail.to}" for mail in mailoutbox)
    for job in jobs.recurring(poll=1, stopping=lambda: False):
        if job.name != NOT_INSIDE_A_TEST:
            job.run()


def test_the_calendar_shows_times_under_a_new_address(
    lost: dict[str, ConsultationRequest], visitor: Client
) -> None:
    secret = Schedule.load().feed_secret
    assert isinstance(secret, Unreadable)
    assert visitor.get(reverse("booking:calendar", args=[secret])).status_code == 404
    Schedule.objects.update(feed_secret=new_secret(), feed_titles=Schedule.FeedTitles.INITIALS)
    address = reverse("booking:calendar", args=[Schedule.load().feed_secret])
    calendar = visitor.get(address).content.decode()
    assert str(lost[State.CONFIRMED].invitation_uid) in calendar
    assert "SUMMARY:Appointment" in calendar


def test_what_was_lost_is_whole_when_the_key_is_back(
    lost: dict[str, ConsultationRequest], as_therapist: Client, settings: Any
) -> None:
    """Somebody saved it meanwhile, and nothing was written over."""
    consultation = lost[State.PENDING]
    as_therapist.post(reverse("consultations:note", args=[consultation.pk]), {"note": "Mine"})
    ConsultationRequest.objects.get(pk=consultation.pk).save()
    Letter.objects.get(request=lost[State.WAITLISTED]).save()
    settings.FIELD_ENCRYPTION_KEYS = KEYS
    consultation.refresh_from_db()
    assert (consultation.name, consultation.private_note) == ("Lost", "old note")
    assert Letter.objects.get(request=lost[State.WAITLISTED]).body == "old words"
