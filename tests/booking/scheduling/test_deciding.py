"""Times that the therapist agrees to, and moves."""

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from booking.erasure import erasing
from booking.models import ConsultationRequest, Letter, SlotClaim
from booking.services import by_visitor, decisions, transitions
from booking.times import reservations
from booking.times.open_times import OBJECTIONS
from practice.models import User
from tests import factories
from tests.booking.scheduling.acts import (
    ELEVEN,
    HOUR,
    LENGTH,
    MINUTE,
    NOON,
    TEN,
    WORDS,
    agreed,
    ask,
    assert_unchanged,
    at,
    confirm,
    held,
    move,
    offer,
    with_pause,
)
from tests.factories import open_times

pytestmark = pytest.mark.django_db


def test_a_time_that_went_busy_meanwhile_is_not_confirmed(user: User) -> None:
    consultation = ask(TEN)
    factories.busy(TEN, TEN + LENGTH)
    with pytest.raises(decisions.Objections) as refused:
        confirm(consultation, TEN, user)
    assert refused.value.sentences == ["Another calendar of yours says you're busy then."]
    assert_unchanged(consultation, 1, 2)
    assert ConsultationRequest.objects.get().starts_at == TEN
    assert held(consultation) == with_pause(TEN)
    assert not Letter.objects.exists()


def test_objections_name_each_reason(user: User) -> None:
    factories.schedule(daily_limit=1)
    agreed(at("12-01 09:00"), user, email="sam@example.com")
    factories.busy(at("12-01 07:00"), at("12-01 09:00"))
    with pytest.raises(decisions.Objections) as refused:
        confirm(ask(), at("12-01 08:00"), user)
    assert refused.value.sentences == [
        "It's outside your hours.",
        "Another calendar of yours says you're busy then.",
        "It's sooner than your minimum notice.",
        "That day already has as many consultations as you take.",
    ]
    with pytest.raises(decisions.Objections) as refused:
        confirm(ConsultationRequest.objects.last(), at("12-22 09:00"), user)  # type: ignore[arg-type]
    assert refused.value.sentences == ["It's further ahead than you offer times."]


def test_what_a_request_holds_itself_does_not_object_to_it(user: User) -> None:
    factories.schedule(daily_limit=1)
    consultation = ask(TEN)
    confirm(consultation, TEN, user)
    move(consultation, NOON, user)
    assert held(consultation) == with_pause(NOON)


def test_never_is_a_time_given_twice_whatever_the_therapist_wants(user: User) -> None:
    agreed(TEN, user)
    other = ask(email="sam@example.com")
    with pytest.raises(reservations.TimeTaken):
        confirm(other, TEN, user, despite=OBJECTIONS)
    other = ConsultationRequest.objects.get(pk=other.pk)
    with pytest.raises(reservations.TimeTaken):
        offer(other, [NOON, TEN], user, despite=OBJECTIONS)
    assert_unchanged(other, 1, 5)
    assert held(other) == set()


def test_who_wanted_a_taken_time_may_choose_another_on_the_same_page(
    user: User, as_therapist: Client
) -> None:
    agreed(TEN, user, email="sam@example.com")
    consultation = ask(phone="+16265550143")
    page = reverse("consultations:decide", args=[consultation.pk, "confirm"])
    posted = {"day": "2026-12-02", "minutes": "20", **vars(WORDS)}
    refused = as_therapist.post(page, posted | {"hour": "10:00", "version": "1"})
    assert refused.status_code == 200
    (version,) = re.findall(r'name="version" value="(\d+)"', refused.content.decode())
    anew = as_therapist.post(page, posted | {"hour": "12:00", "version": version})
    assert "at noon" in anew.content.decode()  # or the letter would name the other time
    (times,) = re.findall(r'name="written_for" value="([^"]+)"', anew.content.decode())
    last = posted | {"hour": "12:00", "version": version, "written_for": unescape(times)}
    as_therapist.post(page, last)
    assert ConsultationRequest.objects.get(pk=consultation.pk).starts_at == NOON


def test_a_move_may_overlap_the_time_that_it_leaves(user: User) -> None:
    consultation = agreed(TEN, user)
    stays = set(
        consultation.claims.filter(cell__in=with_pause(TEN + 15 * MINUTE)).values_list(
            "pk", flat=True
        )
    )
    move(consultation, TEN + 15 * MINUTE, user, despite=OBJECTIONS)
    assert held(consultation) == with_pause(TEN + 15 * MINUTE)
    assert len(stays) == 3
    assert stays <= set(consultation.claims.values_list("pk", flat=True))


def test_a_moved_consultations_old_time_is_open_again(user: User) -> None:
    consultation = agreed(TEN, user)
    assert TEN not in open_times()
    move(consultation, NOON, user)
    assert TEN in open_times()
    assert NOON not in open_times()
    ask(TEN, email="sam@example.com")


def test_a_move_to_a_taken_time_leaves_the_old_one(user: User) -> None:
    agreed(NOON, user, email="sam@example.com")
    consultation = agreed(TEN, user)
    with pytest.raises(reservations.TimeTaken):
        move(consultation, NOON, user, despite=OBJECTIONS)
    again = ConsultationRequest.objects.get(pk=consultation.pk)
    assert (again.starts_at, again.version) == (TEN, 2)
    assert held(again) == with_pause(TEN)


def test_an_own_consultation_that_comes_back_as_busy_does_not_block_its_move(user: User) -> None:
    consultation = agreed(TEN, user)
    factories.busy(TEN, TEN + LENGTH)
    move(consultation, TEN + 30 * MINUTE, user)
    with pytest.raises(decisions.Objections):  # but it is another's now that it was left
        move(consultation, TEN, user)


def test_a_longer_busy_time_around_the_own_consultation_does_block(user: User) -> None:
    consultation = agreed(TEN, user)
    factories.busy(TEN, TEN + HOUR)
    with pytest.raises(decisions.Objections):
        move(consultation, TEN + 30 * MINUTE, user)


@pytest.mark.parametrize("ending", ["cancel", "waitlist", "decline", "withdraw", "erase"])
def test_whatever_ends_a_consultation_frees_its_time(ending: str, user: User) -> None:
    consultation = agreed(TEN, user)
    if ending in ("waitlist", "decline"):
        offer(consultation, [NOON], user)
    if ending == "withdraw":
        by_visitor.withdraw(consultation)
    elif ending == "erase":
        erasing.erase(consultation, by=transitions.Actor.VISITOR)
    else:
        getattr(decisions, ending)(consultation, user=user, words=WORDS)
    assert not SlotClaim.objects.exists()
    assert {TEN, NOON} <= set(open_times())


def test_two_tabs_of_the_therapist_decide_once(user: User) -> None:
    first, second = ask(), ConsultationRequest.objects.get()
    confirm(first, TEN, user)
    for act in (
        lambda: confirm(second, NOON, user),
        lambda: offer(second, [NOON], user),
        lambda: decisions.decline(second, user=user, words=WORDS),
        lambda: decisions.close(second, user=user),
        lambda: by_visitor.withdraw(second),
    ):
        with pytest.raises(transitions.Stale):
            act()
    assert held(first) == with_pause(TEN)
    assert_unchanged(first, 2, 3)


def test_a_version_alone_makes_a_tab_stale(user: User) -> None:
    """The state is the same, but what was agreed is not."""
    consultation = agreed(TEN, user)
    tab = ConsultationRequest.objects.get()
    move(consultation, NOON, user)
    for act in (
        lambda: move(tab, ELEVEN, user),
        lambda: offer(tab, [ELEVEN], user),
        lambda: decisions.cancel(tab, user=user, words=WORDS),
        lambda: by_visitor.ask_to_move(tab),
    ):
        with pytest.raises(transitions.Stale):
            act()
    assert held(consultation) == with_pause(NOON)


def test_a_confirmation_takes_the_number_that_it_needs(user: User) -> None:
    consultation = ask()
    confirm(consultation, TEN, user, phone="+16265550143", visitor_calls=True)
    assert (consultation.phone, consultation.visitor_calls) == ("+16265550143", True)
    move(consultation, NOON, user)
    assert (consultation.phone, consultation.visitor_calls) == ("+16265550143", True)
