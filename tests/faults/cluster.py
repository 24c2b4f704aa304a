"""A PostgreSQL of a test's own, set as a live one is, which may be stopped, killed and filled."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from tests.throwaway_postgres import INITDB_OPTIONS, USER, programs, wait_until_ready

OWNER = "postgres" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root


class Cluster:
    """Its data lie in `data`; `folder` holds the socket and the log.

    On a network it listens at `address`, and takes whoever comes from `clients`.
    """

    def __init__(self, folder: Path, data: Path, address: str = "", clients: str = "") -> None:
        self.folder, self.data = folder, data
        self.address, self.clients = address, clients
        self.programs = programs()
        self.url = f"postgres://{USER}@/{folder}/{USER}"
        self.process: subprocess.Popen[bytes] | None = None

    def create(self, *options: str) -> None:
        for folder in (self.folder, self.data.parent):
            if OWNER:
                os.chown(folder, pwd.getpwnam(OWNER).pw_uid, -1)
        subprocess.run(
            [self.programs / "initdb", "-D", self.data, "-U", USER, *INITDB_OPTIONS, *options],
            user=OWNER,
            cwd=self.folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        if self.clients:
            with open(self.data / "pg_hba.conf", "a") as rules:
                rules.write(f"host all all {self.clients} trust\n")

    @property
    def network_url(self) -> str:
        return f"postgres://{USER}@{self.address}/{USER}"

    def start(self) -> None:
        """Its own defaults: fsync, synchronous_commit and full_page_writes are on."""
        assert self.process is None
        own = [
            f"unix_socket_directories={self.folder}",
            f"listen_addresses={self.address}",
            "shared_buffers=32MB",
        ]
        with open(self.folder / "log", "a") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.data, *(f"--{each}" for each in own)],
                user=OWNER,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until_ready(self.programs, self.folder, self.process)

    def start_again(self) -> None:
        """After `kill`: what was left of the dead server may still be ending."""
        for _ in range(20):
            try:
                return self.start()
            except RuntimeError:
                self.process = None
                time.sleep(0.2)
        return self.start()

    def fill(self, source: str) -> None:
        """Makes the site's database, a copy of that called `source` in the tests' own cluster."""
        theirs = settings.DATABASES["default"]
        host = ["-h", theirs["HOST"] or "localhost", "-U", theirs["USER"] or USER]
        ours = ["-h", str(self.folder), "-U", USER]
        subprocess.run([self.programs / "createdb", *ours, USER], cwd=self.folder, check=True)
        dumped = subprocess.run(
            [self.programs / "pg_dump", *host, source],
            cwd=self.folder,
            check=True,
            stdout=subprocess.PIPE,
        )
        subprocess.run(
            [self.programs / "psql", "-q", "-v", "ON_ERROR_STOP=1", "-1", *ours, USER],
            cwd=self.folder,
            input=dumped.stdout,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def backends(self) -> list[int]:
        """The processes that the server started."""
        assert self.process
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def stop(self) -> None:
        """At once, as an administrator does it who does not wait for clients."""
        if self.process:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(60)
            self.process = None

    def kill(self) -> None:
        """kill -9 of the server and of all that it started."""
        if self.process:
            children = [] if self.has_ended() else self.backends()
            self.process.kill()
            for pid in children:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None


@contextlib.contextmanager
def filled_cluster(source: str, data: Path | None = None, *options: str) -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    cluster = Cluster(folder, data or folder / "data")
    try:
        cluster.create(*options)
        cluster.start()
        cluster.fill(source)
        yield cluster
    finally:
        cluster.kill()
        shutil.rmtree(folder, ignore_errors=True)
