"""Whose backups lie in a place: one installation's alone, since it forgets old ones by its rule.

A second one, such as a new server before anything was restored on it, or the old one after that,
would take the other's for its own: its own of today would let the other's of today go.
"""

import socket
import uuid

from django.conf import settings
from django.utils import timezone

from practice.backups import BackupProblem, stores
from practice.environment import files
from practice.models import BackupProof

OWNER = "installation.txt"


def here() -> str:
    """What this installation is called: random, made once, and lost with its data folder."""
    file = settings.DATA_DIR / OWNER
    if not file.exists():
        files.replace(file, f"{uuid.uuid4().hex}\n".encode())
    return file.read_text().strip()


def owner(store: stores.Store) -> tuple[str, str]:
    """What the installation is called whose backups lie in `store`, and words about it; both empty
    where nothing says so.
    """
    name, _, about = stores.read(store, OWNER).decode("utf-8", "replace").partition(" ")
    return name.strip(), about.strip()


def refuse_foreign(store: stores.Store) -> None:
    """Raises BackupProblem where the backups in `store` are another installation's.

    Where it says nothing of whose they are, they are this one's if it has made any.
    """
    name, about = owner(store)
    made = (BackupProof.Kind.BACKUP, BackupProof.Kind.REHEARSAL)
    mine = BackupProof.objects.filter(ok=True, kind__in=made)
    if not name and (mine.exists() or not stores.complete(store)):
        take_over(store)
    elif name != here():
        raise BackupProblem(
            f"Another installation ({about or 'unknown'}) makes its backups there, and this one "
            "would delete some of them. Restore from them first, or set another BACKUP_TO. If the "
            "other one is gone for good, or was this one before it lost its data folder, run "
            "`backup --take-over`."
        )


def take_over(store: stores.Store) -> None:
    about = f"{socket.gethostname()}, since {timezone.now():%Y-%m-%d}"
    store.write(OWNER, f"{here()} {about}\n".encode())
