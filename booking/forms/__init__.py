"""What visitors and the therapist type."""

from booking.forms.contact import AddressForm, ReachForm
from booking.forms.notes import NotesForm
from booking.forms.review import AnywayForm, LetterForm, OfferForm, TimeForm
from booking.forms.visitor import ConsultationForm, PickForm

__all__ = [
    "AddressForm",
    "AnywayForm",
    "ConsultationForm",
    "LetterForm",
    "NotesForm",
    "OfferForm",
    "PickForm",
    "ReachForm",
    "TimeForm",
]
