from typing import Any

from django.core.management.base import BaseCommand

from booking.services import counts
from practice.worker import clocks


class Command(BaseCommand):
    help = "Counts the open times. Requests that nobody opened may reserve half of them."

    def handle(self, *args: Any, **options: Any) -> None:
        clocks.refuse_in_doubt()
        self.stdout.write(f"{counts.count_open_times()} times can be reserved")
