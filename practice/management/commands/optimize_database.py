from typing import Any

from django.core.management.base import BaseCommand

from practice.worker import connections


class Command(BaseCommand):
    help = "Updates the statistics that SQLite plans queries with, as the worker does daily."

    def handle(self, *args: Any, **options: Any) -> None:
        connections.optimize()
