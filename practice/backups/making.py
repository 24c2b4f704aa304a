"""Making a backup, reading it again, and forgetting old ones."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import connection

from practice.backups import (
    BackupProblem,
    archive,
    erasures,
    keeping,
    owning,
    sealing,
    snapshots,
    stores,
    uploads,
)
from practice.backups.streams import Tell, piped
from practice.environment import version
from practice.environment.files import PART
from practice.worker import clocks


@dataclass(frozen=True)
class Made:
    name: str
    length: int  # bytes
    rows: int
    files: int  # uploads

    def __str__(self) -> str:
        size = f"{self.length / 1e6:.1f} MB"
        return f"{self.name}, {size}, {self.rows} rows, {self.files} uploads"


@contextlib.contextmanager
def at_work() -> Iterator[Path]:
    """A folder that nobody else may read, for what lies on disk in between.

    One backup, restore or rehearsal at a time; what one that was killed left is removed.
    Raises BackupProblem.
    """
    with open(settings.DATA_DIR / "backup.lock", "a", opener=stores.private) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            raise BackupProblem("Another backup or restore is running.") from problem
        scratch = settings.DATA_DIR / "backup-scratch"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(mode=0o700)
        try:
            yield scratch
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def make(
    scratch: Path, tell: Tell, *, also_for: Sequence[str] = (), take_over: bool = False
) -> Made:
    """Makes a backup for BACKUP_RECIPIENT, and for further public keys, and forgets old ones.

    It bears a good name only when it was read again from the disk, or from the store, and was
    what had been written. That it can be decrypted is not seen here, since the private key is
    elsewhere. Raises BackupProblem, among others where another installation's lie there, unless
    this one is to `take_over`; OSError.

    By a clock that is not believed none is forgotten, and the new one bears the last moment that
    is: under a name from the future it would count as the newest once the clock is right.
    """
    store = stores.at(settings.BACKUP_TO)
    publics = [settings.BACKUP_RECIPIENT, *also_for]
    for public in publics:
        sealing.recipient(public)
    now = clocks.believed_moment()
    store.workplace(scratch)
    if take_over:
        owning.take_over(store)
    else:
        owning.refuse_foreign(store)
    store.sweep(now)
    erasures.copy_to(store)
    try:
        return _make(store, publics, scratch, now, tell)
    finally:
        if clocks.are_believed():
            forget_old(store, now)


def _make(
    store: stores.Store, publics: list[str], scratch: Path, now: datetime, tell: Tell
) -> Made:
    taken, moment = store.names(), now
    while (name := stores.name_at(moment)) in taken:
        moment += timedelta(seconds=1)
    snapshot = snapshots.take(scratch, tell)
    manifests: list[archive.Manifest] = []
    part = store.workplace(scratch) / f"{name}{PART}"
    try:
        with (
            piped(lambda sink: manifests.append(_write(sink, snapshot, now, tell))) as plain,
            open(part, "wb", opener=stores.private) as file,
        ):
            digest, length = sealing.seal(plain, file, publics)
            file.flush()
            os.fsync(file.fileno())
        tell("Read again", 0, 0)
        store.keep(part, name, digest)
    finally:
        part.unlink(missing_ok=True)
    store.write(f"{name}{stores.DIGEST}", f"{digest}  {name}\n".encode())
    [manifest] = manifests
    files = sum(member.startswith(uploads.PREFIX) for member in manifest.members)
    return Made(name, length, sum(manifest.counts.values()), files)


def _write(
    sink: BinaryIO, snapshot: snapshots.Snapshot, now: datetime, tell: Tell
) -> archive.Manifest:
    """Uploads come after the database: what a row names is there, and some may be newer."""
    kept = uploads.here()
    own = list(archive.files_below(Path(settings.PRACTICE_DIR), "own"))
    total = archive.size_of([snapshot.file, *(path for _, path in own)]) + kept.size()
    with archive.Writer(sink, total, tell) as writer:
        writer.add_bytes(archive.README, Path(__file__).with_name(archive.README).read_bytes())
        writer.add_file(snapshot.file.name, snapshot.file)
        writer.add_bytes(archive.TOMBSTONES, erasures.here())
        kept.write_to(writer)
        for name, path in own:
            writer.add_file(name, path)
        manifest = archive.Manifest(
            format=archive.FORMAT,
            made_at=now.astimezone(UTC).isoformat(timespec="seconds"),
            version=version.current(),
            database=connection.vendor,
            migrations=snapshot.migrations,
            counts=snapshot.counts,
            members=dict(writer.members),
        )
        writer.end(manifest, settings.FIELD_ENCRYPTION_KEYS[0])
    return manifest


def forget_old(store: stores.Store, now: datetime) -> None:
    """Removes what the rule does not keep, and what a backup that never ended left a day ago."""
    names = store.names()
    whole = {stores.time_of(name): name for name in stores.complete(store)}
    stay = keeping.kept(whole, now, timedelta(days=settings.BACKUP_DAYS))
    gone = {name for moment, name in whole.items() if moment not in stay}
    for name in names - set(whole.values()):
        if stores.NAME.fullmatch(name) and now - stores.time_of(name) > stores.FORGOTTEN:
            gone.add(name)
    for name in sorted(gone):  # its digest first: without that it counts as none
        store.delete(f"{name}{stores.DIGEST}")
        store.delete(name)
    for name in sorted(names):
        if name.endswith(stores.DIGEST) and name.removesuffix(stores.DIGEST) not in names:
            store.delete(name)
