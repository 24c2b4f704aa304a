"""A quick run asks for what a change can break, and for nothing that takes long."""

import re

import pytest

from tests import selection


@pytest.mark.parametrize(
    ("file", "folders"),
    [
        ("booking/services/visitor.py", {"booking/"}),
        ("templates/booking/request.html", {"booking/"}),
        ("templates/base.html", {"practice/", "blog/", "booking/"}),
        ("tests/blog/test_pages.py", {"blog/"}),
        ("tests/test_architecture.py", {"test_architecture.py"}),
        ("deploy/update.py", {"deploy/"}),
        ("README.md", set()),
    ],
)
def test_a_change_asks_for_the_tests_of_its_room(file: str, folders: set[str]) -> None:
    assert selection.touched([file]) == folders


def test_what_is_called_slow_is_there() -> None:
    for name in selection.SLOW:
        assert (selection.FOLDER / name).exists(), name


def test_a_quick_run_starts_no_server_and_no_browser(request: pytest.FixtureRequest) -> None:
    everything = ("practice/", "blog/", "booking/", "deploy/", "faults/", "browser/")
    for item in request.session.items:
        if selection.is_quick(item, everything):
            assert not selection.place(item).startswith(("faults/", "browser/"))


def test_what_is_not_run_again_on_postgresql_does_not_ask_which_database_it_is(
    request: pytest.FixtureRequest,
) -> None:
    for item in request.session.items:
        if not selection.tells_databases_apart(item):
            assert not re.search(r"connection\.vendor", item.path.read_text()), item.nodeid
