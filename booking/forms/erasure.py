"""What the therapist types to keep a request from erasure, or to answer a person's demand."""

from datetime import date, timedelta
from typing import Any

from django import forms

from booking.erasure import data_requests
from booking.forms.hours import DayField

LONGEST = timedelta(days=3660)


class HoldForm(forms.Form):
    """Why a request must be kept, and how long; `today` is the practice's."""

    until = DayField(
        label="Keep it until",
        help_text="On the day after, it can be erased again.",
        error_messages={
            "required": "Choose the last day on which it is kept.",
            "invalid": "Write a day, such as 2027-06-30.",
        },
    )
    because = forms.CharField(
        label="Why it must be kept",
        help_text="For yourself and whoever asks later. The visitor sees the day, not the reason.",
        error_messages={"required": "Write why it must be kept."},
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_until(self) -> date:
        until: date = self.cleaned_data["until"]
        if not self.today <= until <= self.today + LONGEST:
            raise forms.ValidationError("Choose a day from today on, within ten years.")
        return until


class DemandForm(forms.Form):
    """By what a person is found: the e-mail address or the telephone number they gave."""

    contact = forms.CharField(
        label="E-mail address or telephone number",
        error_messages={"required": "Write an e-mail address or a telephone number."},
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_contact(self) -> str:
        contact: str = self.cleaned_data["contact"]
        if not data_requests.read(contact):
            raise forms.ValidationError(data_requests.NEITHER)
        return contact
