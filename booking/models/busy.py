"""The therapist's other calendars, and the times that they say are taken."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from booking.models.schedule import Schedule
from practice.fields import EncryptedTextField


class BusyFeed(models.Model):
    """Another calendar of the therapist's, whose busy times are never offered.

    Its address is a secret. Its busy times are the last good copy; titles are never stored.
    """

    WARN_AFTER: ClassVar[timedelta] = timedelta(days=1)

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="busy_feeds")
    name = models.CharField(max_length=60, help_text="For yourself, such as: my own calendar.")
    url = EncryptedTextField("secret address (iCal)", help_text="It begins with https://.")
    etag = models.CharField(max_length=200, blank=True, editable=False)
    last_modified = models.CharField(max_length=200, blank=True, editable=False)
    added_at = models.DateTimeField(default=timezone.now, editable=False)
    checked_at = models.DateTimeField(null=True, editable=False)
    read_at = models.DateTimeField(null=True, editable=False, help_text="Last without a problem")
    covers_until = models.DateTimeField(null=True, editable=False)
    problem = models.CharField(max_length=200, blank=True, editable=False)
    warnings = models.JSONField(default=list, blank=True, editable=False)
    accepted = models.JSONField(
        null=True, editable=False, help_text="Warnings in spite of which it is used as it is"
    )
    own_addresses = models.CharField(max_length=500, blank=True, default="", db_default="")

    wagtail_reference_index_ignore = True

    class Meta:
        ordering: ClassVar = ["pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"Calendar {self.pk}"

    @property
    def has_losses(self) -> bool:
        """Whether something of it could not be read that the therapist must know."""
        return bool(self.warnings) and self.warnings != self.accepted

    @property
    def losses(self) -> str:
        return " ".join(self.warnings)

    @property
    def addresses(self) -> list[str]:
        """Those under which its owner is invited, separated by commas or spaces as typed."""
        return self.own_addresses.replace(",", " ").split()

    def is_silent(self, now: datetime) -> bool:
        """Whether it has not been read for so long that the therapist must know."""
        return (self.read_at or self.added_at) < now - self.WARN_AFTER


class BusyInterval(models.Model):
    """A time that another calendar says is taken; not by what."""

    feed = models.ForeignKey(BusyFeed, on_delete=models.CASCADE, related_name="intervals")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering: ClassVar = ["starts_at"]
        default_permissions = ()
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="busy_ends_after_start"
            )
        ]

    def __str__(self) -> str:
        return f"Busy time {self.pk}"
