from typing import Any

from django.core.management.base import BaseCommand

from booking.letters import outbox


class Command(BaseCommand):
    help = "Sends the messages that are due, once; the worker does so all the time."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{outbox.send_due()} sent")
