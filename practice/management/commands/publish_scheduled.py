from typing import Any

from wagtail.management.commands import publish_scheduled

from practice.worker import clocks


class Command(publish_scheduled.Command):
    """Wagtail's, by a date that is believed: it also takes pages down."""

    def handle(self, *args: Any, **options: Any) -> None:
        clocks.refuse_in_doubt()
        super().handle(*args, **options)
