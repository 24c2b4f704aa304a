"""Files that are written whole or not at all, even if the power goes. Others may not read them,
unless it is said. Only the standard library may be imported here.
"""

import errno
import fcntl
import os
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

PART = ".part"  # how a file is called until it is whole
LEFT_AFTER = 3600  # seconds: no write takes so long


def replace(path: Path, data: bytes, mode: int = 0o600) -> None:
    """A crash leaves the old file or the new one, and at worst a part beside it, which the next
    time removes. Its name begins with a dot: of a folder with `*`, nginx would read it.
    """
    for left in path.parent.glob(f".{path.name}.*{PART}"):
        with suppress(FileNotFoundError):  # where two write at once
            if left.stat().st_mtime < time.time() - LEFT_AFTER:
                left.unlink()
    try:
        descriptor, part = tempfile.mkstemp(PART, f".{path.name}.", path.parent)
    except OSError as error:
        error.filename = str(path)  # which people know
        raise
    try:
        with open(descriptor, "wb") as file:
            if mode != 0o600:  # as it is made; a mounted place may refuse to be told even that
                os.fchmod(descriptor, mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        put(Path(part), path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def put(part: Path, path: Path) -> None:
    """Gives a file that is on the disk its name, for good."""
    os.replace(part, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def append(path: Path, lines: Iterable[bytes]) -> None:
    """Adds whole lines, one process after another. Raises OSError, also where only a part went in:
    what a full disk left of a line is a line by itself.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        size = os.fstat(descriptor).st_size
        is_torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        text = b"\n" * is_torn + b"".join(lines)
        if os.write(descriptor, text) < len(text):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
