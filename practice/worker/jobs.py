"""What recurs: each app registers its jobs when it is ready, and the worker does them in turn.

Any number of workers may run, each with all of these. A job changes only what is as it was read,
or what nobody else has taken; one that cannot say so of itself is done by turns.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import close_old_connections
from django.utils import timezone

from practice.http import request_ids
from practice.jurisdiction import zone_data
from practice.worker import heartbeat
from practice.worker.clocks import WallClock
from practice.worker.connections import close_if_moved

logger = logging.getLogger(__name__)

LOOKS_AGAIN = 10.0  # seconds, at a clock that is not believed


@dataclass
class Job:
    name: str
    run: Callable[..., Any]
    help: str = ""
    says: Callable[[Any], str] = "".format  # what it did, made from what `run` returned
    by_hand: Callable[[], Any] | None = None  # instead of `run`, where a person asks for it
    options: Mapping[str, Callable[[], str]] = field(default_factory=dict)  # "dry_run" or "now"
    seconds: float = 60.0
    is_mail: bool = False  # first of all, and told whether the worker stops and believes its clock
    is_slow: bool = False  # may take seconds: last of all, so that the next is mail again
    by_date: bool = True  # waits while the date may be wrong, which must end nothing
    by_turns: bool = False  # two workers must not do it at once
    clock: WallClock | None = None  # of the worker, where it goes by the date
    next_at: float = 0.0  # by the monotonic clock

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

    def run_by_hand(self) -> str:
        """Does it once, due or not; what it did, or "" where there is nothing to say."""
        return self.says((self.by_hand or self.run)())


_registered: dict[str, Job] = {}


def register(*jobs: Job) -> None:
    """Call it when an app is ready. What it registers is done in this order."""
    _registered.update((job.name, job) for job in jobs)


def registered() -> dict[str, Job]:
    """Every job by its name, as it is done by hand: mail first, what is slow last."""
    every = sorted(_registered.values(), key=lambda job: (not job.is_mail, job.is_slow))
    return {job.name: job for job in every}


def recurring(
    *, poll: float, stopping: Callable[[], bool], clock: WallClock | None = None
) -> list[Job]:
    """Every job as a worker does it; `poll` is how many seconds lie between two looks at mail."""
    clock = clock or WallClock()
    sends = {"stopping": stopping, "believed": clock.is_believed}
    return [
        replace(
            job,
            run=partial(job.run, **sends) if job.is_mail else job.run,
            seconds=poll if job.is_mail or job.is_slow else job.seconds,
            clock=clock if job.by_date else None,
        )
        for job in registered().values()
    ]
