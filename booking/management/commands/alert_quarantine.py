from typing import Any

from django.core.management.base import BaseCommand

from booking.services import unopened
from practice.worker import clocks


class Command(BaseCommand):
    help = "Tells the practice, once a day at most, of possible spam that it has not heard of."

    def handle(self, *args: Any, **options: Any) -> None:
        clocks.refuse_in_doubt()
        self.stdout.write(f"{unopened.alert_quarantine():d} alerts owed")
