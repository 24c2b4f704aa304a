"""Everything that the practice says about itself, in one place."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

import holidays
import phonenumbers
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import (
    MaxValueValidator,
    MinValueValidator,
    RegexValidator,
    URLValidator,
    validate_email,
)
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail.admin.panels import FieldPanel, HelpPanel, InlinePanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting
from wagtail.fields import RichTextField
from wagtail.models import Orderable

from practice import contacts
from practice.blocks import INLINE, PROSE
from practice.jurisdiction import california, times, workdays
from practice.models.pictures import SiteImage
from practice.models.regions import Region, parse_regions, validate_regions
from practice.pagecache.version import cached


def validate_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(f'"{name}" isn\'t a time zone. One is "America/Los_Angeles".')


def validate_country(code: str) -> None:
    # An alias such as UK has holidays, and no telephone number would be valid there.
    known = holidays.list_supported_countries(include_aliases=False)
    if code not in known or code not in phonenumbers.SUPPORTED_REGIONS:
        raise ValidationError(f'"{code}" isn\'t a country code. Examples: "US", "GB".')


def validate_five_minutes(minutes: int) -> None:
    """Django's StepValueValidator raises OverflowError for a number of 400 digits."""
    if minutes % 5:
        raise ValidationError("Choose a multiple of five.", code="step_size")


def validate_contact(text: str) -> None:
    """Raises ValidationError unless it is an email address or an https address."""
    is_page = text.startswith("https://")
    try:
        (URLValidator(schemes=["https"]) if is_page else validate_email)(text)
    except ValidationError as error:
        raise ValidationError("Enter an email address, or a web address with https://.") from error


def time_zone_of_the_install() -> str:
    """Where the server was told that it is; a practice begins there, and keeps what it has."""
    return settings.TIME_ZONE


validate_color = RegexValidator(
    r"^#[0-9a-fA-F]{6}$", "Write a color as # and six digits, such as #70304a."
)


def days_kept(label: str, *, default: int) -> models.PositiveSmallIntegerField:
    """How many days something is kept, from a day to ten years."""
    return models.PositiveSmallIntegerField(
        label, default=default, validators=[MinValueValidator(1), MaxValueValidator(3650)]
    )


def _panel(heading: str, names: str, help: str = "") -> MultiFieldPanel:
    fields = [FieldPanel(name) for name in names.split()]
    return MultiFieldPanel([HelpPanel(help), *fields] if help else fields, heading=heading)


# Which field says how long a request in some state is kept; `waiting` stands for those that wait.
KEPT = {
    state: f"keeps_{state}_for"
    for state in ("confirmed declined cancelled expired withdrawn closed suspected waiting").split()
}


class Medium(models.TextChoices):
    TELEPHONE = "telephone", "by phone"
    VIDEO = "video", "by video"
    OFFICE = "office", "at the office"


class Caller(models.TextChoices):
    THERAPIST = "therapist", "The therapist calls the visitor"
    VISITOR = "visitor", "The visitor calls the practice"


class Intake(models.TextChoices):
    OPEN = "open", "Open: visitors can ask for one of your open times"
    WITHOUT_TIMES = "without_times", "Open, without times: you suggest a time to each visitor"
    WAITING_LIST = "waiting_list", "Waitlist only"
    CLOSED = "closed", "Closed: visitors see a message instead of the form"


@register_setting(icon="home", order=10)
class PracticeSettings(ClusterableModel, BaseGenericSetting):
    practice_name = models.CharField(max_length=120, default="Your practice")
    short_name = models.CharField(
        max_length=40,
        blank=True,
        help_text=(
            "A neutral name to use instead of your practice's name in emails, in case someone else "
            "sees them."
        ),
    )
    therapist_name = models.CharField(max_length=120, blank=True)
    credential = models.CharField(max_length=120, blank=True, help_text="For example: LMFT.")
    license_type = models.CharField(max_length=120, blank=True)
    license_number = models.CharField(max_length=40, blank=True)
    license_expires = models.DateField(null=True, blank=True, help_text="Never shown on the site.")
    portrait = models.ForeignKey(
        SiteImage, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    telephone = models.CharField("phone", max_length=40, blank=True)
    email = models.EmailField(
        "email address for alerts",
        blank=True,
        help_text="You get an email here when a request comes in.",
    )
    second_email = models.EmailField(
        "second address for alerts",
        blank=True,
        default="",
        db_default="",
        help_text=(
            "Gets an email when half of your reply time is over and you haven't opened a request, "
            "when alerts don't reach you, or when a reply is late and you haven't signed in for "
            "five working days. It never says who wrote."
        ),
    )
    security_contact = models.CharField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        validators=[validate_contact],
        help_text=(
            "For people who find a security problem with this site: an email address, or a web "
            "page. Leave it empty to show nothing."
        ),
    )
    office_address = models.TextField(
        blank=True,
        help_text=(
            "Leave it empty if you only do telehealth. The bottom of each page then says “Sessions "
            "by video and telephone.”"
        ),
    )
    country = models.CharField(
        max_length=2, default=california.COUNTRY, validators=[validate_country]
    )
    holiday_region = models.CharField(
        max_length=8,
        blank=True,
        default=california.REGION,
        help_text="The part of your country whose public holidays you keep, such as CA or ENG.",
    )
    licensed_regions = models.TextField(
        "licensed in",
        default=california.REGIONS,
        validators=[validate_regions],
        help_text='One place per line, with its short code first: "CA California".',
    )
    time_zone = models.CharField(
        max_length=64, default=time_zone_of_the_install, validators=[validate_time_zone]
    )
    intake = models.CharField(
        "requests", max_length=16, choices=Intake.choices, default=Intake.OPEN
    )
    closed_message = models.TextField(
        "message while closed",
        blank=True,
        default="I'm not taking requests right now.",
        help_text="Visitors see this in place of the form while it's closed.",
    )
    opens_again = models.DateField(
        "closed until", null=True, blank=True, help_text="The form opens again on this day."
    )
    client_portal_url = models.URLField("client portal", blank=True)
    reply_within = models.PositiveSmallIntegerField(
        "replies within (working days)",
        default=2,
        validators=[MinValueValidator(1), MaxValueValidator(30)],
    )

    consultation_minutes = models.PositiveSmallIntegerField(
        "length (minutes)",
        default=20,
        validators=[validate_five_minutes, MinValueValidator(5), MaxValueValidator(180)],
    )
    consultation_medium = models.CharField(
        "how you meet", max_length=12, choices=Medium.choices, default=Medium.TELEPHONE
    )
    video_link = models.URLField(
        blank=True, help_text="Only people with a confirmed consultation get it."
    )
    caller = models.CharField(
        "who calls", max_length=12, choices=Caller.choices, default=Caller.THERAPIST
    )
    for_whom = models.CharField(
        "who you work with",
        max_length=120,
        blank=True,
        default="",
        db_default="",
        help_text="On the home page. For example: Couples, individuals, and teens.",
    )
    fee = models.CharField("fee for a session", max_length=120, blank=True)
    session_minutes = models.PositiveSmallIntegerField(
        "session length (minutes)", null=True, blank=True
    )
    insurance = models.TextField(blank=True, help_text="Insurance or superbill, in your own words.")
    sliding_scale = models.TextField(blank=True)
    asks_for_message = models.BooleanField("ask for a message", default=True)

    keeps_confirmed_for = days_kept("after a consultation", default=90)
    keeps_declined_for = days_kept("after referring out", default=90)
    keeps_cancelled_for = days_kept("after a cancellation", default=90)
    keeps_expired_for = days_kept("after an offer that got no reply", default=90)
    keeps_withdrawn_for = days_kept("after the visitor withdrew", default=30)
    keeps_closed_for = days_kept("after closing", default=90)
    keeps_suspected_for = days_kept("possible spam", default=30)
    keeps_waiting_for = days_kept("while waiting, on the waitlist or for a reply", default=365)

    age_of_consent = models.PositiveSmallIntegerField(default=california.AGE_OF_CONSENT)
    teen_information = RichTextField(
        "information for teens", features=PROSE, blank=True, default=california.TEEN_INFORMATION
    )
    elsewhere_help = RichTextField(
        "help for people elsewhere", features=PROSE, blank=True, default=california.ELSEWHERE_HELP
    )
    board_notice = RichTextField(
        "notice from your board",
        features=INLINE,
        blank=True,
        default=california.BOARD_NOTICE,
        help_text=(
            "The law's own words for marriage and family therapists. If you hold another license, "
            "put in that license and the board it's from."
        ),
    )
    good_faith_estimate_notice = RichTextField(
        features=INLINE, blank=True, default=california.GOOD_FAITH_ESTIMATE_NOTICE
    )

    emergency_number = models.CharField(max_length=20, default=california.EMERGENCY_NUMBER)
    crisis_name = models.CharField("crisis line", max_length=120, default=california.CRISIS_NAME)
    crisis_phone = models.CharField(
        "crisis line: phone", max_length=40, default=california.CRISIS_PHONE
    )
    crisis_text_to = models.CharField(
        "crisis line: number for texts",
        max_length=40,
        blank=True,
        default=california.CRISIS_TEXT_TO,
    )
    crisis_chat_url = models.URLField(
        "crisis line: chat address", blank=True, default=california.CRISIS_CHAT_URL
    )
    violence_name = models.CharField(
        "domestic violence hotline", max_length=120, blank=True, default=california.VIOLENCE_NAME
    )
    violence_phone = models.CharField(
        "hotline: phone", max_length=40, blank=True, default=california.VIOLENCE_PHONE
    )
    violence_url = models.URLField("hotline: website", blank=True, default=california.VIOLENCE_URL)
    violence_text_word = models.CharField(
        "hotline: word to text",
        max_length=20,
        blank=True,
        default=california.VIOLENCE_TEXT_WORD,
        db_default="",
    )
    violence_text_to = models.CharField(
        "hotline: number for texts",
        max_length=40,
        blank=True,
        default=california.VIOLENCE_TEXT_TO,
        db_default="",
    )
    violence_chat_url = models.URLField(
        "hotline: chat address", blank=True, default=california.VIOLENCE_CHAT_URL, db_default=""
    )

    invitation_heading = models.CharField(max_length=120, default="Would it help to talk?")
    invitation_text = RichTextField(
        features=INLINE,
        default=(
            "<p>You don't need the right words. A first name and a way to reach you will do.</p>"
        ),
    )
    invitation_button = models.CharField(max_length=60, default="Ask for a free consultation")
    accent = models.CharField(
        "accent color",
        max_length=7,
        default="#70304a",
        validators=[validate_color],
        help_text="The site makes it darker or lighter where needed to be easy to read.",
    )
    # Written by the site itself.
    has_taken_request = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="Stays when requests are erased: a site that has taken one isn't closed again",
    )
    reviewer_seen_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When someone who may review requests last signed in or looked at them",
    )
    nobody_home_since = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When the site noticed that no one who may review requests was around",
    )
    select_related = ("portrait",)

    panels: ClassVar = [
        _panel(
            "Who you are",
            "practice_name short_name therapist_name credential license_type license_number "
            "license_expires portrait accent",
        ),
        _panel(
            "Where you are",
            "telephone email second_email security_contact office_address country holiday_region "
            "licensed_regions client_portal_url",
        ),
        _panel(
            "Consultations and fees",
            "reply_within for_whom fee session_minutes insurance sliding_scale asks_for_message",
        ),
        _panel(
            "How long requests are kept",
            " ".join(KEPT.values()),
            "<p>After that many days, a request and everything with it are deleted automatically. "
            "Only a count stays. If a request is still waiting for you, you're reminded a month "
            "before.</p>",
        ),
        _panel(
            "Crisis help and notices",
            "emergency_number crisis_name crisis_phone crisis_text_to crisis_chat_url "
            "violence_name violence_phone violence_text_word violence_text_to violence_chat_url "
            "violence_url age_of_consent teen_information "
            "elsewhere_help board_notice good_faith_estimate_notice",
            "<p>These start out with what applies in California. If you work elsewhere, make "
            "them yours.</p>",
        ),
        _panel(
            "The invitation at the end of a page",
            "invitation_heading invitation_text invitation_button",
        ),
        MultiFieldPanel(
            [
                HelpPanel(
                    "<p>If HIPAA applies to you, you need a signed business associate agreement "
                    "with each company that stores or carries what clients write to you. List "
                    "each one, and each service that doesn't need one. You get a reminder a month "
                    "before a date.</p>"
                ),
                InlinePanel("agreements", label="agreement"),
            ],
            heading="Business associate agreements",
        ),
    ]

    class Meta:
        verbose_name = "Practice"

    @classmethod
    def load(cls, request_or_site: Any = None) -> PracticeSettings:
        """The settings; for a reader's request as they are held, for all else as they stand.

        From here on times are written as in their country.
        """
        if request_or_site is None:
            practice = super().load()
        else:
            practice = cached(
                "practice", lambda: super(PracticeSettings, cls).load(request_or_site)
            )
        times.write_as_in(practice.country)
        return practice

    def clean(self) -> None:
        """Raises ValidationError for a telephone or a part of the country that cannot be."""
        super().clean()
        errors: dict[str, Any] = {}
        for field in ("email", "second_email"):
            try:
                setattr(self, field, getattr(self, field) and contacts.email(getattr(self, field)))
            except ValidationError as error:
                errors[field] = error
        first, second = map(contacts.comparable, (self.email, self.second_email))
        if second and second == first:
            errors["second_email"] = (
                "That's your first address. Enter another one, or leave this empty."
            )
        if self.telephone and self.telephone_number is None:
            errors["telephone"] = "That doesn't look like a phone number."
        parts = workdays.parts_of(self.country)
        if self.holiday_region and parts is not None and self.holiday_region not in parts:
            choice = f" or choose one of {', '.join(parts)}" if parts else ""
            errors["holiday_region"] = (
                f"{self.country} has no such part with its own holidays. Leave it empty{choice}."
            )
        if errors:
            raise ValidationError(errors)

    @property
    def telephone_number(self) -> phonenumbers.PhoneNumber | None:
        """The telephone as dialed in the practice's country, or None if it cannot be one."""
        try:
            number = phonenumbers.parse(self.telephone, self.country)
        except phonenumbers.NumberParseException:
            return None
        return number if phonenumbers.is_possible_number(number) else None

    @cached_property
    def regions(self) -> list[Region]:
        return parse_regions(self.licensed_regions)

    @property
    def places(self) -> str:
        """Where the therapist is licensed, in words: "California, Nevada, or Oregon"."""
        *others, last = [region.name for region in self.regions] or [""]
        comma = "," if len(others) > 1 else ""
        return f"{', '.join(others)}{comma} or {last}" if others else last

    def region_name(self, code: str) -> str:
        """The name of a licensed region, else its code."""
        return next((region.name for region in self.regions if region.code == code), code)

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def today(self) -> date:
        return timezone.now().astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        """The moment at which `day` begins in the practice's own zone."""
        return datetime.combine(day, time(), self.zone)

    @property
    def intake_now(self) -> str:
        """What holds today: closed while nobody is home, open again from a day that was named."""
        if self.nobody_home_since:
            return Intake.CLOSED
        reopens = self.opens_again is not None and self.opens_again <= self.today()
        return Intake.OPEN if self.intake == Intake.CLOSED and reopens else self.intake

    @property
    def seen_on(self) -> date | None:
        """The day, in the practice's own zone, on which somebody who may review was last there."""
        return self.reviewer_seen_at and self.reviewer_seen_at.astimezone(self.zone).date()

    @property
    def takes_new_clients(self) -> bool:
        return self.intake_now in (Intake.OPEN, Intake.WITHOUT_TIMES)

    def kept_for(self, state: str) -> timedelta:
        """How long a request is kept in `state`, one of those in KEPT."""
        return timedelta(days=getattr(self, KEPT[state]))

    @property
    def keeps_at_most(self) -> int:
        """Days after which nothing is left of a request that came to its end, whichever end."""
        return max(getattr(self, name) for state, name in KEPT.items() if state != "waiting")

    @property
    def mail_name(self) -> str:
        return self.short_name or self.practice_name

    @property
    def telephone_link(self) -> str:
        """`tel:` address of the practice (RFC 3966), which also reaches it from abroad."""
        number = self.telephone_number
        if number is None:
            return ""
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.RFC3966)

    @cached_property
    def away(self) -> list[tuple[date, date]]:
        """First and last days, both included, on which the practice answers nobody."""
        return [(away.first_day, away.last_day) for away in self.days_away.all()]

    def holidays(self, first: date, last: date) -> list[date]:
        """The public holidays where the practice is, both ends included."""
        return workdays.holidays_between(
            first, last, country=self.country, region=self.holiday_region
        )

    def reply_by(self, today: date) -> date:
        """The last day on which a request that comes `today` is answered; see workdays.py."""
        return self.nth_working_day(today, self.reply_within)

    def nth_working_day(self, start: date, count: int) -> date:
        """The practice's own `count`-th working day after `start`; see workdays.py."""
        here = {"country": self.country, "region": self.holiday_region}
        return workdays.nth_working_day(start, count, **here, away=self.away)


class DaysAway(Orderable):
    """Days, both included, on which the practice answers nobody."""

    practice = ParentalKey(PracticeSettings, on_delete=models.CASCADE, related_name="days_away")
    first_day = models.DateField()
    last_day = models.DateField()

    class Meta(Orderable.Meta):
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(last_day__gte=models.F("first_day")),
                name="days_away_end_after_start",
                violation_error_message="The last day can't be before the first.",
            )
        ]


class Agreement(Orderable):
    """A business associate agreement (45 CFR 164.504(e)), or why none is needed. No client is
    named in it.
    """

    practice = ParentalKey(PracticeSettings, on_delete=models.CASCADE, related_name="agreements")
    service = models.CharField(
        max_length=80,
        help_text="What it's for, and with whom: host, email, backups, phone, calendar",
    )
    needed = models.BooleanField(default=True, help_text="Uncheck it if you don't need one.")
    signed_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField("renew or check again by", null=True, blank=True)
    note = models.CharField(
        max_length=200, blank=True, help_text="Where you keep it, or why you don't need one."
    )

    class Meta(Orderable.Meta):
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(signed_on=None)
                | models.Q(ends_on=None)
                | models.Q(ends_on__gt=models.F("signed_on")),
                name="agreement_ends_after_start",
                violation_error_message="It can't end before it was signed.",
            )
        ]

    def __str__(self) -> str:
        return self.service
