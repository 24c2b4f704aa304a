"""The real site for tests: web server and worker as processes of their own, which can be killed.

They run production's settings on a copy of the tests' database, SQLite or PostgreSQL alike.
"""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import Group

from blog.models import ArticleIndexPage, ArticlePage, BioPage
from booking.models import OutgoingEmail
from practice.models import User
from tests import factories
from tests.databases import address_of, working_on
from tests.faults.browser import Browser
from tests.faults.cluster import Cluster
from tests.throwaway_postgres import USER

PROJECT = Path(__file__).resolve().parent.parent.parent
HOST = "127.0.0.1"
THERAPIST, PASSWORD = "therapist@practice.example", "correct horse 7"
PATIENCE = 60  # seconds, for whatever must happen
COLLECTED: list[tempfile.TemporaryDirectory[str]] = []  # by the first site that needs them


def free_port() -> int:
    """A port below those that Linux gives to outgoing connections.

    Between two lives of a server one of those could be taken, even by a client that tries to
    reach the server and so connects to itself.
    """
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((HOST, port))
            return port


def wait_until(holds: Callable[[], object], what: str) -> None:
    """Returns when `holds()` is true. Raises AssertionError, naming `what`, if it never is."""
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until, f"in {PATIENCE} s never: {what}"
        time.sleep(0.05)


def fill_in() -> None:
    """Makes of the published tree a practice with an article and a therapist who can sign in."""
    factories.practice_settings()
    factories.article(ArticleIndexPage.objects.get(), author=BioPage.objects.get())
    person = factories.user(THERAPIST, Group.objects.get(name="Therapist"))
    hasher = PBKDF2PasswordHasher()  # tests hash in a hurry, as the site would not understand
    password = hasher.encode(PASSWORD, hasher.salt())
    User.objects.filter(pk=person.pk).update(password=password)
    factories.second_factor(person)


class Service:
    """A command of the site, with all the processes it starts, in a group of their own."""

    def __init__(
        self, command: list[str], env: dict[str, str], log: Path, project: Path = PROJECT
    ) -> None:
        self.command, self.env, self.log, self.project = command, env, log, project
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert self.process is None
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.project,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """Ends every process of it at once, as kill -9 does."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """Asks it to end; ends it if it does not."""
        if self.process is not None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
        self.kill()  # whoever of its group is left

    def children(self) -> list[int]:
        """The processes that it started."""
        assert self.process
        found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in found.split()]

    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None


class LiveSite:
    """A published practice with one article and one therapist, and what serves it.

    `folder` holds all that the site writes: data/ (DATA_DIR), logs/ and tmp/. `settings` go
    before those that are set here. `project` is where its code lies, such as that of before.
    """

    def __init__(
        self,
        folder: Path,
        database_name: str,
        email_url: str,
        *,
        debug: bool,
        cluster: Cluster | None = None,
        host: str = HOST,
        port: int = 0,
        settings: dict[str, str] | None = None,
        project: Path = PROJECT,
    ) -> None:
        self.folder, self.cluster = folder, cluster
        self.data, self.logs = folder / "data", folder / "logs"
        for name in ("logs", "tmp"):
            (folder / name).mkdir()
        self.host, self.port = host, port or free_port()
        self.url = f"http://{self.host}:{self.port}"
        self.database_name = database_name
        self.env = os.environ | {
            "DJANGO_SETTINGS_MODULE": "practice.settings",
            "DEBUG": str(debug).lower(),
            "DATA_DIR": str(self.data),
            "DATABASE_URL": cluster.url if cluster else address_of(database_name),
            "SITE_URL": self.url,
            "ALLOWED_HOSTS": self.host,
            "SECURE_SSL_REDIRECT": "false",
            "EMAIL_URL": email_url,
            "DEFAULT_FROM_EMAIL": "office@practice.example",
            "OUTBOX_LEASE_SECONDS": "2",  # one worker at a time, so nobody takes a live one's
            "ALERTS_GATHERED_FOR": "0",  # each leaves by itself, so that they can be counted
            # All of them come from this machine.
            "REQUESTS_PER_ADDRESS": "100000",
            "RESERVATIONS_PER_VISITOR": "100000",
            "GUNICORN_CMD_ARGS": "",
            "PYTHONUNBUFFERED": "1",
            "TMPDIR": str(folder / "tmp"),
            **(settings or {}),
        }
        # As practice/environment/processes.py and docs/operator/by-hand.md serve the site.
        gunicorn = [sys.executable, "-m", "gunicorn", "--config", "python:practice.gunicorn_conf"]
        self.web = Service(
            [*gunicorn, "--bind", f"{self.host}:{self.port}", "practice.wsgi"],
            self.env,
            self.logs / "web.log",
            project,
        )
        self.worker = Service(
            [sys.executable, "manage.py", "worker", "--poll", "0.1"],
            self.env,
            self.logs / "worker.log",
            project,
        )

    def database(self) -> contextlib.AbstractContextManager[None]:
        """Within it, models and services of this process work on the site's own database."""
        if self.cluster:
            return working_on(USER, host=str(self.cluster.folder))
        return working_on(self.database_name)

    def article(self) -> ArticlePage:
        return ArticlePage.objects.live().get()

    def answers(self) -> bool:
        """Whether the web server answers. Raises AssertionError if it has ended instead."""
        assert not self.web.has_ended(), self.log()
        with contextlib.suppress(OSError):
            return Browser(self.url).get("/healthz/").status == 200
        return False

    def start_web(self) -> None:
        self.web.start()
        wait_until(self.answers, "the web server answers")

    def collect_static(self) -> None:
        """Production's pages cannot be shown without; they are the same for all sites."""
        if not COLLECTED:
            COLLECTED.append(tempfile.TemporaryDirectory(prefix="static-"))
            collect = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity=0"]
            env = self.env | {"STATIC_ROOT": COLLECTED[0].name}
            subprocess.run(collect, cwd=PROJECT, env=env, check=True)
        static = self.env.get("STATIC_ROOT", self.data / "static")
        shutil.copytree(COLLECTED[0].name, static, dirs_exist_ok=True)

    def wait_for_mail(self) -> None:
        """Returns when nothing is owed any more. Call it within `database()`.

        Raises AssertionError where no message leaves, or the worker has ended.
        """
        while owed := self.owed():
            wait_until(lambda before=owed: self.owed() < before, "a message leaves")

    def owed(self) -> int:
        assert not self.worker.has_ended(), self.log()
        return OutgoingEmail.objects.filter(sent_at=None).count()

    def stop(self) -> None:
        for service in (self.web, self.worker):
            service.stop()

    def kill(self) -> None:
        for service in (self.web, self.worker):
            service.kill()

    def log(self) -> str:
        return "\n".join(file.read_text() for file in sorted(self.logs.iterdir()))
