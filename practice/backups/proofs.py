"""What was proved of the backups and when, and what to do where that is too long ago."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError

from practice.models import BackupProof
from practice.worker import clocks

Kind = BackupProof.Kind
KEPT = timedelta(days=800)
GOOD_FOR = {
    Kind.BACKUP: timedelta(days=2),
    Kind.REHEARSAL: timedelta(days=15),
    Kind.WITH_KEY: timedelta(days=370),
}
ADVICE = {
    Kind.BACKUP: "Ask the person who looks after your server to run “manage.py backup” and see "
    "what's wrong.",
    Kind.REHEARSAL: "Ask the person who looks after your server to run “manage.py "
    "rehearse_restore” and see what's wrong.",
    Kind.WITH_KEY: "Once a year, get the private key from where you store it and have “manage.py "
    "rehearse_restore --key -” run with it. Nothing else shows that the key opens your backups.",
}


@dataclass(frozen=True)
class Standing:
    """The last good proof of one kind, and what to do if it is too old or went wrong since."""

    label: str
    last: BackupProof | None
    failed: BackupProof | None  # after the last good one
    advice: str


def record(kind: str, *, ok: bool, what: str) -> None:
    """A database that is away must not hide what went wrong with the backup."""
    try:
        now = clocks.believed_moment()
        BackupProof.objects.create(kind=kind, at=now, ok=ok, what=what[:250])
        BackupProof.objects.filter(at__lt=now - KEPT).delete()
    except DatabaseError:
        if ok:
            raise


def standing(now: datetime) -> list[Standing]:
    """For each kind of proof; nothing where no backups are made and none ever were."""
    found = []
    for kind in Kind:
        newest = BackupProof.objects.filter(kind=kind).first()
        last = BackupProof.objects.filter(kind=kind, ok=True).first()
        failed = newest if newest and not newest.ok else None
        is_old = last is None or now - last.at > GOOD_FOR[kind]
        found.append(Standing(kind.label, last, failed, ADVICE[kind] if is_old or failed else ""))
    return found if settings.BACKUP_TO or any(each.last or each.failed for each in found) else []
