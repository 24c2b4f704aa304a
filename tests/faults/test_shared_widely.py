"""An essay that is shared widely, while it is published anew every second.

Through nginx over TLS, on 64 connections that stay open. Every answer is the page as it stood at
most a second before it was asked for, and the memory of no process grows. `make soak` asks 20,000
times.
"""

import http.client
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from blog.models import ArticlePage
from tests.faults.proxy import KeptConnection, Proxy
from tests.faults.site import LiveSite, wait_until

CONNECTIONS = 64
EDITIONS = 4  # at least, so that three went out of date
KEPT_FOR = 1.0  # seconds, by nginx
MAY_GROW = 1.05  # times what it was after a quarter


class Readers:
    """What they were answered: when each asked, and which edition it got."""

    def __init__(self, proxy: Proxy, path: str, asks: int) -> None:
        self.proxy, self.path = proxy, path
        self.asks, self.editions = asks, 0
        self.got: list[tuple[float, int]] = []
        self.wrong: list[str] = []

    def ask(self, reader: int) -> None:
        """One reader with an address of their own, until as many were asked as shall be."""
        headers = {"Host": self.proxy.host, "Accept-Encoding": "identity"}
        with closing(KeptConnection(self.proxy, f"127.0.1.{reader + 1}")) as connection:
            while self.go_on():
                asked = time.monotonic()
                connection.request("GET", self.path, headers=headers)
                try:
                    answer = connection.getresponse()
                except http.client.RemoteDisconnected:
                    connection.close()  # closed between two requests: a browser asks again, too
                    continue
                edition = re.search(rb"<h1>Edition (\d+)</h1>", answer.read())
                if answer.status != 200 or not edition:
                    self.wrong.append(f"{answer.status} {answer.headers}")
                    return
                self.got.append((asked, int(edition[1])))

    def go_on(self) -> bool:
        """Until as many were asked as shall be, and saw the page change."""
        return len(self.got) < self.asks or self.editions < EDITIONS


@pytest.fixture
def served(live_site: Callable[..., LiveSite], tmp_path: Path) -> Iterator[tuple[LiveSite, Proxy]]:
    site = live_site("dummymail://", durable=True)
    proxy = Proxy(site.folder, site.port)
    site.env |= {
        "SITE_URL": proxy.url,
        "ALLOWED_HOSTS": proxy.name,
        "BEHIND_PROXY": "true",
        "SECURE_SSL_REDIRECT": "true",
    }
    try:
        proxy.start()
        site.collect_static()
        site.web.start()
        wait_until(lambda: proxy.ask("/healthz/").status == 200, "the site answers")
        yield site, proxy
    finally:
        proxy.stop()


def publish(edition: int) -> float:
    """When it was published for sure."""
    page = ArticlePage.objects.get()
    page.title = f"Edition {edition}"
    page.save_revision().publish()
    return time.monotonic()


@pytest.mark.parametrize("asks", [1_000, pytest.param(20_000, marks=pytest.mark.soak)])
def test_nobody_gets_an_error_or_what_was_replaced_more_than_a_second_ago(
    served: tuple[LiveSite, Proxy], report: dict[str, object], asks: int
) -> None:
    site, proxy = served
    with site.database():
        published = [publish(0)]
        readers = Readers(proxy, site.article().url, asks)
        began, early = time.monotonic(), 0
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            asking = [pool.submit(readers.ask, reader) for reader in range(CONNECTIONS)]
            while not all(each.done() for each in asking):
                published.append(publish(len(published)))
                readers.editions = len(published)
                if not early and len(readers.got) > asks / 4:
                    early = memory(site, proxy)
                time.sleep(max(0.0, began + len(published) - time.monotonic()))
            for each in asking:
                each.result()
    assert readers.wrong == []
    assert len(readers.got) >= asks
    late = memory(site, proxy)
    report |= {
        "answers": len(readers.got),
        "editions": len(published),
        "oldest": f"{max(age(published, *each) for each in readers.got):.2f} s after its end",
        "memory": f"{early} kB after a quarter, {late} kB at the end",
    }
    assert [each for each in readers.got if age(published, *each) > KEPT_FOR] == []
    assert len({edition for _, edition in readers.got}) > 1
    if asks > 10_000:  # a process fills what it needs in its first thousands of answers
        assert 0 < late < early * MAY_GROW


def age(published: list[float], asked: float, edition: int) -> float:
    """For how long another edition had stood already when this one was asked for."""
    after = published[edition + 1] if edition + 1 < len(published) else asked
    return max(0.0, asked - after)


def memory(site: LiveSite, proxy: Proxy) -> int:
    """What all that serve take together, in kB, shared memory by halves (PSS)."""
    assert site.web.process
    assert proxy.process
    pids = [site.web.process.pid, *site.web.children(), proxy.process.pid]
    texts = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids]
    return sum(int(text.partition("Pss:")[2].split()[0]) for text in texts)
