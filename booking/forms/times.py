"""How a visitor chooses a time: an open one on the form, or one that was offered."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.forms.contact import PhoneField, needs_phone
from booking.models import ConsultationRequest, Schedule
from booking.times import choice
from practice import contacts
from practice.accounts.forms import OurFields
from practice.jurisdiction import times, zones
from practice.models import PracticeSettings

NEAR = timedelta(days=366)  # what lies further away may not exist in every zone
SUGGEST = "suggest"
WITHOUT_TIME = (SUGGEST, "parts")  # the second from pages opened before an update


@dataclass(frozen=True)
class TimeChoice:
    """An open time as a radio button: its value, and its label in the visitor's zone."""

    start: datetime
    is_chosen: bool

    @property
    def value(self) -> str:
        return as_value(self.start)


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


class VisitorForm(forms.Form):
    default_renderer = OurFields
    use_required_attribute = False  # the browser's own bubbles vanish; ours stay and are read out
    practice: PracticeSettings

    def clean_phone(self) -> str:
        return contacts.phone(self.cleaned_data["phone"], self.practice.country)


class ChoosesTime(VisitorForm):
    """A form that asks `when`: one of the open times, or whatever the therapist suggests.

    `find_starts` gives the open times (UTC) where the form offers any, a few of which are shown,
    and some of as many more weeks as `weeks` says.
    """

    find_starts: Callable[[], list[datetime]] | None
    weeks: int

    @cached_property
    def starts(self) -> list[datetime]:
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
        start = parse_start(str(self["when"].value()))
        return as_value(start) if start and start in self.starts else SUGGEST

    @cached_property
    def days(self) -> list[tuple[date, list[TimeChoice]]]:
        """The open times to show, by day in the visitor's zone, with the one that is chosen."""
        shown = choice.shown(self.starts, self.zone, self.weeks)
        chosen = parse_start(self.chosen)
        if chosen and chosen not in shown:
            shown = sorted([*shown, chosen])
        days: dict[date, list[TimeChoice]] = {}
        for start in shown:
            day = start.astimezone(self.zone).date()
            days.setdefault(day, []).append(TimeChoice(start, start == chosen))
        return list(days.items())

    @property
    def has_more_times(self) -> bool:
        now, then = (choice.shown(self.starts, self.zone, self.weeks + more) for more in (0, 1))
        return now != then

    def find_again(self) -> None:
        """Looks for the open times once more: somebody was faster."""
        for name in ("starts", "days"):
            self.__dict__.pop(name, None)

    def clean_when(self) -> str | datetime:
        """The word for a suggestion, or a time (UTC).

        `services.submit` says whether it is open, since only that can take it; here it is looked
        for in a form that comes back for another reason.
        """
        value = str(self.cleaned_data["when"] or SUGGEST)
        if value in WITHOUT_TIME:
            return SUGGEST
        start = parse_start(value)
        if start is None or not (self.find_starts or self.is_repeated(start)):
            raise forms.ValidationError(self.taken(start), code="taken")
        return start

    def taken(self, start: datetime | None) -> str:
        """What somebody reads who cannot have that time."""
        is_near = start is not None and abs(start - timezone.now()) < NEAR
        which = times.in_zone(start, self.zone) if start and is_near else gettext("That time")
        return gettext(
            "%(which)s was just taken, or isn't open. Pick another time, or say you're flexible."
        ) % {"which": which}

    def is_repeated(self, start: datetime) -> bool:
        """Whether it is this very form that took the time: a double click, or the back button."""
        if (key := self.cleaned_data.get("key")) is None:
            return False
        return ConsultationRequest.objects.filter(submission_key=key, asked_for=start).exists()

    def clean_time_zone(self) -> str:
        name = str(self.cleaned_data["time_zone"] or "")
        return name if zones.exists(name) else ""


class PickForm(VisitorForm):
    """One of the times that were offered, and the number to call if that is not known yet."""

    time = forms.CharField(
        label=_("Which time works for you?"),
        max_length=40,
        error_messages={"required": _("Choose one of the times.")},
    )
    phone = PhoneField(label=_("What number can I call?"))
    visitor_calls = forms.BooleanField(label=_("I'd rather call you"), required=False)

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
            raise forms.ValidationError(gettext("I'm no longer holding that time. Pick another."))
        return start

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        asks = "phone" in self.fields and "phone" not in self.errors
        if asks and not cleaned.get("phone") and not cleaned.get("visitor_calls"):
            self.add_error("phone", gettext("Add a number, or check “I'd rather call you.”"))
        return cleaned
