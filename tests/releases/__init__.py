"""What each release held: a filled database of every one, to be brought forward to today's.

`python -m tests.releases 0.2.0` writes the next file, when that version is released.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.color import no_style
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.db.models import Model

FOLDER = Path(__file__).parent
PROJECT = FOLDER.parent.parent
Row = dict[str, Any]
# What is made anew from all else, or says nothing of what the site holds.
PASSING = {"sessions.session", "wagtailcore.referenceindex", "wagtailimages.rendition"}


def models(apps: Any) -> Iterator[type[Model]]:
    """Every model with a table of its own, whose rows have to outlive an update."""
    for model in apps.get_models(include_auto_created=True):
        label = model._meta.label_lower
        is_made_anew = label in PASSING or label.startswith("wagtailsearch.")
        if model._meta.managed and not model._meta.proxy and not is_made_anew:
            yield model


def rows(apps: Any) -> dict[str, list[Row]]:
    """Each table's rows by its model's name, in the order of their keys."""
    return {
        model._meta.label_lower: [
            {field.name: value_of(field, row) for field in model._meta.local_fields}
            for row in model._base_manager.order_by("pk")
        ]
        for model in models(apps)
    }


def value_of(field: Any, row: Model) -> Any:
    if field.value_from_object(row) is None:
        return None
    value = field.value_to_string(row)
    if field.get_internal_type() == "JSONField" and isinstance(value, str):
        return json.dumps(json.loads(value), sort_keys=True)  # PostgreSQL keeps no order of keys
    return value


def migration_files() -> dict[str, str]:
    """The sha256 of each of the project's own migrations, by its path."""
    return {
        str(path.relative_to(PROJECT)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(PROJECT.glob("*/migrations/0*.py"))
    }


def write(apps: Any, version: str, migrations: dict[str, str]) -> None:
    """Writes the file of a release: its last migration of each app, its own files, and all rows."""
    held = {"migrations": migrations, "files": migration_files(), "rows": rows(apps)}
    text = json.dumps(held, cls=DjangoJSONEncoder, indent=0, ensure_ascii=False)
    (FOLDER / f"{version}.json").write_text(text + "\n", encoding="utf-8")


def load(apps: Any, held: dict[str, list[Row]]) -> None:
    """Fills a database, whose schema is that of `apps`, with a release's rows and no others."""
    by_label = {model._meta.label_lower: model for model in models(apps)}
    with transaction.atomic(), connection.cursor() as cursor:
        for model in by_label.values():  # what migrations put there
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(model._meta.db_table)}")
        for label, kept in held.items():
            model = by_label[label]
            fields = {field.name: field for field in model._meta.local_fields}
            for row in kept:
                values = {
                    fields[name].attname: None if value is None else fields[name].to_python(value)
                    for name, value in row.items()
                }
                model(**values).save_base(raw=True, force_insert=True)
        for statement in connection.ops.sequence_reset_sql(no_style(), list(by_label.values())):
            cursor.execute(statement)
