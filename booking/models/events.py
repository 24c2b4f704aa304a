"""The times that are offered for a request, and what happened to it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from booking.models.requests import ConsultationRequest
from booking.models.states import State


class Proposal(models.Model):
    """One of the times that the therapist offers; each is held until one is picked."""

    request = models.ForeignKey(
        ConsultationRequest, on_delete=models.CASCADE, related_name="proposals"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    wagtail_reference_index_ignore = True

    class Meta:
        ordering: ClassVar = ["starts_at"]
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "starts_at"], name="proposal_one_per_time"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="proposal_ends_after_start"
            ),
        ]


class RequestEvent(models.Model):
    """Who did what to a request and when; never what anybody said."""

    class Actor(models.TextChoices):
        VISITOR = "visitor", "The visitor"
        PRACTICE = "practice", "The practice"
        SYSTEM = "system", "The site"

    class Kind(models.TextChoices):
        RECEIVED = "received", "sent the request"
        HELD_APART = "held_apart", "flagged it as possible spam"
        ACCEPT = "accept", "marked it as a real request"
        CONFIRM = "confirm", "confirmed a time"
        MOVE = "move", "moved it to another time"
        KEEP = "keep", "stayed with the agreed time"
        WAITLIST = "waitlist", "put it on the waitlist"
        DECLINE = "decline", "referred them out"
        CANCEL = "cancel", "canceled the consultation"
        REOPEN = "reopen", "reopened it"
        CLOSE = "close", "closed it"
        TOLD = "told", "told the visitor"
        OUTCOME = "outcome", "noted how it ended"
        AFTER_NEXT = "after_next", "wrote about the next step"
        AFTER_TIME = "after_time", "wrote that they can take their time"
        AFTER_OTHERS = "after_others", "wrote the names of others"
        NOTE = "note", "changed the private note"
        HELD = "held", "put it on legal hold"
        HOLD_LIFTED = "hold_lifted", "lifted the legal hold"
        ERASURE_ASKED = "erasure_asked", "asked to have it deleted"
        WITHDRAWN = "withdrawn", "withdrew it"
        RESTORED = "restored", "brought it back"
        OFFER = "offer", "offered times"
        PICKED = "picked", "picked one of the times"
        NONE_SUITS = "none_suits", "said none of the times works"
        ASKED_TO_MOVE = "asked_to_move", "asked for another time"
        HOLD_ENDED = "hold_ended", "freed the time, after no reply came"
        OFFER_ENDED = "offer_ended", "ended the offer, after no reply came"
        CAME_BACK = "came_back", "noticed that an email to the visitor came back"
        STANDS = "stands", "left the time as agreed"
        READDRESSED = "readdressed", "changed the visitor's email address"
        SENT_AGAIN = "sent_again", "sent an email again that hadn't gone out"
        REACH = "reach", "noted how to reach the visitor"
        CODE = "code", "made a code to read to the visitor"
        CALENDAR_FILE = "calendar_file", "asked for a calendar file by email"
        HONORED = (
            "honored",
            "restored what they'd asked for, and any legal hold, from after the backup",
        )

    request = models.ForeignKey(
        ConsultationRequest, on_delete=models.CASCADE, related_name="events"
    )
    kind = models.CharField(max_length=24, choices=Kind.choices)
    actor = models.CharField(max_length=8, choices=Actor.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    state = models.CharField(max_length=12, choices=State.choices)
    version = models.PositiveIntegerField(help_text="Of the request, afterwards")
    at = models.DateTimeField(default=timezone.now)

    wagtail_reference_index_ignore = True

    class Meta:
        ordering: ClassVar = ["at", "pk"]
        default_permissions = ()
