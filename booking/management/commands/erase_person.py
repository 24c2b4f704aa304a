import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from booking.erasure import data_requests
from booking.management.commands.export_person import ask, said
from practice.monitoring import counted


class Command(BaseCommand):
    help = "Erases everything on file about a person, found by email or phone."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--yes", action="store_true", help="don't ask first")

    def handle(self, *args: Any, **options: Any) -> None:
        contact = ask()
        if not options["yes"]:
            self.stderr.write(
                f"This erases everything on file for {data_requests.read(contact)}. "
                "You can't undo it. Type yes to erase: ",
                ending="",
            )
            self.stderr.flush()
            if sys.stdin.readline().strip() != "yes":
                raise CommandError("Nothing was erased.")
        found, held = data_requests.erase_person(contact)
        self.stdout.write(f"{counted(found - held, 'request')} erased")
        if held:
            self.stdout.write(f"{counted(held, 'request')} on legal hold, erased when it ends")
        self.stdout.write(said(contact))
