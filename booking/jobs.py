"""What recurs, and how often. Each job is also a command of the same name.

Any number of workers may run, each with all of these. A job changes only what is as it was read,
or what nobody else has taken; one that cannot say so of itself is done by turns.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.core.management import call_command
from django.db import close_old_connections
from django.utils import timezone

from booking.busy import sync
from booking.erasure import database_files, erasing, retention
from booking.ledger import tombstones, wishes
from booking.letters import outbox, weekly
from booking.services import counts, expiry, presence, unopened
from practice.accounts import letters, purge
from practice.deletion import deleted_pages
from practice.http import request_ids
from practice.jurisdiction import zone_data
from practice.mail import proof
from practice.models import PracticeSettings
from practice.worker import heartbeat
from practice.worker.clocks import WallClock
from practice.worker.connections import close_if_moved, optimize

logger = logging.getLogger(__name__)


LOOKS_AGAIN = 10.0  # seconds, at a clock that is not believed


@dataclass
class Job:
    """Something to do every so many seconds."""

    name: str
    run: Callable[[], object]
    seconds: float
    next_at: float = 0.0  # by the monotonic clock
    clock: WallClock | None = None  # of a job that goes by the date: a wrong one must end nothing
    by_turns: bool = False  # of a job that two workers must not do at once

    def run_if_due(self) -> None:
        """Does it when its time has come. What fails is tried again, and stops no other job."""
        if time.monotonic() < self.next_at:
            return
        close_old_connections()
        close_if_moved()
        zone_data.refresh()
        with request_ids.numbered():
            try:
                if self.clock and not self.clock.is_believed():
                    self.next_at = time.monotonic() + min(self.seconds, LOOKS_AGAIN)
                    return
                if not self.by_turns or heartbeat.take_turn(
                    self.name, timezone.now(), timedelta(seconds=self.seconds)
                ):
                    self.run()
            except Exception as error:
                logger.error("%s failed: %s", self.name, type(error).__name__)
        self.next_at = time.monotonic() + self.seconds


def recurring(
    *, poll: float, stopping: Callable[[], bool], clock: WallClock | None = None
) -> list[Job]:
    """Every job, mail first; `poll` is how many seconds lie between two looks at mail."""
    clock = clock or WallClock()
    believed = clock.is_believed
    return [
        Job("send_queued_emails", lambda: outbox.send_due(100, stopping, believed), poll),
        Job("send_account_links", letters.send_due, poll),
        Job("send_test_letter", proof.send_due, poll),
        Job("release_holds", expiry.end_reservations, 60, clock=clock),
        Job("expire_offers", expiry.expire_offers, 60, clock=clock),
        Job("queue_reminders", expiry.queue_reminders, 60, clock=clock),
        Job("alert_unopened", unopened.alert_unopened, 60, clock=clock),
        Job("alert_untold", unopened.alert_untold, 60),
        Job("note_absence", presence.note_absence, 60, clock=clock),
        Job("alert_quarantine", unopened.alert_quarantine, 60, clock=clock),
        Job("publish_scheduled", _publish, 60, clock=clock, by_turns=True),
        Job("finish_erasures", erasing.finish_erasures, 60),
        Job("count_open_times", counts.count_open_times, 60, clock=clock),
        Job("forget_counts", counts.forget_counts, 600, clock=clock),
        Job("forget_old_sessions", purge.forget_old, 600, clock=clock),
        Job("forget_deleted_pages", _forget_deleted_pages, 3600, clock=clock),
        Job("send_weekly_mail", _owe_weekly_mail, 900, clock=clock),
        Job("erase_old_requests", _erase_old, 3600, clock=clock),
        Job("scrub_database", _scrub_if_due, 900, by_turns=True),
        Job("optimize_database", optimize, 86_400),
        # Looks for a calendar that is due and reads one at a time. A slow one takes seconds, so
        # it is last: the next is mail again.
        Job("read_busy_feeds", lambda: sync.read_next(timezone.now()), poll, clock=clock),
    ]


def _publish() -> None:
    call_command("publish_scheduled", verbosity=0)


def _forget_deleted_pages() -> int:
    return deleted_pages.forget_old(timezone.now())


def _owe_weekly_mail() -> bool:
    return weekly.promise_if_due(timezone.now())


def _erase_old() -> int:
    return retention.erase_old(PracticeSettings.load().today())


def _scrub_if_due() -> None:
    """By night, since PostgreSQL locks each table while it is written anew."""
    tombstones.write_missing()
    wishes.count_uncounted()
    wishes.write_missing()
    now = timezone.now()
    if database_files.is_due(now, now.astimezone(PracticeSettings.load().zone).hour):
        database_files.scrub()
