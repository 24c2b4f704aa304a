import signal
import time
from contextlib import suppress
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error
from django.utils import timezone

from practice.website.initial_data import address_site
from practice.worker import clocks, heartbeat, jobs
from practice.worker.clocks import WallClock


class Command(BaseCommand):
    help = "Sends email, frees times, reads calendars and does its other jobs until you stop it."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--once", action="store_true", help="do each job once, then stop")
        parser.add_argument(
            "--poll", type=float, default=2.0, help="seconds between checks for email to send"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stopping = False
        clock = WallClock()
        pulse = heartbeat.Pulse(heartbeat.WORKER, clock)

        def stopping() -> bool:
            pulse.beat()  # between two letters too, since a hundred to a slow server take long
            return self.stopping

        pulse.beat()
        with suppress(Error):  # the database is away; the record is only for people to read
            address_site()
        if options["once"]:
            self._once()
            return
        recurring = jobs.recurring(poll=options["poll"], stopping=stopping, clock=clock)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        while not stopping():
            for job in recurring:
                if not stopping():
                    job.run_if_due()
            time.sleep(min(options["poll"], 0.5))

    def _once(self) -> None:
        """Each as by hand, but what goes by the date only if that is believed. Raises CommandError
        at the end, if any of them failed.
        """
        failed = []
        doubt = clocks.doubt(timezone.now())
        if doubt:
            self.stderr.write(
                f"{doubt} Jobs that go by the date are waiting. If it's right, run "
                "`manage.py date_is_right`."
            )
        for job in jobs.registered().values():
            if job.by_date and doubt:
                continue
            try:
                if said := job.run_by_hand():
                    self.stdout.write(said)
            except Exception as error:
                failed.append(f"{job.name} ({type(error).__name__})")
        if failed:
            raise CommandError(f"Failed: {', '.join(failed)}")

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True
