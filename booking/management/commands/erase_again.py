from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from booking.erasure import erasing, honoring, retention
from practice.models import PracticeSettings
from practice.worker import clocks


class Command(BaseCommand):
    """Run it after every restore, before the site is opened.

    By somebody's wish first, then whatever else was wished since, and then what is over, as the
    worker does every hour.
    """

    help = "Erases again what a backup brought back, and honors what else was wished since."

    def handle(self, *args: Any, **options: Any) -> None:
        said = f"{erasing.erase_again()} erased again, {honoring.honor_wishes()} wishes honored"
        if doubt := clocks.doubt(timezone.now()):
            said += (
                f". {doubt} So nothing was erased by age. If the date is right, run "
                "`manage.py date_is_right`, then this again."
            )
        else:
            today = PracticeSettings.load().today()
            said += f", {retention.erase_old(today)} erased by age"
            if stopped := retention.stopped(today):
                said += f", {stopped.number} more wait until {stopped.until:%Y-%m-%d}"
        self.stdout.write(said)
