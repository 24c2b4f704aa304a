"""The practice's own alert is never given up: tried on, then to the second address, then shown."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail

from booking.letters import outbox
from booking.models import ConsultationRequest, OutgoingEmail
from booking.services import by_visitor, unopened
from practice.models import PracticeSettings, User
from practice.worker import clocks, jobs
from tests import factories
from tests.booking.test_outbox import Mailbox, mailbox

pytestmark = pytest.mark.django_db
__all__ = ["mailbox"]

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOW = datetime(2026, 11, 30, 17, tzinfo=UTC)
SECOND = "second@example.org"
LOCAL = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture(autouse=True)
def clock(practice: PracticeSettings) -> Iterator[time_machine.Traveller]:
    factories.practice_settings(second_email=SECOND)
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def submit(**fields: Any) -> ConsultationRequest:
    contact = {"email": "", "phone": "+16265550143"}
    return by_visitor.submit(factories.unsaved_request(**contact, **fields))[0]


def nothing_leaves_for(days: int, clock: time_machine.Traveller) -> None:
    """Six hours at a time."""
    for _ in range(4 * days):
        outbox.send_due()
        unopened.alert_untold()
        clock.shift(6 * HOUR)


def alert() -> OutgoingEmail:
    return OutgoingEmail.objects.get(kind="alert_new")


@pytest.mark.parametrize("answer", ["550 no such mailbox", "451 come again"])
def test_an_alert_is_tried_for_as_long_as_it_takes(
    clock: Any, mailbox: Mailbox, answer: str
) -> None:
    submit()
    mailbox.answer = answer
    nothing_leaves_for(10, clock)
    assert (alert().given_up_at, alert().sent_at) == (None, None)
    mailbox.answer = "250 OK"
    clock.shift(HOUR)  # the longest that an alert rests
    outbox.send_due()
    assert alert().sent_at is not None


def test_after_an_hour_in_vain_the_second_address_is_told_once_and_of_nobody(
    clock: Any, settings: Any
) -> None:
    submit(message="canary")
    settings.EMAIL_BACKEND = "no.such.Backend"
    outbox.send_due()
    settings.EMAIL_BACKEND = LOCAL
    OutgoingEmail.objects.update(next_try_at=NOW + DAY)
    clock.shift(59 * MINUTE)
    assert not unopened.alert_untold()
    clock.shift(2 * MINUTE)
    assert unopened.alert_untold()
    assert not unopened.alert_untold()
    outbox.send_due()
    [letter] = mail.outbox
    assert letter.to == [SECOND]
    assert "email to the practice didn't go out" in letter.body
    for secret in ("canary", "Robin", "5550143", "555-0143"):
        assert secret not in letter.body + letter.subject
    clock.shift(2 * HOUR)
    assert not unopened.alert_untold(), "it was told of this one"
    assert alert().sent_at is None, "and the practice is still owed it"


def test_what_fails_later_is_told_to_the_second_address_at_most_once_an_hour(clock: Any) -> None:
    for _ in range(4):
        submit()
        OutgoingEmail.objects.filter(recipient="practice").update(attempts=1, next_try_at=NOW + DAY)
        clock.shift(20 * MINUTE)
    told = 0
    for _ in range(12):
        told += unopened.alert_untold()
        outbox.send_due()
        clock.shift(10 * MINUTE)
    assert told == 2
    assert [each.to for each in mail.outbox] == [[SECOND]] * 2


@pytest.mark.django_db(transaction=True)
def test_the_second_address_is_told_while_the_clock_is_in_doubt(clock: Any) -> None:
    submit()
    OutgoingEmail.objects.update(attempts=1, next_try_at=NOW + DAY)
    clocks.keep_last(NOW)
    clock.shift(30 * DAY)
    assert not clocks.are_believed()
    every = {job.name: job for job in jobs.recurring(poll=0, stopping=lambda: False)}
    every["alert_untold"].run_if_due()
    assert OutgoingEmail.objects.filter(kind="alert_untold").exists()


def test_without_a_second_address_nothing_is_owed_to_it(clock: Any) -> None:
    factories.practice_settings(second_email="")
    submit()
    OutgoingEmail.objects.update(attempts=1, next_try_at=NOW + DAY)
    clock.shift(2 * HOUR)
    assert not unopened.alert_untold()


def test_the_admins_first_page_says_that_alerts_do_not_arrive_and_why(
    clock: Any, mailbox: Mailbox, therapist: User
) -> None:
    def home() -> str:
        return factories.signed_in(therapist).get("/admin/").content.decode()

    submit()
    mailbox.answer = "451 come again"
    outbox.send_due()
    assert "Alerts to you" not in home()
    clock.shift(2 * HOUR)
    page = home()
    assert "Alerts to you have been waiting to go out since" in page
    assert "The mail server refused the address." in page
    assert "SMTP" not in page
    mailbox.answer = "250 OK"
    OutgoingEmail.objects.update(next_try_at=NOW)
    outbox.send_due()
    assert "Alerts to you" not in home()
