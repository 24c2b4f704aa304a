"""What was erased stays erased: hashes of erased requests, kept in the database and in a file.

A backup that is restored brings back both the request and a database that knows nothing of its
erasure. The file lies beside the database (settings.TOMBSTONES_FILE), is only ever added to, and
holds a day and a hash in each line: no person, and nothing that leads to one. The word "retention"
between them says that it went by age and by nobody's wish: such a one is not erased again by its
hash, since a wrong date may have been the reason. (Older versions take a line's last word.)
Lines of another kind are `wishes`.
"""

import re
from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from booking.models import ConsultationRequest, Tombstone, digest_of
from practice.environment import files

RETENTION = "retention"
DIGEST = re.compile("[0-9a-f]{64}")


def bury(consultation: ConsultationRequest, *, of_retention: bool = False) -> None:
    """Remembers that `consultation` was erased. Call it in the transaction that erases it.

    A second time for what was left of it for a cancellation, which is then to be scrubbed as well,
    and for what a backup brought back: once it was somebody's wish, it stays one.
    """
    digest, erased = digest_of(consultation.invitation_uid), {"erased_at": timezone.now()}
    stone, is_new = Tombstone.objects.get_or_create(
        digest=digest, defaults=erased | {"of_retention": of_retention}
    )
    if not is_new:
        Tombstone.objects.filter(pk=stone.pk).update(**erased, is_scrubbed=False)
    if not of_retention:
        by_age = Tombstone.objects.filter(pk=stone.pk, of_retention=True)
        by_age.update(of_retention=False, is_in_file=False)
    transaction.on_commit(write_missing, robust=True)


def write_missing() -> int:
    """Adds to the file what it lacks; how many lines. Raises OSError where it cannot be written.

    A line that is there twice does no harm, so nothing is locked.
    """
    missing = list(Tombstone.objects.filter(is_in_file=False).order_by("pk"))
    if missing:
        append(map(_line, missing))
        Tombstone.objects.filter(pk__in=[stone.pk for stone in missing]).update(is_in_file=True)
    return len(missing)


def append(lines: Iterable[str]) -> None:
    """Adds whole lines to the file, for good. Raises OSError, also where only a part went in."""
    files.append(settings.TOMBSTONES_FILE, (line.encode() for line in lines))


def _line(stone: Tombstone) -> str:
    words = [f"{stone.erased_at:%Y-%m-%d}", *[RETENTION] * stone.of_retention, stone.digest]
    return f"{' '.join(words)}\n"


def in_file() -> list[list[str]]:
    """The words of each line of the file, in its order."""
    try:
        lines = settings.TOMBSTONES_FILE.read_text("ascii", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    return list(filter(None, map(str.split, lines)))


def _erased() -> dict[str, bool]:
    """The hashes in the file, each with whether all of its lines say that it went by age."""
    found: dict[str, bool] = {}
    for *words, digest in in_file():
        if DIGEST.fullmatch(digest):
            found[digest] = found.get(digest, True) and RETENTION in words[1:]
    return found


def wished() -> set[str]:
    """The hashes of what was erased because somebody wished it, by the database and the file."""
    stones = Tombstone.objects.filter(of_retention=False).values_list("digest", flat=True)
    return {*stones, *(digest for digest, by_age in _erased().items() if not by_age)}


def learn_from_file() -> None:
    """Brings hashes into the database that only the file knows, as after a restored backup."""
    known = set(Tombstone.objects.values_list("digest", flat=True))
    new = {digest: by_age for digest, by_age in _erased().items() if digest not in known}
    now = timezone.now()
    Tombstone.objects.bulk_create(
        (
            Tombstone(digest=digest, erased_at=now, is_in_file=True, of_retention=by_age)
            for digest, by_age in sorted(new.items())
        ),
        ignore_conflicts=True,
    )
