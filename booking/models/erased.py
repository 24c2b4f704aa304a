from typing import ClassVar

from django.db import models
from django.db.models import Q


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
