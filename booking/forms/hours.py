"""Hours as the therapist types them: windows of a day, single dates, and days away.

Every row of a formset is plain HTML: some rows are spare, and whoever needs more saves first.
"""

from datetime import date, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from booking.models.schedule import MIDNIGHT

LEAST_WINDOWS, MOST_WINDOWS = 2, 12
SPARE_ROWS, MOST_ROWS = 2, 200
DATE_INPUT = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
NOT_SENT = _("Part of this page didn't come through. Please save again.")


def validate_five_minutes(value: time) -> None:
    """Consultations are held in steps of five minutes, so none can begin between two."""
    if value.minute % 5 or value.second or value.microsecond:
        raise ValidationError(_("Choose a multiple of five minutes."))


class TimeOfDayInput(forms.TimeInput):
    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M", attrs={"step": 300})


class EndOfDayInput(TimeOfDayInput):
    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """24:00 is 00:00, as a browser's own field calls midnight at the day's end."""
        typed = super().value_from_datadict(data, files, name)
        return "00:00" if isinstance(typed, str) and typed.strip() == "24:00" else typed


class TimeOfDayField(forms.TimeField):
    default_validators = [validate_five_minutes]
    default_error_messages = {"invalid": _("Enter a time, such as 09:00.")}
    widget = TimeOfDayInput


class DayField(forms.DateField):
    default_error_messages = {"invalid": _("Enter a date, such as 2026-12-31.")}
    widget = DATE_INPUT


class PlainForm(forms.BaseForm):
    """Labels without a colon, and no bubbles of the browser's own: ours stay and are read out."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})


class WindowForm(PlainForm, forms.Form):
    """From when to when; both empty is no window. `of` says whose hours, for the labels."""

    opens = TimeOfDayField(required=False)
    closes = TimeOfDayField(required=False, widget=EndOfDayInput)

    def __init__(self, *args: Any, of: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["opens"].label = f"{of}, from"
        self.fields["closes"].label = f"{of}, to"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        opens, closes = cleaned.get("opens"), cleaned.get("closes")
        if opens is None and closes is not None:
            self.add_error("opens", _("Enter when it begins, too."))
        elif opens is not None and closes is None:
            self.add_error("closes", _("Enter when it ends, too."))
        elif opens is not None and closes <= opens and closes != MIDNIGHT:
            self.add_error(
                "closes",
                _("The end has to be after the beginning. For midnight, write 00:00 or 12:00 AM."),
            )
        return cleaned


class BaseWindowFormSet(forms.BaseFormSet):
    """The windows of one day; overlapping ones count as one."""

    default_error_messages = {"missing_management_form": NOT_SENT}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.extra = max(1, LEAST_WINDOWS - len(self.initial or []))

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {"of": f"{self.form_kwargs['of']}, hours {(index or 0) + 1}"}

    def windows(self) -> list[dict[str, time]]:
        """`opens` and `closes` of each window, once it is all valid."""
        told = [form.cleaned_data for form in self.forms]
        return [
            {"opens": hours["opens"], "closes": hours["closes"]}
            for hours in told
            if hours.get("opens") is not None
        ]


WindowFormSet = forms.formset_factory(
    WindowForm, formset=BaseWindowFormSet, max_num=MOST_WINDOWS, absolute_max=2 * MOST_WINDOWS
)


class BaseRows(forms.BaseFormSet):
    """Rows that can be removed by a tick, or by leaving a new one empty."""

    default_error_messages = {"missing_management_form": NOT_SENT}

    def add_fields(self, form: forms.Form, index: int | None) -> None:
        super().add_fields(form, index)
        if "DELETE" in form.fields:
            form.fields["DELETE"].label = _("Remove")

    @property
    def kept(self) -> list[Any]:
        """The forms that hold something and are to stay."""
        return [
            form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")
        ]


def rows_of(form: type[forms.Form], rows: type[BaseRows], spare: int, most: int) -> Any:
    """The formset of such rows, with as many `spare` ones."""
    return forms.formset_factory(
        form,
        rows,
        extra=spare,
        max_num=most,
        absolute_max=2 * most,
        can_delete=True,
        can_delete_extra=False,
    )


class SingleDateForm(PlainForm, forms.Form):
    """A date with hours of its own, `self.windows`; none of them closes it."""

    day = DayField(
        show_hidden_initial=True,
        error_messages={"required": _("Enter the date for these hours, or check Remove.")},
    )

    def __init__(self, *args: Any, today: date, number: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["day"].label = f"Date {number}"
        self.windows = WindowFormSet(
            self.data if self.is_bound else None,
            initial=self.initial.get("windows"),
            prefix=f"{self.prefix}-windows",
            form_kwargs={"of": f"Date {number}"},
        )

    def has_changed(self) -> bool:
        return super().has_changed() or self.windows.has_changed()

    def is_valid(self) -> bool:
        own = super().is_valid()  # both, so that each shows what is wrong
        return self.windows.is_valid() and own

    def clean_day(self) -> date:
        day = self.cleaned_data["day"]
        # One that was there yesterday and is over by now is nobody's mistake.
        if day < self.today and "day" in self.changed_data:
            raise ValidationError(_("This date is in the past."))
        return day


class BaseSingleDates(BaseRows):
    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {**super().get_form_kwargs(index), "number": (index or 0) + 1}

    def clean(self) -> None:
        days = set()
        for form in self.kept:
            day = form.cleaned_data.get("day")
            if day in days:
                form.add_error("day", _("This date is here twice. Put all its hours in one row."))
            elif day is not None:
                days.add(day)

    def rows(self) -> list[dict[str, Any]]:
        """`day`, `opens` and `closes` of each window; both None for a date that is closed."""
        closed = {"opens": None, "closes": None}
        return [
            {"day": form.cleaned_data["day"], **hours}
            for form in self.kept
            if form.cleaned_data["day"] >= form.today
            for hours in form.windows.windows() or [closed]
        ]


class AwayForm(PlainForm, forms.Form):
    """Days on which the practice answers nobody, both included."""

    first_day = DayField(
        show_hidden_initial=True, error_messages={"required": _("Enter the first day.")}
    )
    last_day = DayField(show_hidden_initial=True, required=False)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first is None or "last_day" in self.errors:
            return cleaned
        cleaned["last_day"] = last = last or first
        if last < first:
            self.add_error("last_day", _("The last day can't be before the first."))
        elif last < self.today and self.has_changed():
            self.add_error("first_day", _("These days are in the past."))
        return cleaned


class BaseDaysAway(BaseRows):
    def rows(self) -> list[dict[str, date]]:
        """`first_day` and `last_day` of what is not over yet."""
        return [
            {"first_day": form.cleaned_data["first_day"], "last_day": form.cleaned_data["last_day"]}
            for form in self.kept
            if form.cleaned_data["last_day"] >= form.today
        ]


SingleDateFormSet = rows_of(SingleDateForm, BaseSingleDates, SPARE_ROWS, MOST_ROWS)
DaysAwayFormSet = rows_of(AwayForm, BaseDaysAway, SPARE_ROWS, MOST_ROWS)
