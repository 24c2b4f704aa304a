"""Removing requests on demand, and again where a backup brought them back."""

import uuid
from datetime import date
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from booking.ledger import tombstones, wishes
from booking.letters import outbox
from booking.models import ConsultationRequest, ErasedCount, digest_of
from booking.models.requests import new_nonce
from booking.services import transitions
from booking.services.by_visitor import end
from booking.services.transitions import Actor, Kind, Recipient, Stale
from practice.fields import personal_fields
from practice.models import PracticeSettings, User


class UnderLegalHold(Exception):
    """The request is held from erasure; nothing was done."""


@transaction.atomic
def erase(consultation: ConsultationRequest, *, by: Actor) -> bool:
    """Removes the request and all that belongs to it; whether nothing is left but a count.

    Whatever was not over ends first, and when the visitor does it, the practice is told that one
    is gone and which time is free again. While a calendar must still hear of a cancellation, that
    letter and the email address stay until it has left; all else goes at once. A legal hold
    outranks everybody: the visitor's wish waits for the day on which it ends, and the practice
    gets UnderLegalHold. The site itself leaves alone what has changed since it was looked up.
    """
    found = ConsultationRequest.objects.select_for_update().filter(pk=consultation.pk)
    if by == Actor.SYSTEM:
        found = found.filter(version=consultation.version)
    doomed = found.first()
    if doomed is None:
        return True
    practice = PracticeSettings.load()
    if doomed.is_held(practice.today()):
        if by == Actor.PRACTICE:
            raise UnderLegalHold
        if by == Actor.VISITOR:
            ask_for_erasure(doomed)
        return False
    if by != Actor.SYSTEM:
        _end_if_open(doomed, tells_practice=by == Actor.VISITOR)
    if not doomed.erase_when_told:
        _count(doomed, practice.zone)
    tombstones.bury(doomed, of_retention=by == Actor.SYSTEM and not doomed.erasure_asked_at)
    if transitions.owed_cancellations(doomed).exists():
        _empty(doomed)
        return False
    doomed.delete()
    return True


@transaction.atomic
def ask_for_erasure(consultation: ConsultationRequest) -> None:
    """The visitor's will, while it is held: the request ends, and waits for its day."""
    if consultation.erasure_asked_at:
        return
    _end_if_open(consultation, tells_practice=False)
    transitions.change(consultation, erasure_asked_at=timezone.now())
    wishes.changed(consultation)
    transitions.note(consultation, Kind.ERASURE_ASKED, Actor.VISITOR)
    transitions.alert_of_change(consultation)


def _end_if_open(consultation: ConsultationRequest, *, tells_practice: bool) -> None:
    now = timezone.now()
    untold = consultation.emails.alerts().filter(recipient=Recipient.PRACTICE, sent_at=None)
    is_news = consultation.is_open or untold.exists()
    ahead = consultation.starts_at if consultation.is_to_come(now) else None
    if consultation.may_be_withdrawn(now):
        end(consultation)
    if tells_practice and is_news and not consultation.held_apart_for:
        is_urgent = transitions.is_soon(now, ahead)
        outbox.promise("alert_erased", Recipient.PRACTICE, about_time=ahead, is_urgent=is_urgent)


def _empty(consultation: ConsultationRequest) -> None:
    """Removes what a cancellation on its way does not need; the private link leads nowhere."""
    owed = transitions.owed_cancellations(consultation)
    consultation.emails.exclude(pk__in=owed).delete()
    consultation.letters.exclude(version__in=owed.values("version")).delete()
    consultation.events.all().delete()
    doomed = personal_fields(ConsultationRequest)
    transitions.change(
        consultation,
        erase_when_told=True,
        link_nonce=new_nonce(),
        submission_key=uuid.uuid4(),
        code_digest="",
        code_ends_at=None,
        **{field.name: field.get_default() for field in doomed if field.name != "email"},
    )


def finish_erasures() -> int:
    """Erases what waited for a cancellation to leave, or to be given up; how many."""
    done = 0
    for consultation in ConsultationRequest.objects.filter(erase_when_told=True):
        if not transitions.owed_cancellations(consultation).exists():
            done += erase(consultation, by=Actor.SYSTEM)
    return done


@transaction.atomic
def erase_again() -> int:
    """Erases what had been erased by somebody's wish before a backup brought it back; how many.

    Whatever the backup says of it: no hold and no letter outlives an erasure. What is empty but
    for a cancellation on its way is left to `finish_erasures`, and what went by age to
    `erase_old`, which looks at its age again: the date may have been wrong.
    """
    tombstones.learn_from_file()
    wished = tombstones.wished()
    rows = ConsultationRequest.objects.filter(erase_when_told=False)
    known = rows.values_list("pk", "invitation_uid").iterator()
    back = [pk for pk, uid in known if digest_of(uid) in wished]
    zone = PracticeSettings.load().zone
    for pk in back:
        consultation = ConsultationRequest.objects.get(pk=pk)
        _count(consultation, zone)
        consultation.delete()
    return len(back)


@transaction.atomic
def place_legal_hold(
    consultation: ConsultationRequest, until: date, reason: str, *, user: User
) -> None:
    """Keeps `consultation` from erasure up to `until`, that day included (in the practice's zone).

    Raises ValueError without a reason or for a day that is over, Stale if it was erased.
    """
    if not reason.strip() or until < PracticeSettings.load().today():
        raise ValueError("A hold needs a reason and a day to come.")
    _set_hold(consultation, kept_until=until, kept_because=reason)
    transitions.note(consultation, Kind.HELD, Actor.PRACTICE, user)


@transaction.atomic
def lift_legal_hold(consultation: ConsultationRequest, *, user: User) -> None:
    """Lets `consultation` be erased again. Raises Stale if it was erased meanwhile."""
    _set_hold(consultation, kept_until=None, kept_because="")
    transitions.note(consultation, Kind.HOLD_LIFTED, Actor.PRACTICE, user)


def _set_hold(consultation: ConsultationRequest, **changes: object) -> None:
    if not ConsultationRequest.objects.shown().filter(pk=consultation.pk).update(**changes):
        raise Stale
    wishes.changed(consultation)
    consultation.refresh_from_db()


def _count(consultation: ConsultationRequest, zone: ZoneInfo) -> None:
    """Adds it to what came in its month, unless it was held apart to the end."""
    if consultation.held_apart_for:
        return
    month = consultation.received_at.astimezone(zone).date().replace(day=1)
    row, _ = ErasedCount.objects.get_or_create(month=month, article_id=consultation.article_id)
    ErasedCount.objects.filter(pk=row.pk).update(requests=F("requests") + 1)
