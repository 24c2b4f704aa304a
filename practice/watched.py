"""Which tables readers see something of, and the triggers that renew the stamp when one changes.

By triggers, since much is written round `save` and its signals: moves in the tree, `update`, links
between tables, SQL by hand. On PostgreSQL they fire before the statement, so that the stamp's row
is locked first and two who publish wait for each other instead of locking each other up.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.db.backends.utils import CursorWrapper
from wagtail.models import Page

from practice.models import Stamp

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
]  # beside every kind of page; other apps add theirs by `watch`

# Of a page, what its drafts change: no reader sees it, and an editor saves itself while one types.
OF_DRAFTS = {
    "draft_title",
    "has_unpublished_changes",
    "latest_revision",
    "latest_revision_created_at",
}

POSTGRESQL = "UPDATE practice_stamp SET value = replace(gen_random_uuid()::text, '-', '')"
SQLITE = "UPDATE practice_stamp SET value = lower(hex(randomblob(16)))"
FUNCTION = f"""
    CREATE OR REPLACE FUNCTION practice_renew_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN {POSTGRESQL}; RETURN NULL; END $$
"""


@dataclass(frozen=True)
class Watched:
    """One table, and after which changes to it the stamp is renewed."""

    table: str
    changes: tuple[str, ...]


def watch(*labels: str) -> None:
    """Names models, as `app.Model`, of which readers see something. For an app's `ready`."""
    SHOWN.extend(labels)


def watched() -> Iterator[Watched]:
    """Every kind of page with its links to many, and what was named."""
    for model in apps.get_models():
        if issubclass(model, Page) or model._meta.label in SHOWN:
            yield Watched(model._meta.db_table, _changes(model))
            for link in model._meta.local_many_to_many:
                yield Watched(link.m2m_db_table(), ("INSERT", "UPDATE", "DELETE"))


def _changes(model: type[models.Model]) -> tuple[str, ...]:
    if model._meta.label == "practice.SiteRendition":  # made while a page is rendered
        return ("UPDATE", "DELETE")
    if model is not Page:
        return ("INSERT", "UPDATE", "DELETE")
    columns = (f.column for f in Page._meta.local_fields if f.name not in OF_DRAFTS)
    names = ", ".join(map(connection.ops.quote_name, columns))
    return ("INSERT", f"UPDATE OF {names}", "DELETE")


def install(sender: Any, **kwargs: Any) -> None:
    """Receiver of `post_migrate`: the stamp, renewed for what an update brings, and the triggers.

    Each time anew, since Django makes a table of SQLite's anew to change it, without its triggers.
    """
    there = set(connection.introspection.table_names())
    if Stamp._meta.db_table not in there:  # after a migration to an earlier state
        return
    # No transaction around it all: whoever writes meanwhile waits for one table alone.
    with connection.cursor() as cursor:
        if not Stamp.objects.exists():
            Stamp.objects.create(pk=1)
        _renew(cursor)
        for each in watched():
            if each.table in there:
                _on_postgresql(cursor, each) if _is_postgresql() else _on_sqlite(cursor, each)


def _renew(cursor: CursorWrapper) -> None:
    if _is_postgresql():
        cursor.execute(FUNCTION)
        cursor.execute(POSTGRESQL)
    else:
        cursor.execute(SQLITE)


def _is_postgresql() -> bool:
    return connection.vendor == "postgresql"


def _on_postgresql(cursor: CursorWrapper, watched: Watched) -> None:
    cursor.execute(
        f"CREATE OR REPLACE TRIGGER practice_renew_stamp BEFORE {' OR '.join(watched.changes)} "
        f"ON {connection.ops.quote_name(watched.table)} "
        "FOR EACH STATEMENT EXECUTE FUNCTION practice_renew_stamp()"
    )


def _on_sqlite(cursor: CursorWrapper, watched: Watched) -> None:
    for change in watched.changes:
        name = connection.ops.quote_name(f"renew_stamp_{change[:6].lower()}_{watched.table}")
        cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
        cursor.execute(
            f"CREATE TRIGGER {name} AFTER {change} ON {connection.ops.quote_name(watched.table)} "
            f"BEGIN {SQLITE}; END"
        )
