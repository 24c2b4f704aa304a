"""Requests, decisions, clocks and mail in any order, against what must always hold.

`make soak` takes 10,000 steps: each act that was done or refused is one, checks are none.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from email.message import Message
from itertools import pairwise
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import hypothesis
import pytest
import time_machine
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from booking.erasure import erasing, retention
from booking.letters import outbox
from booking.letters.emails import Draft
from booking.models import (
    HOLDING_STATES,
    BusyInterval,
    ConsultationRequest,
    OutgoingEmail,
    Proposal,
    RequestEvent,
    Schedule,
    SlotClaim,
    State,
    Weekday,
    cells,
)
from booking.services import by_visitor, decisions, expiry, transitions
from booking.times import open_times, reservations
from practice.models import PracticeSettings, User
from practice.worker import heartbeat
from tests import factories

WORDS = Draft("About your message", "Some words.")
BEGIN = datetime(2026, 10, 29, 17, tzinfo=UTC)  # three days before the clocks go back
ZONE = ZoneInfo("America/Los_Angeles")
MINUTES = timedelta(minutes=1)
PAUSE = 10 * MINUTES
REFUSALS = (
    transitions.NotAllowed,
    decisions.Objections,
    transitions.Stale,
    reservations.TimeTaken,
)
MOST_REQUESTS = 6

slots = st.tuples(st.integers(0, 4), st.integers(0, 40))
lengths = st.sampled_from([20, 20, 20, 30, 45])
fits = st.sampled_from([True, True, True, False])  # what is allowed, or anything
steps_of_time = st.sampled_from(
    [5 * MINUTES, 50 * MINUTES, *[timedelta(hours=6)] * 3, timedelta(days=1), timedelta(days=3)]
)


class Post(BaseEmailBackend):
    """A mail server that may be away, and tells the machine what it takes in."""

    is_away = False
    machine: ClassVar["Scheduling"]

    def send_messages(self, messages: Any) -> int:
        for message in messages:
            if Post.is_away:
                raise ConnectionRefusedError
            try:
                self.machine.arrives(message)
            except AssertionError as error:  # which the outbox would take for a failure to send
                self.machine.wrong.append(error)
        return len(messages)


class Scheduling(RuleBasedStateMachine):
    """One practice, a few visitors with several tabs each, their therapist and a worker."""

    user: ClassVar[User]
    steps: ClassVar[Counter[str]] = Counter()  # of all runs, by what was done

    def __init__(self) -> None:
        super().__init__()
        self.clock = time_machine.travel(BEGIN, tick=False)
        self.now = self.clock.start()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        factories.schedule(
            {day: [(time(9), time(12))] for day in Weekday},
            notice_hours=2,
            horizon_days=5,
            hold_hours=24,
            offer_hours=30,
            reminds_two_days_before=True,
        )
        Post.machine, Post.is_away = self, False
        self.count = 0
        self.unsaved: list[ConsultationRequest] = []
        self.old_tabs: dict[int, ConsultationRequest] = {}
        self.left: set[str] = set()  # addresses of those who withdrew or erased
        self.given_up: set[str] = set()
        self.keys: set[str] = set()
        self.wrong: list[AssertionError] = []
        self.owed_once: set[tuple[object, ...]] = set()
        self.calendars: dict[str, tuple[str, int, str, datetime]] = {}

    def teardown(self) -> None:
        try:
            self.everything_arrives()
            self.nothing_arrived_that_should_not()
            self.calendars_know_what_is_agreed()
        finally:
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)
            self.clock.stop()

    # --- What is chosen ---------------------------------------------------------------------

    def moment(self, slot: tuple[int, int]) -> datetime:
        """Full five minutes on one of these days, from nine o'clock on, in hours or not."""
        day = timezone.now().astimezone(ZONE).date() + timedelta(days=slot[0])
        return datetime.combine(day, time(9), ZONE).astimezone(UTC) + slot[1] * 5 * MINUTES

    def one(self, number: int, *, stale: bool = False) -> ConsultationRequest:
        """A request, as it is or as an older tab shows it."""
        pks = list(ConsultationRequest.objects.shown().order_by("pk").values_list("pk", flat=True))
        pk = pks[number % len(pks)]
        fresh = ConsultationRequest.objects.get(pk=pk)
        tab = self.old_tabs.get(pk, fresh) if stale else fresh
        self.old_tabs[pk] = ConsultationRequest.objects.get(pk=pk)
        return tab

    def took(self, what: str, done: bool = True) -> None:
        Scheduling.steps[what if done else f"{what}, refused"] += 1

    def attempt(self, what: str, act: Callable[[], object], *, must: bool = False) -> bool:
        """Whether it was done; where it was refused, nothing has changed."""
        before = state_of_affairs()
        try:
            act()
        except REFUSALS:
            assert not must, "what was open to them was refused"
            assert state_of_affairs() == before
            self.took(what, done=False)
            return False
        self.took(what)
        return True

    @initialize(asked=st.lists(st.none() | st.integers(0, 50), min_size=3, max_size=3))
    def some_have_asked(self, asked: list[int | None]) -> None:
        for number in asked:
            self.somebody_asks(number, with_email=number != 0, zone="")

    # --- Visitors ---------------------------------------------------------------------------

    @precondition(lambda self: ConsultationRequest.objects.open().count() < MOST_REQUESTS)
    @rule(
        number=st.none() | st.integers(0, 50),
        with_email=st.sampled_from([True, True, True, False]),
        zone=st.sampled_from(["", "Europe/Berlin", "Nowhere"]),
    )
    def somebody_asks(self, number: int | None, with_email: bool, zone: str) -> None:
        starts = factories.open_times()
        start = starts[number % len(starts)] if starts and number is not None else None
        self.count += 1
        contact = {"email": f"v{self.count}@x.example"} if with_email else {"email": ""}
        unsaved = {**contact, "phone": "+16265550143", "asked_for": start, "time_zone": zone}
        unsaved["wants_calendar_file"] = self.count % 3 > 0
        unsaved["discreet"] = self.count % 5 == 0
        consultation = factories.unsaved_request(**unsaved)
        self.unsaved.append(
            factories.unsaved_request(submission_key=consultation.submission_key, **unsaved)
        )
        self.attempt(
            "ask for a time" if start else "ask", lambda: by_visitor.submit(consultation), must=True
        )

    @rule(slot=slots, number=st.none() | st.integers(0, 20))
    def somebody_asks_in_vain(self, slot: tuple[int, int], number: int | None) -> None:
        """For a time that is not open, or by a form that was sent before."""
        start = self.moment(slot)
        if number is not None:
            self.form_is_sent_again(self.unsaved[number % len(self.unsaved)])
        elif start not in factories.open_times():
            consultation = factories.unsaved_request(asked_for=start, email="nobody@x.example")
            assert not self.attempt("ask for a time", lambda: by_visitor.submit(consultation))

    def form_is_sent_again(self, again: ConsultationRequest) -> None:
        found = ConsultationRequest.objects.filter(submission_key=again.submission_key)
        if not found.filter(erase_when_told=False).exists():
            return
        before = state_of_affairs()
        filed, is_new = by_visitor.submit(again)
        assert (filed, is_new) == (found.get(), False)
        assert state_of_affairs() == before
        self.took("send again")

    @precondition(lambda self: Proposal.objects.exists())
    @rule(number=st.integers(0, 5), choice=st.integers(0, 2), stale=st.booleans())
    def a_visitor_picks(self, number: int, choice: int, stale: bool) -> None:
        consultation = self.one(number, stale=stale)
        offered = list(Proposal.objects.filter(request=consultation.pk))
        if not offered:
            return
        time = offered[choice % len(offered)]
        self.attempt(
            "pick",
            lambda: by_visitor.pick(consultation, time.starts_at),
            must=is_fresh(consultation) and time.starts_at > timezone.now(),
        )

    @precondition(lambda self: ConsultationRequest.objects.shown().exists())
    @rule(number=st.integers(0, 5), choice=st.integers(0, 9), fits=fits, stale=st.booleans())
    def a_visitor_acts(self, number: int, choice: int, fits: bool, stale: bool) -> None:
        consultation = self.one(number, stale=stale)
        now = timezone.now()
        may = {
            "none_suits": consultation.state == State.PROPOSED,
            "ask_to_move": consultation.state == State.CONFIRMED
            and consultation.is_ahead(now)
            and not consultation.move_asked_at,
            "withdraw": consultation.may_be_withdrawn(now),
            "restore": consultation.may_be_restored(now),
        }
        among = [act for act in may if may[act] or not fits]
        if choice == 9:
            self.a_visitor_erases(consultation)
        if choice == 9 or not among or (among == ["withdraw"] and choice < 7):
            return  # most stay
        act = among[choice % len(among)]
        must = may[act] and is_fresh(consultation)
        done = self.attempt(act, lambda: getattr(by_visitor, act)(consultation), must=must)
        assert done <= may[act]
        if done and act == "withdraw":
            self.left.add(consultation.email)
        elif done and act == "restore":
            self.left.discard(consultation.email)

    def a_visitor_erases(self, consultation: ConsultationRequest) -> None:
        self.left.add(consultation.email)
        self.attempt(
            "erase", lambda: erasing.erase(consultation, by=transitions.Actor.VISITOR), must=True
        )

    # --- The therapist ----------------------------------------------------------------------

    @precondition(lambda self: ConsultationRequest.objects.shown().exists())
    @rule(
        number=st.integers(0, 5),
        choice=st.integers(0, 7),
        fits=fits,
        times=st.lists(slots, min_size=3, max_size=3, unique=True),
        several=st.integers(1, 3),
        minutes=lengths,
        anyway=st.booleans(),
        stale=st.sampled_from([False, False, False, True]),
    )
    def the_therapist_gives_a_time(
        self,
        number: int,
        choice: int,
        fits: bool,
        times: list[tuple[int, int]],
        several: int,
        minutes: int,
        anyway: bool,
        stale: bool,
    ) -> None:
        starts = [start for slot in times if (start := self.moment(slot)) > timezone.now()]
        consultation = self.one(number, stale=stale)
        decision = chosen(consultation, choice, fits, (decisions.Asks.TIME, decisions.Asks.TIMES))
        if not decision or not starts:
            return
        more: dict[str, Any] = {
            "minutes": minutes,
            "despite": open_times.OBJECTIONS if anyway else (),
        }
        if decision.asks == decisions.Asks.TIME:
            more["starts_at"] = starts[0]
        else:
            more["starts"] = starts[:several]
        self.decide(consultation, decision, must=False, **more)

    @precondition(lambda self: ConsultationRequest.objects.shown().exists())
    @rule(
        number=st.integers(0, 5),
        choice=st.integers(0, 7),
        numbers=st.lists(st.integers(0, 50), min_size=1, max_size=3),
    )
    def the_therapist_gives_an_open_time(
        self, number: int, choice: int, numbers: list[int]
    ) -> None:
        """To which nothing can be objected."""
        starts = factories.open_times()
        consultation = self.one(number)
        decision = chosen(consultation, choice, True, (decisions.Asks.TIME, decisions.Asks.TIMES))
        if not decision or not starts:
            return
        several = list({starts[n % len(starts)] for n in numbers})
        if decision.asks == decisions.Asks.TIME:
            self.decide(consultation, decision, must=True, starts_at=several[0], minutes=20)
        else:
            self.decide(consultation, decision, must=True, starts=several, minutes=20)

    @precondition(lambda self: ConsultationRequest.objects.shown().exists())
    @rule(number=st.integers(0, 5), choice=st.integers(0, 7), fits=fits, stale=st.booleans())
    def the_therapist_gives_none(self, number: int, choice: int, fits: bool, stale: bool) -> None:
        consultation = self.one(number, stale=stale)
        decision = chosen(consultation, choice, fits, (decisions.Asks.NOTHING,))
        if decision and (choice < 4 or decision.to == State.PENDING):  # most go on
            must = decision in decisions.decisions(consultation) and is_fresh(consultation)
            self.decide(consultation, decision, must=must)

    def decide(
        self,
        consultation: ConsultationRequest,
        decision: decisions.Decision,
        must: bool,
        **more: Any,
    ) -> None:
        may = decision in decisions.decisions(consultation) and is_fresh(consultation)
        if decision.writes:
            more["words"] = WORDS
        done = self.attempt(
            decision.kind,
            lambda: decision.carry_out(consultation, user=self.user, **more),
            must=must,
        )
        assert done <= may

    # --- The rest of the world --------------------------------------------------------------

    @rule(step=steps_of_time)
    def time_passes(self, step: timedelta) -> None:
        self.now.shift(step)
        heartbeat.note(heartbeat.WORKER, timezone.now())
        self.took("time passes")

    @rule(slot=slots, length=st.sampled_from([0, 10, 30, 120]))
    def another_calendar_changes(self, slot: tuple[int, int], length: int) -> None:
        """A busy time is new, or the oldest is gone."""
        start = self.moment(slot)
        if length:
            factories.busy(start, start + length * MINUTES)
        elif oldest := BusyInterval.objects.order_by("pk").first():
            oldest.delete()
        self.took("another calendar")

    @rule(
        limit=st.sampled_from([None, None, 1, 2]),
        mail_server=st.sampled_from(["stays", "stays", "is back", "is away"]),
    )
    def something_else_changes(self, limit: int | None, mail_server: str) -> None:
        Schedule.objects.update(daily_limit=limit)
        Post.is_away = mail_server == "is away" or (Post.is_away and mail_server == "stays")
        self.took("limit and mail server")

    @rule(job=st.sampled_from(["run", "run", "run", "run", "erase", "die"]))
    def the_worker_works(self, job: str) -> None:
        getattr(self, f"worker_{job}")()
        self.took(f"worker: {job}")

    def worker_run(self) -> None:
        expiry.end_reservations()
        expiry.expire_offers()
        over = ConsultationRequest.objects.filter(holds_until__lte=timezone.now())
        assert not over.filter(state=State.PENDING).exists()
        for consultation in over.filter(state=State.PROPOSED):  # nobody has read of it yet
            letter = consultation.emails.get(kind="letter", version=consultation.version)
            assert letter.sent_at is None
        expiry.queue_reminders()
        assert expiry.queue_reminders() == 0
        outbox.send_due()
        lost = OutgoingEmail.objects.exclude(given_up_at=None).select_related("request")
        self.given_up |= {str(each.request.email) for each in lost if each.request}

    def worker_erase(self) -> None:
        waiting = ConsultationRequest.objects.open().count()
        retention.erase_old(PracticeSettings.load().today())
        assert ConsultationRequest.objects.open().count() == waiting

    def worker_die(self) -> None:
        """It has taken a message, and does not live to send it."""
        outbox.Outbox().claim(timezone.now())

    # --- What arrives -----------------------------------------------------------------------

    def arrives(self, sent: EmailMessage) -> None:
        """Each message at most once, and after a withdrawal the cancellation alone."""
        message = sent.message()
        key = str(message["Message-ID"])
        assert key not in self.keys
        self.keys.add(key)
        owed = OutgoingEmail.objects.get(key=key.strip("<>").partition("@")[0])
        names = [("version", owed.request_id, owed.kind, owed.version)] if owed.request_id else []
        if owed.request_id and owed.about_time:
            names.append(("time", owed.request_id, owed.kind, owed.about_time))
        assert not self.owed_once.intersection(names)
        self.owed_once.update(names)
        if owed.recipient == OutgoingEmail.Recipient.VISITOR:
            (address,) = sent.to
            ics = calendar_of(message)
            if address in self.left:
                assert "METHOD:CANCEL" in ics
            if owed.request and owed.request.discreet:
                assert owed.kind.startswith("neutral_")
                assert not ics
            if ics:
                self.goes_into_a_calendar(address, ics)
            if owed.kind.startswith("reminder"):
                assert owed.request
                assert owed.request.starts_at == owed.about_time
                assert owed.request.is_ahead(timezone.now())

    def goes_into_a_calendar(self, address: str, ics: str) -> None:
        said = dict(re.findall(r"^(METHOD|UID|SEQUENCE|DTSTART):(.*?)\r?$", ics, re.MULTILINE))
        start = datetime.strptime(said["DTSTART"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        uid, sequence = self.calendars.get(address, (said["UID"], -1))[:2]
        assert uid == said["UID"]
        assert int(said["SEQUENCE"]) > sequence
        self.calendars[address] = (uid, int(said["SEQUENCE"]), said["METHOD"], start)

    def everything_arrives(self) -> None:
        """As if the mail server had come back and the therapist had looked, without waiting."""
        Post.is_away = False
        OutgoingEmail.objects.alerts().update(seen_at=timezone.now())  # so none is gathered
        waiting = OutgoingEmail.objects.filter(sent_at=None, given_up_at=None)
        waiting.update(next_try_at=timezone.now(), leased_until=None)
        outbox.send_due(limit=1000)
        assert not waiting.all().exists()
        erasing.finish_erasures()
        assert not ConsultationRequest.objects.filter(erase_when_told=True).exists()

    def calendars_know_what_is_agreed(self) -> None:
        """Whoever wanted it has each consultation in their calendar, and none that is off."""
        now = timezone.now()
        requests = ConsultationRequest.objects.with_time().filter(starts_at__gt=now)
        agreed = {r.email: r.starts_at for r in requests if r.contact.invitation}
        shown = {
            address: start
            for address, (_, _, method, start) in self.calendars.items()
            if method == "REQUEST" and start > now
        }
        for address in self.given_up:
            agreed.pop(address, None)
            shown.pop(address, None)
        assert shown == agreed

    @invariant()
    def nothing_arrived_that_should_not(self) -> None:
        for error in self.wrong:
            raise error

    # --- What always holds ------------------------------------------------------------------

    @invariant()
    def each_request_claims_just_what_it_holds(self) -> None:
        claimed: dict[int, set[int]] = {}
        rows = list(SlotClaim.objects.values_list("request", "cell"))
        assert len({cell for _, cell in rows}) == len(rows)
        for pk, cell in rows:
            claimed.setdefault(pk, set()).add(cell)
        spans: dict[int, set[int]] = {}
        for pk, start, end in held_spans():
            spans.setdefault(pk, set()).update(cells(start, end + PAUSE))
        assert claimed == spans

    @invariant()
    def no_two_consultations_meet(self) -> None:
        agreed = ConsultationRequest.objects.with_time().order_by("starts_at")
        for before, after in pairwise(agreed.values_list("starts_at", "ends_at")):
            assert before[1] + PAUSE <= after[0]

    @invariant()
    def what_is_confirmed_has_a_time(self) -> None:
        confirmed = ConsultationRequest.objects.filter(state=State.CONFIRMED)
        assert not confirmed.filter(starts_at=None).exists()
        assert not Proposal.objects.exclude(request__state=State.PROPOSED).exists()

    @invariant()
    def nothing_that_is_held_is_open(self) -> None:
        taken = sorted((start, end) for _, start, end in held_spans())
        for start in factories.open_times():
            end = start + 20 * MINUTES
            assert all(end + PAUSE <= s or e + PAUSE <= start for s, e in taken)


def is_fresh(consultation: ConsultationRequest) -> bool:
    """Whether nothing has changed since it was read."""
    return ConsultationRequest.objects.filter(
        pk=consultation.pk, version=consultation.version
    ).exists()


def chosen(
    consultation: ConsultationRequest, choice: int, fits: bool, asks: tuple[decisions.Asks, ...]
) -> decisions.Decision | None:
    """One of the decisions that ask for this, and if it `fits` that the state allows."""
    among = [
        decision
        for decision in (decisions.decisions(consultation) if fits else decisions.DECISIONS)
        if decision.asks in asks
    ]
    return among[choice % len(among)] if among else None


def held_spans() -> Iterator[tuple[int, datetime, datetime]]:
    """`(request, start, end)` of whatever is held, as the request itself tells it."""
    own = ConsultationRequest.objects.filter(state__in=HOLDING_STATES, starts_at__isnull=False)
    yield from own.values_list("pk", "starts_at", "ends_at")  # type: ignore[misc]
    yield from Proposal.objects.values_list("request", "starts_at", "ends_at")  # type: ignore[misc]


def state_of_affairs() -> tuple[object, ...]:
    """Whatever a step may change, to see that a refused one has changed nothing."""
    return (
        list(ConsultationRequest.objects.order_by("pk").values_list("pk", "version", "state")),
        set(SlotClaim.objects.values_list("request", "cell")),
        set(Proposal.objects.values_list("request", "starts_at")),
        OutgoingEmail.objects.count(),
        RequestEvent.objects.count(),
    )


def calendar_of(message: Message) -> str:
    """The text of a message's calendar, without its folds; empty if it has none."""
    for part in message.walk():
        if part.get_content_type() == "text/calendar":
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            return content.decode().replace("\r\n ", "").replace("\n ", "")
    return ""


@pytest.fixture
def world(practice: PracticeSettings, settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Post"
    Scheduling.user = factories.user("somebody@example.com")
    Scheduling.steps.clear()


def run(examples: int, length: int) -> None:
    run_state_machine_as_test(
        Scheduling,
        settings=hypothesis.settings(
            max_examples=examples,
            stateful_step_count=length,
            deadline=None,
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        ),
    )


@pytest.mark.django_db
def test_what_always_holds_holds_after_any_few_steps(world: None) -> None:
    run(examples=6, length=35)
    assert Scheduling.steps.total() > 100


@pytest.mark.soak
@pytest.mark.django_db
def test_what_always_holds_holds_after_ten_thousand_steps(
    world: None, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = 0
    while Scheduling.steps.total() < 10_000:
        runs += 1
        run(examples=50, length=60)
    with capsys.disabled():
        print(f"\n{Scheduling.steps.total()} steps in {runs} runs on {connection.vendor}")
        print(", ".join(f"{what} {count}" for what, count in Scheduling.steps.most_common()))
