"""Many people who want one time at the same moment: one of them has it.

SQLite lets one write at a time and hides what these tests look for; PostgreSQL shows it as soon as
nothing guards.
"""

import http.client
import re
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import TypeVar
from urllib.parse import urlencode

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client

from booking.forms.times import as_value
from booking.letters import emails
from booking.models import (
    ConsultationRequest,
    OutgoingEmail,
    RequestEvent,
    Schedule,
    SlotClaim,
    State,
    cells,
)
from booking.services import by_visitor, decisions, transitions
from booking.times import reservations
from practice.accounts import letters
from practice.models import HomePage, PracticeSettings
from tests import factories
from tests.faults.site import HOST, PATIENCE, LiveSite

Result = TypeVar("Result")


def at_once(acts: Sequence[Callable[[], Result]]) -> list[Result]:
    """What each of `acts` gave, in this order; all begin at the same moment, each in a thread."""
    start = threading.Barrier(len(acts))
    results: list[Result | BaseException] = [TimeoutError("never ended")] * len(acts)

    def run(number: int) -> None:
        try:
            start.wait(PATIENCE)
            results[number] = acts[number]()
        except BaseException as error:
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,), daemon=True) for n in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * PATIENCE)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results  # type: ignore[return-value]


# --- What guards, piece by piece ------------------------------------------------------------------

THREADS = 12


@pytest.fixture
def practice_day(committed: HomePage) -> None:
    factories.practice_settings()
    factories.schedule()


@pytest.fixture
def without_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Schedule, "lock", lambda self: self)


@pytest.fixture
def without_constraint(practice_day: None) -> Iterator[None]:
    """Two may claim one cell, until the test is over."""
    (constraint,) = SlotClaim._meta.constraints
    with connection.schema_editor() as editor:
        editor.remove_constraint(SlotClaim, constraint)
    yield
    SlotClaim.objects.all().delete()
    with connection.schema_editor() as editor:
        editor.add_constraint(SlotClaim, constraint)


def asks_for(start: datetime) -> Callable[[], bool]:
    """Somebody who asks for that time; gives whether they have it."""

    def ask() -> bool:
        try:
            by_visitor.submit(factories.unsaved_request(asked_for=start))
        except reservations.TimeTaken:
            return False
        return True

    return ask


def winners(start: datetime) -> int:
    """How many of those who asked for that time at once were told that they have it."""
    has_it = sum(at_once([asks_for(start)] * THREADS))
    assert ConsultationRequest.objects.filter(starts_at=start).count() == has_it
    assert RequestEvent.objects.filter(request__starts_at=start).count() == has_it
    return has_it


@pytest.mark.parametrize("kind", ["code of an app", "recovery code", "link"])
def test_what_is_good_once_lets_one_of_six_browsers_in(committed: HomePage, kind: str) -> None:
    person = factories.user("owner@example.com", Group.objects.get(name="Therapist"))
    page, browsers = "/account/login/code/", [Client() for _ in range(6)]
    if kind == "link":
        page = letters.one_time_link(person).removeprefix("http://testserver")
        fields = {"act": "passkey"}
        forms = {each.get(page, follow=True).request["PATH_INFO"] for each in browsers}
        [page] = forms
    else:
        code = factories.code_of(factories.second_factor(person))
        if kind == "recovery code":
            code = RecoveryCodes.activate(person).generate_codes()[0]
        fields = {"code": code}
        for each in browsers:
            each.post("/account/login/", {"login": person.email, "password": "correct horse 7"})
    at_once([partial(each.post, page, fields) for each in browsers])
    assert sum(SESSION_KEY in each.session for each in browsers) == 1


def test_one_of_many_has_the_time(practice_day: None) -> None:
    assert [winners(factories.open_time()) for _ in range(5)] == [1] * 5
    assert OutgoingEmail.objects.count() == 2 * 5


def test_the_database_alone_guards_as_well(practice_day: None, without_lock: None) -> None:
    assert [winners(factories.open_time()) for _ in range(5)] == [1] * 5


def test_with_every_guard_off_a_time_is_given_twice(
    practice_day: None, without_lock: None, without_constraint: None
) -> None:
    """The proof that these tests would see it."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets one transaction write at a time, which hides the race")
    given = [winners(factories.open_time()) for _ in range(5)]
    assert max(given) > 1, given


def test_the_last_place_of_a_day_goes_to_one(practice_day: None) -> None:
    """No cell is wanted twice here: the lock of the schedule is what guards."""
    assert last_places(rounds=5) == [1] * 5


def test_without_its_lock_the_last_place_of_a_day_is_given_twice(
    practice_day: None, without_lock: None
) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets one transaction write at a time, which hides the race")
    given = last_places(rounds=5)
    assert max(given) > 1, given


def last_places(rounds: int) -> list[int]:
    """How many got the one place of a day, each asking for another time of it."""
    factories.schedule(daily_limit=1)
    return [
        sum(at_once([asks_for(start) for start in times_of_one_day()[:THREADS]]))
        for _ in range(rounds)
    ]


def times_of_one_day() -> list[datetime]:
    """Open times of the first day that has enough of them, none in the way of another."""
    days: dict[date, list[datetime]] = {}
    for start in factories.open_times():
        days.setdefault(start.astimezone(PracticeSettings.load().zone).date(), []).append(start)
    return next(times for times in days.values() if len(times) >= THREADS)


def test_two_tabs_and_the_visitor_decide_at_once_and_one_of_them_does(practice_day: None) -> None:
    user = factories.user("somebody@example.com")
    words = emails.Draft("About your message", "Some words.")

    def confirm(tab: ConsultationRequest, start: datetime) -> None:
        decisions.confirm(tab, user=user, words=words, starts_at=start, minutes=20)

    for _ in range(5):
        pk = by_visitor.submit(factories.unsaved_request())[0].pk
        one, two, visitors = (ConsultationRequest.objects.get(pk=pk) for _ in range(3))
        first, second = factories.open_times()[:2]
        acts = [
            partial(confirm, one, first),
            partial(confirm, two, second),
            partial(by_visitor.withdraw, visitors),
        ]
        assert sum(at_once([decides(act) for act in acts])) == 1
        after = ConsultationRequest.objects.get(pk=pk)
        assert after.version == 2
        assert after.claims.count() == (6 if after.state == State.CONFIRMED else 0)


def decides(act: Callable[[], None]) -> Callable[[], bool]:
    """Gives whether `act` was done, or came too late."""

    def decide() -> bool:
        try:
            act()
        except (transitions.Stale, transitions.NotAllowed):
            return False
        return True

    return decide


# --- The whole site, over HTTP ----------------------------------------------------------------

few_or_many = pytest.mark.parametrize(
    ("rounds", "visitors"), [(1, 16), pytest.param(200, 64, marks=pytest.mark.soak)]
)


@dataclass
class Answer:
    """What a visitor's browser got: the form again, or where to go on."""

    status: int
    location: str
    text: str


@dataclass
class Visitor:
    """Somebody who fills in the form; all that they type is theirs alone."""

    name: str = field(default_factory=lambda: f"Visitor {uuid.uuid4().hex}")
    key: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def typed(self) -> dict[str, str]:
        return {
            "name": self.name,
            "email": f"{self.key}@visitor.example",
            "good_hours": f"After six, {self.key}",
            "message": f"A message of {self.key}",
        }

    def post(self, port: int, start: datetime, host: str = HOST) -> Answer:
        fields = self.typed | {"key": self.key, "when": as_value(start), "who": "us"}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        site = http.client.HTTPConnection(host, port, timeout=PATIENCE)
        try:
            site.request("POST", "/consultation/", urlencode(fields), headers)
            got = site.getresponse()
            return Answer(got.status, got.headers.get("Location", ""), got.read().decode())
        finally:
            site.close()

    def assert_is_asked_again(self, answer: Answer, lost: datetime) -> None:
        """The form with everything kept, and with fresh times."""
        assert answer.status == 409, answer.text
        assert "was just taken" in answer.text
        for typed in self.typed.values():
            assert typed in answer.text
        assert re.search(r'value="us"[^>]*checked', answer.text)
        fresh = re.findall(r'value="(20\d\d-[^"]+Z)"', answer.text)
        assert len(fresh) >= 3
        assert as_value(lost) not in fresh


@pytest.fixture
def site(live_site: Callable[..., LiveSite]) -> LiveSite:
    """The web server, which offers times on 120 days; its mail waits for a worker."""
    site = live_site("consolemail://")
    site.collect_static()
    with site.database():
        factories.schedule(horizon_days=120)
    site.start_web()
    return site


@pytest.fixture
def report(
    request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> Iterator[Counter[str]]:
    """Figures that the soak prints."""
    figures: Counter[str] = Counter()
    started = time.monotonic()
    yield figures
    line = ", ".join(f"{name} {count}" for name, count in sorted(figures.items()))
    shown = capsys.disabled() if request.node.get_closest_marker("soak") else nullcontext()
    with shown:
        seconds = round(time.monotonic() - started)
        print(f"\n{request.node.name} on {connection.vendor}: {line}, seconds {seconds}")


@few_or_many
def test_of_all_who_post_one_time_at_once_one_has_it(
    site: LiveSite, report: Counter[str], rounds: int, visitors: int
) -> None:
    for _ in range(rounds):
        with site.database():
            start = factories.open_time()
        people = [Visitor() for _ in range(visitors)]
        answers = at_once([partial(person.post, site.port, start) for person in people])
        report.update(f"answers {answer.status}" for answer in answers)
        assert sorted(a.status for a in answers) == [303] + [409] * (visitors - 1)
        for person, answer in zip(people, answers, strict=True):
            if answer.status != 303:
                person.assert_is_asked_again(answer, lost=start)
        with site.database():
            won = ConsultationRequest.objects.get(starts_at=start)
            assert won.name == people[[a.status for a in answers].index(303)].name
            assert SlotClaim.objects.filter(cell__in=cells(start, won.ends_at)).count() == 4
    with site.database():
        assert ConsultationRequest.objects.count() == rounds
        assert SlotClaim.objects.count() == 6 * rounds
        assert OutgoingEmail.objects.count() == 2 * rounds


@pytest.mark.parametrize("rounds", [1, pytest.param(60, marks=pytest.mark.soak)])
def test_of_two_who_post_for_the_last_place_of_a_day_one_has_it(
    site: LiveSite, report: Counter[str], rounds: int
) -> None:
    with site.database():
        factories.schedule(horizon_days=120, daily_limit=1)
    for _ in range(rounds):
        with site.database():
            first, *_, last = times_of_one_day()
        people = [(Visitor(), first), (Visitor(), last)]
        answers = at_once([partial(person.post, site.port, start) for person, start in people])
        report.update(f"answers {answer.status}" for answer in answers)
        assert sorted(answer.status for answer in answers) == [303, 409]
        for (person, start), answer in zip(people, answers, strict=True):
            if answer.status == 409:
                person.assert_is_asked_again(answer, lost=start)
    with site.database():
        assert ConsultationRequest.objects.count() == rounds


def test_a_form_that_is_sent_many_times_at_once_is_one_request(site: LiveSite) -> None:
    with site.database():
        start = factories.open_time()
    visitor = Visitor()
    answers = at_once([partial(visitor.post, site.port, start)] * 8)
    assert [answer.status for answer in answers] == [303] * 8
    assert len({answer.location for answer in answers}) == 1
    with site.database():
        assert ConsultationRequest.objects.get().starts_at == start
        assert OutgoingEmail.objects.count() == 2
