"""Letters that are owed, and whether mail arrives, as a test letter has proved it."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone


class OwedLetter(models.Model):
    """A worker that is killed leaves its lease behind; when that has run out another takes it."""

    lease = models.UUIDField(
        null=True, help_text="The same for all alerts that go out as one email"
    )
    leased_until = models.DateTimeField(null=True, help_text="By the worker that sends it")
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    next_try_at = models.DateTimeField(default=timezone.now, db_default=Now())
    sent_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    last_error = models.CharField(
        max_length=80, blank=True, default="", db_default="", help_text="The kind of error alone"
    )

    class Meta:
        abstract = True


def lease_ends(now: datetime) -> datetime:
    """When a lease that is taken `now` runs out (UTC): later than sending one letter can take."""
    return now + timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)


def is_free(now: datetime) -> Q:
    """Whatever no live worker holds. A lease that no clock of today can have given, since it ends
    more than an hour too late, was left by one that was ahead, and holds nothing.
    """
    given_by_another_clock = Q(leased_until__gt=lease_ends(now) + timedelta(hours=1))
    return Q(leased_until=None) | Q(leased_until__lt=now) | given_by_another_clock


def is_waiting(now: datetime) -> Q:
    """Neither sent nor given up, whose time has come and which no live worker holds."""
    from_afar = now + timedelta(days=1)  # no wait is so long: a wrong date was the cause
    # What was never tried waits for nothing but a clock that was ahead and is set back.
    has_come = Q(next_try_at__lte=now) | Q(attempts=0) | Q(next_try_at__gt=from_afar)
    return is_free(now) & has_come & Q(sent_at=None, given_up_at=None)


class TestLetter(OwedLetter):
    """The last test letter, and what the one before it may have proved. There is one row.

    A print stands for settings without saying what they are.
    """

    __test__ = False  # no class of tests, whatever pytest makes of its name

    code = models.CharField(max_length=16)
    recipient = models.EmailField(blank=True, help_text="Only until the email has gone out")
    settings_print = models.CharField(
        max_length=64, help_text="The settings it was asked for under"
    )
    asked_at = models.DateTimeField()
    problem = models.CharField(max_length=200, blank=True, help_text="Why it didn't go out")
    proved_at = models.DateTimeField(null=True)
    proved_print = models.CharField(max_length=64, blank=True)

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(pk=1), name="test_letter_is_one")
        ]

    def __str__(self) -> str:
        return "The test email"
