"""Connections to the database that outlast a request, and when one is given up.

Opening SQLite's file anew costs 2 ms, most of it for reading what tables there are. But whoever
holds it open would go on writing to it after it was moved away or replaced, where nobody finds
what was written. Of PostgreSQL's connections Django asks itself whether they still live.
"""

import os
from contextlib import suppress
from typing import Any

from django.db import DatabaseError, connection


def note_file(sender: Any, connection: Any, **kwargs: Any) -> None:
    """Receiver of `connection_created`: which file it was that was opened."""
    connection.opened_file = _file(connection)


def close_if_moved(**kwargs: Any) -> None:
    """Receiver of `request_started`, and before each job: the file is opened anew if need be."""
    if connection.vendor != "sqlite" or connection.connection is None or connection.in_atomic_block:
        return
    if _file(connection) != getattr(connection, "opened_file", None):
        with suppress(DatabaseError):
            connection.close()


def optimize() -> None:
    """Counts what SQLite's planner goes by.

    Without it, or counting a thousand rows of each index alone, the list of those who wait costs
    three times as much with 100,000 requests on file as with a hundred. `PRAGMA optimize` would do
    less before SQLite 3.46: it looks only at tables that its own connection has asked for.
    PostgreSQL counts by itself.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _file(connection: Any) -> tuple[int, int] | None:
    """Device and number of the file, whatever it is called; None where there is none."""
    if connection.vendor != "sqlite":
        return None
    try:
        found = os.stat(connection.settings_dict["NAME"])
    except OSError:
        return None
    return found.st_dev, found.st_ino
