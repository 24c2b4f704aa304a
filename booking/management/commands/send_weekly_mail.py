from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from booking.letters import weekly
from practice.worker import clocks


class Command(BaseCommand):
    help = "Promises the weekly mail to the therapist if this week's is due, as the worker does."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--now", action="store_true", help="one more, whichever day it is")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["now"]:
            weekly.promise()
            owed = 1
        else:
            clocks.refuse_in_doubt()
            owed = int(weekly.promise_if_due(timezone.now()))
        self.stdout.write(f"{owed} weekly mails owed")
