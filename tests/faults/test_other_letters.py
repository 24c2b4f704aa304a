"""Links to sign in, the test letter and gathered alerts leave, though a worker is killed."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from booking.letters import outbox
from booking.models import OutgoingEmail
from practice.accounts import letters
from practice.mail import proof
from practice.models import OwedLink, TestLetter, User
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
