"""The stamp under which finished pages are kept."""

from django.db import models


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
