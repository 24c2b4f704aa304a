"""Times that the therapist offers, and what becomes of each."""

from datetime import date
from typing import Any

import pytest

from booking.letters.emails import draft
from booking.models import (
    ConsultationRequest,
    Letter,
    OutgoingEmail,
    RequestEvent,
    SlotClaim,
    State,
)
from booking.services import by_visitor, decisions, expiry, notes, transitions
from practice.models import User
from tests import factories
from tests.booking.scheduling.acts import (
    DAY,
    ELEVEN,
    LENGTH,
    MINUTE,
    NOON,
    TEN,
    WORDS,
    agreed,
    ask,
    at,
    confirm,
    held,
    offer,
    with_pause,
)
from tests.factories import open_times

pytestmark = pytest.mark.django_db

THREE_DAYS_ON = at("12-04 00:00")  # as the day ends in which the 72 hours do


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
    by_visitor.pick(request, ELEVEN, phone="+16265550143", visitor_calls=True)
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
    with pytest.raises(transitions.NotAllowed):
        by_visitor.pick(request, ELEVEN)
    clock.move_to(TEN)
    with pytest.raises(transitions.NotAllowed):
        by_visitor.pick(request, TEN)
    by_visitor.pick(request, NOON)
    with pytest.raises(transitions.NotAllowed):  # the back button
        by_visitor.pick(request, NOON)
    assert request.version == 3


def test_who_picks_what_was_taken_back_meanwhile_is_told(user: User) -> None:
    request = ask()
    offer(request, [TEN, NOON], user)
    page = ConsultationRequest.objects.get()
    decisions.decline(request, user=user, words=WORDS)
    with pytest.raises((transitions.Stale, transitions.NotAllowed)):
        by_visitor.pick(page, TEN)
    assert not SlotClaim.objects.exists()


def test_none_suits_makes_the_request_wait_again_without_a_time(user: User) -> None:
    request = ask(TEN)
    offer(request, [ELEVEN, NOON], user)
    by_visitor.none_suits(request)
    assert (request.state, request.starts_at, request.holds_until) == (State.PENDING, None, None)
    assert request.reply_by == date(2026, 12, 2)  # a new promise
    assert held(request) == set()
    assert not request.proposals.exists()
    assert list(ConsultationRequest.objects.awaiting_reply()) == [request]


def test_an_offer_on_an_agreed_time_keeps_that(user: User, clock: Any) -> None:
    request = agreed(TEN, user)
    by_visitor.ask_to_move(request)
    offer(request, [ELEVEN, NOON], user)
    assert (request.state, request.starts_at) == (State.PROPOSED, TEN)
    assert held(request) == with_pause(TEN, ELEVEN, NOON)
    by_visitor.none_suits(request)
    assert (request.state, request.starts_at) == (State.CONFIRMED, TEN)
    assert held(request) == with_pause(TEN)
    offer(request, [NOON], user)
    by_visitor.pick(request, NOON)
    assert (request.state, request.starts_at) == (State.CONFIRMED, NOON)
    assert held(request) == with_pause(NOON)
    assert Letter.objects.order_by("-pk")[0].kind == "picked"


def test_an_offer_that_runs_out_on_an_agreed_time_goes_back_to_it(user: User, clock: Any) -> None:
    request = agreed(at("12-10 10:00"), user)
    offer(request, [at("12-10 11:00")], user)
    assert request.holds_until == THREE_DAYS_ON
    clock.move_to(THREE_DAYS_ON - MINUTE)
    assert expiry.expire_offers() == 0
    clock.move_to(THREE_DAYS_ON)
    assert expiry.expire_offers() == 0  # since the letter has not left
    factories.letters_left()
    assert expiry.expire_offers() == 1
    assert expiry.expire_offers() == 0
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
    clock.move_to(THREE_DAYS_ON)
    assert expiry.expire_offers() == 1
    request.refresh_from_db()
    assert (request.state, request.starts_at) == (State.EXPIRED, None)
    assert not SlotClaim.objects.exists()
    decisions.reopen(request, user=user)
    confirm(request, at("12-10 10:00"), user)


def test_an_offer_ends_as_a_day_ends_for_the_visitor_and_says_so(user: User) -> None:
    request = ask(time_zone="America/New_York")
    until = decisions.offer_stands_until(request, [at("12-10 10:00")])
    assert until == at("12-03 21:00")
    words = draft(request, "offer", starts=[at("12-10 10:00")], stands_until=until)
    assert "until the end of Thursday, December 3, 2026." in words.body
    assert "Thursday, December 10, 2026 at 1:00 PM Eastern Time" in words.body
    offer(request, [at("12-10 10:00")], user)
    assert request.holds_until == until


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
    assert (request.starts_at, request.holds_until) == (None, at("12-07 00:00"))
    assert expiry.expire_offers() == 0
    by_visitor.pick(request, at("12-10 10:00"))
    assert held(request) == with_pause(at("12-10 10:00"))


def test_an_offer_without_email_whose_times_are_over_waits_for_the_practice_again(
    user: User, clock: Any
) -> None:
    request = ask(email="", phone="+16265550143")
    offer(request, [TEN, NOON], user)
    clock.move_to(NOON)
    assert expiry.expire_offers() == 1
    request.refresh_from_db()
    assert (request.state, request.hold_ended_at) == (State.PENDING, NOON)
    assert request in ConsultationRequest.objects.overdue(date(2026, 12, 2))
    assert not SlotClaim.objects.exists()


def test_a_visitor_without_email_never_has_an_offer_run_out(user: User, clock: Any) -> None:
    request = ask(email="", phone="+16265550143")
    offer(request, [TEN, NOON], user)
    assert request.holds_until is None
    clock.move_to(NOON - MINUTE)
    assert expiry.expire_offers() == expiry.release_holds() == expiry.queue_reminders() == 0
    assert held(request) == with_pause(TEN, NOON)
    letter = Letter.objects.get()
    assert (letter.channel, letter.told_at, letter.method) == ("in_person", None, "")
    notes.tell(letter, user=user)
    notes.tell(letter, user=user)
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
    by_visitor.none_suits(moved)
    by_visitor.pick(picked, NOON)
    assert held(moved) == with_pause(TEN)
    assert held(picked) == with_pause(NOON)
    assert [held(each) for each in neighbors] == [with_pause(TEN + half), with_pause(NOON + half)]
