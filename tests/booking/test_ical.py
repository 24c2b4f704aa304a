"""Invitations and the therapist's feed.

What they hold is read back by vobject, which shares no code with what wrote them.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest
import vobject
from django.core.mail import EmailMultiAlternatives
from hypothesis import given
from hypothesis import strategies as st

from booking.letters import ical
from booking.letters.ical import FeedEntry, Invitation

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
# After the clocks went forward in Los Angeles that day: ten in the morning is 17:00 in UTC.
STARTS = datetime(2026, 3, 8, 10, tzinfo=ZoneInfo("America/Los_Angeles"))
INVITATION = Invitation(
    uid="9f2c@practice.example",
    sequence=0,
    starts_at=STARTS,
    ends_at=STARTS + timedelta(minutes=20),
    summary="Consultation",
    organizer_email="office@practice.example",
    organizer_name="The Practice",
    attendee_email="visitor@mail.example",
    location="Telephone",
)
MOVED = replace(
    INVITATION,
    sequence=1,
    starts_at=STARTS + timedelta(days=1),
    ends_at=STARTS + timedelta(days=1, minutes=20),
)
CANCELLED = replace(MOVED, sequence=2)


def read(ics: bytes) -> vobject.base.Component:
    return vobject.readOne(ics.decode())


def unfolded(ics: bytes) -> list[str]:
    return ics.decode().replace("\r\n ", "").split("\r\n")


def line(ics: bytes, name: str) -> str:
    """The one line of that name."""
    (found,) = [each for each in unfolded(ics) if each.startswith((f"{name}:", f"{name};"))]
    return found


class TestMethodsAndSequences:
    def test_a_confirmation_is_a_request_with_sequence_0(self) -> None:
        calendar = read(ical.request(INVITATION, now=NOW))
        assert calendar.method.value == "REQUEST"
        assert calendar.vevent.sequence.value == "0"
        assert calendar.vevent.status.value == "CONFIRMED"

    def test_a_move_keeps_the_uid_and_adds_one_to_the_sequence(self) -> None:
        before = read(ical.request(INVITATION, now=NOW)).vevent
        after = read(ical.request(MOVED, now=NOW)).vevent
        assert after.uid.value == before.uid.value == "9f2c@practice.example"
        assert (before.sequence.value, after.sequence.value) == ("0", "1")
        assert after.dtstart.value - before.dtstart.value == timedelta(days=1)

    def test_a_cancellation_says_so_twice_and_adds_one_to_the_sequence(self) -> None:
        calendar = read(ical.cancel(CANCELLED, now=NOW))
        assert calendar.method.value == "CANCEL"
        assert calendar.vevent.status.value == "CANCELLED"
        assert calendar.vevent.sequence.value == "2"
        assert calendar.vevent.uid.value == INVITATION.uid

    @pytest.mark.parametrize("ics", [ical.request(MOVED, now=NOW), ical.cancel(CANCELLED, now=NOW)])
    def test_there_is_one_sequence_line_and_the_method_stands_in_the_calendar(
        self, ics: bytes
    ) -> None:
        lines = unfolded(ics)
        assert len([each for each in lines if each.startswith("SEQUENCE")]) == 1
        methods = [place for place, each in enumerate(lines) if each.startswith("METHOD")]
        assert len(methods) == 1
        assert methods[0] < lines.index("BEGIN:VEVENT")

    def test_a_cancellation_without_an_invitation_before_it_is_refused(self) -> None:
        with pytest.raises(ValueError, match="sequence is not 0"):
            ical.cancel(INVITATION, now=NOW)


def sent(ics: bytes, content_type: str) -> EmailMessage:
    """A message as emails.py builds it, read back from its bytes."""
    message = EmailMultiAlternatives("Your consultation", "Words.\n", to=["visitor@mail.example"])
    message.attach_alternative("<p>Words.</p>", "text/html")
    message.attach_alternative(ics.decode(), content_type)
    received = message_from_bytes(message.message().as_bytes(), policy=policy.default)
    assert isinstance(received, EmailMessage)
    return received


class TestInsideAnEmail:
    @pytest.mark.parametrize(
        ("ics", "content_type", "method"),
        [
            (ical.request(INVITATION, now=NOW), ical.REQUEST_TYPE, "REQUEST"),
            (ical.request(MOVED, now=NOW), ical.REQUEST_TYPE, "REQUEST"),
            (ical.cancel(CANCELLED, now=NOW), ical.CANCEL_TYPE, "CANCEL"),
        ],
    )
    def test_the_method_stands_in_the_calendar_and_in_the_part_and_the_part_is_last(
        self, ics: bytes, content_type: str, method: str
    ) -> None:
        received = sent(ics, content_type)
        assert received.get_content_type() == "multipart/alternative"
        parts = list(received.iter_parts())
        assert [part.get_content_type() for part in parts] == [
            "text/plain",
            "text/html",
            "text/calendar",
        ]
        assert parts[-1].get_param("method") == method
        assert parts[-1].get_content_charset() == "utf-8"
        calendar = vobject.readOne(parts[-1].get_content())
        assert calendar.method.value == method
        assert calendar.vevent.organizer.value == "mailto:office@practice.example"

    def test_names_in_any_script_survive_the_email(self) -> None:
        named = replace(INVITATION, organizer_name="Žofie Ångström-山田, " * 8, location="Café")
        part = list(sent(ical.request(named, now=NOW), ical.REQUEST_TYPE).iter_parts())[-1]
        event = vobject.readOne(part.get_content()).vevent
        assert event.organizer.params["CN"] == [("Žofie Ångström-山田, " * 8).strip()]
        assert event.location.value == "Café"

    def test_the_organizer_is_the_practices_address(self) -> None:
        organizer = line(ical.request(INVITATION, now=NOW), "ORGANIZER")
        assert organizer == 'ORGANIZER;CN="The Practice":mailto:office@practice.example'


class TestNames:
    def test_without_a_name_the_name_is_the_address(self) -> None:
        nameless = replace(INVITATION, organizer_name=" \r\n")
        event = read(ical.request(nameless, now=NOW)).vevent
        assert event.attendee.params["CN"] == ["visitor@mail.example"]
        assert event.organizer.params["CN"] == ["office@practice.example"]

    @pytest.mark.parametrize(
        ("name", "read_as"),
        [
            ("Lee; Robin", "Lee; Robin"),
            ("Lee, Robin: both", "Lee, Robin: both"),
            ("Robin\r\nATTENDEE:mailto:x@y.example", "Robin ATTENDEE:mailto:x@y.example"),
            ("Robin\nX-EVIL:1\rY", "Robin X-EVIL:1 Y"),
            ('Robin "Bobby" Lee', "Robin 'Bobby' Lee"),
            ("Robin\x00\x07\u2028\x85Lee", "Robin Lee"),
            ("Robin\\nLee", "Robin\\nLee"),
            ("\ud800", "office@practice.example"),
        ],
    )  # fmt: skip
    def test_what_could_break_a_line_stays_within_the_name(self, name: str, read_as: str) -> None:
        ics = ical.request(replace(INVITATION, organizer_name=name), now=NOW)
        assert read(ics).vevent.organizer.params["CN"] == [read_as]
        assert len(unfolded(ics)) == len(unfolded(ical.request(INVITATION, now=NOW)))

    @pytest.mark.parametrize("email", ["", "nobody", "a@b.example\r\nX:1", "a b@c.example"])
    def test_an_address_that_is_none_is_refused(self, email: str) -> None:
        with pytest.raises(ValueError, match="email address"):
            ical.request(replace(INVITATION, attendee_email=email), now=NOW)

    def test_texts_are_escaped_and_stay_on_their_line(self) -> None:
        placed = replace(INVITATION, location="One; two,\r\nthree\\four\nEND:VEVENT")
        event = read(ical.request(placed, now=NOW)).vevent
        assert event.location.value == "One; two, three\\four END:VEVENT"


class TestInstants:
    def test_start_and_end_are_instants_in_utc(self) -> None:
        ics = ical.request(INVITATION, now=NOW)
        assert line(ics, "DTSTART") == "DTSTART:20260308T170000Z"
        assert line(ics, "DTEND") == "DTEND:20260308T172000Z"
        assert line(ics, "DTSTAMP") == "DTSTAMP:20260301T120000Z"
        assert b"VTIMEZONE" not in ics

    def test_the_second_of_two_equal_wall_times_in_autumn_is_the_later_instant(self) -> None:
        starts = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo("America/New_York"), fold=1)
        late = replace(INVITATION, starts_at=starts, ends_at=starts.astimezone(UTC) + timedelta(1))
        assert line(ical.request(late, now=NOW), "DTSTART") == "DTSTART:20261101T063000Z"

    @pytest.mark.parametrize(
        "change",
        [
            {"starts_at": STARTS.replace(tzinfo=None)},
            {"ends_at": STARTS.replace(tzinfo=None)},
            {"ends_at": STARTS},
            {"ends_at": STARTS - timedelta(minutes=1)},
            {"sequence": -1},
            {"uid": ""},
        ],
    )
    def test_what_makes_no_sense_is_refused_with_a_sentence(self, change: dict) -> None:
        with pytest.raises(ValueError, match=r"\.$"):
            ical.request(replace(INVITATION, **change), now=NOW)


class TestTheSameInstantInEveryZone:
    """The words of the e-mail are its template's part; here, the instant that they tell."""

    @pytest.mark.parametrize("zone", ["Asia/Kolkata", "Europe/Berlin", "Pacific/Chatham"])
    def test_the_zone_that_a_time_is_given_in_does_not_change_it(self, zone: str) -> None:
        local = replace(
            INVITATION,
            starts_at=INVITATION.starts_at.astimezone(ZoneInfo(zone)),
            ends_at=INVITATION.ends_at.astimezone(timezone(timedelta(hours=-9, minutes=-30))),
        )
        assert ical.request(local, now=NOW) == ical.request(INVITATION, now=NOW)


class TestNothingPersonalIsSaid:
    def test_the_title_is_the_callers_and_the_event_is_private(self) -> None:
        event = read(ical.request(INVITATION, now=NOW)).vevent
        assert event.summary.value == "Consultation"
        assert getattr(event, "class").value == "PRIVATE"

    def test_nothing_else_is_said(self) -> None:
        names = {each.partition(":")[0].partition(";")[0] for each in unfolded(
            ical.request(INVITATION, now=NOW)
        )}  # fmt: skip
        assert names == {
            "BEGIN", "VERSION", "PRODID", "CALSCALE", "METHOD", "UID", "SEQUENCE", "STATUS",
            "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "LOCATION", "ORGANIZER",
            "ATTENDEE", "CLASS", "TRANSP", "END", "",
        }  # fmt: skip


class TestTheTherapistsFeed:
    ENTRIES = [
        FeedEntry("1@p.example", STARTS, STARTS + timedelta(minutes=20), "https://p.example/1/"),
        FeedEntry(
            "2@p.example",
            STARTS + timedelta(1),
            STARTS + timedelta(1, 1200),
            "https://p.example/2/",
            "R. L.",
        ),
    ]

    def test_it_holds_times_and_links_with_initials_or_a_neutral_title(self) -> None:
        first, second = read(ical.feed(self.ENTRIES, now=NOW)).vevent_list
        assert (first.summary.value, second.summary.value) == ("Appointment", "R. L.")
        assert first.dtstart.value == STARTS
        assert second.dtend.value == STARTS + timedelta(days=1, minutes=20)
        assert first.url.value == "https://p.example/1/"

    def test_nothing_else_is_in_it(self) -> None:
        lines = unfolded(ical.feed(self.ENTRIES, now=NOW))
        assert {each.partition(":")[0].partition(";")[0] for each in lines} == {
            "BEGIN", "VERSION", "PRODID", "CALSCALE", "NAME", "X-WR-CALNAME", "REFRESH-INTERVAL",
            "X-PUBLISHED-TTL", "UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "URL", "CLASS",
            "TRANSP", "END", "",
        }  # fmt: skip

    def test_an_empty_feed_is_a_calendar(self) -> None:
        assert read(ical.feed([], now=NOW)).prodid.value == ical.PRODID

    def test_initials_cannot_add_a_line(self) -> None:
        entry = replace(self.ENTRIES[0], title="R.\r\nDESCRIPTION:x")
        assert read(ical.feed([entry], now=NOW)).vevent.summary.value == "R. DESCRIPTION:x"


@given(name=st.text(max_size=120), title=st.text(max_size=400), place=st.text(max_size=120))
def test_whatever_people_write_the_invitation_is_whole(name: str, title: str, place: str) -> None:
    written = replace(INVITATION, organizer_name=name, summary=title, location=place)
    ics = ical.request(written, now=NOW)
    lines = ics.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert all(each.decode() is not None and b"\n" not in each for each in lines)
    event = read(ics).vevent
    assert event.uid.value == INVITATION.uid
    assert event.attendee.value == "mailto:visitor@mail.example"
    assert event.sequence.value == "0"
