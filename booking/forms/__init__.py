"""What visitors and the therapist type."""

from booking.forms.contact import AddressForm
from booking.forms.review import AnywayForm, LetterForm, NoteForm, OfferForm, OutcomeForm, TimeForm
from booking.forms.visitor import ConsultationForm, PickForm

__all__ = [
    "AddressForm",
    "AnywayForm",
    "ConsultationForm",
    "LetterForm",
    "NoteForm",
    "OfferForm",
    "OutcomeForm",
    "PickForm",
    "TimeForm",
]
