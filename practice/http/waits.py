"""How long a request may wait behind locks: one budget for all that it does.

A database lets each statement wait anew (busy_timeout on SQLite, lock_timeout on PostgreSQL), so
two locks one after the other would take twice as long as one.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from psycopg.pq import TransactionStatus

from practice.http.middleware import Middleware

READS = 2.0  # seconds, for who only reads
GLANCE = 0.3  # seconds, for what can be done without
LEAST = 0.05  # seconds, for each statement once the budget is used up
ROOM = 1000  # milliseconds more for a statement, which does something beside waiting
GRAIN = 0.25  # seconds that a statement may be off: telling the database costs a round trip
NOTHING = (None, 0.0, False)  # told to no connection, how many seconds, within a transaction
OF_A_SAVEPOINT = ("SAVEPOINT", "RELEASE", "ROLLBACK")  # none waits, and one mends what failed

# By the monotonic clock: when this thread's request came, and until when it may wait.
came: ContextVar[float | None] = ContextVar("came", default=None)
_until: ContextVar[float] = ContextVar("until", default=float("inf"))


class OneBudget(Middleware):
    """Begins each request's budget: when it came, even if no thread was free for it then."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        seconds = READS if request.method in ("GET", "HEAD") else settings.WAITS_AT_MOST
        with connection.execute_wrapper(_hurry), at_most(seconds, since=came.get()):
            response = self.get_response(request)
        # The error of a statement and its cursor refer to each other, so they stay until some
        # thread collects garbage. With SQLite that thread would wait for the connection: for
        # seconds, while the next post waits behind a lock.
        if connection.vendor == "sqlite" and getattr(connection, "has_failed", False):
            connection.has_failed = False  # type: ignore[attr-defined]
            if not connection.in_atomic_block:  # as in a test
                connection.close()
        return response


@contextmanager
def at_most(seconds: float, *, since: float | None = None) -> Iterator[None]:
    """Within it, statements of a request wait no longer than so many seconds in all."""
    until = (time.monotonic() if since is None else since) + seconds
    token = _until.set(min(until, _until.get()))
    try:
        yield
    finally:
        _until.reset(token)


@contextmanager
def not_counted() -> Iterator[None]:
    """What is done within it, which is no waiting behind a lock, takes nothing from the budget."""
    began = time.monotonic()
    try:
        yield
    finally:
        _until.set(_until.get() + time.monotonic() - began)


def _hurry(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    """Tells the database how long the statement may wait, where it does not know."""
    ours = context["connection"]
    if not sql.startswith(OF_A_SAVEPOINT):
        left = max(_until.get() - time.monotonic(), LEAST)
        whose, seconds, within = getattr(ours, "told", NOTHING)
        is_off = abs(seconds - left) > GRAIN
        if whose is not ours.connection or is_off or (within and _begins_another(ours)):
            _tell(ours, left)
            ours.told = (ours.connection, left, ours.in_atomic_block)
    elif sql.startswith("ROLLBACK"):
        ours.told = NOTHING
    try:
        return execute(sql, params, many, context)
    except Exception:
        context["connection"].has_failed = True
        raise


def _begins_another(ours: Any) -> bool:
    """Whether the transaction is over in which PostgreSQL was told: a rollback took that back."""
    if ours.vendor == "sqlite":
        return False  # whose pragma is in no transaction
    return bool(ours.connection.info.transaction_status == TransactionStatus.IDLE)


def _tell(ours: Any, seconds: float) -> None:
    left = int(seconds * 1000)
    # PostgreSQL's lock_timeout counts for each of two waits behind a row that others wait for too.
    says = f"SET lock_timeout = {left}; SET statement_timeout = {left + ROOM}"
    with ours.wrap_database_errors:
        ours.connection.execute(
            f"PRAGMA busy_timeout = {left}" if ours.vendor == "sqlite" else says
        )


def connect_quickly() -> None:
    """From now on this process waits no longer than READS for a connection either."""
    name = "timeout" if connection.vendor == "sqlite" else "connect_timeout"
    connection.settings_dict["OPTIONS"][name] = int(READS)
