"""Letters to visitors, one function each, over `booking/emails/<kind>_body.txt`.

Email is not confidential: what goes to a visitor is neutral in its subject, since couples share
mailboxes, and repeats nothing that was written, but for the name in a greeting.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from functools import partial
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from booking import conflicts
from booking.letters import ical, replies
from booking.models import ConsultationRequest, Letter, OutgoingEmail, Referral, Schedule, State
from booking.models.contact import NEUTRAL_LETTER, NEUTRAL_RECEIVED, WITHDRAWAL
from practice import contacts
from practice.environment import site_url
from practice.fields import Unreadable
from practice.mail.sending import compose
from practice.mail.services import SERVICES
from practice.models import PracticeSettings

GAP = "(name and telephone)"  # stands in a proposed letter where only the therapist can fill in

NO_NAME = re.compile(r"[^\S ]|[/:@<>\[\]]|\.\w\w|\d{3}")
LONGEST_NAME = 40

TITLES = {"telephone": "Phone call", "video": "Video call", "office": "Appointment"}


class UnreadableLetter(Exception):
    """A key is missing; what stands in place of a letter or an address must not be used."""


@dataclass(frozen=True)
class Draft:
    """Words for a visitor, as proposed to the therapist or as they changed them."""

    subject: str
    body: str


def review_url(consultation: ConsultationRequest) -> str:
    return site_url.absolute(reverse("consultations:detail", args=[consultation.pk]))


def requests_url() -> str:
    return site_url.absolute(reverse("consultations:index"))


def for_visitor(consultation: ConsultationRequest, **more: Any) -> dict[str, Any]:
    """What the templates of letters to a visitor may use; `zone` is the one that they live in."""
    practice = Schedule.of(consultation).as_told(PracticeSettings.load())
    return {
        "practice": practice,
        "zone": consultation.zone_or(practice.zone),
        "gap": GAP,
        "consultation": consultation,
        "called": called(consultation),
        "medium": consultation.medium or practice.consultation_medium,
        "starts_at": consultation.starts_at,
        "minutes": consultation.minutes,
        "reply_by": consultation.reply_by,
        "late": consultation.reply_by < practice.today(),
        "this_week": consultation.reply_by < practice.today() + timedelta(days=7),
        "ask_url": site_url.absolute(reverse("booking:request")),
        "manage_url": site_url.absolute(consultation.get_absolute_url()),
        **more,
    }


def called(consultation: ConsultationRequest) -> str:
    """What a letter calls the visitor: nothing where someone else may read it, or where the name
    can't be read. Nor what looks like more than a name: whoever fills in the form says to which
    address the first letter goes, and could have us send a stranger their link.
    """
    name = consultation.name
    is_name = len(name) <= LONGEST_NAME and not NO_NAME.search(name)
    return name if is_name and not (consultation.discreet or consultation.is_unreadable) else ""


def for_practice(**more: Any) -> dict[str, Any]:
    practice = PracticeSettings.load()
    return {"practice": practice, "zone": practice.zone, **more}


def render(kind: str, part: str, context: dict[str, Any]) -> str:
    """One part of a letter, from the template of its kind or the one of all."""
    names = [f"booking/emails/{kind}_{part}.txt", f"booking/emails/{part}.txt"]
    return render_to_string(names, context).strip()


def draft(
    consultation: ConsultationRequest,
    kind: str,
    *,
    starts_at: datetime | None = None,
    minutes: int | None = None,
    starts: Sequence[datetime] = (),
    stands_until: datetime | None = None,
    start_from: str = replies.STANDARD,
    referrals: Sequence[Referral] = (),
) -> Draft:
    """The proposed words for a decision: a letter, or for a visitor without email what to say.

    `starts_at` (UTC) is the time that the words are about and `minutes` its length, else the
    request's own; `starts` are those of an offer, which stands until `stands_until`. They begin as
    the reply `start_from` (`replies.names`), and name the `referrals`.
    """
    context = for_visitor(
        consultation,
        starts_at=starts_at or consultation.starts_at,
        minutes=consultation.minutes if minutes is None else minutes,
        starts=starts,
        offer_stands_until=stands_until,
        referrals=referrals,
    )
    name = kind
    if start_from and (middle := replies.middle(kind, start_from, context)):
        name, context["middle"] = "reply", middle
    contact = consultation.contact
    if contact.takes(contact.leaves_as(kind)):
        return Draft(render(kind, "subject", context), render(name, "letter", context))
    return Draft("", render(name, "words", context))


def calendar_uid(consultation: ConsultationRequest) -> str:
    """The name under which calendars know a consultation, in invitations and in the feed.

    Nothing but the UUID (RFC 7986, 5.3): with a domain it would change when the site moves.
    """
    return str(consultation.invitation_uid)


def make(outgoing: OutgoingEmail, to: list[str], subject: str, body: str) -> EmailMultiAlternatives:
    practice = PracticeSettings.load()
    about: dict[str, Any] = {"headers": _marks(outgoing, site_url.host())}
    if outgoing.request and outgoing.recipient == OutgoingEmail.Recipient.VISITOR:
        practice = Schedule.of(outgoing.request).as_told(practice)
        about |= {"buttons": _buttons(), "preview": gettext("There's news about your request.")}
    message = compose(practice, to, subject, body + "\n", **about)
    # By which a mail service says of which message it speaks; a number that says nothing else.
    message.metadata = {"key": str(outgoing.key)}  # type: ignore[attr-defined]
    return message


def _buttons() -> dict[str, str]:
    """What a visitor presses, by the start of the address to which it leads."""
    private = reverse("booking:manage", args=["-"]).removesuffix("-/")
    return {
        site_url.absolute(private): gettext("View or change your request"),
        site_url.absolute(reverse("booking:request")): gettext("Send a new request"),
    }


def _marks(outgoing: OutgoingEmail, host: str) -> dict[str, str]:
    """The same at every try, so that a mailbox can tell a repeated delivery."""
    service = SERVICES.get(settings.MAIL_SERVICE)
    return {"Message-ID": f"<{outgoing.key}@{host}>", **dict(service.headers if service else ())}


def written(
    outgoing: OutgoingEmail, to: list[str], kind: str, context: dict[str, Any]
) -> EmailMessage:
    return make(outgoing, to, render(kind, "subject", context), render(kind, "body", context))


def _require_readable(*values: str) -> None:
    """Raises UnreadableLetter, so that it is tried again until the key is back."""
    if any(isinstance(value, Unreadable) for value in values):
        raise UnreadableLetter


def _to_visitor(outgoing: OutgoingEmail, kind: str) -> EmailMessage | None:
    consultation = outgoing.request
    if consultation is None or not consultation.contact.takes(kind):
        return None
    _require_readable(consultation.email)
    context = for_visitor(consultation, starts_at=outgoing.about_time or consultation.starts_at)
    return written(outgoing, [str(consultation.email)], kind, context)


def neutral(outgoing: OutgoingEmail) -> EmailMessage | None:
    """A line that names nobody and leads nowhere, to a visitor whose mail others may see.

    Made from nothing instead of taking away from what others get, so that what is added there one
    day is not here.
    """
    consultation = outgoing.request
    if consultation is None or not consultation.contact.takes(outgoing.kind):
        return None
    _require_readable(consultation.email)
    context = for_visitor(consultation)
    is_first = outgoing.kind == NEUTRAL_RECEIVED and not context["late"]
    kind = NEUTRAL_RECEIVED if is_first else NEUTRAL_LETTER
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    message = EmailMessage(
        subject=render("neutral", "subject", context),
        body=render(kind, "body", context) + "\n",
        from_email=sender,
        to=[contacts.wire(consultation.email)],
        headers={"Auto-Submitted": "auto-generated"} | _marks(outgoing, sender.rpartition("@")[2]),
    )
    message.metadata = {"key": str(outgoing.key)}  # type: ignore[attr-defined]
    return message


def letter(outgoing: OutgoingEmail) -> EmailMessage | None:
    """The therapist's own words about a decision."""
    consultation = outgoing.request
    written = Letter.objects.filter(request=consultation, version=outgoing.version).first()
    if consultation is None or written is None:
        return None
    cancels = written.method == Letter.Method.CANCEL
    if not consultation.contact.takes(WITHDRAWAL if cancels else written.kind):
        return None
    if written.kind == "offer" and consultation.state != State.PROPOSED:
        return None  # it would offer what is free again
    _require_readable(consultation.email, written.subject, written.body)
    message = make(outgoing, [str(consultation.email)], written.subject, written.body)
    if not written.is_automatic:
        del message.extra_headers["Auto-Submitted"]  # somebody read it
    if written.method:
        # Last, since mail programs show the last form that they know.
        content, mimetype = _calendar_part(written, consultation)
        if settings.MAIL_SERVICE:  # which takes no third form of the words
            message.attach("invite.ics", content, mimetype)
        else:
            message.attach_alternative(content, mimetype)
    return message


def _calendar_part(written: Letter, consultation: ConsultationRequest) -> tuple[str, str]:
    """The invitation or cancellation that goes with a letter, and its type.

    People put these into calendars that others see: neither a name, nor what it is about, nor
    the private link is in them.
    """
    assert written.starts_at is not None
    assert written.ends_at is not None
    invitation = ical.Invitation(
        uid=calendar_uid(consultation),
        sequence=written.sequence,
        starts_at=written.starts_at,
        ends_at=written.ends_at,
        summary=TITLES[written.medium],
        organizer_email=settings.DEFAULT_FROM_EMAIL,
        organizer_name=PracticeSettings.load().mail_name,
        attendee_email=contacts.wire(consultation.email),
        location=written.location,
    )
    if written.method == Letter.Method.CANCEL:
        return ical.cancel(invitation, now=timezone.now()).decode(), ical.CANCEL_TYPE
    return ical.request(invitation, now=timezone.now()).decode(), ical.REQUEST_TYPE


def reminder(outgoing: OutgoingEmail) -> EmailMessage | None:
    """About a consultation that still stands at the time it was owed for."""
    consultation = outgoing.request
    if consultation is None or not consultation.is_ahead(timezone.now()):
        return None
    if consultation.starts_at != outgoing.about_time or conflicts.is_on_day_off(consultation):
        return None  # once the therapist has settled a day off, it is owed anew
    return _to_visitor(outgoing, outgoing.kind)


def offer_ends(outgoing: OutgoingEmail) -> EmailMessage | None:
    """Times that were offered are about to be free again."""
    consultation, ends = outgoing.request, outgoing.about_time
    if consultation is None or consultation.state != State.PROPOSED:
        return None
    if consultation.holds_until != ends:
        return None
    return _to_visitor(outgoing, "offer_ends") if ends and ends > timezone.now() else None


BY_DATE = {"reminder_two_days", "reminder_one_day", "offer_ends"}  # wait while it is in doubt
BUILDERS: dict[str, Callable[[OutgoingEmail], EmailMessage | None]] = {
    "received": partial(_to_visitor, kind="received"),
    "letter": letter,
    "reminder_two_days": reminder,
    "reminder_one_day": reminder,
    "offer_ends": offer_ends,
    NEUTRAL_RECEIVED: neutral,
    NEUTRAL_LETTER: neutral,
}


def build(outgoing: OutgoingEmail) -> EmailMessage | None:
    """The message that `outgoing` promises to a visitor, or None where it is no longer owed. Raises
    KeyError for an unknown kind, UnreadableLetter.
    """
    return BUILDERS[outgoing.kind](outgoing)


def words(outgoing: OutgoingEmail) -> Draft | None:
    """What a letter to a visitor says, to be copied; None where it does not hold any more, or
    cannot be read.
    """
    try:
        message = build(outgoing)
    except UnreadableLetter:
        return None
    return Draft(str(message.subject), str(message.body).strip()) if message else None
