import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from practice import keys, recovery


class Command(BaseCommand):
    """Proves that the paper works, by what was typed from it alone.

    Type the lines of the keys, an empty line last, or hand them over as a file on standard
    input. The keys in force are not looked at but to say whether the paper is up to date.
    """

    help = "Checks that the recovery kit on paper reads everything in this database."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--env", action="store_true", help="only print the line for .env, for a new machine"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if sys.stdin.isatty():
            self.stderr.write("Type the lines of each key, then an empty line.")
        try:
            on_paper = recovery.keys_from(typed())
        except recovery.Misread as slip:
            raise CommandError(str(slip)) from slip
        if not on_paper:
            raise CommandError("There was no line of a key. One begins with 1a.")
        if options["env"]:
            self.stdout.write(f"FIELD_ENCRYPTION_KEYS={','.join(on_paper)}")
            return
        self._read_everything(on_paper)
        if settings.FIELD_ENCRYPTION_KEYS[0] not in on_paper:
            raise CommandError(
                "The key with which this site encrypts now is not on the paper. "
                "Print a new kit with `manage.py recovery_kit`."
            )
        self.stdout.write("The paper is good, and holds the key with which this site encrypts.")

    def _read_everything(self, on_paper: list[str]) -> None:
        try:
            count = keys.count(on_paper)
        except DatabaseError as problem:
            raise CommandError("The database cannot be read; is the backup in place?") from problem
        readable = count.current + count.rotated
        self.stdout.write(f"{readable} values can be read with what is on the paper.")
        if count.unreadable:
            raise CommandError(
                f"{count.unreadable} values cannot: the paper lacks a key. "
                "Print a new kit with `manage.py recovery_kit`."
            )


def typed() -> str:
    """What stands on standard input, up to an empty line where somebody types."""
    if not sys.stdin.isatty():
        return sys.stdin.read()
    lines = []
    while line := sys.stdin.readline().strip():
        lines.append(line)
    return "\n".join(lines)
