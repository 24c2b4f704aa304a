"""A practice of several machines: two application servers, one with database and cache, outside.

Each is a network namespace. Web servers, database, cache and mail server are the real ones.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from blog.models import ArticlePage
from tests.faults.browser import Browser, Page
from tests.faults.cluster import Cluster
from tests.faults.keyvalue import KeyValueServer
from tests.faults.mailserver import MailServer
from tests.faults.network import ANYBODY, Network
from tests.faults.site import LiveSite
from tests.throwaway_postgres import USER

PORT, CACHE_PORT = 8000, 6379  # each machine's own
PROCESSES = 2  # of each web server
OFTEN_ENOUGH = 8 * PROCESSES  # to meet each process of a server


@dataclass
class Machines:
    """`servers` are called one and two, `base` has database and cache, `outside` everybody else."""

    network: Network
    servers: dict[str, LiveSite]
    mail: MailServer
    cache: KeyValueServer

    def database(self) -> contextlib.AbstractContextManager[None]:
        return self.servers["one"].database()

    def visit(self, server: str, path: str) -> Page:
        """What a newcomer is answered there."""
        with self.network.on("outside"):
            return Browser(self.servers[server].url).get(path)

    def article(self) -> ArticlePage:
        with self.database():
            return self.servers["one"].article()

    def titles(self, article: ArticlePage) -> dict[str, set[str]]:
        """What each server's processes show of an article, or the status where it is no page."""
        return {
            server: {heading(self.visit(server, article.url)) for _ in range(OFTEN_ENOUGH)}
            for server in self.servers
        }


def heading(page: Page) -> str:
    if page.status != 200:
        return str(page.status)
    return page.text.partition("<h1")[2].partition(">")[2].partition("<")[0].strip()


@contextlib.contextmanager
def running(folder: Path, machines: Network, filled_database: str) -> Iterator[Machines]:
    with contextlib.ExitStack() as at_the_end:
        base = machines.addresses["base"]
        (folder / "postgres").mkdir()
        cluster = Cluster(folder / "postgres", folder / "postgres" / "data", base, ANYBODY)
        cluster.create()
        at_the_end.callback(cluster.kill)
        cache = KeyValueServer(folder, base, CACHE_PORT)
        at_the_end.callback(cache.stop)
        mail = MailServer(host=machines.addresses["outside"])
        with machines.on("base"):
            cluster.start()
            cache.start()
        with machines.on("outside"):
            mail.start()
            at_the_end.callback(mail.stop)
        cluster.fill(filled_database)
        servers = {}
        for name in ("one", "two"):
            (folder / name / "data").mkdir(parents=True)
            servers[name] = LiveSite(
                folder / name,
                USER,
                mail.url,
                debug=False,
                cluster=cluster,
                host=machines.addresses[name],
                port=PORT,
                settings={
                    "DATABASE_URL": cluster.network_url,
                    "CACHE_URL": cache.url,
                    "ALLOWED_HOSTS": ",".join(machines.addresses.values()),
                    "SITE_URL": f"http://{machines.addresses['one']}:{PORT}",
                    "STATIC_ROOT": str(folder / "static"),
                    "OUTBOX_LEASE_SECONDS": "300",
                    "ALERTS_GATHERED_FOR": "0",
                },
            )
            at_the_end.callback(print_log, servers[name])
            at_the_end.callback(servers[name].kill)
        servers["one"].collect_static()
        for name, server in servers.items():
            with machines.on(name):
                server.start_web()
        yield Machines(machines, servers, mail, cache)


def print_log(server: LiveSite) -> None:
    print(server.log()[-5_000:])  # shown if a test fails


@contextlib.contextmanager
def workers(machines: Machines) -> Iterator[None]:
    """One on each server."""
    try:
        for name, server in machines.servers.items():
            with machines.network.on(name):
                server.worker.start()
        yield
    finally:
        for server in machines.servers.values():
            server.worker.stop()
