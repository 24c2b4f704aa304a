"""All of the database at one moment, and back.

Both the copy and the counts of rows come from one read transaction, so that they agree whatever
is written meanwhile; nobody waits for it.
"""

import contextlib
import os
import shutil
import sqlite3
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection
from psycopg.conninfo import make_conninfo

from practice.backups import BackupProblem
from practice.backups.streams import Tell

PAGES = 2_000  # of SQLite, copied at a time
TABLES = {
    "sqlite": "SELECT name FROM sqlite_master "
    "WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
}
EMPTY = Path(__file__).with_name("empty.sql")


@dataclass(frozen=True)
class Snapshot:
    """`counts` are rows by table, `migrations` are "app.name"."""

    file: Path
    counts: dict[str, int]
    migrations: list[str]


def name() -> str:
    """What the copy is called in a backup of this kind of database."""
    return {"sqlite": "database.sqlite3", "postgresql": "database.pgdump"}[connection.vendor]


def take(folder: Path, tell: Tell) -> Snapshot:
    """Copies the database into `folder`. Raises BackupProblem."""
    file = folder / name()
    return (_take_sqlite if connection.vendor == "sqlite" else _take_postgresql)(file, tell)


def load(file: Path) -> None:
    """Puts what `file` holds in the place of all that the database holds, in one transaction.
    Raises BackupProblem, and then the database is as it was.
    """
    connection.close()
    if connection.vendor == "sqlite":
        _load_sqlite(file)
    else:
        _load_postgresql(file)


def counts() -> dict[str, int]:
    """Rows by table, as the database is now."""
    with connection.cursor() as cursor:
        return _counts(cursor)


def _counts(cursor: Any) -> dict[str, int]:
    cursor.execute(TABLES[connection.vendor])
    found = {}
    for table in sorted(row[0] for row in cursor.fetchall()):
        cursor.execute(f'SELECT count(*) FROM "{table}"')
        found[table] = cursor.fetchone()[0]
    return found


def _noted(file: Path, cursor: Any) -> Snapshot:
    cursor.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
    migrations = [f"{app}.{name}" for app, name in cursor.fetchall()]
    return Snapshot(file, _counts(cursor), migrations)


@contextlib.contextmanager
def _opened(file: object) -> Any:
    with contextlib.closing(sqlite3.connect(str(file), timeout=60, isolation_level=None)) as opened:
        yield opened


def _take_sqlite(file: Path, tell: Tell) -> Snapshot:
    """The read transaction stays open for the whole copy: without it, each write would begin the
    copying anew. The copy is vacuumed, so that nothing which was deleted comes along in it.
    """
    try:
        with _opened(connection.settings_dict["NAME"]) as source, _opened(file) as copy:
            os.chmod(file, 0o600)
            cursor = source.cursor()
            cursor.execute("BEGIN")
            found = _noted(file, cursor)
            source.backup(
                copy,
                pages=PAGES,
                progress=lambda status, left, total: tell("Database", total - left, total),
            )
            cursor.execute("ROLLBACK")
            copy.execute("PRAGMA journal_mode=DELETE")
            copy.execute("VACUUM")
            [verdict] = copy.execute("PRAGMA integrity_check(1)").fetchone()
            if verdict != "ok":
                raise BackupProblem(
                    f"The database itself is damaged, says SQLite: {verdict[:120]}."
                )
            if _counts(copy.cursor()) != found.counts:
                raise BackupProblem("The copy of the database doesn't match the database.")
    except sqlite3.Error as problem:
        raise BackupProblem(f"The database couldn't be copied: {problem}.") from problem
    return found


def _load_sqlite(file: Path) -> None:
    """Through SQLite and not by moving a file: a process that has the old one open would go on
    writing to what no longer has a name.
    """
    try:
        with _opened(file) as source, _opened(connection.settings_dict["NAME"]) as target:
            target.execute("PRAGMA synchronous=FULL")
            source.backup(target)
    except sqlite3.Error as problem:
        reason = f"The database couldn't be written: {problem}. Is the site stopped?"
        raise BackupProblem(reason) from problem


def _take_postgresql(file: Path, tell: Tell) -> Snapshot:
    try:
        with psycopg.connect(_conninfo(), password=_password()) as reading:
            reading.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            reading.read_only = True
            cursor = reading.cursor()
            cursor.execute("SELECT pg_export_snapshot()")
            [exported] = cursor.fetchone() or [""]
            found = _noted(file, cursor)
            tell("Database", 0, 0)
            file.touch(0o600)
            _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges",
                 f"--snapshot={exported}", f"--file={file}", f"--dbname={_conninfo()}")  # fmt: skip
            _run("pg_restore", "--list", str(file))  # it can be read as what it is
    except psycopg.Error as problem:
        raise BackupProblem(f"The database couldn't be read: {_line(str(problem))}") from problem
    return found


def _load_postgresql(file: Path) -> None:
    """psql reads what pg_restore writes, all of it in one transaction that first empties."""
    script = file.with_suffix(".sql")
    script.touch(0o600)
    try:
        _run("pg_restore", "--no-owner", "--no-privileges", f"--file={script}", str(file))
        _run("psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1",
             f"--file={EMPTY}", f"--file={script}", f"--dbname={_conninfo()}")  # fmt: skip
    finally:
        script.unlink(missing_ok=True)


def _run(program: str, *arguments: str) -> None:
    """Runs one of PostgreSQL's programs. Raises BackupProblem, in one line."""
    command = [_program(program), *arguments]
    env = os.environ | {"PGPASSWORD": _password()} if _password() else os.environ
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True)
    if done.returncode:
        raise BackupProblem(f"{program} failed: {_line(done.stderr.decode(errors='replace'))}")


def _program(name: str) -> str:
    """On PATH, or where Debian keeps the newest."""
    found = shutil.which(name)
    if not found:
        versions = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
        found = str(max(versions, key=lambda path: int(path.parts[-3]), default=""))
    if not found:
        raise BackupProblem(f"{name} is missing. On Debian: apt install postgresql-client")
    return found


def _line(text: str) -> str:
    """The line that says why, without any row that it may quote."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower()] or lines or ["no reason given"]
    return telling[0][:160]


def _password() -> str:
    return str(connection.settings_dict["PASSWORD"] or "")


def _conninfo() -> str:
    """How libpq reaches the database, without the password, which must not be an argument."""
    known = {row.keyword.decode() for row in psycopg.pq.Conninfo.get_defaults()}
    given = connection.get_connection_params().items()
    wanted = known - {"password", "options"}
    return make_conninfo(**{name: v for name, v in given if name in wanted and v is not None})
