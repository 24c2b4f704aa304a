from typing import Any

from django.core.management.base import BaseCommand

from booking.erasure import honoring


class Command(BaseCommand):
    """Run it after every restore, before the site is opened."""

    help = "Erases again what a backup brought back, and honors what visitors asked for since."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(honoring.do_again())
