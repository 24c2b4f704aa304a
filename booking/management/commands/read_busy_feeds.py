from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from booking.busy import sync
from practice.worker import clocks


class Command(BaseCommand):
    help = "Reads the therapist's other calendars at once; the worker does so every few minutes."

    def handle(self, *args: Any, **options: Any) -> None:
        clocks.refuse_in_doubt()
        self.stdout.write(f"{sync.read_all(timezone.now())} calendars read")
