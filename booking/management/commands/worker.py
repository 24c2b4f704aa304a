"""Runs every job that recurs, each also a command of its own."""

import signal
import time
from contextlib import suppress
from types import FrameType
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import Error
from django.utils import timezone

from booking import jobs
from practice.website.initial_data import address_site
from practice.worker import clocks, heartbeat
from practice.worker.clocks import WallClock


class Command(BaseCommand):
    help = "Sends mail, frees times, reads calendars and does all else that recurs, until stopped."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--once", action="store_true", help="each job once, then stop")
        parser.add_argument("--poll", type=float, default=2.0, help="seconds between looks at mail")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stopping = False
        clock = WallClock()
        pulse = heartbeat.Pulse(heartbeat.WORKER, clock)

        def stopping() -> bool:
            pulse.beat()  # between two letters too, since a hundred to a slow server take long
            return self.stopping

        recurring = jobs.recurring(poll=options["poll"], stopping=stopping, clock=clock)
        pulse.beat()
        with suppress(Error):  # the database is away; the record is only for people to read
            address_site()
        if options["once"]:
            self._once(recurring)
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        while not stopping():
            for job in recurring:
                if not stopping():
                    job.run_if_due()
            time.sleep(min(options["poll"], 0.5))

    def _once(self, recurring: list[jobs.Job]) -> None:
        """Each as its own command, but what goes by the date only if that is believed.

        Raises CommandError at the end, if any of them failed.
        """
        failed = []
        doubt = clocks.doubt(timezone.now())
        if doubt:
            self.stderr.write(
                f"{doubt} Whatever goes by the date waits. If it's right, run "
                "`manage.py date_is_right`."
            )
        for job in recurring:
            if job.clock and doubt:
                continue
            try:
                call_command(job.name, stdout=self.stdout)
            except Exception as error:
                failed.append(f"{job.name} ({type(error).__name__})")
        if failed:
            raise CommandError(f"Failed: {', '.join(failed)}")

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True
