import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from booking import services


class Command(BaseCommand):
    """The address is asked for, or read from standard input: an argument would stay in the
    shell's history and in the list of processes.
    """

    help = "Writes a copy of everything on file about a person, found by e-mail or telephone."

    def handle(self, *args: Any, **options: Any) -> None:
        copy = services.export_person(ask())
        self.stdout.write(json.dumps(copy, indent=2, ensure_ascii=False))
        self.stderr.write(f"{len(copy)} requests")


def ask() -> str:
    """The e-mail address or telephone number that somebody types. Raises CommandError for none."""
    if sys.stdin.isatty():
        sys.stderr.write("E-mail address or telephone: ")
        sys.stderr.flush()
    contact = sys.stdin.readline().strip()
    if not contact:
        raise CommandError("Whose data? Type an e-mail address or a telephone number.")
    return contact
