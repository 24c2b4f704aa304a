from typing import Any

from django.core.management.base import BaseCommand

from booking.erasure import erasing


class Command(BaseCommand):
    help = "Erases what waited for a cancellation to leave, as the worker does."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{erasing.finish_erasures()} erased")
