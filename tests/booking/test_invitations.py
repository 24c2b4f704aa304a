"""The e-mails that left, read back: what people and calendars are told about a consultation.

Messages go to a real SMTP server; Python's `email` takes them apart, and vobject, which shares no
code with what wrote them, reads their calendars.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
import vobject
from bs4 import BeautifulSoup
from django.conf import settings as django_settings

from booking.erasure import erasing
from booking.letters import emails, outbox
from booking.models import ConsultationRequest, Letter
from booking.services import by_visitor, decisions, transitions
from booking.times import open_times
from practice import contacts
from practice.models import PracticeSettings, User
from tests import factories
from tests.faults.mailserver import MailServer

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 30, 17, tzinfo=UTC)
WEDNESDAY = datetime(2026, 12, 2, 18, tzinfo=UTC)  # 10:00 in Los Angeles
THURSDAY = WEDNESDAY + timedelta(days=1)
LENGTH = timedelta(minutes=20)
# What a request may become of: its name breaks lines and whatever separates in a calendar.
NAME = "Robin; Ann,\r\nATTENDEE:mailto:x@example.com"
# The year stands where it is not this one.
IN_WORDS = re.compile(r"(\w+day, \w+ \d+)(, \d{4})? at (\d+:\d\d [AP]M) ([\w ]+ Time)")


@dataclass
class Post:
    """What a visitor's mailbox holds of one letter."""

    message: EmailMessage

    @property
    def parts(self) -> list[EmailMessage]:
        return list(self.message.iter_parts())  # type: ignore[arg-type]

    @property
    def words(self) -> str:
        return str(self.parts[0].get_content())

    @property
    def ics(self) -> str:
        """The calendar as it came, without its folds."""
        content = self.parts[-1].get_payload(decode=True)
        assert isinstance(content, bytes)
        return content.decode().replace("\r\n ", "")

    @property
    def calendar(self) -> Any:
        return vobject.readOne(self.ics)

    @property
    def invites(self) -> bool:
        return any(part.get_content_type() == "text/calendar" for part in self.message.walk())

    def lines(self, name: str) -> list[str]:
        """The calendar's lines of that name."""
        return [
            each for each in self.ics.split("\r\n") if each.startswith((f"{name}:", f"{name};"))
        ]


class Visitor:
    """A visitor and the therapist, who write to each other by the real outbox."""

    def __init__(self, server: MailServer, user: User, **fields: Any) -> None:
        self.server, self.user = server, user
        fields = {"name": NAME, "time_zone": "Europe/Berlin", "phone": "+16265550143", **fields}
        fields.setdefault("wants_calendar_file", True)
        self.request = by_visitor.submit(factories.unsaved_request(**fields))[0]

    def decide(self, kind: str, *starts: datetime) -> Post:
        """A decision with the words that are proposed for it, and the letter that left."""
        if kind == "offer":
            until = decisions.offer_stands_until(self.request, list(starts))
            words = emails.draft(self.request, kind, starts=starts, stands_until=until)
            times: dict[str, Any] = {
                "starts": list(starts),
                "minutes": 20,
                "despite": open_times.OBJECTIONS,
            }
        elif starts:
            words = emails.draft(self.request, kind, starts_at=starts[0])
            times = {"starts_at": starts[0], "minutes": 20, "despite": open_times.OBJECTIONS}
        else:
            words, times = emails.draft(self.request, kind), {}
        words = emails.Draft(words.subject, words.body.replace(emails.GAP, "a colleague"))
        getattr(decisions, kind)(self.request, user=self.user, words=words, **times)
        return self.last()

    def last(self) -> Post:
        """The visitor's newest letter, after all that is owed has left."""
        before = len(self.mailbox())
        outbox.send_due()
        posts = self.mailbox()
        assert len(posts) == before + 1
        return posts[-1]

    def mailbox(self) -> list[Post]:
        mine = [contacts.wire(self.request.email)]
        return [Post(each.message) for each in self.server.accepted if each.to == mine]


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def open_practice(practice: PracticeSettings) -> PracticeSettings:
    factories.schedule()
    return practice


@pytest.fixture
def user() -> User:
    return factories.user("therapist@home.example")


@pytest.fixture(scope="module")
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def visitor(mail_server: MailServer, user: User, settings: Any) -> Visitor:
    """Somebody whose request came in, and who has been told so."""
    mail_server.begun.clear()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = mail_server.hostname, mail_server.port
    visitor = Visitor(mail_server, user)
    visitor.last()
    return visitor


def assert_says(post: Post, method: str, sequence: int, start: datetime, uid: object) -> None:
    event = post.calendar.vevent
    assert post.calendar.method.value == method
    assert event.status.value == {"REQUEST": "CONFIRMED", "CANCEL": "CANCELLED"}[method]
    assert post.lines("SEQUENCE") == [f"SEQUENCE:{sequence}"]
    assert event.dtstart.value == start
    assert event.dtend.value == start + LENGTH
    assert event.uid.value == str(uid)


# --- What each step says --------------------------------------------------------------------------


def test_nothing_invites_before_the_therapist_confirms(visitor: Visitor) -> None:
    visitor.decide("offer", WEDNESDAY, THURSDAY)
    by_visitor.none_suits(visitor.request)
    visitor.decide("waitlist")
    visitor.decide("decline")
    assert len(visitor.mailbox()) == 4
    assert not any(post.invites for post in visitor.mailbox())
    assert ConsultationRequest.objects.get().invitation_sequence is None


def test_confirming_moving_and_canceling_share_a_uid_and_count_up(visitor: Visitor) -> None:
    uid = visitor.request.invitation_uid
    assert_says(visitor.decide("confirm", WEDNESDAY), "REQUEST", 0, WEDNESDAY, uid)
    assert_says(visitor.decide("move", THURSDAY), "REQUEST", 1, THURSDAY, uid)
    assert_says(visitor.decide("cancel"), "CANCEL", 2, THURSDAY, uid)


def test_what_the_visitor_picks_is_an_invitation_at_once(visitor: Visitor) -> None:
    visitor.decide("offer", WEDNESDAY, THURSDAY)
    by_visitor.pick(visitor.request, THURSDAY)
    assert_says(visitor.last(), "REQUEST", 0, THURSDAY, visitor.request.invitation_uid)


def test_another_time_that_the_visitor_picks_is_a_move(visitor: Visitor) -> None:
    visitor.decide("confirm", WEDNESDAY)
    offered = visitor.decide("offer", THURSDAY)
    assert not offered.invites  # what was agreed stays
    by_visitor.pick(visitor.request, THURSDAY)
    moved = visitor.last()
    assert_says(moved, "REQUEST", 1, THURSDAY, visitor.request.invitation_uid)
    assert "Thanks for picking a time." in moved.words


def test_an_offer_that_leads_nowhere_leaves_the_invitation_alone(visitor: Visitor) -> None:
    visitor.decide("confirm", WEDNESDAY)
    visitor.decide("offer", THURSDAY)
    by_visitor.none_suits(visitor.request)
    outbox.send_due()
    assert [post.invites for post in visitor.mailbox()] == [False, True, False]


@pytest.mark.parametrize("ending", ["decline", "waitlist"])
def test_an_offer_on_an_agreed_time_that_ends_in_a_no_takes_that_time_back(
    visitor: Visitor, ending: str
) -> None:
    visitor.decide("confirm", WEDNESDAY)
    visitor.decide("offer", THURSDAY)
    assert_says(visitor.decide(ending), "CANCEL", 1, WEDNESDAY, visitor.request.invitation_uid)


@pytest.mark.parametrize("ending", ["withdraw", "erase"])
def test_who_leaves_gets_the_cancellation_and_nothing_else(visitor: Visitor, ending: str) -> None:
    uid = visitor.request.invitation_uid
    visitor.decide("confirm", WEDNESDAY)
    if ending == "withdraw":
        by_visitor.withdraw(visitor.request)
    else:
        erasing.erase(visitor.request, by=transitions.Actor.VISITOR)
    post = visitor.last()
    assert_says(post, "CANCEL", 1, WEDNESDAY, uid)
    assert post.message["Auto-Submitted"] == "auto-generated"
    assert "/consultation/manage/" not in post.words
    erasing.finish_erasures()
    outbox.send_due()
    assert len(visitor.mailbox()) == 3


def test_who_comes_back_is_invited_under_the_same_uid_and_a_higher_number(
    visitor: Visitor,
) -> None:
    uid = visitor.request.invitation_uid
    visitor.decide("confirm", WEDNESDAY)
    by_visitor.withdraw(visitor.request)
    visitor.last()
    by_visitor.restore(visitor.request)
    assert_says(visitor.decide("confirm", THURSDAY), "REQUEST", 2, THURSDAY, uid)


def test_what_is_tried_again_says_the_same(visitor: Visitor, settings: Any) -> None:
    port = settings.EMAIL_PORT
    settings.EMAIL_PORT = 1  # nobody listens
    words = emails.draft(visitor.request, "confirm", starts_at=WEDNESDAY)
    decisions.confirm(
        visitor.request, user=visitor.user, words=words, starts_at=WEDNESDAY, minutes=20
    )
    assert outbox.send_due() == 0
    settings.EMAIL_PORT = port
    with time_machine.travel(NOW + timedelta(minutes=5)):
        post = visitor.last()
    assert_says(post, "REQUEST", 0, WEDNESDAY, visitor.request.invitation_uid)


def test_without_an_address_there_is_neither_mail_nor_a_number(
    mail_server: MailServer, user: User, visitor: Visitor
) -> None:
    other = by_visitor.submit(factories.unsaved_request(email="", phone="+16265550143"))[0]
    decisions.confirm(
        other,
        user=user,
        words=emails.draft(other, "confirm", starts_at=WEDNESDAY),
        starts_at=WEDNESDAY,
        minutes=20,
    )
    letter = Letter.objects.get(request=other)
    assert (letter.channel, letter.method) == ("in_person", "")
    assert "Wednesday, December 2 at 10:00 AM Pacific Time" in letter.body
    outbox.send_due()
    assert len(visitor.mailbox()) == 1
    assert ConsultationRequest.objects.get(pk=other.pk).invitation_sequence is None


# --- What is true of each of them -----------------------------------------------------------------

STEPS = ["confirm", "move", "cancel", "pick", "move by picking", "decline", "withdrawal"]


@pytest.fixture(params=STEPS)
def post(visitor: Visitor, request: pytest.FixtureRequest) -> Post:
    """The letter of one step that calendars hear of."""
    step = request.param
    if step == "pick":
        visitor.decide("offer", WEDNESDAY, THURSDAY)
        by_visitor.pick(visitor.request, THURSDAY)
        return visitor.last()
    confirmed = visitor.decide("confirm", WEDNESDAY)
    if step == "move":
        return visitor.decide("move", THURSDAY)
    if step == "cancel":
        return visitor.decide("cancel")
    if step in ("move by picking", "decline"):
        visitor.decide("offer", THURSDAY)
    if step == "decline":
        return visitor.decide("decline")
    if step == "move by picking":
        by_visitor.pick(visitor.request, THURSDAY)
        return visitor.last()
    if step == "withdrawal":
        by_visitor.withdraw(visitor.request)
        return visitor.last()
    return confirmed


def test_the_method_is_the_same_in_the_calendar_and_in_its_parts_type(post: Post) -> None:
    part = post.parts[-1]
    method = part.get_param("method")
    assert method in ("REQUEST", "CANCEL")
    assert post.lines("METHOD") == [f"METHOD:{method}"]
    assert post.calendar.method.value == method
    assert part.get_content_charset() == "utf-8"
    assert part.get_content_disposition() is None  # an attachment would be a file


def test_the_calendar_is_the_last_of_the_alternatives(post: Post) -> None:
    assert post.message.get_content_type() == "multipart/alternative"
    types = [part.get_content_type() for part in post.parts]
    assert types == ["text/plain", "text/html", "text/calendar"]


def test_the_organizer_is_the_practices_address_and_nobodys_own(post: Post) -> None:
    event = post.calendar.vevent
    assert event.organizer.value == f"mailto:{django_settings.DEFAULT_FROM_EMAIL}"
    assert event.organizer.params["CN"] == ["QHC"]
    assert django_settings.DEFAULT_FROM_EMAIL in post.message["From"]
    everything = post.message.as_string() + post.ics + post.words
    assert "therapist@home.example" not in everything
    assert "practice@example.com" not in everything  # where alerts go


def test_the_visitor_is_called_by_their_address_alone(post: Post) -> None:
    attendee = post.calendar.vevent.attendee
    assert attendee.value == "mailto:robin@example.com"
    assert attendee.params["CN"] == ["robin@example.com"]
    assert len(post.lines("ATTENDEE")) == 1
    assert "x@example.com" not in post.message.as_string() + post.ics
    assert "Ann" not in post.ics
    assert len(post.message.get_all("To", [])) == 1


def test_a_letter_and_its_invitation_go_to_that_very_domain(
    visitor: Visitor, mail_server: MailServer
) -> None:
    """By IDNA 2003, which Python's codec follows, straße.example is strasse.example."""
    visitor.request.email = "robin@straße.example"
    visitor.request.save()
    post = visitor.decide("confirm", WEDNESDAY)
    in_ascii = "robin@xn--strae-oqa.example"
    assert mail_server.accepted[-1].to == [in_ascii]
    assert post.message["To"] == in_ascii
    assert post.calendar.vevent.attendee.value == f"mailto:{in_ascii}"


def test_letters_with_an_invitation_say_that_a_no_cancels_nothing(visitor: Visitor) -> None:
    confirmed, moved = visitor.decide("confirm", WEDNESDAY), visitor.decide("move", THURSDAY)
    visitor.decide("offer", WEDNESDAY)
    by_visitor.pick(visitor.request, WEDNESDAY)
    for post in (confirmed, moved, visitor.last()):
        assert post.invites
        assert "in the calendar invitation doesn't cancel our consultation." in post.words


def test_a_practices_name_stays_one_escaped_line(visitor: Visitor) -> None:
    factories.practice_settings(short_name="Q; H, C\r\nX-BAD:1", office_address="1; A,\r\nX-BAD:2")
    PracticeSettings.objects.update(consultation_medium="office")
    post = visitor.decide("confirm", WEDNESDAY)
    assert not post.lines("X-BAD")
    assert post.calendar.vevent.organizer.params["CN"] == ["Q; H, C X-BAD:1"]
    assert post.lines("LOCATION") == ["LOCATION:1\\; A\\, X-BAD:2"]
    assert post.calendar.vevent.location.value == "1; A, X-BAD:2"
    assert "X-BAD" not in post.message


def test_start_and_end_are_instants_in_utc(post: Post) -> None:
    for name in ("DTSTART", "DTEND", "DTSTAMP"):
        (line,) = post.lines(name)
        assert re.fullmatch(rf"{name}:\d{{8}}T\d{{6}}Z", line)
    assert "VTIMEZONE" not in post.ics


def test_the_words_say_the_same_instant_in_the_visitors_zone(
    post: Post,
) -> None:
    assert_words_equal_calendar(post, "Europe/Berlin", "Central European Time")


def assert_words_equal_calendar(post: Post, zone: str, label: str) -> None:
    *_, said = IN_WORDS.finditer(post.words)  # a move says first from when
    day, year, hour, called = said.groups()
    assert called == label
    year = year or f", {NOW.year}"
    naive = datetime.strptime(f"{day}{year} {hour}", "%A, %B %d, %Y %I:%M %p")
    assert naive.replace(tzinfo=ZoneInfo(zone)) == post.calendar.vevent.dtstart.value
    html = BeautifulSoup(post.parts[1].get_content(), "html.parser")
    assert said[0] in " ".join(html.text.split())


@pytest.mark.parametrize(
    ("zone", "label", "counts_as"),
    [
        ("", "Pacific Time", "America/Los_Angeles"),
        ("Nowhere/Nothing", "Pacific Time", "America/Los_Angeles"),
        ("Asia/Kolkata", "India Time", "Asia/Kolkata"),
        ("America/Sao_Paulo", "Sao Paulo Time", "America/Sao_Paulo"),
        ("Pacific/Kiritimati", "Kiritimati Time", "Pacific/Kiritimati"),
    ],
)
def test_the_words_equal_the_calendar_whatever_zone_the_visitor_named(
    visitor: Visitor, zone: str, label: str, counts_as: str
) -> None:
    ConsultationRequest.objects.update(time_zone=zone)
    visitor.request.refresh_from_db()
    assert_words_equal_calendar(visitor.decide("confirm", WEDNESDAY), counts_as, label)


def test_the_words_equal_the_calendar_on_either_side_of_a_clock_change(visitor: Visitor) -> None:
    """Berlin turns its clocks on March 28, 2027, when Los Angeles has done so long ago."""
    for day in (27, 28):
        start = datetime(2027, 3, day, 16, tzinfo=UTC)
        post = visitor.decide("confirm" if day == 27 else "move", start)
        assert_words_equal_calendar(post, "Europe/Berlin", "Central European Time")


@pytest.mark.parametrize(
    ("medium", "title", "place"),
    [
        ("telephone", "Phone call", None),
        ("video", "Video call", None),
        ("office", "Appointment", "1 Harbor Street"),
    ],
)
def test_the_title_says_no_more_than_how(
    visitor: Visitor, medium: str, title: str, place: str | None
) -> None:
    factories.practice_settings(
        consultation_medium=medium,
        office_address="1 Harbor Street",
        video_link="https://video.example/room",
    )
    post = visitor.decide("confirm", WEDNESDAY)
    event = post.calendar.vevent
    assert event.summary.value == title
    assert (event.location.value if place else getattr(event, "location", None)) == place
    assert event.contents["class"][0].value == "PRIVATE"
    assert "video.example" not in post.ics


def test_a_shared_calendar_tells_nobody_what_it_is_about(post: Post, visitor: Visitor) -> None:
    practice = PracticeSettings.load()
    told = post.ics + post.message["Subject"]
    link = visitor.request.link_nonce
    for secret in ("Robin", practice.practice_name, practice.therapist_name, link, "/manage/"):
        assert secret not in told
    for word in ("consult", "therap", "counsel"):
        assert word not in told.lower().replace("-//practice//consultations//en", "")
    assert not post.lines("DESCRIPTION")
    assert not post.lines("URL")
