"""When the therapist can be had: hours, settings, times that are taken, and other calendars."""

from __future__ import annotations

import secrets
from copy import copy
from datetime import datetime, time, timedelta
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import connection, models
from django.db.models import F, Q

from booking.models.events import Proposal
from booking.models.queries import RequestQuerySet
from booking.models.requests import ConsultationRequest
from booking.models.states import State
from practice.fields import EncryptedTextField
from practice.models import Medium, PracticeSettings
from practice.models.settings import validate_five_minutes

CELL = timedelta(minutes=5)
MIDNIGHT = time(0)


class Weekday(models.IntegerChoices):
    MONDAY = 0, "Monday"
    TUESDAY = 1, "Tuesday"
    WEDNESDAY = 2, "Wednesday"
    THURSDAY = 3, "Thursday"
    FRIDAY = 4, "Friday"
    SATURDAY = 5, "Saturday"
    SUNDAY = 6, "Sunday"


def new_secret() -> str:
    return secrets.token_urlsafe(24)


class Schedule(models.Model):
    """One therapist's calendar; its zone and the consultation's length are PracticeSettings'.

    A practice of one has one row, the default, with nothing of its own about the therapist.
    Whoever takes a time locks it, which guards a day's limit.
    """

    class FeedTitles(models.TextChoices):
        INITIALS = "initials", "The visitor's initials"
        NOTHING = "nothing", "Just the time"

    is_default = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="The form's and the admin's, and that of requests which name none",
    )
    therapist = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    # Where these are empty, it is as the practice's settings say.
    therapist_name = models.CharField(max_length=120, blank=True, default="", db_default="")
    telephone = models.CharField(max_length=40, blank=True, default="", db_default="")
    medium = models.CharField(
        max_length=12, choices=Medium.choices, blank=True, default="", db_default=""
    )
    step = models.PositiveSmallIntegerField(
        "a start time every (minutes)",
        default=30,
        validators=[validate_five_minutes, MinValueValidator(5), MaxValueValidator(240)],
        help_text="Counted from the start of each window.",
    )
    gap = models.PositiveSmallIntegerField(
        "break between consultations (minutes)",
        default=10,
        validators=[validate_five_minutes, MaxValueValidator(240)],
    )
    notice_hours = models.PositiveSmallIntegerField(
        "minimum notice (hours)", default=24, validators=[MaxValueValidator(24 * 60)]
    )
    horizon_days = models.PositiveSmallIntegerField(
        "how far ahead (days)",
        default=21,
        validators=[MinValueValidator(1), MaxValueValidator(120)],
    )
    daily_limit = models.PositiveSmallIntegerField(
        "most consultations in a day",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
        help_text="Leave empty for no limit.",
    )
    closed_on_holidays = models.BooleanField(
        "closed on public holidays",
        default=True,
        help_text="A date with its own hours is open anyway.",
    )
    hold_hours = models.PositiveSmallIntegerField(
        "a request reserves its time for (hours)",
        default=96,
        validators=[MinValueValidator(1), MaxValueValidator(24 * 30)],
        help_text="Then the time is free again. The request stays, and counts as late.",
    )
    offer_hours = models.PositiveSmallIntegerField(
        "your offer is good for (hours)",
        default=72,
        validators=[MinValueValidator(4), MaxValueValidator(24 * 30)],
        help_text="Someone without email has as long as they need.",
    )
    reminds_two_days_before = models.BooleanField("remind two days before", default=False)
    reminds_one_day_before = models.BooleanField("remind one day before", default=True)
    feed_secret = EncryptedTextField(default=new_secret, editable=False)
    feed_titles = models.CharField(
        "title of a consultation in your own calendar",
        max_length=10,
        choices=FeedTitles.choices,
        default=FeedTitles.NOTHING,
    )
    open_times_counted = models.PositiveIntegerField(
        null=True,
        editable=False,
        help_text="How many times the worker last found that can be reserved together",
    )
    hours_are_sample = models.BooleanField(default=False, editable=False)

    wagtail_reference_index_ignore = True

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="schedule_one_default"
            )
        ]

    def __str__(self) -> str:
        return "Schedule"

    @classmethod
    def load(cls) -> Schedule:
        """The default one, which is made on first use: a practice of one has no other. One that
        the version before made beside this one does not say so yet.
        """
        default = cls.objects.filter(is_default=True).first()
        if default is None:
            first = cls.objects.order_by("pk").values_list("pk", flat=True)[:1]
            cls.objects.filter(pk__in=[*first]).update(is_default=True)
        return default or cls.objects.get_or_create(is_default=True)[0]

    @classmethod
    def of(cls, consultation: ConsultationRequest) -> Schedule:
        """That to which a request belongs."""
        return consultation.schedule or cls.load()

    @property
    def consultations(self) -> RequestQuerySet:
        return ConsultationRequest.objects.filter(self._owns("schedule"))

    @property
    def offers(self) -> models.QuerySet[Proposal]:
        # The state keeps SQLite from going through every request, offered or not.
        return Proposal.objects.filter(
            self._owns("request__schedule"), request__state=State.PROPOSED
        )

    def _owns(self, schedule: str) -> Q:
        """Rows whose `schedule` it is. The version before writes none into a request."""
        mine = Q(**{schedule: self})
        return mine | Q(**{schedule: None}) if self.is_default else mine

    def lock(self) -> Schedule:
        """The same as it stands, held until the transaction ends: who takes times waits for each
        other, and who files a request that refers to it for nobody.

        Take it before any request's row, always in this order, or two who wait for each
        other's rows lock up. SQLite's IMMEDIATE transactions wait already.
        """
        return Schedule.objects.select_for_update(no_key=True).get(pk=self.pk)

    def share(self) -> Schedule:
        """The same as it stands, which nobody can `lock` until the transaction ends, while others
        share it too. Take it like `lock`, and not before `lock`: two who shared would wait for each
        other.
        """
        if connection.vendor != "postgresql":
            return Schedule.objects.get(pk=self.pk)
        (shared,) = Schedule.objects.raw(
            "SELECT * FROM booking_schedule WHERE id = %s FOR SHARE", [self.pk]
        )
        return shared

    def as_told(self, practice: PracticeSettings) -> PracticeSettings:
        """The settings as this therapist's visitors are told them: for letters, and for what a page
        says of the consultation. Never to be saved, nor for a page's head and foot, which are the
        site's and cached.
        """
        told = copy(practice)
        told.therapist_name = self.therapist_name or practice.therapist_name
        if told.therapist_name != practice.therapist_name:  # the face is another's
            told.portrait, told.credential = None, ""
        told.telephone = self.telephone or practice.telephone
        told.consultation_medium = self.medium or practice.consultation_medium
        return told


class AvailabilityRule(models.Model):
    """Weekly hours, in local wall time; an end of 00:00 is midnight at the day's end."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="rules")
    weekday = models.PositiveSmallIntegerField(choices=Weekday.choices)
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        ordering: ClassVar = ["weekday", "opens"]
        default_permissions = ()
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="rule_weekday_known"),
            models.CheckConstraint(
                condition=Q(closes__gt=F("opens")) | Q(closes=MIDNIGHT),
                name="rule_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M} to {self.closes:%H:%M}"


class DateOverride(models.Model):
    """One date's own hours, a row for each window; a row without hours closes the date."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="overrides")
    day = models.DateField()
    opens = models.TimeField(null=True, blank=True)
    closes = models.TimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["day", "opens"]
        default_permissions = ()
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(opens=None, closes=None)
                | Q(opens__isnull=False, closes__isnull=False)
                & (Q(closes__gt=F("opens")) | Q(closes=MIDNIGHT)),
                name="override_ends_after_start",
            )
        ]

    def __str__(self) -> str:
        if self.opens is None or self.closes is None:
            return f"{self.day} closed"
        return f"{self.day} {self.opens:%H:%M} to {self.closes:%H:%M}"


class SlotClaim(models.Model):
    """Five minutes of a schedule that one request holds, its pause included.

    That no two requests hold the same is the guard against double booking.
    """

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="claims")
    request = models.ForeignKey(
        ConsultationRequest, on_delete=models.CASCADE, related_name="claims"
    )
    cell = models.PositiveIntegerField(help_text="Five-minute steps since 1970-01-01, UTC")

    wagtail_reference_index_ignore = True

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["schedule", "cell"], name="claim_one_per_cell")
        ]

    def __str__(self) -> str:
        return f"Claim {self.pk} of request {self.request_id}"


def cells(starts_at: datetime, ends_at: datetime) -> range:
    """The numbers of the five-minute cells that a span (UTC, whole cells) covers.

    Raises ValueError for a start or an end between two of them.
    """
    begin, end = starts_at.timestamp(), ends_at.timestamp()
    if begin % CELL.seconds or end % CELL.seconds:
        raise ValueError("A time that can be held begins and ends at full five minutes.")
    return range(int(begin) // CELL.seconds, int(end) // CELL.seconds)
