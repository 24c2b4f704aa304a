"""kill -9 in turn, while visitors send: of web, worker and the database, and of parts of them.

`make soak` kills two hundred times, the ordinary tests once each. On SQLite no process is the
database, so three are killed in turn; on PostgreSQL five. The cluster is the test's own, which
waits for the disk as a live one.
"""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable

import pytest

from booking.models import ConsultationRequest
from tests.faults.mailserver import MailServer
from tests.faults.site import LiveSite, wait_until
from tests.faults.test_kills import (
    Visitors,
    assert_database_is_whole,
    assert_each_is_there_once,
    assert_each_message_left,
    key,
    stored_unanswered,
)


def kill_one_web_worker(site: LiveSite, chance: random.Random) -> None:
    """gunicorn starts another by itself."""
    os.kill(chance.choice(site.web.children()), signal.SIGKILL)


def kill_the_web_server(site: LiveSite, chance: random.Random) -> None:
    site.web.kill()
    site.start_web()


def kill_the_worker(site: LiveSite, chance: random.Random) -> None:
    site.worker.kill()
    site.worker.start()


def kill_the_database(site: LiveSite, chance: random.Random) -> None:
    """systemd starts it again; web server and worker go on as they are."""
    assert site.cluster
    site.cluster.kill()
    time.sleep(chance.uniform(0, 0.3))
    site.cluster.start_again()


def kill_a_connection_of_the_database(site: LiveSite, chance: random.Random) -> None:
    """Then PostgreSQL ends all the others and recovers by itself."""
    assert site.cluster
    os.kill(site.cluster.backends()[-1], signal.SIGKILL)


OF_THE_SITE = [kill_one_web_worker, kill_the_web_server, kill_the_worker]
OF_THE_DATABASE = [kill_the_database, kill_a_connection_of_the_database]


@pytest.mark.parametrize("kills", [0, pytest.param(200, marks=pytest.mark.soak)])
def test_whatever_is_killed_nothing_that_was_acknowledged_is_lost(
    live_site: Callable[..., LiveSite],
    mail_server: MailServer,
    chance: random.Random,
    report: dict[str, object],
    kills: int,
) -> None:
    mail_server.slowness = 0.05
    site = live_site(mail_server.url, durable=True)
    turns = OF_THE_SITE + (OF_THE_DATABASE if site.cluster else [])
    kills = kills or len(turns)  # each once
    site.worker.start()
    site.start_web()
    killed: Counter[str] = Counter()
    with Visitors(site, chance, count=4) as visitors:
        for number in range(kills):
            answered = visitors.acknowledged()
            wait_until(lambda n=answered: visitors.acknowledged() > n, "a visitor is answered")
            time.sleep(chance.uniform(0, 0.3))
            kill = turns[number % len(turns)]
            kill(site, chance)
            killed[kill.__name__] += 1
        answered = visitors.acknowledged()
        wait_until(lambda: visitors.acknowledged() > answered, "a visitor is answered")
    attempts = visitors.attempts
    acknowledged = {attempt.key for attempt in attempts if attempt.location}
    with site.database():
        site.wait_for_mail()
        requests = list(ConsultationRequest.objects.all())
        report |= dict(killed) | {
            "acknowledged": len(acknowledged),
            "found of them": len(acknowledged & {key(consultation) for consultation in requests}),
            "told that it was not sent": sum(attempt.not_sent for attempt in attempts),
            "stored by a post without an answer": stored_unanswered(attempts, requests),
        }
        assert_each_is_there_once(attempts, requests)
        report |= assert_each_message_left(mail_server)
        # Only what was with the mail server when the worker or its database died goes twice.
        deaths = kills - killed["kill_one_web_worker"] - killed["kill_the_web_server"]
        assert int(str(report["doubled"])) <= deaths
        assert_database_is_whole()
