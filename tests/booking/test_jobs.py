"""What the worker does by itself: each job does its part, and none holds up another."""

import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from booking.models import (
    BusyFeed,
    ConsultationRequest,
    Letter,
    OutgoingEmail,
    Proposal,
    Schedule,
    State,
)
from booking.services import expiry
from practice.management import Utility
from practice.models import PracticeSettings
from practice.worker import jobs
from tests import factories

DAY = timedelta(days=1)
NAMES = [
    "send_account_links",
    "send_test_letter",
    "send_queued_emails",
    "publish_scheduled",
    "forget_old_sessions",
    "forget_deleted_pages",
    "optimize_database",
    "release_holds",
    "expire_offers",
    "queue_reminders",
    "alert_unopened",
    "alert_untold",
    "note_absence",
    "alert_quarantine",
    "finish_erasures",
    "count_open_times",
    "forget_counts",
    "send_weekly_mail",
    "erase_old_requests",
    "scrub_database",
    "read_busy_feeds",
]


@pytest.fixture(autouse=True)
def _practice(practice: PracticeSettings) -> None:
    factories.schedule()


def recurring(poll: float = 0) -> dict[str, jobs.Job]:
    return {job.name: job for job in jobs.recurring(poll=poll, stopping=lambda: False)}


def said_by(*command: str) -> str:
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue().strip()


def said_by_job(name: str, *options: str) -> str:
    return said_by("run_job", name, *options)


def state_of(consultation: ConsultationRequest) -> tuple[State, Any]:
    consultation.refresh_from_db()
    return State(consultation.state), consultation.starts_at


# What is due


def held(**fields: Any) -> ConsultationRequest:
    """A request whose hold of a time is over."""
    at = timezone.now() + 2 * DAY
    values = {"starts_at": at, "ends_at": at + timedelta(minutes=20)}
    over = timezone.now() - timedelta(minutes=1)
    return factories.consultation_request(**values, holds_until=over, **fields)


def offered() -> ConsultationRequest:
    """A request with an offer that nobody answered in time."""
    over = timezone.now() - timedelta(minutes=1)
    consultation = factories.consultation_request(state=State.PROPOSED, holds_until=over)
    at = timezone.now() + 2 * DAY
    Proposal.objects.create(request=consultation, starts_at=at, ends_at=at + timedelta(minutes=20))
    return consultation


def soon() -> ConsultationRequest:
    """A consultation of which it is time to remind."""
    at = timezone.now() + timedelta(hours=2)
    return factories.consultation_request(
        state=State.CONFIRMED,
        state_since=timezone.now() - 5 * DAY,
        starts_at=at,
        ends_at=at + timedelta(minutes=20),
    )


def emptied() -> ConsultationRequest:
    """A request that the visitor erased, whose cancellation has left."""
    consultation = factories.consultation_request(
        state=State.WITHDRAWN, name="", erase_when_told=True, version=2
    )
    at = timezone.now() + 2 * DAY
    Letter.objects.create(
        request=consultation,
        version=2,
        kind="withdrawal",
        channel=Letter.Channel.EMAIL,
        method=Letter.Method.CANCEL,
        starts_at=at,
        ends_at=at + timedelta(minutes=20),
    )
    OutgoingEmail.objects.create(
        request=consultation,
        kind="letter",
        version=2,
        recipient=OutgoingEmail.Recipient.VISITOR,
        sent_at=timezone.now(),
    )
    return consultation


# Each job, by hand


def test_without_a_name_every_job_is_listed_with_what_it_does() -> None:
    assert list(recurring()) == NAMES
    said = dict(line.split(maxsplit=1) for line in said_by("run_job").splitlines())
    assert list(said) == sorted(NAMES)
    assert {text[-1] for text in said.values()} == {"."}


def test_the_manual_names_every_job() -> None:
    manual = (settings.BASE_DIR / "docs/operator/server.md").read_text()
    _, _, table = manual.partition("| job | how often | what it does |")
    rows = re.findall(r"^\| `(\w+)`", table.partition("\n\n")[0], re.MULTILINE)
    assert sorted(rows) == sorted(NAMES)


@pytest.mark.parametrize(
    "asked",
    [
        ("nonsense",),
        ("release_holds", "--dry-run"),
        ("erase_old_requests", "--now"),
        ("send_weekly_mail", "--now", "--dry-run"),
    ],
)
def test_what_no_job_does_is_refused(asked: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="run_job"):
        said_by("run_job", *asked)


def by_its_old_name(*arguments: str) -> None:
    """As manage.py does it, but for Django's setup, which would bind the log to this test."""
    utility = Utility(["manage.py", *arguments])
    utility.fetch_command(arguments[0]).run_from_argv(utility.argv)


def test_a_job_is_still_done_under_the_name_that_it_had_as_a_command(
    bare: None, capsys: pytest.CaptureFixture[str]
) -> None:
    held()
    by_its_old_name("release_holds")
    said = capsys.readouterr()
    assert said.out == "1 times freed\n"
    assert "`run_job release_holds`" in said.err
    by_its_old_name("erase_old_requests", "--dry-run")
    assert capsys.readouterr().out == "0 to be erased\n"


def test_a_command_of_its_own_and_an_unknown_one_are_left_to_django(
    bare: None, capsys: pytest.CaptureFixture[str]
) -> None:
    by_its_old_name("send_test_letter")
    assert capsys.readouterr() == ("0 test emails sent\n", "")
    with pytest.raises(SystemExit):
        by_its_old_name("nonsense")
    assert "Unknown command: 'nonsense'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "due", "said"),
    [
        ("release_holds", held, "1 times freed"),
        ("expire_offers", offered, "1 offers ended"),
        ("queue_reminders", soon, "1 reminders queued"),
        ("finish_erasures", emptied, "1 erased"),
    ],
)
def test_a_job_does_what_is_due_once_and_says_how_much(
    name: str, due: Callable[[], Any], said: str
) -> None:
    due()
    assert said_by_job(name) == said
    assert said_by_job(name) == said.replace("1", "0", 1)


def test_a_hold_that_is_over_frees_its_time_and_the_request_stays() -> None:
    consultation = held()
    recurring()["release_holds"].run()
    assert state_of(consultation) == (State.PENDING, None)


def test_the_open_times_are_counted() -> None:
    recurring()["count_open_times"].run()
    number = len(factories.open_times())
    assert Schedule.load().open_times_counted == number
    assert said_by_job("count_open_times") == f"{number} times can be reserved"


def test_an_offer_that_nobody_answered_ends() -> None:
    consultation = offered()
    recurring()["expire_offers"].run()
    assert state_of(consultation) == (State.EXPIRED, None)
    assert not consultation.proposals.exists()


def test_an_erasure_is_finished_when_the_cancellation_has_left() -> None:
    emptied()
    recurring()["finish_erasures"].run()
    assert not ConsultationRequest.objects.exists()


def test_calendars_that_cannot_be_read_count_as_none() -> None:
    factories.busy(timezone.now(), timezone.now() + DAY)
    BusyFeed.objects.update(url="https://127.0.0.1/")
    assert said_by_job("read_busy_feeds") == "0 calendars read"
    assert "public internet" in BusyFeed.objects.get().problem


# The worker


def test_the_worker_does_each_job_once_when_asked(bare: None) -> None:
    consultation, offer = held(), offered()
    soon()
    emptied()
    said = said_by("worker", "--once")
    for line in ("1 times freed", "1 offers ended", "1 reminders queued", "1 erased"):
        assert line in said.splitlines()
    assert state_of(consultation) == (State.PENDING, None)
    assert state_of(offer) == (State.EXPIRED, None)


def test_a_job_that_fails_stops_no_other_and_the_worker_says_which_it_was(
    bare: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(now: datetime) -> Any:
        raise RuntimeError("with a secret in it")

    monkeypatch.setattr(expiry, "reservations_over", fails)
    offer = offered()
    with pytest.raises(CommandError, match=r"Failed: release_holds \(RuntimeError\)$"):
        said_by("worker", "--once")
    assert state_of(offer) == (State.EXPIRED, None)

    offer = offered()
    for job in recurring().values():
        job.run_if_due()
    assert state_of(offer) == (State.EXPIRED, None)
    assert "release_holds failed: RuntimeError" in caplog.text
    assert "secret" not in caplog.text


def test_a_job_waits_for_its_time_also_after_it_failed(bare: None) -> None:
    ran = []

    def fails() -> None:
        ran.append(1)
        raise RuntimeError

    job = jobs.Job("any", fails, seconds=60)
    job.run_if_due()
    job.run_if_due()
    assert len(ran) == 1
    job.next_at = time.monotonic() - 1
    job.run_if_due()
    assert len(ran) == 2


def test_mail_is_looked_at_between_two_calendars(bare: None) -> None:
    for number in range(3):
        BusyFeed.objects.create(
            schedule=Schedule.load(), name="mine", url=f"https://127.0.0.1/{number}"
        )
    every = recurring()
    assert [job.name for job in every.values() if job.is_mail] == list(every)[:3]
    assert list(every)[-1] == "read_busy_feeds"
    unread = BusyFeed.objects.filter(checked_at=None)
    for left in (2, 1, 0, 0):
        for job in every.values():
            job.run_if_due()
        assert unread.count() == left


def test_a_new_calendar_is_looked_for_as_often_as_mail() -> None:
    every = recurring(poll=3)
    seconds = {name: job.seconds for name, job in every.items()}
    assert seconds["send_queued_emails"] == seconds["read_busy_feeds"] == 3
    assert sorted(seconds.values())[-2:] == [3600, 86_400]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL counts by itself")
def test_once_a_day_the_planner_is_told_how_much_is_on_file() -> None:
    factories.consultation_request()
    recurring()["optimize_database"].run()
    with connection.cursor() as cursor:
        cursor.execute("SELECT stat FROM sqlite_stat1 WHERE tbl = 'booking_consultationrequest'")
        assert cursor.fetchall()
