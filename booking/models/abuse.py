"""Counts of a day, kept without knowing of whom.

What is counted is known by a digest alone, made with the site's SECRET_KEY and with a salt that
was drawn for that day and is deleted when it is over: then nobody can find out any more, also
by trying every address there is, whose digest it was.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import date
from typing import ClassVar

from django.db import connection, models
from django.utils.crypto import salted_hmac


class DailySalt(models.Model):
    """What the digests of one day, in UTC, are made with."""

    day = models.DateField(unique=True)
    salt = models.CharField(max_length=64, default=secrets.token_hex, editable=False)

    class Meta:
        default_permissions = ()

    @classmethod
    def of(cls, day: date) -> DailySalt:
        """That of `day`, drawn by whoever asks first."""
        return cls.objects.get_or_create(day=day)[0]

    def digest(self, kind: str, value: str) -> str:
        """64 hexadecimal digits for a `value`, others for each kind of thing."""
        return salted_hmac(f"booking.{kind}.{self.salt}", value, algorithm="sha256").hexdigest()


class Limit(models.TextChoices):
    """What a request met when it came, in words for the therapist."""

    NETWORK = (
        "network",
        "No time was reserved: too many were already reserved that day from the same internet "
        "connection.",
    )
    CONTACT = (
        "contact",
        "No time was reserved: their email or phone had already reached its limit.",
    )
    UNOPENED = (
        "unopened",
        "No time was reserved: requests you hadn't opened already took half of your open times.",
    )
    LETTERS = (
        "letters",
        "Too many requests came with their email address that day, so they got no email about "
        "this one.",
    )


class DailyCountQuerySet(models.QuerySet["DailyCount"]):
    def add_one(self, day: date, digests: Iterable[str]) -> dict[str, int]:
        """Counts one more of each; how many that makes. Call it in a transaction.

        Rows are locked in one order, so that two who count the same never lock each other up.
        """
        wanted = sorted(set(digests))
        values = ", ".join(["(%s, %s, 1)"] * len(wanted))
        with connection.cursor() as cursor:
            # By hand, since the ORM takes three statements for it, with the row locked meanwhile.
            cursor.execute(
                f"INSERT INTO booking_dailycount (day, digest, count) VALUES {values} "
                "ON CONFLICT (day, digest) DO UPDATE SET count = booking_dailycount.count + 1 "
                "RETURNING digest, count",
                [part for digest in wanted for part in (day, digest)],
            )
            return dict(cursor.fetchall())


class DailyCount(models.Model):
    """How often something came on one day, in UTC."""

    day = models.DateField()
    digest = models.CharField(max_length=64)
    count = models.PositiveIntegerField(default=0)

    objects = DailyCountQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["day", "digest"], name="count_one_per_day_and_digest")
        ]
