"""`make run`: everything a newcomer needs, from an empty folder to a site that answers.

It is not how a live site runs: there, gunicorn and `manage.py worker` are two services.
"""

import errno
import http.client
import os
import secrets
import signal
import socket
import stat
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from practice import samples
from practice.environment import files
from practice.environment.firstrun import lock, say
from practice.environment.processes import ProcessEnded, running_together, serve, work
from practice.models import User

ANSWERS_WITHIN = 60  # seconds


class Command(BaseCommand):
    help = "Prepare the site and run its web server and worker together, until Ctrl-C."
    requires_system_checks: list[str] = []  # run after what can be refused at once

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError(
                "`start` is for trying the site out, with DEBUG=true. On a live site run "
                "gunicorn and `manage.py worker`: see docs/operator/by-hand.md."
            )
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
        try:
            port = read_port(os.environ.get("PORT", "8000"))
            refuse_unless_writable(settings.DATA_DIR)
            refuse_second_run(settings.DATA_DIR)
            sockets = listen(port)
            running_file().write_text(f"{os.getpid()} http://localhost:{port}/\n")
            keep_for_owner(settings.DATA_DIR)
            self.check()
            executor = MigrationExecutor(connection)
            total = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
            if total:
                say(f"Preparing the database ({total} steps)")
            call_command("migrate", interactive=False, stdout=MigrationProgress(total))
            load_sample_content()
            say("Collecting static files")
            call_command("collectstatic", interactive=False, verbosity=0)
            targets = {"web server": (serve, sockets), "worker": (work, sockets)}
            with running_together(targets) as together:
                wait_until_it_answers(port, together.check)
                say(welcome(port))
                together.wait()
        except KeyboardInterrupt:
            say("\nStopped. `make run` starts it again, with everything still there.")
        except (DatabaseError, ProcessEnded, OSError) as problem:
            raise CommandError(str(problem).strip().splitlines()[0]) from problem


def read_port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise CommandError(f"PORT={text} isn't a port. Choose a number from 1024 to 65535.")
    return int(text)


def listen(port: int) -> list[socket.socket]:
    """Take `port` on both loopback addresses, at once, so that a second start is refused."""
    sockets = []
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            sockets.append(socket.create_server((address, port), family=family, backlog=128))
        except OSError as problem:
            if problem.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                continue  # a machine without IPv6
            other = port + 1 if 1024 <= port < 65535 else 8080
            raise CommandError(
                f"Port {port} can't be used ({os.strerror(problem.errno or 0)}). "
                f"Choose another: make run PORT={other}"
            ) from problem
    return sockets


def refuse_unless_writable(folder: Path) -> None:
    """Raise CommandError unless files can be made in `folder`, and those there be changed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as problem:
        raise CommandError(f"{folder} can't be written to ({problem.strerror}).") from problem
    for file in folder.glob("db.sqlite3*"):
        if not os.access(file, os.W_OK):
            raise CommandError(f"{file} belongs to another user and can't be written to.")


def running_file() -> Path:
    return settings.DATA_DIR / "running.txt"


def refuse_second_run(folder: Path) -> None:
    """Take `folder` for as long as this process and those it starts live.

    Raises CommandError while another run has it, and says where that is and how to stop it.
    """
    if lock(folder) is not None:
        return
    try:
        pid, address = running_file().read_text().split()
        os.kill(int(pid), 0)
    except (OSError, ValueError):
        raise CommandError(
            "The site in this folder is just starting or stopping. Try again in ten seconds."
        ) from None
    raise CommandError(
        f"The site in this folder is already running at {address} To stop it, press Ctrl-C "
        f"where it was started, or type: kill {pid}"
    )


def keep_for_owner(folder: Path) -> None:
    """What visitors wrote lies there: nobody else on this machine may look into it.

    A folder that is somebody else's, or that all share (its sticky bit), is left as it is.
    """
    found = folder.stat()
    if found.st_uid == os.geteuid() and not found.st_mode & stat.S_ISVTX:
        folder.chmod(0o700)


class MigrationProgress:
    """Turns what `migrate` prints into "20 of 240"."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = 0

    def write(self, text: str) -> None:
        if "Applying" in text:
            self.done += 1
            if self.done % 20 == 0 or self.done == self.total:
                say(f"  {self.done} of {self.total}", passing=True)

    def flush(self) -> None:
        pass


def sign_in_file() -> Path:
    return settings.DATA_DIR / "sample-sign-in.txt"


def load_sample_content() -> None:
    """Load the sample on the first run alone, which is when nobody can sign in yet.

    What was deleted since must not come back, so later starts load nothing. The whole sample
    comes in one transaction: interrupted, the next start is a first run again.
    """
    if User.objects.exists():
        return
    say("Loading the sample content")
    password = secrets.token_urlsafe(9)
    with transaction.atomic():
        call_command("load_sample_practice", password=password)
        samples.loaded.send(sender=None)
        if user := User.objects.order_by("pk").first():
            files.replace(sign_in_file(), f"{user.email}\n{password}\n".encode())


def sample_sign_in() -> tuple[str, str] | None:
    """The sample's email and password, or None once either was changed."""
    try:
        email, password = sign_in_file().read_text().split()
    except (OSError, ValueError):
        return None
    user = User.objects.filter(email=email).first()
    if user and user.check_password(password):
        return email, password
    sign_in_file().unlink()
    return None


def wait_until_it_answers(port: int, check: Callable[[], None]) -> None:
    """Return when /healthz/ says 200; raise CommandError when it does not within a minute.

    `check` is called meanwhile, and may raise when waiting has become useless.
    """
    answer = "no answer"
    until = time.monotonic() + ANSWERS_WITHIN
    while time.monotonic() < until:
        check()
        site = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWERS_WITHIN)
        try:
            site.request("GET", "/healthz/", headers={"Host": f"localhost:{port}"})
            status = site.getresponse().status
            if status == 200:
                return
            answer = f"status {status}"
        except (OSError, http.client.HTTPException) as problem:
            answer = str(problem)
        finally:
            site.close()
        time.sleep(0.1)
    raise CommandError(f"The site didn't start: /healthz/ gave {answer}.")


def welcome(port: int) -> str:
    known = sample_sign_in()
    sign_in = "  Sign in   with the email and password you chose"
    if known:
        sign_in = f"  Sign in   {known[0]}\n"
        sign_in += f"  Password  {known[1]}   (in {sign_in_file()} until you change it)"
    mail = f"is sent by {settings.EMAIL_HOST}"
    if settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"):
        mail = f"is written to {settings.EMAIL_FILE_PATH}"
    return (
        "\nThe site is running. Ctrl-C stops it.\n\n"
        f"  Site      http://localhost:{port}/\n"
        f"  Admin     http://localhost:{port}/admin/\n"
        f"{sign_in}\n  Email     {mail}"
    )
