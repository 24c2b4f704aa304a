from typing import Any

from django.core.management.base import BaseCommand

from booking.services import expiry
from practice.worker import clocks


class Command(BaseCommand):
    help = "Frees times that were asked for and never answered, as the worker does."

    def handle(self, *args: Any, **options: Any) -> None:
        clocks.refuse_in_doubt()
        self.stdout.write(f"{expiry.end_reservations()} times freed")
