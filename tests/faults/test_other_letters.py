"""Links to sign in, the test letter and gathered alerts leave, though a worker is killed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from booking.letters import outbox
from booking.models import OutgoingEmail
from practice.accounts import letters
from practice.mail import proof, sending
from practice.models import OwedLink, TestLetter, User
from practice.models.mail import OwedLetter
from tests.faults.mailserver import MailServer
from tests.faults.site import THERAPIST, LiveSite, wait_until

ADDRESS = "elsewhere@visitor.example"


def ask_for_a_link() -> None:
    letters.ask_for_link(User.objects.get(email=THERAPIST))


def ask_for_a_test_letter() -> None:
    proof.ask(ADDRESS)


def is_owed() -> bool:
    return any(model.objects.filter(sent_at=None).exists() for model in (OwedLink, TestLetter))


@pytest.mark.parametrize(
    ("ask", "to"), [(ask_for_a_link, THERAPIST), (ask_for_a_test_letter, ADDRESS)]
)
def test_a_letter_whose_worker_is_killed_while_it_leaves_comes_all_the_same(
    live_site: Callable[..., LiveSite], mail_server: MailServer, ask: Callable[[], None], to: str
) -> None:
    mail_server.holds = True
    site = live_site(mail_server.url)
    with site.database():
        ask()
        site.worker.start()
        wait_until(lambda: mail_server.begun, "the worker sends")
        site.worker.kill()
        mail_server.client_was_killed()
        mail_server.holds = False
        assert is_owed(), "it was noted as sent"
        site.worker.start()
        wait_until(lambda: any(each.to == [to] for each in mail_server.accepted), "it comes")
        wait_until(lambda: not is_owed(), "it is noted as sent")


@pytest.mark.django_db
def test_a_lease_from_a_clock_that_was_ahead_holds_up_nothing(therapist: User) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=400)):
        letters.ask_for_link(therapist)
        proof.ask(ADDRESS)
    OwedLink.objects.update(asked_at=timezone.now())
    for model in (OwedLink, TestLetter):
        model.objects.update(leased_until=timezone.now() + timedelta(days=400))
    assert letters.send_due() == 1
    assert proof.send_due() == 1


def test_gathered_alerts_leave_though_the_worker_that_sends_them_is_killed(
    live_site: Callable[..., LiveSite], mail_server: MailServer
) -> None:
    """All of them, and what came meanwhile, in one letter of the same name."""
    mail_server.holds = True
    site = live_site(mail_server.url)
    site.env["ALERTS_GATHERED_FOR"] = "3600"
    with site.database():
        for _ in range(3):
            outbox.promise("alert_erased", OutgoingEmail.Recipient.PRACTICE)
        site.worker.start()
        wait_until(lambda: mail_server.begun, "the worker sends")
        site.worker.kill()
        mail_server.client_was_killed()
        outbox.promise("alert_erased", OutgoingEmail.Recipient.PRACTICE)
        mail_server.holds = False
        site.worker.start()
        site.wait_for_mail()
    [left] = mail_server.accepted
    assert left.key == mail_server.begun[0].key
    assert "4 visitors deleted a request" in left.message.get_body(("plain",)).get_content()  # type: ignore[union-attr]


@pytest.mark.django_db
@pytest.mark.parametrize("sender", [letters.Links, proof.Proofs])
def test_a_letter_that_the_version_before_took_over_is_not_noted_by_the_first(
    therapist: User, sender: type[sending.Sender[OwedLetter]]
) -> None:
    """That version writes no name of a lease, only its end; both run while one is updated."""
    ask_for_a_test_letter()
    letters.ask_for_link(therapist)
    slow = sender().claim(timezone.now())
    assert slow is not None
    sender.model.objects.update(leased_until=timezone.now() + timedelta(minutes=7))
    assert not sender().note_failure(slow, OSError())
    assert not sender().deliver(slow)
    assert not mail.outbox
    assert not sender.model.objects.exclude(attempts=0).exists()
    assert is_owed()


@pytest.mark.django_db
def test_a_link_that_failed_and_is_asked_for_again_leaves_at_once(
    therapist: User, settings: Any
) -> None:
    letters.ask_for_link(therapist)
    backend, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "no.such.Backend"
    assert letters.send_due() == 0
    assert OwedLink.objects.get().attempts == 1
    settings.EMAIL_BACKEND = backend
    assert letters.send_due() == 0, "it rests for a minute"
    OwedLink.objects.update(asked_at=timezone.now() - letters.APART - timedelta(seconds=1))
    letters.ask_for_link(therapist)
    assert letters.send_due() == 1
