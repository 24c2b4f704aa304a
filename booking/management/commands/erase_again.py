from typing import Any

from django.core.management.base import BaseCommand

from booking import services


class Command(BaseCommand):
    """Run it after every restore, before the site is opened."""

    help = "Erases again what had been erased before a backup brought it back."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{services.erase_again()} erased again")
