"""Runs every job that recurs, each also a command of its own."""

import logging
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import close_old_connections

from booking import outbox, services
from practice.models import PracticeSettings

logger = logging.getLogger("booking.worker")


@dataclass
class Job:
    """Something to do every `every` seconds."""

    name: str
    run: Callable[[], object]
    every: float
    next_at: float = 0.0


def erase_old_requests() -> None:
    services.erase_old(PracticeSettings.load().today())


def publish_scheduled() -> None:
    call_command("publish_scheduled", verbosity=0)


class Command(BaseCommand):
    help = "Sends mail, publishes what is scheduled and erases what is over, until it is stopped."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--once", action="store_true", help="each job once, then stop")
        parser.add_argument("--poll", type=float, default=2.0, help="seconds between looks at mail")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stopping = False
        jobs = [
            Job("send_queued_emails", self._send, options["poll"]),
            Job("publish_scheduled", publish_scheduled, 60),
            Job("erase_old_requests", erase_old_requests, 3600),
        ]
        if options["once"]:
            for job in jobs:
                job.run()
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        while not self.stopping:
            for job in jobs:
                self._run_if_due(job)
            time.sleep(min(options["poll"], 0.5))

    def _send(self) -> None:
        outbox.send_due(stopping=lambda: self.stopping)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def _run_if_due(self, job: Job) -> None:
        if self.stopping or time.monotonic() < job.next_at:
            return
        close_old_connections()
        try:
            job.run()
        except Exception as error:  # a job that fails is tried again, and stops no other
            logger.error("%s failed: %s", job.name, type(error).__name__)
        job.next_at = time.monotonic() + job.every
