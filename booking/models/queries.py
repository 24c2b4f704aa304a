"""Which requests there are: those that wait, are late, hold a time, must be erased."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q

from booking import tokens
from booking.models.states import (
    FINAL_STATES,
    HOLDING_STATES,
    OPEN_STATES,
    WAITING_STATES,
    State,
)

if TYPE_CHECKING:
    from booking.models.requests import ConsultationRequest

UNWRITTEN = Q(wishes__gt=F("wishes_in_file"))
AWAITING_REPLY = Q(state=State.PENDING) | Q(state=State.CONFIRMED, move_asked_at__isnull=False)


def _late(today: date) -> Q:
    return AWAITING_REPLY & (Q(reply_by__lt=today) | Q(hold_ended_at__isnull=False))


class RequestQuerySet(models.QuerySet["ConsultationRequest"]):
    def by_token(self, token: str) -> ConsultationRequest | None:
        """The request that a visitor's link leads to, if the link is good and it still exists."""
        found = tokens.read(token)
        rows = self.select_related("schedule")
        return rows.filter(pk=found[0], link_nonce=found[1]).first() if found else None

    def by_code(self, typed: str, now: datetime) -> RequestQuerySet:
        """The one whose page opens by a code that was read out to its visitor within a day."""
        return self.shown().filter(code_digest=tokens.digest(typed), code_ends_at__gt=now)

    def open(self) -> RequestQuerySet:
        return self.filter(state__in=OPEN_STATES)

    def older_than(self, kept_for: Callable[[str], timedelta], now: datetime) -> RequestQuerySet:
        """Those kept for longer than their state is: `kept_for` knows each, and `waiting`.

        A consultation counts from its end; while one is still to come nothing is too old.
        """
        over = Q(state=State.CONFIRMED, ends_at__lt=now - kept_for(State.CONFIRMED))
        for state in (*FINAL_STATES, State.SUSPECTED):
            over |= Q(state=state, state_since__lt=now - kept_for(state))
        waited = Q(state__in=WAITING_STATES, state_since__lt=now - kept_for("waiting"))
        return self.filter(over | waited & ~Q(starts_at__gt=now))

    def held(self, today: date) -> RequestQuerySet:
        """Those that must not be erased on `today`, in the practice's zone."""
        return self.filter(kept_until__gte=today)

    def with_time(self) -> RequestQuerySet:
        """Those whose consultation is agreed, also while other times are offered for it."""
        return self.filter(state__in=(State.CONFIRMED, State.PROPOSED), starts_at__isnull=False)

    def awaiting_reply(self) -> RequestQuerySet:
        """Those on which the next word is the practice's."""
        return self.filter(AWAITING_REPLY)

    def unopened(self) -> RequestQuerySet:
        """Those that wait, and that nobody who may review them has looked at since they came."""
        return self.filter(state=State.PENDING, opened_at=None)

    def overdue(self, today: date) -> RequestQuerySet:
        """Those whose promised day, in the practice's zone, or whose hold of a time is over."""
        return self.filter(_late(today))

    def for_list(self, today: date) -> RequestQuerySet:
        """Each with `late` and `unreached`."""
        late = ExpressionWrapper(_late(today), output_field=models.BooleanField())
        returned = self.model._default_manager.filter(pk=OuterRef("pk")).with_returned_letter()
        return self.annotate(late=late, unreached=Exists(returned))

    def held_apart(self) -> RequestQuerySet:
        """Those that look like spam, until the therapist has looked at them."""
        return self.filter(state=State.SUSPECTED)

    def reserving(self, now: datetime) -> RequestQuerySet:
        """Those that have a time ahead: asked for and reserved, or agreed."""
        return self.filter(state__in=HOLDING_STATES, starts_at__gt=now)

    def to_be_told(self) -> RequestQuerySet:
        """Those with a letter that nobody can send: the visitor left no e-mail address."""
        return self._with(letters__channel="in_person", letters__told_at=None)

    def with_returned_letter(self) -> RequestQuerySet:
        """Those whose visitor got no letter: it came back, and nobody has seen to it yet."""
        return self._with(
            emails__recipient="visitor",
            emails__bounced_at__isnull=False,
            emails__bounce_settled_at=None,
        )

    def _with(self, **related: Any) -> RequestQuerySet:
        """Each once that has something of the kind. By a query of its own, which begins with what
        is few, or all requests would be gone through in their order.
        """
        return self.filter(pk__in=self.model._default_manager.filter(**related).values("pk"))

    def unwritten(self) -> RequestQuerySet:
        """Those of which the file beside the backups does not know the newest wish."""
        return self.filter(UNWRITTEN)

    def shown(self) -> RequestQuerySet:
        """All but those of which nothing is left but a cancellation on its way."""
        return self.filter(erase_when_told=False)
