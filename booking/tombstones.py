"""What was erased stays erased: hashes of erased requests, kept in the database and in a file.

A backup that is restored brings back both the request and a database that knows nothing of its
erasure. The file lies beside the database (settings.TOMBSTONES_FILE), is only ever added to, and
holds a day and a hash in each line: no person, and nothing that leads to one.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from booking.models import ConsultationRequest, Tombstone, digest_of


def bury(request: ConsultationRequest) -> None:
    """Remembers that `request` was erased. Call it in the transaction that erases it.

    A second time for what was left of it for a cancellation, which is then to be scrubbed as well.
    """
    changed = {"erased_at": timezone.now(), "is_scrubbed": False}
    Tombstone.objects.update_or_create(digest=digest_of(request.invitation_uid), defaults=changed)
    transaction.on_commit(write_missing, robust=True)


def write_missing() -> int:
    """Adds to the file what it lacks; how many lines. Raises OSError where it cannot be written.

    A line that is there twice does no harm, so nothing is locked.
    """
    missing = list(Tombstone.objects.filter(is_in_file=False).order_by("pk"))
    if missing:
        _append(
            settings.TOMBSTONES_FILE,
            (f"{stone.erased_at:%Y-%m-%d} {stone.digest}\n" for stone in missing),
        )
        Tombstone.objects.filter(pk__in=[stone.pk for stone in missing]).update(is_in_file=True)
    return len(missing)


def _append(file: Path, lines: Iterable[str]) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, "".join(lines).encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def known() -> set[str]:
    """The hashes of everything that was ever erased, from the database and the file."""
    digests = set(Tombstone.objects.values_list("digest", flat=True))
    try:
        lines = settings.TOMBSTONES_FILE.read_text("ascii", errors="replace").splitlines()
    except FileNotFoundError:
        return digests
    return digests | {line.split()[-1] for line in lines if line.strip()}


def learn_from_file() -> None:
    """Brings hashes into the database that only the file knows, as after a restored backup."""
    new = known() - set(Tombstone.objects.values_list("digest", flat=True))
    now = timezone.now()
    Tombstone.objects.bulk_create(
        (Tombstone(digest=digest, erased_at=now, is_in_file=True) for digest in sorted(new)),
        ignore_conflicts=True,
    )
