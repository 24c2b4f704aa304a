"""How somebody can be reached, and whether that is enough for how a consultation is held."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from booking.ledger.wishes import REFUSALS
from booking.models import ConsultationRequest
from practice import contacts
from practice.models import Caller, Medium, PracticeSettings

TOO_LONG: dict[str, Any] = {
    "max_length": _("That's too long. Shorten it to %(limit_value)s characters.")
}


def needs_email(consultation: ConsultationRequest, practice: PracticeSettings) -> bool:
    """Whether there is no way yet to hand over the link of a video call."""
    by_video = practice.consultation_medium == Medium.VIDEO
    contact = consultation.contact
    return by_video and not contact.letter and not contact.text


def needs_phone(consultation: ConsultationRequest, practice: PracticeSettings) -> bool:
    """Whether a number has to be asked for before the therapist can call at an agreed time."""
    therapist_calls = practice.caller == Caller.THERAPIST and not consultation.visitor_calls
    return (
        practice.consultation_medium == Medium.TELEPHONE
        and therapist_calls
        and not consultation.contact.call
    )


class PhoneField(forms.CharField):
    """A telephone number: one of several ways to reply, and so not called optional."""

    one_of_several = True
    default_error_messages = TOO_LONG

    def __init__(self, **kwargs: Any) -> None:
        kind = {"type": "tel", "autocomplete": "tel", "inputmode": "tel"}
        widget = forms.TextInput(attrs=kind)
        super().__init__(max_length=80, required=False, widget=widget, **kwargs)


class ReachForm(forms.Form):
    """How a visitor may be reached, as they told the therapist since."""

    discreet = forms.BooleanField(
        label=_("Someone else may see their email or phone"),
        help_text=_("Emails then say only that there's news. Don't text or leave voicemail."),
        required=False,
    )
    text_ok = forms.BooleanField(label=_("Texts are fine"), required=False)
    voicemail_ok = forms.BooleanField(label=_("Voicemail is fine"), required=False)
    email_ok = forms.BooleanField(
        label=_("Email is fine"),
        help_text=_("If you uncheck this, their email address is deleted. Call or text instead."),
        required=False,
    )

    def __init__(self, data: Any = None, *, consultation: ConsultationRequest) -> None:
        now = forms.model_to_dict(consultation, self.base_fields)
        super().__init__(data, initial=now | {"email_ok": True}, label_suffix="")
        # What the page showed: a tick that it did not have, or had otherwise, is no answer.
        self.seen = f"{consultation.version}.{consultation.wishes}.{bool(consultation.email):d}"
        if consultation.discreet:
            for name in REFUSALS:
                self.fields[name].help_text = _(
                    "While someone else may see their email or phone, texts and voicemail stay "
                    "off, even if this is checked."
                )
        if not consultation.phone:
            for name in REFUSALS:
                del self.fields[name]
        if not consultation.phone or not consultation.email:
            del self.fields["email_ok"]


class AddressForm(forms.Form):
    """Where the visitor can be written to instead of the address whose letters came back."""

    email = contacts.EmailField(
        label=_("Their correct email address"),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Enter the address that they gave you.")},
    )

    def __init__(self, *args: Any, consultation: ConsultationRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.consultation = consultation

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if contacts.comparable(email) == contacts.comparable(self.consultation.email):
            raise forms.ValidationError(_("That's the address that the email came back from."))
        return email
