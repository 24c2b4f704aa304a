"""Letters by the HTTPS of a mail service: what it is told, and what its errors mean."""

import socketserver
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from booking.letters import emails, outbox
from booking.models import OutgoingEmail
from booking.services import by_visitor, decisions
from booking.times import open_times
from practice.accounts import letters
from practice.models import OwedLink, PracticeSettings
from tests import factories, mail_service
from tests.mail_service import KEY, MailService

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def open_practice(practice: PracticeSettings) -> PracticeSettings:
    factories.schedule()
    return practice


@pytest.fixture
def postmark(settings: Any) -> Iterator[MailService]:
    service = MailService("postmark")
    mail_service.use(settings, "postmark", service.url)
    yield service
    service.close()


@pytest.fixture
def mailgun(settings: Any) -> Iterator[MailService]:
    service = MailService("mailgun")
    mail_service.use(settings, "mailgun", service.url)
    yield service
    service.close()


def submit(**fields: Any) -> Any:
    return by_visitor.submit(factories.unsaved_request(**fields))[0]


def the_letter(**fields: Any) -> OutgoingEmail:
    """One message that is owed to a visitor, and no other."""
    consultation = submit(**fields)
    consultation.emails.filter(recipient="practice").delete()
    return OutgoingEmail.objects.get(request=consultation)


def test_a_service_gets_each_letter_once_and_is_told_to_follow_nobody(
    postmark: MailService,
) -> None:
    owed = the_letter()
    assert outbox.send_due() == 1
    assert outbox.send_due() == 0
    [sent] = postmark.asked
    assert sent["To"] == "robin@example.com"
    assert sent["Subject"] == "About your request"
    assert sent["TrackOpens"] is False
    assert sent["TrackLinks"] == "None"
    assert sent["Metadata"] == {"key": str(owed.key)}
    assert {"Name": "Message-ID", "Value": f"<{owed.key}@testserver>"} in sent["Headers"]
    assert {"Name": "X-PM-KeepID", "Value": "true"} in sent["Headers"]
    assert postmark.headers[0]["X-Postmark-Server-Token"] == KEY
    owed.refresh_from_db()
    assert owed.sent_at is not None
    assert owed.bounced_at is None


def test_a_service_is_given_nothing_that_names_anybody_where_someone_else_may_read_it(
    postmark: MailService, settings: Any
) -> None:
    settings.DEFAULT_FROM_EMAIL = "QHC <office@mail.example>"
    owed = the_letter(discreet=True)
    assert outbox.send_due() == 1
    [sent] = postmark.asked
    assert (sent["From"], sent["Subject"]) == ("office@mail.example", "About your request")
    assert sent["TextBody"].startswith("Thanks for your message.")
    assert not {"HtmlBody", "Attachments", "ReplyTo", "Tag"} & sent.keys()
    assert {each["Name"]: each["Value"] for each in sent["Headers"]} == {
        "Auto-Submitted": "auto-generated",
        "Message-ID": f"<{owed.key}@mail.example>",
        "X-PM-KeepID": "true",
    }


def test_mailgun_gets_the_same_by_its_own_form(mailgun: MailService) -> None:
    owed = the_letter()
    assert outbox.send_due() == 1
    [sent] = mailgun.asked
    assert sent["path"] == "/example.org/messages"
    for part in ("robin%40example.com", f"v%3Akey={owed.key}", "o%3Atracking-opens=no"):
        assert part in sent["body"]


def test_an_invitation_goes_along_as_a_file(postmark: MailService, therapist: Any) -> None:
    consultation = submit(wants_calendar_file=True)
    decisions.confirm(
        consultation,
        user=therapist,
        words=emails.Draft("Your consultation", "We will talk."),
        starts_at=factories.open_time(),
        minutes=20,
        despite=open_times.OBJECTIONS,
    )
    outbox.send_due()
    sent = next(each for each in postmark.asked if each["Subject"] == "Your consultation")
    [file] = sent["Attachments"]
    assert file["Name"] == "invite.ics"
    assert file["ContentType"].startswith("text/calendar")
    assert 'method="REQUEST"' in file["ContentType"]


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_what_the_service_does_not_take_waits_and_is_sent_later(
    postmark: MailService, status: int
) -> None:
    owed = the_letter()
    postmark.status, postmark.answer = status, {"ErrorCode": 10, "Message": "robin@example.com"}
    assert outbox.send_due() == 0
    owed.refresh_from_db()
    assert owed.last_error == f"AnymailRequestsAPIError {status}"
    assert (owed.attempts, owed.lease, owed.given_up_at, owed.bounced_at) == (1, None, None, None)
    postmark.status, postmark.answer = 200, None
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2)):
        assert outbox.send_due() == 1


def test_a_service_that_is_away_costs_nothing_but_time(
    settings: Any, postmark: MailService, caplog: pytest.LogCaptureFixture
) -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), None) as probe:  # type: ignore[arg-type]
        port = probe.server_address[1]
    mail_service.use(settings, "postmark", f"http://127.0.0.1:{port}/")
    owed = the_letter()
    assert outbox.send_due() == 0
    owed.refresh_from_db()
    assert owed.last_error == "ConnectionError"
    assert owed.given_up_at is None
    assert "robin" not in caplog.text
    mail_service.use(settings, "postmark", postmark.url)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2)):
        assert outbox.send_due() == 1


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            406,
            "You tried to send to a recipient that has been marked as inactive.\n"
            "Found inactive addresses: robin@example.com.\n"
            "Inactive recipients are ones that have generated a hard bounce.",
        ),
        (300, "Invalid 'To' address: 'robin@example.com'."),
    ],
)
def test_an_address_that_the_service_refuses_for_good_is_marked_and_not_tried_again(
    postmark: MailService, code: int, words: str
) -> None:
    owed = the_letter()
    postmark.status, postmark.answer = 422, {"ErrorCode": code, "Message": words}
    assert outbox.send_due() == 0
    owed.refresh_from_db()
    assert owed.last_error == "AnymailRecipientsRefused"
    assert owed.given_up_at is not None
    assert owed.bounced_at is not None


def test_a_link_to_sign_in_that_the_service_refuses_is_owed_on(
    postmark: MailService, therapist: Any
) -> None:
    letters.ask_for_link(therapist)
    postmark.status, postmark.answer = (
        422,
        {
            "ErrorCode": 406,
            "Message": "Found inactive addresses: therapist@example.com. Inactive recipients are",
        },
    )
    assert letters.send_due() == 0
    assert OwedLink.objects.get().sent_at is None
