"""Databases of the tests: migrated once in a run, then copied, on SQLite and PostgreSQL alike."""

import contextlib
import fcntl
import os
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import ConnectionHandler, connection, connections

from practice.settings import SQLITE_OPTIONS
from tests import factories


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
def published_once(folder: Path, run: str) -> Iterator[str]:
    """The name of a database with the bare tree, published, to be copied and never worked on.

    Whoever comes first makes it, and whoever leaves last takes it away. `folder` and `run` are
    those of all processes of one run, so that it is never older than the run.
    """
    lock, done = folder / f"{run}.lock", folder / f"{run}.done"
    sqlite = connection.vendor == "sqlite"
    name = str(folder / f"{run}.sqlite3") if sqlite else f"published_{run}"
    with open(folder / f"{run}.users", "a") as users:
        with locked(lock):
            fcntl.flock(users, fcntl.LOCK_SH)
            if not done.exists():
                make_published(name)
                done.touch()
        yield name
        with locked(lock), contextlib.suppress(BlockingIOError):
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)  # refused while others use it
            done.unlink()
            if sqlite:
                Path(name).unlink()
            else:
                drop(name)


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
