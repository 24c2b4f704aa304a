"""For tests that fetch calendars: a server on this machine, and `fetch` that believes it."""

from collections.abc import Iterator

import pytest

from tests.booking.calendar_server import NAME, Authority, Get, Server, fetching, serving


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def server(authority: Authority) -> Iterator[Server]:
    with serving(authority.server_context(NAME)) as running:
        yield running


@pytest.fixture
def get(authority: Authority) -> Get:
    return fetching(authority)
