"""Connections over which nothing comes, or half of a request, or which nobody closes: pages go on.

nginx waits for such clients in place of the site (test_proxy.py); `make run` has no nginx.
"""

import http.client
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest
from gunicorn.workers.gthread import ThreadWorker

from practice.http.gunicorn_worker import HANGS, LARGEST, Worker, is_whole
from tests.faults.browser import Browser
from tests.faults.site import HOST, LiveSite

MANY = 100  # connections: at one a thread and five seconds each, no page would come for a minute
ASK = b"GET /healthz/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
SEND = b"POST /consultation/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n"
BEGINNINGS = [b"", ASK[:20], ASK, SEND, SEND + b"\r\nname="]


@pytest.fixture
def site(live_site: Callable[..., LiveSite]) -> LiveSite:
    site = live_site("dummymail://")
    site.collect_static()
    site.start_web()
    return site


def test_connections_that_say_nothing_or_half_hold_no_page_up(site: LiveSite) -> None:
    with ExitStack() as open_ones:
        for number in range(MANY):
            silent = open_ones.enter_context(socket.create_connection((HOST, site.port)))
            silent.sendall(BEGINNINGS[number % len(BEGINNINGS)])
        for _ in range(4):
            assert Browser(site.url).get("/about/").status == 200
        sent = Browser(site.url).post("/consultation/", {"name": "Robin", "email": "r@v.example"})
        assert "/consultation/sent/" in sent.url, sent.text


def test_answers_that_nobody_closes_hold_no_page_up(site: LiveSite) -> None:
    """As a script leaves them that asks for one page after the other, and reads none."""
    with ExitStack() as at_the_end:
        asking = [http.client.HTTPConnection(HOST, site.port, timeout=30) for _ in range(MANY)]
        for each in asking:
            at_the_end.callback(each.close)
            each.request("GET", "/about/")
        answers = [each.getresponse() for each in asking]
        assert {answer.status for answer in answers} == {200}


def test_a_request_is_whole_with_its_head_and_what_the_head_says_follows() -> None:
    assert not is_whole(ASK)
    assert is_whole(ASK + b"\r\n")
    assert not is_whole(SEND + b"\r\n" + b"a" * 99)
    assert is_whole(SEND + b"\r\n" + b"a" * 100)
    assert is_whole(SEND.replace(b"100", b"9" * 9) + b"\r\n" + b"a" * LARGEST)
    assert is_whole(SEND.replace(b"100", b"many") + b"\r\n")
    assert is_whole(b"a" * LARGEST), "which gunicorn refuses"


def test_a_process_of_which_a_thread_hangs_says_no_more_that_it_lives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So that gunicorn ends it, as it ends one that has no threads."""
    signs: list[str] = []
    monkeypatch.setattr(ThreadWorker, "notify", lambda worker: signs.append("lives"))
    worker = Worker.__new__(Worker)
    worker.began = {}
    worker.notify()
    worker.began = {object(): time.monotonic() - HANGS / 2}  # type: ignore[dict-item]
    worker.notify()
    assert len(signs) == 2
    worker.began |= {object(): time.monotonic() - HANGS}  # type: ignore[dict-item]
    worker.notify()
    assert len(signs) == 2
