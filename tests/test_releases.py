"""An update loses nothing, and stops nobody: what a database of each release held, it holds under
today's code, and on today's tables that release's own code still writes and reads.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from pytest_django import DjangoDbBlocker

from booking.models import ConsultationRequest, Schedule
from practice.models import PracticeSettings
from tests import databases, releases

RELEASES = sorted(releases.FOLDER.glob("*.json"))
# What a later release means to say otherwise: (release, model, field).
CHANGED: set[tuple[str, str, str]] = {
    ("0.1.0", "practice.practicesettings", name)
    for name in (
        *("teen_information", "elsewhere_help", "good_faith_estimate_notice"),
        *("closed_message", "invitation_text", "board_notice"),
    )
}


@dataclass
class Forward:
    """A database that `release` had filled, brought to today's schema; `then` are the models of
    that release, and `columns` what its tables had.
    """

    name: str
    release: dict[str, Any]
    then: Any
    columns: dict[str, bool]


@pytest.fixture(scope="module", params=RELEASES, ids=lambda file: file.stem)
def forward(
    request: pytest.FixtureRequest,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Forward]:
    """Migrated once, since that takes longest. Everything works on it meanwhile."""
    release = read(request.param)
    with (
        django_db_blocker.unblock(),
        databases.empty_database(tmp_path_factory.mktemp("release")) as name,
        databases.working_on(name),
    ):
        then = MigrationExecutor(connection).migrate(list(release["migrations"].items())).apps
        releases.load(then, release["rows"])
        known = columns(then)
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
        yield Forward(request.param.stem, release, then, known)


def read(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text(encoding="utf-8"))


def columns(apps: Any) -> dict[str, bool]:
    """Each column, as table.column, of the tables of these models that are there; and whether a
    row without it is taken.
    """
    with connection.cursor() as cursor:
        tables = {model._meta.db_table for model in releases.models(apps)}
        return {
            f"{table}.{column.name}": bool(column.null_ok or column.default)
            for table in sorted(tables & set(connection.introspection.table_names(cursor)))
            for column in connection.introspection.get_table_description(cursor, table)
        }


def test_a_filled_database_of_a_release_comes_forward_with_all_it_held(forward: Forward) -> None:
    now = releases.rows(apps)
    lost = [
        (label, key, name, before, after.get(name))
        for label, rows in forward.release["rows"].items()
        for key, before_row, after in paired(rows, now[label])
        for name, before in before_row.items()
        if before != after.get(name) and (forward.name, label, name) not in CHANGED
    ]
    assert lost == []
    assert forward.release["rows"]["booking.consultationrequest"]


def paired(before: list[releases.Row], after: list[releases.Row]) -> Iterator[tuple[Any, ...]]:
    """Each row as it was with what has become of it, by its first column, which is its key."""
    by_key = {next(iter(row.values())): row for row in after}
    for row in before:
        key = next(iter(row.values()))
        yield key, row, by_key.get(key, {})


def test_what_the_practice_had_left_as_it_began_goes_on_as_a_new_one_begins(
    forward: Forward,
) -> None:
    practice, new = PracticeSettings.objects.get(), PracticeSettings()
    hotline = ("violence_text_word", "violence_text_to", "violence_chat_url")
    for name in (*hotline, *(name for _, _, name in CHANGED)):
        assert getattr(practice, name) == getattr(new, name) != ""


def test_its_requests_belong_to_the_default_schedule_and_another_can_be_made(
    forward: Forward,
) -> None:
    requests = ConsultationRequest.objects.all()
    assert set(requests.values_list("schedule", flat=True)) == {Schedule.load().pk}
    with transaction.atomic():
        assert Schedule.objects.create().pk > Schedule.load().pk
        transaction.set_rollback(True)


@pytest.mark.parametrize("file", RELEASES, ids=lambda file: file.stem)
def test_what_a_release_shipped_stays_as_it_was(file: Path) -> None:
    """Its migrations are kept in its file by their digests: one that is gone, renamed or changed
    would let a site that was updated differ from one that is new.
    """
    shipped = json.loads(file.read_text(encoding="utf-8"))["files"]
    today = releases.migration_files()
    assert shipped
    assert {name: today.get(name) for name in shipped} == shipped


# An update migrates while the version before still serves: today's tables have to take its rows.


of_the_last = pytest.mark.parametrize("forward", RELEASES[-1:], indirect=True, ids=["last"])


@of_the_last
def test_what_the_last_release_does_not_name_the_database_fills_in_by_itself(
    forward: Forward,
) -> None:
    """Also in tables of which that release's filled database holds no row."""
    now = columns(forward.then)
    assert forward.columns.keys() - now.keys() == set(), "taken away while somebody reads it"
    new = {name: fills_in for name, fills_in in now.items() if name not in forward.columns}
    assert [name for name, fills_in in new.items() if not fills_in] == [], (
        "give it null=True or a db_default"
    )


@of_the_last
def test_on_todays_tables_the_last_release_reads_changes_and_adds_what_it_knows(
    forward: Forward,
) -> None:
    """Its models name their own columns and no others. This one goes last: it empties tables."""
    then, before = forward.then, releases.rows(forward.then)
    for model in releases.models(then):
        has_more_than_keys = any(not field.primary_key for field in model._meta.local_fields)
        for row in model._base_manager.all() if has_more_than_keys else ():
            row.save_base(raw=True, force_update=True)
    assert releases.rows(then) == before
    releases.load(then, before)  # each is deleted and added
    assert releases.rows(then) == before
