import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from practice.backups import BackupProblem, making, owning, restoring, stores
from practice.backups.commands import plainly, private_key, progress

NEXT = """\
Now:
1. manage.py check_recovery_kit     (do the keys on paper read everything that came back?)
2. manage.py check --deploy --database default
3. /opt/practice/current/deploy/install, or whatever starts the web server and the worker here.
   Emails that were still due when the backup was made go out again, so a few people may get one
   twice.
4. manage.py backup     (it tells you if it needs --take-over)
"""


class Command(BaseCommand):
    """Stop the web server and the worker first.

    The backup is unpacked and held against its manifest before anything here is touched.
    """

    help = "Restores a backup into an empty site, and honors what was erased and asked for since."
    requires_system_checks = []

    def add_arguments(self, parser: Any) -> None:
        words = "a file, a folder or s3://bucket/prefix, or a name in BACKUP_TO; "
        words += "otherwise the newest there"
        parser.add_argument("backup", nargs="?", default="", help=words)
        words = "the private key; otherwise you type it"
        parser.add_argument("--key", default="", metavar="FILE", help=words)
        for option, words in {
            "--replace": "even if this site already has something in it",
            "--other-keys": "even if it was made with keys that aren't in FIELD_ENCRYPTION_KEYS",
            "--progress": "show progress",
        }.items():
            parser.add_argument(option, action="store_true", help=words)
        words = "for a restore test: only write the numbers to FILE as JSON"
        parser.add_argument("--report", metavar="FILE", help=words)

    def handle(self, *args: Any, **options: Any) -> None:
        with plainly(), making.at_work() as scratch:
            if not options["replace"]:
                restoring.refuse_if_in_use()
            store, name = restoring.find(options["backup"])
            private = private_key(options["key"])
            how = {key: options[key] for key in ("replace", "other_keys")}
            order = restoring.Order(store, name, private, **how)
            restored = restoring.restore(order, scratch, progress(options["progress"]))
        if options["report"]:
            Path(options["report"]).write_text(json.dumps(asdict(restored)))
        self.stdout.write(f"{restored}.")
        if restored.own:
            self.stdout.write(f"The practice's own templates and styles are in {restored.own}.")
        if restored.unreadable:
            self.stderr.write(
                f"{restored.unreadable} values can't be read with the FIELD_ENCRYPTION_KEYS set "
                "here: a key is missing. docs/operator/keys.md says what to do."
            )
        if not options["report"]:
            self.take_over(store)
        self.stdout.write(NEXT)

    def take_over(self, store: stores.Store) -> None:
        """What lies in BACKUP_TO goes on as this site's, if that is where the backup came from."""
        try:
            if not settings.BACKUP_TO or stores.at(settings.BACKUP_TO).address != store.address:
                return
            if owning.owner(store)[0] != owning.here():
                owning.take_over(store)
                self.stdout.write(
                    "From now on this installation makes the backups in BACKUP_TO. The one that "
                    "made them before can't anymore."
                )
        except (BackupProblem, OSError) as problem:
            self.stderr.write(
                f"Everything came back, but this site couldn't take over BACKUP_TO: {problem} "
                "Once that's fixed, run `manage.py backup --take-over`."
            )
