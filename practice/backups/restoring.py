"""Bringing a backup back: looked at as a whole before anything is touched."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from practice.backups import (
    BackupProblem,
    archive,
    erasures,
    restored,
    sealing,
    snapshots,
    stores,
    uploads,
)
from practice.backups.streams import Tell, piped
from practice.encryption import rotation
from practice.models import User
from practice.worker.connections import optimize

OWN_APPS = ("practice", "blog", "booking")


@dataclass(frozen=True)
class Restored:
    """What came back, counted before anything was erased again; `erased` says how much was, and
    `own` where templates and styles of the practice were put.
    """

    name: str
    rows: int
    tables: int
    uploads: int
    erased: str
    unreadable: int
    own: str

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.rows} rows in {self.tables} tables and {self.uploads} uploads "
            f"came back unchanged; {self.erased}"
        )


@dataclass(frozen=True)
class Order:
    store: stores.Store
    name: str
    private: str
    replace: bool = False
    other_keys: bool = False


def find(what: str) -> tuple[stores.Store, str]:
    """The store and the name of the backup that `what` means: a file, the address of one in a
    bucket, a folder or bucket (its newest), a name in BACKUP_TO, or nothing (the newest there).
    Raises BackupProblem.
    """
    if stores.NAME.fullmatch(what) and not Path(what).exists():
        return stores.at(settings.BACKUP_TO), what
    if Path(what).is_file():
        return stores.Folder(Path(what).parent), Path(what).name
    if what.startswith("s3://") and what.endswith(stores.SUFFIX):
        address, _, name = what.rpartition("/")
        return stores.at(address), name
    if what and "://" not in what:
        what = str(Path(what).resolve())
    store = stores.at(what or settings.BACKUP_TO)
    whole = stores.complete(store)
    if not whole:
        raise BackupProblem(f"There is no backup in {what or settings.BACKUP_TO}.")
    return store, whole[0]


def refuse_if_in_use() -> None:
    """Raises BackupProblem where the database holds somebody's account or anything encrypted."""
    tables = set(connection.introspection.table_names())
    models: list[Any] = [User, *(model for model, _ in rotation.encrypted_models())]
    # A site that was just installed has made its one schedule by itself, for its first visitor.
    models = [model for model in models if not hasattr(model, "load")]
    if any(m._meta.db_table in tables and m._base_manager.exists() for m in models):
        raise BackupProblem(
            "This site's database already has something in it. With --replace, all of that is "
            "deleted and the backup takes its place."
        )


def restore(order: Order, scratch: Path, tell: Tell) -> Restored:
    """Raises BackupProblem, OSError; up to the moment when it loads, nothing was changed."""
    if not order.replace:
        refuse_if_in_use()
    digest = stores.noted_digest(order.store, order.name)
    with (
        order.store.open(order.name) as sealed,
        piped(lambda sink: sealing.unseal(sealed, sink, order.private, digest)) as plain,
    ):
        manifest, signed, proof = archive.unpack(plain, scratch, tell)
    refuse_unfit(manifest)
    if not order.other_keys:
        refuse_foreign(signed, proof)
    tell("Database", 0, 0)
    snapshots.load(scratch / snapshots.name())
    compare(manifest.counts)
    files = put_uploads(scratch, manifest, replace=order.replace)
    tell("Migrations", 0, 0)
    call_command("migrate", verbosity=0, interactive=False)
    optimize()
    ContentType.objects.clear_cache()
    beside = stores.read(order.store, stores.TOMBSTONES)
    erasures.learn([(scratch / archive.TOMBSTONES).read_bytes(), beside])
    tell("Erasing again", 0, 0)
    erased = " ".join(str(said) for _, said in restored.send(sender=None))
    return Restored(
        name=order.name,
        rows=sum(manifest.counts.values()),
        tables=len(manifest.counts),
        uploads=files,
        erased=erased,
        unreadable=rotation.count(settings.FIELD_ENCRYPTION_KEYS).unreadable,
        own=put_own(scratch, manifest.members),
    )


def refuse_unfit(manifest: archive.Manifest) -> None:
    """Raises BackupProblem for another kind of database, or one that is newer than the code."""
    if manifest.database != connection.vendor:
        raise BackupProblem(
            f"The backup was made on {manifest.database}, but DATABASE_URL names "
            f"{connection.vendor}. Restore it to the same kind of database."
        )
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).graph.nodes}
    ours = {each for each in manifest.migrations if each.partition(".")[0] in OWN_APPS}
    if ours - known:
        raise BackupProblem(
            f"The backup was made by version {manifest.version}, which is newer than this one: "
            f"it knows {sorted(ours - known)[0]}. Update first."
        )


def refuse_foreign(signed: bytes, proof: str) -> None:
    """Raises BackupProblem where none of the keys at hand made it."""
    if not any(archive.signature(signed, key) == proof for key in settings.FIELD_ENCRYPTION_KEYS):
        raise BackupProblem(
            "The backup wasn't made with the FIELD_ENCRYPTION_KEYS set here. Put back the keys "
            "from the recovery kit first (`manage.py check_recovery_kit --env`). Use --other-keys "
            "only if you know who made the backup."
        )


def compare(counts: dict[str, int]) -> None:
    """Raises BackupProblem where the database does not hold what the manifest counted."""
    found = snapshots.counts()
    wrong = [name for name in counts.keys() | found.keys() if counts.get(name) != found.get(name)]
    if wrong:
        raise BackupProblem(
            f"What came back doesn't match the backup's counts, in {', '.join(sorted(wrong)[:5])}."
        )


def put_uploads(scratch: Path, manifest: archive.Manifest, *, replace: bool) -> int:
    """Moves what was unpacked to its place; how many uploads. `replace` removes all others."""
    here = uploads.here()
    found = [name for name in manifest.members if name.startswith(uploads.PREFIX)]
    for name in found:
        here.put(name, scratch / name, manifest.members[name][0])
    if replace:
        here.remove_all_but(found)
    return len(found)


def put_own(scratch: Path, members: Iterable[str]) -> str:
    """Moves the practice's own templates and styles to where none stand yet, or beside the data
    where the site may not write there; the folder, if there was anything to move.
    """
    own = Path(settings.PRACTICE_DIR)
    nearest = next(path for path in (own, *own.parents) if path.exists())
    if not os.access(nearest, os.W_OK):
        own = settings.DATA_DIR / "own-from-backup"
    found = [(n, own / n.removeprefix("own/")) for n in members if n.startswith("own/")]
    missing = [(name, target) for name, target in found if not target.exists()]
    for name, target in missing:
        uploads.move(scratch / name, target)
    return str(own) if missing else ""
