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
    consultation = ask(at("12-03 10:00"))
    offer(consultation, [NOON, TEN, ELEVEN], user)
    assert consultation.state == State.PROPOSED
    assert [p.starts_at for p in consultation.proposals.all()] == [TEN, ELEVEN, NOON]
    assert held(consultation) == with_pause(TEN, ELEVEN, NOON)
    assert consultation.starts_at is None
    assert not {TEN, ELEVEN, NOON} & set(open_times())
    assert at("12-03 10:00") in open_times()  # what was asked for is given up for them


def test_picking_one_agrees_on_it_and_frees_the_others(user: User) -> None:
    consultation = ask()
    offer(consultation, [TEN, ELEVEN, NOON], user)
    by_visitor.pick(consultation, ELEVEN, phone="+16265550143", visitor_calls=True)
    assert (consultation.state, consultation.starts_at, consultation.ends_at) == (
        State.CONFIRMED,
        ELEVEN,
        ELEVEN + LENGTH,
    )
    assert (consultation.phone, consultation.visitor_calls) == ("+16265550143", True)
    assert held(consultation) == with_pause(ELEVEN)
    assert not consultation.proposals.exists()
    assert {TEN, NOON} <= set(open_times())
    assert [letter.kind for letter in Letter.objects.all()] == ["offer", "picked"]
    assert OutgoingEmail.objects.filter(kind="alert_changed", version=consultation.version).exists()


def test_of_an_offer_just_what_is_in_it_and_ahead_can_be_picked(user: User, clock: Any) -> None:
    consultation = ask()
    offer(consultation, [TEN, NOON], user)
    with pytest.raises(transitions.NotAllowed):
        by_visitor.pick(consultation, ELEVEN)
    clock.move_to(TEN)
    with pytest.raises(transitions.NotAllowed):
        by_visitor.pick(consultation, TEN)
    by_visitor.pick(consultation, NOON)
    with pytest.raises(transitions.NotAllowed):  # the back button
        by_visitor.pick(consultation, NOON)
    assert consultation.version == 3


def test_who_picks_what_was_taken_back_meanwhile_is_told(user: User) -> None:
    consultation = ask()
    offer(consultation, [TEN, NOON], user)
    page = ConsultationRequest.objects.get()
    decisions.decline(consultation, user=user, words=WORDS)
    with pytest.raises((transitions.Stale, transitions.NotAllowed)):
        by_visitor.pick(page, TEN)
    assert not SlotClaim.objects.exists()


def test_none_suits_makes_the_request_wait_again_without_a_time(user: User) -> None:
    consultation = ask(TEN)
    offer(consultation, [ELEVEN, NOON], user)
    by_visitor.none_suits(consultation)
    assert (consultation.state, consultation.starts_at, consultation.holds_until) == (
        State.PENDING,
        None,
        None,
    )
    assert consultation.reply_by == date(2026, 12, 2)  # a new promise
    assert held(consultation) == set()
    assert not consultation.proposals.exists()
    assert list(ConsultationRequest.objects.awaiting_reply()) == [consultation]


def test_an_offer_on_an_agreed_time_keeps_that(user: User, clock: Any) -> None:
    consultation = agreed(TEN, user)
    by_visitor.ask_to_move(consultation)
    offer(consultation, [ELEVEN, NOON], user)
    assert (consultation.state, consultation.starts_at) == (State.PROPOSED, TEN)
    assert held(consultation) == with_pause(TEN, ELEVEN, NOON)
    by_visitor.none_suits(consultation)
    assert (consultation.state, consultation.starts_at) == (State.CONFIRMED, TEN)
    assert held(consultation) == with_pause(TEN)
    offer(consultation, [NOON], user)
    by_visitor.pick(consultation, NOON)
    assert (consultation.state, consultation.starts_at) == (State.CONFIRMED, NOON)
    assert held(consultation) == with_pause(NOON)
    assert Letter.objects.order_by("-pk")[0].kind == "picked"


def test_an_offer_that_runs_out_on_an_agreed_time_goes_back_to_it(user: User, clock: Any) -> None:
    consultation = agreed(at("12-10 10:00"), user)
    offer(consultation, [at("12-10 11:00")], user)
    assert consultation.holds_until == THREE_DAYS_ON
    clock.move_to(THREE_DAYS_ON - MINUTE)
    assert expiry.expire_offers() == 0
    clock.move_to(THREE_DAYS_ON)
    assert expiry.expire_offers() == 0  # since the letter has not left
    factories.letters_left()
    assert expiry.expire_offers() == 1
    assert expiry.expire_offers() == 0
    consultation.refresh_from_db()
    assert (consultation.state, consultation.starts_at, consultation.holds_until) == (
        State.CONFIRMED,
        at("12-10 10:00"),
        None,
    )
    assert held(consultation) == with_pause(at("12-10 10:00"))
    assert at("12-10 11:00") in open_times()
    assert RequestEvent.objects.get(kind="offer_ended").actor == "system"


def test_an_offer_that_runs_out_expires(user: User, clock: Any) -> None:
    consultation = ask()
    offer(consultation, [at("12-10 10:00"), at("12-10 11:00")], user)
    factories.letters_left()
    clock.move_to(THREE_DAYS_ON)
    assert expiry.expire_offers() == 1
    consultation.refresh_from_db()
    assert (consultation.state, consultation.starts_at) == (State.EXPIRED, None)
    assert not SlotClaim.objects.exists()
    decisions.reopen(consultation, user=user)
    confirm(consultation, at("12-10 10:00"), user)


def test_an_offer_ends_as_a_day_ends_for_the_visitor_and_says_so(user: User) -> None:
    consultation = ask(time_zone="America/New_York")
    until = decisions.offer_stands_until(consultation, [at("12-10 10:00")])
    assert until == at("12-03 21:00")
    words = draft(consultation, "offer", starts=[at("12-10 10:00")], stands_until=until)
    assert "until the end of Thursday, December 3." in words.body
    assert "Thursday, December 10 at 1:00 PM Eastern Time" in words.body
    offer(consultation, [at("12-10 10:00")], user)
    assert consultation.holds_until == until


def test_an_offer_stands_no_longer_than_its_last_time_or_the_agreed_one(user: User) -> None:
    soon = ask()
    offer(soon, [TEN, ELEVEN], user)
    assert soon.holds_until == ELEVEN
    consultation = agreed(at("12-01 15:00"), user, email="sam@example.com")
    offer(consultation, [NOON], user)
    assert consultation.holds_until == at("12-01 15:00")


def test_an_offer_after_a_consultation_that_did_not_take_place_stands_on_its_own(
    user: User, clock: Any
) -> None:
    consultation = agreed(TEN, user)
    clock.move_to(TEN + DAY)
    offer(consultation, [at("12-10 10:00")], user)
    assert (consultation.starts_at, consultation.holds_until) == (None, at("12-07 00:00"))
    assert expiry.expire_offers() == 0
    by_visitor.pick(consultation, at("12-10 10:00"))
    assert held(consultation) == with_pause(at("12-10 10:00"))


def test_an_offer_without_email_whose_times_are_over_waits_for_the_practice_again(
    user: User, clock: Any
) -> None:
    consultation = ask(email="", phone="+16265550143")
    offer(consultation, [TEN, NOON], user)
    clock.move_to(NOON)
    assert expiry.expire_offers() == 1
    consultation.refresh_from_db()
    assert (consultation.state, consultation.hold_ended_at) == (State.PENDING, NOON)
    assert consultation in ConsultationRequest.objects.overdue(date(2026, 12, 2))
    assert not SlotClaim.objects.exists()


def test_a_visitor_without_email_never_has_an_offer_run_out(user: User, clock: Any) -> None:
    consultation = ask(email="", phone="+16265550143")
    offer(consultation, [TEN, NOON], user)
    assert consultation.holds_until is None
    clock.move_to(NOON - MINUTE)
    assert expiry.expire_offers() == expiry.end_reservations() == expiry.queue_reminders() == 0
    assert held(consultation) == with_pause(TEN, NOON)
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
