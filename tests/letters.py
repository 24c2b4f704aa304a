"""Every email that a visitor can get, built as the worker builds it.

One list for what looks at all of them: the tests of what each must hold, and `make screenshots`.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from booking.letters import emails
from booking.models import ConsultationRequest, Limit
from booking.services import after_call, by_visitor, decisions
from booking.services.decisions import Asks, Decision
from booking.times.open_times import OBJECTIONS
from practice.models import User
from tests import factories

EVERY_FEW = 4  # so that no two consultations or their pauses meet


class Letters:
    """What was built so far, by name. `name` and how they may be reached are every sender's."""

    def __init__(self, therapist: User, **sender: Any) -> None:
        self.therapist = therapist
        self.sender = {"name": "Maya", "email": "maya@example.com", "phone": "+14155550100"}
        self.sender |= sender
        self.times: Iterator[datetime] = iter(factories.open_times()[::EVERY_FEW])
        self.built: dict[str, EmailMultiAlternatives] = {}

    def ask(self, **fields: Any) -> ConsultationRequest:
        return by_visitor.submit(factories.unsaved_request(**self.sender, **fields))[0]

    def agreed(self, **fields: Any) -> ConsultationRequest:
        start = next(self.times)
        return factories.agreed_request(start, by=self.therapist, **self.sender, **fields)

    def keep(self, name: str, consultation: ConsultationRequest) -> None:
        """The newest that is owed to its sender."""
        message = emails.build(consultation.emails.filter(recipient="visitor").latest("pk"))
        assert isinstance(message, EmailMultiAlternatives), name
        self.built[name] = message

    def owe(self, kind: str, consultation: ConsultationRequest, about: datetime | None) -> None:
        consultation.emails.create(kind=kind, recipient="visitor", about_time=about)
        self.keep(kind, consultation)

    def decide(self, kind: str, consultation: ConsultationRequest, name: str = "") -> None:
        """With the words that are proposed for it."""
        decision: Decision = next(each for each in decisions.DECISIONS if each.kind == kind)
        about: dict[str, Any] = {}
        if decision.asks == Asks.TIME:
            about = {"starts_at": next(self.times), "minutes": 20}
        times = about
        if decision.asks == Asks.TIMES:
            starts = [next(self.times) for _ in range(3)]
            until = decisions.offer_stands_until(consultation, starts)
            about = {"starts": starts, "stands_until": until}
            times = {"starts": starts, "minutes": 20}
        words = emails.draft(consultation, kind, **about)
        known = {"despite": OBJECTIONS} if times else {}
        decision.carry_out(consultation, user=self.therapist, words=words, **times, **known)
        self.keep(name or kind, consultation)


def to_visitors(therapist: User, **sender: Any) -> dict[str, EmailMultiAlternatives]:
    """All of them, by name; leaves requests behind. `sender` is what every visitor types."""
    letters = Letters(therapist, **sender)
    that_it_arrived(letters)
    of_decisions(letters)
    of_what_visitors_do(letters)
    of_the_clock(letters)
    after_the_call(letters)
    return letters.built


def that_it_arrived(letters: Letters) -> None:
    letters.keep("received", letters.ask())
    letters.keep("received, with a time", letters.ask(asked_for=next(letters.times)))
    unreserved = letters.ask(limits_reached=[Limit.NETWORK])
    letters.keep("received, without its time", unreserved)
    late = letters.ask(reply_by=timezone.localdate() - timedelta(days=1))
    letters.keep("received, late", late)


def of_decisions(letters: Letters) -> None:
    for kind in ("confirm", "offer", "waitlist", "decline"):
        letters.decide(kind, letters.ask())
    letters.decide("offer", letters.agreed(), "offer, with a time agreed")
    letters.decide("move", letters.agreed())
    asked = letters.agreed()
    by_visitor.ask_to_move(asked)
    letters.decide("move", asked, "move, as asked")
    asked = letters.agreed()
    by_visitor.ask_to_move(asked)
    letters.decide("keep", asked)
    letters.decide("cancel", letters.agreed())


def of_what_visitors_do(letters: Letters) -> None:
    offered = letters.ask()
    letters.decide("offer", offered)
    by_visitor.pick(offered, offered.proposals.earliest("starts_at").starts_at)
    letters.keep("picked", offered)
    agreed = letters.agreed(wants_calendar_file=False)
    by_visitor.want_calendar_file(agreed)
    letters.keep("calendar_file", agreed)
    agreed = letters.agreed()
    by_visitor.withdraw(agreed)
    letters.keep("withdrawal", agreed)


def of_the_clock(letters: Letters) -> None:
    agreed = letters.agreed()
    letters.owe("reminder_two_days", agreed, agreed.starts_at)
    letters.owe("reminder_one_day", agreed, agreed.starts_at)
    offered = letters.ask()
    letters.decide("offer", offered)
    letters.owe("offer_ends", offered, offered.holds_until)


def after_the_call(letters: Letters) -> None:
    called = letters.agreed()
    over = {"starts_at": timezone.now() - timedelta(days=1), "ends_at": timezone.now()}
    ConsultationRequest.objects.filter(pk=called.pk).update(**over)
    called.refresh_from_db()
    for letter in after_call.LETTERS:
        words = emails.draft(called, letter.kind)
        letter.carry_out(called, user=letters.therapist, words=words)
        letters.keep(letter.kind, called)
