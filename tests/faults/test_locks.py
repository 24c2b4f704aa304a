"""Somebody holds locks for long: whoever posts is told in time, and whoever reads reads on.

What is held: on SQLite the one lock of the file, on PostgreSQL the schedule's row, which a post
meets first. Two locks: after a while that one is let go of, and there is another, on SQLite the
same once more, on PostgreSQL the outbox. Everything: on PostgreSQL what each page asks for first.
"""

import statistics
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime

import pytest
from django.db import connection, transaction

from booking.models import ConsultationRequest, OutgoingEmail, Schedule
from practice.http.gunicorn_worker import WAITING_AT_MOST
from practice.models import PracticeSettings, Stamp
from tests import factories
from tests.faults.browser import Browser
from tests.faults.site import PATIENCE, LiveSite, wait_until
from tests.faults.test_races import Visitor, at_once

ONE, TWO, EVERYTHING = "one lock", "two locks", "everything"
FIRST = 0.6  # of a post's budget, for which the first of two locks is held
ASKS_EVERY = 2  # seconds


@contextmanager
def held(site: LiveSite, locks: str) -> Iterator[None]:
    """Within it another session holds them, and does nothing."""
    has_it, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with site.database():
            with transaction.atomic():
                lock_second(locks)
                beside = transaction.savepoint()
                Schedule.load().lock()
                has_it.set()
                let_go.wait(FIRST * float(site.env["WAITS_AT_MOST"]) if locks == TWO else None)
                if connection.vendor == "postgresql" and locks == TWO:
                    transaction.savepoint_rollback(beside)  # which lets go of the schedule
                    let_go.wait()
            if connection.vendor == "sqlite" and locks == TWO:
                with transaction.atomic():
                    let_go.wait()

    holder = threading.Thread(target=hold, daemon=True)
    holder.start()
    assert has_it.wait(PATIENCE)
    try:
        yield
    finally:
        let_go.set()
        holder.join(PATIENCE)


def lock_second(locks: str) -> None:
    if connection.vendor == "postgresql":
        tables = {ONE: [], TWO: [OutgoingEmail], EVERYTHING: [Stamp, PracticeSettings]}[locks]
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")  # the site's own
            for table in tables:
                cursor.execute(f"LOCK TABLE {table._meta.db_table}")


class Crowd:
    """People who send forms and ask for pages, again and again, until all is over."""

    def __init__(self, site: LiveSite) -> None:
        self.site = site
        self.took: dict[str, list[tuple[int, float]]] = defaultdict(list)  # status and seconds
        self.problems: list[BaseException] = []
        self.is_over = threading.Event()
        self.threads: list[threading.Thread] = []

    def does(self, act: Callable[[], bool]) -> None:
        """Somebody of it does `act` as long as that wants to go on."""

        def again() -> None:
            try:
                while not self.is_over.is_set() and act():
                    pass
            except BaseException as problem:
                self.problems.append(problem)

        self.threads.append(threading.Thread(target=again, daemon=True))

    def asks(self, who: str, path: str, *statuses: int) -> None:
        def ask() -> bool:
            asked = time.monotonic()
            answer = Browser(self.site.url).get(path)
            self.took[who].append((answer.status, time.monotonic() - asked))
            assert answer.status in statuses, (path, answer.text)
            return not self.is_over.wait(ASKS_EVERY)

        self.does(ask)

    def sends(self, start: datetime) -> None:
        visitor = Visitor()

        def send() -> bool:
            asked = time.monotonic()
            answer = visitor.post(self.site.port, start)
            self.took["posts"].append((answer.status, time.monotonic() - asked))
            if answer.status == 303:
                return False
            assert answer.status == 503, answer.text
            assert "Your request was not sent" in answer.text
            assert all(typed in answer.text for typed in visitor.typed.values())
            return True

        self.does(send)

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join(PATIENCE)
        if self.problems:
            raise self.problems[0]

    def table(self) -> str:
        lines = ["who       answers    min  median    max  statuses"]
        for who, answers in self.took.items():
            took = [seconds for _, seconds in answers]
            figures = (min(took), statistics.median(took), max(took))
            told = ", ".join(f"{n} x {s}" for s, n in Counter(s for s, _ in answers).items())
            numbers = "".join(f"{figure:7.2f}" for figure in figures)
            lines.append(f"{who:9}{len(took):8}{numbers}  {told}")
        return "\n".join(lines)


@pytest.fixture
def site(live_site: Callable[..., LiveSite]) -> LiveSite:
    site = live_site("dummymail://")
    site.collect_static()
    return site


def lasting(seconds: float, budget: str, posts: int, readers: int) -> object:
    marks = [pytest.mark.soak] if seconds > 10 else []
    return pytest.param(seconds, budget, posts, readers, marks=marks, id=f"{seconds:.0f} s")


@pytest.mark.parametrize("locks", [ONE, TWO, EVERYTHING])
@pytest.mark.parametrize(
    ("seconds", "budget", "posts", "readers"),
    [lasting(2, "1", 8, 8), lasting(30, "8", 20, 50), lasting(60, "8", 20, 50)],
)
def test_while_locks_are_held_who_posts_is_told_and_who_reads_reads_on(
    site: LiveSite,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
    seconds: float,
    budget: str,
    posts: int,
    readers: int,
    locks: str,
) -> None:
    if locks == EVERYTHING and connection.vendor == "sqlite":
        pytest.skip("readers of SQLite in WAL mode are never locked out")
    site.env["WAITS_AT_MOST"] = budget
    site.start_web()
    with site.database():
        factories.schedule(horizon_days=120)
        starts = factories.open_times()[: posts * 4 : 4]
        essay = site.article().url
    at_once([lambda: Browser(site.url).get(essay)] * 32)  # so that both processes have it
    crowd = Crowd(site)
    for start in starts:
        crowd.sends(start)
    for _ in range(readers):
        crowd.asks("readers", essay, 200)
    for _ in range(2):
        crowd.asks("healthz", "/healthz/", 200)
        crowd.asks("the form", "/consultation/", 200, *([503] if locks == EVERYTHING else []))
    with held(site, locks):
        crowd.start()
        began = time.monotonic()
        wait_until(lambda: len(crowd.took["posts"]) >= posts or crowd.problems, "all are told")
        crowd.is_over.wait(max(0, began + seconds - time.monotonic()))
        while_held = len(crowd.took["posts"])
    wait_until(
        lambda: [s for s, _ in crowd.took["posts"]].count(303) == posts or crowd.problems,
        "what was not sent is sent when they are gone",
    )
    crowd.stop()
    assert while_held >= posts
    with site.database():
        assert ConsultationRequest.objects.count() == posts
    table = f"{locks} for {seconds:.0f} s on {connection.vendor}:\n{crowd.table()}"
    with capsys.disabled() if request.node.get_closest_marker("soak") else nullcontext():
        print(f"\n{table}")


def test_more_posts_than_may_wait_are_told_at_once(site: LiveSite) -> None:
    """While those before them still wait, and long before their budget is used up."""
    site.env["WAITS_AT_MOST"] = str(PATIENCE)
    site.env["GUNICORN_CMD_ARGS"] = "--workers 1"
    site.start_web()
    with site.database():
        factories.schedule()
        start = factories.open_time()
    statuses: list[int] = []

    def post() -> None:
        statuses.append(Visitor().post(site.port, start).status)

    too_many = 8
    threads = [threading.Thread(target=post) for _ in range(WAITING_AT_MOST + too_many)]
    with held(site, ONE):
        for thread in threads:
            thread.start()
        wait_until(lambda: len(statuses) == too_many, "those beyond are told")
        assert Browser(site.url).get("/about/").status == 200
        assert statuses == [503] * too_many
    for thread in threads:
        thread.join(PATIENCE)
    assert Counter(statuses) == {503: too_many, 303: 1, 409: WAITING_AT_MOST - 1}
