"""What signing in needs to remember beside the user: counts of tries, and links that are owed."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from practice.models.mail import OwedLetter


class Tally(models.Model):
    """How often something was tried since `since`; `key` is a hash, or a user's number.

    In the database, since a limit kept in a process's memory is as many limits as there are
    processes.
    """

    action = models.CharField(max_length=20)
    key = models.CharField(max_length=64)
    count = models.PositiveIntegerField(default=0)
    since = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["action", "key"], name="tally_once_for_each_key")
        ]

    def __str__(self) -> str:
        return f"{self.action}: {self.count}"


class OwedLink(OwedLetter):
    """The promise to send somebody of the practice a link by which they choose a password."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    asked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Link of user {self.user_id}"
