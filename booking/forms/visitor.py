"""What a visitor types."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import cached_property
from wagtail.models import Page

from booking.forms.contact import needs_phone
from booking.models import ConsultationRequest, PartOfWeek, Schedule, Who
from booking.spam import signals
from booking.spam.signals import Sending
from booking.times import choice
from practice import contacts
from practice.accounts.forms import OurFields
from practice.fields import personal_fields
from practice.jurisdiction import times, zones
from practice.models import PracticeSettings

ELSEWHERE = "elsewhere"
PAGE = 60  # open times, that one more click shows
NEAR = timedelta(days=366)  # what lies further away may not exist in every zone
CONTACTS = ConsultationRequest.CONTACTS
SUGGEST, PARTS = "suggest", "parts"


@dataclass(frozen=True)
class TimeChoice:
    """An open time as a radio button: its value, and its label in the visitor's zone."""

    start: datetime
    is_chosen: bool

    @property
    def value(self) -> str:
        return as_value(self.start)


def as_meant(typed: QueryDict) -> QueryDict:
    """What was sent, with the address that the visitor said they meant in place of a slip."""
    if not typed.get("meant"):
        return typed
    mended = typed.copy()
    mended["email"] = mended.pop("meant")[-1]
    return mended


def as_value(start: datetime) -> str:
    """`2026-12-01T17:00Z`: how a form sends an open time."""
    return f"{start.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def parse_start(value: str) -> datetime | None:
    """The instant (UTC) that a form sent, or None for anything else."""
    try:
        start = datetime.fromisoformat(value)
        return start.astimezone(UTC) if start.tzinfo else None
    except (ValueError, OverflowError):
        return None


class ContactField(forms.CharField):
    """One of several ways to reply: not optional by itself, and so not called so."""

    one_of_several = True


class ContactEmailField(ContactField, contacts.EmailField):
    pass


class NameField(forms.CharField):
    """A name of which something is seen, or there would be nothing to press in a list."""

    def to_python(self, value: Any) -> str:
        return contacts.name(super().to_python(value) or "")


class ProseField(forms.CharField):
    """Text of several lines; a line's end counts once, as the browser counted it."""

    widget = forms.Textarea

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Without `maxlength`: a browser would cut what is pasted, and say nothing."""
        return {}

    def to_python(self, value: Any) -> str:
        return super().to_python("\n".join(str(value or "").splitlines())) or ""


class ConsultationForm(forms.Form):
    """A request for a free consultation: a name and one contact, and what else may help.

    `practice` decides which fields there are; `article` is the page the visitor came from;
    `starts` gives the open times (UTC) where the form offers any, a few of which are shown, or
    as many pages of them as `pages` says.
    """

    as_typed, meant = "", ""  # an address with a slip in it, and the one that was probably meant
    default_renderer = OurFields
    use_required_attribute = False  # the browser's own bubbles vanish; ours stay and are read out

    key = forms.Field(widget=forms.HiddenInput, required=False)
    article = forms.Field(widget=forms.HiddenInput, required=False)
    opened = forms.Field(widget=forms.HiddenInput, required=False)
    # A trap for programs that fill in whatever there is. People do not see it, and neither its
    # name nor its label is one that an autofill knows.
    anything_else = forms.Field(
        label="Leave this empty",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )
    state = forms.ChoiceField(
        label="Where will you be when we talk?",
        help_text="A therapist may only work with people where the therapist is licensed.",
        widget=forms.RadioSelect,
        required=False,
    )
    who = forms.ChoiceField(
        label="Who is it for?",
        choices=Who.choices,
        initial=Who.ME,
        widget=forms.RadioSelect,
        required=False,
    )
    name = NameField(
        label="What should I call you?",
        help_text="A first name is enough.",
        max_length=100,
        error_messages={"required": "Write a name that I can call you by."},
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    phone = ContactField(
        label="Telephone",
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )
    text_ok = forms.BooleanField(label="A text message is fine", required=False)
    voicemail_ok = forms.BooleanField(label="A voicemail is fine", required=False)
    email = ContactEmailField(
        label="E-mail",
        max_length=254,
        required=False,
        widget=forms.EmailInput(
            attrs={"autocomplete": "email", "spellcheck": "false", "autocapitalize": "none"}
        ),
    )
    when = forms.Field(label="When would it suit you?", initial=SUGGEST, required=False)
    time_zone = forms.Field(label="Show times in", required=False)
    parts = forms.MultipleChoiceField(
        label="Parts of the week",
        choices=PartOfWeek.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    good_hours = forms.CharField(
        label="Which hours are good?",
        help_text="For example: after 6, or not while I am at work.",
        max_length=200,
        required=False,
    )
    message = ProseField(
        label="Anything you would like me to know",
        help_text="You can leave this empty. Details can wait until we talk. "
        "At most 1,000 characters.",
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    leave_out_article = forms.BooleanField(label="Leave it out", required=False)

    def __init__(
        self,
        *args: Any,
        practice: PracticeSettings,
        article: Page | None = None,
        starts: Callable[[], list[datetime]] | None = None,
        pages: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.practice = practice
        self.came_from = article
        self.find_starts = starts
        self.pages = pages
        self.initial.setdefault("key", str(uuid.uuid4()))
        self.initial.setdefault("article", article.pk if article else "")
        self.initial.setdefault("opened", signals.sign_opening())
        if len(practice.regions) < 2:
            del self.fields["state"]
        elif isinstance(state := self.fields["state"], forms.ChoiceField):
            places = [(region.code, region.name) for region in practice.regions]
            state.choices = [*places, (ELSEWHERE, "Somewhere else")]
        if not practice.asks_for_message:
            del self.fields["message"]
        if article is None:
            del self.fields["leave_out_article"]
        if starts is None:
            del self.fields["time_zone"]

    @classmethod
    def in_words(cls) -> list[str]:
        """The fields in which a visitor writes, in the order of the form."""
        return [name for name in cls.base_fields if name in ConsultationRequest.in_words()]

    def is_asked(self, name: str) -> bool:
        """Whether the field is for everybody: a name, and each of the ways to reply."""
        return self.fields[name].required or name in CONTACTS

    @cached_property
    def starts(self) -> list[datetime]:
        """The open times, if the form offers any."""
        return self.find_starts() if self.find_starts else []

    @property
    def zone(self) -> ZoneInfo:
        """The visitor's own zone if they chose one that exists, else the practice's."""
        chosen = self["time_zone"].value() if "time_zone" in self.fields else ""
        return zones.named(str(chosen or ""), self.practice.zone)

    @property
    def zones(self) -> list[tuple[str, str]]:
        """The zones to choose from, by name and what people call them, each called but once."""
        now = timezone.now()
        names = [self.practice.time_zone, *zones.of_country(self.practice.country, now)]
        called: dict[str, str] = {}
        for name in names:
            called.setdefault(times.zone_name(ZoneInfo(name), now), name)
        called[times.zone_name(self.zone, now)] = self.zone.key
        return [(name, label) for label, name in called.items()]

    @property
    def chosen(self) -> str:
        """Which of the radio buttons is pressed: one that is still there."""
        value = str(self["when"].value() or SUGGEST)
        start = parse_start(value)
        if value in (SUGGEST, PARTS):
            return value
        return as_value(start) if start and start in self.starts else SUGGEST

    @cached_property
    def days(self) -> list[tuple[date, list[TimeChoice]]]:
        """The open times to show, by day in the visitor's zone: a few of them, or all."""
        shown = self._first(self.pages * PAGE) or choice.few(self.starts, self.zone)
        chosen = parse_start(self.chosen)
        if chosen and chosen not in shown:
            shown = sorted([*shown, chosen])
        days: dict[date, list[TimeChoice]] = {}
        for start in shown:
            day = start.astimezone(self.zone).date()
            days.setdefault(day, []).append(TimeChoice(start, start == chosen))
        return list(days.items())

    def _first(self, count: int) -> list[datetime]:
        """So many open times, and the rest of the last one's day."""
        some = self.starts[:count]
        if not some:
            return []
        last_day = some[-1].astimezone(self.zone).date()
        return [
            t for t in self.starts if t <= some[-1] or t.astimezone(self.zone).date() == last_day
        ]

    @property
    def has_more_times(self) -> bool:
        return sum(len(times) for _, times in self.days) < len(self.starts)

    def find_again(self) -> None:
        """Looks for the open times once more: somebody was faster."""
        for name in ("starts", "days"):
            self.__dict__.pop(name, None)

    @property
    def is_elsewhere(self) -> bool:
        """Whether the visitor says they will be where the therapist may not work."""
        code = str(self.data.get("state", "")).strip()
        return bool(code) and code.upper() not in {r.code for r in self.practice.regions}

    def clean_key(self) -> uuid.UUID:
        try:
            return uuid.UUID(str(self.cleaned_data["key"]))
        except ValueError:
            return uuid.uuid4()

    def clean_when(self) -> str | datetime:
        """The word for a suggestion or for parts of the week, or a time (UTC).

        `services.submit` says whether it is open, since only that can take it; here it is looked
        for in a form that comes back for another reason.
        """
        value = str(self.cleaned_data["when"] or SUGGEST)
        if value in (SUGGEST, PARTS):
            return value
        start = parse_start(value)
        if start is None or not (self.find_starts or self.is_repeated(start)):
            raise forms.ValidationError(self.taken(start), code="taken")
        return start

    def taken(self, start: datetime | None) -> str:
        """What somebody reads who cannot have that time."""
        is_near = start is not None and abs(start - timezone.now()) < NEAR
        which = times.in_zone(start, self.zone) if start and is_near else "This time"
        return (
            f"{which} has just been taken, or is not open. Choose another, or let me suggest one."
        )

    def is_repeated(self, start: datetime) -> bool:
        """Whether it is this very form that took the time: a double click, or the back button."""
        if (key := self.cleaned_data.get("key")) is None:
            return False
        return ConsultationRequest.objects.filter(submission_key=key, asked_for=start).exists()

    def clean_time_zone(self) -> str:
        name = str(self.cleaned_data["time_zone"] or "")
        return name if zones.exists(name) else ""

    def lost_time(self) -> bool:
        """Whether the time that was asked for cannot be had."""
        return self.has_error("when")

    def clean_who(self) -> str:
        return self.cleaned_data["who"] or Who.ME

    def clean_phone(self) -> str:
        return contacts.phone(self.cleaned_data["phone"], self.practice.country)

    def clean_email(self) -> str:
        """The address; one with a slip in its domain is asked about once.

        Before it is sent, since the letter that follows in seconds carries the private link, and
        domains such as gmial.com belong to somebody.
        """
        email: str = self.cleaned_data["email"]
        self.as_typed, self.meant = email, contacts.meant(email)
        if not self.meant or email == self.data.get("as_typed"):
            return email
        raise forms.ValidationError(
            f"Did you mean {self.meant}? If {email} is right, send your request again.", code="slip"
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        wrong = any(contact in self.errors for contact in CONTACTS)
        if not wrong and not any(cleaned.get(contact) for contact in CONTACTS):
            self.add_error("phone", "Write a telephone number or an e-mail address. One is enough.")
        start = cleaned.get("when")
        if self.errors and isinstance(start, datetime) and start not in self.starts:
            self.add_error("when", forms.ValidationError(self.taken(start), code="taken"))
        return cleaned

    def sending(self, address: str) -> Sending:
        """How a valid form came, from `address` (practice.http.network.client_address)."""
        told = self.cleaned_data
        return Sending(address, str(told["opened"] or ""), str(told["anything_else"] or ""))

    def to_request(self, schedule: Schedule) -> ConsultationRequest:
        """The unsaved request that a valid form describes, to the therapist of `schedule`."""
        told = self.cleaned_data
        now = timezone.now()
        only = self.practice.regions[0].code if len(self.practice.regions) == 1 else ""
        # Such as a second number, or "after 6": the therapist reads it, whatever it means.
        beside = contacts.beside_number(self.data.get("phone", ""), self.practice.country)
        keeps_article = self.came_from is not None and not told.get("leave_out_article")
        by_their_names = {
            field.name: told[field.name]
            for field in personal_fields(ConsultationRequest)
            if field.name in told
        }
        return ConsultationRequest(
            **by_their_names
            | {
                "schedule": schedule,
                "submission_key": told["key"],
                "received_at": now,
                "state_since": now,
                "reply_by": self.practice.reply_by(self.practice.today()),
                "region": told.get("state", only),
                "text_ok": bool(told["phone"]) and told["text_ok"],
                "voicemail_ok": bool(told["phone"]) and told["voicemail_ok"],
                "good_hours": "; ".join(filter(None, [told["good_hours"], beside])),
                "parts_of_week": told["parts"] if told["when"] == PARTS else [],
                "asked_for": told["when"] if isinstance(told["when"], datetime) else None,
                "article": self.came_from if keeps_article else None,
            }
        )


class PickForm(forms.Form):
    """One of the times that were offered, and the number to call if that is not known yet."""

    default_renderer = OurFields
    use_required_attribute = False

    time = forms.CharField(
        label="Which time suits you?",
        max_length=40,
        error_messages={"required": "Choose one of the times."},
    )
    phone = ContactField(
        label="Which number may I call?",
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )
    visitor_calls = forms.BooleanField(label="I would rather call you", required=False)

    def __init__(
        self,
        *args: Any,
        consultation: ConsultationRequest,
        practice: PracticeSettings,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.practice = practice
        self.starts = [
            p.starts_at for p in consultation.proposals.all() if p.starts_at > timezone.now()
        ]
        if not needs_phone(consultation, Schedule.of(consultation).as_told(practice)):
            del self.fields["phone"], self.fields["visitor_calls"]

    @property
    def times(self) -> list[TimeChoice]:
        chosen = parse_start(str(self["time"].value() or ""))
        return [TimeChoice(start, start == chosen) for start in self.starts]

    def clean_time(self) -> datetime:
        start = parse_start(self.cleaned_data["time"])
        if start is None or start not in self.starts:
            raise forms.ValidationError("This time is not held for you any more. Choose another.")
        return start

    def clean_phone(self) -> str:
        return contacts.phone(self.cleaned_data["phone"], self.practice.country)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        asks = "phone" in self.fields and "phone" not in self.errors
        if asks and not cleaned.get("phone") and not cleaned.get("visitor_calls"):
            self.add_error("phone", "Write the number, or tick that you would rather call.")
        return cleaned
