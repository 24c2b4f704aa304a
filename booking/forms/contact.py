"""How somebody can be reached, and whether that is enough for how a consultation is held."""

from typing import Any

import phonenumbers
from django import forms

from booking.models import ConsultationRequest
from practice.models import Caller, Medium, PracticeSettings


def clean_phone(typed: str, country: str) -> str:
    """A number in its international form (E.164), with its extension if it has one.

    Raises ValidationError for what is no number, as dialed in `country`.
    """
    if not typed:
        return ""
    try:
        number = phonenumbers.parse(typed, country)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise forms.ValidationError(
            "This does not look like a telephone number. "
            "Write it with its area code, or with + and the country's code."
        )
    dialed = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    # As RFC 3966 writes it, or a call ends at a workplace's switchboard.
    return f"{dialed};ext={number.extension}" if number.extension else dialed


def needs_email(request: ConsultationRequest, practice: PracticeSettings) -> bool:
    """Whether there is no way yet to hand over the link of a video call."""
    by_video = practice.consultation_medium == Medium.VIDEO
    return by_video and not request.email and not request.text_ok


def needs_phone(request: ConsultationRequest, practice: PracticeSettings) -> bool:
    """Whether a number has to be asked for before the therapist can call at an agreed time."""
    therapist_calls = practice.caller == Caller.THERAPIST and not request.visitor_calls
    return (
        practice.consultation_medium == Medium.TELEPHONE and therapist_calls and not request.phone
    )


class ReachForm(forms.Form):
    """How a visitor with a telephone may be reached, as they told the therapist since."""

    text_ok = forms.BooleanField(label="Texts are fine", required=False)
    voicemail_ok = forms.BooleanField(label="Voicemail is fine", required=False)
    email_ok = forms.BooleanField(
        label="Email is fine",
        help_text="Untick this and their email address is deleted. You call or text instead.",
        required=False,
    )

    def __init__(self, data: Any = None, *, request: ConsultationRequest) -> None:
        now = {"text_ok": request.text_ok, "voicemail_ok": request.voicemail_ok, "email_ok": True}
        super().__init__(data, initial=now, label_suffix="")
        # What the page showed: a tick that it did not have, or had otherwise, is no answer.
        self.seen = f"{request.version}.{request.wishes}.{bool(request.email):d}"
        if not request.email:
            del self.fields["email_ok"]


class AddressForm(forms.Form):
    """Where the visitor can be written to instead of the address whose letters came back."""

    email = forms.EmailField(
        label="Their right e-mail address",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": "Write the address that they gave you.",
            "invalid": "This does not look like an e-mail address.",
        },
    )

    def __init__(self, *args: Any, request: ConsultationRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if email.casefold() == str(self.request.email).casefold():
            raise forms.ValidationError("This is the address from which the letter came back.")
        return email
