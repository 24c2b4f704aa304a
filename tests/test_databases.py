"""What a run of tests keeps for the next, so that one file does not take two minutes."""

import sqlite3
import subprocess
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection
from django.db.models.signals import post_migrate
from pytest_django import DjangoDbBlocker

from blog.models import ArticleIndexPage
from tests import databases


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with one of each thing that a published database comes from."""
    for name in (
        "booking/migrations/0001_initial.py",
        "booking/models/requests.py",
        "requirements.txt",
        "tests/factories.py",
        "booking/views.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("# as it was\n")
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [
        "booking/migrations/0001_initial.py",
        "booking/migrations/0002_new.py",
        "booking/models/requests.py",
        "requirements.txt",
        "tests/factories.py",
    ],
)
def test_what_the_database_comes_from_makes_it_anew(project: Path, name: str) -> None:
    before = databases.digest(project)
    (project / name).write_text("# changed\n")

    assert databases.digest(project) != before


def test_a_view_leaves_the_kept_database_as_it_is(project: Path) -> None:
    before = databases.digest(project)
    (project / "booking/views.py").write_text("# changed\n")

    assert databases.digest(project) == before


def test_a_new_day_makes_it_anew_since_pages_have_an_age(
    project: Path, time_machine: object
) -> None:
    time_machine.move_to("2030-01-01T12:00Z")  # type: ignore[attr-defined]
    before = databases.digest(project)
    time_machine.move_to("2030-01-02T12:00Z")  # type: ignore[attr-defined]

    assert databases.digest(project) != before


def test_every_table_and_all_that_migrate_fills_in_count() -> None:
    """A room that moves takes its pattern in INGREDIENTS with it."""
    counted = {file for pattern in databases.INGREDIENTS for file in databases.ROOT.glob(pattern)}
    modules = {model.__module__ for model in apps.get_models(include_auto_created=True)}
    for config in apps.get_app_configs():
        modules |= {r.__module__ for r in post_migrate._live_receivers(config)[0]}
    ours = {name for name in modules if name.split(".")[0] in ("practice", "blog", "booking")}

    for name in ours:
        path = databases.ROOT.joinpath(*name.split("."))
        assert {path.with_suffix(".py"), path / "__init__.py"} & counted, name


def test_what_was_kept_is_brought_back_whole(
    published_database: str, db: None, tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    kept = tmp_path / "kept"
    with django_db_blocker.unblock():
        databases.keep(published_database, kept)
    sqlite = connection.vendor == "sqlite"
    name = str(tmp_path / "again.sqlite3") if sqlite else f"again_{tmp_path.name}"
    try:
        databases.bring(kept, name)
        with databases.working_on(name):
            assert ArticleIndexPage.objects.get().live
    finally:
        if not sqlite:
            databases.drop(name)


def test_a_database_that_was_kept_by_halves_is_none(tmp_path: Path) -> None:
    with pytest.raises((sqlite3.Error, OSError, subprocess.CalledProcessError)):
        databases.keep("no such database", tmp_path / "kept")

    assert not (tmp_path / "kept").exists()
