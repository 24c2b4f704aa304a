"""What a visitor types."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page

from booking.forms.contact import TOO_LONG, PhoneField
from booking.forms.times import SUGGEST, ChoosesTime
from booking.ledger.wishes import REFUSALS
from booking.models import ConsultationRequest, PartnerKnows, PartOfWeek, Schedule, Who
from booking.spam import signals
from booking.spam.signals import Sending
from practice import contacts
from practice.fields import personal_fields
from practice.models import PracticeSettings

ELSEWHERE = "elsewhere"
CONTACTS = ConsultationRequest.CONTACTS


def as_meant(typed: QueryDict) -> QueryDict:
    """What was sent, with the address that the visitor said they meant in place of a slip."""
    if not typed.get("meant"):
        return typed
    mended = typed.copy()
    mended["email"] = mended.pop("meant")[-1]
    return mended


class EmailField(contacts.EmailField):
    one_of_several = True
    default_error_messages = TOO_LONG


class NameField(forms.CharField):
    """A name of which something is seen, or there would be nothing to press in a list."""

    default_error_messages = TOO_LONG

    def to_python(self, value: Any) -> str:
        return contacts.name(super().to_python(value) or "")


class ProseField(forms.CharField):
    """Text of several lines; a line's end counts once, as the browser counted it."""

    widget = forms.Textarea
    default_error_messages = TOO_LONG

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Without `maxlength`: a browser would cut what is pasted, and say nothing."""
        return {}

    def to_python(self, value: Any) -> str:
        return super().to_python("\n".join(str(value or "").splitlines())) or ""


class ConsultationForm(ChoosesTime):
    """A request for a free consultation: a name and one contact, and what else may help.

    `practice` decides which fields there are; `article` is the page the visitor came from;
    `starts` and `weeks` say which times the form offers (ChoosesTime).
    """

    as_typed, meant = "", ""  # an address with a slip in it, and the one that was probably meant

    key = forms.Field(widget=forms.HiddenInput, required=False)
    article = forms.Field(widget=forms.HiddenInput, required=False)
    opened = forms.Field(widget=forms.HiddenInput, required=False)
    # A trap for programs that fill in whatever there is. People do not see it, and neither its
    # name nor its label is one that an autofill knows.
    anything_else = forms.Field(
        label=_("Leave this empty"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )
    state = forms.ChoiceField(
        label=_("Where will you be when we talk?"),
        widget=forms.RadioSelect,
        required=False,
    )
    who = forms.TypedChoiceField(
        label=_("Who is it for?"),
        choices=Who.asked(),
        empty_value=Who.UNSAID,
        widget=forms.RadioSelect,
        required=False,
    )
    partner_knows = forms.ChoiceField(
        label=_("Does your partner know you're asking?"),
        help_text=_("So I know what's safe to say if they pick up. I won't tell them you asked."),
        choices=PartnerKnows.choices,
        widget=forms.RadioSelect,
        required=False,
    )
    name = NameField(
        label=_("What should I call you?"),
        help_text=_("A first name is enough."),
        max_length=100,
        error_messages={"required": _("Tell me what to call you.")},
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    phone = PhoneField(
        label=_("Phone"),
        help_text=_(
            "If someone else answers, I'll say “wrong number.” If you can't talk, you say it, and "
            "I'll hang up. My number stays in your call list."
        ),
    )
    text_ok = forms.BooleanField(label=_("You can text me"), required=False)
    voicemail_ok = forms.BooleanField(label=_("Voicemail is fine"), required=False)
    discreet = forms.BooleanField(
        label=_("Someone else may see my email or phone"),
        help_text=_(
            "Then my emails have no name and no link, and I won't text or leave voicemail. My "
            "email address still shows, and so does my number if I call. If a call isn't safe, "
            "leave the phone blank. The next page has your link to save."
        ),
        required=False,
    )
    email = EmailField(
        label=_("Email"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(
            attrs={"autocomplete": "email", "spellcheck": "false", "autocapitalize": "none"}
        ),
    )
    when = forms.Field(label=_("When could we talk?"), initial=SUGGEST, required=False)
    time_zone = forms.Field(label=_("Show times in"), required=False)
    parts = forms.MultipleChoiceField(
        label=_("Which of these work for you?"),
        choices=PartOfWeek.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    good_hours = forms.CharField(
        label=_("Anything else about days and hours"),
        help_text=_("For example: after 6, or not while I'm at work."),
        max_length=200,
        required=False,
        error_messages=TOO_LONG,
    )
    message = ProseField(
        label=_("Anything you'd like me to know"),
        help_text=_("A line or two is plenty. At most 1,000 characters."),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    leave_out_article = forms.BooleanField(required=False)

    def __init__(
        self,
        *args: Any,
        practice: PracticeSettings,
        article: Page | None = None,
        starts: Callable[[], list[datetime]] | None = None,
        weeks: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.practice = practice
        self.came_from = article
        self.find_starts = starts
        self.weeks = weeks
        self.initial.setdefault("key", str(uuid.uuid4()))
        self.initial.setdefault("article", article.pk if article else "")
        self.initial.setdefault("opened", signals.sign_opening())
        if len(practice.regions) < 2:
            del self.fields["state"]
        elif isinstance(state := self.fields["state"], forms.ChoiceField):
            # No place has a longer name in earnest, and Send has to stay near.
            places = [(each.code, Truncator(each.name).chars(44)) for each in practice.regions]
            state.choices = [*places, (ELSEWHERE, gettext("Somewhere else"))]
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
            gettext("Did you mean %(meant)s? If %(email)s is right, send your request again."),
            code="slip",
            params={"meant": self.meant, "email": email},
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        wrong = any(contact in self.errors for contact in CONTACTS)
        if not wrong and not any(cleaned.get(contact) for contact in CONTACTS):
            self.add_error("phone", gettext("Add a phone number or an email address."))
        if not cleaned.get("phone"):
            cleaned |= dict.fromkeys(REFUSALS, False)
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
                "partner_knows": told["partner_knows"] if told["who"] == Who.US else "",
                "good_hours": "; ".join(filter(None, [told["good_hours"], beside])),
                "parts_of_week": told["parts"],
                "asked_for": told["when"] if isinstance(told["when"], datetime) else None,
                "article": self.came_from if keeps_article else None,
            }
        )
