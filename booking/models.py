"""A consultation request, what happened to it, and the letters that it owes."""

from __future__ import annotations

import secrets
import uuid
from datetime import date, datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from wagtail.models import Page

from booking import tokens
from practice.fields import EncryptedTextField


class State(models.TextChoices):
    SUSPECTED = "suspected", "Held apart"
    PENDING = "pending", "Waiting for your answer"
    PROPOSED = "proposed", "Other times offered"
    WAITLISTED = "waitlisted", "On the waiting list"
    CONFIRMED = "confirmed", "Confirmed"
    DECLINED = "declined", "Referred on"
    CANCELLED = "cancelled", "Cancelled"
    EXPIRED = "expired", "Offer expired"
    WITHDRAWN = "withdrawn", "Withdrawn by the visitor"
    CLOSED = "closed", "Closed"


OPEN_STATES = (State.SUSPECTED, State.PENDING, State.PROPOSED, State.WAITLISTED, State.CONFIRMED)


class Who(models.TextChoices):
    ME = "me", "Me"
    US = "us", "Us, as a couple or family"
    MY_TEEN = "my_teen", "My teen"
    TEEN = "teen", "I am the teen"


class PartOfWeek(models.TextChoices):
    MORNINGS = "mornings", "Weekday mornings"
    AFTERNOONS = "afternoons", "Weekday afternoons"
    EVENINGS = "evenings", "Weekday evenings"
    WEEKENDS = "weekends", "Weekends"


class Outcome(models.TextChoices):
    TOOK_PLACE = "took_place", "Took place"
    DID_NOT_COME = "did_not_come", "Did not come"
    BECAME_CLIENT = "became_client", "Became a client"
    REFERRED = "referred", "Referred to somebody else"


def new_nonce() -> str:
    return secrets.token_urlsafe(9)


# Where each state may lead. Who may take which step: services.py.
NEXT_STATES: dict[State, frozenset[State]] = {
    State.SUSPECTED: frozenset({State.PENDING, State.WITHDRAWN, State.CLOSED}),
    State.PENDING: frozenset(
        {
            State.CONFIRMED,
            State.PROPOSED,
            State.WAITLISTED,
            State.DECLINED,
            State.WITHDRAWN,
            State.CLOSED,
        }
    ),
    State.PROPOSED: frozenset(
        {
            State.CONFIRMED,
            State.PENDING,
            State.WAITLISTED,
            State.DECLINED,
            State.WITHDRAWN,
            State.EXPIRED,
            State.CLOSED,
        }
    ),
    State.WAITLISTED: frozenset(
        {
            State.PENDING,
            State.CONFIRMED,
            State.PROPOSED,
            State.DECLINED,
            State.WITHDRAWN,
            State.CLOSED,
        }
    ),
    State.CONFIRMED: frozenset(
        {
            State.CONFIRMED,
            State.PROPOSED,
            State.WITHDRAWN,
            State.CANCELLED,
            State.CLOSED,
        }
    ),
    State.DECLINED: frozenset({State.PENDING}),
    State.CANCELLED: frozenset({State.PENDING}),
    State.EXPIRED: frozenset({State.PENDING}),
    State.CLOSED: frozenset({State.PENDING}),
    State.WITHDRAWN: frozenset({State.PENDING}),
}


class RequestQuerySet(models.QuerySet["ConsultationRequest"]):
    def by_token(self, token: str) -> ConsultationRequest | None:
        """The request that a visitor's link leads to, if the link is good and it still exists."""
        found = tokens.read(token)
        return self.filter(pk=found[0], link_nonce=found[1]).first() if found else None

    def open(self) -> RequestQuerySet:
        return self.filter(state__in=OPEN_STATES)

    def closed_before(self, moment: datetime) -> RequestQuerySet:
        """Those that have come to an end, or whose consultation has, before `moment`."""
        return self.filter(
            ~Q(state__in=OPEN_STATES) & Q(state_since__lt=moment)
            | Q(state=State.CONFIRMED, ends_at__lt=moment)
        )

    def awaiting_reply(self) -> RequestQuerySet:
        """Those on which the next word is the practice's."""
        return self.filter(state=State.PENDING)

    def overdue(self, today: date) -> RequestQuerySet:
        """Those whose promised day, in the practice's zone, is over."""
        return self.awaiting_reply().filter(reply_by__lt=today)

    def marking_late(self, today: date) -> RequestQuerySet:
        """Each with `late`, for lists."""
        late = Q(state=State.PENDING, reply_by__lt=today)
        return self.annotate(late=ExpressionWrapper(late, output_field=models.BooleanField()))

    def to_be_told(self) -> RequestQuerySet:
        """Those with a letter that nobody can send: the visitor left no e-mail address."""
        return self.filter(
            letters__channel=Letter.Channel.IN_PERSON, letters__told_at=None
        ).distinct()


class ConsultationRequest(models.Model):
    """What a visitor sends, from the first moment to its erasure.

    Name, contact, message and note are encrypted; the rest says nothing about who it is.
    """

    UNDO_WITHIN: ClassVar[timedelta] = timedelta(days=1)

    submission_key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    link_nonce = models.CharField(max_length=16, default=new_nonce, editable=False)
    version = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=12, choices=State.choices, default=State.PENDING)
    state_since = models.DateTimeField(default=timezone.now)
    received_at = models.DateTimeField(default=timezone.now)
    reply_by = models.DateField(help_text="Last day of the promised answer, in the practice's zone")

    who = models.CharField("for", max_length=8, choices=Who.choices, default=Who.ME)
    region = models.CharField("will be in", max_length=8, blank=True)
    name = EncryptedTextField()
    email = EncryptedTextField("e-mail address", blank=True)
    phone = EncryptedTextField("telephone", blank=True)
    text_ok = models.BooleanField("text is fine", default=False)
    voicemail_ok = models.BooleanField("voicemail is fine", default=False)
    good_hours = EncryptedTextField("good hours to be reached", blank=True)
    parts_of_week = models.JSONField(default=list, blank=True)
    message = EncryptedTextField(blank=True)
    article = models.ForeignKey(
        Page, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=16, choices=Outcome.choices, blank=True)
    private_note = EncryptedTextField(blank=True)

    objects = RequestQuerySet.as_manager()

    # Wagtail would list a row among the usages of its article, where editors look.
    wagtail_reference_index_ignore = True

    class Meta:
        ordering: ClassVar = ["received_at", "pk"]
        default_permissions = ()
        permissions: ClassVar = [("review_consultationrequest", "Can review consultation requests")]
        indexes: ClassVar = [
            models.Index(fields=["state", "received_at"], name="request_by_state_and_age")
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="request_state_known"),
            models.CheckConstraint(condition=Q(who__in=Who.values), name="request_who_known"),
            models.CheckConstraint(
                condition=Q(starts_at=None, ends_at=None)
                | Q(starts_at__isnull=False, ends_at__isnull=False, ends_at__gt=F("starts_at")),
                name="request_ends_after_start",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.CONFIRMED) | Q(starts_at__isnull=False),
                name="request_confirmed_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(email="") | ~Q(phone=""), name="request_has_contact"
            ),
        ]

    def __str__(self) -> str:
        # Wagtail writes this into logs that outlive the request.
        return f"Request {self.pk}"

    def __repr__(self) -> str:
        return f"<ConsultationRequest {self.pk}>"

    def get_absolute_url(self) -> str:
        """The visitor's private page."""
        return reverse("booking:manage", args=[self.token])

    @property
    def token(self) -> str:
        return tokens.make(self.pk, self.link_nonce)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def parts_of_week_labels(self) -> list[str]:
        return [str(PartOfWeek(part).label) for part in self.parts_of_week]

    def is_late(self, today: date) -> bool:
        """Whether the promised day is over without an answer; `today` in the practice's zone."""
        return self.state == State.PENDING and self.reply_by < today

    def may_be_withdrawn(self, now: datetime) -> bool:
        """Whether there is anything left to withdraw: no consultation that took place."""
        return self.is_open and not (self.ends_at and self.ends_at <= now)

    def may_be_restored(self, now: datetime) -> bool:
        """Whether the visitor may still take a withdrawal back."""
        return self.state == State.WITHDRAWN and now < self.state_since + self.UNDO_WITHIN


class RequestEvent(models.Model):
    """Who did what to a request and when; never what anybody said."""

    class Actor(models.TextChoices):
        VISITOR = "visitor", "The visitor"
        PRACTICE = "practice", "The practice"
        SYSTEM = "system", "The site"

    class Kind(models.TextChoices):
        RECEIVED = "received", "sent the request"
        CONFIRM = "confirm", "confirmed a time"
        MOVE = "move", "moved it to another time"
        WAITLIST = "waitlist", "put it on the waiting list"
        DECLINE = "decline", "referred on"
        CANCEL = "cancel", "cancelled the consultation"
        REOPEN = "reopen", "reopened it"
        CLOSE = "close", "closed it"
        TOLD = "told", "told the visitor"
        OUTCOME = "outcome", "noted how it ended"
        NOTE = "note", "changed the private note"
        WITHDRAWN = "withdrawn", "withdrew it"
        RESTORED = "restored", "brought it back"

    request = models.ForeignKey(
        ConsultationRequest, on_delete=models.CASCADE, related_name="events"
    )
    kind = models.CharField(max_length=24, choices=Kind.choices)
    actor = models.CharField(max_length=8, choices=Actor.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    state = models.CharField(max_length=12, choices=State.choices)
    at = models.DateTimeField(default=timezone.now)

    wagtail_reference_index_ignore = True

    class Meta:
        ordering: ClassVar = ["at", "pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"Event {self.pk} of request {self.request_id}"


class Letter(models.Model):
    """The words of one decision, as the therapist sent them or is asked to say them.

    Goes with its request. The outbox refers to it and never holds a body itself.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", "By e-mail"
        IN_PERSON = "in_person", "To be said or texted"

    request = models.ForeignKey(
        ConsultationRequest, on_delete=models.CASCADE, related_name="letters"
    )
    version = models.PositiveIntegerField()
    kind = models.CharField(max_length=24)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    subject = EncryptedTextField(blank=True)
    body = EncryptedTextField()
    told_at = models.DateTimeField(null=True, blank=True)

    wagtail_reference_index_ignore = True

    class Meta:
        ordering: ClassVar = ["pk"]
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "version"], name="letter_one_per_version")
        ]

    def __str__(self) -> str:
        return f"Letter {self.pk} of request {self.request_id}"


class OutgoingEmailQuerySet(models.QuerySet["OutgoingEmail"]):
    def due(self, now: datetime) -> OutgoingEmailQuerySet:
        """Neither sent nor given up, whose time has come and which no live worker holds.

        What a visitor gets about one request keeps its order: a letter that is tried again
        must not arrive after the one that took it back.
        """
        earlier = OutgoingEmail.objects.filter(
            request=OuterRef("request"),
            recipient=OuterRef("recipient"),
            pk__lt=OuterRef("pk"),
            sent_at=None,
            given_up_at=None,
        )
        return self.filter(
            ~Exists(earlier),
            Q(leased_until=None) | Q(leased_until__lt=now),
            sent_at=None,
            given_up_at=None,
            next_try_at__lte=now,
        )

    def stuck(self, now: datetime) -> OutgoingEmailQuerySet:
        """Not sent within an hour or given up: the therapist is told, of a dead worker too."""
        return self.filter(sent_at=None).filter(
            Q(created_at__lt=now - timedelta(hours=1)) | Q(given_up_at__isnull=False)
        )


class OutgoingEmail(models.Model):
    """The promise to send one message: what and to whom by reference, never a body or address."""

    class Recipient(models.TextChoices):
        VISITOR = "visitor", "The visitor"
        PRACTICE = "practice", "The practice"

    request = models.ForeignKey(
        ConsultationRequest, null=True, on_delete=models.CASCADE, related_name="emails"
    )
    kind = models.CharField(max_length=24)
    version = models.PositiveIntegerField(default=0)
    recipient = models.CharField(max_length=8, choices=Recipient.choices)
    about_time = models.DateTimeField(
        null=True, help_text="When a consultation was to be whose request is gone"
    )
    key = models.UUIDField(
        default=uuid.uuid4, unique=True, help_text="Its Message-ID, the same at every try"
    )
    created_at = models.DateTimeField(default=timezone.now)
    next_try_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=80, blank=True, help_text="The kind of error alone")

    objects = OutgoingEmailQuerySet.as_manager()
    wagtail_reference_index_ignore = True

    class Meta:
        default_permissions = ()
        indexes: ClassVar = [
            models.Index(
                fields=["next_try_at"],
                name="email_waiting",
                condition=Q(sent_at=None, given_up_at=None),
            )
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["request", "kind", "version"], name="email_one_per_kind_and_version"
            )
        ]

    def __str__(self) -> str:
        return f"E-mail {self.pk} ({self.kind})"


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
