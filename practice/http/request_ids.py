"""A random number for each request, and for each run of a job, which their log lines share.

It says nothing about anybody. A visitor who meets a crash can tell it, and finds help sooner.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

TOLD = 8  # so many of its letters tell it apart, and can be said on the telephone
FORM = re.compile(r"[0-9a-f]{32}")  # nginx's $request_id

_current: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """The number of the request or run that is being worked on, or nothing."""
    return _current.get()


def told() -> str:
    """As much of it as is told to a visitor."""
    return current()[:TOLD]


def acceptable(given: str) -> bool:
    """Whether a proxy's number has the one form that is taken from it."""
    return FORM.fullmatch(given) is not None


@contextmanager
def numbered(given: str = "") -> Iterator[str]:
    """A block of work under the number `given`, else under a new one."""
    number = given or secrets.token_hex(16)
    token = _current.set(number)
    try:
        yield number
    finally:
        _current.reset(token)
