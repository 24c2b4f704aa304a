"""A clock that jumps, forward and back by hours: nothing is ended, doubled or kept for it."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from booking import jobs, outbox, services
from booking.models import ConsultationRequest, OutgoingEmail
from practice.accounts import limits
from practice.accounts.sessions import SEEN
from practice.clocks import DISTRUSTED_FOR, WallClock
from practice.models import PracticeSettings, User
from tests import factories
from tests.faults import clocked
from tests.faults.mailserver import MailServer
from tests.faults.site import LiveSite, wait_until
from tests.faults.test_kills import (
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
    clock: Any, practice: PracticeSettings
) -> None:
    factories.schedule()
    at = timezone.now() + timedelta(days=2)
    request = factories.consultation_request(
        starts_at=at, ends_at=at + timedelta(minutes=20), holds_until=timezone.now() + HOUR
    )
    [job] = [each for each in jobs.recurring(poll=0, stopping=bool) if each.name == "release_holds"]
    for hours in (3, -3):
        clock.shift(hours * 3600)
        job.run_if_due()
        request.refresh_from_db()
        assert request.starts_at is not None


def test_a_letter_of_a_clock_that_was_ahead_leaves_when_it_is_set_back(
    clock: Any, practice: PracticeSettings
) -> None:
    clock.shift(3 * 3600)
    services.submit(factories.unsaved_request())
    clock.shift(-3 * 3600)
    assert outbox.send_due() == 2
    assert outbox.send_due() == 0
    assert len(mail.outbox) == 2


def test_a_message_that_is_on_its_way_does_not_leave_twice_by_a_jump(
    clock: Any, practice: PracticeSettings
) -> None:
    """The other worker takes what seems to be left behind; the first one notices."""
    services.submit(factories.unsaved_request(email="", phone="+16265550143"))
    first = outbox.claim(timezone.now())
    assert first
    clock.shift(3 * 3600)
    assert outbox.send_due() == 1
    assert not outbox.deliver(first)
    assert len(mail.outbox) == 1
    assert OutgoingEmail.objects.get().sent_at


def test_a_limit_is_no_stricter_by_a_clock_that_is_set_back(clock: Any, db: None) -> None:
    clock.shift(5 * 3600)
    assert limits.spend("link", "robin", limit=1, within=HOUR)
    assert not limits.spend("link", "robin", limit=1, within=HOUR)
    clock.shift(-5 * 3600)
    assert limits.spend("link", "robin", limit=1, within=HOUR)


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
            "found of them": len(acknowledged & {key(request) for request in requests}),
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
            services.submit(factories.unsaved_request(email=f"v{number}@visitor.example"))
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
