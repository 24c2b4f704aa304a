from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from practice.backups import erasures, making, proofs, sealing, stores
from practice.backups.commands import plainly, progress, recording
from practice.encryption.paper import grouped
from practice.worker import clocks


class Command(BaseCommand):
    help = "Makes an encrypted backup of the database and uploads while the site is running."

    def add_arguments(self, parser: Any) -> None:
        for option, words in {
            "--new-key": "print a new pair of keys and stop",
            "--tombstones": "only copy the file of what was erased and what people asked for since",
            "--take-over": "use this place from now on, because the installation that used it is "
            "gone for good",
            "--list": "only list the backups",
            "--progress": "show progress",
        }.items():
            parser.add_argument(option, action="store_true", help=words)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["new_key"]:
            self.new_key()
        elif options["list"]:
            with plainly():
                for name in stores.complete(stores.at(settings.BACKUP_TO)):
                    self.stdout.write(name)
        elif options["tombstones"]:
            with plainly():
                store = stores.at(settings.BACKUP_TO)
                store.workplace(settings.DATA_DIR)
                erasures.copy_to(store)
        else:
            with recording(proofs.Kind.BACKUP) as note, making.at_work() as scratch:
                tell = progress(options["progress"])
                made = making.make(scratch, tell, take_over=options["take_over"])
                note(str(made))
            self.stdout.write(f"{made}\nRead back after writing: it matches.")
            if doubt := clocks.doubt(timezone.now()):
                self.stderr.write(
                    f"{doubt} So this backup carries that last date, and no old one was deleted. "
                    "If the clock is right, run `manage.py date_is_right`."
                )

    def new_key(self) -> None:
        private, public = sealing.new_pair()
        letters = private.removeprefix(sealing.BEGINS)
        self.stdout.write(
            f"The private key, which opens every backup. You see it only now; it isn't stored.\n"
            f"Write it down or print it, store it away from this server, and make a second copy:\n"
            f"\n    {sealing.BEGINS}"
            f"\n    {grouped(letters[:32])}"
            f"\n    {grouped(letters[32:])}\n\n"
            f"When you type it, you can leave out the spaces.\n\n"
            f"The public key, for the site's settings:\n"
            f"\n    BACKUP_RECIPIENT={public}\n"
        )
