"""What a file for download is, by what it holds: its name is only what somebody called it.

Nothing is unpacked: of an archive its list of files is read, if it is short, and, in ODF, its first
words, so a zip bomb has nothing to fill.
"""

import codecs
import os
import re
from collections.abc import Callable
from io import BytesIO
from pathlib import PurePath
from typing import IO
from zipfile import ZipFile

ODT = b"application/vnd.oasis.opendocument.text"  # OpenDocument 1.3, part 2, 3.3
LONGEST_LIST = 1_000_000  # bytes; one of 20 MB took 100 MB of memory and four seconds
NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def is_pdf(file: IO[bytes]) -> bool:
    """From its first bytes to its end (ISO 32000-1, 7.5)."""
    begins = file.read(5) == b"%PDF-"
    file.seek(0)
    return begins and b"%%EOF" in file.read()[-1024:]


def archive(file: IO[bytes]) -> ZipFile:
    """Raises BadZipFile, or ValueError, also where the list of files is a long one."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - LONGEST_LIST))
    ZipFile(BytesIO(file.read()))  # which holds the whole list, or refuses
    return ZipFile(file)


def is_docx(file: IO[bytes]) -> bool:
    """A Word document without macros."""
    names = set(archive(file).namelist())
    has_macros = any(name.lower().endswith("vbaproject.bin") for name in names)
    return {"[Content_Types].xml", "word/document.xml"} <= names and not has_macros


def is_odt(file: IO[bytes]) -> bool:
    with archive(file).open("mimetype") as kind:
        return kind.read(len(ODT) + 1).strip() == ODT


def is_text(file: IO[bytes]) -> bool:
    """Of letters alone, in whatever encoding."""
    content = file.read()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        content = content.decode("utf-16").encode()
    return not NO_TEXT.search(content) and not content.startswith(b"%PDF-")


TESTS: dict[str, Callable[[IO[bytes]], bool]] = {
    "pdf": is_pdf,
    "docx": is_docx,
    "odt": is_odt,
    "txt": is_text,
}


def is_what_it_is_called(file: IO[bytes], name: str) -> bool:
    """Whether `file` holds what the ending of its `name` says; an ending not known never does."""
    test = TESTS.get(PurePath(name).suffix.lower().lstrip("."))
    if test is None:
        return False
    file.seek(0)
    try:
        return test(file)
    except Exception:  # a damaged archive fails in many ways
        return False
    finally:
        file.seek(0)
