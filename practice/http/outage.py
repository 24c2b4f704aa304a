"""While the database is away or a disk is full: an honest page, and whom to call meanwhile.

What is told then cannot be asked of the database, so a small copy of it lies in OUTAGE_FILE:
the practice's name, telephone and crisis lines, which stand on every page, and nothing about
anybody else.
"""

import errno
import json
import logging
import os
import sqlite3
import threading
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from django.conf import settings
from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpResponse

logger = logging.getLogger(__name__)

# Not reached, gone, locked for too long, or full; and a session that PostgreSQL has ended.
AWAY = (OperationalError, InterfaceError, InternalError)
ENDED = "25P03"  # idle_in_transaction_session_timeout: PostgreSQL, appendix A
DISK_FAILS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}
RETRY_AFTER = 60  # seconds


@dataclass(frozen=True)
class Facts:
    """Fields of the practice's settings, by the same names."""

    practice_name: str = ""
    telephone: str = ""
    telephone_link: str = ""
    emergency_number: str = ""
    crisis_name: str = ""
    crisis_phone: str = ""
    crisis_text_to: str = ""
    crisis_chat_url: str = ""
    violence_name: str = ""
    violence_phone: str = ""
    violence_text_word: str = ""
    violence_text_to: str = ""
    violence_chat_url: str = ""
    violence_url: str = ""

    @classmethod
    def of(cls, practice: object) -> "Facts":
        return cls(**{each.name: getattr(practice, each.name, "") for each in fields(cls)})


_last = Facts()  # of this process, should the file be out of reach as well


def remember(practice: object) -> Facts:
    """Keeps the facts of `practice`, if they are new. A disk that is full changes nothing."""
    global _last
    _last = Facts.of(practice)
    file = Path(settings.OUTAGE_FILE)
    if _read(file) == _last:
        return _last
    beside = file.with_name(f"{file.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        beside.write_text(json.dumps(asdict(_last)))
        beside.replace(file)
    except OSError as problem:
        logger.warning("%s could not be written: %s", file, type(problem).__name__)
    return _last


def note_change(sender: object, instance: object, **kwargs: object) -> None:
    """Receiver of `post_save` of the practice's settings."""
    remember(instance)


def recall() -> Facts:
    """The facts as they were last seen, by whichever process; empty ones if they never were."""
    return _read(Path(settings.OUTAGE_FILE)) or _last


def _read(file: Path) -> Facts | None:
    try:
        return Facts(**json.loads(file.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def is_one(error: BaseException | None) -> bool:
    """Whether `error` says that nothing can be read or kept at the moment, which passes."""
    if isinstance(error, OSError):
        return error.errno in DISK_FAILS
    # What PostgreSQL calls a programming error, such as a table that is missing.
    cause = error.__cause__ if error else None
    is_fault = getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
    if isinstance(error, InternalError):
        is_fault = getattr(cause, "sqlstate", None) != ENDED
    return isinstance(error, AWAY) and not is_fault


def unavailable(text: str) -> HttpResponse:
    headers = {"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"}
    return HttpResponse(text, status=503, headers=headers)
