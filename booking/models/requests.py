"""A consultation request: what a visitor sends, and how it stands."""

from __future__ import annotations

import secrets
import uuid
from datetime import date, datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from wagtail.models import Page

from booking import tokens
from booking.models.abuse import Limit
from booking.models.contact import Contact, contact
from booking.models.queries import UNWRITTEN, RequestQuerySet
from booking.models.states import (
    OPEN_STATES,
    Outcome,
    PartnerKnows,
    PartOfWeek,
    State,
    Who,
)
from booking.spam import signals
from practice.fields import EncryptedTextField, Unreadable, personal, personal_fields
from practice.jurisdiction import zones
from practice.models import Medium


def new_nonce() -> str:
    return secrets.token_urlsafe(16)


class ConsultationRequest(models.Model):
    """What a visitor sends, from the first moment to its erasure.

    Name, contact, message and note are encrypted; the rest says nothing about who it is.
    """

    UNDO_WITHIN: ClassVar[timedelta] = timedelta(days=1)

    submission_key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    link_nonce = models.CharField(max_length=22, default=new_nonce, editable=False)
    version = models.PositiveIntegerField(default=1)
    state = models.CharField("status", max_length=12, choices=State.choices, default=State.PENDING)
    state_since = models.DateTimeField(default=timezone.now)
    received_at = models.DateTimeField(default=timezone.now)
    opened_at = models.DateTimeField(
        null=True, blank=True, help_text="When someone who may review it first opened it"
    )
    reply_by = models.DateField(help_text="Last day of the promised reply, in the practice's zone")

    who = personal(
        models.CharField("for", max_length=8, choices=Who.choices, default=Who.UNSAID), typed=True
    )
    partner_knows = personal(
        models.CharField(
            "their partner knows",
            max_length=8,
            choices=PartnerKnows.choices,
            blank=True,
            default="",
            db_default="",
        ),
        typed=True,
    )
    region = personal(models.CharField("will be in", max_length=8, blank=True))
    name = personal(EncryptedTextField(), typed=True)
    email = personal(EncryptedTextField("email address", blank=True), typed=True)
    phone = personal(EncryptedTextField("phone", blank=True), typed=True)
    text_ok = personal(models.BooleanField("texts are fine", default=False), typed=True)
    voicemail_ok = personal(models.BooleanField("voicemail is fine", default=False), typed=True)
    discreet = personal(
        models.BooleanField(
            "someone else may see their email or phone", default=False, db_default=False
        ),
        typed=True,
    )
    good_hours = personal(EncryptedTextField("good times to reach them", blank=True), typed=True)
    parts_of_week = personal(models.JSONField(default=list, blank=True), typed=True)
    message = personal(EncryptedTextField(blank=True), typed=True)
    # None, as the version before writes it, is the default one. Not indexed, since SQLite would
    # read all of a schedule's by it. Protected, or one therapist's would become another's.
    schedule = models.ForeignKey(
        "booking.Schedule",
        null=True,
        editable=False,
        db_index=False,
        on_delete=models.PROTECT,
        related_name="+",
    )
    article = personal(
        models.ForeignKey(
            Page,
            null=True,
            blank=True,
            on_delete=models.SET_NULL,
            related_name="+",
            verbose_name="came from",
        )
    )

    time_zone = personal(models.CharField("the visitor's time zone", max_length=64, blank=True))
    asked_for = personal(
        models.DateTimeField(
            null=True, blank=True, help_text="The open time that the visitor chose, reserved or not"
        ),
        typed=True,
    )
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    holds_until = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When a time that was asked for, or an offer, is free again",
    )
    hold_ended_at = models.DateTimeField(null=True, blank=True)
    move_asked_at = models.DateTimeField(null=True, blank=True)
    agreed_despite = models.JSONField(
        null=True,
        default=list,
        blank=True,
        editable=False,
        help_text="Codes of what the schedule says against its time, and the therapist knows",
    )
    medium = personal(
        models.CharField(
            max_length=12,
            choices=Medium.choices,
            blank=True,
            help_text="As it was when they agreed",
        )
    )
    visitor_calls = personal(models.BooleanField("the visitor calls the practice", default=False))
    invitation_uid = models.UUIDField(default=uuid.uuid4, editable=False)
    invitation_sequence = models.PositiveIntegerField(
        null=True,
        editable=False,
        help_text="Of the last invitation or cancellation sent (RFC 5546)",
    )
    wants_calendar_file = personal(
        models.BooleanField("wants a calendar file by email", default=False, db_default=False)
    )
    erase_when_told = models.BooleanField(
        default=False, help_text="Erased by the visitor, but for the address of the cancellation"
    )
    erasure_asked_at = personal(
        models.DateTimeField(
            "wants it deleted since",
            null=True,
            blank=True,
            help_text="By the visitor, during a legal hold",
        )
    )
    kept_until = personal(
        models.DateField(
            "last day of the legal hold",
            null=True,
            blank=True,
            help_text="Not erased before this day, in the practice's zone",
        )
    )
    kept_because = personal(EncryptedTextField("reason for the legal hold", blank=True))
    held_apart_for = personal(
        models.JSONField(
            "possible spam because",
            default=list,
            blank=True,
            help_text="Codes of what looked like spam, until the therapist has found it to be real",
        )
    )
    limits_reached = personal(
        models.JSONField(
            null=True, blank=True, help_text="Codes of the limits that it met when it came (Limit)"
        )
    )
    code_digest = models.CharField(
        max_length=64,
        default="",
        db_default="",
        editable=False,
        help_text="Of the code that was read out for its page (tokens.digest)",
    )
    code_ends_at = models.DateTimeField(null=True, editable=False)
    # By which the newest line of `booking.ledger.wishes` is known, whatever the clock said.
    wishes = models.PositiveIntegerField(
        default=0,
        db_default=0,
        editable=False,
        help_text="How often what is wished or must be kept has changed",
    )
    wishes_in_file = models.PositiveIntegerField(
        default=0, db_default=0, editable=False, help_text="How many of them a restore knows of"
    )
    outcome = personal(models.CharField(max_length=16, choices=Outcome.choices, blank=True))
    private_note = personal(EncryptedTextField(blank=True))

    CONTACTS: ClassVar = ("phone", "email")
    # What is not personal is one of these. How things stand is told in copies of it too.
    STANDS: ClassVar = (
        *("state", "received_at", "reply_by", "starts_at", "ends_at", "move_asked_at"),
    )
    HARMLESS: ClassVar = (
        *("id", "submission_key", "link_nonce", "version", "state_since", "opened_at"),
        *("holds_until", "hold_ended_at", "agreed_despite", "erase_when_told"),
        *("invitation_uid", "invitation_sequence", "wishes", "wishes_in_file", "schedule"),
        *("code_digest", "code_ends_at"),
    )

    objects = RequestQuerySet.as_manager()

    # Wagtail would list a row among the usages of its article, where editors look.
    wagtail_reference_index_ignore = True

    class Meta:
        ordering: ClassVar = ["received_at", "pk"]
        default_permissions = ()
        permissions: ClassVar = [("review_consultationrequest", "Can review consultation requests")]
        indexes: ClassVar = [
            models.Index(fields=["state", "received_at"], name="request_by_state_and_age"),
            # So that lists and open times cost the same however many requests are on file: the
            # first two also count, without looking at any row.
            models.Index(
                fields=["received_at", "id", "state", "erase_when_told"], name="request_by_age"
            ),
            models.Index(fields=["state", "erase_when_told"], name="request_by_state"),
            models.Index(fields=["ends_at"], name="request_by_end"),
            models.Index(fields=["state", "move_asked_at"], name="request_asked_to_move"),
            models.Index(fields=["id"], name="request_wish_unwritten", condition=UNWRITTEN),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["code_digest"], condition=~Q(code_digest=""), name="request_one_per_code"
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="request_state_known"),
            models.CheckConstraint(condition=Q(who__in=Who.values), name="request_who_known"),
            models.CheckConstraint(
                condition=Q(partner_knows__in=["", *PartnerKnows.values]),
                name="request_partner_known",
            ),
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
            models.CheckConstraint(
                condition=Q(kept_until=None, kept_because="")
                | Q(Q(kept_until__isnull=False), ~Q(kept_because="")),
                name="request_held_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        # Wagtail writes this into logs that outlive the request.
        return f"Request {self.pk}"

    def get_absolute_url(self) -> str:
        """The visitor's private page."""
        return reverse("booking:manage", args=[self.token])

    @property
    def token(self) -> str:
        return tokens.make(self.pk, self.link_nonce)

    @property
    def contact(self) -> Contact:
        return contact(self)

    @property
    def contact_as_told(self) -> Contact:
        return contact(self, as_told=True)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def is_unreadable(self) -> bool:
        """Whether some of it was written under a key that is not here."""
        return any(isinstance(value, Unreadable) for value in vars(self).values())

    @classmethod
    def in_words(cls) -> list[str]:
        """The fields in which a visitor writes what they like, contacts among them."""
        typed = personal_fields(cls, typed=True)
        return [field.name for field in typed if isinstance(field, EncryptedTextField)]

    @classmethod
    def told_fields(cls) -> list[Any]:
        """What a copy of it tells: all that is personal, and how things stand."""
        return [*personal_fields(cls), *map(cls._meta.get_field, cls.STANDS)]

    def meaning_of(self, field: Any) -> Any:
        """The value of `field` with words in place of codes and rows."""
        codes = {
            "held_apart_for": self.suspicions,
            "limits_reached": [limit.label for limit in self.limits],
            "parts_of_week": self.parts_of_week_labels,
        }
        if field.name in codes:
            return codes[field.name]
        if field.choices:
            return self._get_FIELD_display(field)  # type: ignore[attr-defined]
        value = getattr(self, field.name)
        return str(value or "") if field.is_relation else value

    @property
    def parts_of_week_labels(self) -> list[str]:
        return [str(PartOfWeek(part).label) for part in self.parts_of_week]

    @property
    def suspicions(self) -> list[str]:
        """Why it is held apart, in plain words."""
        return signals.in_words(self.held_apart_for)

    @property
    def limits(self) -> list[Limit]:
        """The limits that it met when it came, until it has been replied to."""
        return [Limit(code) for code in self.limits_reached or () if code in Limit]

    @property
    def is_unreserved(self) -> bool:
        """Whether the visitor reads that the time they asked for could not be set aside."""
        is_limited = any(limit != Limit.LETTERS for limit in self.limits)
        return self.seems_to_wait and self.starts_at is None and is_limited

    @property
    def is_unacknowledged(self) -> bool:
        """Whether no email says that it arrived: too many went to that address that day."""
        return self.seems_to_wait and Limit.LETTERS in self.limits

    @property
    def awaits_reply(self) -> bool:
        """Whether the next word is the practice's."""
        asked_to_move = self.state == State.CONFIRMED and self.move_asked_at is not None
        return self.state == State.PENDING or asked_to_move

    @property
    def was_promised_a_reply(self) -> bool:
        """Whether its sender waits for one, as do those who do not know that it is put aside."""
        return self.awaits_reply or self.state == State.SUSPECTED

    @property
    def has_time(self) -> bool:
        """Whether a consultation is agreed, also while other times are offered for it."""
        return self.state in (State.CONFIRMED, State.PROPOSED) and self.starts_at is not None

    @property
    def minutes(self) -> int | None:
        """How long its time lasts, if it has one."""
        if self.starts_at is None or self.ends_at is None:
            return None
        return round((self.ends_at - self.starts_at).total_seconds() / 60)

    @property
    def seems_to_wait(self) -> bool:
        """Whether the visitor reads that it waits; whoever sends spam must not learn more."""
        return self.state in (State.PENDING, State.SUSPECTED)

    def time_as_told(self, now: datetime) -> datetime | None:
        """The time that is the visitor's, or that they believe to be held while it is not."""
        if self.state != State.SUSPECTED:
            return self.starts_at
        return self.asked_for if self.holds_until and self.holds_until > now else None

    def lost_its_time(self, now: datetime) -> bool:
        """Whether the visitor reads that a time they asked for is not held any more."""
        if self.state == State.SUSPECTED:
            return self.holds_until is not None and self.holds_until <= now
        return self.state == State.PENDING and self.hold_ended_at is not None

    def is_ahead(self, now: datetime) -> bool:
        """Whether an agreed consultation is still to come."""
        return self.has_time and self.is_to_come(now)

    def is_to_come(self, now: datetime) -> bool:
        """Whether a time that was agreed, called off since or not, has not come yet."""
        return self.state != State.PENDING and self.starts_at is not None and self.starts_at > now

    def zone_or(self, zone: ZoneInfo) -> ZoneInfo:
        """The visitor's own zone if they chose one that exists, else `zone`."""
        return zones.named(self.time_zone, zone)

    def is_held(self, today: date) -> bool:
        """Whether it must not be erased on `today`, in the practice's zone."""
        return self.kept_until is not None and self.kept_until >= today

    def is_late(self, today: date) -> bool:
        """Whether an answer is overdue on `today` (in the practice's zone), or its hold is over."""
        return self.awaits_reply and (self.reply_by < today or self.hold_ended_at is not None)

    def may_be_withdrawn(self, now: datetime) -> bool:
        """Whether there is anything left to withdraw: no consultation that took place."""
        took_place = self.state == State.CONFIRMED and self.ends_at and self.ends_at <= now
        return self.is_open and not took_place

    def may_be_restored(self, now: datetime) -> bool:
        """Whether the visitor may still take a withdrawal back."""
        return self.state == State.WITHDRAWN and now < self.state_since + self.UNDO_WITHIN
