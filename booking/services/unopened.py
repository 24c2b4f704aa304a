"""That a request is looked at: noted at the first look, missed at half of its promise, and what is
put aside as spam told of on the same day. And that alerts arrive: where they do not, the second
address is told.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from booking.letters import outbox
from booking.models import ConsultationRequest, OutgoingEmail
from booking.services.transitions import Recipient, promise_once
from practice.jurisdiction import workdays
from practice.models import Heartbeat, PracticeSettings
from practice.worker import heartbeat

QUARANTINE = "alert_quarantine"
HOUR = timedelta(hours=1)


def note_opened(consultation: ConsultationRequest) -> None:
    """Somebody who may review it looks at `consultation`; only the first time is kept.

    They know of all that happened up to the version that they see, so the next alert can leave.
    """
    if consultation.opened_at is None:
        unopened = ConsultationRequest.objects.filter(pk=consultation.pk, opened_at=None)
        unopened.update(opened_at=timezone.now())
    unseen = consultation.emails.alerts().filter(seen_at=None, version__lte=consultation.version)
    if unseen.exists():  # SQLite locks for an update of nothing too
        unseen.update(seen_at=timezone.now())


def half_of_promise(consultation: ConsultationRequest, practice: PracticeSettings) -> datetime:
    """The moment at which half of the working time is over in which it was to be answered.

    From when it began to wait to the end of the promised day, or to the time that was asked for
    if that comes first.
    """
    begins = consultation.state_since.astimezone(practice.zone)
    ends = practice.midnight(consultation.reply_by + timedelta(days=1))
    if consultation.asked_for and consultation.asked_for > begins:
        ends = min(ends, consultation.asked_for.astimezone(practice.zone))
    place = {"country": practice.country, "region": practice.holiday_region}
    return workdays.halfway(begins, ends, away=practice.away, **place)


def alert_unopened() -> int:
    """Owes the second address a word on each request that nobody opened in time; how many.

    Once for each promise. What is held apart as likely spam alerts nobody.
    """
    practice, now = PracticeSettings.load(), timezone.now()
    if not practice.second_email:
        return 0
    waiting = ConsultationRequest.objects.shown().unopened()
    return sum(
        promise_once("alert_unopened", each, each.state_since, Recipient.SECOND)
        for each in waiting
        if not each.held_apart_for and half_of_promise(each, practice) <= now
    )


@transaction.atomic
def alert_untold() -> bool:
    """Owes the second address one word on all alerts that did not leave for an hour or came back,
    and no other for an hour; whether it does. By any clock: a wrong one is no reason for silence.
    """
    now = timezone.now()
    words = OutgoingEmail.objects.filter(kind="alert_untold")
    if (
        not PracticeSettings.load().second_email
        or words.filter(created_at__gt=now - HOUR, created_at__lte=now).exists()
    ):
        return False
    # The count says which of two workers owes it.
    if not OutgoingEmail.objects.untold(now).filter(passed_on_at=None).update(passed_on_at=now):
        return False
    outbox.promise("alert_untold", Recipient.SECOND)
    return True


@transaction.atomic
def alert_quarantine() -> bool:
    """Owes the practice a word on possible spam that came since the last one, unless it was looked
    at; whether it does. At most one a day, in the practice's zone: the first at once, and one at
    midnight for what came after it.
    """
    practice, now = PracticeSettings.load(), timezone.now()
    unseen = ConsultationRequest.objects.held_apart().filter(opened_at=None)
    # Not one in the future, left by a clock that was wrong: all that came since would be before it.
    last = Heartbeat.objects.filter(pk=QUARANTINE, seen_at__lte=now).first()
    if last is not None:
        unseen = unseen.filter(received_at__gt=last.seen_at)
    today = now - practice.midnight(practice.today())
    if not unseen.exists() or not heartbeat.take_turn(QUARANTINE, now, today):
        return False
    outbox.promise(QUARANTINE, Recipient.PRACTICE)
    return True
