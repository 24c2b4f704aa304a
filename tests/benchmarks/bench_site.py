"""The form with times, the private feed and the reading of calendars, in front of 10,000 requests.

Each database gets a process of its own, which migrates it, fills it and measures. Pages are
asked for as a web server does it, connections and all, but without a network.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

from tests.benchmarks.figures import Figure, show, timed
from tests.throwaway_postgres import throwaway_postgres

PAST, EVENTS, UPCOMING, BUSY = 10_000, 3, 40, 1_500
WARM_UP, ROUNDS = 20, 200
MOST_QUERIES, P95 = 8, 100  # milliseconds
TITLE = f"The form with times, {PAST:,} past requests on file"


def figures_on_sqlite() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        return _measured_on(f"sqlite:///{Path(folder) / 'bench.sqlite3'}")


def figures_on_postgresql() -> list[Figure]:
    """Raises throwaway_postgres.Missing where its programs are not installed."""
    with throwaway_postgres() as url:
        return _measured_on(url)


def _measured_on(database_url: str) -> list[Figure]:
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.bench_site", "here"],
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
    )
    return [Figure(**each) for each in json.loads(done.stdout.splitlines()[-1])]


# In the process of one database


def fill() -> int:
    """A practice with hours, 10,000 past requests, and what is to come; gives an article's id."""
    from blog.models import ArticleIndexPage
    from tests import factories

    factories.publish_site()
    factories.practice_settings()
    factories.schedule()
    article = factories.article(ArticleIndexPage.objects.get())
    add_past(article.pk, PAST)
    add_upcoming()
    return article.pk


def add_past(article: int, number: int) -> None:
    from django.utils import timezone

    from booking.models import ConsultationRequest, RequestEvent, State
    from practice.worker.connections import optimize
    from tests import factories

    now = timezone.now()
    endings = [State.CONFIRMED, State.DECLINED, State.CANCELLED, State.EXPIRED, State.WITHDRAWN]

    def past(hour: int) -> ConsultationRequest:
        at = now - timedelta(days=3, hours=hour)
        state = endings[hour % len(endings)]
        took_place = {"starts_at": at, "ends_at": at + timedelta(minutes=20)}
        return factories.unsaved_request(
            state=state,
            received_at=at - timedelta(days=5),
            state_since=at - timedelta(days=2),
            article_id=article,
            message="A few words, as people write them. " * 5,
            **(took_place if state == State.CONFIRMED else {}),
        )

    requests = ConsultationRequest.objects.bulk_create(map(past, range(number)), batch_size=500)
    kinds = [RequestEvent.Kind.RECEIVED, RequestEvent.Kind.CONFIRM, RequestEvent.Kind.OUTCOME]
    RequestEvent.objects.bulk_create(
        [
            RequestEvent(request=each, kind=kind, actor="practice", state=each.state, version=1)
            for each in requests
            for kind in kinds[:EVENTS]
        ],
        batch_size=1000,
    )
    optimize()  # as the worker does


def add_upcoming() -> None:
    from django.utils import timezone

    from booking.models import BusyFeed, BusyInterval, ConsultationRequest, Schedule, State
    from tests import factories

    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    length = timedelta(minutes=20)
    ConsultationRequest.objects.bulk_create(
        factories.unsaved_request(
            state=State.CONFIRMED if number % 2 else State.PENDING,
            starts_at=now + timedelta(hours=12 * number),
            ends_at=now + timedelta(hours=12 * number) + length,
        )
        for number in range(1, UPCOMING + 1)
    )
    feed = BusyFeed.objects.create(schedule=Schedule.load(), name="mine", url="https://b.example/")
    BusyInterval.objects.bulk_create(
        BusyInterval(
            feed=feed,
            starts_at=now + timedelta(hours=3 * number),
            ends_at=now + timedelta(hours=3 * number, minutes=50),
        )
        for number in range(BUSY)
    )


def asking(path: str) -> Callable[[], bytes]:
    """A function that asks the site for a path, as a web server would, and gives the page."""
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()

    def ask() -> bytes:
        environ: dict[str, Any] = {"HTTP_HOST": "testserver"}
        environ["PATH_INFO"], _, environ["QUERY_STRING"] = path.partition("?")
        setup_testing_defaults(environ)
        statuses = []
        response = application(environ, lambda status, headers: statuses.append(status))
        page = b"".join(response)
        response.close()  # type: ignore[attr-defined]  # which ends the request and its connection
        assert statuses == ["200 OK"], (path, statuses)
        return page

    return ask


def page_figures(
    what: str, path: str, *, most_queries: int | None = None, most: float | None = None
) -> list[Figure]:
    """Queries of one page, and how long it takes: at most `most` milliseconds for 95 in 100."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    ask = asking(path)
    timed(ask, WARM_UP)
    with CaptureQueriesContext(connection) as queries:
        page = ask()
    number = len(queries)  # before the next request forgets them
    took = timed(ask, ROUNDS)
    times = page.count(b'name="when"') - 2  # but for the two answers that are no times
    note = f"{times} open times" if times > 0 else ""
    return [
        Figure(f"{what}: queries", number, "", most_queries, note),
        took.figure(f"{what}: half of {ROUNDS} within (p50)", 50),
        took.figure(f"{what}: 95 in 100 within (p95)", 95, most),
    ]


def reading_figures() -> list[Figure]:
    """The worker's part: a calendar of 5,000 events over TLS, and again when it is unchanged."""
    from booking.busy import sync
    from booking.models import BusyFeed, BusyInterval, Schedule
    from tests.benchmarks.bench_busyfeeds import START, ordinary
    from tests.booking.calendar_server import NAME, Authority, fetching, serving

    body = ordinary()
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(Path(folder))
        with serving(authority.server_context(NAME)) as server:
            feed = BusyFeed.objects.create(schedule=Schedule.load(), name="big", url=server.url)
            server.answer = lambda handler: (
                handler.reply(304)
                if "If-None-Match" in handler.headers
                else handler.reply(200, body, ETag='"v1"')
            )

            def read(now: datetime) -> None:
                sync.read(BusyFeed.objects.get(pk=feed.pk), now, fetch=fetching(authority))

            first = timed(lambda: read(START), 1)
            unchanged = timed(lambda: read(START + timedelta(minutes=5)), 1)
            asked = [headers for _, headers in server.requests[1:]]
    conditional = sum("If-None-Match" in headers for headers in asked)
    assert (len(asked), conditional) == (1, 1), asked
    kept = BusyInterval.objects.filter(feed=feed).count()
    return [
        Figure(
            "a calendar of 5,000 events, fetched, read and kept",
            first.wall[0] / 1000,
            "s",
            10,
            f"{kept:,} busy times kept",
        ),
        Figure("the same, unchanged: requests", len(asked), "", 1, "conditional"),
        Figure("the same, unchanged", unchanged.wall[0], "ms"),
    ]


def here() -> list[Figure]:
    import django

    django.setup()
    from django.core.management import call_command
    from django.urls import reverse

    from booking.models import Schedule

    call_command("migrate", verbosity=0)
    article = fill()
    form = reverse("booking:request")
    feed = reverse("booking:calendar", args=[Schedule.load().feed_secret])
    budget = {"most_queries": MOST_QUERIES, "most": P95}
    return [
        *page_figures("the form", form, **budget),
        *page_figures("after an article", f"{form}?article={article}", **budget),
        *page_figures("with every time", f"{form}?weeks=99", **budget),
        *page_figures("the private feed", feed),
        *reading_figures(),
    ]


if __name__ == "__main__":
    if sys.argv[1:] == ["here"]:
        print(json.dumps([asdict(figure) for figure in here()]))
    else:
        show(f"{TITLE}, SQLite", figures_on_sqlite())
        show(f"{TITLE}, PostgreSQL", figures_on_postgresql())
