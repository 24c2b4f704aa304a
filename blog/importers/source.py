"""Reads the text of a document from a file, and refuses what is no plain text."""

import codecs
import re
from pathlib import Path

LIMIT = 2_000_000  # bytes: some 150 long essays
BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f]")


class UnreadableSource(Exception):
    """The file cannot be imported; the message says why, in one line."""


def read_source(path: Path) -> str:
    """The text of the file at `path`: UTF-8 with or without a byte order mark, or UTF-16 with one.

    Raises UnreadableSource where it is missing, no ordinary file, too large, empty, binary or in
    another encoding.
    """
    try:
        if path.exists() and not path.is_file():
            raise UnreadableSource(f"{path} is no file")
        with path.open("rb") as file:
            data = file.read(LIMIT + 1)
    except FileNotFoundError:
        raise UnreadableSource(f"{path} does not exist") from None
    except PermissionError:
        raise UnreadableSource(f"{path} may not be read") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableSource(f"{str(path)!a} cannot be read: {reason}") from None
    if len(data) > LIMIT:
        raise UnreadableSource(f"{path} is larger than {LIMIT // 1_000_000} MB")
    text = decoded(data, path)
    if not text.strip():
        raise UnreadableSource(f"{path} is empty")
    return text


def decoded(data: bytes, path: Path) -> str:
    encoding = next((name for mark, name in BOMS.items() if data.startswith(mark)), "utf-8")
    if encoding != "utf-16" and b"\0" in data:
        raise UnreadableSource(f"{path} is no plain text; save the document as text first")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableSource(
            f"{path} is not in UTF-8 (line {line}); save the document as text in UTF-8"
        ) from None
    if NOT_TEXT.search(text):
        raise UnreadableSource(f"{path} is no plain text; save the document as text first")
    return text
