from typing import Any

from django.core.management.base import BaseCommand

from practice.accounts import purge
from practice.worker import clocks


class Command(BaseCommand):
    help = "Remove sessions that are over and counts of old guesses. The worker does this."

    def handle(self, *args: Any, **options: Any) -> None:
        clocks.refuse_in_doubt()
        purge.forget_old()
        self.stdout.write("Done.")
