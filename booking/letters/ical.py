"""Consultations as iCalendar (RFC 5545, RFC 5546): invitations, files, the therapist's own feed.

Bytes only: no clock, no database, no mail. People put invitations into calendars that others
see, so titles are given by the caller and are to be neutral; every event is marked private. An
organizer is the practice's address, never anybody's own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event, vCalAddress, vDuration

PRODID = "-//practice//consultations//EN"
# The method stands in the calendar and in the type of the part that carries it; where the two
# differ, mail programs show a file instead of an invitation. `charset` is the mailer's to add.
REQUEST_TYPE = "text/calendar; method=REQUEST"
CANCEL_TYPE = "text/calendar; method=CANCEL"
FEED_TYPE = "text/calendar; charset=utf-8"
FEED_NAME, NEUTRAL = "Appointments", "Appointment"
LOOKS_EVERY = timedelta(minutes=15)


@dataclass(frozen=True)
class Invitation:
    """What an invitation says. Times are aware; a name may be empty.

    `uid` stays for as long as the consultation does, and `sequence` begins at 0 and rises by
    one with every move and with the cancellation, or calendars keep what they had.
    """

    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    summary: str
    organizer_email: str
    attendee_email: str
    organizer_name: str = ""
    location: str = ""


@dataclass(frozen=True)
class FeedEntry:
    """One consultation in the therapist's feed: initials for a title, or nothing.

    `url` is where its request is read, by whoever is signed in.
    """

    uid: str
    starts_at: datetime
    ends_at: datetime
    url: str
    title: str = ""


def request(invitation: Invitation, *, now: datetime) -> bytes:
    """An invitation, new or changed: CRLF lines of at most 75 octets in UTF-8.

    Raises ValueError for a naive time, an end before its start, a negative sequence, or an
    address that is none.
    """
    return _message("REQUEST", "CONFIRMED", invitation, now)


def cancel(invitation: Invitation, *, now: datetime) -> bytes:
    """The cancellation of an invitation that was sent. Raises what `consultation` raises."""
    if invitation.sequence < 1:
        raise ValueError("A cancellation comes after an invitation, so its sequence is not 0.")
    return _message("CANCEL", "CANCELLED", invitation, now)


def appointment(
    uid: str, starts_at: datetime, ends_at: datetime, *, sequence: int = 0, now: datetime
) -> bytes:
    """A time for any calendar, and nothing else: no name, no place, no address. Under the UID of
    the invitations, so that one that comes later is of the same appointment. Raises ValueError.
    """
    event = _event(uid, starts_at, ends_at, now)
    event.add("sequence", sequence)
    event.add("summary", NEUTRAL)
    calendar = _calendar()
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def feed(entries: Iterable[FeedEntry], *, now: datetime, name: str = "") -> bytes:
    """The therapist's private feed: times, initials or a neutral title, and a link that opens
    after signing in. Raises ValueError.

    Whoever holds its address reads it, so it has nothing else in it: no name, no contact, no
    place. Its own name, which says no more than the therapist's `name`, is there since Google would
    show the secret address. NAME and REFRESH-INTERVAL are RFC 7986 (5.1, 5.7), the two with X- what
    Google and Outlook read.
    """
    calendar = _calendar()
    title = f"{FEED_NAME}, {name}" if name else FEED_NAME
    calendar.add("name", title)
    calendar.add("x-wr-calname", title)
    calendar.add("refresh-interval", LOOKS_EVERY, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(LOOKS_EVERY))
    for entry in entries:
        event = _event(entry.uid, entry.starts_at, entry.ends_at, now)
        event.add("summary", _line(entry.title) or NEUTRAL)
        event.add("url", entry.url)
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _message(method: str, status: str, invitation: Invitation, now: datetime) -> bytes:
    if invitation.sequence < 0:
        raise ValueError("A sequence begins at 0.")
    event = _event(invitation.uid, invitation.starts_at, invitation.ends_at, now)
    event.add("sequence", invitation.sequence)
    event.add("status", status)
    event.add("summary", _line(invitation.summary))
    if invitation.location:
        event.add("location", _line(invitation.location))
    event.add("organizer", _person(invitation.organizer_email, invitation.organizer_name))
    attendee = _person(invitation.attendee_email)
    # No answer is asked for: it would come as an automatic letter that nobody reads.
    attendee.params |= {"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": "FALSE"}
    event.add("attendee", attendee)
    calendar = _calendar()
    calendar.add("method", method)
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", PRODID)
    calendar.add("calscale", "GREGORIAN")
    return calendar


def _event(uid: str, starts_at: datetime, ends_at: datetime, now: datetime) -> Event:
    if not uid:
        raise ValueError("An event needs a UID.")
    if any(moment.tzinfo is None for moment in (starts_at, ends_at, now)):
        raise ValueError("A time needs a time zone.")
    if ends_at <= starts_at:
        raise ValueError("The end is not after the start.")
    event = Event()
    event.add("uid", uid)
    # In UTC, so that no definition of a time zone has to come along and be right.
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", starts_at.astimezone(UTC))
    event.add("dtend", ends_at.astimezone(UTC))
    event.add("class", "PRIVATE")
    event.add("transp", "OPAQUE")
    return event


def _person(email: str, name: str = "") -> vCalAddress:
    if "@" not in email or not email.isprintable() or " " in email:
        raise ValueError("An invitation needs an email address.")
    address = vCalAddress(f"mailto:{email}")
    # A parameter cannot hold a quotation mark but by RFC 6868, which few calendars know.
    address.params["CN"] = _line(name).replace('"', "'") or email
    return address


def _line(text: str) -> str:
    """One line of text, without what breaks lines or is not to be seen."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
