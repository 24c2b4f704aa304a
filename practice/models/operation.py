"""What the site notes about its own running."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class Heartbeat(models.Model):
    """When something that recurs was last alive, one row for each."""

    name = models.CharField(max_length=40, primary_key=True)
    seen_at = models.DateTimeField()
    trusted_at = models.DateTimeField(
        null=True, help_text="The last time that its clock was believed: others are judged by it"
    )
    shown_at = models.DateTimeField(
        null=True, help_text="What its clock shows that is not believed"
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
