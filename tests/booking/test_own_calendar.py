"""The private feed: what the therapist's own calendar may know of consultations, and who else."""

import logging
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import vobject
from cryptography.fernet import Fernet
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar
from pytest_django import DjangoAssertNumQueries

from booking.letters.emails import calendar_uid
from booking.models import ConsultationRequest, Proposal, Schedule, State
from booking.own_calendar import initials
from practice.fields import Unreadable
from practice.http.logging import RedactingFormatter
from practice.models import PracticeSettings, User
from tests import factories

HOUR = timedelta(hours=1)
IN_EACH = set("UID DTSTAMP DTSTART DTEND CLASS TRANSP SUMMARY URL".split())
CANARIES = {
    "name": "Canary Namington",
    "email": "canary-address@visitor.example",
    "phone": "6265550147",
    "message": "canary message",
    "good_hours": "canary hours",
    "private_note": "canary note",
}


@pytest.fixture(autouse=True)
def _practice(practice: PracticeSettings) -> None:
    Schedule.load()


def address(secret: str | None = None) -> str:
    return reverse("booking:calendar", args=[secret or Schedule.load().feed_secret])


def agreed(starts_at: datetime | None = None, **fields: Any) -> ConsultationRequest:
    starts_at = starts_at or timezone.now().replace(microsecond=0) + timedelta(days=3)
    values = {"state": State.CONFIRMED, "starts_at": starts_at, "ends_at": starts_at + HOUR}
    return factories.consultation_request(**{**values, **fields})


def show_initials() -> None:
    Schedule.objects.update(feed_titles=Schedule.FeedTitles.INITIALS)


def events(visitor: Client) -> list[Any]:
    response = visitor.get(address())
    assert response.status_code == 200
    return list(Calendar.from_ical(response.content).walk("VEVENT"))


# What is in it


def test_an_agreed_consultation_is_there_with_its_time_and_nothing_else(visitor: Client) -> None:
    consultation = agreed(**CANARIES)
    [event] = events(visitor)
    assert set(event) == IN_EACH
    assert event["SUMMARY"] == "Appointment"
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (
        consultation.starts_at,
        consultation.ends_at,
    )
    text = visitor.get(address()).content.decode().lower()
    assert not [word for word in CANARIES.values() if word.lower() in text]
    assert "canary" not in text
    assert consultation.token not in text


def test_with_initials_a_title_is_all_that_is_added(visitor: Client) -> None:
    show_initials()
    agreed(**CANARIES)
    [event] = events(visitor)
    assert event["SUMMARY"] == "CN"
    assert set(event) == IN_EACH
    assert "canary" not in visitor.get(address()).content.decode().lower()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Robin", "R"),
        ("robin van der Berg Lee", "RVD"),
        ("Zoé (she/her) 6265550147", "Z"),
        ("李 小龍", "李小"),
        ("\N{SLIGHTLY SMILING FACE}", ""),
        ("  ", ""),
        ("", ""),
        (Unreadable("gAAAA"), ""),
    ],
)
def test_initials_are_of_the_first_words_that_begin_with_a_letter(name: str, expected: str) -> None:
    assert initials(name) == expected


def test_a_name_whose_key_is_missing_gives_the_neutral_title(
    visitor: Client, settings: Any
) -> None:
    show_initials()
    consultation = agreed()
    ours = settings.FIELD_ENCRYPTION_KEYS
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *ours]
    ConsultationRequest.objects.filter(pk=consultation.pk).update(name="Lost Key")
    settings.FIELD_ENCRYPTION_KEYS = ours
    [event] = events(visitor)
    assert event["SUMMARY"] == "Appointment"


def test_only_what_is_agreed_is_there(visitor: Client) -> None:
    confirmed = agreed()
    while_others_are_offered = agreed(state=State.PROPOSED)
    only_asked_for = agreed(state=State.PENDING)
    agreed(state=State.CANCELLED)
    agreed(state=State.WITHDRAWN)
    offered = factories.consultation_request(state=State.PROPOSED)
    Proposal.objects.create(
        request=offered, starts_at=timezone.now(), ends_at=timezone.now() + HOUR
    )
    shown = {str(event["UID"]) for event in events(visitor)}
    assert shown == {calendar_uid(confirmed), calendar_uid(while_others_are_offered)}
    assert calendar_uid(only_asked_for) not in shown


def test_what_is_past_stays_for_thirty_days(visitor: Client) -> None:
    recent = agreed(timezone.now() - timedelta(days=29))
    agreed(timezone.now() - timedelta(days=31))
    assert [str(event["UID"]) for event in events(visitor)] == [calendar_uid(recent)]


def test_it_names_a_consultation_as_its_invitation_does(
    visitor: Client, therapist: User, mailoutbox: list[Any], settings: Any
) -> None:
    from booking.letters import outbox

    settings.SITE_URL = "https://practice.example"
    factories.schedule()
    at = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=5)
    consultation = factories.agreed_request(at, by=therapist, message="")
    outbox.send_due()
    [invitation] = [
        part
        for message in mailoutbox
        for part in message.message().walk()
        if part.get_content_type() == "text/calendar"
    ]
    invited = vobject.readOne(invitation.get_payload(decode=True).decode()).vevent
    shown = vobject.readOne(visitor.get(address()).content.decode()).vevent
    assert shown.uid.value == invited.uid.value == str(consultation.invitation_uid)
    assert shown.dtstart.value == invited.dtstart.value == at


def test_it_has_a_neutral_name_and_says_how_often_to_look(visitor: Client) -> None:
    """Without a name, Google shows the secret address in the list of calendars."""
    lines = visitor.get(address()).content.decode().split("\r\n")
    assert {
        "NAME:Appointments",
        "X-WR-CALNAME:Appointments",
        "REFRESH-INTERVAL;VALUE=DURATION:PT15M",
        "X-PUBLISHED-TTL:PT15M",
    } <= set(lines)


def test_an_entry_leads_to_its_request_after_signing_in(
    visitor: Client, as_therapist: Client, settings: Any
) -> None:
    settings.SITE_URL = "https://practice.example"
    consultation = agreed(**CANARIES)
    [event] = events(visitor)
    link = str(event["URL"])
    assert link == f"https://practice.example/admin/consultations/{consultation.pk}/"
    path = link.removeprefix("https://practice.example")
    assert visitor.get(path).status_code == 302
    assert "Canary Namington" in as_therapist.get(path).content.decode()


def test_an_empty_feed_is_a_calendar(visitor: Client) -> None:
    assert events(visitor) == []


# Who may read it


@pytest.mark.parametrize("secret", ["wrong", "é", "%00", "a b", "[unreadable: its key is missing]"])
def test_a_wrong_secret_finds_what_any_missing_private_address_finds(
    visitor: Client, secret: str
) -> None:
    agreed()
    wrong = visitor.get(address(secret))
    nowhere = visitor.get("/consultation/no/such/page/")
    assert (wrong.status_code, wrong.content) == (404, nowhere.content)
    assert wrong["Content-Type"] == nowhere["Content-Type"]


def test_no_secret_finds_nothing(visitor: Client) -> None:
    assert visitor.get("/calendar/.ics").status_code == 404
    assert visitor.get("/calendar/").status_code == 404


def test_before_there_is_a_schedule_nothing_is_found_and_none_is_made(visitor: Client) -> None:
    Schedule.objects.all().delete()
    assert visitor.get(address("anything")).status_code == 404
    assert not Schedule.objects.exists()


def test_a_secret_whose_key_is_missing_lets_nobody_in(visitor: Client, settings: Any) -> None:
    secret = Schedule.load().feed_secret
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    stands_for_it = Schedule.load().feed_secret
    for each in (secret, stands_for_it):
        assert visitor.get(address(each)).status_code == 404


def test_a_replaced_secret_ends_the_old_address(visitor: Client) -> None:
    old, schedule = address(), Schedule.load()
    schedule.feed_secret = str(uuid.uuid4())
    schedule.save()
    assert visitor.get(old).status_code == 404
    assert visitor.get(address()).status_code == 200


def test_it_can_be_read_and_nothing_else(visitor: Client) -> None:
    agreed()
    head = visitor.head(address())
    assert (head.status_code, head.content) == (200, b"")
    for method in ("post", "put", "patch", "delete", "options"):
        assert getattr(visitor, method)(address()).status_code == 405


def test_nobody_keeps_it_or_lists_it_and_it_sets_no_cookie(visitor: Client) -> None:
    response = visitor.get(address())
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert response["Cache-Control"] == "no-store"
    assert response["X-Robots-Tag"] == "noindex"
    assert response["Referrer-Policy"] == "no-referrer"
    assert not response.cookies


def test_it_costs_two_queries_however_many_there_are(
    visitor: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    show_initials()
    for day in range(20):
        agreed(timezone.now() + timedelta(days=day))
    path = address()
    with django_assert_num_queries(2):
        response = visitor.get(path)
    assert response.content.count(b"BEGIN:VEVENT") == 20


def test_the_log_keeps_no_secret(visitor: Client, caplog: pytest.LogCaptureFixture) -> None:
    line = django_settings.LOGGING["formatters"]["line"]
    assert line["class"] == "practice.http.logging.RedactingFormatter"
    caplog.set_level(logging.DEBUG)
    for path in (address(), address("canary-secret_42")):
        visitor.get(path)
        visitor.post(path)
    secret = Schedule.load().feed_secret
    formatter = RedactingFormatter("{message}", style="{")
    written = [formatter.format(record) for record in caplog.records]
    assert sum("/calendar/[private]" in line for line in written) >= 3
    assert not [line for line in written if secret in line or "canary" in line]
