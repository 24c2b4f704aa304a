"""Whether backups are made, can be read by their owner alone, and end."""

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register

from practice.backups import BackupProblem, sealing
from practice.environment.checking import IN_ENVIRONMENT, Messages
from practice.media.s3 import NoBucket, bucket_of


@register(Tags.security)
def backup_key_is_a_public_one(app_configs: object, **kwargs: object) -> Messages:
    """With a slip in it no backup would be made; with the private one, a thief reads them all."""
    try:
        if settings.BACKUP_RECIPIENT:
            sealing.recipient(settings.BACKUP_RECIPIENT)
    except BackupProblem as problem:
        return [Error(str(problem), hint=IN_ENVIRONMENT, id="practice.E010")]
    return []


@register(Tags.security, deploy=True)
def backups_are_made(app_configs: object, **kwargs: object) -> Messages:
    if settings.BACKUP_TO and settings.BACKUP_RECIPIENT:
        return []
    return [
        Warning(
            "No backups are made: BACKUP_TO or BACKUP_RECIPIENT is not set.",
            hint=f"{IN_ENVIRONMENT} `manage.py backup --new-key` makes the keys.",
            id="practice.W005",
        )
    ]


@register(Tags.security, deploy=True)
def backups_end(app_configs: object, **kwargs: object) -> Messages:
    """What was erased must not live on in them for longer than visitors are told."""
    if 1 <= settings.BACKUP_DAYS <= 35:
        return []
    return [
        Warning(
            "BACKUP_DAYS is not between 1 and 35: the privacy page promises 35 days at most.",
            hint=IN_ENVIRONMENT,
            id="practice.W006",
        )
    ]


@register(Tags.security)
def uploads_have_a_place_of_their_own(app_configs: object, **kwargs: object) -> Messages:
    """Backups among the uploads would be backed up in turn, and what is not kept, removed."""
    if not settings.MEDIA_STORE:
        return []
    try:
        bucket, prefix = bucket_of(settings.MEDIA_STORE, "MEDIA_STORE")
    except NoBucket as problem:
        return [Error(str(problem), hint=IN_ENVIRONMENT, id="practice.E014")]
    if settings.BACKUP_TO.startswith("s3://"):
        places = [(bucket, prefix), bucket_of(settings.BACKUP_TO, "BACKUP_TO")]
        ours, theirs = ["/".join(filter(None, place)) + "/" for place in places]
        if ours.startswith(theirs) or theirs.startswith(ours):
            reason = "MEDIA_STORE and BACKUP_TO are one place, or one within the other."
            return [Error(reason, hint=IN_ENVIRONMENT, id="practice.E014")]
    return []
