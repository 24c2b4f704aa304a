"""What a practice needs before it serves: user, folders, database, static files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deploy.manage import manage, manages, static_root
from deploy.settings import Practice
from deploy.system import Step, asks, at, directory, run, user_exists

POSTGRES: dict[str, Any] = {
    "user": "postgres",
    "group": "postgres",
    "extra_groups": [],
    "cwd": "/",
    "env": {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
}


def foundation(practice: Practice, folder: Path) -> Iterator[Step]:
    user, name = practice.user, practice.name
    yield Step(
        f"make the user {user}",
        lambda: user_exists(user),
        lambda: run(
            *("useradd", "--system", "--user-group", "--shell", "/usr/sbin/nologin"),
            *("--no-create-home", "--home-dir", f"/var/lib/practice/{name}", user),
        ),
    )
    # nginx reads the pictures in it; other practices read nothing.
    yield directory(practice.data, user, "www-data", 0o710)
    yield directory(practice.data / "media", user, user, 0o755)
    for part in ("", "templates", "static"):
        yield directory(practice.own_folder / part, "root", user, 0o750)
    place = practice.settings.get("BACKUP_TO", "")
    if place.startswith("/") and not at(place).exists():  # where one is mounted, it stays as it is
        yield directory(at(place), user, user, 0o700)
    yield Step(
        f"make the database user {user}",
        lambda: ask_database(f"select 1 from pg_roles where rolname = '{user}'") == "1",
        lambda: as_postgres("createuser", "--no-superuser", "--no-createrole", "--createdb", user),
    )
    yield Step(
        f"make the database {user}",
        lambda: ask_database(f"select 1 from pg_database where datname = '{user}'") == "1",
        lambda: as_postgres(
            *("createdb", "--owner", user, "--encoding", "UTF8", "--locale", "C.UTF-8"),
            *("--template", "template0", user),
        ),
    )
    yield Step(
        f"close the database {user} to other users",
        lambda: (
            ask_database(f"select has_database_privilege('public', '{user}', 'connect')") == "f"
        ),
        lambda: as_postgres("psql", "-qc", f'revoke connect on database "{user}" from public'),
    )
    yield Step(
        f"collect the static files of {name}",
        lambda: (static_root(practice, folder) / "collected").exists(),
        lambda: collect_static(practice, folder),
    )
    yield Step(
        f"migrate the database of {name} to {folder.name}",
        lambda: manages(practice, folder, "migrate", "--check"),
        lambda: manage(practice, folder, "migrate", "--no-input"),
    )


def ask_database(query: str) -> str:
    return asks("psql", "-tAc", query, **POSTGRES)


def as_postgres(*command: str) -> None:
    run(*command, **POSTGRES)


def collect_static(practice: Practice, folder: Path) -> None:
    root = static_root(practice, folder)
    run("install", "-d", "-m", "755", root.parent)
    run("install", "-d", "-o", practice.user, "-g", practice.user, "-m", "755", root)
    manage(practice, folder, "collectstatic", "--no-input", "--clear", "--verbosity", "0")
    (root / "collected").touch()
