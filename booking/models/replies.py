"""What the therapist writes once and starts from often: replies, and whom to refer people to.

Neither holds anything about a visitor.
"""

import re
from datetime import timedelta
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

CHECKED_FOR = timedelta(days=365)
BRACES = re.compile(r"\{([^{}]*)\}|[{}]")

# What stands in braces and is filled in when a reply is chosen (booking/emails/placeholder.txt):
# for each kind of reply what has a value there, beside what has one everywhere.
EVERYWHERE = ("link", "therapist", "phone")
PLACEHOLDERS = {
    "confirm": ("time", "asked_time", "how"),
    "offer": ("times", "reply_by", "asked_time"),
    "move": ("time", "how"),
    "keep": ("time", "how"),
    "waitlist": ("asked_time",),
    "decline": ("asked_time", "referrals"),
    "cancel": ("time",),
    "after_next": ("portal",),
    "after_time": (),
    "after_others": ("referrals",),
}


def placeholders(kind: str) -> tuple[str, ...]:
    """What may stand in braces in a reply of this kind."""
    return (*PLACEHOLDERS.get(kind, ()), *EVERYWHERE)


class Reply(models.Model):
    """Words of the therapist's own to start from, beside those that come with the site.

    Only what stands between the greeting and the signature, which every letter gets.
    """

    class Kind(models.TextChoices):
        CONFIRM = "confirm", _("Confirm a time")
        OFFER = "offer", _("Offer times")
        MOVE = "move", _("Move to another time")
        KEEP = "keep", _("Stay with the agreed time")
        WAITLIST = "waitlist", _("Put on the waitlist")
        DECLINE = "decline", _("Refer out")
        CANCEL = "cancel", _("Cancel the consultation")
        AFTER_NEXT = "after_next", _("After the call: next step")
        AFTER_TIME = "after_time", _("After the call: take your time")
        AFTER_OTHERS = "after_others", _("After the call: names of others")

    kind = models.CharField(_("use it to"), max_length=24, choices=Kind.choices)
    name = models.CharField(
        max_length=60, help_text=_("Only you see it. For example: Full until spring.")
    )
    body = models.TextField(
        _("words"), max_length=10_000, help_text=_("The greeting and your name are added for you.")
    )

    wagtail_reference_index_ignore = True

    class Meta:
        ordering: ClassVar = ["kind", "name"]
        default_permissions = ()
        verbose_name = _("reply")
        verbose_name_plural = _("replies")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "name"],
                name="reply_one_per_kind_and_name",
                violation_error_message=_("You already have a reply of this kind by this name."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raises ValidationError for braces around what has no value in a reply of this kind."""
        super().clean()
        may = placeholders(self.kind)
        wrong = [found[0] for found in BRACES.finditer(self.body) if found[1] not in may]
        if wrong and self.kind:
            said = {
                "wrong": get_text_list([f"“{each}”" for each in dict.fromkeys(wrong)], _now("and")),
                "these": get_text_list([f"{{{each}}}" for each in may], _now("and")),
            }
            sentence = _now("The site can't fill in %(wrong)s here. You can use %(these)s.")
            raise ValidationError({"body": sentence % said})


class Referral(models.Model):
    """Someone to whom the therapist refers people."""

    name = models.CharField(max_length=120)
    for_what = models.CharField(
        _("for what"),
        max_length=200,
        blank=True,
        help_text=_("For example: grief, or couples with young children."),
    )
    reach = models.CharField(
        _("how to reach them"),
        max_length=200,
        help_text=_("A phone number or web address. Visitors read it as you write it."),
    )
    checked_on = models.DateField(
        _("last checked"),
        default=timezone.localdate,
        help_text=_("The day you last made sure that this is still right."),
    )

    wagtail_reference_index_ignore = True

    class Meta:
        ordering: ClassVar = ["name", "pk"]
        default_permissions = ()
        verbose_name = _("referral")
        verbose_name_plural = _("referrals")

    def __str__(self) -> str:
        return f"{self.name} ({self.for_what})" if self.for_what else self.name

    @property
    def is_to_be_checked(self) -> bool:
        """Whether nobody has made sure of it for a year."""
        return self.checked_on < timezone.localdate() - CHECKED_FOR
