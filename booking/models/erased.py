"""What stays when a request is gone: a count, a hash, and that somebody demanded it."""

import hashlib
from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class ErasedCount(models.Model):
    """All that stays of erased requests: how many came in a month from an article."""

    month = models.DateField()
    # A number and no key: the count stays when the article goes, and two counts never become one.
    article_id = models.PositiveBigIntegerField(null=True, blank=True)
    requests = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["month", "article_id"],
                condition=Q(article_id__isnull=False),
                name="erased_one_row_per_month_and_article",
            ),
            models.UniqueConstraint(
                fields=["month"],
                condition=Q(article_id=None),
                name="erased_one_row_per_month_without_article",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.requests} erased requests of {self.month:%Y-%m}"


def digest_of(uid: UUID) -> str:
    """The hash by which an erased request is known again in a backup.

    Of 122 random bits (RFC 9562) that belong to the request and to no person, so that the hash
    leads to nobody and cannot be guessed, with or without a key.
    """
    return hashlib.sha256(uid.bytes).hexdigest()


class Tombstone(models.Model):
    """That a request was erased, so that a backup which is restored erases it again."""

    digest = models.CharField(max_length=64, unique=True)
    erased_at = models.DateTimeField(default=timezone.now)
    of_retention = models.BooleanField(
        default=False, db_default=False, help_text="It went by age, and no one had asked"
    )
    is_in_file = models.BooleanField(default=False, help_text="Beside the database too")
    is_scrubbed = models.BooleanField(
        default=False, help_text="The files of the database hold nothing of it anymore"
    )

    wagtail_reference_index_ignore = True

    class Meta:
        default_permissions = ()


class Demand(models.Model):
    """That somebody's demand for their data was answered: never who asked, nor what was found."""

    class Kind(models.TextChoices):
        EXPORT = "export", "A copy"
        ERASE = "erase", "Deletion"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)
    requests = models.PositiveIntegerField(help_text="How many there were")
    held = models.PositiveIntegerField(default=0, help_text="How many must be kept for now")

    wagtail_reference_index_ignore = True

    class Meta:
        default_permissions = ()
        ordering: ClassVar = ["-at", "-pk"]
