"""Words that must stand nowhere in clear, and a search that finds them however written."""

import base64
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

LINE_BREAK = re.compile(rb"=?\r?\n")  # with the "=" that quoted-printable breaks a line by


def in_base64(raw: bytes, shift: int) -> bytes:
    """What of `raw` shows in any base64 that has `shift` other bytes before it, modulo 3."""
    first = -(-shift * 8 // 6)  # those before share their bits with bytes that may be anything
    last = (shift + len(raw)) * 8 // 6
    return base64.b64encode(bytes(shift) + raw)[first:last]


def spellings(word: str) -> dict[str, bytes]:
    """How `word` may stand in a file, by the name of the encoding.

    Words are ASCII letters and digits, which quoted-printable, JSON, HTML and addresses leave
    as they are; some writers encode each byte all the same.
    """
    raw = word.encode("ascii")
    return {
        "UTF-8": raw,
        "UTF-16-LE": word.encode("utf-16-le"),
        "UTF-16-BE": word.encode("utf-16-be"),
        "hex": raw.hex().encode(),
        "quoted-printable": b"".join(b"=%02x" % byte for byte in raw),
        "percent": b"".join(b"%%%02x" % byte for byte in raw),
        **{f"base64 shifted by {shift}": in_base64(raw, shift) for shift in range(3)},
    }


def found_in(data: bytes, words: Iterable[str]) -> Iterator[tuple[str, str]]:
    """`(word, encoding)` for each of `words` that `data` holds, in whatever case, even wrapped.

    Words are in lower case.
    """
    unwrapped = LINE_BREAK.sub(b"", data)
    exact = data, unwrapped
    lowered = data.lower(), unwrapped.lower()
    for word in words:
        for encoding, spelling in spellings(word).items():
            views = exact if encoding.startswith("base64") else lowered
            if any(spelling in view for view in views):
                yield word, encoding


def found_below(folder: Path, words: Iterable[str]) -> list[tuple[str, str, str]]:
    """`(file, word, encoding)` wherever one of `words` stands below `folder`, names included.

    Links are not followed.
    """
    words = list(words)
    found = []
    for file in sorted(folder.rglob("*")):
        name = str(file.relative_to(folder))
        data = name.encode() + b"\n"
        if file.is_file() and not file.is_symlink():
            data += file.read_bytes()
        found += [(name, word, encoding) for word, encoding in found_in(data, words)]
    return found
