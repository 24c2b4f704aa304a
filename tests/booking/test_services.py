"""Each step of a request, and what the database itself refuses."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from booking.erasure import erasing
from booking.forms.times import as_value
from booking.letters.emails import Draft
from booking.models import (
    NEXT_STATES,
    ConsultationRequest,
    ErasedCount,
    Letter,
    OutgoingEmail,
    RequestEvent,
    Schedule,
    SlotClaim,
    State,
    Weekday,
)
from booking.services import by_visitor, decisions, notes, transitions
from booking.times import open_times
from practice.models import PracticeSettings, User
from practice.worker import heartbeat
from tests import factories

pytestmark = pytest.mark.django_db

WORDS = Draft("About your message", "Some words.")
LATER = datetime(2030, 1, 8, 17, 0, tzinfo=UTC)
TIME = {"starts_at": LATER, "ends_at": LATER + timedelta(minutes=20)}
OVER = {
    "starts_at": datetime(2020, 1, 8, 17, tzinfo=UTC),
    "ends_at": datetime(2020, 1, 8, 18, tzinfo=UTC),
}


@pytest.fixture(autouse=True)
def open_practice(practice: PracticeSettings) -> PracticeSettings:
    return practice


@pytest.fixture
def user(open_practice: Any) -> User:
    return factories.user("somebody@example.com")


def decision(kind: str) -> decisions.Decision:
    return next(d for d in decisions.DECISIONS if d.kind == kind)


def decide(consultation: ConsultationRequest, kind: str, user: User, **more: Any) -> None:
    chosen = decision(kind)
    if chosen.writes:
        more["words"] = WORDS
    if chosen.asks == decisions.Asks.TIME:
        more = {"starts_at": LATER, "minutes": 20, "despite": open_times.OBJECTIONS, **more}
    if chosen.asks == decisions.Asks.TIMES:
        more = {"starts": [LATER], "minutes": 20, "despite": open_times.OBJECTIONS, **more}
    chosen.carry_out(consultation, user=user, **more)


def in_state(state: State, **fields: Any) -> ConsultationRequest:
    return factories.consultation_request(
        state=state, **(TIME if state == State.CONFIRMED else {}), **fields
    )


EXPECTED = {
    State.SUSPECTED: {"accept", "close"},
    State.PENDING: {"confirm", "offer", "waitlist", "decline", "close"},
    State.PROPOSED: {"confirm", "waitlist", "decline", "reopen", "close"},
    State.WAITLISTED: {"confirm", "offer", "decline", "reopen", "close"},
    State.CONFIRMED: {"move", "offer", "cancel"},
    State.DECLINED: {"reopen"},
    State.CANCELLED: {"reopen"},
    State.EXPIRED: {"reopen"},
    State.CLOSED: {"reopen"},
    State.WITHDRAWN: set(),
}


def assert_allows_just(kinds: set[str], consultation: ConsultationRequest, user: User) -> None:
    assert {d.kind for d in decisions.decisions(consultation)} == kinds
    for kind in (d.kind for d in decisions.DECISIONS):
        if kind not in kinds:
            with pytest.raises(transitions.NotAllowed):
                decide(consultation, kind, user)
    assert ConsultationRequest.objects.get().version == 1


@pytest.mark.parametrize("state", State)
def test_each_state_allows_just_its_decisions(state: State, user: User) -> None:
    assert_allows_just(EXPECTED[state], in_state(state), user)


def test_what_was_agreed_stays_agreed_until_somebody_writes(user: User) -> None:
    """A consultation ahead is neither closed nor reopened in silence, also while others are
    offered for it.
    """
    offered = factories.consultation_request(state=State.PROPOSED, **TIME)
    assert_allows_just({"confirm", "waitlist", "decline"}, offered, user)


def test_after_the_consultation_the_request_may_be_closed(user: User) -> None:
    over = factories.consultation_request(state=State.CONFIRMED, **OVER)
    assert_allows_just({"move", "offer", "cancel", "close"}, over, user)


@pytest.mark.parametrize(
    ("state", "kind"), [(s, k) for s, ks in EXPECTED.items() for k in sorted(ks)]
)
def test_each_decision_leads_where_the_table_says_and_leaves_one_event(
    state: State, kind: str, user: User
) -> None:
    consultation = in_state(state)
    decide(consultation, kind, user)
    after = ConsultationRequest.objects.get()
    assert after.state == decision(kind).to
    assert after.state in NEXT_STATES[state]
    assert after.version == 2
    event = RequestEvent.objects.get()
    assert (event.kind, event.actor, event.user, event.state, event.version) == (
        kind,
        "practice",
        user,
        after.state,
        after.version,
    )
    letters = OutgoingEmail.objects.filter(kind="letter")
    assert Letter.objects.count() == letters.count() == int(decision(kind).writes)


def test_a_stale_tab_does_nothing(user: User) -> None:
    consultation = in_state(State.PENDING)
    stale = ConsultationRequest.objects.get()
    decide(consultation, "waitlist", user)
    with pytest.raises(transitions.Stale):
        decide(stale, "decline", user)
    assert ConsultationRequest.objects.get().state == State.WAITLISTED
    assert Letter.objects.count() == 1


def test_decline_reopen_decline_sends_two_letters(user: User) -> None:
    consultation = in_state(State.PENDING)
    for kind in ("decline", "reopen", "decline"):
        decide(consultation, kind, user)
    assert OutgoingEmail.objects.filter(kind="letter").count() == 2


def test_a_reopened_request_has_no_time_and_a_new_promise(user: User) -> None:
    consultation = in_state(State.CONFIRMED)
    decide(consultation, "cancel", user)
    with time_machine.travel(datetime(2027, 3, 1, 18, tzinfo=UTC)):
        decide(consultation, "reopen", user)
    assert consultation.starts_at is None
    assert consultation.reply_by == date(2027, 3, 3)


def test_empty_words_and_no_minutes_are_refused(user: User) -> None:
    consultation = in_state(State.PENDING)
    with pytest.raises(ValueError, match="words"):
        decisions.decline(consultation, user=user, words=Draft("About", " \n"))
    with pytest.raises(ValueError, match="minute"):
        decisions.confirm(consultation, user=user, words=WORDS, starts_at=LATER, minutes=0)
    for starts in ([], [LATER] * 2, [LATER + timedelta(hours=n) for n in range(4)]):
        with pytest.raises(ValueError, match="one to three"):
            decisions.offer(
                consultation,
                user=user,
                words=WORDS,
                starts=starts,
                minutes=20,
                despite=open_times.OBJECTIONS,
            )
    assert ConsultationRequest.objects.get().state == State.PENDING


def test_without_email_the_words_wait_to_be_told(user: User) -> None:
    consultation = in_state(State.PENDING, email="", phone="+16265550143")
    decide(consultation, "waitlist", user)
    assert not OutgoingEmail.objects.exists()
    assert list(ConsultationRequest.objects.to_be_told()) == [consultation]
    notes.tell(Letter.objects.get(), user=user)
    notes.tell(Letter.objects.get(), user=user)  # pressed twice
    assert not ConsultationRequest.objects.to_be_told()
    assert RequestEvent.objects.filter(kind="told").count() == 1


def test_words_that_a_later_decision_overtook_are_no_longer_to_be_told(user: User) -> None:
    consultation = in_state(State.PENDING, email="", phone="+16265550143")
    decide(consultation, "confirm", user)
    decide(consultation, "cancel", user)
    assert [letter.kind for letter in Letter.objects.all()] == ["cancel"]


def test_events_hold_nothing_that_anybody_said(user: User) -> None:
    consultation = by_visitor.submit(factories.unsaved_request(message="canary"))[0]
    notes.save_notes(consultation, note="canary", user=user)
    decide(consultation, "waitlist", user)
    for row in RequestEvent.objects.values():
        assert "canary" not in str(row)
        assert "Robin" not in str(row)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("an unknown state", {"state": "lost"}),
        ("a confirmed request without a time", {"state": "confirmed"}),
        ("an end before its start", {"starts_at": LATER, "ends_at": LATER - timedelta(minutes=1)}),
        ("a start without an end", {"starts_at": LATER}),
        ("no way to reply", {"email": "", "phone": ""}),
        ("somebody unknown", {"who": "cat"}),
    ],
)
def test_the_database_itself_refuses(name: str, fields: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.consultation_request(**fields)


def test_the_database_itself_refuses_a_second_request_for_one_key() -> None:
    first = factories.consultation_request()
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.consultation_request(submission_key=first.submission_key)


def test_the_database_itself_refuses_to_owe_one_message_twice() -> None:
    consultation = factories.consultation_request()
    OutgoingEmail.objects.create(
        request=consultation, kind="letter", version=2, recipient="visitor"
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        OutgoingEmail.objects.create(
            request=consultation, kind="letter", version=2, recipient="visitor"
        )


def test_the_database_itself_refuses_to_remind_twice_of_one_time() -> None:
    consultation = factories.consultation_request()
    owed = {"request": consultation, "kind": "reminder_one_day", "recipient": "visitor"}
    OutgoingEmail.objects.create(**owed, version=2, about_time=LATER)
    with pytest.raises(IntegrityError), transaction.atomic():
        OutgoingEmail.objects.create(**owed, version=3, about_time=LATER)


def test_the_database_itself_refuses_two_claims_of_one_cell() -> None:
    schedule = Schedule.load()
    first, second = factories.consultation_request(), factories.consultation_request()
    SlotClaim.objects.create(schedule=schedule, request=first, cell=7)
    with pytest.raises(IntegrityError), transaction.atomic():
        SlotClaim.objects.create(schedule=schedule, request=second, cell=7)


def test_a_request_is_spoken_of_by_its_number_alone() -> None:
    consultation = factories.consultation_request()
    assert str(consultation) == f"Request {consultation.pk}"
    assert "Robin" not in repr(consultation)


def test_counts_of_erased_requests_outlive_their_articles(article: Any) -> None:
    for page in (article.page_ptr, None):
        consultation = factories.consultation_request(state=State.DECLINED, article=page)
        erasing.erase(consultation, by=transitions.Actor.SYSTEM)
    article.delete()
    assert sorted(ErasedCount.objects.values_list("requests", flat=True)) == [1, 1]


def test_the_site_erases_nothing_that_changed_since_it_looked(user: User) -> None:
    seen = in_state(State.DECLINED)
    decide(ConsultationRequest.objects.get(), "reopen", user)
    erasing.erase(seen, by=transitions.Actor.SYSTEM)
    assert ConsultationRequest.objects.exists()


def test_what_ended_long_ago_is_erased_and_what_is_open_never() -> None:
    now = datetime(2027, 6, 1, 12, tzinfo=UTC)
    old, young = now - timedelta(days=91), now - timedelta(days=89)
    gone = [
        factories.consultation_request(state=State.DECLINED, state_since=old),
        factories.consultation_request(state=State.WITHDRAWN, state_since=old),
        factories.consultation_request(
            state=State.CONFIRMED, state_since=old, starts_at=old - timedelta(hours=1), ends_at=old
        ),
    ]
    kept = [
        factories.consultation_request(state=State.DECLINED, state_since=young),
        factories.consultation_request(state=State.PENDING, state_since=old),
        factories.consultation_request(state=State.WAITLISTED, state_since=old),
        factories.consultation_request(
            state=State.CONFIRMED, state_since=old, starts_at=now, ends_at=now + timedelta(hours=1)
        ),
    ]
    with time_machine.travel(now):
        heartbeat.note(heartbeat.WORKER, now)
        call_command("run_job", "erase_old_requests", "--dry-run")
        assert ConsultationRequest.objects.count() == len(gone) + len(kept)
        call_command("run_job", "erase_old_requests")
    assert set(ConsultationRequest.objects.all()) == set(kept)
    assert sum(ErasedCount.objects.values_list("requests", flat=True)) == len(gone)
    assert not OutgoingEmail.objects.exists()


# --- One time, looked at by what lies about it ---------------------------------------------------


@pytest.mark.parametrize("daily_limit", [2, None])
def test_a_time_that_is_asked_for_is_open_just_when_it_is_among_all_of_them(
    user: User, practice: PracticeSettings, daily_limit: int | None
) -> None:
    """Whatever of other days reaches into its own: pauses, busy times, holidays, limits."""
    with time_machine.travel(datetime(2026, 12, 21, 18, tzinfo=UTC), tick=False):
        factories.schedule(
            {day: [(time(0), time(0))] for day in Weekday},
            gap=60, daily_limit=daily_limit, closed_on_holidays=True, horizon_days=4,
        )  # fmt: skip
        midnight = datetime(2026, 12, 23, 8, tzinfo=UTC)  # in Los Angeles
        factories.busy(midnight - timedelta(hours=9), midnight + timedelta(minutes=40))
        for minutes in (-30, 24 * 60 - 30, 25 * 60):  # before midnights, and one after
            starts_at = midnight + timedelta(days=1, minutes=minutes)
            factories.agreed_request(starts_at, by=user)
        now, schedule = datetime.now(UTC), Schedule.load()
        everything = set(factories.open_times())
        first = now.replace(minute=0) - timedelta(days=1)
        asked = [first + timedelta(minutes=20 * n) for n in range(6 * 24 * 3)]
        found = {start for start in asked if open_times.is_open(start, practice, schedule, now)}
        assert found == everything & set(asked)
        assert 40 < len(found) < len(asked) / 2
        for beyond in (datetime.min, datetime.max):
            assert not open_times.is_open(beyond.replace(tzinfo=UTC), practice, schedule, now)


def test_nobody_waits_while_the_open_times_of_two_months_are_worked_out(
    practice: PracticeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither in the form nor while the schedule is locked."""
    factories.schedule(horizon_days=60)
    start = factories.open_time(3)
    monkeypatch.setattr(open_times, "starts_now", None)
    client = Client()
    data = {"name": "Robin", "email": "robin@example.com", "when": as_value(start)}
    with CaptureQueriesContext(connection) as asked:
        assert client.post(reverse("booking:request"), data).status_code == 303
    assert ConsultationRequest.objects.get().starts_at == start
    assert len(asked) <= 24
