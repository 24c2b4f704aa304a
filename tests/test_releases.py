"""An update loses nothing: what a database of each release held, it holds under today's code."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from pytest_django import DjangoDbBlocker

from tests import databases, releases

RELEASES = sorted(releases.FOLDER.glob("*.json"))
# What a later release means to say otherwise: (release, model, field).
CHANGED: set[tuple[str, str, str]] = set()


@pytest.fixture
def scratch(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path: Path
) -> Iterator[None]:
    """An empty database, on which everything works meanwhile."""
    with (
        django_db_blocker.unblock(),
        databases.empty_database(tmp_path) as name,
        databases.working_on(name),
    ):
        yield


@pytest.mark.parametrize("file", RELEASES, ids=lambda file: file.stem)
def test_a_filled_database_of_a_release_comes_forward_with_all_it_held(
    scratch: None, file: Path
) -> None:
    release = json.loads(file.read_text(encoding="utf-8"))
    executor = MigrationExecutor(connection)
    then = executor.migrate(list(release["migrations"].items()))
    releases.load(then.apps, release["rows"])
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    now = releases.rows(apps)
    lost = [
        (label, key, name, before, after.get(name))
        for label, rows in release["rows"].items()
        for key, before_row, after in paired(rows, now[label])
        for name, before in before_row.items()
        if before != after.get(name) and (file.stem, label, name) not in CHANGED
    ]
    assert lost == []
    assert release["rows"]["booking.consultationrequest"]


def paired(before: list[releases.Row], after: list[releases.Row]) -> Iterator[tuple[Any, ...]]:
    """Each row as it was with what has become of it, by its first column, which is its key."""
    by_key = {next(iter(row.values())): row for row in after}
    for row in before:
        key = next(iter(row.values()))
        yield key, row, by_key.get(key, {})


@pytest.mark.parametrize("file", RELEASES, ids=lambda file: file.stem)
def test_what_a_release_shipped_stays_as_it_was(file: Path) -> None:
    """Its migrations are kept in its file by their digests: one that is gone, renamed or changed
    would let a site that was updated differ from one that is new.
    """
    shipped = json.loads(file.read_text(encoding="utf-8"))["files"]
    today = releases.migration_files()
    assert shipped
    assert {name: today.get(name) for name in shipped} == shipped
