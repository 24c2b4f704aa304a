"""A mail server that hangs, or is slow, holds up nothing but mail: each round of it has an end."""

import asyncio
import socketserver
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from booking.letters import outbox
from booking.models import ConsultationRequest, OutgoingEmail
from booking.services import by_visitor
from practice.accounts import letters
from practice.mail import proof, sending
from practice.models import OwedLink, PracticeSettings
from practice.worker import jobs
from tests import factories, mail_service
from tests.booking.test_outbox import Mailbox, mailbox

pytestmark = pytest.mark.django_db
__all__ = ["mailbox"]

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def open_practice(practice: PracticeSettings) -> None:
    factories.schedule()


class Hanging(socketserver.ThreadingTCPServer):
    """Takes connections and says nothing; or greets, and hangs once a message is begun."""

    daemon_threads = True

    def __init__(self, *, greets: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), Silence)
        self.greets, self.connections = greets, 0
        self.over = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.over.set()
        self.shutdown()
        self.server_close()


class Silence(socketserver.StreamRequestHandler):
    server: Hanging

    def handle(self) -> None:
        self.server.connections += 1
        if self.server.greets:
            self.wfile.write(b"220 here\r\n")
            while not (line := self.rfile.readline().upper()).startswith((b"MAIL", b"POST")):
                if not line:
                    return
                self.wfile.write(b"250 OK\r\n")
        self.server.over.wait(60)


@pytest.fixture(params=[False, True], ids=["says nothing", "hangs in the middle"])
def hanging(settings: Any, request: pytest.FixtureRequest) -> Iterator[Hanging]:
    server = Hanging(greets=request.param)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
    settings.EMAIL_TIMEOUT = 0.5
    yield server
    server.close()


@pytest.fixture
def hanging_service(settings: Any) -> Iterator[Hanging]:
    server = Hanging()
    mail_service.use(settings, "postmark", f"http://127.0.0.1:{server.server_address[1]}/")
    settings.ANYMAIL = {**settings.ANYMAIL, "REQUESTS_TIMEOUT": 0.5}
    yield server
    server.close()


def letters_wait(number: int) -> None:
    for _ in range(number):
        outbox.promise("weekly", OutgoingEmail.Recipient.PRACTICE)


def one_round_of_the_worker() -> None:
    for job in jobs.recurring(poll=0, stopping=lambda: False):
        if not job.by_turns:  # publishing and scrubbing have tests of their own
            job.run()


def assert_all_else_is_done(server: Hanging) -> None:
    letters_wait(20)
    letters.ask_for_link(factories.user("somebody@example.com"))
    letters.ask_for_link(factories.user("somebody-else@example.com"))
    proof.ask("elsewhere@example.net")
    over = {"starts_at": timezone.now() + MINUTE, "ends_at": timezone.now() + 21 * MINUTE}
    held = factories.consultation_request(**over, holds_until=timezone.now() - MINUTE)
    one_round_of_the_worker()
    held.refresh_from_db()
    assert held.starts_at is None, "its time is free"
    assert server.connections == 3, "one of the outbox, one for a link, one for the test letter"
    assert OutgoingEmail.objects.filter(attempts__gt=0).count() == 1
    one_round_of_the_worker()
    assert OutgoingEmail.objects.filter(attempts__gt=0).count() == 2


def test_a_mail_server_that_hangs_holds_up_no_other_job(hanging: Hanging) -> None:
    assert_all_else_is_done(hanging)


def test_a_mail_service_that_hangs_holds_up_no_other_job(hanging_service: Hanging) -> None:
    assert_all_else_is_done(hanging_service)


def test_a_mail_server_that_nobody_runs_is_asked_once_a_round(settings: Any) -> None:
    server = Hanging()
    server.close()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
    letters_wait(5)
    assert outbox.send_due() == 0
    assert OutgoingEmail.objects.filter(attempts__gt=0).count() == 1


def test_an_address_that_is_refused_ends_no_round(mailbox: Mailbox) -> None:
    mailbox.answer = "450 come again"
    letters_wait(5)
    assert outbox.send_due() == 0
    assert OutgoingEmail.objects.filter(attempts=1).count() == 5


def test_a_round_has_an_end_though_the_server_is_slow(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "ROUND", 1.0)
    takes = mailbox.handle_DATA

    async def slowly(*arguments: Any) -> str:
        await asyncio.sleep(0.3)
        return await takes(*arguments)

    monkeypatch.setattr(mailbox, "handle_DATA", slowly)
    letters_wait(10)
    assert 1 <= outbox.send_due() <= 4
    assert outbox.send_due() >= 1, "the next round goes on"


def test_a_fresh_letter_leaves_before_those_that_are_tried_again(mailbox: Mailbox) -> None:
    letters_wait(3)
    OutgoingEmail.objects.update(attempts=3, next_try_at=timezone.now() - 60 * MINUTE)
    by_visitor.submit(factories.unsaved_request())
    outbox.send_due(limit=2)
    fresh = ConsultationRequest.objects.get().emails
    assert fresh.filter(sent_at=None).count() == 0
    assert outbox.send_due() == 3


def test_a_link_that_failed_rests_for_a_minute(hanging: Hanging) -> None:
    letters.ask_for_link(factories.user("somebody@example.com"))
    assert letters.send_due() == letters.send_due() == 0
    assert hanging.connections == 1
    assert OwedLink.objects.filter(sent_at=None).count() == 1
