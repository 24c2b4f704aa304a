"""The database away for a while under load: honest and quick answers, and back by itself.

On PostgreSQL the server is stopped; on SQLite the folder of the file is out of reach.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from booking.models import ConsultationRequest
from tests.faults.browser import Browser
from tests.faults.mailserver import MailServer
from tests.faults.site import PROJECT, LiveSite, wait_until
from tests.faults.test_kills import (
    Visitors,
    assert_database_is_whole,
    assert_each_is_there_once,
    assert_each_message_left,
    key,
)

ANSWERS_WITHIN = 8  # seconds, on a machine that has other things to do
TELEPHONE = "+1 415 555 0100"


class Database:
    """What of a site is taken away and given back; make it before the site starts."""

    def __init__(self, site: LiveSite) -> None:
        self.site = site
        if not site.cluster:
            self.folder = site.data / "database"
            self.folder.mkdir()
            file = Path(site.database_name).rename(self.folder / "db.sqlite3")
            site.database_name = str(file)
            for service in (site.web, site.worker):
                service.env["DATABASE_URL"] = f"sqlite:///{file}"

    def go(self) -> None:
        if self.site.cluster:
            self.site.cluster.stop()
        else:
            self.folder.rename(self.folder.with_name("away"))

    def come_back(self) -> None:
        if self.site.cluster:
            self.site.cluster.start()
        else:
            self.folder.with_name("away").rename(self.folder)


@pytest.mark.parametrize("seconds", [1, pytest.param(60, marks=pytest.mark.soak)])
def test_while_the_database_is_away_nothing_is_promised_and_nothing_is_lost(
    live_site: Callable[..., LiveSite],
    mail_server: MailServer,
    chance: object,
    report: dict[str, object],
    seconds: int,
) -> None:
    site = live_site(mail_server.url, durable=True)
    visitor, database = Browser(site.url), Database(site)
    site.collect_static()
    site.start_web()
    site.worker.start()
    assert visitor.get("/consultation/").status == 200
    processes = site.web.children(), site.worker.process
    slowest = 0.0
    with Visitors(site, chance, count=2) as visitors:  # type: ignore[arg-type]
        wait_until(lambda: visitors.acknowledged() > 3, "visitors are answered")
        database.go()
        until = time.monotonic() + seconds
        while slowest == 0.0 or time.monotonic() < until:
            for path in ("/", "/articles/", "/consultation/", "/account/login/"):
                asked = time.monotonic()
                page = visitor.get(path)
                slowest = max(slowest, time.monotonic() - asked)
                assert (page.status, TELEPHONE in page.text) == (503, True), page.text
            asked = time.monotonic()
            typed = visitor.post("/consultation/", {"name": "Robin Kept", "email": "r@v.example"})
            slowest = max(slowest, time.monotonic() - asked)
            assert (typed.status, TELEPHONE in typed.text) == (503, True)
            assert 'value="Robin Kept"' in typed.text
            assert "Your request was not sent" in typed.text
            assert visitor.get("/healthz/").status == 200
            time.sleep(min(0.2, seconds / 60))
        database.come_back()
        answered = visitors.acknowledged()
        wait_until(lambda: visitors.acknowledged() > answered + 2, "visitors are answered again")
    assert (site.web.children(), site.worker.process) == processes, "nobody started anything again"
    assert slowest < ANSWERS_WITHIN
    acknowledged = {attempt.key for attempt in visitors.attempts if attempt.location}
    with site.database():
        site.wait_for_mail()
        requests = list(ConsultationRequest.objects.all())
        report |= {
            "seconds away": seconds,
            "slowest answer": f"{slowest:.2f} s",
            "acknowledged": len(acknowledged),
            "found of them": len(acknowledged & {key(consultation) for consultation in requests}),
            "told that it was not sent": sum(attempt.not_sent for attempt in visitors.attempts),
            **assert_each_message_left(mail_server),
        }
        assert_each_is_there_once(visitors.attempts, requests)
        assert_database_is_whole()
    assert report["doubled"] in (0, 1)


def test_a_live_site_waits_for_the_disk_at_each_commit(live_site: Callable[..., LiveSite]) -> None:
    """Asked of the site's own connection, with production's settings."""
    site = live_site("dummymail://", durable=True)
    ask = (
        "from django.db import connection\n"
        "from practice.environment.checks import commits_reach_the_disk\n"
        "connection.ensure_connection()\n"
        "assert not connection.settings_dict['ATOMIC_REQUESTS']\n"
        "assert commits_reach_the_disk(None, databases=['default']) == []\n"
        "print('safe')"
    )
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", ask],
        cwd=PROJECT,
        env=site.env,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "safe\n", done.stderr


@pytest.mark.soak
@pytest.mark.skipif(connection.vendor != "sqlite", reason="of SQLite alone")
def test_a_file_that_somebody_else_locks_is_waited_for_and_then_said(
    live_site: Callable[..., LiveSite], tmp_path: Path
) -> None:
    import sqlite3

    site = live_site("dummymail://")
    site.start_web()
    with sqlite3.connect(site.data / "db.sqlite3", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        asked = time.monotonic()
        typed = Browser(site.url).post("/consultation/", {"name": "Robin", "email": "r@v.example"})
        waited = time.monotonic() - asked
        assert (typed.status, 'value="Robin"' in typed.text) == (503, True)
        assert 6 < waited < 14, "longer than any writer takes, and no longer than people wait"
        other.execute("ROLLBACK")
    other.close()


def test_while_the_database_is_away_what_somebody_read_can_still_be_read(
    live_site: Callable[..., LiveSite],
) -> None:
    site = live_site("dummymail://", durable=True)
    site.env["GUNICORN_CMD_ARGS"] = "--workers 1"  # each keeps what was read through it
    reader, database = Browser(site.url), Database(site)
    site.collect_static()
    site.start_web()
    with site.database():
        essay = site.article().url
    before = reader.get(essay)
    database.go()
    for _ in range(2):
        assert (reader.get(essay).status, reader.get(essay).text) == (200, before.text)
    assert reader.get("/about/").status == 503
    for form in (reader.get("/consultation/"), reader.post("/consultation/", {"name": "Robin"})):
        assert (form.status, TELEPHONE in form.text) == (503, True)
    database.come_back()
    wait_until(lambda: reader.get("/about/").status == 200, "it is back by itself")
    with site.database():
        page = site.article()
        page.title = "Said anew"
        page.save_revision().publish()
    assert "<h1>Said anew</h1>" in reader.get(essay).text
