from typing import Any

from django.core.management.base import BaseCommand

from booking import services


class Command(BaseCommand):
    help = "Owes the practice a word on possible spam that it has not heard of, once a day."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{services.alert_quarantine():d} alerts owed")
