"""What proves that the practice could be brought back."""

from typing import ClassVar

from django.db import models


class BackupProof(models.Model):
    """That a backup was made, or that one was restored for trial; nothing of any person.

    `what` names the backup and its figures, or says in a line what went wrong.
    """

    class Kind(models.TextChoices):
        BACKUP = "backup", "Backup"
        REHEARSAL = "rehearsal", "Rehearsal by the server alone"
        WITH_KEY = "with_key", "Rehearsal with the private key"

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
                condition=models.Q(kind__in=["backup", "rehearsal", "with_key"]),
                name="backup_proof_kind_is_known",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d}"
