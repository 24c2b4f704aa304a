"""Pages, people and requests for tests. Everything here is made up."""

import json
import uuid
from datetime import datetime, time, timedelta
from time import time as time_now
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from wagtail.models import Page

from blog.models import ArticleIndexPage, ArticlePage, BioPage
from booking.letters import emails
from booking.letters.emails import Draft
from booking.models import (
    AvailabilityRule,
    BusyFeed,
    BusyInterval,
    ConsultationRequest,
    OutgoingEmail,
    Schedule,
    Weekday,
)
from booking.services import by_visitor, decisions, notes
from booking.times.open_times import OBJECTIONS
from booking.times.open_times import load as load_times
from practice.models import HomePage, PracticeSettings, User

BODY: list[tuple[str, Any]] = [
    ("text", "<p>Some evenings the house is quiet in the wrong way.</p>"),
    ("heading", "What the quiet is for"),
    (
        "spoken_lines",
        {"lines": ["I did not want to start it again.", "So you left me alone with it."]},
    ),
    ("heading", "Four ways of being quiet"),
    (
        "named_patterns",
        {
            "patterns": [
                {
                    "name": "The locked room",
                    "quote": "If nobody comes in, nothing breaks.",
                    "explanation": "<p>Learned where doors were slammed.</p>",
                }
            ]
        },
    ),
    ("pull_quote", {"quote": "Quiet can be a way of holding on.", "attribution": ""}),
    ("heading", "A small beginning"),
    (
        "numbered_steps",
        {
            "steps": [
                {
                    "title": "Say what you see.",
                    "text": "<p>Only that.</p>",
                    "example": "I notice that we both went quiet.",
                }
            ]
        },
    ),
    ("points", {"items": ["Whose quiet is this?", "Who taught it to me?"]}),
    ("personal_note", {"title": "A note", "text": "<p>I have been quiet too.</p>"}),
    (
        "call_to_action",
        {
            "heading": "Tired of the quiet?",
            "text": "<p>We can look at it together.</p>",
            "button": "Ask for a free consultation",
        },
    ),
]


SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # of every authenticator app in tests


def user(email: str, *groups: Group, password: str = "correct horse 7") -> User:
    person = User.objects.create_user(email, password)
    person.groups.set(groups)
    return person


def second_factor(person: User) -> Authenticator:
    """An authenticator app of theirs; `code_of` says what it shows."""
    return TOTP.activate(person, SECRET).instance


def code_of(factor: Authenticator) -> str:
    """What the app shows now."""
    return code_for(SECRET)


def code_for(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time_now() // 30)))


def shown(client: Client, person: User, *, again: bool = False) -> None:
    """Notes in the session of `client` that the second factor was shown; `again`, just now."""
    session = client.session
    record = {"method": "mfa", "type": "totp", "at": time_now()}
    session["account_authentication_methods"] = [record | {"reauthenticated": again}]
    session["account_authentication_methods_user"] = str(person.pk)
    session.save()


def signed_in(person: User, *, again: bool = False) -> Client:
    """A client with password and second factor shown; `again`, as for a sensitive act."""
    if not Authenticator.objects.filter(user=person).exists():
        second_factor(person)
    client = Client()
    client.force_login(person)
    shown(client, person, again=again)
    return client


def publish(page: Page) -> Page:
    page.save_revision().publish()
    page.refresh_from_db()
    return page


def publish_site() -> HomePage:
    """Publishes every page that `migrate` left as a draft; gives the home page."""
    for page in Page.objects.filter(depth__gte=2, live=False).specific():
        publish(page)
    return HomePage.objects.get()


def practice_settings(**changes: Any) -> PracticeSettings:
    """A practice that lacks nothing, and whose therapist has signed in."""
    values = {
        "practice_name": "Quiet Harbor Counseling",
        "short_name": "QHC",
        "therapist_name": "The Therapist",
        "credential": "LMFT",
        "license_type": "Marriage and Family Therapist",
        "license_number": "000000",
        "license_expires": timezone.localdate() + timedelta(days=1000),
        "telephone": "+1 415 555 0100",
        "email": "practice@example.com",
        "fee": "$180",
        "session_minutes": 50,
        "insurance": "I give you a superbill.",
        "reviewer_seen_at": timezone.now(),
        **changes,
    }
    # Somebody may have signed in, which makes them: on PostgreSQL, under any number.
    PracticeSettings.objects.exclude(pk=1).delete()
    PracticeSettings.objects.update_or_create(pk=1, defaults=values)
    return PracticeSettings.objects.get(pk=1)


def open_the_sample() -> None:
    """Makes of the sample a site that has taken a request: readers find its pages and its form."""
    PracticeSettings.objects.update(has_taken_request=True)


def article(
    index: ArticleIndexPage,
    title: str = "When the house goes quiet",
    *,
    author: BioPage | None = None,
    body: list[tuple[str, Any]] | None = None,
    live: bool = True,
    **fields: Any,
) -> ArticlePage:
    page = ArticlePage(title=title, author=author, **fields)
    blocks = [
        {
            "type": kind,
            "value": value,
            "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{title}{number}")),
        }
        for number, (kind, value) in enumerate(BODY if body is None else body)
    ]
    page.body = page._meta.get_field("body").to_python(json.dumps(blocks))
    page.live = live
    index.add_child(instance=page)
    if live:
        # As publishing leaves it, in one save instead of three.
        revision = page.save_revision(clean=False)
        now = revision.created_at
        ArticlePage.objects.filter(pk=page.pk).update(
            live_revision=revision,
            has_unpublished_changes=False,
            first_published_at=page.first_published_at or now,
            last_published_at=now,
        )
        page.refresh_from_db()
    return page


def unsaved_request(**fields: Any) -> ConsultationRequest:
    """What a valid form gives to `by_visitor.submit`."""
    values = {
        "name": "Robin",
        "email": "robin@example.com",
        "reply_by": timezone.localdate() + timedelta(days=3),
        "region": "CA",
        **fields,
    }
    return ConsultationRequest(**values)


def consultation_request(**fields: Any) -> ConsultationRequest:
    """A request on file, without any of what sending one sets off."""
    consultation = unsaved_request(**fields)
    consultation.save()
    return consultation


NINE_TO_FIVE = {day: [(time(9), time(17))] for day in Weekday}


def schedule(
    hours: dict[Weekday, list[tuple[time, time]]] | None = None,
    *,
    of: Schedule | None = None,
    **changes: Any,
) -> Schedule:
    """The practice's schedule with weekly hours in its zone: every day from 9 to 17, or `hours`.

    Public holidays are days like others, unless `changes` say so. Or another schedule likewise.
    """
    kept, _ = Schedule.objects.update_or_create(
        pk=(of or Schedule.load()).pk, defaults={"closed_on_holidays": False, **changes}
    )
    kept.rules.all().delete()
    for weekday, windows in (NINE_TO_FIVE if hours is None else hours).items():
        for opens, closes in windows:
            AvailabilityRule.objects.create(
                schedule=kept, weekday=weekday, opens=opens, closes=closes
            )
    return kept


def open_times(of: Schedule | None = None) -> list[datetime]:
    """The open times of the first schedule, or of another, as of now, UTC and sorted."""
    now = timezone.now()
    return load_times(PracticeSettings.load(), of or Schedule.load(), now).starts(now)


def open_time(number: int = 0) -> datetime:
    """An open time as of now, UTC: the first, or the one after so many others."""
    return open_times()[number]


def busy(starts_at: datetime, ends_at: datetime, of: Schedule | None = None) -> BusyInterval:
    """A time at which another calendar of the therapist's says that they are busy."""
    feed, _ = BusyFeed.objects.get_or_create(
        schedule=of or Schedule.load(),
        defaults={"name": "Mine", "url": "https://calendar.example/ics"},
    )
    return BusyInterval.objects.create(feed=feed, starts_at=starts_at, ends_at=ends_at)


def agreed_request(
    starts_at: datetime, *, by: User, minutes: int = 20, **fields: Any
) -> ConsultationRequest:
    """A request that came in and was confirmed, with all that this sets off: an invitation too."""
    fields = {"wants_calendar_file": True, **fields}
    consultation, _ = by_visitor.submit(unsaved_request(**fields))
    decisions.confirm(
        consultation,
        user=by,
        words=emails.Draft("About your message", "We will talk."),
        starts_at=starts_at,
        minutes=minutes,
        despite=OBJECTIONS,
    )
    return consultation


def letters_left() -> None:
    """Notes every message that is owed as sent."""
    OutgoingEmail.objects.filter(sent_at=None).update(sent_at=timezone.now())


def request_with_canaries(article: ArticlePage, therapist: User) -> ConsultationRequest:
    """Waitlisted, with words in every field that hold "canary", and with a name of its own."""
    consultation, _ = by_visitor.submit(
        unsaved_request(
            name="Quillon",
            email="",
            phone="+16265550143",
            message="canary message",
            article=article.page_ptr,
        )
    )
    decisions.waitlist(consultation, user=therapist, words=Draft("", "canary words"))
    notes.save_notes(consultation, note="canary note", user=therapist)
    return consultation
