from typing import Any

from django.core.management.base import BaseCommand

from booking.erasure import retention
from practice.models import PracticeSettings
from practice.worker import clocks


class Command(BaseCommand):
    """Erases requests that ended longer ago than the practice keeps them.

    The form promises it; the worker does it every hour. Open requests are never touched.
    """

    help = "Erases what came to its end longer ago than the settings say it is kept."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many")

    def handle(self, *args: Any, **options: Any) -> None:
        today = PracticeSettings.load().today()
        if options["dry_run"]:
            count = retention.over_by(today).count()
            self.stdout.write(f"{count} to be erased")
            return
        clocks.refuse_in_doubt()
        self.stdout.write(f"{retention.erase_old(today)} erased")
        if stopped := retention.stopped(today):
            self.stdout.write(
                f"{stopped.number} at once is a lot, so they wait until {stopped.until:%Y-%m-%d}. "
                "Check the date, and how long requests are kept."
            )
