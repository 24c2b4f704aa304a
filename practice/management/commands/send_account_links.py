from typing import Any

from django.core.management.base import BaseCommand

from practice.accounts import letters


class Command(BaseCommand):
    help = "Send the links to choose a password that are owed. The worker does this by itself."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Sent: {letters.send_due()}")
