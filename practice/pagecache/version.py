"""What may be cached between requests, and until when: one version for all that readers see.

The database renews the version within the transaction that changes any of it (triggers.py). Each
request reads it before anything else, so what was made of the database afterwards is at least as
new as the version it is cached under, and is never found again once another version stands.
"""

import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any, TypeVar
from uuid import uuid4

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

T = TypeVar("T")

# Some of what readers see begins on a day, such as free places; and in every time zone a day
# begins on a quarter of an hour. https://www.iana.org/time-zones
QUARTER = 15 * 60  # seconds
MOST = 10_000  # things that one process holds


class Cached:
    """What this process has made under one version, for all requests that read the same.

    `read_at` is when the version was last read, and `asked_at` when it was first asked for, by the
    monotonic clock.
    """

    def __init__(self, version: str = "", asked_at: float = float("-inf")) -> None:
        self.version = version
        self.asked_at = self.read_at = asked_at
        self.values: dict[Hashable, Any] = {}


_cached = Cached()
_lock = Lock()  # for letting go of one for another
_reading: ContextVar[Cached | None] = ContextVar("reading", default=None)


def current() -> str:
    """The version as it stands, and which quarter of an hour it is; in one query.

    Raises OperationalError or InterfaceError where the database is away.
    """
    was_open = connection.connection is not None and not connection.in_atomic_block
    # Or Django would first ask for 1.
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        value = _value()
    except (OperationalError, InterfaceError):
        if not was_open:
            raise
        connection.close()  # the server has closed it since, as when it was started again
        value = _value()
    return f"{value} {int(time.time()) // QUARTER}"


def _value() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM practice_stamp")
        row = cursor.fetchone()
    return row[0] if row else uuid4().hex  # without one, nothing could be told to have changed


@contextmanager
def read() -> Iterator[Cached]:
    """Reads the version for one request, in which `cached` then keeps what it makes."""
    global _cached
    asked_at = time.monotonic()
    version = current()
    with _lock:
        mine = _cached
        if mine.version != version or settings.DEBUG:  # where templates change between requests
            mine = Cached(version, asked_at)
            if asked_at >= _cached.asked_at:  # or another thread has read a newer one meanwhile
                _cached = mine
        mine.read_at = time.monotonic()
    token = _reading.set(mine)
    try:
        yield mine
    finally:
        _reading.reset(token)


def cached(key: Hashable, make: Callable[[], T]) -> T:
    """What `make` gives, made once for as long as the version stands; outside of `read`, each time.

    All requests of a process get the very same object, so nobody may change it. What is not
    there (None) is not cached, or a stranger could fill the memory by asking for it.
    """
    [value] = cached_each("", [key], lambda _: [make()])
    return value


def cached_each(
    kind: str, keys: Sequence[Hashable], make: Callable[[list[Any]], Sequence[T]]
) -> list[T]:
    """The same for many at once: `make` gets those `keys` that are not cached, in order."""
    reading = _reading.get()
    values = {} if reading is None else reading.values
    if len(values) > MOST:
        values.clear()  # also between two looks of another thread
    looked = {key: values.get((kind, key)) for key in keys}
    found = {key: value for key, value in looked.items() if value is not None}
    missing = [key for key in dict.fromkeys(keys) if key not in found]
    if missing:
        made = dict(zip(missing, make(missing), strict=True))
        values.update({(kind, key): value for key, value in made.items() if value is not None})
        found |= made
    return [found[key] for key in keys]


def last() -> Cached:
    """What was made under the version that this process read last."""
    return _cached


def forget_all() -> None:
    """Lets go of everything, as a new process would."""
    global _cached
    _cached = Cached()
