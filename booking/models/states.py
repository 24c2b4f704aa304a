"""The states of a request, where each may lead, and what a visitor may choose from."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    SUSPECTED = "suspected", "Possible spam"
    PENDING = "pending", "Waiting for your reply"
    PROPOSED = "proposed", "Times offered"
    WAITLISTED = "waitlisted", "On the waitlist"
    CONFIRMED = "confirmed", "Confirmed"
    DECLINED = "declined", "Referred out"
    CANCELLED = "cancelled", "Canceled"
    EXPIRED = "expired", "Offer expired"
    WITHDRAWN = "withdrawn", "Withdrawn by the visitor"
    CLOSED = "closed", "Closed"


# Whose `starts_at` is theirs: asked for and held, agreed, or agreed while others are offered.
HOLDING_STATES = (State.PENDING, State.PROPOSED, State.CONFIRMED)
FINAL_STATES = (State.DECLINED, State.CANCELLED, State.EXPIRED, State.WITHDRAWN, State.CLOSED)
WAITING_STATES = (State.PENDING, State.PROPOSED, State.WAITLISTED)
OPEN_STATES = (State.SUSPECTED, State.PENDING, State.PROPOSED, State.WAITLISTED, State.CONFIRMED)


class Who(models.TextChoices):
    """Whom it is for, in the visitor's words."""

    ME = "me", _("Me")
    US = "us", _("My partner and me")
    MY_TEEN = "my_teen", _("My teen")
    TEEN = "teen", _("I'm the teen")
    UNSAID = "unsaid", _("Not said")

    @classmethod
    def asked(cls) -> list[tuple[Any, Any]]:
        """What the form lets people choose; whoever chooses nothing has not said."""
        return [choice for choice in cls.choices if choice[0] != cls.UNSAID]


class PartnerKnows(models.TextChoices):
    YES = "yes", _("Yes")
    NOT_YET = "not_yet", _("Not yet")
    UNSAID = "unsaid", _("I'd rather not say")


class PartOfWeek(models.TextChoices):
    MORNINGS = "mornings", _("Weekday mornings")
    AFTERNOONS = "afternoons", _("Weekday afternoons")
    EVENINGS = "evenings", _("Weekday evenings")
    WEEKENDS = "weekends", _("Weekends")


class Outcome(models.TextChoices):
    TOOK_PLACE = "took_place", "Took place"
    DID_NOT_COME = "did_not_come", "No-show"
    BECAME_CLIENT = "became_client", "Became a client"
    REFERRED = "referred", "Referred to someone else"


HAPPENED = (Outcome.TOOK_PLACE, Outcome.DID_NOT_COME)  # known once its time has come


# Where each state may lead. Who may take which step: services/.
NEXT_STATES: dict[State, frozenset[State]] = {
    State(state): frozenset(map(State, following.split()))
    for state, following in {
        "suspected": "pending withdrawn closed",
        "pending": "confirmed proposed waitlisted declined withdrawn closed",
        "proposed": "confirmed pending waitlisted declined withdrawn expired closed",
        "waitlisted": "pending confirmed proposed declined withdrawn closed",
        "confirmed": "confirmed proposed withdrawn cancelled closed",
        "declined": "pending",
        "cancelled": "pending",
        "expired": "pending",
        "closed": "pending",
        "withdrawn": "pending suspected",
    }.items()
}
