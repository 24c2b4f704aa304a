"""Offers, moves and cancellations, as the therapist makes them and the visitor answers."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.db import transaction
from django.test import Client
from django.urls import reverse

from booking.letters import emails, outbox
from booking.models import ConsultationRequest, Letter, OutgoingEmail, Schedule, State
from booking.services import by_visitor, decisions, expiry, transitions
from booking.times import reservations
from practice.models import PracticeSettings, User
from tests import factories

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 30, 20, tzinfo=UTC)  # Monday noon in Los Angeles
TUESDAY = datetime(2026, 12, 1, 21, tzinfo=UTC)
WORDS = emails.Draft("About your message", "Some words.")


@pytest.fixture(autouse=True)
def now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(autouse=True)
def open_hours(practice: PracticeSettings) -> Schedule:
    return factories.schedule(step=60, notice_hours=24, horizon_days=14)


@pytest.fixture
def waiting() -> ConsultationRequest:
    return by_visitor.submit(factories.unsaved_request(parts_of_week=["mornings"]))[0]


@pytest.fixture
def by_phone() -> ConsultationRequest:
    return by_visitor.submit(factories.unsaved_request(email="", phone="+16265550143"))[0]


def offered(consultation: ConsultationRequest, user: User) -> ConsultationRequest:
    starts = [TUESDAY + timedelta(days=n) for n in range(3)]
    decisions.offer(consultation, user=user, words=WORDS, starts=starts, minutes=20)
    return consultation


def confirmed(consultation: ConsultationRequest, user: User) -> ConsultationRequest:
    decisions.confirm(consultation, user=user, words=WORDS, starts_at=TUESDAY, minutes=20)
    return consultation


def url_of(consultation: ConsultationRequest, kind: str) -> str:
    return reverse("consultations:decide", args=[consultation.pk, kind])


def fields(html: str) -> dict[str, str]:
    """What the form on a page of the admin would post, unchanged."""
    form = BeautifulSoup(html, "html.parser").select_one("form.request-form")
    assert form is not None
    found = {
        str(i["name"]): str(i.get("value", ""))
        for i in form.select("input[name]")
        if i.get("type") != "checkbox" or i.has_attr("checked")
    }
    return found | {str(t["name"]): t.text.lstrip("\n") for t in form.select("textarea[name]")}


def page(visitor: Client, consultation: ConsultationRequest) -> str:
    return visitor.get(consultation.get_absolute_url()).content.decode()


def act(visitor: Client, consultation: ConsultationRequest, act: str, **more: str) -> Any:
    answer = visitor.post(consultation.get_absolute_url(), {"act": act, **more})
    consultation.refresh_from_db()
    return answer


class TestTheTherapist:
    def test_is_offered_open_times_in_the_preferred_part_of_the_week(
        self, as_therapist: Client, waiting: ConsultationRequest
    ) -> None:
        first = fields(as_therapist.get(url_of(waiting, "offer")).content.decode())
        assert [first[f"day_{n}"] for n in (1, 2, 3)] == ["2026-12-02", "2026-12-03", "2026-12-04"]
        assert {first[f"hour_{n}"] for n in (1, 2, 3)} == {"09:00"}

    def test_offers_three_times_which_are_held_and_written_to_the_visitor(
        self, as_therapist: Client, waiting: ConsultationRequest
    ) -> None:
        url = url_of(waiting, "offer")
        second = as_therapist.post(url, fields(as_therapist.get(url).content.decode()))
        letter = fields(second.content.decode())
        assert "Wednesday, December 2 at 9:00 AM Pacific Time" in letter["body"]
        assert "until the end of Thursday, December 3." in letter["body"]
        as_therapist.post(url, letter)
        waiting.refresh_from_db()
        assert waiting.state == State.PROPOSED
        assert waiting.proposals.count() == 3
        assert waiting.claims.count() == 3 * (20 + 10) // 5

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"hour_1": "09:02"}, "multiple of five minutes"),
            ({"day_1": "2026-11-29"}, "in the past"),
            ({"day_2": "2026-12-02", "hour_2": "09:00"}, "twice"),
            ({"hour_3": ""}, "leave both empty"),
            ({"minutes": "17"}, "multiple"),
            ({"day_1": "soon"}, "Enter a date, such as"),
            ({f"{what}_{n}": "" for n in (1, 2, 3) for what in ("day", "hour")}, "at least one"),
            ({"hour_1": "03:00"}, "outside your hours"),
        ],
    )
    def test_is_told_beside_the_field_what_cannot_be_offered(
        self,
        as_therapist: Client,
        waiting: ConsultationRequest,
        changes: dict[str, str],
        sentence: str,
    ) -> None:
        url = url_of(waiting, "offer")
        typed = fields(as_therapist.get(url).content.decode()) | changes
        html = as_therapist.post(url, typed).content.decode()
        assert sentence in html
        waiting.refresh_from_db()
        assert waiting.state == State.PENDING

    def test_is_told_that_the_time_went_busy_and_may_take_it_knowingly(
        self, as_therapist: Client
    ) -> None:
        consultation, _ = by_visitor.submit(
            factories.unsaved_request(asked_for=TUESDAY, phone="+16265550143")
        )
        factories.busy(TUESDAY, TUESDAY + timedelta(hours=1))
        url = url_of(consultation, "confirm")
        typed = fields(as_therapist.get(url).content.decode())
        assert (typed["day"], typed["hour"]) == ("2026-12-01", "13:00")
        html = as_therapist.post(url, typed).content.decode()
        assert "re busy then" in html
        assert not Letter.objects.exists()
        consultation.refresh_from_db()
        assert consultation.starts_at == TUESDAY
        told = BeautifulSoup(html, "html.parser").select("[name=known]")
        knows = {"anyway": "on", "known": [str(tag["value"]) for tag in told]}
        letter = fields(as_therapist.post(url, {**typed, **knows}).content.decode()) | knows
        other, _ = by_visitor.submit(
            factories.unsaved_request(asked_for=TUESDAY + timedelta(hours=2))
        )
        Schedule.objects.update(daily_limit=1)
        html = as_therapist.post(url, letter).content.decode()
        assert "as many consultations as you take" in html  # of that they did not know yet
        by_visitor.withdraw(other)
        as_therapist.post(url, letter)
        consultation.refresh_from_db()
        assert consultation.state == State.CONFIRMED

    def test_cannot_confirm_two_requests_for_one_time_even_knowingly(
        self, as_therapist: Client, therapist: User, by_phone: ConsultationRequest
    ) -> None:
        confirmed(by_phone, therapist)
        other, _ = by_visitor.submit(factories.unsaved_request(phone="+16265550144"))
        typed = {"day": "2026-12-01", "hour": "13:10", "minutes": "20", "anyway": "on"}
        typed |= {"version": str(other.version), "subject": "Hello", "body": "Hello"}
        html = as_therapist.post(url_of(other, "confirm"), typed).content.decode()
        assert "taken by another consultation" in html
        assert "Hello</textarea>" in html
        other.refresh_from_db()
        assert other.state == State.PENDING

    def test_is_told_what_happened_since_a_stale_page_was_opened(
        self, as_therapist: Client, therapist: User, waiting: ConsultationRequest
    ) -> None:
        offered(waiting, therapist)
        url = url_of(waiting, "decline")
        stale = fields(as_therapist.get(url).content.decode())
        stale["body"] = "Some words."
        by_visitor.pick(waiting, TUESDAY, visitor_calls=True)
        html = as_therapist.post(url, stale, follow=True).content.decode()
        assert "The visitor picked one of the times" in html
        waiting.refresh_from_db()
        assert waiting.state == State.CONFIRMED

    def test_sees_who_asks_for_another_time_among_those_who_wait(
        self, as_therapist: Client, therapist: User, by_phone: ConsultationRequest
    ) -> None:
        by_visitor.ask_to_move(confirmed(by_phone, therapist))
        assert "wants another time" in as_therapist.get("/admin/consultations/").content.decode()
        html = as_therapist.get(f"/admin/consultations/{by_phone.pk}/").content.decode()
        assert "They want another time" in html
        assert "Consultations (1)" in html

    def test_cannot_close_in_silence_what_is_still_ahead(
        self, as_therapist: Client, therapist: User, by_phone: ConsultationRequest
    ) -> None:
        confirmed(by_phone, therapist)
        html = as_therapist.get(f"/admin/consultations/{by_phone.pk}/").content.decode()
        assert url_of(by_phone, "cancel") in html
        assert url_of(by_phone, "close") not in html


class TestTheVisitor:
    def test_picks_one_of_three_and_says_which_number_to_call(
        self, visitor: Client, therapist: User, waiting: ConsultationRequest
    ) -> None:
        offered(waiting, therapist)
        html = page(visitor, waiting)
        assert html.count('name="time"') == 3
        values = re.findall(r'name="time" value="([^"]+)"', html)
        act(visitor, waiting, "pick", time=values[1], phone="626 555 0143")
        assert waiting.state == State.CONFIRMED
        assert waiting.starts_at == TUESDAY + timedelta(days=1)
        assert waiting.phone == "+16265550143"
        assert waiting.claims.count() == (20 + 10) // 5
        assert "The call comes from" in page(visitor, waiting)

    @pytest.mark.parametrize(
        ("typed", "sentence"),
        [
            ({"phone": "626 555 0143"}, "Choose one of the times"),
            ({"time": "2026-12-01T21:00Z"}, "Add a number"),
            ({"time": "2026-12-01T21:00Z", "phone": "12"}, "t look like a phone number"),
            ({"time": "2026-12-01T22:00Z", "phone": "626 555 0143"}, "no longer holding that time"),
            ({"time": "soon", "phone": "626 555 0143"}, "no longer holding that time"),
            ({"time": "\x00", "phone": "626 555 0143"}, "ull characters"),
        ],
    )
    def test_is_told_what_is_missing_and_keeps_what_was_typed(
        self,
        visitor: Client,
        therapist: User,
        waiting: ConsultationRequest,
        typed: dict[str, str],
        sentence: str,
    ) -> None:
        offered(waiting, therapist)
        html = act(visitor, waiting, "pick", **typed).content.decode()
        assert sentence in html
        assert typed.get("phone", "") in html
        assert waiting.state == State.PROPOSED

    def test_says_that_none_suits_and_waits_without_a_time(
        self, visitor: Client, therapist: User, waiting: ConsultationRequest
    ) -> None:
        offered(waiting, therapist)
        act(visitor, waiting, "none_suits")
        assert waiting.state == State.PENDING
        assert waiting.starts_at is None
        assert not waiting.claims.exists()
        assert OutgoingEmail.objects.filter(kind="alert_changed").exists()

    def test_asks_to_move_is_offered_others_and_keeps_the_old_time_until_then(
        self, visitor: Client, therapist: User, by_phone: ConsultationRequest
    ) -> None:
        confirmed(by_phone, therapist)
        assert "Ask for another time" in page(visitor, by_phone)
        act(visitor, by_phone, "ask_to_move")
        assert "Until then this time stays yours" in page(visitor, by_phone)
        later = [TUESDAY + timedelta(days=n) for n in (2, 3)]
        decisions.offer(by_phone, user=therapist, words=WORDS, starts=later, minutes=20)
        assert "Leave our call where it is" in page(visitor, by_phone)
        assert by_phone.claims.count() == 3 * (20 + 10) // 5
        act(visitor, by_phone, "none_suits")
        assert by_phone.state == State.CONFIRMED
        assert by_phone.starts_at == TUESDAY
        assert by_phone.claims.count() == (20 + 10) // 5

    def test_who_is_too_late_is_told_so_and_how_it_stands(
        self, visitor: Client, therapist: User, waiting: ConsultationRequest
    ) -> None:
        offered(waiting, therapist)
        decisions.decline(waiting, user=therapist, words=WORDS)
        answer = act(visitor, waiting, "pick", time="2026-12-01T21:00Z", phone="626 555 0143")
        assert answer.status_code == 409
        assert "Something changed while this page was open" in answer.content.decode()
        assert "Ways to find someone" in answer.content.decode()

    def test_the_link_shows_on_get_acts_on_post_alone_and_lives_on(
        self, visitor: Client, therapist: User, waiting: ConsultationRequest
    ) -> None:
        offered(waiting, therapist)
        url = waiting.get_absolute_url()
        for query in ("?act=pick&time=2026-12-01T21:00Z", "?act=withdraw", "?act=none_suits"):
            assert visitor.get(url + query).status_code == 200
        waiting.refresh_from_db()
        assert waiting.state == State.PROPOSED
        act(visitor, waiting, "pick", time="2026-12-01T21:00Z", visitor_calls="on")
        assert waiting.get_absolute_url() == url
        assert "Please call me at" in page(visitor, waiting)

    def test_an_expired_offer_is_told_with_a_way_to_ask_again(
        self, visitor: Client, therapist: User, waiting: ConsultationRequest
    ) -> None:
        offered(waiting, therapist)
        factories.letters_left()
        with time_machine.travel(NOW + timedelta(hours=73), tick=False):
            expiry.expire_offers()
            waiting.refresh_from_db()
            assert waiting.state == State.EXPIRED
            assert "send a new request" in page(visitor, waiting)

    def test_times_are_in_the_visitors_own_zone(
        self, visitor: Client, therapist: User, waiting: ConsultationRequest
    ) -> None:
        ConsultationRequest.objects.update(time_zone="America/New_York")
        waiting.refresh_from_db()
        offered(waiting, therapist)
        assert "Tuesday, December 1 at 4:00 PM Eastern Time" in page(visitor, waiting)

    def test_who_erases_an_agreed_consultation_is_told_of_the_last_message(
        self, visitor: Client, therapist: User
    ) -> None:
        unsaved = factories.unsaved_request(phone="+16265550143", wants_calendar_file=True)
        consultation, _ = by_visitor.submit(unsaved)
        confirmed(consultation, therapist)
        url = consultation.get_absolute_url()
        asked = visitor.post(url, {"act": "erase"}).content.decode()
        assert "a cancellation for your calendar" in asked
        html = visitor.post(url, {"act": "erase", "sure": "yes"}).content.decode()
        assert "email address and the time we had set" in html
        assert visitor.get(url).status_code == 410
        left = ConsultationRequest.objects.get()
        assert (left.name, left.phone, left.email) == ("", "", "robin@example.com")
        listed = factories.signed_in(therapist)
        assert "Request" not in listed.get("/admin/consultations/all/results/").content.decode()

    def test_who_presses_twice_is_not_told_that_it_failed(
        self, visitor: Client, therapist: User, waiting: ConsultationRequest
    ) -> None:
        offered(waiting, therapist)
        picked = {"time": "2026-12-01T21:00Z", "visitor_calls": "on", "version": "2"}
        answers = [act(visitor, waiting, "pick", **picked) for _ in range(2)]
        answers += [act(visitor, waiting, "ask_to_move", version="3") for _ in range(2)]
        answers += [act(visitor, waiting, "withdraw") for _ in range(2)]
        answers += [act(visitor, waiting, "restore") for _ in range(2)]
        assert {answer.status_code for answer in answers} == {303}

    def test_an_offer_that_was_never_seen_is_not_refused_from_an_old_page(
        self, visitor: Client, therapist: User, waiting: ConsultationRequest
    ) -> None:
        offered(waiting, therapist)
        old = str(waiting.version)
        decisions.reopen(waiting, user=therapist)
        offered(waiting, therapist)
        assert act(visitor, waiting, "none_suits", version=old).status_code == 409
        assert waiting.state == State.PROPOSED

    def test_who_is_erased_in_the_middle_of_an_act_meets_no_error(
        self, visitor: Client, waiting: ConsultationRequest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def erased_meanwhile(consultation: ConsultationRequest) -> None:
            ConsultationRequest.objects.all().delete()
            raise transitions.Stale

        monkeypatch.setattr(by_visitor, "withdraw", erased_meanwhile)
        answer = visitor.post(waiting.get_absolute_url(), {"act": "withdraw"})
        assert answer.status_code == 410
        assert "This link has expired" in answer.content.decode()

    def test_keeps_the_way_of_talking_that_was_agreed_on(
        self, visitor: Client, therapist: User, by_phone: ConsultationRequest
    ) -> None:
        factories.practice_settings(
            consultation_medium="video", video_link="https://video.example/room"
        )
        confirmed(by_phone, therapist)
        factories.practice_settings(consultation_medium="telephone")
        assert "We'll meet by video" in page(visitor, by_phone)

    def test_is_answered_before_the_time_itself(self, visitor: Client) -> None:
        consultation, _ = by_visitor.submit(
            factories.unsaved_request(asked_for=TUESDAY, reply_by=date(2026, 12, 3))
        )
        assert consultation.reply_by == TUESDAY.date()

    def test_without_email_is_told_who_calls_and_from_where(
        self, as_therapist: Client, by_phone: ConsultationRequest
    ) -> None:
        typed = {"day": "2026-12-01", "hour": "13:00", "minutes": "20", "version": "1"}
        html = as_therapist.post(url_of(by_phone, "confirm"), typed).content.decode()
        assert "I'll call you from +1 415 555 0100" in fields(html)["body"]


def test_a_visitor_who_asked_for_another_time_hears_that_there_is_none(
    as_therapist: Client, therapist: User, waiting: ConsultationRequest
) -> None:
    by_visitor.ask_to_move(confirmed(waiting, therapist))
    url = url_of(waiting, "keep")
    as_therapist.post(url, fields(as_therapist.get(url).content.decode()))
    waiting.refresh_from_db()
    assert (waiting.state, waiting.starts_at, waiting.move_asked_at) == (
        State.CONFIRMED,
        TUESDAY,
        None,
    )
    assert Letter.objects.get(kind="keep").method == ""  # calendars have it already


@pytest.mark.parametrize(
    "changes",
    [
        {"day_1": "9999-12-31", "hour_1": "23:00"},
        {"day_1": "0001-01-01", "hour_1": "00:00"},
        {"version": "9" * 5000},
        {"version": "\x00"},
        {"known": "anything", "anyway": "on"},
        {"minutes": "9" * 400},
    ],
)
def test_strange_input_of_the_therapist_is_no_error_of_the_site(
    as_therapist: Client, waiting: ConsultationRequest, changes: dict[str, str]
) -> None:
    url = url_of(waiting, "offer")
    typed = fields(as_therapist.get(url).content.decode()) | changes
    assert as_therapist.post(url, typed).status_code in (200, 302)
    waiting.refresh_from_db()
    assert waiting.state == State.PENDING


def test_a_shorter_pause_frees_what_nobody_needs_and_a_longer_one_takes_what_is_free(
    therapist: User, by_phone: ConsultationRequest, waiting: ConsultationRequest
) -> None:
    Schedule.objects.update(gap=30, step=5)
    confirmed(by_phone, therapist)
    set_gap(0)
    next_one = TUESDAY + timedelta(minutes=20)
    assert next_one in factories.open_times()
    by_visitor.submit(factories.unsaved_request(asked_for=next_one))
    assert by_phone.claims.count() == 20 // 5
    set_gap(30)
    assert by_phone.claims.count() == 20 // 5  # the other has what comes after it
    assert ConsultationRequest.objects.latest("pk").claims.count() == (20 + 30) // 5


def set_gap(minutes: int) -> None:
    with transaction.atomic():
        schedule = Schedule.load().lock()
        schedule.gap = minutes
        schedule.save()
        reservations.fit_pauses(schedule, NOW)


def test_nothing_is_sent_to_an_address_that_cannot_be_read(
    therapist: User, waiting: ConsultationRequest, settings: Any, mailoutbox: list[Any]
) -> None:
    confirmed(waiting, therapist)
    settings.FIELD_ENCRYPTION_KEYS = ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]
    outbox.send_due()
    assert {to for message in mailoutbox for to in message.to} == {"practice@example.com"}
    assert OutgoingEmail.objects.filter(recipient="visitor", sent_at=None).count() == 2


def test_an_address_that_confirming_asks_for_gets_the_letter_with_its_subject(
    as_therapist: Client, by_phone: ConsultationRequest
) -> None:
    factories.practice_settings(
        consultation_medium="video", video_link="https://video.example/room"
    )
    url = url_of(by_phone, "confirm")
    typed = {"day": "2026-12-01", "hour": "13:00", "minutes": "20", "version": "1"}
    assert "Write the address" in as_therapist.post(url, typed).content.decode()
    typed["email"] = "robin@example.com"
    letter = fields(as_therapist.post(url, typed).content.decode())
    assert "https://video.example/room" in letter["body"]
    as_therapist.post(url, letter)
    written = Letter.objects.get()
    assert (written.channel, written.subject) == ("email", "About your request")
    assert OutgoingEmail.objects.filter(kind="letter", recipient="visitor").exists()
