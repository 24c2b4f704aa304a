"""Runs a command against a PostgreSQL made for it, and removes that afterwards.

    python -m tests.throwaway_postgres pytest

The cluster lies in a temporary folder and listens on a socket there, on no port.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

USER = "practice"
STARTS_WITHIN = 60  # seconds
# Nothing here is worth keeping: without fsync the suite runs in a fraction of the time.
HURRIED = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
INITDB_OPTIONS = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]


class Missing(Exception):
    """PostgreSQL is not on this machine; the message says what to install."""


def programs() -> Path:
    """The folder with initdb and postgres: the one on PATH, or Debian's newest."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    found = list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise Missing("PostgreSQL's programs are missing. On Debian: apt install postgresql")
    return max(found, key=lambda initdb: float(initdb.parts[-3])).parent


@contextlib.contextmanager
def throwaway_postgres() -> Iterator[str]:
    """A fresh cluster with an empty database; gives its DATABASE_URL."""
    bin_folder = programs()
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    # PostgreSQL refuses to run as root, and Debian's package brings a user for it.
    owner = "postgres" if os.geteuid() == 0 else None
    try:
        if owner:
            os.chown(folder, pwd.getpwnam(owner).pw_uid, -1)
        data = folder / "data"
        subprocess.run(
            [bin_folder / "initdb", "-D", data, "-U", USER, *INITDB_OPTIONS],
            user=owner,
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        with running(bin_folder, folder, owner):
            subprocess.run(
                [bin_folder / "createdb", "-h", folder, "-U", USER, USER], cwd=folder, check=True
            )
            yield f"postgres://{USER}@/{folder}/{USER}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def running(bin_folder: Path, folder: Path, owner: str | None) -> Iterator[None]:
    settings = [f"unix_socket_directories={folder}", "listen_addresses=", *HURRIED]
    with open(folder / "log", "w") as log:
        server = subprocess.Popen(
            [bin_folder / "postgres", "-D", folder / "data", *(f"--{each}" for each in settings)],
            user=owner,
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the command; the server ends after it
        )
    try:
        wait_until_ready(bin_folder, folder, server)
        yield
    finally:
        server.send_signal(signal.SIGINT)  # what PostgreSQL calls a fast shutdown
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGQUIT)  # at once; unlike SIGKILL it leaves no child
            server.wait()


def wait_until_ready(bin_folder: Path, folder: Path, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until and server.poll() is None:
        if not subprocess.run([bin_folder / "pg_isready", "-q", "-h", folder]).returncode:
            return
        time.sleep(0.1)
    raise RuntimeError(f"PostgreSQL did not start:\n{(folder / 'log').read_text()}")


def interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def main(command: list[str]) -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        with throwaway_postgres() as url:
            done = subprocess.Popen(command, env=os.environ | {"DATABASE_URL": url})
            try:
                return done.wait()
            finally:
                done.terminate()
                done.wait()
    except Missing as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
