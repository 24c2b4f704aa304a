"""Whose backups lie in a place: one installation's alone, since it forgets old ones by its rule.

A second one, such as a new server before anything was restored on it, or the old one after that,
would take the other's for its own: its own of today would let the other's of today go.
"""

import socket
import uuid

from django.conf import settings
from django.utils import timezone

from practice.backups import BackupProblem, stores

OWNER = "installation.txt"


def here() -> str:
    """What this installation is called: random, made once, and lost with its data folder."""
    file = settings.DATA_DIR / OWNER
    if not file.exists():
        with open(file, "x", opener=stores.private) as new:
            new.write(f"{uuid.uuid4().hex}\n")
            stores.sync(new)
    return file.read_text().strip()


def refuse_foreign(store: stores.Store) -> None:
    """Raises BackupProblem where another installation makes its backups in `store`."""
    if OWNER not in store.names():
        take_over(store)
        return
    name, _, about = stores.read(store, OWNER).decode("utf-8", "replace").strip().partition(" ")
    if name != here():
        raise BackupProblem(
            f"Another installation ({about or 'unknown'}) makes its backups there, and would lose "
            "some to this one. Restore from them first; or set another BACKUP_TO; or, if the "
            "other is gone for good, `backup --take-over`."
        )


def take_over(store: stores.Store) -> None:
    """From now on the backups of this installation alone are made there."""
    about = f"{socket.gethostname()}, since {timezone.now():%Y-%m-%d}"
    store.write(OWNER, f"{here()} {about}\n".encode())
