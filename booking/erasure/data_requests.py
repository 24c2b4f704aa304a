"""Answering somebody who asks for their data, or for its erasure, by e-mail address or telephone.

Contacts are encrypted, and no index of them is kept, so every request on file is opened and
compared: slower than an index, and nothing lies in the database from which a guess at an address
could be checked.
"""

import re
from dataclasses import replace
from datetime import date
from typing import Any

from django.db import transaction

from booking.erasure.erasing import UnderLegalHold, ask_for_erasure, erase
from booking.models import ConsultationRequest, Demand, OutgoingEmail
from booking.services.transitions import Actor
from practice import contacts
from practice.contacts import Contacts
from practice.fields import Unreadable
from practice.models import PracticeSettings, User

CHUNK = 500
# What earlier forms took for an address, such as robin@localhost, is on file and can be asked for.
WHOLE = re.compile(r"""(?:[^\s"]+|"[^"]*")@\S+""")
NEITHER = (
    "That's neither an email address nor a phone number. "
    "Write a number with its area code, or with + and the country's code."
)
# What a copy calls otherwise than we do.
CALLED = {"who": "for", "region": "will_be_in", "reply_by": "promised_by"}


def read(contact: str) -> Contacts:
    """What is looked for: each address and number in `contact`, as the form would read it."""
    found = contacts.read(contact, PracticeSettings.load().country)
    if not found.emails and (whole := WHOLE.fullmatch(contact.strip())):
        return replace(found, emails=(whole[0],))
    return found


def find(contact: str) -> list[ConsultationRequest]:
    """All requests with an e-mail address or telephone number in `contact`, oldest first.

    What is under a missing key cannot be compared, and is not among them: `unreadable` counts it.
    """
    wanted, country = read(contact), PracticeSettings.load().country
    if not wanted:
        return []
    every = ConsultationRequest.objects.order_by("received_at", "pk").iterator(CHUNK)
    return [
        each
        for each in every
        if wanted.reach(each.email, each.phone)
        or (each.good_hours and wanted.overlap(contacts.read(each.good_hours, country)))
    ]


def unreadable() -> int:
    """How many requests no key at hand opens, so that nobody can say whose they are."""
    rows = ConsultationRequest.objects.only("pk", *ConsultationRequest.CONTACTS).iterator(CHUNK)
    return sum(
        isinstance(row.email, Unreadable) or isinstance(row.phone, Unreadable) for row in rows
    )


@transaction.atomic
def export_person(contact: str, *, user: User | None = None) -> list[dict[str, Any]]:
    """A copy of everything on file about a person, one dictionary for each request.

    Plain values that JSON can hold; moments in UTC as ISO 8601. It is noted that it was given,
    never to whom or what.
    """
    found = find(contact)
    Demand.objects.create(kind=Demand.Kind.EXPORT, user=user, requests=len(found))
    return [_copy(consultation) for consultation in found]


def _copy(consultation: ConsultationRequest) -> dict[str, Any]:
    copy: dict[str, Any] = {"request": consultation.pk}
    for field in consultation.told_fields():
        copy[CALLED.get(field.name, field.name)] = _plain(consultation.meaning_of(field))
    copy["offered"] = [_plain(offer.starts_at) for offer in consultation.proposals.all()]
    copy["letters"] = [
        {"subject": letter.subject, "words": letter.body, "by": letter.get_channel_display()}
        for letter in consultation.letters.all()
    ]
    copy["history"] = [
        {"at": _plain(event.at), "who": event.get_actor_display(), "did": event.get_kind_display()}
        for event in consultation.events.all()
    ]
    copy["messages"] = [
        {
            "about": email.kind,
            "promised": _plain(email.created_at),
            "sent": _plain(email.sent_at),
            "came_back": _plain(email.bounced_at),
        }
        for email in consultation.emails.filter(recipient=OutgoingEmail.Recipient.VISITOR)
    ]
    return copy


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def erase_person(contact: str, *, user: User | None = None) -> tuple[int, int]:
    """Erases everything on file about a person: `(requests found, of them still held)`.

    What is held is erased on the day its hold ends. What waits for a cancellation to leave
    counts as erased: minutes later it is.
    """
    found = find(contact)
    held = 0
    with transaction.atomic():
        for consultation in found:
            try:
                erase(consultation, by=Actor.PRACTICE)
            except UnderLegalHold:
                held += 1
                ask_for_erasure(consultation)
        Demand.objects.create(kind=Demand.Kind.ERASE, user=user, requests=len(found), held=held)
    return len(found), held
