"""Times that are asked for, held, offered, agreed and moved.

"Case" and a number are those of "Sending and deciding" in scheduling-cases.md.
"""

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse

from booking import outbox, services
from booking.emails import Draft
from booking.models import (
    ConsultationRequest,
    DateOverride,
    ErasedCount,
    Letter,
    OutgoingEmail,
    RequestEvent,
    SlotClaim,
    State,
    Weekday,
    cells,
)
from practice.models import DaysAway, PracticeSettings, User
from tests import factories
from tests.factories import open_time, open_times

pytestmark = pytest.mark.django_db

WORDS = Draft("About your message", "Some words.")
NOW = datetime(2026, 11, 30, 17, tzinfo=UTC)  # a Monday, 9:00 in Los Angeles
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LENGTH, PAUSE = 20 * MINUTE, 10 * MINUTE


def at(text: str) -> datetime:
    """`12-02 10:30` of that winter, on the practice's clock."""
    return datetime.fromisoformat(f"2026-{text}-08:00").astimezone(UTC)


TEN, ELEVEN, NOON = at("12-02 10:00"), at("12-02 11:00"), at("12-02 12:00")


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def open_practice(practice: PracticeSettings) -> PracticeSettings:
    factories.schedule()
    return practice


@pytest.fixture
def user(open_practice: PracticeSettings) -> User:
    return factories.user("somebody@example.com")


def ask(start: datetime | None = None, **fields: Any) -> ConsultationRequest:
    return services.submit(factories.unsaved_request(asked_for=start, **fields))[0]


def confirm(request: ConsultationRequest, start: datetime, user: User, **more: Any) -> None:
    more = {"minutes": 20, **more}
    services.confirm(request, user=user, words=WORDS, starts_at=start, **more)


def move(request: ConsultationRequest, start: datetime, user: User, **more: Any) -> None:
    more = {"minutes": 20, **more}
    services.move(request, user=user, words=WORDS, starts_at=start, **more)


def offer(request: ConsultationRequest, starts: list[datetime], user: User, **more: Any) -> None:
    services.offer(request, user=user, words=WORDS, starts=starts, minutes=20, **more)


def agreed(start: datetime, user: User, **fields: Any) -> ConsultationRequest:
    """A request for a time that was then confirmed."""
    request = ask(start, **fields)
    confirm(request, start, user)
    return request


def held(request: ConsultationRequest) -> set[int]:
    return set(request.claims.values_list("cell", flat=True))


def with_pause(*starts: datetime) -> set[int]:
    return {cell for start in starts for cell in cells(start, start + LENGTH + PAUSE)}


def assert_unchanged(request: ConsultationRequest, version: int, emails: int) -> None:
    """Nothing was written and nothing is owed beyond what there was."""
    now = ConsultationRequest.objects.get(pk=request.pk)
    assert now.version == version
    assert OutgoingEmail.objects.count() == emails


# --- Sending ----------------------------------------------------------------------------------


def test_asking_holds_the_time_and_its_pause_for_as_long_as_is_set() -> None:
    request = ask(TEN)
    assert (request.starts_at, request.ends_at) == (TEN, TEN + LENGTH)
    assert held(request) == with_pause(TEN)
    assert request.holds_until == TEN  # sooner than the 96 hours that are set
    far = ask(at("12-09 10:00"))
    assert far.holds_until == NOW + 96 * HOUR
    assert far.state == State.PENDING


def test_a_held_time_is_open_to_nobody_else_and_leaves_the_pause_on_both_sides() -> None:
    assert {TEN - 30 * MINUTE, TEN, TEN + 30 * MINUTE} <= set(open_times())
    ask(TEN)
    times = set(open_times())
    assert TEN not in times
    assert {TEN - 30 * MINUTE, TEN + 30 * MINUTE} <= times  # ten minutes lie between


def test_a_pause_that_is_longer_than_a_step_closes_the_neighbors() -> None:
    factories.schedule(gap=15)
    ask(TEN)
    times = set(open_times())
    assert not {TEN - 30 * MINUTE, TEN, TEN + 30 * MINUTE} & times
    assert {TEN - HOUR, TEN + HOUR} <= times


def test_case_1_who_comes_second_has_nothing_written() -> None:
    ask(TEN)
    with pytest.raises(services.TimeTaken):
        ask(TEN, name="Sam", email="sam@example.com")
    assert ConsultationRequest.objects.get().name == "Robin"
    assert OutgoingEmail.objects.count() == 2


def test_case_1_the_last_place_of_a_days_limit_goes_to_one() -> None:
    factories.schedule(daily_limit=2)
    ask(TEN)
    ask(ELEVEN, email="sam@example.com")
    with pytest.raises(services.TimeTaken):
        ask(NOON, email="alex@example.com")
    assert ConsultationRequest.objects.count() == 2
    assert at("12-03 12:00") in open_times()


def test_case_2_the_second_confirmation_for_one_time_is_refused(user: User) -> None:
    first, second = ask(), ask(email="sam@example.com")
    confirm(first, TEN, user)
    emails = OutgoingEmail.objects.count()
    for start in (TEN, TEN + 20 * MINUTE, TEN - 20 * MINUTE):  # the pause belongs to it
        with pytest.raises(services.TimeTaken):
            confirm(
                ConsultationRequest.objects.get(pk=second.pk),
                start,
                user,
                despite=services.ANYTHING,
            )
    assert_unchanged(second, 1, emails)
    assert held(second) == set()


WRONG = {
    "between two starts": TEN + 5 * MINUTE,
    "at half a minute": TEN + timedelta(seconds=30),
    "on a closed weekday": at("12-06 10:00"),
    "on a day off": at("12-10 10:00"),
    "on a date that is closed": at("12-11 10:00"),
    "before the hours": at("12-02 08:30"),
    "over their end": at("12-02 17:00"),
    "in the past": at("11-29 10:00"),
    "within the lead": at("12-01 08:00") + HOUR - 30 * MINUTE,
    "past the horizon": at("12-22 10:00"),
    "while somewhere else": at("12-03 10:00"),
}


@pytest.fixture
def closed_here_and_there(open_practice: PracticeSettings) -> None:
    schedule = factories.schedule(
        {day: [(time(9), time(17))] for day in Weekday if day != Weekday.SUNDAY}
    )
    away = date(2026, 12, 10)
    DaysAway.objects.create(practice=open_practice, first_day=away, last_day=away)
    DateOverride.objects.create(schedule=schedule, day=date(2026, 12, 11))
    factories.busy(at("12-03 10:10"), at("12-03 10:15"))


@pytest.mark.parametrize("start", WRONG.values(), ids=WRONG)
def test_case_3_a_time_that_was_never_offered_is_refused_without_mail(
    start: datetime, closed_here_and_there: None
) -> None:
    with pytest.raises(services.TimeTaken):
        ask(start)
    assert not ConsultationRequest.objects.exists()
    assert not OutgoingEmail.objects.exists()
    assert not SlotClaim.objects.exists()


def test_case_3_the_borders_themselves_are_open() -> None:
    assert open_times()[0] == at("12-01 09:00") == NOW + DAY
    assert open_times()[-1] == at("12-21 16:30")
    ask(at("12-01 09:00"))
    ask(at("12-21 16:30"))


def test_case_3_what_was_open_when_the_form_was_shown_is_checked_when_it_is_sent(
    clock: Any,
) -> None:
    start = open_time()
    clock.move_to(NOW + MINUTE)
    with pytest.raises(services.TimeTaken):
        ask(start)


@pytest.mark.parametrize(
    "start",
    [pytest.param(start, id=name) for name, start in WRONG.items() if "half" not in name][1:],
)
def test_case_3_the_therapist_is_told_and_may_take_it_anyway(
    start: datetime, closed_here_and_there: None, user: User
) -> None:
    request = ask()
    with pytest.raises(services.Objections) as refused:
        confirm(request, start, user)
    assert len(refused.value.sentences) >= 1
    assert_unchanged(request, 1, 2)
    confirm(request, start, user, despite=services.ANYTHING)
    assert held(request) == with_pause(start)


def test_case_3_a_wrong_duration_is_refused_without_mail(user: User) -> None:
    """Of a visitor nobody takes a length; the therapist's is checked."""
    request = ask()
    for minutes in (0, -20):
        with pytest.raises(ValueError, match="minute"):
            confirm(request, TEN, user, minutes=minutes)
    for minutes, start in ((22, TEN), (20, TEN + 3 * MINUTE)):
        with pytest.raises(ValueError, match="five minutes"):
            confirm(
                ConsultationRequest.objects.get(),
                start,
                user,
                minutes=minutes,
                despite=services.ANYTHING,
            )
    with pytest.raises(services.Objections):  # its end lies outside the hours
        confirm(ConsultationRequest.objects.get(), at("12-02 16:30"), user, minutes=45)
    assert_unchanged(request, 1, 2)


def test_case_5_an_unknown_or_empty_zone_of_the_visitor_counts_as_the_practices(
    user: User,
) -> None:
    for zone in ("", "Nowhere/Nothing", "../../etc/passwd", "\0", "/", "a" * 64):
        request = factories.consultation_request(time_zone=zone.replace("\0", "%00"))
        request.time_zone = zone
        practice = PracticeSettings.load()
        assert request.zone_or(practice.zone) == practice.zone


@pytest.mark.parametrize("zone", ["", "Nowhere/Nothing", "Europe/Berlin"])
def test_case_5_every_message_is_made_whatever_zone_stands_in_the_request(
    zone: str, user: User, clock: Any
) -> None:
    factories.schedule(reminds_two_days_before=True)
    request = ask(at("12-08 10:00"), time_zone=zone)
    offer(request, [TEN, ELEVEN], user)
    clock.move_to(NOW + 23 * HOUR)
    services.queue_reminders()
    services.pick(ConsultationRequest.objects.get(), TEN)
    clock.move_to(TEN - 12 * HOUR)
    services.queue_reminders()
    outbox.send_due()
    assert not OutgoingEmail.objects.filter(sent_at=None).exists()
    label = "CET" if zone == "Europe/Berlin" else "PST"
    assert f"({label})" in mail.outbox[-1].body


def test_case_7_the_same_form_twice_is_one_request_also_when_its_time_is_gone() -> None:
    key = uuid.uuid4()
    first = services.submit(factories.unsaved_request(submission_key=key, asked_for=TEN))
    again = services.submit(factories.unsaved_request(submission_key=key, asked_for=TEN))
    assert again == (first[0], False)
    assert OutgoingEmail.objects.count() == 2
    assert held(first[0]) == with_pause(TEN)


def test_case_7_another_time_under_the_same_key_is_no_repetition() -> None:
    """Somebody who went back and chose again must not be told that the second one is held."""
    key = uuid.uuid4()
    services.submit(factories.unsaved_request(submission_key=key, asked_for=TEN))
    for other in (ELEVEN, None):
        with pytest.raises(services.AlreadySent):
            services.submit(factories.unsaved_request(submission_key=key, asked_for=other))


# --- Holds ------------------------------------------------------------------------------------


def test_case_8_a_hold_that_nobody_answered_ends_and_the_request_stays_and_is_late(
    clock: Any,
) -> None:
    factories.schedule(hold_hours=24)
    request = ask(at("12-09 10:00"))
    clock.move_to(NOW + DAY - MINUTE)
    assert services.release_holds() == 0
    clock.move_to(NOW + DAY)
    assert services.release_holds() == 1
    assert services.release_holds() == 0
    request.refresh_from_db()
    assert (request.state, request.starts_at, request.asked_for) == (
        State.PENDING,
        None,
        at("12-09 10:00"),
    )
    assert request.is_late(PracticeSettings.load().today())
    assert list(ConsultationRequest.objects.overdue(date(2026, 12, 1))) == [request]
    assert held(request) == set()
    assert at("12-09 10:00") in open_times()
    assert OutgoingEmail.objects.filter(kind="alert_late", recipient="practice").count() == 1
    assert RequestEvent.objects.get(kind="hold_ended").actor == "system"


def test_a_hold_ends_with_its_time_at_the_latest(clock: Any) -> None:
    ask(open_time())
    clock.move_to(NOW + DAY)
    assert services.release_holds() == 1


def test_what_was_answered_is_not_released(user: User, clock: Any) -> None:
    agreed(TEN, user)
    offer(ask(ELEVEN, email="sam@example.com"), [NOON], user)
    clock.move_to(NOW + 200 * DAY)
    assert services.release_holds() == 0


def test_a_late_request_is_answered_with_any_time(user: User, clock: Any) -> None:
    request = ask(open_time())
    clock.move_to(NOW + DAY)
    services.release_holds()
    request.refresh_from_db()
    confirm(request, at("12-03 10:00"), user)
    assert not request.is_late(date(2026, 12, 1))
    assert request.hold_ended_at is None


# --- Deciding ---------------------------------------------------------------------------------


def test_case_4_a_time_that_went_busy_meanwhile_is_not_confirmed(user: User) -> None:
    request = ask(TEN)
    factories.busy(TEN, TEN + LENGTH)
    with pytest.raises(services.Objections) as refused:
        confirm(request, TEN, user)
    assert refused.value.sentences == ["Another calendar of yours says that you are busy then."]
    assert_unchanged(request, 1, 2)
    assert ConsultationRequest.objects.get().starts_at == TEN
    assert held(request) == with_pause(TEN)
    assert not Letter.objects.exists()


def test_objections_name_each_reason(user: User) -> None:
    factories.schedule(daily_limit=1)
    agreed(at("12-01 09:00"), user, email="sam@example.com")
    factories.busy(at("12-01 07:00"), at("12-01 09:00"))
    with pytest.raises(services.Objections) as refused:
        confirm(ask(), at("12-01 08:00"), user)
    assert refused.value.sentences == [
        "It is outside your hours.",
        "Another calendar of yours says that you are busy then.",
        "It is sooner than your shortest notice.",
        "That day has as many consultations as you take in a day.",
    ]
    with pytest.raises(services.Objections) as refused:
        confirm(ConsultationRequest.objects.last(), at("12-22 09:00"), user)  # type: ignore[arg-type]
    assert refused.value.sentences == ["It is further ahead than you offer times."]


def test_what_a_request_holds_itself_does_not_object_to_it(user: User) -> None:
    factories.schedule(daily_limit=1)
    request = ask(TEN)
    confirm(request, TEN, user)
    move(request, NOON, user)
    assert held(request) == with_pause(NOON)


def test_never_is_a_time_given_twice_whatever_the_therapist_wants(user: User) -> None:
    agreed(TEN, user)
    other = ask(email="sam@example.com")
    with pytest.raises(services.TimeTaken):
        confirm(other, TEN, user, despite=services.ANYTHING)
    other = ConsultationRequest.objects.get(pk=other.pk)
    with pytest.raises(services.TimeTaken):
        offer(other, [NOON, TEN], user, despite=services.ANYTHING)
    assert_unchanged(other, 1, 5)
    assert held(other) == set()


def test_who_wanted_a_taken_time_may_choose_another_on_the_same_page(
    user: User, as_therapist: Client
) -> None:
    agreed(TEN, user, email="sam@example.com")
    request = ask(phone="+16265550143")
    page = reverse("consultations:decide", args=[request.pk, "confirm"])
    posted = {"day": "2026-12-02", "minutes": "20", **vars(WORDS)}
    refused = as_therapist.post(page, posted | {"hour": "10:00", "version": "1"})
    assert refused.status_code == 200
    (version,) = re.findall(r'name="version" value="(\d+)"', refused.content.decode())
    anew = as_therapist.post(page, posted | {"hour": "12:00", "version": version})
    assert "12:00 PM" in anew.content.decode()  # or the letter would name the other time
    (times,) = re.findall(r'name="written_for" value="([^"]+)"', anew.content.decode())
    last = posted | {"hour": "12:00", "version": version, "written_for": unescape(times)}
    as_therapist.post(page, last)
    assert ConsultationRequest.objects.get(pk=request.pk).starts_at == NOON


def test_a_move_may_overlap_the_time_that_it_leaves(user: User) -> None:
    request = agreed(TEN, user)
    stays = set(
        request.claims.filter(cell__in=with_pause(TEN + 15 * MINUTE)).values_list("pk", flat=True)
    )
    move(request, TEN + 15 * MINUTE, user, despite=services.ANYTHING)
    assert held(request) == with_pause(TEN + 15 * MINUTE)
    assert len(stays) == 3
    assert stays <= set(request.claims.values_list("pk", flat=True))


def test_case_6_a_moved_consultations_old_time_is_open_again(user: User) -> None:
    request = agreed(TEN, user)
    assert TEN not in open_times()
    move(request, NOON, user)
    assert TEN in open_times()
    assert NOON not in open_times()
    ask(TEN, email="sam@example.com")


def test_a_move_to_a_taken_time_leaves_the_old_one(user: User) -> None:
    agreed(NOON, user, email="sam@example.com")
    request = agreed(TEN, user)
    with pytest.raises(services.TimeTaken):
        move(request, NOON, user, despite=services.ANYTHING)
    again = ConsultationRequest.objects.get(pk=request.pk)
    assert (again.starts_at, again.version) == (TEN, 2)
    assert held(again) == with_pause(TEN)


def test_an_own_consultation_that_comes_back_as_busy_does_not_block_its_move(user: User) -> None:
    request = agreed(TEN, user)
    factories.busy(TEN, TEN + LENGTH)
    move(request, TEN + 30 * MINUTE, user)
    with pytest.raises(services.Objections):  # but it is another's now that it was left
        move(request, TEN, user)


def test_a_longer_busy_time_around_the_own_consultation_does_block(user: User) -> None:
    request = agreed(TEN, user)
    factories.busy(TEN, TEN + HOUR)
    with pytest.raises(services.Objections):
        move(request, TEN + 30 * MINUTE, user)


@pytest.mark.parametrize("ending", ["cancel", "waitlist", "decline", "withdraw", "erase"])
def test_whatever_ends_a_consultation_frees_its_time(ending: str, user: User) -> None:
    request = agreed(TEN, user)
    if ending in ("waitlist", "decline"):
        offer(request, [NOON], user)
    if ending == "withdraw":
        services.withdraw(request)
    elif ending == "erase":
        services.erase(request, by=services.Actor.VISITOR)
    else:
        getattr(services, ending)(request, user=user, words=WORDS)
    assert not SlotClaim.objects.exists()
    assert {TEN, NOON} <= set(open_times())


def test_two_tabs_of_the_therapist_decide_once(user: User) -> None:
    first, second = ask(), ConsultationRequest.objects.get()
    confirm(first, TEN, user)
    for act in (
        lambda: confirm(second, NOON, user),
        lambda: offer(second, [NOON], user),
        lambda: services.decline(second, user=user, words=WORDS),
        lambda: services.close(second, user=user),
        lambda: services.withdraw(second),
    ):
        with pytest.raises(services.Stale):
            act()
    assert held(first) == with_pause(TEN)
    assert_unchanged(first, 2, 3)


def test_a_version_alone_makes_a_tab_stale(user: User) -> None:
    """The state is the same, but what was agreed is not."""
    request = agreed(TEN, user)
    tab = ConsultationRequest.objects.get()
    move(request, NOON, user)
    for act in (
        lambda: move(tab, ELEVEN, user),
        lambda: offer(tab, [ELEVEN], user),
        lambda: services.cancel(tab, user=user, words=WORDS),
        lambda: services.ask_to_move(tab),
    ):
        with pytest.raises(services.Stale):
            act()
    assert held(request) == with_pause(NOON)


def test_a_confirmation_takes_the_number_that_it_needs(user: User) -> None:
    request = ask()
    confirm(request, TEN, user, phone="+16265550143", visitor_calls=True)
    assert (request.phone, request.visitor_calls) == ("+16265550143", True)
    move(request, NOON, user)
    assert (request.phone, request.visitor_calls) == ("+16265550143", True)


# --- Offers -----------------------------------------------------------------------------------


def test_an_offer_of_three_holds_all_three(user: User) -> None:
    request = ask(at("12-03 10:00"))
    offer(request, [NOON, TEN, ELEVEN], user)
    assert request.state == State.PROPOSED
    assert [p.starts_at for p in request.proposals.all()] == [TEN, ELEVEN, NOON]
    assert held(request) == with_pause(TEN, ELEVEN, NOON)
    assert request.starts_at is None
    assert not {TEN, ELEVEN, NOON} & set(open_times())
    assert at("12-03 10:00") in open_times()  # what was asked for is given up for them


def test_picking_one_agrees_on_it_and_frees_the_others(user: User) -> None:
    request = ask()
    offer(request, [TEN, ELEVEN, NOON], user)
    services.pick(request, ELEVEN, phone="+16265550143", visitor_calls=True)
    assert (request.state, request.starts_at, request.ends_at) == (
        State.CONFIRMED,
        ELEVEN,
        ELEVEN + LENGTH,
    )
    assert (request.phone, request.visitor_calls) == ("+16265550143", True)
    assert held(request) == with_pause(ELEVEN)
    assert not request.proposals.exists()
    assert {TEN, NOON} <= set(open_times())
    assert [letter.kind for letter in Letter.objects.all()] == ["offer", "picked"]
    assert OutgoingEmail.objects.filter(kind="alert_changed", version=request.version).exists()


def test_of_an_offer_just_what_is_in_it_and_ahead_can_be_picked(user: User, clock: Any) -> None:
    request = ask()
    offer(request, [TEN, NOON], user)
    with pytest.raises(services.NotAllowed):
        services.pick(request, ELEVEN)
    clock.move_to(TEN)
    with pytest.raises(services.NotAllowed):
        services.pick(request, TEN)
    services.pick(request, NOON)
    with pytest.raises(services.NotAllowed):  # the back button
        services.pick(request, NOON)
    assert request.version == 3


def test_who_picks_what_was_taken_back_meanwhile_is_told(user: User) -> None:
    request = ask()
    offer(request, [TEN, NOON], user)
    page = ConsultationRequest.objects.get()
    services.decline(request, user=user, words=WORDS)
    with pytest.raises((services.Stale, services.NotAllowed)):
        services.pick(page, TEN)
    assert not SlotClaim.objects.exists()


def test_none_suits_makes_the_request_wait_again_without_a_time(user: User) -> None:
    request = ask(TEN)
    offer(request, [ELEVEN, NOON], user)
    services.none_suits(request)
    assert (request.state, request.starts_at, request.holds_until) == (State.PENDING, None, None)
    assert request.reply_by == date(2026, 12, 2)  # a new promise
    assert held(request) == set()
    assert not request.proposals.exists()
    assert list(ConsultationRequest.objects.awaiting_reply()) == [request]


def test_an_offer_on_an_agreed_time_keeps_that(user: User, clock: Any) -> None:
    request = agreed(TEN, user)
    services.ask_to_move(request)
    offer(request, [ELEVEN, NOON], user)
    assert (request.state, request.starts_at) == (State.PROPOSED, TEN)
    assert held(request) == with_pause(TEN, ELEVEN, NOON)
    services.none_suits(request)
    assert (request.state, request.starts_at) == (State.CONFIRMED, TEN)
    assert held(request) == with_pause(TEN)
    offer(request, [NOON], user)
    services.pick(request, NOON)
    assert (request.state, request.starts_at) == (State.CONFIRMED, NOON)
    assert held(request) == with_pause(NOON)
    assert Letter.objects.order_by("-pk")[0].kind == "picked"


def test_an_offer_that_runs_out_on_an_agreed_time_goes_back_to_it(user: User, clock: Any) -> None:
    request = agreed(at("12-10 10:00"), user)
    offer(request, [at("12-10 11:00")], user)
    assert request.holds_until == NOW + 72 * HOUR
    clock.move_to(NOW + 72 * HOUR - MINUTE)
    assert services.expire_offers() == 0
    clock.move_to(NOW + 72 * HOUR)
    assert services.expire_offers() == 0  # since the letter has not left
    factories.letters_left()
    assert services.expire_offers() == 1
    assert services.expire_offers() == 0
    request.refresh_from_db()
    assert (request.state, request.starts_at, request.holds_until) == (
        State.CONFIRMED,
        at("12-10 10:00"),
        None,
    )
    assert held(request) == with_pause(at("12-10 10:00"))
    assert at("12-10 11:00") in open_times()
    assert RequestEvent.objects.get(kind="offer_ended").actor == "system"


def test_an_offer_that_runs_out_expires(user: User, clock: Any) -> None:
    request = ask()
    offer(request, [at("12-10 10:00"), at("12-10 11:00")], user)
    factories.letters_left()
    clock.move_to(NOW + 72 * HOUR)
    assert services.expire_offers() == 1
    request.refresh_from_db()
    assert (request.state, request.starts_at) == (State.EXPIRED, None)
    assert not SlotClaim.objects.exists()
    services.reopen(request, user=user)
    confirm(request, at("12-10 10:00"), user)


def test_an_offer_stands_no_longer_than_its_last_time_or_the_agreed_one(user: User) -> None:
    soon = ask()
    offer(soon, [TEN, ELEVEN], user)
    assert soon.holds_until == ELEVEN
    request = agreed(at("12-01 15:00"), user, email="sam@example.com")
    offer(request, [NOON], user)
    assert request.holds_until == at("12-01 15:00")


def test_an_offer_after_a_consultation_that_did_not_take_place_stands_on_its_own(
    user: User, clock: Any
) -> None:
    request = agreed(TEN, user)
    clock.move_to(TEN + DAY)
    offer(request, [at("12-10 10:00")], user)
    assert (request.starts_at, request.holds_until) == (None, TEN + 4 * DAY)
    assert services.expire_offers() == 0
    services.pick(request, at("12-10 10:00"))
    assert held(request) == with_pause(at("12-10 10:00"))


def test_an_offer_without_email_whose_times_are_over_waits_for_the_practice_again(
    user: User, clock: Any
) -> None:
    request = ask(email="", phone="+16265550143")
    offer(request, [TEN, NOON], user)
    clock.move_to(NOON)
    assert services.expire_offers() == 1
    request.refresh_from_db()
    assert (request.state, request.hold_ended_at) == (State.PENDING, NOON)
    assert request in ConsultationRequest.objects.overdue(date(2026, 12, 2))
    assert not SlotClaim.objects.exists()


def test_a_visitor_without_email_never_has_an_offer_run_out(user: User, clock: Any) -> None:
    request = ask(email="", phone="+16265550143")
    offer(request, [TEN, NOON], user)
    assert request.holds_until is None
    clock.move_to(NOON - MINUTE)
    assert services.expire_offers() == services.release_holds() == services.queue_reminders() == 0
    assert held(request) == with_pause(TEN, NOON)
    letter = Letter.objects.get()
    assert (letter.channel, letter.told_at, letter.method) == ("in_person", None, "")
    services.tell(letter, user=user)
    services.tell(letter, user=user)
    assert RequestEvent.objects.filter(kind="told").count() == 1
    assert not OutgoingEmail.objects.filter(recipient="visitor").exists()


def test_a_pause_that_became_longer_since_ends_no_offer_in_an_error(user: User, clock: Any) -> None:
    """Whoever has the time after it keeps that; what was held stays as it was."""
    half = 30 * MINUTE
    neighbors = [agreed(start + half, user, email="sam@example.com") for start in (TEN, NOON)]
    moved, picked = agreed(TEN, user), ask()
    offer(picked, [NOON, at("12-02 15:00")], user)
    factories.schedule(gap=30)
    offer(moved, [at("12-02 14:00")], user)
    services.none_suits(moved)
    services.pick(picked, NOON)
    assert held(moved) == with_pause(TEN)
    assert held(picked) == with_pause(NOON)
    assert [held(each) for each in neighbors] == [with_pause(TEN + half), with_pause(NOON + half)]


# --- The visitor's side -----------------------------------------------------------------------


def test_asking_to_move_is_a_mark_and_keeps_the_time(user: User) -> None:
    request = agreed(TEN, user)
    services.ask_to_move(request)
    assert (request.state, request.starts_at, request.move_asked_at) == (State.CONFIRMED, TEN, NOW)
    assert held(request) == with_pause(TEN)
    assert list(ConsultationRequest.objects.awaiting_reply()) == [request]
    with pytest.raises(services.NotAllowed):
        services.ask_to_move(request)
    move(request, NOON, user)
    assert request.move_asked_at is None


def test_nobody_moves_or_withdraws_what_is_over(user: User, clock: Any) -> None:
    request = agreed(TEN, user)
    clock.move_to(TEN + HOUR)
    for act in (services.ask_to_move, services.withdraw):
        with pytest.raises(services.NotAllowed):
            act(request)


def test_what_only_waits_can_be_withdrawn_also_when_its_time_is_over(
    user: User, clock: Any
) -> None:
    held_only = ask(open_time())
    offered = agreed(TEN, user, email="", phone="+16265550143")
    offer(offered, [at("12-10 10:00")], user)
    clock.move_to(TEN + HOUR)
    for request in (held_only, offered):
        services.withdraw(request)
    assert not SlotClaim.objects.exists()


def test_a_restored_request_has_lost_its_time(user: User) -> None:
    request = agreed(TEN, user)
    services.withdraw(request)
    ask(TEN, email="sam@example.com")
    services.restore(request)
    assert (request.state, request.starts_at, request.ends_at) == (State.PENDING, None, None)
    assert held(request) == set()


def test_after_a_withdrawal_nothing_is_owed_but_the_cancellation(user: User) -> None:
    request = agreed(TEN, user)
    services.withdraw(request)
    owed = OutgoingEmail.objects.filter(recipient="visitor")
    assert [email.version for email in owed] == [request.version]
    assert [(letter.kind, letter.method) for letter in Letter.objects.all()] == [
        ("confirm", "REQUEST"),
        ("withdrawal", "CANCEL"),
    ]


def test_who_was_never_invited_gets_nothing_after_withdrawing(user: User) -> None:
    request = ask(TEN)
    offer(request, [NOON], user)
    services.withdraw(request)
    outbox.send_due()
    assert [message.to for message in mail.outbox] == [["practice@example.com"]] * 2


def test_a_cancellation_on_its_way_outlives_a_withdrawal(user: User) -> None:
    """Calendars would keep what the therapist had cancelled while the mail server was away."""
    request = agreed(TEN, user)
    outbox.send_due()
    services.cancel(request, user=user, words=WORDS)
    services.reopen(request, user=user)
    services.withdraw(request)
    outbox.send_due()
    to_visitor = [m for m in mail.outbox if m.to == ["robin@example.com"]]
    assert len(to_visitor) == 3
    assert "METHOD:CANCEL" in str(
        to_visitor[-1].message().get_payload()[-1].get_payload(decode=True)
    )


# --- The private link -------------------------------------------------------------------------

ACTS: dict[str, tuple[dict[str, str], str | None]] = {  # what is posted, and the state after it
    "pick": ({"act": "pick", "time": "2026-12-02T20:00Z"}, State.CONFIRMED),
    "none_suits": ({"act": "none_suits"}, State.CONFIRMED),
    "ask_to_move": ({"act": "ask_to_move"}, State.CONFIRMED),
    "withdraw": ({"act": "withdraw"}, State.WITHDRAWN),
    "restore": ({"act": "restore"}, State.PENDING),
    "erase": ({"act": "erase", "sure": "yes"}, None),
}


@pytest.mark.parametrize("act", ACTS)
def test_case_9_a_link_shows_on_get_and_acts_on_post_alone(
    act: str, user: User, visitor: Client
) -> None:
    posted, state_after = ACTS[act]
    request = agreed(TEN, user, phone="+16265550143", time_zone="Europe/Berlin")
    if act in ("pick", "none_suits"):
        offer(request, [NOON], user)
    if act == "restore":
        services.withdraw(request)
    outbox.send_due()
    before = (request.version, OutgoingEmail.objects.count(), RequestEvent.objects.count())
    link = request.get_absolute_url()
    for method in (visitor.get, visitor.head):
        shown = method(link, posted)
        assert shown.status_code == 200
    request.refresh_from_db()
    now = (request.version, OutgoingEmail.objects.count(), RequestEvent.objects.count())
    assert now == before
    assert visitor.post(link, posted).status_code in (200, 303)
    after = ConsultationRequest.objects.shown().filter(pk=request.pk).first()
    assert (after.state if after else None) == state_after
    assert after is None or after.version == request.version + 1


def test_case_9_the_link_lives_on_through_every_state(
    user: User, visitor: Client, clock: Any
) -> None:
    request = ask(TEN, time_zone="Europe/Berlin")
    link = request.get_absolute_url()

    def shows() -> str:
        return visitor.get(link).content.decode()

    assert "December 2, 2026 at 7:00 PM (CET)" in shows()
    confirm(request, TEN, user)
    assert "December 2, 2026 at 7:00 PM (CET)" in shows()
    offer(request, [NOON], user)
    assert "December 2, 2026 at 9:00 PM (CET)" in shows()
    services.pick(request, NOON)
    assert "December 2, 2026 at 9:00 PM (CET)" in shows()
    clock.move_to(NOON + DAY)
    assert visitor.get(link).status_code == 200
    services.close(request, user=user)
    assert visitor.get(link).status_code == 200
    services.erase(request, by=services.Actor.VISITOR)
    assert visitor.get(link).status_code == 404


# --- Erasing while a cancellation is owed -----------------------------------------------------

KEPT_WHILE_OWED = {
    *("id", "submission_key", "link_nonce", "version", "state", "state_since", "received_at"),
    *("reply_by", "starts_at", "ends_at", "invitation_uid", "invitation_sequence"),
    *("erase_when_told", "email"),
}


def test_what_is_erased_while_a_cancellation_is_owed_leaves_the_address_alone(
    user: User,
) -> None:
    request = agreed(
        TEN,
        user,
        phone="+16265550143",
        text_ok=True,
        voicemail_ok=True,
        who="my_teen",
        message="canary",
        good_hours="canary",
        parts_of_week=["mornings"],
        time_zone="Europe/Berlin",
    )
    services.set_private_note(request, "canary", user=user)
    services.set_outcome(request, "referred", user=user)
    outbox.send_due()
    link = request.token
    assert services.erase(request, by=services.Actor.VISITOR) is False
    row = ConsultationRequest.objects.get()
    assert ConsultationRequest.objects.by_token(link) is None
    fresh = ConsultationRequest()
    kept = {
        field.name
        for field in ConsultationRequest._meta.concrete_fields
        if getattr(row, field.attname) != getattr(fresh, field.attname)
    }
    assert kept <= KEPT_WHILE_OWED
    assert row.email == "robin@example.com"
    assert not row.is_open
    assert not ConsultationRequest.objects.shown().exists()
    assert not RequestEvent.objects.exists()
    assert not SlotClaim.objects.exists()
    assert [letter.kind for letter in Letter.objects.all()] == ["withdrawal"]
    assert OutgoingEmail.objects.get(request=row).kind == "letter"
    assert services.finish_erasures() == 0
    mail.outbox.clear()
    outbox.send_due()
    assert services.finish_erasures() == 1
    assert not ConsultationRequest.objects.exists()
    assert not Letter.objects.exists()
    assert sum(ErasedCount.objects.values_list("requests", flat=True)) == 1
    assert sorted(m.to[0] for m in mail.outbox) == ["practice@example.com", "robin@example.com"]


def test_an_erasure_does_not_wait_for_ever_for_a_mailbox_that_refuses(user: User) -> None:
    request = agreed(TEN, user)
    services.erase(request, by=services.Actor.VISITOR)
    OutgoingEmail.objects.filter(request=request).update(given_up_at=NOW)
    assert services.finish_erasures() == 1


def test_what_is_erased_while_offered_again_frees_its_times_at_once(user: User) -> None:
    """The cancellation of the earlier consultation has not left yet."""
    request = agreed(TEN, user)
    services.cancel(request, user=user, words=WORDS)
    services.reopen(request, user=user)
    offer(request, [NOON], user)
    assert services.erase(request, by=services.Actor.VISITOR) is False
    assert not SlotClaim.objects.exists()
    assert not ConsultationRequest.objects.open().exists()
    outbox.send_due()
    assert [m.to for m in mail.outbox].count(["robin@example.com"]) == 1
    assert services.finish_erasures() == 1


def test_the_practice_hears_which_time_is_free_again(user: User) -> None:
    request = agreed(TEN, user)
    services.erase(request, by=services.Actor.VISITOR)
    assert OutgoingEmail.objects.get(kind="alert_erased").about_time == TEN


def test_without_anything_owed_an_erasure_is_done_at_once(user: User) -> None:
    request = ask(TEN)
    assert services.erase(request, by=services.Actor.VISITOR) is True
    assert not ConsultationRequest.objects.exists()
    assert not SlotClaim.objects.exists()
    assert OutgoingEmail.objects.get(request=None).kind == "alert_erased"
