from typing import Any

from django.core.management.base import BaseCommand

from practice.backups import making, proofs, rehearsing
from practice.backups.commands import plainly, private_key, progress, recording


class Command(BaseCommand):
    help = "Restores a backup for trial, compares, erases again, and notes the proof."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "backup", nargs="?", default="", help="with --key: which; without, the newest"
        )
        words = "the private key, or - to be asked for it; it is held in memory alone"
        parser.add_argument("--key", metavar="FILE", help=words)
        parser.add_argument("--progress", action="store_true", help="say how far it is")

    def handle(self, *args: Any, **options: Any) -> None:
        tell = progress(options["progress"])
        if options["key"] is None:
            with recording(proofs.Kind.REHEARSAL) as note, making.at_work() as scratch:
                restored = rehearsing.by_the_server(scratch, tell)
                note(str(restored))
            proofs.record(proofs.Kind.BACKUP, ok=True, what=f"{restored.name}, for the rehearsal")
        else:
            with plainly():
                private = private_key(options["key"])
            with recording(proofs.Kind.WITH_KEY) as note, making.at_work() as scratch:
                restored = rehearsing.with_key(options["backup"], private, scratch, tell)
                note(str(restored))
        self.stdout.write(f"{restored}.")
