"""What calls somebody of the practice to the admin, and the weekly mail.

E-mail is not confidential. These say what kind of thing happened and how many wait, and link to
the admin: no name, no contact, no message, no article. Alerts that leave together are one letter.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.core.mail import EmailMessage
from django.db.models import Min, OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone

from booking import conflicts
from booking.letters import emails
from booking.models import ConsultationRequest, OutgoingEmail, RequestEvent
from booking.permissions import reviewers
from practice import monitoring
from practice.environment import site_url
from practice.models import PracticeSettings

Kind = RequestEvent.Kind

# What happened, to one and to several, in the order in which a letter says it.
NEWS = {
    "consultation_withdrawn": (
        "A visitor canceled a consultation",
        "{} visitors canceled a consultation",
    ),
    Kind.ASKED_TO_MOVE: ("A visitor wants another time", "{} visitors want another time"),
    Kind.PICKED: ("A visitor picked one of your times", "{} visitors picked one of your times"),
    Kind.NONE_SUITS: (
        "None of your times works for a visitor",
        "None of your times works for {} visitors",
    ),
    Kind.WITHDRAWN: ("A visitor withdrew a request", "{} visitors withdrew a request"),
    "alert_erased": ("A visitor deleted a request", "{} visitors deleted a request"),
    Kind.ERASURE_ASKED: (
        "A visitor wants a request deleted",
        "{} visitors want a request deleted",
    ),
    Kind.RESTORED: ("A visitor brought a request back", "{} visitors brought a request back"),
    "alert_new": ("A new request came in", "{} new requests came in"),
    "alert_late": (
        "A request has waited so long that its time is free again",
        "{} requests have waited so long that their times are free again",
    ),
    Kind.OFFER_ENDED: ("An offer ended without a reply", "{} offers ended without a reply"),
    "alert_changed": ("A request has changed", "{} requests have changed"),
    "alert_day_off": ("A consultation falls on a day off", "{} consultations fall on days off"),
    "alert_quarantine": ("Possible spam was put aside", "Possible spam was put aside"),
}


class NobodyToWriteTo(Exception):
    """The practice has no address for alerts and nobody who reviews requests."""


def practice_addresses() -> list[str]:
    """Where alerts go: the address in the settings, else everybody who may review. Raises
    NobodyToWriteTo.
    """
    if chosen := PracticeSettings.load().email:
        return [chosen]
    if addresses := sorted(reviewers().values_list("email", flat=True)):
        return addresses
    raise NobodyToWriteTo


def in_words(happened: Iterable[tuple[str, str]]) -> list[str]:
    """What happened, each kind of thing once for each therapist, and how often. Pure.

    The second of each is the therapist's name, where the practice has several.
    """
    times = sorted(Counter(happened).items())
    return [
        (one if number == 1 else many.format(number)) + (f" ({name})" if name else "")
        for what, (one, many) in NEWS.items()
        for (which, name), number in times
        if which == what
    ]


def _happened(told: dict[str, Any]) -> tuple[str, str]:
    """The name in NEWS of what one alert is about, and the therapist's."""
    what = str(told["kind"])
    if told["kind"] == "alert_changed" and told["event"]:
        what = str(told["event"])
    if what == Kind.WITHDRAWN and told["request__starts_at"]:
        what = "consultation_withdrawn"
    return what, told["request__schedule__therapist_name"] or ""


def alert(outgoing: OutgoingEmail) -> EmailMessage | None:
    """To the practice: what happened since the last alert, and how many wait."""
    event = RequestEvent.objects.filter(
        request=OuterRef("request"), version=OuterRef("version"), kind__in=NEWS
    )
    told = list(
        outgoing.together.annotate(event=Subquery(event.values("kind")[:1])).values(
            *("kind", "event", "about_time", "is_urgent", "request", "request__starts_at"),
            "request__schedule__therapist_name",
        )
    )
    told = [each for each in told if _still_holds(each)]
    if not told:
        return None
    urgent = [each for each in told if each["is_urgent"]]
    about = {each["request"] for each in urgent or told}
    times = {each["about_time"] for each in told if each["kind"] == "alert_erased"}
    context = _context(
        news=in_words(_happened(each) for each in told),
        is_urgent=bool(urgent),
        day_off=any(each["kind"] == "alert_day_off" for each in told),
        free_times=sorted(filter(None, times)),
        url=_url(about),
    )
    return emails.written(outgoing, practice_addresses(), "alert", context)


def _still_holds(told: dict[str, Any]) -> bool:
    """Not so of possible spam that was looked at, or of a day off that was settled meanwhile."""
    if told["kind"] == "alert_quarantine":
        return ConsultationRequest.objects.held_apart().exists()
    if told["kind"] == "alert_day_off":
        agreed = ConsultationRequest.objects.filter(
            pk=told["request"], starts_at=told["about_time"]
        ).first()
        return agreed is not None and conflicts.is_on_day_off(agreed)
    return True


def _url(about: set[int | None]) -> str:
    """Where the one request is, or the list of all."""
    found = ConsultationRequest.objects.filter(pk__in=about).first() if len(about) == 1 else None
    return emails.review_url(found) if found else emails.requests_url()


def _context(**more: Any) -> dict[str, Any]:
    """What the letters to the practice may use: how many wait, and until when."""
    requests = ConsultationRequest.objects
    waiting = requests.awaiting_reply()
    practice = PracticeSettings.load()
    first_reply = waiting.aggregate(first=Min("reply_by"))["first"]
    return emails.for_practice(
        waiting=waiting.count(),
        first_reply=first_reply,
        late=first_reply is not None and first_reply < practice.today(),
        held_apart=requests.held_apart().count(),
        held_apart_url=site_url.absolute(reverse("consultations:held_apart")),
        unreached=requests.shown().with_returned_letter().count(),
        **more,
    )


def second(outgoing: OutgoingEmail) -> EmailMessage | None:
    """To the second address: half of a promised time is over and nobody has looked, nobody is
    there, so that the form is closed, or an alert to the practice did not leave.
    """
    practice = PracticeSettings.load()
    address = practice.second_email
    together = outgoing.together
    missed = ConsultationRequest.objects.unopened().filter(
        pk__in=together.filter(kind="alert_unopened").values("request")
    )
    unopened, untold = missed.count(), together.filter(kind="alert_untold").exists()
    untold = untold and OutgoingEmail.objects.untold(timezone.now()).exists()
    nobody_home = together.filter(kind="alert_nobody_home").exists()
    nobody_home = nobody_home and practice.nobody_home_since is not None
    if not address or not (unopened or untold or nobody_home):
        return None
    context = emails.for_practice(
        unopened=unopened,
        untold=untold,
        nobody_home=nobody_home,
        first_reply=missed.aggregate(first=Min("reply_by"))["first"],
        list_url=emails.requests_url(),
    )
    return emails.written(outgoing, [address], "second", context)


def weekly(outgoing: OutgoingEmail) -> EmailMessage:
    """To the practice: that all is well with the site, or what is not and what to do."""
    wrong, well = monitoring.split(monitoring.findings(timezone.now()))
    context = emails.for_practice(wrong=wrong, well=well)
    return emails.written(outgoing, practice_addresses(), "weekly", context)


def build(outgoing: OutgoingEmail) -> EmailMessage | None:
    """The message that `outgoing` promises, or None where it is no longer owed.

    Raises KeyError for an unknown kind, NobodyToWriteTo, UnreadableLetter.
    """
    if outgoing.is_alert:
        to_second = outgoing.recipient == OutgoingEmail.Recipient.SECOND
        return second(outgoing) if to_second else alert(outgoing)
    return weekly(outgoing) if outgoing.kind == "weekly" else emails.build(outgoing)
