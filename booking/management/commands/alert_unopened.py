from typing import Any

from django.core.management.base import BaseCommand

from booking.services import unopened
from practice.worker import clocks


class Command(BaseCommand):
    help = "Owes the second address a word on requests that nobody opened by half their promise."

    def handle(self, *args: Any, **options: Any) -> None:
        clocks.refuse_in_doubt()
        self.stdout.write(f"{unopened.alert_unopened()} alerts owed")
