"""How often today, from one address, for one mailbox, in the same words; what may be reserved."""

import os
from datetime import timedelta
from functools import lru_cache
from hashlib import blake2b

from django.conf import settings
from django.db.models import Q, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from booking.models import ConsultationRequest, DailyCount, DailySalt, Limit, Schedule
from booking.spam import pitches, signals
from booking.spam.signals import Counts, Sending
from booking.times import open_times
from practice import contacts
from practice.fields import reveal
from practice.models import PracticeSettings

GMAIL = ("gmail.com", "googlemail.com")
OWN_KEY = os.urandom(32)  # of this process, and gone with it
LETTERS_PER_EMAIL = 5  # in a day: no matter who typed that address, its owner is not flooded
AT_ONCE = 32  # more than two servers ever work on at one moment


class TooMany(Exception):
    """More came from that address today than is taken from one; nothing was done."""


def count(consultation: ConsultationRequest, sending: Sending, salt: DailySalt) -> Counts:
    """Counts an unsaved request under today's `salt`. Call it in the transaction that saves it:
    what is undone, such as the same form sent twice, was never counted. Raises TooMany.

    Who counts the same waits until the other's transaction ends: so all that come from one address
    or for one contact come one after another, and `against_reserving` sees those before.
    """
    address = salt.digest("address", sending.address)
    mailboxes = [salt.digest("email", mailbox)] if (mailbox := _mailbox(consultation.email)) else []
    text = pitches.folded(consultation.message)
    texts = [salt.digest("text", text)] if len(text) >= signals.SHORTEST_TO_COMPARE else []
    number = contacts.without_extension(consultation.phone)
    numbers = [salt.digest("phone", number)] if number else []
    counted = DailyCount.objects.add_one(salt.day, [address, *mailboxes, *texts, *numbers])
    if counted[address] > settings.REQUESTS_PER_ADDRESS:
        raise TooMany
    return Counts(
        from_address=counted[address],
        with_email=max((counted[mailbox] for mailbox in mailboxes), default=0),
        with_text=max((counted[text] for text in texts), default=0),
    )


def _mailbox(email: str) -> str:
    """The mailbox that an address leads to, in one way of writing it; "" for none.

    A tag after a plus leads to the same; in a Gmail name, dots say nothing either.
    """
    name, _, domain = contacts.comparable(email).rpartition("@")
    name = name.partition("+")[0]
    if domain in GMAIL:
        name, domain = name.replace(".", ""), GMAIL[0]
    return f"{name}@{domain}" if domain else ""


def _digests(email: str, phone: str) -> frozenset[bytes]:
    """What tells a visitor's contacts from all others', in this process alone."""
    told = {_mailbox(email), contacts.without_extension(phone)} - {""}
    return frozenset(blake2b(each.encode(), key=OWN_KEY).digest() for each in told)


@lru_cache(maxsize=10_000)
def _stored(email: str, phone: str) -> frozenset[bytes]:
    """The same of contacts as they are stored: encrypted, and without an index.

    Remembered, since opening those of everybody who has a time took longer than all else that is
    done while others wait; and hashed, so that nobody's contact stays in memory.
    """
    return _digests(reveal(email), reveal(phone))


def near_cap(schedule: Schedule) -> bool:
    """Whether those who want a time at this moment could together exceed what requests that nobody
    has opened may reserve. Then they have to come one after another.
    """
    cap = _cap(schedule)
    return cap is not None and _unopened(schedule) + AT_ONCE >= cap


def _cap(schedule: Schedule) -> int | None:
    """How many times unopened requests may reserve: half of those that the worker last counted;
    before its first round any number.
    """
    counted = schedule.open_times_counted
    return None if counted is None else max(settings.RESERVATIONS_PER_VISITOR, counted // 2)


def _unopened(schedule: Schedule) -> int:
    return schedule.consultations.reserving(timezone.now()).unopened().count()


def against_reserving(
    consultation: ConsultationRequest,
    sending: Sending,
    salt: DailySalt,
    schedule: Schedule,
    *,
    is_near_cap: bool,
) -> list[Limit]:
    """Why the time that an unsaved request asks for is not reserved; none, and it is counted,
    under today's `salt`.

    Call it after `count`, in the transaction that saves it, with the schedule shared, or locked
    where `is_near_cap`.
    """
    most = settings.RESERVATIONS_PER_VISITOR
    reserving = schedule.consultations.reserving(timezone.now())
    own = _digests(consultation.email, consultation.phone)
    as_stored = [Cast(name, TextField()) for name in ("email", "phone")]
    others = (_stored(*contact) for contact in reserving.values_list(*as_stored))
    if sum(not own.isdisjoint(contact) for contact in others) >= most:
        return [Limit.CONTACT]
    if is_near_cap and (cap := _cap(schedule)) is not None and _unopened(schedule) >= cap:
        return [Limit.UNOPENED]
    network = salt.digest("reservation", sending.address)
    number = DailyCount.objects.add_one(salt.day, [network])[network]
    return [Limit.NETWORK] if number > most else []


def count_open_times() -> int:
    """Notes of each schedule how many times could be reserved together if nobody unopened had one;
    how many in all.
    """
    now, practice, total = timezone.now(), PracticeSettings.load(), 0
    for schedule in Schedule.objects.all():
        free = open_times.load(practice, schedule, now).together(now)
        number = free + _unopened(schedule)
        Schedule.objects.filter(pk=schedule.pk).update(open_times_counted=number)
        total += number
    return total


def forget_counts() -> int:
    """Deletes the salts and the counts of days that are over, or that a wrong date made up; how
    many counts.
    """
    today = timezone.now().date()
    over = Q(day__lt=today) | Q(day__gt=today + timedelta(days=1))
    DailySalt.objects.filter(over).delete()
    return DailyCount.objects.filter(over).delete()[0]
