"""What the site notes about its own running: signs of life, silences, proofs of backups, and the
stamp under which finished pages are kept.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class Heartbeat(models.Model):
    """When something that recurs was last alive, one row for each."""

    name = models.CharField(max_length=40, primary_key=True)
    seen_at = models.DateTimeField()
    trusted_at = models.DateTimeField(
        null=True, help_text="The last time that its clock was trusted; others are judged by it"
    )
    shown_at = models.DateTimeField(
        null=True, help_text="What its clock shows, where that isn't trusted"
    )

    wagtail_reference_index_ignore = True

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"Heartbeat of the {self.name}"


class Silence(models.Model):
    """A time in which a heartbeat was missing, noted when it was back."""

    name = models.CharField(max_length=40)
    since = models.DateTimeField()
    until = models.DateTimeField()

    wagtail_reference_index_ignore = True

    class Meta:
        ordering: ClassVar = ["since"]
        default_permissions = ()
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(until__gt=F("since")), name="silence_ends_after_start"
            )
        ]

    def __str__(self) -> str:
        return f"Silence of the {self.name}"


class BackupProof(models.Model):
    """That a backup was made, or that one was restored for trial; nothing of any person.

    `what` names the backup and its figures, or says in a line what went wrong.
    """

    class Kind(models.TextChoices):
        BACKUP = "backup", "Backup"
        REHEARSAL = "rehearsal", "Restore test by the server"
        WITH_KEY = "with_key", "Restore test with the private key"

    kind = models.CharField(max_length=20, choices=Kind.choices)
    at = models.DateTimeField(db_index=True)
    ok = models.BooleanField()
    what = models.CharField(max_length=250)

    wagtail_reference_index_ignore = True

    class Meta:
        ordering: ClassVar = ["-at", "-pk"]
        get_latest_by = "at"
        default_permissions = ()
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=["backup", "rehearsal", "with_key"]),
                name="backup_proof_kind_is_known",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d}"


class Stamp(models.Model):
    """One row, which the database itself renews when something that readers see changes.

    Its value is random: a number that counts would come back after a rollback or a restore.
    """

    value = models.CharField(max_length=32)

    wagtail_reference_index_ignore = True

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return "Stamp"
