"""Two workers on one database: each thing that is due is done once, and nobody waits for another.

SQLite lets one write at a time, which hides most of it; PostgreSQL shows what does not guard.
"""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone
from wagtail.models import PageLogEntry, Revision

from blog.models import ArticleIndexPage, ArticlePage
from booking.busy import fetching, sync
from booking.letters import outbox, weekly
from booking.models import (
    BusyFeed,
    ConsultationRequest,
    ErasedCount,
    OutgoingEmail,
    Proposal,
    RequestEvent,
    Schedule,
    State,
)
from practice.accounts import letters
from practice.mail import proof
from practice.models import DeletedPage, Heartbeat, HomePage, PracticeSettings
from practice.worker import heartbeat, jobs
from tests import factories
from tests.faults.test_races import at_once

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
CALENDAR = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


@pytest.fixture(autouse=True)
def practice_day(committed: HomePage) -> None:
    factories.practice_settings(second_email="second@practice.example")
    factories.schedule()


# --- The outbox ------------------------------------------------------------------------------


def owed(number: int) -> set[int]:
    made = [outbox.promise("weekly", OutgoingEmail.Recipient.PRACTICE) for _ in range(number)]
    return {one.pk for one in made}


def takes_all() -> list[int]:
    """What one worker could claim until there was nothing left."""
    mine = []
    while outgoing := outbox.Outbox().claim(timezone.now()):
        mine.append(outgoing.pk)
    return mine


def test_no_letter_is_taken_by_two() -> None:
    for _ in range(3):
        there = owed(60)
        taken = at_once([takes_all] * 4)
        assert sorted(pk for mine in taken for pk in mine) == sorted(there)


def test_what_is_gathered_leaves_as_one_letter_however_many_workers_look() -> None:
    for _ in range(3):
        OutgoingEmail.objects.all().delete()
        mail.outbox.clear()
        for _ in range(30):
            outbox.promise("alert_erased", OutgoingEmail.Recipient.PRACTICE)
        at_once([outbox.send_due] * 4)
        assert len(mail.outbox) == 1
        assert "30 visitors deleted a request" in mail.outbox[0].body
        assert not OutgoingEmail.objects.filter(sent_at=None).exists()


@pytest.fixture
def being_taken() -> Iterator[OutgoingEmail]:
    """The letter that is due first, which another worker is taking for as long as the test lasts.

    It is another connection that holds its row.
    """
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets one transaction write at a time, so there is none to skip")
    owed(2)
    first = OutgoingEmail.objects.order_by("next_try_at", "pk").first()
    assert first is not None
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT FROM booking_outgoingemail WHERE id = %s FOR UPDATE", [first.pk])
        yield first
        cursor.execute("ROLLBACK")
    other.close()


def test_while_one_takes_a_letter_another_takes_the_next(being_taken: OutgoingEmail) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")  # who waited would fail
    taken = [outbox.Outbox().claim(timezone.now()) for _ in range(2)]
    assert [one and one.pk != being_taken.pk for one in taken] == [True, None]


# --- All else that recurs ---------------------------------------------------------------------


def all_that_is_due(article: ArticlePage) -> None:
    """For each job something to do."""
    now = timezone.now()
    PracticeSettings.objects.update(reviewer_seen_at=now - 30 * DAY)
    ahead = {"starts_at": now + 2 * DAY, "ends_at": now + 2 * DAY + 20 * MINUTE}
    factories.consultation_request(**ahead, holds_until=now - MINUTE)
    offered = factories.consultation_request(state=State.PROPOSED, holds_until=now - MINUTE)
    Proposal.objects.create(request=offered, **ahead)
    soon = {"starts_at": now + 120 * MINUTE, "ends_at": now + 140 * MINUTE}
    long_ago = {"state_since": now - 5 * DAY}
    factories.consultation_request(state=State.CONFIRMED, **soon, **long_ago)
    factories.consultation_request(state=State.PENDING, **long_ago)
    over = {"state": State.DECLINED, "state_since": now - 4000 * DAY}
    factories.consultation_request(received_at=now - 4000 * DAY, **over)
    BusyFeed.objects.create(schedule=Schedule.load(), name="Mine", url="https://calendar.example/")
    letters.ask_for_link(factories.user("somebody@example.com"))
    proof.ask("somewhere@example.com")
    Heartbeat.objects.create(pk=weekly.MARK, seen_at=now - 30 * DAY)
    DeletedPage.objects.create(page_id=0, parent_id=0, content={}, deleted_at=now - 31 * DAY)
    article.title = "Published once"
    article.go_live_at = now - MINUTE
    revision = article.save_revision()
    Revision.objects.filter(pk=revision.pk).update(approved_go_live_at=now - MINUTE)


def reads_into(reads: list[str]) -> sync.Fetch:
    """Reads empty calendars, slowly, and notes their addresses in `reads`."""

    def fetch(url: str, **kwargs: Any) -> fetching.Fetched:
        reads.append(url)
        time.sleep(0.05)
        return fetching.Fetched(CALENDAR, "", "")

    return fetch


def works(reads: list[str]) -> Callable[[], None]:
    """One round of a worker. `reads` gets the address of each calendar that it reads."""

    fetch = reads_into(reads)

    def work() -> None:
        every = {job.name: job for job in jobs.recurring(poll=0, stopping=lambda: False)}
        every["read_busy_feeds"].run = lambda: sync.read_next(timezone.now(), fetch=fetch)
        for job in every.values():
            job.run_if_due()

    return work


def test_whatever_is_due_two_workers_do_once(
    caplog: pytest.LogCaptureFixture, bio: Any, settings: Any
) -> None:
    settings.ALERTS_GATHERED_FOR = 0  # each leaves by itself, and can be counted
    article = factories.article(ArticleIndexPage.objects.get(), author=bio)
    all_that_is_due(article)
    begun = ConsultationRequest.objects.count()
    reads: list[str] = []
    at_once([works(reads)] * 2)
    at_once([works(reads)] * 2)  # and what one round left for the next
    assert [line for line in caplog.messages if "failed" in line] == []
    ids = [message.extra_headers.get("Message-ID") for message in mail.outbox]
    from_outbox = [one for one in ids if one]
    assert len(from_outbox) == len(set(from_outbox)) == OutgoingEmail.objects.count()
    assert sorted(m.to[0] for m in mail.outbox if "some" in m.to[0]) == [
        "somebody@example.com",
        "somewhere@example.com",
    ]
    kinds = OutgoingEmail.objects.values_list("kind", flat=True)
    for kind in "alert_late alert_nobody_home alert_changed reminder_one_day weekly".split():
        assert list(kinds).count(kind) == 1, kind
    events = list(RequestEvent.objects.values_list("kind", flat=True))
    assert events.count(RequestEvent.Kind.HOLD_ENDED) == 1
    assert events.count(RequestEvent.Kind.OFFER_ENDED) == 1
    assert ConsultationRequest.objects.count() == begun - 1
    assert [count.requests for count in ErasedCount.objects.all()] == [1]
    assert reads == ["https://calendar.example/"]
    published = PageLogEntry.objects.filter(action="wagtail.publish.scheduled", page=article.pk)
    assert published.count() == 1
    assert not DeletedPage.objects.exists()


def test_a_calendar_that_is_due_is_read_by_one() -> None:
    for _ in range(5):
        BusyFeed.objects.all().delete()
        BusyFeed.objects.create(schedule=Schedule.load(), name="Mine", url="https://a.example/")
        reads: list[str] = []
        fetch = reads_into(reads)
        at_once([partial(sync.read_next, timezone.now(), fetch=fetch) for _ in range(4)])
        assert len(reads) == 1


def test_a_calendar_read_by_a_server_whose_clock_is_ahead_is_not_read_again_at_once() -> None:
    BusyFeed.objects.create(schedule=Schedule.load(), name="Mine", url="https://a.example/")
    reads: list[str] = []
    now, fetch = timezone.now(), reads_into(reads)
    for clock in (now, now - timedelta(seconds=3), now + timedelta(seconds=3)):
        sync.read_next(clock, fetch=fetch)
    assert len(reads) == 1
    sync.read_next(now - DAY, fetch=fetch)
    assert len(reads) == 2, "the clock was a day ahead, and is set back"


def test_a_turn_is_one_workers() -> None:
    now = timezone.now()
    take = partial(heartbeat.take_turn, "any", every=MINUTE)
    for later in (timedelta(), MINUTE, 2 * MINUTE):
        assert sum(at_once([partial(take, now=now + later)] * 6)) == 1
    assert not take(now=now + 2.5 * MINUTE)
    assert take(now=now - DAY), "the clock was wrong, and is set back"


def test_a_job_that_is_done_by_turns_is_done_by_one_of_two() -> None:
    ran: list[int] = []
    job = partial(jobs.Job, "any", lambda: ran.append(1), seconds=60)
    for is_by_turns, times in ((False, 2), (True, 1)):
        ran.clear()
        at_once([job(by_turns=is_by_turns).run_if_due for _ in range(2)])
        assert len(ran) == times
