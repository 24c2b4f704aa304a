"""Pictures without what the camera wrote into them: renditions keep it unless the original goes.

Nothing here opens what was sent. A process that bounds its memory and time does (decoding.py), one
at a time on this machine, since a few bytes can claim to be a gigabyte.
"""

import contextlib
import fcntl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import PurePath

from django.conf import settings
from django.core.files.base import ContentFile, File

from practice.http import waits
from practice.media import decoding

KINDS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".heic": "HEIF"}
# Seconds, together below the 30 in which gunicorn gives up on a process that is silent.
LONGEST_WAIT = 8  # for the pictures before
LONGEST_WORK = 15  # on a busy machine; of computing, decoding.SECONDS

OTHER_KIND = "Choose a JPEG, PNG, WebP or HEIC picture."
TOO_MANY_PIXELS = "This picture has too many pixels. Make it smaller, then choose it again."
UNREADABLE = (
    "This picture can't be read. It may be damaged, incomplete, too large, or not what its name "
    "says. Save it as a JPEG of at most 4,000 pixels on a side, then choose that one."
)
BUSY = "Another picture is still being read. Wait a minute, then choose this one again."


class BrokenPicture(ValueError):
    """The file cannot be read as the picture it is called, or not now; the message says why."""


class CleanPicture(ContentFile):
    """A picture that holds pixels and a color profile, and nothing else."""


def stripped(file: File) -> CleanPicture:
    """The same picture, upright and not larger than a page, without position, camera or date.

    EXIF, GPS, XMP, IPTC, comments and further frames are left behind. PNG and WebP stay what
    they are, JPEG and HEIC become JPEG. Raises BrokenPicture.
    """
    name = PurePath(file.name or "")
    kind = KINDS.get(name.suffix.lower())
    if kind is None:
        raise BrokenPicture(OTHER_KIND)
    file.seek(0)
    with waits.not_counted():
        done = decoded(file.read(), kind)
    if done.returncode == decoding.TOO_MANY_PIXELS:
        raise BrokenPicture(TOO_MANY_PIXELS)
    if done.returncode:
        raise BrokenPicture(UNREADABLE)
    ending = name.suffix.lower() if kind in decoding.KEEPS_ALPHA else ".jpg"
    return CleanPicture(done.stdout, name=name.with_suffix(ending).name)


def decoded(content: bytes, kind: str) -> subprocess.CompletedProcess[bytes]:
    most_pixels = str(settings.WAGTAILIMAGES_MAX_IMAGE_PIXELS)
    with my_turn() as lock, contextlib.suppress(subprocess.TimeoutExpired):
        return subprocess.run(
            [sys.executable, "-I", decoding.__file__, kind, most_pixels],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            pass_fds=[lock],  # so that its turn lasts if this process is killed
            timeout=LONGEST_WORK,
            check=False,
        )
    raise BrokenPicture(UNREADABLE)


@contextlib.contextmanager
def my_turn() -> Iterator[int]:
    """One picture at a time, whichever process has it. Raises BrokenPicture after LONGEST_WAIT."""
    with open(settings.DATA_DIR / "picture.lock", "a") as lock:
        give_up = time.monotonic() + LONGEST_WAIT
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as problem:
                if time.monotonic() > give_up:
                    raise BrokenPicture(BUSY) from problem
                time.sleep(0.1)
        yield lock.fileno()
