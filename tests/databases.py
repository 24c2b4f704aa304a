"""Databases of the tests: migrated once, kept for the next run, and copied for each process of it,
on SQLite and PostgreSQL alike.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import ConnectionHandler, connection, connections
from django.utils import timezone

from practice.settings import SQLITE_OPTIONS
from tests import factories
from tests.throwaway_postgres import Missing, programs

ROOT = Path(__file__).resolve().parent.parent
# What the published database comes from: its tables, what `migrate` fills in, and the pages.
INGREDIENTS = (
    *("*/migrations/*.py", "*/models.py", "*/models/*.py", "*/blocks.py", "practice/fields.py"),
    *("*/apps.py", "blog/defaults.py", "practice/website/initial_data.py"),
    "practice/pagecache/triggers.py",
    *("booking/permissions.py", "booking/erasure/database_files.py"),
    *("requirements*.txt", "practice/settings.py"),
    *("tests/settings.py", "tests/factories.py", "tests/databases.py"),
)


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """Within it, no other process is within it."""
    with open(file, "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def use(name: str) -> None:
    """Makes the database called `name` the one that this process works on."""
    connection.close()
    settings.DATABASES["default"]["NAME"] = name
    connection.settings_dict["NAME"] = name


@contextlib.contextmanager
def published_once(folder: Path, run: str, kept_in: Path | None = None) -> Iterator[str]:
    """The name of a database with the bare tree, published, to be copied and never worked on.

    The first process that comes makes it, or takes it from the folder `kept_in`; the last to leave
    removes it. `folder` and `run` are those of all processes of one run.
    """
    lock, done = folder / f"{run}.lock", folder / f"{run}.done"
    sqlite = connection.vendor == "sqlite"
    name = str(folder / f"{run}.sqlite3") if sqlite else f"published_{run}"
    with open(folder / f"{run}.users", "a") as users:
        with locked(lock):
            fcntl.flock(users, fcntl.LOCK_SH)
            if not done.exists():
                fill(name, kept_in)
                done.touch()
        yield name
        with locked(lock), contextlib.suppress(BlockingIOError):
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)  # refused while others use it
            done.unlink()
            if sqlite:
                Path(name).unlink()
            else:
                drop(name)


def fill(name: str, kept_in: Path | None) -> None:
    """Makes the published database `name`: from the one an earlier run kept, if there is one that
    today's code would make alike, else by migrating, which takes most of a short run's time.
    """
    kept = kept_in / f"{connection.vendor}-{digest()}" if kept_in else None
    if kept and kept.exists():
        bring(kept, name)
        return
    make_published(name)
    if kept:
        for older in kept.parent.glob(f"{connection.vendor}-*"):
            older.unlink(missing_ok=True)
        with contextlib.suppress(Missing):
            keep(name, kept)


def digest(root: Path = ROOT) -> str:
    """Of the day and of all that the published database comes from.

    Of the day (UTC) because tests ask how old a page is.
    """
    made_of = hashlib.sha256(str(timezone.now().date()).encode())
    for file in sorted({file for pattern in INGREDIENTS for file in root.glob(pattern)}):
        made_of.update(f"{file.relative_to(root)} {file.stat().st_size}\n".encode())
        made_of.update(file.read_bytes())
    return made_of.hexdigest()[:32]


def keep(name: str, file: Path) -> None:
    """Writes the database called `name` to `file`, whole or not at all. Raises Missing."""
    part = file.with_name(f"part-{uuid.uuid4().hex}")
    if connection.vendor == "sqlite":
        shutil.copyfile(name, part)
    else:
        postgres("pg_dump", "--format=custom", f"--file={part}", name)
    part.replace(file)


def bring(file: Path, name: str) -> None:
    """Makes a database called `name` of what `keep` wrote. Raises Missing."""
    if connection.vendor == "sqlite":
        shutil.copyfile(file, name)
        return
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    postgres("pg_restore", "--exit-on-error", f"--dbname={name}", str(file))


def postgres(program: str, *arguments: str) -> None:
    """Runs one of PostgreSQL's programs on the server of this run. Raises Missing."""
    server = connection.settings_dict
    where = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD"}
    told = {variable: str(server[key]) for variable, key in where.items() if server[key]}
    subprocess.run([programs() / program, *arguments], env=os.environ | told, check=True)


def make_published(name: str) -> None:
    connection.settings_dict["TEST"]["NAME"] = name
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    factories.publish_site()
    connection.close()


@contextlib.contextmanager
def copied_database(source: str, folder: Path) -> Iterator[str]:
    """Copies the database called `source` into `folder`, or on PostgreSQL beside itself.

    Gives the copy's name: for SQLite its path. Nobody may be writing to the source meanwhile.
    """
    if connection.vendor == "sqlite":
        file = str(folder / "db.sqlite3")
        with contextlib.closing(sqlite3.connect(source)) as database:
            database.execute("VACUUM INTO ?", [file])
        with contextlib.closing(sqlite3.connect(file)) as database:
            database.execute("PRAGMA journal_mode=WAL")  # before two processes try to at once
        yield file
        return
    name = f"copy_{uuid.uuid4().hex}"
    copy(source, name)
    try:
        yield name
    finally:
        drop(name)


@contextlib.contextmanager
def empty_database(folder: Path) -> Iterator[str]:
    """The name of a database without tables, in `folder` or on PostgreSQL beside the others."""
    if connection.vendor == "sqlite":
        yield str(folder / "empty.sqlite3")
        return
    name = f"empty_{uuid.uuid4().hex}"
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    try:
        yield name
    finally:
        drop(name)


def restore(source: str, name: str) -> None:
    """Makes the database called `name` again what `source` is, whoever is connected to it."""
    connection.close()
    if connection.vendor == "sqlite":
        with (
            contextlib.closing(sqlite3.connect(source)) as published,
            contextlib.closing(sqlite3.connect(name, timeout=60)) as database,
        ):
            database.execute("PRAGMA synchronous=OFF")
            published.backup(database)
    else:
        drop(name)
        copy(source, name)


def copy(source: str, name: str) -> None:
    with connection._nodb_cursor() as cursor:
        # Left by a thread of an earlier test; PostgreSQL copies only what nobody is connected to.
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [source]
        )
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')


def drop(name: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def address_of(name: str) -> str:
    """The DATABASE_URL of the database called `name`."""
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}"


@contextlib.contextmanager
def working_on(name: str, host: str = "") -> Iterator[None]:
    """Within it, models and services of this process work on the database called `name`.

    `host` is the folder of another cluster's socket.
    """
    ours = connections["default"]
    other: dict[str, object] = {"NAME": name} | ({"HOST": host} if host else {})
    if name.endswith(".sqlite3"):  # as the site has it that is started without any setting
        other |= {"ENGINE": "django.db.backends.sqlite3", "OPTIONS": SQLITE_OPTIONS}
    theirs = ConnectionHandler({"default": settings.DATABASES["default"] | other})
    connections["default"] = theirs["default"]
    try:
        yield
    finally:
        theirs["default"].close()
        connections["default"] = ours
