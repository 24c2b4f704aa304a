"""What the database promises, and what it writes down."""

from django.core.checks import Error, Tags, Warning, register
from django.db import connection

from practice.environment.checking import Messages, readable

SQLITE_FULL = 2  # https://www.sqlite.org/pragma.html#pragma_synchronous
# What PostgreSQL has to be told so that it writes no values into its log, which outlive an erasure.
QUIET = {
    "log_error_verbosity": "terse",  # by itself: the whole row that a constraint refuses
    "log_min_duration_sample": "-1",
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "panic",  # by itself: a form that was sent twice
    "log_statement": "none",
}


@register(Tags.database, deploy=True)
def commits_reach_the_disk(
    app_configs: object, databases: object = None, **kwargs: object
) -> Messages:
    """Whoever reads that a request has arrived must find it after a power cut."""
    if not databases or not (unsafe := readable(unsafe_settings)):
        return []
    return [
        Error(
            f"The database acknowledges what is not on disk yet: {', '.join(unsafe)}.",
            hint="Leave these settings as the database has them by itself.",
            id="practice.E011",
        )
    ]


def unsafe_settings() -> list[str]:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA synchronous")
            [synchronous] = cursor.fetchone()
            return [] if synchronous >= SQLITE_FULL else [f"synchronous is {synchronous}"]
        cursor.execute(
            "SELECT name FROM pg_settings WHERE setting = 'off' AND name IN "
            "('fsync', 'full_page_writes', 'synchronous_commit') ORDER BY name"
        )
        return [f"{name} is off" for [name] in cursor.fetchall()]


@register(Tags.database, deploy=True)
def no_log_keeps_values(
    app_configs: object, databases: object = None, **kwargs: object
) -> Messages:
    if not databases or not (loud := readable(loud_settings)):
        return []
    return [
        Warning(
            f"The database writes what people sent into its log: {', '.join(loud)}.",
            hint=f"Set {', '.join(f'{name} = {value}' for name, value in QUIET.items())}.",
            id="practice.W007",
        )
    ]


def loud_settings() -> list[str]:
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name LIKE 'log%' ORDER BY name")
        return [f"{n} is {value}" for n, value in cursor.fetchall() if QUIET.get(n, value) != value]
