"""The schedule's one screen: what belongs to it is valid together and saved together."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, time
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.busy import sync
from booking.forms.feeds import FeedFormSet
from booking.forms.hours import (
    DATE_INPUT,
    DaysAwayFormSet,
    PlainForm,
    SingleDateFormSet,
    WindowFormSet,
)
from booking.letters.ical import NEUTRAL
from booking.models import AvailabilityRule, DateOverride, Schedule, Weekday
from booking.times import reservations
from practice.models import Caller, DaysAway, Intake, Medium, PracticeSettings

CONTINENTS = (
    "Africa America Antarctica Arctic Asia Atlantic Australia Europe Indian Pacific".split()
)
FIVE_MINUTES = {"step_size": _("Choose a multiple of five minutes.")}


def zone_choices(current: str) -> list[tuple[str, Any]]:
    """The zones that are named after a place, by continent, and `current` whatever it is."""
    names = sorted(name for name in available_timezones() if name.split("/")[0] in CONTINENTS)
    places: dict[str, list[tuple[str, str]]] = {}
    for name in names:
        continent, place = name.split("/", 1)
        label = place.replace("/", ", ").replace("_", " ")
        places.setdefault(continent, []).append((name, label))
    others = [(name, name) for name in dict.fromkeys((current, "UTC")) if name not in names]
    return [*places.items(), (gettext("Other"), others)]


class PracticeForm(PlainForm, forms.ModelForm):
    """What the public pages need to know, too, and PracticeSettings therefore holds."""

    time_zone = forms.ChoiceField(
        help_text=_("Choose a city in your time zone. All your hours are in that time."),
        error_messages={"invalid_choice": _("Choose a time zone from the list.")},
    )
    video_link = forms.URLField(
        max_length=200,
        required=False,
        assume_scheme="https",
        help_text=_("Only people with a confirmed consultation get it."),
        error_messages={"invalid": "Write the whole address; it begins with https://."},
    )

    class Meta:
        model = PracticeSettings
        fields: ClassVar = (
            "intake closed_message opens_again consultation_minutes consultation_medium video_link "
            "caller time_zone"
        ).split()
        labels: ClassVar = {"intake": "The form is"}
        widgets: ClassVar = {
            "intake": forms.RadioSelect,
            "closed_message": forms.Textarea(attrs={"rows": 3}),
            "opens_again": DATE_INPUT,
        }
        error_messages: ClassVar = {"consultation_minutes": FIVE_MINUTES}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = self.fields["time_zone"]
        assert isinstance(zone, forms.ChoiceField)
        zone.choices = zone_choices(self.instance.time_zone)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        zone = ZoneInfo(cleaned.get("time_zone") or self.instance.time_zone)
        until = cleaned.get("opens_again")
        today = timezone.now().astimezone(zone).date()
        if cleaned.get("intake") == Intake.CLOSED and until and until <= today:
            self.add_error(
                "opens_again",
                _("That day isn't in the future. Choose a later one, or leave it empty."),
            )
        by_telephone = cleaned.get("consultation_medium") == Medium.TELEPHONE
        calls = cleaned.get("caller") == Caller.VISITOR
        if by_telephone and calls and not self.instance.telephone:
            self.add_error(
                "caller",
                _(
                    "Visitors wouldn't know where to call. First add your phone number under "
                    "Settings, Practice."
                ),
            )
        if cleaned.get("consultation_medium") == Medium.OFFICE and not self.instance.office_address:
            settings = reverse("wagtailsettings:edit", args=["practice", "practicesettings"])
            self.add_error(
                "consultation_medium",
                format_html(
                    gettext(
                        "Visitors wouldn't know where to go. First add your office address under "
                        '<a href="{}">Settings, Practice</a>.'
                    ),
                    settings,
                ),
            )
        return cleaned

    def _update_errors(self, errors: ValidationError) -> None:
        """What is wrong with settings of another screen is told there, and has no field here."""
        of_fields = getattr(errors, "error_dict", {})
        for name in [name for name in of_fields if name not in self.fields]:
            del of_fields[name]
        super()._update_errors(errors)  # type: ignore[misc]

    def save(self, commit: bool = True) -> PracticeSettings:
        """Writes its own fields alone; those of another screen may have changed since."""
        self.instance.save(update_fields=list(self.fields))
        return self.instance


class SettingsForm(PlainForm, forms.ModelForm):
    """How times are offered, how long they are reserved, and what is sent."""

    feed_titles = forms.ChoiceField(
        label=_("Title of a consultation there"),
        choices=[
            (each.value, NEUTRAL if each == Schedule.FeedTitles.NOTHING else each.label)
            for each in Schedule.FeedTitles
        ],
        widget=forms.RadioSelect,
    )

    class Meta:
        model = Schedule
        fields: ClassVar = (
            "hold_hours offer_hours step gap notice_hours horizon_days daily_limit "
            "closed_on_holidays reminds_two_days_before reminds_one_day_before feed_titles"
        ).split()
        help_texts: ClassVar = {
            "hold_hours": _(
                "Plus the rest of that day. Then the time is free again. The request stays, and "
                "counts as late."
            ),
            "offer_hours": _(
                "Plus the rest of that day. Someone without email has as long as they need."
            ),
        }
        error_messages: ClassVar = {"step": FIVE_MINUTES, "gap": FIVE_MINUTES}

    def save(self, commit: bool = True) -> Schedule:
        """Writes its own fields alone, and that the hours are nobody's sample any more."""
        self.instance.hours_are_sample = False
        self.instance.save(update_fields=[*self.fields, "hours_are_sample"])
        return self.instance


class ScheduleForms:
    """All forms of the screen, as stored or, with `data`, as typed.

    Its practice and schedule are instances of its own, since a form writes into them what was
    typed, valid or not.
    """

    def __init__(self, data: QueryDict | None = None) -> None:
        self.practice = PracticeForm(data, instance=PracticeSettings.load(), prefix="practice")
        self.settings = SettingsForm(data, instance=Schedule.load(), prefix="settings")
        self.today = self.practice.instance.today()
        self.week = self._week(data)
        self.dates = self._dates(data)
        self.away = self._away(data)
        self.feeds = self._feeds(data)

    @property
    def schedule(self) -> Schedule:
        return self.settings.instance

    def is_valid(self) -> bool:
        parts = [self.practice, self.settings, *self.week, self.dates, self.away, self.feeds]
        verdicts = [part.is_valid() for part in parts]  # each, so that each shows its faults
        return all(verdicts)

    def faults(self) -> Iterator[forms.BoundField]:
        """The fields that have to be looked at again, in the order of the page."""
        found: list[Any] = [self.practice, self.settings]
        for rows in (*self.week, self.dates, self.away, self.feeds):
            for row in rows.forms:
                found += [row, *(row.windows.forms if rows is self.dates else ())]
        return (field for form in found for field in form if field.errors)

    @transaction.atomic
    def save(self) -> None:
        """Stores everything or nothing, while nobody takes a time."""
        schedule = self.schedule.lock()
        practice = self.practice.save()
        self.settings.save()
        if "gap" in self.settings.changed_data:
            reservations.fit_pauses(self.settings.instance, timezone.now())
        schedule.rules.all().delete()
        AvailabilityRule.objects.bulk_create(
            AvailabilityRule(schedule=schedule, weekday=weekday, **hours)
            for weekday, windows in enumerate(self.week)
            for hours in windows.windows()
        )
        schedule.overrides.all().delete()
        DateOverride.objects.bulk_create(
            DateOverride(schedule=schedule, **row) for row in self.dates.rows()
        )
        DaysAway.objects.filter(practice=practice).delete()
        DaysAway.objects.bulk_create(
            DaysAway(practice=practice, sort_order=number, **row)
            for number, row in enumerate(self.away.rows())
        )
        self.feeds.save(schedule)
        if "time_zone" in self.practice.changed_data:
            sync.read_again(schedule.busy_feeds.all())

    def _week(self, data: QueryDict | None) -> list[Any]:
        stored: dict[int, list[dict[str, time]]] = defaultdict(list)
        for rule in self.schedule.rules.all():
            stored[rule.weekday].append({"opens": rule.opens, "closes": rule.closes})
        return [
            WindowFormSet(
                data, initial=stored[day], prefix=day.label.lower(), form_kwargs={"of": day.label}
            )
            for day in Weekday
        ]

    def _dates(self, data: QueryDict | None) -> Any:
        stored: dict[date, list[dict[str, time | None]]] = defaultdict(list)
        for row in self.schedule.overrides.filter(day__gte=self.today):
            windows = stored[row.day]
            if row.opens is not None:
                windows.append({"opens": row.opens, "closes": row.closes})
        return SingleDateFormSet(
            data,
            initial=[{"day": day, "windows": windows} for day, windows in stored.items()],
            prefix="dates",
            form_kwargs={"today": self.today},
        )

    def _away(self, data: QueryDict | None) -> Any:
        ahead = DaysAway.objects.filter(practice=self.practice.instance, last_day__gte=self.today)
        return DaysAwayFormSet(
            data,
            initial=list(ahead.order_by("first_day").values("first_day", "last_day")),
            prefix="away",
            form_kwargs={"today": self.today},
        )

    def _feeds(self, data: QueryDict | None) -> Any:
        feeds = {str(feed.pk): feed for feed in self.schedule.busy_feeds.all()}
        return FeedFormSet(
            data,
            initial=[
                {"pk": pk, "name": feed.name, "own_addresses": feed.own_addresses}
                for pk, feed in feeds.items()
            ],
            prefix="feeds",
            form_kwargs={"feeds": feeds},
        )
