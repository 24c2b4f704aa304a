"""Reads the text of a document from a file, and refuses what is no plain text."""

import codecs
import re
from pathlib import Path
from typing import NamedTuple

from blog.importers import encodings, kinds

LIMIT = 2_000_000  # bytes: some 150 long essays
BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f]")


class UnreadableSource(Exception):
    """The file cannot be imported; the message says why, in one line."""


class Source(NamedTuple):
    """A text, and its encoding where that had to be guessed: `Windows-1252`, else nothing."""

    text: str
    guessed: str


def read_source(path: Path) -> Source:
    """The text of the file at `path`: UTF-8 with or without a byte order mark, UTF-16 with one,
    Windows-1252 or Mac Roman.

    Raises UnreadableSource where it is missing, no ordinary file, no prose, too large, empty,
    binary or in another encoding.
    """
    try:
        if path.exists() and not path.is_file():
            raise UnreadableSource(f"{path} isn't a file")
        with path.open("rb") as file:
            data = file.read(LIMIT + 1)
    except FileNotFoundError:
        raise UnreadableSource(f"{path} doesn't exist") from None
    except PermissionError:
        raise UnreadableSource(f"{path} can't be read: permission denied") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableSource(f"{str(path)!a} can't be read: {reason}") from None
    refuse_kind(kinds.of_bytes(data), path)
    if len(data) > LIMIT:
        refuse_kind(kinds.of_text(data.decode(encoding_of(data), "ignore")), path)
        raise UnreadableSource(f"{path} is larger than {LIMIT // 1_000_000} MB")
    source = decoded(data, path)
    refuse_kind(kinds.of_text(source.text), path)
    if NOT_TEXT.search(source.text):
        raise UnreadableSource(f"{path} isn't plain text; save the document as text first")
    if not source.text.strip():
        raise UnreadableSource(f"{path} is empty")
    return source


def refuse_kind(kind: str, path: Path) -> None:
    """Raises UnreadableSource, with the name of what it is, for what is no prose."""
    if kind:
        raise UnreadableSource(
            f"{path} is {kind}, which can't be imported. Save the essays as plain text (.txt) "
            "or Markdown (.md) and import that"
        )


def encoding_of(data: bytes) -> str:
    return next((name for mark, name in BOMS.items() if data.startswith(mark)), "utf-8")


def decoded(data: bytes, path: Path) -> Source:
    encoding = encoding_of(data)
    if encoding != "utf-16" and b"\0" in data:
        raise UnreadableSource(f"{path} isn't plain text; save the document as text first")
    try:
        return Source(data.decode(encoding), "")
    except UnicodeDecodeError as error:
        is_older = encoding == "utf-8" and not encodings.is_damaged_utf_8(data)
        if is_older and (found := encodings.guess(data)):
            return Source(*found)
        line = len(data[: error.start].splitlines()) or 1
        raise UnreadableSource(
            f"{path} isn't in UTF-8 (line {line}); save the document as text in UTF-8"
        ) from None
