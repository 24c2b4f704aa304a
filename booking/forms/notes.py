"""What the therapist notes beside a request."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.models import HAPPENED, ConsultationRequest, Outcome
from booking.services.notes import last_noted
from practice.fields import Unreadable
from practice.jurisdiction import times
from practice.models import PracticeSettings


class NotesForm(forms.Form):
    """How it ended and the private note: one form, saved together."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    outcome = forms.ChoiceField(
        label=_("How it ended"),
        choices=[("", _("Not yet known")), *Outcome.choices],
        required=False,
    )
    note = forms.CharField(
        label=_("Private note"),
        max_length=10_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(
        self, data: Any = None, *, consultation: ConsultationRequest, practice: PracticeSettings
    ) -> None:
        super().__init__(
            data,
            initial={
                "seen": last_noted(consultation),
                "outcome": consultation.outcome,
                "note": consultation.private_note,
            },
        )
        self.consultation, self.practice = consultation, practice
        if isinstance(consultation.private_note, Unreadable):
            del self.fields["note"]  # what its key could still read is not written over

    def clean_outcome(self) -> str:
        outcome: str = self.cleaned_data["outcome"]
        starts_at = self.consultation.starts_at
        if outcome in HAPPENED and self.consultation.is_to_come(timezone.now()) and starts_at:
            when = times.in_zone(starts_at, self.practice.zone)
            raise forms.ValidationError(
                gettext("The consultation is on %(when)s. You can choose this once it's over."),
                params={"when": when},
            )
        return outcome

    @property
    def typed(self) -> dict[str, Any]:
        """What a valid form says of the notes, as `services.save_notes` takes it.

        What did not come with the post, as from a page of an earlier version, says nothing.
        """
        names = self.fields.keys() & self.data.keys()
        return {name: self.cleaned_data[name] for name in names}

    def again(self) -> "NotesForm":
        """The same words beside those that were saved meanwhile, which the next Save replaces."""
        data = {name: self.data.get(name, "") for name in self.fields}
        data["seen"] = str(last_noted(self.consultation))
        form = NotesForm(data, consultation=self.consultation, practice=self.practice)
        on_file = self.consultation.private_note or "no note"
        form.add_error(
            "note" if "note" in form.fields else "outcome",
            "Another note was saved after you opened this page. On file now: "
            f"{self.consultation.get_outcome_display() or 'Not yet known'}; {on_file}. "
            "Yours is still here. If you save it, it replaces what's on file.",
        )
        return form
