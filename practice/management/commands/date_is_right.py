from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from practice.worker import clocks


class Command(BaseCommand):
    """What waits for it goes on within a minute. Look at `date` on the server first.

    The button on the admin's first page does the same.
    """

    help = "Confirms the server's date, so the jobs that were waiting can run."

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        clocks.call_right(now)
        self.stdout.write(f"The date is right: {clocks.in_words(now)}.")
