"""What is owed to a visitor or to the practice: the words of a decision, and promises to send."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from booking.models.contact import NEUTRAL_LETTER, NEUTRAL_RECEIVED, RECEIVED
from booking.models.requests import ConsultationRequest
from practice.fields import EncryptedTextField
from practice.mail import errors
from practice.models.mail import OwedLetter, is_waiting, lease_ends

CARRIES_WORDS = ("letter", NEUTRAL_LETTER)  # that there are words of the therapist's, or them too
# After the call, each once for a request and only by a press.
AFTER_CALL = ("after_next", "after_time", "after_others")
ALERT = "alert_"  # how the kinds begin that call somebody to the admin


class Letter(models.Model):
    """The words of one decision, as the therapist sent them or is asked to say them.

    Goes with its request. The outbox refers to it and never holds a body itself.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", "By email"
        IN_PERSON = "in_person", "To say or text"

    class Method(models.TextChoices):
        REQUEST = "REQUEST", "An invitation"
        CANCEL = "CANCEL", "A cancellation"

    request = models.ForeignKey(
        ConsultationRequest, on_delete=models.CASCADE, related_name="letters"
    )
    version = models.PositiveIntegerField()
    kind = models.CharField(max_length=24)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    subject = EncryptedTextField(blank=True)
    body = EncryptedTextField()
    told_at = models.DateTimeField(null=True, blank=True)
    # What the letter tells calendars (RFC 5546), kept with its words so that both say the same.
    method = models.CharField(max_length=8, choices=Method.choices, blank=True)
    sequence = models.PositiveIntegerField(default=0)
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    medium = models.CharField(max_length=12, blank=True)
    location = models.TextField(blank=True)
    is_automatic = models.BooleanField(default=False, help_text="Sent before anyone read it")

    wagtail_reference_index_ignore = True

    class Meta:
        ordering: ClassVar = ["pk"]
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "version"], name="letter_one_per_version"),
            models.UniqueConstraint(
                fields=["request", "kind"],
                condition=Q(kind__in=AFTER_CALL),
                name="letter_after_call_once",
            ),
            models.CheckConstraint(
                condition=Q(method="") | Q(starts_at__isnull=False, ends_at__gt=F("starts_at")),
                name="letter_to_calendars_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"Letter {self.pk} of request {self.request_id}"


class OutgoingEmailQuerySet(models.QuerySet["OutgoingEmail"]):
    def due(self, now: datetime) -> OutgoingEmailQuerySet:
        """What waits for nothing else. What a visitor gets about one request keeps its order: a
        letter that is tried again must not arrive after the one that took it back. An alert that
        can wait does so while another was told lately, and goes along with the next.
        """
        earlier = OutgoingEmail.objects.filter(
            request=OuterRef("request"), pk__lt=OuterRef("pk"), sent_at=None, given_up_at=None
        ).filter(recipient=OuterRef("recipient"))
        has_earlier = Q(Exists(earlier), recipient=OutgoingEmail.Recipient.VISITOR)
        due = self.filter(~has_earlier, is_waiting(now))
        if not settings.ALERTS_GATHERED_FOR:
            return due
        told = OutgoingEmail.objects.told_lately(now).filter(recipient=OuterRef("recipient"))
        return due.exclude(Q(Exists(told)), kind__startswith=ALERT, is_urgent=False)

    def alerts(self) -> OutgoingEmailQuerySet:
        """Those that call somebody of the practice to the admin."""
        return self.filter(kind__startswith=ALERT)

    def told_lately(self, now: datetime) -> OutgoingEmailQuerySet:
        """Alerts of the last hour whose request nobody has opened since, and those on their way.

        The end of the hour counts too: a clock that was ahead must not silence the practice. A
        word on possible spam counts not, or spam could hold up the alert of a person's request.
        """
        since = now - timedelta(seconds=settings.ALERTS_GATHERED_FOR)
        sent = Q(sent_at__gt=since, sent_at__lt=now + timedelta(minutes=1))
        leaves = Q(sent_at=None, leased_until__gte=now, leased_until__lte=lease_ends(now))
        alerts = self.alerts().exclude(kind="alert_quarantine")
        return alerts.filter(sent | leaves, seen_at=None)

    def untold(self, now: datetime) -> OutgoingEmailQuerySet:
        """Alerts that the practice does not get: failed for an hour, or came back."""
        failed = Q(sent_at=None, attempts__gt=0, created_at__lte=now - timedelta(hours=1))
        back = Q(bounced_at__isnull=False, bounce_settled_at=None)
        return self.alerts().filter(failed | back, recipient=OutgoingEmail.Recipient.PRACTICE)

    def cancellations(self) -> OutgoingEmailQuerySet:
        """Those that take a consultation out of calendars."""
        cancelling = Letter.objects.filter(
            request=OuterRef("request"), version=OuterRef("version"), method=Letter.Method.CANCEL
        )
        return self.filter(Exists(cancelling), kind="letter")

    def stuck(self, now: datetime) -> OutgoingEmailQuerySet:
        """Not sent within an hour or given up: the therapist is told, of a dead worker too.

        What came back is told of otherwise.
        """
        return self.filter(sent_at=None, bounced_at=None).filter(
            Q(created_at__lt=now - timedelta(hours=1)) | Q(given_up_at__isnull=False)
        )

    def given_up(self) -> OutgoingEmailQuerySet:
        return self.filter(sent_at=None, given_up_at__isnull=False)

    def came_back(self) -> OutgoingEmailQuerySet:
        """Those that their address refused for good, until somebody has seen to it."""
        return self.filter(bounced_at__isnull=False, bounce_settled_at=None)


class OutgoingEmail(OwedLetter):
    """The promise to send one message: what and to whom by reference, never a body or address."""

    class Recipient(models.TextChoices):
        VISITOR = "visitor", "The visitor"
        PRACTICE = "practice", "The practice"
        SECOND = "second", "The second address"

    request = models.ForeignKey(
        ConsultationRequest, null=True, on_delete=models.CASCADE, related_name="emails"
    )
    kind = models.CharField(max_length=24)
    version = models.PositiveIntegerField(default=0)
    recipient = models.CharField(max_length=8, choices=Recipient.choices)
    about_time = models.DateTimeField(
        null=True, help_text="The consultation, or the end of an offer, that it is about"
    )
    key = models.UUIDField(
        default=uuid.uuid4, unique=True, help_text="Its Message-ID, the same at every try"
    )
    created_at = models.DateTimeField(default=timezone.now)
    is_urgent = models.BooleanField(
        default=False, db_default=False, help_text="An alert that is never gathered"
    )
    seen_at = models.DateTimeField(
        null=True, help_text="When someone opened the request that an alert is about"
    )
    passed_on_at = models.DateTimeField(
        null=True,
        help_text="When the second address was owed word of an alert that didn't go out",
    )
    bounced_at = models.DateTimeField(null=True, help_text="When it was learned that it came back")
    bounce_settled_at = models.DateTimeField(
        null=True, help_text="When the address was changed, or a later letter arrived"
    )

    objects = OutgoingEmailQuerySet.as_manager()
    wagtail_reference_index_ignore = True

    class Meta:
        default_permissions = ()
        indexes: ClassVar = [
            models.Index(fields=["sent_at"], name="email_by_sending"),
            models.Index(
                fields=["next_try_at"],
                name="email_waiting",
                condition=Q(sent_at=None, given_up_at=None),
            ),
            models.Index(
                fields=["request"],
                name="email_that_came_back",
                condition=Q(bounced_at__isnull=False, bounce_settled_at=None),
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["request", "kind", "version"], name="email_one_per_kind_and_version"
            ),
            # However often a request changes, it is reminded of one time once.
            models.UniqueConstraint(
                fields=["request", "kind", "about_time"], name="email_one_per_kind_and_time"
            ),
        ]

    def __str__(self) -> str:
        return f"Email {self.pk} ({self.kind})"

    @property
    def is_alert(self) -> bool:
        return self.kind.startswith(ALERT)

    @property
    def together(self) -> OutgoingEmailQuerySet:
        """What leaves as one letter with it, itself included."""
        same = Q(lease=self.lease) if self.lease else Q(pk=self.pk)
        return OutgoingEmail.objects.filter(same)

    @property
    def why(self) -> str:
        return errors.in_words(self.last_error)

    @property
    def label(self) -> str:
        """What it is to the therapist."""
        named = {
            RECEIVED: "The email saying that their request arrived",
            NEUTRAL_RECEIVED: "The email saying that their request arrived",
            NEUTRAL_LETTER: "The email saying that there's news",
            "letter": "Your email",
        }
        return named.get(self.kind, "A reminder")
