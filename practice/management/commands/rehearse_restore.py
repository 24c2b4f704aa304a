from typing import Any

from django.core.management.base import BaseCommand

from practice.backups import making, proofs, rehearsing
from practice.backups.commands import plainly, private_key, progress, recording


class Command(BaseCommand):
    help = "Tests a restore: restores a backup apart from the site, compares, and notes the result."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "backup", nargs="?", default="", help="which one, with --key; otherwise the newest"
        )
        words = "the private key, or - to type it; it stays in memory only"
        parser.add_argument("--key", metavar="FILE", help=words)
        parser.add_argument("--progress", action="store_true", help="show progress")

    def handle(self, *args: Any, **options: Any) -> None:
        tell = progress(options["progress"])
        if options["key"] is None:
            with recording(proofs.Kind.REHEARSAL) as note, making.at_work() as scratch:
                restored = rehearsing.by_the_server(scratch, tell)
                note(str(restored))
            proofs.record(
                proofs.Kind.BACKUP, ok=True, what=f"{restored.name}, for the restore test"
            )
        else:
            with plainly():
                private = private_key(options["key"])
            with recording(proofs.Kind.WITH_KEY) as note, making.at_work() as scratch:
                restored = rehearsing.with_key(options["backup"], private, scratch, tell)
                note(str(restored))
        self.stdout.write(f"{restored}.")
