"""What a visitor types, and what the therapist does."""

import uuid
from datetime import date, datetime, timedelta
from typing import Any

import phonenumbers
from django import forms
from django.forms.renderers import TemplatesSetting
from django.utils import timezone
from wagtail.models import Page

from booking.emails import GAP
from booking.models import ConsultationRequest, Outcome, PartOfWeek, Who
from practice.models import PracticeSettings

ELSEWHERE = "elsewhere"
LONGEST_AHEAD = timedelta(days=731)
CONTACTS = ("phone", "email")
SUGGEST, PARTS = "suggest", "parts"


class Renderer(TemplatesSetting):
    """Each field with its label, hint and error as this site sets them."""

    field_template_name = "components/field.html"


class ContactField(forms.CharField):
    """One of several ways to reply: not optional by itself, and so not called so."""

    one_of_several = True


class ContactEmailField(ContactField, forms.EmailField):
    pass


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

    `practice` decides which fields there are; `article` is the page the visitor came from.
    """

    default_renderer = Renderer()
    use_required_attribute = False  # the browser's own bubbles vanish; ours stay and are read out

    key = forms.Field(widget=forms.HiddenInput, required=False)
    article = forms.Field(widget=forms.HiddenInput, required=False)
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
    name = forms.CharField(
        label="What should I call you?",
        help_text="A first name is enough.",
        max_length=100,
        error_messages={"required": "Write a name that I can call you by."},
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    phone = ContactField(
        label="Telephone",
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )
    text_ok = forms.BooleanField(label="A text message is fine", required=False)
    voicemail_ok = forms.BooleanField(label="A voicemail is fine", required=False)
    email = ContactEmailField(
        label="E-mail",
        max_length=254,
        required=False,
        error_messages={
            "invalid": "This does not look like an e-mail address. One looks like name@example.com."
        },
        widget=forms.EmailInput(
            attrs={"autocomplete": "email", "spellcheck": "false", "autocapitalize": "none"}
        ),
    )
    when = forms.ChoiceField(
        label="When would it suit you?",
        choices=[
            (SUGGEST, "Suggest a time to me"),
            (PARTS, "These parts of the week suit me best"),
        ],
        initial=SUGGEST,
        widget=forms.RadioSelect,
        required=False,
    )
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
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.practice = practice
        self.came_from = article
        self.initial.setdefault("key", str(uuid.uuid4()))
        self.initial.setdefault("article", article.pk if article else "")
        if len(practice.regions) < 2:
            del self.fields["state"]
        elif isinstance(state := self.fields["state"], forms.ChoiceField):
            places = [(region.code, region.name) for region in practice.regions]
            state.choices = [*places, (ELSEWHERE, "Somewhere else")]
        if not practice.asks_for_message:
            del self.fields["message"]
        if article is None:
            del self.fields["leave_out_article"]

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

    def clean_who(self) -> str:
        return self.cleaned_data["who"] or Who.ME

    def clean_phone(self) -> str:
        """The number in its international form (E.164), with its extension if it has one."""
        typed = self.cleaned_data["phone"]
        if not typed:
            return ""
        try:
            number = phonenumbers.parse(typed, self.practice.country)
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

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        wrong = any(contact in self.errors for contact in CONTACTS)
        if not wrong and not any(cleaned.get(contact) for contact in CONTACTS):
            self.add_error("phone", "Write a telephone number or an e-mail address. One is enough.")
        return cleaned

    def to_request(self) -> ConsultationRequest:
        """The unsaved request that a valid form describes."""
        told = self.cleaned_data
        now = timezone.now()
        only = self.practice.regions[0].code if len(self.practice.regions) == 1 else ""
        keeps_article = self.came_from is not None and not told.get("leave_out_article")
        return ConsultationRequest(
            submission_key=told["key"],
            received_at=now,
            state_since=now,
            reply_by=self.practice.reply_by(self.practice.today()),
            who=told["who"],
            region=told.get("state", only),
            name=told["name"],
            email=told["email"],
            phone=told["phone"],
            text_ok=bool(told["phone"]) and told["text_ok"],
            voicemail_ok=bool(told["phone"]) and told["voicemail_ok"],
            good_hours=told["good_hours"],
            parts_of_week=told["parts"] if told["when"] == PARTS else [],
            message=told.get("message", ""),
            article=self.came_from if keeps_article else None,
        )


class TimeForm(forms.Form):
    """A day and an hour in the practice's own zone."""

    day = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))
    hour = forms.TimeField(label="Time", widget=forms.TimeInput(attrs={"type": "time"}))
    minutes = forms.IntegerField(label="Length in minutes", min_value=5, max_value=180)

    def __init__(self, *args: Any, practice: PracticeSettings, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.practice = practice
        self.fields["minutes"].initial = practice.consultation_minutes
        self.fields["hour"].help_text = f"In the practice's zone, {practice.time_zone}."

    def clean_day(self) -> date:
        day = self.cleaned_data["day"]
        today = self.practice.today()
        if day < today:
            raise forms.ValidationError("This day is in the past.")
        if day > today + LONGEST_AHEAD:
            raise forms.ValidationError("This day is more than two years ahead.")
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not {"day", "hour", "minutes"} - cleaned.keys():
            local = datetime.combine(cleaned["day"], cleaned["hour"], self.practice.zone)
            starts_at = local.astimezone(timezone.get_fixed_timezone(0))
            if starts_at.astimezone(self.practice.zone).replace(tzinfo=None) != local.replace(
                tzinfo=None
            ):
                self.add_error("hour", "The clocks go forward then; this time does not exist.")
            elif starts_at <= timezone.now():
                self.add_error("day", "This time is in the past.")
            cleaned["starts_at"] = starts_at
        return cleaned


class LetterForm(forms.Form):
    """The words of a decision, as they will be sent or said."""

    subject = forms.CharField(max_length=150)
    body = forms.CharField(
        label="Letter", max_length=10_000, widget=forms.Textarea(attrs={"rows": 14})
    )

    def __init__(self, *args: Any, by_email: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not by_email:
            del self.fields["subject"]
            self.fields["body"].label = "Words to say or text"

    def clean_body(self) -> str:
        body = self.cleaned_data["body"]
        if GAP in body:
            raise forms.ValidationError(f"Fill in or remove the lines that say {GAP}.")
        return body


class OutcomeForm(forms.Form):
    outcome = forms.ChoiceField(
        label="How it ended", choices=[("", "Not yet known"), *Outcome.choices], required=False
    )


class NoteForm(forms.Form):
    note = forms.CharField(
        label="Private note",
        max_length=10_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
