from typing import Any

from django.core.management.base import BaseCommand

from booking.services import presence
from practice.worker import clocks


class Command(BaseCommand):
    help = "Closes the form while a reply is late and nobody has signed in for five working days."

    def handle(self, *args: Any, **options: Any) -> None:
        clocks.refuse_in_doubt()
        closed = presence.note_absence()
        self.stdout.write("The form is closed" if closed else "Nothing to do")
