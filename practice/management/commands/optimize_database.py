from typing import Any

from django.core.management.base import BaseCommand

from practice import connections


class Command(BaseCommand):
    help = "Counts what the database plans its queries by, as the worker does once a day."

    def handle(self, *args: Any, **options: Any) -> None:
        connections.optimize()
