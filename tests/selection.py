"""Which tests a run asks for: marks those that are slow, and with `--quick` leaves only the pure
ones and the folders that a change touches.
"""

import subprocess
from pathlib import Path

import pytest
from django.db import connection

FOLDER = Path(__file__).resolve().parent
# Folders and files whose tests start servers, kill processes, or try every address or a thousand
# examples: seconds each.
SLOW = (
    *("faults/", "deploy/test_server.py", "test_releases.py", "browser/test_html.py"),
    *("practice/test_start.py", "practice/test_firstrun.py"),
    *("test_access.py", "test_admin_wall.py", "test_words_on_pages.py"),
    "booking/test_schedule_screen.py",
    *("booking/test_scheduling_machine.py", "booking/test_availability_properties.py"),
)
NEEDS_DATABASE = {"db", "transactional_db", "django_db_setup", "live_server"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--quick",
        action="store_true",
        help="pure tests, and those of folders that differ from the last commit",
    )


@pytest.hookimpl(tryfirst=True)  # before -m looks at marks
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if place(item).startswith(SLOW):
            item.add_marker("slow")
    if connection.vendor == "postgresql" and not config.getoption("quick"):
        leave(config, items, [item for item in items if tells_databases_apart(item)])
    if config.getoption("quick"):
        folders = tuple(touched(changed_files()))
        leave(config, items, [item for item in items if is_quick(item, folders)])


def leave(config: pytest.Config, items: list[pytest.Item], wanted: list[pytest.Item]) -> None:
    config.hook.pytest_deselected(items=[item for item in items if item not in set(wanted)])
    items[:] = wanted


def place(item: pytest.Item) -> str:
    return item.path.relative_to(FOLDER).as_posix()


def is_quick(item: pytest.Item, folders: tuple[str, ...]) -> bool:
    if any(item.get_closest_marker(name) for name in ("slow", "browser", "soak", "looks")):
        return False
    return is_pure(item) or place(item).startswith(folders)


def tells_databases_apart(item: pytest.Item) -> bool:
    """Whether a test may end otherwise on another database: it has one, or its file asks which.

    What a finished page does in a browser is the same on each.
    """
    if item.get_closest_marker("once"):
        return False
    return not is_pure(item) or hasattr(getattr(item, "module", None), "connection")


def is_pure(item: pytest.Item) -> bool:
    """Whether a test asks for no database."""
    asks = set(getattr(item, "fixturenames", ()))
    return not asks & NEEDS_DATABASE and not item.get_closest_marker("django_db")


def changed_files() -> list[str]:
    """What differs from the last commit, in the working tree or new in it."""
    asked = ["git", "status", "--porcelain", "--untracked-files=all", "--no-renames"]
    lines = subprocess.run(asked, cwd=FOLDER.parent, capture_output=True, text=True, check=True)
    return [line[3:].strip('"') for line in lines.stdout.splitlines()]


def touched(files: list[str]) -> set[str]:
    """The folders below tests/ that are about these files of the project. Pure."""
    rooms = {"practice", "blog", "booking", "deploy"}
    found = set()
    for file in files:
        first, _, rest = file.partition("/")
        second = rest.partition("/")[0]
        room = second if first in ("templates", "tests") and second in rooms else first
        if room in rooms:
            found.add(f"{room}/")
        elif first == "templates":
            found |= {"practice/", "blog/", "booking/"}  # what pages share
        elif first == "tests":
            found.add(rest)
    return found
