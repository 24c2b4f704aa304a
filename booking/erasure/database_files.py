"""Taking what was deleted out of the database's own files.

Measured: on PostgreSQL deleted bytes stay in the heap after DELETE and after VACUUM, and VACUUM
FULL clears them, but for what a snapshot from before the erasure may still see: such readers have
to be gone first, autovacuum's own ANALYZE among them (with one a second, rows were left in 3 of 3
tries), and whoever wrote at the time, in any database of the server (rows were left in each try).
On SQLite `secure_delete` overwrites them in the file, the write-ahead log keeps them until it is
emptied, and VACUUM leaves no page that is half old. PostgreSQL's own write-ahead log and all
backups age out by themselves; docs/privacy.md says when.
"""

import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.db.backends.utils import CursorWrapper
from django.db.models import Q
from django.utils import timezone

from booking.models import Tombstone

NIGHT = range(2, 5)  # hours, by the practice's clock
WAITS_AT_MOST = timedelta(hours=20)  # for the night, so that it is done within a day
LOCK_TIMEOUT = "5s"  # VACUUM FULL waits for readers and makes all others wait behind it
PATIENCE = 5.0  # seconds for those who began before
WHO = ("writers", "snapshots")
OLDER = [Path(__file__).with_name(f"older_{each}.sql").read_text() for each in WHO]


def is_due(now: datetime, hour: int) -> bool:
    """Whether something was erased since the last time, and it is night or has waited long.

    `hour` is the one on the practice's clock.
    """
    waiting = Tombstone.objects.filter(is_scrubbed=False)
    if hour not in NIGHT:
        waiting = waiting.filter(erased_at__lt=now - WAITS_AT_MOST)
    return waiting.exists()


def keep_no_statistics(sender: Any, **kwargs: Any) -> None:
    """Receiver of `post_migrate`: PostgreSQL's ANALYZE copies no value of a request.

    It keeps some of each column for the planner in `pg_statistic`, where they outlive their rows
    and VACUUM FULL (seen: 60 of 60 erased addresses). Of text that is like no other, the planner
    learns nothing.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = current_schema()"
        )
        there = set(cursor.fetchall())  # not all, after a migration to an earlier state
        for table, column in there & columns_of_one_person():
            name = connection.ops.quote_name
            cursor.execute(f"ALTER TABLE {name(table)} ALTER {name(column)} SET STATISTICS 0")


def columns_of_one_person() -> set[tuple[str, str]]:
    """Each table and column of booking's whose values are encrypted, or random, or typed."""
    return {
        (model._meta.db_table, field.column)
        for model in apps.get_app_config("booking").get_models()
        for field in model._meta.local_fields
        if isinstance(field, models.CharField | models.TextField | models.UUIDField)
        and not field.choices
    }


def scrub() -> bool:
    """Leaves nothing deleted in the files of booking's tables; False where readers were in the way.

    Not within a transaction. Raises OperationalError where the database could not be had.
    """
    before = timezone.now()
    done = _scrub_postgresql() if connection.vendor == "postgresql" else _scrub_sqlite()
    if done:
        # Of a day to come: by a clock that was wrong, and long before.
        erased = Q(erased_at__lte=before) | Q(erased_at__gt=before + timedelta(days=1))
        Tombstone.objects.filter(erased).update(is_scrubbed=True)
    return done


def _scrub_postgresql() -> bool:
    tables = [model._meta.db_table for model in apps.get_app_config("booking").get_models()]
    with connection.cursor() as cursor:
        if not _readers_are_gone(cursor):
            return False
        cursor.execute("SET lock_timeout = %s", [LOCK_TIMEOUT])
        try:
            for table in tables:
                cursor.execute(f"VACUUM FULL {connection.ops.quote_name(table)}")
        finally:
            cursor.execute("RESET lock_timeout")
    return True


def _readers_are_gone(cursor: CursorWrapper) -> bool:
    """Whether nobody writes or reads any more who began before this call, within PATIENCE."""
    cursor.execute("SELECT pg_current_xact_id()::xid::text")
    [now] = cursor.fetchone()
    until = time.monotonic() + PATIENCE
    for are_there in OLDER:
        while _answer(cursor, are_there, now):
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
    return True


def _answer(cursor: CursorWrapper, are_there: str, now: str) -> bool:
    cursor.execute(are_there, {"now": now})
    return bool(cursor.fetchone()[0])


def _scrub_sqlite() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        is_busy, _, _ = cursor.fetchone()
    return not is_busy
