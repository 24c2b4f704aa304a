"""A clock that jumps, forward and back by hours: nothing is ended, doubled or kept for it."""

import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from blog.models import ArticlePage
from booking.forms.times import as_value
from booking.letters import outbox
from booking.models import ConsultationRequest, OutgoingEmail, RequestEvent
from booking.services import by_visitor
from practice.accounts.sessions import SEEN
from practice.models import Heartbeat, PracticeSettings, User, tallies
from practice.worker import heartbeat, jobs
from practice.worker.clocks import DISTRUSTED_FOR, WallClock
from tests import factories
from tests.booking.test_clock import on_file, one_of_everything
from tests.conftest import missing_part
from tests.faults import clocked
from tests.faults.browser import Browser
from tests.faults.mailserver import MailServer
from tests.faults.site import THERAPIST, LiveSite, wait_until
from tests.faults.test_kills import (
    Attempt,
    Visitors,
    assert_each_is_there_once,
    assert_each_message_left,
    key,
)

HOURS = (3, -5)
HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(datetime.now(UTC), tick=True) as moved:
        yield moved


@pytest.mark.parametrize("hours", HOURS)
def test_a_clock_that_jumps_is_not_believed_for_ten_minutes(
    clock: Any, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    wall = WallClock()
    assert wall.is_steady()
    clock.shift(hours * 3600)
    assert not wall.is_steady()
    assert not wall.is_steady(), "also when it is asked again"
    real = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: real() + DISTRUSTED_FOR + 1)
    clock.shift(DISTRUSTED_FOR + 1)
    assert wall.is_steady()


def test_a_hold_does_not_end_by_a_clock_that_is_set_right_again(
    clock: Any, practice: PracticeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "close_old_connections", lambda: None)  # not the test's own
    factories.schedule()
    at = timezone.now() + timedelta(days=2)
    consultation = factories.consultation_request(
        starts_at=at, ends_at=at + timedelta(minutes=20), holds_until=timezone.now() + HOUR
    )
    [job] = [each for each in jobs.recurring(poll=0, stopping=bool) if each.name == "release_holds"]
    for hours in (3, -3):
        clock.shift(hours * 3600)
        job.run_if_due()
        consultation.refresh_from_db()
        assert consultation.starts_at is not None


def test_a_letter_of_a_clock_that_was_ahead_leaves_when_it_is_set_back(
    clock: Any, practice: PracticeSettings
) -> None:
    clock.shift(3 * 3600)
    by_visitor.submit(factories.unsaved_request())
    clock.shift(-3 * 3600)
    assert outbox.send_due() == 2
    assert outbox.send_due() == 0
    assert len(mail.outbox) == 2


def test_a_message_that_is_on_its_way_does_not_leave_twice_by_a_jump(
    clock: Any, practice: PracticeSettings
) -> None:
    """The other worker takes what seems to be left behind; the first one notices."""
    by_visitor.submit(factories.unsaved_request(email="", phone="+16265550143"))
    first = outbox.Outbox().claim(timezone.now())
    assert first
    clock.shift(3 * 3600)
    assert outbox.send_due() == 1
    assert not outbox.Outbox().deliver(first)
    assert len(mail.outbox) == 1
    assert OutgoingEmail.objects.get().sent_at


def test_a_limit_is_no_stricter_by_a_clock_that_is_set_back(clock: Any, db: None) -> None:
    clock.shift(5 * 3600)
    assert tallies.spend("link", "robin", limit=1, within=HOUR)
    assert not tallies.spend("link", "robin", limit=1, within=HOUR)
    clock.shift(-5 * 3600)
    assert tallies.spend("link", "robin", limit=1, within=HOUR)


def test_a_session_is_no_longer_by_a_clock_that_is_set_back(
    clock: Any, therapist: User, practice: PracticeSettings
) -> None:
    clock.shift(5 * 3600)
    client = factories.signed_in(therapist)
    clock.shift(-5 * 3600)
    assert client.get("/admin/").status_code == 200
    assert client.session[SEEN] <= time.time()
    assert client.session.get_expiry_date() <= timezone.now() + timedelta(minutes=31)
    clock.shift(31 * 60)
    assert client.get("/admin/").status_code == 302


def test_a_clock_that_leaps_ahead_signs_out_and_harms_nothing(
    clock: Any, as_therapist: Client, practice: PracticeSettings
) -> None:
    assert as_therapist.get("/admin/").status_code == 200
    clock.shift(13 * 3600)
    assert as_therapist.get("/admin/").status_code == 302


# --- Web server and worker as they run ----------------------------------------------------


@pytest.mark.soak
def test_web_server_and_worker_under_a_clock_that_jumps(
    live_site: Callable[..., LiveSite],
    mail_server: MailServer,
    chance: Any,
    report: dict[str, object],
    tmp_path: Path,
) -> None:
    site, offset = live_site(mail_server.url), tmp_path / "offset"
    clocked.move(offset, 0)
    clocked.use(site, offset)
    site.worker.start()
    site.start_web()
    with Visitors(site, chance, count=3) as visitors:
        for hours in (3, -2, 0, 26, -26, 0):
            clocked.move(offset, hours)
            answered = visitors.acknowledged()
            wait_until(lambda n=answered: visitors.acknowledged() > n + 3, "visitors are answered")
    acknowledged = {attempt.key for attempt in visitors.attempts if attempt.location}
    with site.database():
        site.wait_for_mail()
        requests = list(ConsultationRequest.objects.all())
        report |= {
            "acknowledged": len(acknowledged),
            "found of them": len(acknowledged & {key(consultation) for consultation in requests}),
            **assert_each_message_left(mail_server),
        }
        assert_each_is_there_once(visitors.attempts, requests)
    assert report["doubled"] == 0


@pytest.mark.parametrize("requests", [pytest.param(100, marks=pytest.mark.soak)])
def test_a_day_without_the_mail_server(
    live_site: Callable[..., LiveSite],
    report: dict[str, object],
    tmp_path: Path,
    requests: int,
) -> None:
    """All that day the worker tries, and every letter leaves once when the server is back."""
    server = MailServer()
    site, offset = live_site(server.url), tmp_path / "offset"
    clocked.move(offset, 0)
    clocked.use(site, offset)
    with site.database():
        for number in range(requests):
            by_visitor.submit(factories.unsaved_request(email=f"v{number}@visitor.example"))
        site.worker.start()
        for hours in range(24):
            clocked.move(offset, hours)
            now = timezone.now() + hours * HOUR
            due = OutgoingEmail.objects.due(now)
            wait_until(lambda due=due: not due.exists(), "each letter is tried")
        failed = min_attempts()
        assert failed >= 5
        server.start()
        clocked.move(offset, 29)
        site.wait_for_mail()
        left = [delivery.key for delivery in server.accepted]
        report |= {
            "owed": requests * 2,
            "left": len(set(left)),
            "doubled": len(left) - len(set(left)),
        }
        report["tried in vain at least"] = failed
        server.stop()
    assert (report["left"], report["doubled"]) == (requests * 2, 0)


def min_attempts() -> int:
    """How often that letter was tried which was tried least."""
    return min(OutgoingEmail.objects.filter(sent_at=None).values_list("attempts", flat=True))


# --- A date that is wrong ------------------------------------------------------------------

DAYS = (6, 30, 365, -6, -30, -365)
PASSED = 661  # seconds, longer than a clock that jumped is distrusted for that alone


def by_faketime(site: LiveSite, days: int) -> None:
    """Its worker starts with a date that is so far off."""
    if shutil.which("faketime") is None:
        missing_part("faketime is missing. On Debian: apt install faketime")
    site.worker.command = ["faketime", "-f", f"{days:+d}d", *site.worker.command]


def a_visitor_writes(site: LiveSite, server: MailServer) -> ConsultationRequest:
    """Returns once the acknowledgement and the alert have left, after which each job had a turn."""
    attempt = Attempt(when=as_value(factories.open_time(9)))
    before = len(server.accepted)
    attempt.post(site.port)
    wait_until(lambda: len(server.accepted) >= before + 2, "both letters leave")
    return ConsultationRequest.objects.get(submission_key=attempt.key)


def lost(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """What is not as it was."""
    gone = {what: [row for row in rows if row not in after[what]] for what, rows in before.items()}
    return {what: rows for what, rows in gone.items() if rows}


def first_page() -> str:
    therapist = User.objects.get(email=THERAPIST)
    return " ".join(factories.signed_in(therapist).get("/admin/").content.decode().split())


def try_a_wrong_date(
    site: LiveSite,
    server: MailServer,
    goes_wrong: Callable[[], object],
    passes: Callable[[], object],
) -> dict[str, object]:
    """Starts the site, lets its worker's clock go wrong, and looks at what came of it."""
    with site.database():
        one_of_everything(ArticlePage.objects.live().get())
        mine = ConsultationRequest.objects.count()
        before = on_file()
        site.start_web()
        goes_wrong()
        written = [a_visitor_writes(site, server) for _ in range(2)]
        passes()
        written += [a_visitor_writes(site, server) for _ in range(2)]
        after = on_file()
        events = RequestEvent.objects.filter(request__in=written).count()
        kinds = Counter(OutgoingEmail.objects.values_list("kind", flat=True))
        figures: dict[str, object] = {
            "on file before": mine,
            "lost": lost(before, after),
            "events of what was written meanwhile": events,
            "their times still reserved": ConsultationRequest.objects.filter(
                pk__in=[each.pk for each in written], starts_at__isnull=False
            ).count(),
            "letters": dict(kinds),
            "ready": Browser(site.url).get("/readyz/").status,
            "first page says why": "Check the date" in first_page(),
        }
        site.worker.stop()
    return figures


def assert_nothing_came_of_it(figures: dict[str, object]) -> None:
    assert figures["lost"] == {}
    assert figures["events of what was written meanwhile"] == 4, "that they came in, and no more"
    assert figures["their times still reserved"] == 4
    assert figures["letters"] == {"received": 4, "alert_new": 4}
    assert figures["ready"] == 200
    assert figures["first page says why"]


def soaked(days: tuple[int, ...], short: int) -> list[Any]:
    return [d if d == short else pytest.param(d, marks=pytest.mark.soak) for d in days]


@pytest.mark.parametrize("days", soaked((400, *DAYS), 400))
def test_a_worker_that_starts_with_a_wrong_date_harms_nothing(
    live_site: Callable[..., LiveSite],
    mail_server: MailServer,
    report: dict[str, object],
    days: int,
) -> None:
    site = live_site(mail_server.url)
    by_faketime(site, days)
    report |= try_a_wrong_date(site, mail_server, site.worker.start, lambda: None)
    assert_nothing_came_of_it(report)


@pytest.mark.parametrize("days", soaked(DAYS, -30))
@pytest.mark.parametrize("starts", [pytest.param(True, marks=pytest.mark.soak), False])
def test_a_date_that_is_wrong_for_longer_than_ten_minutes_harms_nothing(
    live_site: Callable[..., LiveSite],
    mail_server: MailServer,
    report: dict[str, object],
    tmp_path: Path,
    days: int,
    starts: bool,
) -> None:
    """From its start, or from when the worker has run for a while."""
    site, offset = live_site(mail_server.url), tmp_path / "offset"
    clocked.use_for_worker(site, offset)

    def goes_wrong() -> None:
        clocked.move(offset, days * 24 if starts else 0)
        site.worker.start()
        wait_until(lambda: Heartbeat.objects.filter(pk="worker").exists(), "the worker lives")
        clocked.move(offset, days * 24)
        time.sleep(0.1)  # the worker looks at the file fifty times a second

    def passes() -> None:
        clocked.move(offset, days * 24, PASSED)
        time.sleep(0.1)

    report |= try_a_wrong_date(site, mail_server, goes_wrong, passes)
    assert_nothing_came_of_it(report)


@pytest.mark.parametrize("requests", [pytest.param(1756, marks=pytest.mark.soak)])
def test_a_practice_of_many_years_loses_nobody_to_a_wrong_date(
    live_site: Callable[..., LiveSite],
    mail_server: MailServer,
    report: dict[str, object],
    requests: int,
) -> None:
    site = live_site(mail_server.url)
    by_faketime(site, 400)
    with site.database():
        factories.schedule()
        heartbeat.note(heartbeat.WORKER, timezone.now())
        for number in range(requests):
            since = timezone.now() - (number % 89) * timedelta(days=1)
            factories.consultation_request(state="closed", state_since=since)
        site.start_web()
        site.worker.start()
        for _ in range(3):
            a_visitor_writes(site, mail_server)
        report |= {"requests": requests, "left": ConsultationRequest.objects.count() - 3}
        assert report["left"] == requests
        assert "Check the date" in first_page()
