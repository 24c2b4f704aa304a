"""What the therapist fills in to decide about a request."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.forms.contact import needs_email, needs_phone
from booking.forms.hours import DayField, TimeOfDayField
from booking.letters import replies
from booking.letters.emails import GAP
from booking.models import ConsultationRequest, Referral
from booking.models.contact import Contact
from booking.services.decisions import MOST_OFFERS
from booking.times.open_times import OBJECTIONS
from practice import contacts
from practice.jurisdiction.times import zone_name
from practice.models import PracticeSettings
from practice.models.settings import validate_five_minutes

LONGEST_AHEAD = timedelta(days=731)
NAMES_OTHERS = ("decline", "after_others")  # decisions whose words name people to call


class MinutesField(forms.IntegerField):
    def __init__(self) -> None:
        super().__init__(
            label=_("Minutes"),
            min_value=5,
            max_value=180,
            validators=[validate_five_minutes],
            widget=forms.NumberInput(attrs={"step": 5}),
        )


def start_of(day: date, hour: time, practice: PracticeSettings) -> datetime:
    """A wall time in the practice's zone as an instant (UTC).

    Raises ValidationError for what is over, too far ahead, or left out when clocks go forward. A
    time that comes twice is the first of the two.
    """
    if day < practice.today():
        raise forms.ValidationError(gettext("This day is in the past. Pick another."))
    if day > practice.today() + LONGEST_AHEAD:
        raise forms.ValidationError(
            gettext("This day is more than two years ahead. Pick an earlier one.")
        )
    local = datetime.combine(day, hour, practice.zone)
    starts_at = local.astimezone(UTC)
    if starts_at.astimezone(practice.zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise forms.ValidationError(
            gettext("This time does not exist, because the clocks go forward. Pick another.")
        )
    if starts_at <= timezone.now():
        raise forms.ValidationError(gettext("This time is in the past. Pick another."))
    return starts_at


class AnywayForm(forms.Form):
    """A form about times, which may be booked against what speaks against them.

    `starts` are the times (UTC, sorted) that a valid form says; `blame` says beside its field why
    one of them cannot be had.
    """

    anyway = forms.BooleanField(label=_("Book it anyway"), required=False)
    known = forms.MultipleChoiceField(
        choices=[(sentence, sentence) for sentence in OBJECTIONS],
        widget=forms.MultipleHiddenInput,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.objections: dict[str, list[datetime]] = {}  # with the times that each is about

    @property
    def despite(self) -> list[str]:
        """What the therapist knows to speak against the times, and books them anyway."""
        return self.cleaned_data["known"] if self.cleaned_data.get("anyway") else []

    @property
    def given(self) -> dict[str, Any]:
        """What a valid form says, as a decision takes it."""
        return {"minutes": self.cleaned_data["minutes"], "despite": self.despite}

    @property
    def is_known(self) -> bool:
        """Whether the therapist books the times against all that speaks against them."""
        return not self.objections.keys() - set(self.despite)


class TimeForm(AnywayForm):
    """A day and an hour in the practice's own zone, and how to reach the person who is called."""

    day = DayField()
    hour = TimeOfDayField(label=_("Time"))
    minutes = MinutesField()
    phone = forms.CharField(
        label=_("Their phone number"),
        help_text=_("They left none, and you're the one who calls."),
        max_length=40,
        required=False,
    )
    visitor_calls = forms.BooleanField(label=_("They call me instead"), required=False)
    email = contacts.EmailField(
        label=_("Their email address"),
        help_text=_("For the link to the video call. They left no email, and want no texts."),
        required=False,
    )
    told_by_voice = forms.BooleanField(label=_("I'll tell them the link by phone"), required=False)
    field_order = ["day", "hour", "minutes", "phone", "visitor_calls", "email", "told_by_voice"]

    def __init__(
        self,
        *args: Any,
        practice: PracticeSettings,
        consultation: ConsultationRequest,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.practice = practice
        self.fields["minutes"].initial = practice.consultation_minutes
        self._begin_with_the_time_of(consultation)
        self.fields["hour"].help_text = zone_name(practice.zone, timezone.now())
        if not needs_phone(consultation, practice):
            del self.fields["phone"], self.fields["visitor_calls"]
        elif not practice.telephone:
            del self.fields["visitor_calls"]  # there is no number that they could call
        if not needs_email(consultation, practice):
            del self.fields["email"], self.fields["told_by_voice"]

    def _begin_with_the_time_of(self, consultation: ConsultationRequest) -> None:
        """The one that is held or was asked for, while it is to come."""
        starts_at = consultation.starts_at or consultation.asked_for
        if starts_at is None or starts_at <= timezone.now():
            return
        local = starts_at.astimezone(self.practice.zone)
        self.initial.update(day=local.date(), hour=f"{local:%H:%M}")
        if consultation.minutes:
            self.initial["minutes"] = consultation.minutes

    def clean_phone(self) -> str:
        return contacts.phone(self.cleaned_data["phone"], self.practice.country)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not {"day", "hour"} - cleaned.keys():
            try:
                cleaned["starts_at"] = start_of(cleaned["day"], cleaned["hour"], self.practice)
            except forms.ValidationError as error:
                self.add_error("hour", error)
        asks = "phone" in self.fields and "phone" not in self.errors
        if asks and not cleaned["phone"] and not cleaned.get("visitor_calls"):
            self.add_error("phone", gettext("Write the number, or check that they call you."))
        asks = "email" in self.fields and "email" not in self.errors
        if asks and not cleaned["email"] and not cleaned["told_by_voice"]:
            self.add_error(
                "email", gettext("Write the address, or check that you'll tell them by phone.")
            )
        return cleaned

    @property
    def starts(self) -> list[datetime]:
        return [self.cleaned_data["starts_at"]]

    def blame(self, start: datetime, sentence: str) -> None:
        self.add_error("hour", sentence)

    @property
    def given(self) -> dict[str, Any]:
        names = {"phone", "visitor_calls", "email"} & self.fields.keys()
        learned = {name: self.cleaned_data[name] for name in names if self.cleaned_data[name]}
        return {**super().given, "starts_at": self.starts[0], **learned}


class OfferForm(AnywayForm):
    """Up to three times in the practice's own zone."""

    minutes = MinutesField()

    def __init__(self, *args: Any, practice: PracticeSettings, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.practice = practice
        for number in range(1, MOST_OFFERS + 1):
            self.fields[f"day_{number}"] = DayField(
                label=gettext("Day %d") % number, required=False
            )
            self.fields[f"hour_{number}"] = TimeOfDayField(
                label=gettext("Time %d") % number, required=False
            )
        self.fields["minutes"].initial = practice.consultation_minutes
        self.order_fields([*(f"{what}_{n}" for n in (1, 2, 3) for what in ("day", "hour"))])

    @classmethod
    def suggesting(cls, starts: list[datetime], practice: PracticeSettings) -> "OfferForm":
        initial: dict[str, Any] = {}
        for number, start in enumerate(starts[:MOST_OFFERS], 1):
            local = start.astimezone(practice.zone)
            initial |= {f"day_{number}": local.date(), f"hour_{number}": f"{local:%H:%M}"}
        return cls(initial=initial, practice=practice)

    @property
    def starts(self) -> list[datetime]:
        return sorted(self.cleaned_data["starts"])

    @property
    def given(self) -> dict[str, Any]:
        return {**super().given, "starts": self.starts}

    def blame(self, start: datetime, sentence: str) -> None:
        self.add_error(f"hour_{self.cleaned_data['starts'][start]}", sentence)

    @property
    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"day_{n}"], self[f"hour_{n}"]) for n in range(1, MOST_OFFERS + 1)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        starts: dict[datetime, int] = {}  # with the number of its row
        for number in range(1, MOST_OFFERS + 1):
            day, hour = cleaned.get(f"day_{number}"), cleaned.get(f"hour_{number}")
            if {f"day_{number}", f"hour_{number}"} & self.errors.keys() or (not day and not hour):
                continue
            try:
                if not day or not hour:
                    raise forms.ValidationError(
                        gettext("Give both a day and a time, or leave both empty.")
                    )
                start = start_of(day, hour, self.practice)
                if start in starts:
                    raise forms.ValidationError(gettext("You have this time twice."))
                starts[start] = number
            except forms.ValidationError as error:
                self.add_error(f"hour_{number}", error)
        if not starts and not self.errors:
            self.add_error("day_1", gettext("Offer at least one time."))
        cleaned["starts"] = starts
        return cleaned


class StartForm(forms.Form):
    """What the words begin as: one of several replies, and whom they name. No fields where there
    is nothing to choose.
    """

    start_from = forms.ChoiceField(
        label=_("Start from"),
        required=False,
        error_messages={"invalid_choice": _("You deleted this reply. Choose another.")},
    )
    referrals = forms.ModelMultipleChoiceField(
        Referral.objects.all(),
        label=_("People to name"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = replies.names(kind)
        self.fields["start_from"].choices = names  # type: ignore[attr-defined]
        if len(names) == 1:
            del self.fields["start_from"]
        if kind not in NAMES_OTHERS or not Referral.objects.exists():
            del self.fields["referrals"]

    @property
    def chosen(self) -> dict[str, Any]:
        """As `emails.draft` takes it; what cannot be chosen any more is not."""
        told: dict[str, Any] = {}
        if self.is_bound:
            self.full_clean()
            told = self.cleaned_data
        return {
            "start_from": told.get("start_from", replies.STANDARD),
            "referrals": list(told.get("referrals", ())),
        }


class LetterForm(forms.Form):
    """The words of a decision, as they will be sent or said.

    `written_for` is what they were drafted for: words for another time must not leave. `earlier`
    are words of the therapist's own from before they were drafted anew, to copy from.
    """

    written_for = forms.CharField(widget=forms.HiddenInput, required=False)
    subject = forms.CharField(label=_("Subject"), max_length=150, show_hidden_initial=True)
    body = forms.CharField(
        label=_("Your reply"),
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 14}),
        show_hidden_initial=True,
    )
    earlier = forms.CharField(
        label=_("What you wrote before, to copy from"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "readonly": True}),
    )

    def __init__(self, *args: Any, contact: Contact, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not contact.letter or contact.discreet:
            del self.fields["subject"]
        if not contact.letter:
            self.fields["body"].label = gettext("Words to %s") % contact.say
        elif contact.discreet:
            self.fields["body"].label = gettext("Your reply, on their own page")
        if not self["earlier"].value():
            del self.fields["earlier"]

    def clean_body(self) -> str:
        body: str = self.cleaned_data["body"]
        if GAP in body:
            said = gettext("Fill in or remove the lines that say %s.") % GAP
            raise forms.ValidationError(said)
        if left := replies.unfilled(body):
            names = get_text_list(left, gettext("and"))
            raise forms.ValidationError(gettext("Fill in or remove %s.") % names)
        return body

    @property
    def own_words(self) -> str:
        """What the therapist wrote and has not sent, beyond what was drafted for them."""
        is_drafted = {"subject", "body"}.isdisjoint(self.changed_data)
        names = ("earlier",) if is_drafted else ("subject", "body", "earlier")
        typed = (str(self.data.get(name, "")).strip() for name in names)
        return "\n\n".join(text for text in typed if text)
