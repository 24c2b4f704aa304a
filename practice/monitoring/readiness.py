"""Whether the site can do its work: database, migrations, worker, disk."""

import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from queue import Empty, Queue

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from practice.worker import heartbeat

MEGABYTE = 1024 * 1024
ANSWERS_WITHIN = 3.0  # seconds
HERE = ("", "localhost", "127.0.0.1", "::1")
POSTGRESQL_KEEPS_IN = Path("/var/lib/postgresql")

_asking = threading.Lock()


def database_answers(within: float = ANSWERS_WITHIN) -> bool:
    """Asked from a thread with a connection of its own: one that hangs must not hang who asks.

    While an earlier question is still without an answer, that is the answer.
    """
    answers: Queue[bool] = Queue()
    if not _asking.acquire(timeout=within):
        return False
    threading.Thread(target=_ask, args=(answers,), daemon=True).start()
    try:
        return answers.get(timeout=within)
    except Empty:
        return False


def _ask(answers: Queue[bool]) -> None:
    """Runs in a thread, which therefore has a connection of its own."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        answers.put(True)
    except (Error, OSError):
        answers.put(False)
    finally:
        with suppress(Error):
            connection.close()
        _asking.release()


@cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    """Those of the code, which does not change while it runs."""
    return frozenset(MigrationLoader(None).graph.nodes)


def pending_migrations() -> int:
    """How many the database lacks. Raises django.db.Error."""
    return len(_known_migrations() - MigrationRecorder(connection).applied_migrations().keys())


def disks() -> dict[str, Path]:
    """The folders that must not be full, by what they hold."""
    found = {"data": settings.DATA_DIR}
    database = settings.DATABASES[DEFAULT_DB_ALIAS]
    if database["ENGINE"].endswith("sqlite3"):
        found["database"] = Path(database["NAME"]).parent
    elif database.get("HOST", "") in HERE and POSTGRESQL_KEEPS_IN.is_dir():
        found["database"] = POSTGRESQL_KEEPS_IN
    return found


def free(folder: Path) -> int:
    """Bytes that the site may still write there; 0 where there is no such folder."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0


def disk_of(folder: Path) -> int:
    """A number that folders on one disk share; -1 where there is no such folder."""
    try:
        return folder.stat().st_dev
    except OSError:
        return -1


def least_free() -> int:
    return int(settings.LEAST_FREE_MB * MEGABYTE)


def _holds(part: Callable[[], bool]) -> bool:
    try:
        return part()
    except Error:
        return False


def failing() -> list[str]:
    """Names of what fails. What needs the database fails with it, and is not asked then."""
    full = any(free(folder) < least_free() for folder in disks().values())
    disk = ["disk"] if full else []
    if not database_answers():
        return ["database", *disk]
    parts: dict[str, Callable[[], bool]] = {
        "migrations": lambda: pending_migrations() == 0,
        "worker": lambda: not heartbeat.is_missing(heartbeat.WORKER, timezone.now()),
    }
    return [name for name, part in parts.items() if not _holds(part)] + disk
