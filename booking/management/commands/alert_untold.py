from typing import Any

from django.core.management.base import BaseCommand

from booking.services import unopened


class Command(BaseCommand):
    help = "Owes the second address a word on alerts that the practice does not get."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{unopened.alert_untold():d} alerts owed")
