from typing import Any

from django.core.management.base import BaseCommand

from booking import samples


class Command(BaseCommand):
    """Does nothing where there are hours, so that a second run, or one on a real site, is safe."""

    help = "Give the schedule sample weekly hours if it has none."

    def handle(self, *args: Any, **options: Any) -> None:
        samples.load_hours()
