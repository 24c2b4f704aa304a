"""A server whose date is wrong: nothing ends by it until somebody says that it is right."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.auth.tokens import default_token_generator
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from wagtail.models import Page

from blog.models import ArticlePage
from booking.busy import sync
from booking.erasure import database_files
from booking.letters import outbox
from booking.models import (
    BusyFeed,
    BusyInterval,
    ConsultationRequest,
    DailyCount,
    DailySalt,
    OutgoingEmail,
    Proposal,
    RequestEvent,
    Schedule,
    State,
)
from booking.services import by_visitor, counts, expiry
from practice.accounts import letters, lockout
from practice.models import DeletedPage, Heartbeat, OwedLink, PracticeSettings, Silence, User
from practice.monitoring import findings, readiness
from practice.worker import heartbeat, jobs
from practice.worker.clocks import DISTRUSTED_FOR
from tests import factories

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
AWAY = (6, 30, 365, -6, -30, -365)  # days


@pytest.fixture
def clock() -> Iterator[Any]:
    # By day: what belongs to a day would go at midnight, and rightly.
    noon = (datetime.now(UTC) + DAY).replace(hour=12)
    with time_machine.travel(noon, tick=True) as moved:
        yield moved


@pytest.fixture
def practice_day(practice: PracticeSettings, article: ArticlePage) -> None:
    one_of_everything(article)


def one_of_everything(article: ArticlePage) -> None:
    """A practice of today, with some of all that ends or begins by age."""
    factories.schedule()
    heartbeat.note(heartbeat.WORKER, timezone.now())
    PracticeSettings.objects.update(second_email="second@practice.example")
    now = timezone.now()
    for away in (2, 20, 300):
        ahead = {"starts_at": now + away * DAY, "ends_at": now + away * DAY + 20 * MINUTE}
        factories.consultation_request(**ahead, holds_until=now + DAY)
        factories.consultation_request(state=State.CONFIRMED, state_since=now - 9 * DAY, **ahead)
        offered = factories.consultation_request(state=State.PROPOSED, holds_until=now + DAY)
        Proposal.objects.create(request=offered, **ahead)
    for state in (State.CLOSED, State.DECLINED, State.WITHDRAWN, State.SUSPECTED):
        factories.consultation_request(state=state, state_since=now - 20 * DAY, opened_at=now)
    today = now.date()
    DailySalt.of(today)
    DailyCount.objects.add_one(today, ["a" * 64])
    Session.objects.create(session_key="x", session_data="", expire_date=now + 12 * 60 * MINUTE)
    Silence.objects.create(name="worker", since=now - 20 * DAY, until=now - 19 * DAY)
    feed = BusyFeed.objects.create(
        schedule=Schedule.load(), name="Mine", url="https://calendar.example/", checked_at=now
    )
    BusyInterval.objects.create(feed=feed, starts_at=now + DAY, ends_at=now + DAY + 20 * MINUTE)
    Page.objects.filter(pk=article.pk).update(expire_at=now + DAY)
    DeletedPage.objects.create(page_id=0, parent_id=0, content={}, deleted_at=now - 25 * DAY)


def on_file() -> dict[str, list[Any]]:
    """All of it that could end, as it stands."""
    requests = ConsultationRequest.objects.order_by("pk")
    return {
        "requests": list(requests.values_list("pk", "state", "starts_at", "hold_ended_at")),
        "events": list(RequestEvent.objects.order_by("pk").values_list("pk", "kind")),
        "offers": list(Proposal.objects.order_by("pk").values_list("pk", flat=True)),
        "salts": list(DailySalt.objects.order_by("day").values_list("day", flat=True)),
        "counts": list(DailyCount.objects.order_by("pk").values_list("pk", flat=True)),
        "sessions": list(Session.objects.values_list("pk", flat=True)),
        "silences": list(Silence.objects.values_list("since", "until")),
        "busy": list(BusyInterval.objects.values_list("starts_at", flat=True)),
        "checked": list(BusyFeed.objects.values_list("checked_at", flat=True)),
        "pages": list(Page.objects.filter(live=True).order_by("pk").values_list("pk", flat=True)),
        "deleted pages": list(DeletedPage.objects.values_list("deleted_at", flat=True)),
        "letters": list(OutgoingEmail.objects.order_by("pk").values_list("kind", flat=True)),
    }


class Worker:
    """The worker's loop as it runs, a round at a time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch, self.passed, self.real = monkeypatch, 0.0, time.monotonic
        for closes in ("close_old_connections", "close_if_moved"):  # not the test's own
            monkeypatch.setattr(jobs, closes, lambda: None)
        self.pulse = heartbeat.Pulse(heartbeat.WORKER)
        self.jobs = jobs.recurring(poll=0, stopping=bool)

    def round(self) -> None:
        self.pulse.beat()
        for job in self.jobs:
            job.run_if_due()

    def ten_minutes(self, clock: Any) -> None:
        """More than those, with a round every few minutes as it has many."""
        for _ in range(4):  # a jump before the first is seen in the first
            self.pass_by(clock, DISTRUSTED_FOR / 2.5)
            self.round()

    def pass_by(self, clock: Any, seconds: float) -> None:
        """So much time goes by, on the wall and by the clock that nobody sets."""
        self.passed += seconds
        self.monkeypatch.setattr(time, "monotonic", lambda: self.real() + self.passed)
        clock.shift(seconds)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The calendars that were asked, none of which has a server."""
    asked: list[Any] = []
    monkeypatch.setattr(sync, "read", lambda feed, now, **kwargs: asked.append(feed))
    return asked


@pytest.mark.parametrize("days", AWAY)
def test_nothing_ends_by_a_worker_that_starts_with_a_wrong_date(
    clock: Any,
    practice_day: None,
    monkeypatch: pytest.MonkeyPatch,
    reads: list[Any],
    days: int,
) -> None:
    before = on_file()
    clock.shift(days * DAY)
    worker = Worker(monkeypatch)
    worker.round()
    worker.ten_minutes(clock)
    assert on_file() == before
    assert not reads


@pytest.mark.parametrize("days", AWAY)
def test_nothing_ends_by_a_date_that_goes_wrong_while_the_worker_runs(
    clock: Any,
    practice_day: None,
    monkeypatch: pytest.MonkeyPatch,
    reads: list[Any],
    days: int,
) -> None:
    """And what comes in meanwhile is reserved, acknowledged and told as on any day."""
    worker = Worker(monkeypatch)
    worker.round()
    mail.outbox.clear()
    OutgoingEmail.objects.all().delete()
    before = on_file()
    clock.shift(days * DAY)
    worker.round()
    assert on_file() == before
    clock.shift(-days * DAY)  # the web server's own clock is right
    consultation, _ = by_visitor.submit(factories.unsaved_request(asked_for=factories.open_time(3)))
    clock.shift(days * DAY)
    before = on_file()
    worker.ten_minutes(clock)
    assert on_file() == before
    assert len(mail.outbox) == 2, "its acknowledgement and its alert"
    assert not reads
    clock.shift(-days * DAY)
    consultation.refresh_from_db()
    assert consultation.starts_at
    assert consultation.reply_by >= timezone.now().date()
    worker.ten_minutes(clock)
    assert len(mail.outbox) == 2
    assert on_file() == before, "and when it is right again, nothing is made up for"
    assert reads


@pytest.mark.parametrize("days", AWAY)
def test_a_worker_of_a_wrong_clock_lives_all_the_same(
    clock: Any, practice_day: None, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    clock.shift(days * DAY)
    worker = Worker(monkeypatch)
    for _ in range(3):
        worker.round()
        assert "worker" not in readiness.failing(), "as a web server of the same clock sees it"
        clock.shift(-days * DAY)
        assert "worker" not in readiness.failing(), "as one whose clock is right sees it"
        clock.shift(days * DAY)
        worker.pass_by(clock, 240)


def test_a_worker_that_was_away_for_days_goes_on_where_requests_came_in_each_day(
    clock: Any, practice_day: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    for days in (1, 2.5, 4):
        factories.consultation_request(received_at=now + days * DAY)
    clock.shift(5 * DAY)
    Worker(monkeypatch).round()
    assert not ConsultationRequest.objects.filter(
        state=State.PENDING, starts_at__isnull=False, holds_until__lt=timezone.now()
    ).exists()


def test_a_request_of_a_wrong_date_does_not_prove_that_date(
    clock: Any, practice_day: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.shift(400 * DAY)
    factories.consultation_request()
    before = on_file()
    Worker(monkeypatch).round()
    assert on_file() == before


def test_of_two_servers_the_one_whose_clock_is_right_goes_on(
    clock: Any, practice_day: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = ConsultationRequest.objects.filter(state=State.PENDING, starts_at__isnull=False)
    over.update(holds_until=timezone.now() - MINUTE)
    for days in (6, -6):
        clock.shift(days * DAY)
        Worker(monkeypatch).round()
        assert over.count() == 3
        clock.shift(-days * DAY)
    Worker(monkeypatch).round()
    assert over.count() == 0


# --- By command -------------------------------------------------------------------------------

GO_BY_AGE = [job.name for job in jobs.recurring(poll=0, stopping=bool) if job.clock]


@pytest.mark.parametrize(
    "command", [["publish_scheduled"], *(["run_job", each] for each in GO_BY_AGE)]
)
def test_a_command_goes_by_no_wrong_date_and_says_what_to_do(
    clock: Any, practice_day: None, command: list[str]
) -> None:
    before = on_file()
    clock.shift(400 * DAY)
    with pytest.raises(CommandError, match="date_is_right"):
        call_command(*command, stdout=StringIO())
    assert on_file() == before


def test_the_worker_once_lets_wait_what_goes_by_the_date_and_sends_the_rest(
    clock: Any, practice_day: None, reads: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_files, "scrub", lambda: True)  # not within a transaction
    by_visitor.submit(factories.unsaved_request())
    before, said = on_file(), StringIO()
    clock.shift(400 * DAY)
    call_command("worker", "--once", stdout=said, stderr=said)
    assert on_file() == before
    assert len(mail.outbox) == 2
    assert "date_is_right" in said.getvalue()


# --- Whoever says that it is right ------------------------------------------------------------


def first_page(client: Client) -> str:
    return " ".join(client.get("/admin/").content.decode().split())


def again(therapist: User) -> Client:
    """Signed in by the clock as it is now."""
    return factories.signed_in(therapist)


@pytest.mark.parametrize("days", AWAY)
def test_the_first_page_says_why_things_wait(
    clock: Any, practice_day: None, therapist: User, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    assert "Check the date" not in first_page(again(therapist))
    clock.shift(days * DAY)
    Worker(monkeypatch).round()
    page = first_page(again(therapist))
    assert "Check the date" in page
    assert ("The date is right" in page) == (days > 0), "asked only where something would end"
    clock.shift(-days * DAY)
    page = first_page(again(therapist))
    assert "Check the date" in page, "also where the web server's own clock is right"
    assert "The date is right" not in page


def test_what_waited_goes_on_when_the_therapist_says_that_the_date_is_right(
    clock: Any, practice_day: None, therapist: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.shift(30 * DAY)
    worker = Worker(monkeypatch)
    worker.round()
    client = again(therapist)
    assert "3 reserved times would be free again" in first_page(client)
    shown = client.get("/admin/").context["clock_shown"]
    client.post("/admin/consultations/clock/", {"shown": shown})
    assert "Check the date" not in first_page(client)
    worker.pass_by(clock, 61)
    worker.round()
    assert not ConsultationRequest.objects.filter(state=State.PROPOSED).exists()
    assert [
        gap.until - gap.since for gap in Silence.objects.filter(since__gt=timezone.now() - 31 * DAY)
    ]


def test_a_date_that_changed_since_it_was_shown_is_not_taken_for_right(
    clock: Any, practice_day: None, therapist: User
) -> None:
    shown = timezone.now().isoformat()
    clock.shift(400 * DAY)
    client = again(therapist)
    client.post("/admin/consultations/clock/", {"shown": shown})
    assert "Check the date" in first_page(client)


def test_the_command_says_that_the_date_is_right(clock: Any, practice_day: None) -> None:
    clock.shift(30 * DAY)
    said = StringIO()
    call_command("date_is_right", stdout=said)
    assert f"{timezone.now():%Y}" in said.getvalue()
    call_command("run_job", "expire_offers", stdout=StringIO())
    assert not ConsultationRequest.objects.filter(state=State.PROPOSED).exists()


def test_a_date_that_was_wrongly_called_right_can_be_set_back(
    clock: Any, practice_day: None
) -> None:
    clock.shift(30 * DAY)
    call_command("date_is_right", stdout=StringIO())
    clock.shift(-30 * DAY)
    with pytest.raises(CommandError):
        call_command("run_job", "expire_offers", stdout=StringIO())
    call_command("date_is_right", stdout=StringIO())
    call_command("run_job", "expire_offers", stdout=StringIO())


def test_the_weekly_mail_says_it_too(clock: Any, practice_day: None) -> None:
    clock.shift(400 * DAY)
    assert any("clock" in each.says for each in findings(timezone.now()) if each.advice)


# --- Letters, links and counts ----------------------------------------------------------------


@pytest.mark.parametrize("days", AWAY)
def test_a_link_to_sign_in_is_good_for_a_day_from_when_it_was_asked_for(
    clock: Any, practice_day: None, therapist: User, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    letters.ask_for_link(therapist)
    clock.shift(days * DAY)
    worker = Worker(monkeypatch)
    worker.round()
    clock.shift(-days * DAY)
    [letter] = mail.outbox
    key = str(letter.body).partition("/account/password/link/")[2].split("/")[0].partition("-")[2]
    therapist.refresh_from_db()
    assert default_token_generator.check_token(therapist, key)
    clock.shift(1.1 * DAY)
    assert not default_token_generator.check_token(therapist, key)


def test_a_link_that_was_asked_for_by_a_wrong_clock_can_be_asked_for_again(
    clock: Any, therapist: User
) -> None:
    clock.shift(400 * DAY)
    letters.ask_for_link(therapist)
    OwedLink.objects.update(sent_at=timezone.now())
    clock.shift(-400 * DAY)
    letters.ask_for_link(therapist)
    assert OwedLink.objects.get().sent_at is None


def test_nobody_stays_locked_out_by_guesses_of_a_wrong_date(
    clock: Any, therapist: User, client: Client
) -> None:
    def guess() -> int:
        words = {"login": therapist.email, "password": "wrong"}
        return client.post("/account/login/", words).status_code

    clock.shift(400 * DAY)
    while guess() != 429:
        pass
    clock.shift(-400 * DAY)
    assert guess() != 429
    while guess() != 429:
        pass
    lockout.forget_old(timezone.now())
    assert AccessAttempt.objects.exists()


def test_a_salt_of_a_day_that_never_was_does_not_outlive_today(clock: Any, db: None) -> None:
    clock.shift(400 * DAY)
    DailySalt.of(timezone.now().date())
    DailyCount.objects.add_one(timezone.now().date(), ["a" * 64])
    clock.shift(-400 * DAY)
    counts.forget_counts()
    assert not DailySalt.objects.exists()
    assert not DailyCount.objects.exists()


def owed_letter(**changes: Any) -> OutgoingEmail:
    consultation, _ = by_visitor.submit(
        factories.unsaved_request(phone="", email="robin@example.com")
    )
    OutgoingEmail.objects.filter(kind="alert_new").delete()
    OutgoingEmail.objects.update(**changes)
    return OutgoingEmail.objects.get(request=consultation)


def test_a_letter_that_failed_or_was_held_by_a_wrong_date_leaves_when_it_is_right(
    clock: Any, practice_day: None
) -> None:
    far = timezone.now() + 400 * DAY
    for changes in ({"attempts": 1, "next_try_at": far}, {"leased_until": far}):
        owed_letter(**changes)
        assert outbox.send_due() == 1
        OutgoingEmail.objects.all().delete()


@pytest.mark.parametrize("days", [30, 365])
def test_no_letter_is_given_up_by_a_wrong_date(
    clock: Any, practice_day: None, settings: Any, days: int
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody listens there
    owed_letter(attempts=30)
    clock.shift(days * DAY)
    assert outbox.send_due() == 0
    assert OutgoingEmail.objects.get().given_up_at is None


@pytest.mark.parametrize("days", AWAY)
def test_a_reminder_that_is_owed_leaves_by_no_wrong_date_and_is_not_lost(
    clock: Any, practice_day: None, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    now = timezone.now()
    ConsultationRequest.objects.all().delete()
    factories.consultation_request(
        state=State.CONFIRMED,
        state_since=now - 9 * DAY,
        starts_at=now + 60 * MINUTE,
        ends_at=now + 80 * MINUTE,
    )
    expiry.queue_reminders()
    clock.shift(days * DAY)
    worker = Worker(monkeypatch)
    worker.round()
    assert not mail.outbox
    clock.shift(-days * DAY)
    worker.ten_minutes(clock)
    worker.pass_by(clock, 61)
    worker.round()
    assert len(mail.outbox) == 1


# --- What the clock is judged by ----------------------------------------------------------------


def test_a_wrong_clock_writes_nothing_that_clocks_are_judged_by(
    clock: Any, practice_day: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def judged_by() -> list[Any]:
        return list(Heartbeat.objects.filter(pk="worker").values_list("trusted_at", flat=True))

    before = judged_by()
    clock.shift(6 * DAY)
    worker = Worker(monkeypatch)
    worker.round()
    worker.ten_minutes(clock)
    assert judged_by() == before
    assert Heartbeat.objects.get(pk="worker").seen_at > timezone.now() - DAY


@pytest.mark.parametrize(
    ("apart", "believed"),
    [(47 * 60, True), (49 * 60, False), (-59, True), (-61, False)],
)
def test_how_far_a_clock_may_be_from_the_last_sign(
    clock: Any, practice_day: None, apart: int, believed: bool
) -> None:
    from practice.worker import clocks

    clock.shift(apart * MINUTE)
    assert (clocks.doubt(timezone.now()) is None) == believed


def test_a_practice_that_has_just_begun_believes_its_clock(db: None) -> None:
    from practice.worker import clocks

    assert clocks.doubt(timezone.now()) is None


def test_a_database_without_a_sign_of_life_is_judged_by_its_newest_request(
    clock: Any, practice: PracticeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.schedule()
    factories.consultation_request(state=State.CLOSED)
    clock.shift(400 * DAY)
    worker = Worker(monkeypatch)
    worker.round()
    factories.consultation_request()  # by a web server of the same clock
    worker.ten_minutes(clock)
    assert ConsultationRequest.objects.count() == 2
