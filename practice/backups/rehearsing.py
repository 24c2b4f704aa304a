"""A restore for trial, in a scratch place, by the very command that a bad day would need.

- **By the server alone**, every week, of a backup that it makes for two keys: BACKUP_RECIPIENT, and
  one that it holds in memory alone. So archive, encryption, store and restore are proved on the
  real thing. Every other backup that is kept is held against the digest noted when it was made.
- **With the private key**, by a person, once a year, of the newest backup as it lies there. This
  alone proves that the key on paper is the right one and can be read.

A permanent second key on the server would prove no more, and would open every backup to a thief.
"""

import contextlib
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from practice.backups import BackupProblem, erasures, making, restoring, sealing, stores
from practice.backups.streams import Tell, digest_of

SCRATCH_NAME = "rehearsal_"
# Of a rehearsal that was killed; only those of this very role.
LEFT_BEHIND = (
    "SELECT datname FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba "
    "WHERE r.rolname = current_user AND datname ~ %s"
)


def by_the_server(scratch: Path, tell: Tell) -> restoring.Restored:
    """Raises BackupProblem, OSError."""
    private, public = sealing.new_pair()
    made = making.make(scratch, tell, also_for=[public])
    restored = _restore_apart(made.name, private, scratch, tell)
    reread(stores.at(settings.BACKUP_TO), tell)
    return restored


def with_key(what: str, private: str, scratch: Path, tell: Tell) -> restoring.Restored:
    """`private` is the key on paper. Raises BackupProblem, OSError."""
    sealing.identity(private)
    return _restore_apart(what or restoring.find("")[1], private, scratch, tell)


def reread(store: stores.Store, tell: Tell) -> None:
    """Holds each backup against its digest. Raises BackupProblem, naming those that differ."""
    names = stores.complete(store)
    damaged = []
    for number, name in enumerate(names, 1):
        with store.open(name) as file:
            if digest_of(file)[0] != stores.noted_digest(store, name):
                damaged.append(name)
        tell("Read again", number, len(names))
    if damaged:
        raise BackupProblem(
            f"Damaged in storage: {', '.join(damaged)}. Check the disk or the store."
        )


def _restore_apart(what: str, private: str, scratch: Path, tell: Tell) -> restoring.Restored:
    """Runs `restore` as a process of its own, on a database and a data folder of its own."""
    folder = scratch / "rehearsal"
    folder.mkdir()
    tombstones, report = folder / "tombstones.txt", folder / "report.json"
    tombstones.write_bytes(erasures.here())
    tell("Testing a restore", 0, 0)
    with scratch_database(folder) as address:
        done = subprocess.run(
            [sys.executable, settings.BASE_DIR / "manage.py", "restore", what, "--key=-",
             f"--report={report}"],
            env=os.environ | {
                "DATABASE_URL": address,
                "DATA_DIR": str(folder),
                "TOMBSTONES_FILE": str(tombstones),
                "PRACTICE_DIR": str(folder / "own"),
                "MEDIA_STORE": "",  # into its own folder, and never to where the site's own are
                "CACHE_URL": "",
            },
            input=private,
            capture_output=True,
            text=True,
        )  # fmt: skip
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise BackupProblem(lines[-1].removeprefix("CommandError: ") if lines else "No reason.")
    restored = restoring.Restored(**json.loads(report.read_text()))
    if restored.unreadable:
        raise BackupProblem(
            f"{restored.unreadable} values of {restored.name} can't be read with the "
            "FIELD_ENCRYPTION_KEYS set here: a key is missing."
        )
    return restored


@contextlib.contextmanager
def scratch_database(folder: Path) -> Iterator[str]:
    """The DATABASE_URL of an empty database of the site's own kind, which goes afterwards.

    On PostgreSQL the site's role must be allowed to make databases (CREATEDB).
    """
    if connection.vendor == "sqlite":
        yield f"sqlite:///{folder / 'db.sqlite3'}"
        return
    name = f"{SCRATCH_NAME}{uuid.uuid4().hex}"
    with connection._nodb_cursor() as cursor:
        cursor.execute(LEFT_BEHIND, [f"^{SCRATCH_NAME}[0-9a-f]{{32}}$"])
        for [left] in cursor.fetchall():
            cursor.execute(f'DROP DATABASE IF EXISTS "{left}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    parts = urlsplit(os.environ["DATABASE_URL"])
    try:
        yield parts._replace(path=f"{parts.path.rpartition('/')[0]}/{name}").geturl()
    finally:
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
