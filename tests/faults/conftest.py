import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from tests.databases import copied_database, working_on
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
    """`live_site(email_url)` makes a site; its processes are the test's to start."""
    with contextlib.ExitStack() as at_the_end:

        def make(email_url: str, *, debug: bool = False) -> LiveSite:
            folder = tmp_path / "site"
            folder.joinpath("data").mkdir(parents=True)
            name = at_the_end.enter_context(copied_database(filled_database, folder / "data"))
            site = LiveSite(folder, name, email_url, debug=debug)
            at_the_end.callback(lambda: print(site.log()[-5_000:]))  # shown if the test fails
            at_the_end.callback(site.kill)
            return site

        yield make
