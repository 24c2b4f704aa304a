import itertools
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from practice.encryption import paper, rotation


class Command(BaseCommand):
    """Asks for line after line in a terminal, or takes a file on standard input. The keys in force
    are not looked at but to say whether the paper is up to date.
    """

    help = "Checks that the keys on your paper recovery kit read everything in this database."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--env", action="store_true", help="only print the line for .env, for a new machine"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            on_paper = paper.keys_from(self._typed() if sys.stdin.isatty() else sys.stdin.read())
        except paper.Misread as slip:
            raise CommandError(str(slip)) from slip
        if not on_paper:
            raise CommandError("There was no line of a key. The first begins with 1a.")
        if options["env"]:
            self.stdout.write(f"FIELD_ENCRYPTION_KEYS={','.join(on_paper)}")
            return
        try:
            count = rotation.count(on_paper)
        except DatabaseError as problem:
            raise CommandError("The database can't be read. Is the backup in place?") from problem
        readable = count.current + count.rotated
        self.stdout.write(f"{readable} values can be read with the keys on paper.")
        if count.unreadable:
            raise CommandError(
                f"{count.unreadable} values can't: the paper is missing a key. "
                "Print a new kit with `manage.py recovery_kit`."
            )
        if settings.FIELD_ENCRYPTION_KEYS[0] not in on_paper:
            raise CommandError(
                "The key that this site encrypts with now isn't on the paper. "
                "Print a new kit with `manage.py recovery_kit`."
            )
        self.stdout.write("The paper is good. It has the key that this site encrypts with.")

    def _typed(self) -> str:
        """The lines of each key, as somebody types them; each is right, or is asked for again."""
        self.stderr.write(
            "Type what's on the paper after each label. Lowercase is fine, and spaces don't "
            "matter. When there are no more keys, press Enter on an empty line."
        )
        lines = []
        for number, letter in ((n, each) for n in itertools.count(1) for each in paper.LETTERS):
            line = self._line(f"{number}{letter}", ends=letter == paper.LETTERS[0])
            if not line:
                break
            lines.append(line)
        return "\n".join(lines)

    def _line(self, label: str, *, ends: bool) -> str:
        """The line with this label; "" for an empty one, where that `ends` it."""
        while True:
            self.stderr.write(f"{label}  ", str, "")  # standard output is for the line of --env
            try:
                words = input().split()
            except EOFError as end:
                raise CommandError("Stopped before the last line.") from end
            if words[:1] and words[0].lower() == label:
                del words[0]
            rest = " ".join(words)
            if not rest and ends:
                return ""
            try:
                paper.part_of(label, rest)
            except paper.Misread as slip:
                self.stderr.write(f"{slip} Try again:" if rest else "This line is still needed:")
            else:
                return f"{label}  {rest}"
