from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from practice.deletion import deleted_pages
from practice.worker import clocks


class Command(BaseCommand):
    help = "Deletes for good the pages that were deleted 30 days ago, as the worker does."

    def handle(self, *args: Any, **options: Any) -> None:
        clocks.refuse_in_doubt()
        self.stdout.write(f"{deleted_pages.forget_old(timezone.now())} pages forgotten")
