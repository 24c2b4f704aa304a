from typing import Any

from django.core.management.base import BaseCommand

from booking.services import counts
from practice.worker import clocks


class Command(BaseCommand):
    help = "Deletes what was counted against spam on days that are over, as the worker does."

    def handle(self, *args: Any, **options: Any) -> None:
        clocks.refuse_in_doubt()
        self.stdout.write(f"{counts.forget_counts()} counts forgotten")
