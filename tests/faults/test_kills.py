"""kill -9 at random moments: what was acknowledged is there, what is owed leaves.

`make soak` kills each process fifty times. Each run prints its seed; KILLS_SEED repeats its
choices, though not what the processes were doing meanwhile.
"""

import http.client
import os
import random
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.db import connection
from django.utils import timezone

from booking.models import ConsultationRequest, OutgoingEmail
from booking.services import by_visitor
from tests import factories
from tests.faults.mailserver import MailServer
from tests.faults.site import HOST, PATIENCE, LiveSite, Service, wait_until

fifty = pytest.mark.parametrize("kills", [pytest.param(50, marks=pytest.mark.soak)])
few_or_fifty = pytest.mark.parametrize("kills", [1, pytest.param(50, marks=pytest.mark.soak)])


# --- The web server ----------------------------------------------------------------------


class NoAnswer(Exception):
    """The request went out, and whether it was taken in is unknown."""


class NotSent(NoAnswer):
    """The site said that it could not be saved, and that Send may be pressed again."""


@dataclass
class Attempt:
    """One visitor's request, posted until it is answered or given up."""

    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    name: str = field(default_factory=lambda: f"Visitor {uuid.uuid4().hex}")
    message: str = ""
    when: str = ""
    location: str = ""
    unanswered: int = 0
    not_sent: int = 0  # of these, how often the site said so
    last_try_at: datetime | None = None
    refusals: list[str] = field(default_factory=list)

    def post(self, port: int) -> None:
        """Raises OSError where nobody listens, NoAnswer, and NotSent."""
        fields = {"key": self.key, "name": self.name, "email": f"{self.key}@visitor.example"}
        fields |= {what: said for what in ("message", "when") if (said := getattr(self, what))}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        site = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
        try:
            site.connect()
            self.last_try_at = timezone.now()
            try:
                site.request("POST", "/consultation/", urlencode(fields), headers)
                answer = site.getresponse()
                self.location = answer.headers.get("Location", "")
                text = answer.read().decode()
            except (OSError, http.client.HTTPException) as problem:
                self.location = ""
                raise NoAnswer from problem
        finally:
            site.close()
        if answer.status == 503 and "was not sent" in text and self.name in text:
            raise NotSent
        if answer.status != 303:
            self.refusals.append(f"{answer.status} {text[:200]}")


class Visitors:
    """People who send one request after the other, all at once, until they are told to stop.

    Whoever gets no answer tries again with the same key, but one in four gives up.
    """

    def __init__(self, site: LiveSite, chance: random.Random, count: int) -> None:
        self.site = site
        self.attempts: list[Attempt] = []
        self.stopping = threading.Event()
        self.threads = [
            threading.Thread(target=self._run, args=(random.Random(chance.random()),), daemon=True)
            for _ in range(count)
        ]

    def __enter__(self) -> "Visitors":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join(PATIENCE)

    def _run(self, chance: random.Random) -> None:
        while not self.stopping.is_set():
            attempt = Attempt()
            self.attempts.append(attempt)
            self._insist(attempt, gives_up=chance.random() < 0.25)
            time.sleep(chance.uniform(0, 0.2))

    def _insist(self, attempt: Attempt, *, gives_up: bool) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                return attempt.post(self.site.port)
            except OSError:
                time.sleep(0.05)
            except NoAnswer as problem:
                attempt.unanswered += 1
                attempt.not_sent += isinstance(problem, NotSent)
                time.sleep(0.05)
                if gives_up:
                    return None
        return None

    def acknowledged(self) -> int:
        return sum(bool(attempt.location) for attempt in self.attempts)


@fifty  # test_turns.py kills it once in the ordinary tests
def test_what_was_acknowledged_outlives_the_web_server(
    live_site: Callable[..., LiveSite],
    mail_server: MailServer,
    chance: random.Random,
    report: dict[str, object],
    kills: int,
) -> None:
    site = live_site(mail_server.url)
    site.worker.start()
    site.start_web()
    with Visitors(site, chance, count=6) as visitors:
        for _ in range(kills):
            answered = visitors.acknowledged()
            wait_until(lambda n=answered: visitors.acknowledged() > n, "a visitor is answered")
            time.sleep(chance.uniform(0, 0.5))
            site.web.kill()
            site.start_web()
    attempts = visitors.attempts
    acknowledged = [attempt for attempt in attempts if attempt.location]
    with site.database():
        site.wait_for_mail()
        requests = list(ConsultationRequest.objects.all())
        report |= {
            "kills": kills,
            "acknowledged": len(acknowledged),
            "found of them": len({a.key for a in acknowledged} & {key(r) for r in requests}),
            "answers lost": sum(attempt.unanswered for attempt in attempts),
            "stored by a post without an answer": stored_unanswered(attempts, requests),
        }
        assert_each_is_there_once(attempts, requests)
        report |= assert_each_message_left(mail_server)
        assert report["doubled"] == 0  # the worker lived
        assert_database_is_whole()


def key(consultation: ConsultationRequest) -> str:
    return str(consultation.submission_key)


def stored_unanswered(attempts: list[Attempt], requests: list[ConsultationRequest]) -> int:
    """How many were stored by a post that got no answer: what the retries are for."""
    received = {key(consultation): consultation.received_at for consultation in requests}
    tried = [attempt for attempt in attempts if attempt.last_try_at and attempt.key in received]
    return sum(
        not attempt.location or received[attempt.key] < attempt.last_try_at for attempt in tried
    )


def assert_each_is_there_once(attempts: list[Attempt], requests: list[ConsultationRequest]) -> None:
    """Acknowledged: once, behind its private link. Unanswered: once or not, and never in part."""
    assert [attempt.refusals for attempt in attempts if attempt.refusals] == []
    unanswered = [attempt for attempt in attempts if not attempt.location]
    assert all(attempt.unanswered for attempt in unanswered)
    times = Counter(consultation.name for consultation in requests)
    assert set(times.values()) <= {1}
    assert times.keys() <= {attempt.name for attempt in attempts}
    by_key = {key(consultation): consultation for consultation in requests}
    for attempt in attempts:
        if attempt.location:
            token = parse_qs(urlsplit(attempt.location).query)["key"][0]
            found = ConsultationRequest.objects.by_token(token)
            assert found == by_key[attempt.key]
            assert found.name == attempt.name
    for consultation in requests:
        assert consultation.events.count() == 1
        assert sorted(consultation.emails.values_list("kind", flat=True)) == [
            "alert_new",
            "received",
        ]


# --- The worker --------------------------------------------------------------------------


@few_or_fifty
def test_what_is_owed_leaves_though_the_worker_is_killed(
    live_site: Callable[..., LiveSite],
    mail_server: MailServer,
    chance: random.Random,
    report: dict[str, object],
    kills: int,
) -> None:
    mail_server.slowness = 0.05  # so that most of a worker's life is spent in sending
    site = live_site(mail_server.url)
    for _ in range(kills):
        with site.database():
            keep_waiting(40)
        begun = len(mail_server.begun)
        site.worker.start()
        wait_until(lambda n=begun: len(mail_server.begun) > n, "the worker sends")
        time.sleep(chance.uniform(0, 0.5))
        site.worker.kill()
        mail_server.client_was_killed()
    site.worker.start()
    with site.database():
        site.wait_for_mail()
        report |= {"kills": kills, **assert_each_message_left(mail_server)}
        assert_doubled_alone_in_flight(mail_server)
        assert_database_is_whole()


def keep_waiting(count: int) -> None:
    """Lets requests come until at least `count` messages wait."""
    while OutgoingEmail.objects.filter(sent_at=None).count() < count:
        number = uuid.uuid4().hex
        by_visitor.submit(factories.unsaved_request(name=number, email=f"{number}@visitor.example"))


def assert_each_message_left(server: MailServer) -> dict[str, object]:
    """Each promise was kept at least once, to whom it was made, and nothing else was sent."""
    owed = {str(email.key): email for email in OutgoingEmail.objects.select_related("request")}
    times = Counter(delivery.key for delivery in server.accepted)
    assert times.keys() == owed.keys()
    for delivery in server.accepted:
        promise = owed[delivery.key]
        assert promise.request
        to_visitor = promise.recipient == OutgoingEmail.Recipient.VISITOR
        assert delivery.to == [promise.request.email if to_visitor else "practice@example.com"]
    assert not OutgoingEmail.objects.filter(attempts__gt=0).exists()
    return {
        "owed": len(owed),
        "left": len(times),
        "doubled": sum(count - 1 for count in times.values()),
    }


def assert_doubled_alone_in_flight(server: MailServer) -> None:
    """A message went again only if it was the last of a worker that was then killed."""
    last_of_life = {delivery.life: delivery for delivery in server.begun}
    last_of_life.pop(server.life, None)  # that worker lives
    latest = {delivery.key: delivery for delivery in server.accepted}
    for delivery in server.accepted:
        if delivery is not latest[delivery.key]:
            assert delivery is last_of_life.get(delivery.life)


def assert_database_is_whole() -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA integrity_check")
            assert cursor.fetchall() == [("ok",)]


def test_what_a_worker_hung_over_is_sent_once_and_two_workers_share_the_rest(
    live_site: Callable[..., LiveSite], mail_server: MailServer, report: dict[str, object]
) -> None:
    """The first stops in the middle of sending; the second takes its message after the lease.

    Woken, the first finds what it holds taken, but for the one whose words were on their way:
    that is SMTP's own window, and one message at most.
    """
    mail_server.holds = True
    site = live_site(mail_server.url)
    second = Service(site.worker.command, site.env, site.logs / "second.log")
    with site.database():
        keep_waiting(20)
        site.worker.start()
        wait_until(lambda: mail_server.begun, "the first sends")
        assert site.worker.process
        os.kill(site.worker.process.pid, signal.SIGSTOP)
        mail_server.holds = False
        second.start()
        try:
            site.wait_for_mail()  # with what the first had taken
            keep_waiting(20)
            os.kill(site.worker.process.pid, signal.SIGCONT)
            site.wait_for_mail()
            report |= assert_each_message_left(mail_server)
            assert not site.worker.has_ended()
        finally:
            second.kill()
    assert int(str(report["doubled"])) <= 1
