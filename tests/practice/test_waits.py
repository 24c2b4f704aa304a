"""One budget of waiting for all that a request does; and what the threads of a process share."""

import gc
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from practice.http import outage, waits
from practice.models import PracticeSettings
from practice.pagecache import middleware, version
from tests.faults.site import PATIENCE


@pytest.fixture
def came() -> Iterator[Callable[[float], None]]:
    """`came(5)`: this thread's request came five seconds ago."""
    token = waits.came.set(None)
    yield lambda ago: waits.came.set(time.monotonic() - ago)
    waits.came.reset(token)


def patience() -> float:
    """Seconds that the statement which asks may wait for a lock."""
    sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        if sqlite:
            cursor.execute("PRAGMA busy_timeout")
        else:
            cursor.execute("SELECT setting FROM pg_settings WHERE name = 'lock_timeout'")
        return int(cursor.fetchone()[0]) / 1000


def within_a(method: str, view: Callable[[], object]) -> None:
    def get_response(request: HttpRequest) -> HttpResponse:
        view()
        return HttpResponse()

    waits.OneBudget(get_response)(RequestFactory().generic(method, "/"))


def told(method: str) -> float:
    given: list[float] = []
    within_a(method, lambda: given.append(patience()))
    return given[0]


def test_a_second_lock_is_waited_for_only_as_long_as_the_first_left(
    db: None, came: Callable[[float], object]
) -> None:
    assert told("POST") == pytest.approx(8, abs=0.5)
    came(5)
    assert told("POST") == pytest.approx(3, abs=0.5)
    came(9)
    assert told("POST") == waits.LEAST, "what was waited for in the queue counts"
    came(0)
    assert told("POST") == pytest.approx(8, abs=0.5), "and the next has all of it again"


def test_what_is_no_waiting_takes_nothing_from_the_budget(
    db: None, came: Callable[[float], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading a large picture takes longer than all that a post may wait."""
    given: list[float] = []

    def view() -> None:
        moments = iter([100.0, 112.0])
        with monkeypatch.context() as patch:
            patch.setattr(waits.time, "monotonic", lambda: next(moments))
            with waits.not_counted():
                pass
        given.append(patience())

    within_a("POST", view)
    assert given == [pytest.approx(20, abs=0.5)]


def test_a_reader_waits_less_and_for_the_version_of_the_site_least(db: None) -> None:
    assert told("GET") == pytest.approx(waits.READS, abs=0.5)

    def glance() -> None:
        with waits.at_most(waits.GLANCE):
            assert patience() <= waits.GLANCE
        assert patience() > waits.GLANCE

    within_a("GET", glance)


def test_a_rollback_gives_nobody_more_patience(
    transactional_db: None, came: Callable[[float], object]
) -> None:
    def waits_and_rolls_back() -> None:
        assert patience() == pytest.approx(8, abs=0.5)
        with transaction.atomic():
            before = transaction.savepoint()
            with waits.at_most(2):
                assert patience() == pytest.approx(2, abs=0.3)
            transaction.savepoint_rollback(before)
            with waits.at_most(2):
                assert patience() == pytest.approx(2, abs=0.3)
            transaction.set_rollback(True)
        assert patience() == pytest.approx(8, abs=0.5)

    within_a("POST", waits_and_rolls_back)


def test_whether_the_process_answers_asks_no_database(
    as_therapist: Client, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        answer = as_therapist.get("/healthz/")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def stop_in_a_transaction() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = 50")
        time.sleep(0.5)
        cursor.execute("SELECT 1")


def test_whoever_stops_in_the_middle_of_a_transaction_lets_go_of_its_locks_and_says_so(
    transactional_db: None,
) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("of PostgreSQL alone")
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("1min",)
    with pytest.raises(DatabaseError) as ended:
        stop_in_a_transaction()
    assert outage.is_one(ended.value)
    assert patience() > 0, "the next has a new connection"


# --- What the threads of a process share ----------------------------------------------------------


def test_a_version_that_is_read_late_does_not_take_the_place_of_a_newer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reads_old, has_read_new = threading.Event(), threading.Event()

    def slow() -> str:
        reads_old.set()
        assert has_read_new.wait(PATIENCE)
        return "old"

    def read() -> None:
        with version.read() as mine:
            assert mine.version == "old"

    monkeypatch.setattr(version, "current", slow)
    with ThreadPoolExecutor() as pool:
        late = pool.submit(read)
        assert reads_old.wait(PATIENCE)
        monkeypatch.setattr(version, "current", lambda: "new")
        with version.read():
            assert version.cached("page", lambda: "as it is now") == "as it is now"
        has_read_new.set()
        late.result()
    assert version.last().version == "new"
    with version.read():
        assert version.cached("page", lambda: "made again") == "as it is now"


def test_what_is_held_may_be_let_go_of_while_another_thread_looks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(version, "current", lambda: "one")
    monkeypatch.setattr(version, "MOST", 3)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def look(thread: int) -> None:
        with version.read():
            for number in range(2_000):
                keys = [number % 5, (number + thread) % 5]
                assert version.cached_each("double", keys, lambda of: [n * 2 for n in of]) == [
                    2 * key for key in keys
                ]

    try:
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(look, range(6)))
    finally:
        sys.setswitchinterval(before)


def test_who_collects_what_failed_in_another_thread_does_not_wait_for_its_next_lock(
    transactional_db: None,
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("of SQLite alone, whose connections are each locked by the thread that waits")
    has_failed = threading.Event()
    begun: list[bool] = []

    def begins() -> None:
        try:
            with transaction.atomic():
                begun.append(True)
        except OperationalError:
            begun.append(False)

    def posts_twice() -> None:
        waits.came.set(float("-inf"))
        within_a("POST", begins)
        waits.came.set(None)
        has_failed.set()
        within_a("POST", begins)
        connection.close()

    poster = threading.Thread(target=posts_twice)
    with transaction.atomic():
        poster.start()
        assert has_failed.wait(PATIENCE)
        time.sleep(0.5)  # until it waits again
        gc.collect()
    poster.join(PATIENCE)
    assert begun == [False, True], "or it has waited in vain for as long as the collector for it"


def test_a_database_that_says_nothing_at_all_leaves_threads_for_who_reads(
    practice: PracticeSettings, visitor: Client, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    before = visitor.get("/about/")
    assert before.status_code == 200
    answers = threading.Event()
    monkeypatch.setattr(version, "current", lambda: answers.wait(PATIENCE))
    cached = middleware.PageCache(lambda request: HttpResponse(status=503))
    hosts = {"SERVER_NAME": "testserver"}

    def ask() -> HttpResponse:
        return cached(RequestFactory().get("/about/", **hosts))

    with ThreadPoolExecutor(middleware.ASK_AT_ONCE + 2) as pool:
        hang = [pool.submit(ask) for _ in range(middleware.ASK_AT_ONCE)]
        try:
            for _ in range(3):
                assert pool.submit(ask).result(PATIENCE).status_code == 200
            assert not any(each.done() for each in hang)
        finally:
            monkeypatch.undo()
            answers.set()


def test_the_page_of_an_outage_is_written_whole_by_many_threads(
    caplog: pytest.LogCaptureFixture,
) -> None:
    practices = [PracticeSettings(practice_name=f"Practice {n}" * 50) for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(20):
            list(pool.map(outage.remember, practices))
            assert outage.recall() in [outage.Facts.of(each) for each in practices]
    assert not caplog.records
