"""The database server of a section, if it has one of its own: as durable as a live one."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.faults.cluster import Cluster
from tests.throwaway_postgres import USER

FOLDER = "BENCH_CLUSTER"  # in the environment: where this process is to keep its cluster
server: Cluster | None = None


def elsewhere() -> tuple[str, str]:
    """A new folder for a cluster, which the caller removes, and the DATABASE_URL it will have."""
    folder = tempfile.mkdtemp(prefix="postgres-")
    return folder, Cluster(Path(folder), Path(folder) / "data").url


@contextlib.contextmanager
def running() -> Iterator[None]:
    """Within it the database of this process answers: SQLite by itself, PostgreSQL when begun."""
    global server
    if not os.environ.get(FOLDER):
        yield
        return
    folder = Path(os.environ[FOLDER])
    server = Cluster(folder, folder / "data")
    try:
        server.create()
        server.start()
        subprocess.run(
            [server.programs / "createdb", "-h", folder, "-U", USER, USER], cwd=folder, check=True
        )
        yield
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def processes() -> list[int]:
    return [server.process.pid] if server and server.process else []
