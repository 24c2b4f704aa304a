import contextlib
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from tests.databases import copied_database, working_on
from tests.faults.cluster import filled_cluster
from tests.faults.machines import Machines, running
from tests.faults.mailserver import MailServer
from tests.faults.network import network
from tests.faults.site import LiveSite, fill_in


@pytest.fixture(scope="session")
def filled_database(
    tmp_path_factory: pytest.TempPathFactory,
    published_database: str,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[str]:
    """The name of a copy of the published database, with all that a site needs, to copy again."""
    folder = tmp_path_factory.mktemp("database")
    with django_db_blocker.unblock(), copied_database(published_database, folder) as name:
        with working_on(name):
            fill_in()
        yield name


@pytest.fixture
def live_site(tmp_path: Path, filled_database: str, db: None) -> Iterator[Callable[..., LiveSite]]:
    """`live_site(email_url)` makes a site; its processes are the test's to start.

    One that is `durable` has, on PostgreSQL, a cluster of its own, which waits for the disk and
    may be stopped and killed.
    """
    with contextlib.ExitStack() as at_the_end:

        def make(email_url: str, *, debug: bool = False, durable: bool = False) -> LiveSite:
            folder = tmp_path / "site"
            folder.joinpath("data").mkdir(parents=True, exist_ok=True)
            if durable and connection.vendor == "postgresql":
                cluster = at_the_end.enter_context(filled_cluster(filled_database))
                site = LiveSite(folder, filled_database, email_url, debug=debug, cluster=cluster)
            else:
                name = at_the_end.enter_context(copied_database(filled_database, folder / "data"))
                site = LiveSite(folder, name, email_url, debug=debug)
            at_the_end.callback(lambda: print(site.log()[-5_000:]))  # shown if the test fails
            at_the_end.callback(site.kill)
            return site

        yield make


@pytest.fixture(scope="module")
def machines(filled_database: str, django_db_blocker: DjangoDbBlocker) -> Iterator[Machines]:
    """All of it runs but the workers, which are each test's own to start and to stop."""
    if connection.vendor == "sqlite":
        pytest.skip("several servers share one PostgreSQL; `make test-postgres` runs this")
    folder = Path(tempfile.mkdtemp(prefix="machines-"))
    folder.chmod(0o755)
    with (
        django_db_blocker.unblock(),
        contextlib.ExitStack() as at_the_end,
        network(["base", "one", "two", "outside"]) as built,
    ):
        at_the_end.callback(shutil.rmtree, folder, ignore_errors=True)
        yield at_the_end.enter_context(running(folder, built, filled_database))


@pytest.fixture
def seed() -> int:
    return int(os.environ.get("KILLS_SEED", random.SystemRandom().randrange(10**6)))


@pytest.fixture
def chance(seed: int) -> random.Random:
    return random.Random(seed)


@pytest.fixture
def report(
    request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str], seed: int
) -> Iterator[dict[str, object]]:
    """Figures to be printed at the end, by the soak also when it passes."""
    figures: dict[str, object] = {"seed": seed}
    started = time.monotonic()
    yield figures
    figures["seconds"] = round(time.monotonic() - started)
    line = ", ".join(f"{name} {value}" for name, value in figures.items())
    if request.node.get_closest_marker("soak"):
        with capsys.disabled():
            print(f"\n{request.node.name} on {connection.vendor}: {line}")
    else:
        print(line)


@pytest.fixture
def mail_server(seed: int) -> Iterator[MailServer]:
    server = MailServer(seed=seed)
    server.start()
    yield server
    server.stop()
