"""Which tables readers see something of, and the triggers that renew the version when one changes.

By triggers, since much is written round `save` and its signals: moves in the tree, `update`, links
between tables, SQL by hand. On PostgreSQL they fire before the statement, so that the version's row
is always locked first, and two who publish wait for each other instead of locking each other up.
For that, and so that a column may change its type, no trigger is for some columns alone: a draft
that is saved renews the version as well.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.backends.utils import CursorWrapper
from wagtail.models import Page

SHOWN = [
    "practice.PracticeSettings",
    "practice.DaysAway",
    "practice.SiteImage",
    "practice.SiteRendition",
    "wagtailcore.Site",
    "wagtailcore.Locale",
    "wagtailcore.PageViewRestriction",
    "wagtaildocs.Document",
    "wagtailredirects.Redirect",
]  # beside every kind of page; other apps add theirs by `show`
CHANGES = ("INSERT", "UPDATE", "DELETE")

NAME = "practice_renew_stamp"  # of the function and its triggers
POSTGRESQL = "UPDATE practice_stamp SET value = replace(gen_random_uuid()::text, '-', '')"
SQLITE = "UPDATE practice_stamp SET value = lower(hex(randomblob(16)))"
FUNCTION = f"""
    CREATE OR REPLACE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN {POSTGRESQL}; RETURN NULL; END $$
"""


def show(*labels: str) -> None:
    """Names models, as `app.Model`, of which readers see something. For an app's `ready`."""
    SHOWN.extend(labels)


def tables() -> Iterator[tuple[str, tuple[str, ...]]]:
    """The tables of every kind of page with its links to many, and of what was named: each with
    the changes to it after which the version is renewed.
    """
    for model in apps.get_models():
        if issubclass(model, Page) or model._meta.label in SHOWN:
            is_made_while_rendering = model._meta.label == "practice.SiteRendition"
            changes = CHANGES[1:] if is_made_while_rendering else CHANGES
            yield model._meta.db_table, changes
            for link in model._meta.local_many_to_many:
                yield link.m2m_db_table(), CHANGES


def install(sender: Any, **kwargs: Any) -> None:
    """Receiver of `post_migrate`: the triggers, and then a new version for what an update brings.

    Each time anew, since Django makes a table of SQLite's anew to change it, without its triggers.
    """
    stamp_model = apps.get_model("practice.Stamp")
    there = set(connection.introspection.table_names())
    if stamp_model._meta.db_table not in there:  # after a migration to an earlier state
        return
    # No transaction around it all: whoever writes meanwhile waits for one table alone.
    with connection.cursor() as cursor:
        if not stamp_model.objects.exists():
            stamp_model.objects.create(pk=1)
        if _is_postgresql():
            cursor.execute(FUNCTION)
        renew = _on_postgresql if _is_postgresql() else _on_sqlite
        for table, changes in tables():
            if table in there:
                renew(cursor, table, changes)
        cursor.execute(POSTGRESQL if _is_postgresql() else SQLITE)


def remove(apps: Any = None, schema_editor: Any = None) -> None:
    """The way back of the migration that makes the version: nothing could be written without it."""
    with connection.cursor() as cursor:
        if _is_postgresql():
            cursor.execute(f"DROP FUNCTION IF EXISTS {NAME}() CASCADE")
            return
        cursor.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s", [f"{NAME}%"]
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TRIGGER {connection.ops.quote_name(name)}")


def _is_postgresql() -> bool:
    return connection.vendor == "postgresql"


def _on_postgresql(cursor: CursorWrapper, table: str, changes: tuple[str, ...]) -> None:
    cursor.execute(
        f"CREATE OR REPLACE TRIGGER {NAME} BEFORE {' OR '.join(changes)} "
        f"ON {connection.ops.quote_name(table)} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {NAME}()"
    )


def _on_sqlite(cursor: CursorWrapper, table: str, changes: tuple[str, ...]) -> None:
    for change in changes:
        name = connection.ops.quote_name(f"{NAME}_{change.lower()}_{table}")
        cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
        cursor.execute(
            f"CREATE TRIGGER {name} AFTER {change} ON {connection.ops.quote_name(table)} "
            f"BEGIN {SQLITE}; END"
        )
