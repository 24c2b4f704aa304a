"""What the therapist types to keep a request from erasure, or to answer a person's demand."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from booking.erasure import data_requests
from booking.forms.hours import DayField

LONGEST = timedelta(days=3660)


class HoldForm(forms.Form):
    """Why a request must be kept, and how long; `today` is the practice's."""

    until = DayField(
        label=_("Hold it until"),
        help_text=_("From the next day on, it can be deleted again."),
        error_messages={
            "required": _("Choose the last day of the hold."),
            "invalid": _("Enter a date, such as 2027-06-30."),
        },
    )
    because = forms.CharField(
        label=_("Why you have to keep it"),
        help_text=_("For you, and for anyone who asks later. The visitor sees only the date."),
        error_messages={"required": _("Say why you have to keep it.")},
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_until(self) -> date:
        until: date = self.cleaned_data["until"]
        if not self.today <= until <= self.today + LONGEST:
            raise forms.ValidationError(_("Choose a date from today on, within ten years."))
        return until


class DemandForm(forms.Form):
    """By what a person is found: the email address or the telephone number they gave."""

    contact = forms.CharField(
        label=_("Email address or phone number"),
        error_messages={"required": _("Enter an email address or a phone number.")},
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_contact(self) -> str:
        contact: str = self.cleaned_data["contact"]
        if not data_requests.read(contact):
            raise forms.ValidationError(data_requests.NEITHER)
        return contact
