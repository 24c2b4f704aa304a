"""The weekly mail to the therapist: once for each week, with counts alone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.utils import timezone

from booking import monitoring
from booking.letters import outbox, weekly
from booking.models import BusyFeed, OutgoingEmail, State, Tombstone
from practice.models import Heartbeat, PracticeSettings, User
from tests import factories

LOS_ANGELES = ZoneInfo("America/Los_Angeles")
DAY = timedelta(days=1)
MONDAY = datetime(2026, 11, 23, 8, tzinfo=LOS_ANGELES)


@pytest.fixture(autouse=True)
def _practice(practice: PracticeSettings) -> None:
    pass


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY - DAY, tick=False) as clock:
        yield clock


def owed() -> int:
    return OutgoingEmail.objects.filter(kind="weekly").count()


def look() -> bool:
    return weekly.promise_if_due(timezone.now())


@pytest.mark.parametrize(
    ("now", "turn"),
    [
        (MONDAY, MONDAY),
        (MONDAY - timedelta(seconds=1), MONDAY - 7 * DAY),
        (MONDAY + 6 * DAY, MONDAY),
        # Clocks went back on November 1: a week is an hour longer, and eight stays eight.
        (datetime(2026, 11, 2, 15, 59, tzinfo=UTC), datetime(2026, 10, 26, 15, tzinfo=UTC)),
        (datetime(2026, 11, 2, 16, 0, tzinfo=UTC), datetime(2026, 11, 2, 16, tzinfo=UTC)),
    ],
)
def test_its_turn_is_monday_at_eight_in_the_practices_zone(now: datetime, turn: datetime) -> None:
    assert weekly.latest_turn(now, LOS_ANGELES) == turn


def test_it_is_owed_once_for_each_week_however_often_the_worker_looks(
    clock: time_machine.Traveller,
) -> None:
    assert not look(), "a new site waits for its first Monday"
    for week in range(3):
        clock.move_to(MONDAY + 7 * week * DAY - timedelta(minutes=1))
        assert not look()
        clock.move_to(MONDAY + 7 * week * DAY)
        assert [look() for _ in range(3)] == [True, False, False]
        clock.move_to(MONDAY + (7 * week + 4) * DAY)
        assert not look()
        assert owed() == week + 1


def test_a_server_that_was_off_on_monday_sends_it_when_it_is_back(
    clock: time_machine.Traveller,
) -> None:
    look()
    clock.move_to(MONDAY + 17 * DAY)
    assert look()
    assert not look()
    assert owed() == 1, "one, not one for each week that it was off"


def test_a_clock_that_ran_ahead_costs_no_mail_afterwards(
    clock: time_machine.Traveller,
) -> None:
    look()
    clock.move_to(MONDAY + 700 * DAY)
    assert look()
    clock.move_to(MONDAY)
    assert look()
    assert not look()


def test_without_anybody_to_write_to_it_waits(clock: time_machine.Traveller) -> None:
    factories.practice_settings(email="")
    User.objects.all().delete()
    assert not look()
    assert not Heartbeat.objects.exists()


def test_the_command_does_as_the_worker_does_and_one_more_when_asked(
    clock: time_machine.Traveller,
) -> None:
    def said(**options: bool) -> str:
        out = StringIO()
        call_command("run_job", "send_weekly_mail", stdout=out, **options)
        return out.getvalue().strip()

    assert said() == "0 weekly emails queued"
    clock.move_to(MONDAY)
    assert said() == "1 weekly email queued"
    assert said() == "0 weekly emails queued"
    assert said(now=True) == "1 weekly email queued"
    assert owed() == 2


def the_mail() -> mail.EmailMultiAlternatives:
    mail.outbox.clear()
    weekly.promise()
    assert outbox.send_due() >= 1
    [message] = [each for each in mail.outbox if "this week" in each.subject]
    assert isinstance(message, mail.EmailMultiAlternatives)
    return message


def test_it_says_what_is_wrong_and_what_to_do_about_it() -> None:
    factories.consultation_request(state=State.PENDING)  # promised for a day that is over
    OutgoingEmail.objects.create(kind="alert_new", recipient="practice", given_up_at=timezone.now())
    schedule = factories.schedule()
    BusyFeed.objects.create(
        schedule=schedule, name="Mine", url="https://calendar.example/secret.ics", warnings=["x."]
    )
    now = timezone.now() + 24 * DAY
    Tombstone.objects.create(digest="of yesterday", erased_at=now - timedelta(hours=25))
    Tombstone.objects.create(digest="of today", erased_at=now - timedelta(hours=23))
    Tombstone.objects.create(digest="gone", erased_at=now - 9 * DAY, is_scrubbed=True)
    with time_machine.travel(now, tick=False):
        message = the_mail()
    body = str(message.body)
    assert "1 calendar of yours could be read only in part." in body
    assert "1 email didn't go out." in body
    assert "1 request is late: the promised day has passed." in body
    assert "1 calendar of yours couldn't be read for more than a day." in body
    assert "1 deleted request may still be in the database's files, encrypted." in body
    assert "secret" not in body
    assert "What to do: Reply here: http://testserver/admin/consultations/" in body
    assert "to look at" in message.subject
    assert message.to == ["practice@example.com"]


def test_it_says_that_all_is_well() -> None:
    found = monitoring.report(sender=None, now=timezone.now())
    assert not [finding for finding in found if finding.advice]
    body = str(the_mail().body)
    assert "0 requests waiting for your reply." in body
    assert "The program that sends your email ran all week." in body


def test_it_says_nothing_about_a_person(therapist: User) -> None:
    factories.consultation_request(
        name="Quillon", email="quillon@example.com", phone="+16265550143", message="canary"
    )
    message = the_mail()
    whole = message.message().as_string() + str(message.body)
    for word in ("Quillon", "quillon", "6265550143", "canary"):
        assert word not in whole
