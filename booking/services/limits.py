"""How often today, from one address, by one contact, in the same words."""

from django.conf import settings
from django.utils import timezone

from booking import suspicion
from booking.models import ConsultationRequest, DailyCount, DailySalt
from booking.suspicion import Counts, Sending


class TooMany(Exception):
    """More came from that address today than is taken from one; nothing was done."""


def count(request: ConsultationRequest, sending: Sending) -> Counts:
    """Counts an unsaved request. Call it in the transaction that saves it: what is undone, such
    as the same form sent twice, was never counted. Raises TooMany.
    """
    today = timezone.now().date()
    salt = DailySalt.of(today)
    address = salt.digest("address", sending.address)
    contacts = [salt.digest("contact", contact) for contact in _contacts(request)]
    text = suspicion.plain(request.message)
    texts = [salt.digest("text", text)] if len(text) >= suspicion.SHORTEST_TO_COMPARE else []
    counted = DailyCount.objects.add_one(today, [address, *contacts, *texts])
    if counted[address] > settings.REQUESTS_PER_ADDRESS:
        raise TooMany
    return Counts(
        from_address=counted[address],
        with_contact=max((counted[contact] for contact in contacts), default=0),
        with_text=max((counted[text] for text in texts), default=0),
    )


def _contacts(request: ConsultationRequest) -> list[str]:
    """How the visitor can be reached, written in one way: `a.b+tag@EXAMPLE.com` is `a.b@…` too."""
    name, _, domain = request.email.casefold().rpartition("@")
    email = f"{name.partition('+')[0]}@{domain}" if domain else ""
    return [contact for contact in (email, request.phone.partition(";")[0]) if contact]


def forget_counts() -> int:
    """Deletes the salts and the counts of days that are over; how many counts."""
    today = timezone.now().date()
    DailySalt.objects.filter(day__lt=today).delete()
    return DailyCount.objects.filter(day__lt=today).delete()[0]
