"""Promises to send: once if all goes well, again if not, and never lost."""

import smtplib
import socketserver
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
import time_machine
from aiosmtpd.controller import Controller
from django.core import mail
from django.utils import timezone

from booking.letters import alerts, emails, outbox
from booking.models import Letter, OutgoingEmail
from booking.services import by_visitor, decisions
from practice.fields import Unreadable
from practice.mail import errors, sending
from practice.models import PracticeSettings
from practice.worker import heartbeat
from tests import factories

pytestmark = pytest.mark.django_db


class Mailbox:
    """What a real SMTP server took in, and how it answers."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.answer = "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if self.answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return "250 OK"


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    box = Mailbox()
    with socketserver.TCPServer(("127.0.0.1", 0), None) as probe:  # type: ignore[arg-type]
        port = probe.server_address[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_TIMEOUT = 5
    yield box
    server.stop()


@pytest.fixture
def nobody_listens(settings: Any) -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), None) as probe:  # type: ignore[arg-type]
        port = probe.server_address[1]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port


@pytest.fixture(autouse=True)
def open_practice(practice: PracticeSettings) -> PracticeSettings:
    return practice


def submit(**fields: Any) -> Any:
    return by_visitor.submit(factories.unsaved_request(**fields))[0]


def test_a_request_owes_the_visitor_a_letter_and_the_practice_an_alert(mailbox: Mailbox) -> None:
    submit()
    assert outbox.send_due() == 2
    assert outbox.send_due() == 0
    assert sorted(m["To"] for m in mailbox.messages) == [
        "practice@example.com",
        "robin@example.com",
    ]


def test_the_alert_says_neither_who_nor_what_nor_from_where(mailbox: Mailbox, article: Any) -> None:
    consultation = submit(
        message="canary",
        article=article.page_ptr,
        phone="+16265550143",
        reply_by=date(2026, 11, 25),
    )
    outbox.send_due()
    alert = next(m for m in mailbox.messages if m["To"] == "practice@example.com")
    text = alert.as_string() + alert.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    for secret in (
        "canary",
        "Robin",
        "robin@",
        "5550143",
        "555-0143",
        article.title,
        consultation.token,
    ):
        assert secret not in text
    assert f"/admin/consultations/{consultation.pk}/" in text
    assert "Wednesday, November 25" in text


def test_the_acknowledgement_is_neutral(mailbox: Mailbox, article: Any) -> None:
    consultation = submit(message="canary", article=article.page_ptr)
    outbox.send_due()
    letter = next(m for m in mailbox.messages if m["To"] == "robin@example.com")
    assert letter["Subject"] == "About your request"
    assert "Quiet Harbor" not in letter.as_string()
    body = letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert consultation.token in body
    greeting, *rest = body.splitlines()
    assert greeting == "Hi Robin,"
    for secret in ("canary", "Robin", article.title):
        assert secret not in " ".join(rest)


def test_a_visitor_without_email_gets_none(mailbox: Mailbox) -> None:
    submit(email="", phone="+16265550143")
    outbox.send_due()
    assert [m["To"] for m in mailbox.messages] == ["practice@example.com"]


def test_without_an_address_for_alerts_those_who_review_are_told(
    mailbox: Mailbox, therapist: Any, editor: Any
) -> None:
    factories.practice_settings(email="")
    submit(email="", phone="+16265550143")
    outbox.send_due()
    assert [m["To"] for m in mailbox.messages] == [therapist.email]


def test_a_server_that_is_away_costs_nothing_but_time(nobody_listens: None, settings: Any) -> None:
    submit()
    for _ in range(2):  # the alert, and then the letter
        assert outbox.send_due() == 0
    waiting = OutgoingEmail.objects.get(kind="received")
    assert waiting.attempts == 1
    assert waiting.last_error == "ConnectionRefusedError"
    assert waiting.lease is None
    assert outbox.send_due() == 0  # not before its time
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2)):
        assert outbox.send_due() == 2
    assert len(mail.outbox) == 2


def test_after_an_hour_of_failing_it_is_shown_and_after_seven_days_given_up(
    nobody_listens: None,
) -> None:
    submit().emails.filter(recipient="practice").delete()
    start = timezone.now()
    outbox.send_due()
    assert not OutgoingEmail.objects.stuck(start + timedelta(minutes=59)).exists()
    assert OutgoingEmail.objects.stuck(start + timedelta(minutes=61)).count() == 1
    with time_machine.travel(start + timedelta(days=7, minutes=1)):
        outbox.send_due()
    assert not OutgoingEmail.objects.exclude(given_up_at=None).exists(), "tried twice in a week"
    OutgoingEmail.objects.update(attempts=outbox.LEAST_TRIES)
    with time_machine.travel(start + timedelta(days=7, hours=1)):
        heartbeat.note(heartbeat.WORKER, timezone.now())  # as it did all week
        outbox.send_due()
    assert OutgoingEmail.objects.exclude(given_up_at=None).count() == 1
    with time_machine.travel(start + timedelta(days=8)):
        assert outbox.Outbox().claim(timezone.now()) is None


def test_an_address_that_is_refused_for_good_is_not_tried_again(mailbox: Mailbox) -> None:
    submit()
    mailbox.answer = "550 no such mailbox robin@example.com"
    outbox.send_due()
    refused = OutgoingEmail.objects.get(kind="received")
    assert refused.given_up_at is not None
    assert refused.last_error == "SMTPRecipientsRefused"


def test_an_error_is_kept_without_the_address_in_it() -> None:
    error = smtplib.SMTPResponseException(451, "robin@example.com: greylisted")
    assert errors.describe(error) == "SMTPResponseException 451"


def test_what_a_dead_worker_held_is_taken_by_another_after_its_lease() -> None:
    submit(email="", phone="+16265550143")
    now = timezone.now()
    assert outbox.Outbox().claim(now) is not None
    assert outbox.Outbox().claim(now + timedelta(seconds=299)) is None
    assert outbox.Outbox().claim(now + timedelta(seconds=301)) is not None


def test_a_worker_whose_lease_was_taken_notes_nothing() -> None:
    submit(email="", phone="+16265550143")
    now = timezone.now()
    slow = outbox.Outbox().claim(now)
    assert slow is not None
    other = outbox.Outbox().claim(now + timedelta(seconds=301))
    assert other is not None
    outbox.Outbox().note_failure(slow, OSError())
    assert OutgoingEmail.objects.get().lease == other.lease


def test_every_try_carries_the_same_message_id(mailbox: Mailbox) -> None:
    submit(email="", phone="+16265550143")
    owed = OutgoingEmail.objects.get()
    outbox.send_due()
    assert mailbox.messages[0]["Message-ID"] == f"<{owed.key}@testserver>"
    first, second = alerts.build(owed), alerts.build(owed)
    assert first is not None
    assert second is not None
    assert first.message()["Message-ID"] == second.message()["Message-ID"]


def test_letters_about_one_request_keep_their_order(nobody_listens: None, settings: Any) -> None:
    consultation = submit()
    for _ in range(2):  # the alert failed, and then the acknowledgement, which waits
        outbox.send_due()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    user = factories.user("somebody@example.com")
    decisions.waitlist(consultation, user=user, words=emails.Draft("About", "Words"))
    outbox.send_due()
    assert not mail.outbox
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=5)):
        outbox.send_due()
    to_visitor = [m.subject for m in mail.outbox if m.to == ["robin@example.com"]]
    assert to_visitor == ["About your request", "About"]


def test_one_message_that_cannot_be_made_holds_up_no_other(mailbox: Mailbox) -> None:
    OutgoingEmail.objects.create(kind="nonsense", recipient="practice")
    submit()
    assert outbox.send_due() == 2


def test_what_nobody_sends_is_shown_after_an_hour_though_it_was_never_tried() -> None:
    submit()
    assert not OutgoingEmail.objects.stuck(timezone.now()).exists()
    assert OutgoingEmail.objects.stuck(timezone.now() + timedelta(minutes=61)).count() == 2


def test_a_letter_whose_key_is_missing_waits_for_it(mailbox: Mailbox, settings: Any) -> None:
    from cryptography.fernet import Fernet

    consultation = submit()
    outbox.send_due()
    user = factories.user("somebody@example.com")
    decisions.waitlist(consultation, user=user, words=emails.Draft("About", "Words"))
    foreign = Fernet(Fernet.generate_key()).encrypt(b"x").decode()
    Letter.objects.update(body=Unreadable(foreign))
    assert outbox.send_due() == 0
    assert OutgoingEmail.objects.get(kind="letter").last_error == "UnreadableLetter"
    assert len(mailbox.messages) == 2


def test_mail_about_what_was_erased_is_forgotten_once_it_has_left_or_after_a_month() -> None:
    for _ in range(2):
        outbox.promise("alert_erased", OutgoingEmail.Recipient.PRACTICE)
    outbox.forget_old()
    assert OutgoingEmail.objects.count() == 2
    given_up = OutgoingEmail.objects.latest("pk")
    OutgoingEmail.objects.filter(pk=given_up.pk).update(given_up_at=datetime.now(UTC))
    outbox.send_due()
    outbox.forget_old()
    assert OutgoingEmail.objects.get() == given_up
    with time_machine.travel(datetime.now(UTC) + timedelta(days=31)):
        outbox.forget_old()
    assert not OutgoingEmail.objects.exists()


def test_waiting_grows_and_has_an_end() -> None:
    waits = [sending.wait_after(n) for n in (1, 2, 3, 4, 5, 20, 500)]
    assert waits == sorted(waits)
    assert waits[0] == timedelta(minutes=1)
    assert waits[-1] == timedelta(hours=4)


def test_a_line_break_in_a_name_makes_no_header() -> None:
    factories.practice_settings(short_name='Q"\r\nBcc: x@example.com')
    submit()
    outbox.send_due()
    assert len(mail.outbox) == 2
    for message in mail.outbox:
        assert "Bcc" not in message.message()
