"""`manage.py start` as a process of its own, with a real server, worker and data folder."""

import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.management.base import CommandError
from pytest_django import DjangoDbBlocker
from wagtail.models import Page

from practice.management.commands.start import read_port
from practice.models import User
from tests.databases import working_on

PROJECT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 120  # seconds until a test gives up on a process

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="looks at processes the way Linux shows them"
)


Database = Callable[[Path], AbstractContextManager[None]]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def environment(data: Path, port: int, **more: str) -> dict[str, str]:
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "practice.settings",
        "DATABASE_URL": f"sqlite:///{data / 'db.sqlite3'}",
        "DEBUG": "true",
        "SECRET_KEY": "for tests alone",
        "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "SITE_URL": f"http://localhost:{port}",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "DATA_DIR": str(data),
        "PORT": str(port),
        **more,
    }


class Start:
    """A running `manage.py start` and what it printed until its last line."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = free_port()
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "start"],
            cwd=PROJECT,
            env=environment(data, self.port),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout
        self.output = ""
        for line in self.process.stdout:
            self.output += line
            if "is written to" in line:
                return
        raise AssertionError(f"it ended without a last word:\n{self.output}")

    @property
    def password(self) -> str:
        found = re.search(r"Password\s+(\S+)", self.output)
        assert found, self.output
        return found[1]

    def get(self, path: str) -> http.client.HTTPResponse:
        site = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        site.request("GET", path)
        return site.getresponse()

    def stop(self, number: int = signal.SIGTERM) -> str:
        """What it says after the signal, once it has ended."""
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=PATIENCE)
        return rest


class Later:
    """Starts in one data folder, called for each."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.made: list[Start] = []

    def __call__(self) -> Start:
        self.made.append(Start(self.data))
        return self.made[-1]


def children(parent: int) -> list[int]:
    """The processes under `parent`, in the order of their start, theirs included."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue  # ended since
        state, ppid = text.rpartition(")")[2].split()[:2]
        if state != "Z":
            parents[int(stat.parent.name)] = int(ppid)
    direct = sorted(pid for pid, ppid in parents.items() if ppid == parent)
    return direct + [below for pid in direct for below in children(pid)]


def soon(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def all_gone(pids: list[int]) -> bool:
    alive = children(1) + children(os.getpid())
    return not set(pids) & set(alive)


@pytest.fixture
def database(django_db_blocker: DjangoDbBlocker) -> Database:
    """Within `database(data)`, models of this process work on the site's own."""

    @contextlib.contextmanager
    def of(data: Path) -> Iterator[None]:
        with django_db_blocker.unblock(), working_on(str(data / "db.sqlite3")):
            yield

    return of


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """The first start in an empty data folder; stopped after the module's tests."""
    folder = tmp_path_factory.mktemp("first")
    folder.chmod(0o755)
    start = Start(folder)
    yield start
    if start.process.poll() is None:
        start.stop()


@pytest.fixture
def later(first: Start, tmp_path: Path) -> Iterator[Later]:
    """Starts in a copy of the folder that the first start made."""
    data = tmp_path / "data"
    data.mkdir()
    with contextlib.closing(sqlite3.connect(first.data / "db.sqlite3")) as database:
        database.execute("VACUUM INTO ?", [str(data / "db.sqlite3")])
    shutil.copytree(first.data / "static", data / "static")
    shutil.copy(first.data / "sample-sign-in.txt", data)
    starts = Later(data)
    yield starts
    for each in starts.made:
        if each.process.poll() is None:
            each.stop()


# --- The first start ---------------------------------------------------------------------


def test_the_first_start_ends_with_where_to_go_and_how_to_sign_in(first: Start) -> None:
    last_words = first.output.split("The site is running")[1]
    assert f"http://localhost:{first.port}/\n" in last_words
    assert f"http://localhost:{first.port}/admin/\n" in last_words
    assert str(first.data / "mail") in last_words
    assert len(first.password) >= 12


def test_the_site_answers_when_its_address_is_printed(first: Start) -> None:
    assert first.get("/healthz/").status == 200
    home = first.get("/")
    assert home.status == 200
    assert b"<h1" in home.read()


def test_connections_over_which_browsers_say_nothing_hold_no_page_up(first: Start) -> None:
    """As they open them before somebody clicks; see tests/faults/test_silent.py."""
    with contextlib.ExitStack() as open_ones:
        for _ in range(40):
            open_ones.enter_context(socket.create_connection(("127.0.0.1", first.port)))
        unread = [first.get("/") for _ in range(40)]
        assert {answer.status for answer in unread} == {200}


def test_the_static_files_that_a_page_names_are_there(first: Start) -> None:
    page = first.get("/").read().decode()
    named = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert named
    assert {first.get(path).status for path in named} == {200}


def test_the_printed_password_signs_in(first: Start) -> None:
    email = re.search(r"Sign in\s+(\S+@\S+)", first.output)
    assert email
    form = first.get("/account/login/?next=/admin/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form.read().decode())
    cookie = form.getheader("Set-Cookie")
    assert token
    assert cookie
    site = http.client.HTTPConnection("127.0.0.1", first.port, timeout=PATIENCE)
    fields = {
        "login": email[1],
        "password": first.password,
        "csrfmiddlewaretoken": token[1],
        "next": "/admin/",
    }
    site.request(
        "POST",
        "/account/login/",
        urllib.parse.urlencode(fields),
        {"Cookie": cookie.split(";")[0], "Content-Type": "application/x-www-form-urlencoded"},
    )
    answer = site.getresponse()
    assert (answer.status, answer.getheader("Location")) == (302, "/admin/")
    session = re.search(r"sessionid=\w+", answer.getheader("Set-Cookie") or "")
    assert session
    answer.read()
    site.request("GET", "/admin/", headers={"Cookie": session[0]})
    assert site.getresponse().status == 200, "under DEBUG no second factor is asked for"


def test_the_kept_sign_in_is_readable_by_its_owner_alone(first: Start) -> None:
    file = first.data / "sample-sign-in.txt"
    assert file.stat().st_mode & 0o777 == 0o600
    assert first.password in file.read_text()


def test_a_data_folder_is_for_its_owner_alone(first: Start) -> None:
    assert first.data.stat().st_mode & 0o777 == 0o700


# --- Later starts ------------------------------------------------------------------------


def test_a_later_start_shows_the_same_sign_in_and_brings_nothing_back(
    first: Start, later: Later, database: Database
) -> None:
    delete = "from blog.models import ArticlePage; ArticlePage.objects.first().delete()"
    subprocess.run(  # in the site's own process: the search index is one of its own database
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", delete],
        cwd=PROJECT,
        env=environment(later.data, 8000),
        check=True,
    )
    with database(later.data):
        left = Page.objects.count()
    start = later()
    assert start.password == first.password
    assert "sample content" not in start.output
    assert stopped(start, signal.SIGTERM)
    with database(later.data):
        assert Page.objects.count() == left


def test_a_password_that_was_changed_is_shown_no_more(
    first: Start, later: Later, database: Database
) -> None:
    hasher = PBKDF2PasswordHasher()  # the site's; that of the tests it would not understand
    with database(later.data):
        owner = User.objects.earliest("pk")
        assert hasher.verify(first.password, owner.password)
        User.objects.filter(pk=owner.pk).update(password=hasher.encode("another", hasher.salt()))
    assert (later.data / "sample-sign-in.txt").exists()
    again = later()
    assert "the email and password you chose" in again.output
    assert first.password not in again.output
    assert not (later.data / "sample-sign-in.txt").exists()


# --- The end -----------------------------------------------------------------------------


def stopped(start: Start, number: int) -> bool:
    """Whether it ends as it should, and every process under it."""
    under = children(start.process.pid)
    assert len(under) >= 4, "the web server with its two workers, and the worker"
    assert "Stopped." in start.stop(number)
    assert start.process.returncode == 0
    return soon(lambda: all_gone(under))


@pytest.mark.parametrize(("which", "name"), [(0, "web server"), (1, "worker")])
def test_when_one_process_dies_all_end_and_it_says_which(
    later: Later, which: int, name: str
) -> None:
    start = later()
    under = children(start.process.pid)
    os.kill(under[which], signal.SIGKILL)
    rest, _ = start.process.communicate(timeout=PATIENCE)
    assert f"The {name} stopped by itself" in rest
    assert "Traceback" not in rest
    assert start.process.returncode == 1
    assert soon(lambda: all_gone(under))


def test_a_start_that_is_killed_leaves_no_process_and_keeps_no_other_from_starting(
    later: Later,
) -> None:
    start = later()
    under = children(start.process.pid)
    start.process.kill()
    start.process.wait()
    assert soon(lambda: all_gone(under))
    again = later()
    assert again.get("/healthz/").status == 200
    assert stopped(again, signal.SIGINT)


# --- What is refused ---------------------------------------------------------------------


def refusal(data: Path, port: int, **more: str) -> str:
    """The one line that a start gives which cannot be."""
    done = subprocess.run(
        [sys.executable, "manage.py", "start"],
        cwd=PROJECT,
        env=environment(data, port, **more),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 1
    lines = (done.stdout + done.stderr).splitlines()
    assert len(lines) == 1, lines
    return lines[0]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_busy_port_is_one_line_that_names_another(tmp_path: Path, address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        busy = socket.create_server((address, 0), family=family)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with busy:
        port = busy.getsockname()[1]
        line = refusal(tmp_path, port)
    assert f"Port {port} can't be used" in line
    assert "PORT=" in line
    assert not list(tmp_path.iterdir()), "nothing was begun"


def test_a_second_start_in_one_folder_says_that_one_is_running(first: Start) -> None:
    """Whatever its port: two of them would send from one outbox, and write one database."""
    line = refusal(first.data, first.port)
    assert "is already running" in line, "and not that a port is taken"
    assert f"http://localhost:{first.port}/" in line
    assert f"kill {first.process.pid}" in line
    assert first.get("/healthz/").status == 200


@pytest.mark.parametrize("text", ["http", "", "0", "-1", "70000", "8000.0"])
def test_only_whole_numbers_up_to_65535_are_ports(text: str) -> None:
    with pytest.raises(CommandError):
        read_port(text)


def test_a_data_folder_that_cannot_be_written_is_one_line() -> None:
    assert "can't be written to" in refusal(Path("/proc/data"), free_port())


def test_a_file_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "db.sqlite3").write_text("not a database, but long enough to look like one\n" * 99)
    assert "not a database" in refusal(tmp_path, free_port())


def test_a_live_site_is_not_started_this_way(tmp_path: Path) -> None:
    assert "DEBUG=true" in refusal(tmp_path, free_port(), DEBUG="false")
