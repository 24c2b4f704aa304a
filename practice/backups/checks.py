"""Whether backups are made, can be read by their owner alone, and end."""

from django.conf import settings

from practice.backups import BackupProblem, sealing
from practice.environment.checking import IN_ENVIRONMENT, Complaints, check
from practice.media.s3 import NoBucket, bucket_of


@check("practice.E010")
def backup_key_is_a_public_one() -> Complaints:
    """With a slip in it no backup would be made; with the private one, a thief reads them all."""
    try:
        if settings.BACKUP_RECIPIENT:
            sealing.recipient(settings.BACKUP_RECIPIENT)
    except BackupProblem as problem:
        yield str(problem)


@check(
    "practice.W005", f"{IN_ENVIRONMENT} `manage.py backup --new-key` makes the keys.", deploy=True
)
def backups_are_made() -> Complaints:
    if not (settings.BACKUP_TO and settings.BACKUP_RECIPIENT):
        yield "No backups are made: BACKUP_TO or BACKUP_RECIPIENT is not set."


@check("practice.W006", deploy=True)
def backups_end() -> Complaints:
    """What was erased must not live on in them for longer than visitors are told."""
    if not 1 <= settings.BACKUP_DAYS <= 35:
        yield "BACKUP_DAYS isn't between 1 and 35. The privacy page promises 35 days at most."


@check("practice.E014")
def uploads_have_a_place_of_their_own() -> Complaints:
    """Backups among the uploads would be backed up in turn, and what is not kept, removed."""
    if not settings.MEDIA_STORE:
        return
    try:
        places = [bucket_of(settings.MEDIA_STORE, "MEDIA_STORE")]
    except NoBucket as problem:
        yield str(problem)
        return
    if settings.BACKUP_TO.startswith("s3://"):
        places.append(bucket_of(settings.BACKUP_TO, "BACKUP_TO"))
        ours, theirs = ["/".join(filter(None, place)) + "/" for place in places]
        if ours.startswith(theirs) or theirs.startswith(ours):
            yield "MEDIA_STORE and BACKUP_TO are the same place, or one is inside the other."
