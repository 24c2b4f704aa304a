"""What the database promises, and what it writes down."""

from django.core.checks import Tags
from django.db import connection

from practice.environment.checking import Complaints, check

SQLITE_FULL = 2  # https://www.sqlite.org/pragma.html#pragma_synchronous
# What PostgreSQL has to be told so that it writes no values into its log, which outlive an erasure.
QUIET = {
    "log_error_verbosity": "terse",  # by itself: the whole row that a constraint refuses
    "log_min_duration_sample": "-1",
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "panic",  # by itself: a form that was sent twice
    "log_statement": "none",
}
TO_SET = f"Set {', '.join(f'{name} = {value}' for name, value in QUIET.items())}."
AS_IT_IS = "Leave these settings as the database has them by itself."


@check("practice.E011", AS_IT_IS, tag=Tags.database, deploy=True)
def commits_reach_the_disk() -> Complaints:
    """Whoever reads that a request has arrived must find it after a power cut."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA synchronous")
            [level] = cursor.fetchone()
            unsafe = [] if level >= SQLITE_FULL else [f"synchronous is {level}"]
        else:
            cursor.execute(
                "SELECT name FROM pg_settings WHERE setting = 'off' AND name IN "
                "('fsync', 'full_page_writes', 'synchronous_commit') ORDER BY name"
            )
            unsafe = [f"{name} is off" for [name] in cursor.fetchall()]
    if unsafe:
        yield f"The database acknowledges what is not on disk yet: {', '.join(unsafe)}."


@check("practice.W007", TO_SET, tag=Tags.database, deploy=True)
def no_log_keeps_values() -> Complaints:
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name LIKE 'log%' ORDER BY name")
        loud = [f"{n} is {value}" for n, value in cursor.fetchall() if QUIET.get(n, value) != value]
    if loud:
        yield f"The database writes what people sent into its log: {', '.join(loud)}."
