"""A code that is read out to a visitor and opens their own page for a day.

For people who lost the private link, and get none by email. Only its digest is kept.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from booking import tokens
from booking.models import ConsultationRequest, DailyCount, DailySalt
from booking.services import transitions
from booking.services.counts import TooMany
from booking.services.transitions import Actor, Kind, Stale
from practice.models import User

GOOD_FOR = timedelta(days=1)
MOST_WRONG = 20  # in a day, from one address: a school or a shelter may share it


@transaction.atomic
def make_code(consultation: ConsultationRequest, *, user: User) -> str:
    """The code, as it is read out; the one before ends. Raises Stale if the request was erased."""
    code = tokens.new_code()
    shown = ConsultationRequest.objects.shown().filter(pk=consultation.pk)
    ends_at = timezone.now() + GOOD_FOR
    if not shown.update(code_digest=tokens.digest(code), code_ends_at=ends_at):
        raise Stale
    transitions.note(consultation, Kind.CODE, Actor.PRACTICE, user)
    return code


@transaction.atomic
def open_by(typed: str, address: str) -> ConsultationRequest | None:
    """The request whose page the code opens, or None: wrong, or run out. Raises TooMany after too
    many of these in a day from `address` (practice.http.network.client_address).

    Counted first, and taken back where it was right: of many tries at once each has its number.
    """
    now = timezone.now()
    salt = DailySalt.of(now.date())
    digest = salt.digest("code", address)
    if DailyCount.objects.add_one(salt.day, [digest])[digest] > MOST_WRONG:
        raise TooMany
    consultation = ConsultationRequest.objects.by_code(typed, now).first()
    if consultation is not None:
        count = DailyCount.objects.filter(day=salt.day, digest=digest)
        count.update(count=F("count") - 1)
    return consultation
