"""The keys of the practice as they stand on paper, to be typed by hand one day.

RFC 4648 base32, since it has neither 0, 1, 8 nor 9 to be taken for a letter, in groups of four.
The last group of each line checks that line, so that a slip is found where it was made.
"""

import base64
import hashlib

from cryptography.fernet import Fernet

GROUP = 4
LINE = 4 * GROUP
LOOKS_LIKE = str.maketrans("0189", "OIBP")  # what a hand or an eye makes of a letter
LETTERS = "abcd"  # a key's 32 bytes are 52 letters, which fill four lines


class Misread(ValueError):
    """A line of the paper does not fit its last group; the message says which."""


def lines_of(number: int, key: str) -> list[str]:
    """Key `number` (from 1) as lines for paper, such as `1a  MFRG GZDF MZTW Q2LK  7HX4`."""
    text = base64.b32encode(base64.urlsafe_b64decode(key)).decode().rstrip("=")
    parts = [text[at : at + LINE] for at in range(0, len(text), LINE)]
    return [
        f"{number}{letter}  {grouped(part)}  {check(f'{number}{letter}', part)}"
        for letter, part in zip(LETTERS, parts, strict=False)
    ]


def grouped(text: str) -> str:
    return " ".join(text[at : at + GROUP] for at in range(0, len(text), GROUP))


def check(label: str, part: str) -> str:
    """Twenty bits of a hash over a line and its label: lines that were swapped are found too."""
    digest = hashlib.sha256(f"{label}:{part}".encode()).digest()
    return base64.b32encode(digest).decode()[:GROUP]


def keys_from(text: str) -> list[str]:
    """The keys that stand in `text`, in their order; lines that are no part of one are skipped.

    Raises Misread for a line that was not copied rightly, or a key that lacks some.
    """
    parts: dict[int, list[str]] = {}
    for line in text.splitlines():
        label, _, rest = line.strip().lower().partition(" ")
        if not (label[:-1].isascii() and label[:-1].isdecimal() and label[-1:] in LETTERS):
            continue
        parts.setdefault(int(label[:-1]), []).append(label[-1] + part_of(label, rest))
    return [_key(number, parts[number]) for number in sorted(parts)]


def part_of(label: str, rest: str) -> str:
    """What the line with this label says of its key. Raises Misread if it was copied wrongly."""
    typed = "".join(rest.upper().translate(LOOKS_LIKE).split())
    part, last = typed[:-GROUP], typed[-GROUP:]
    if check(label, part) != last:
        raise Misread(f"Line {label} has a typo: it doesn't match its last group.")
    return part


def _key(number: int, parts: list[str]) -> str:
    ordered = sorted(set(parts))
    text = "".join(part[1:] for part in ordered)
    complete = [part[0] for part in ordered] == list(LETTERS[: len(ordered)])
    try:
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
        key = base64.urlsafe_b64encode(raw).decode()
        Fernet(key)
    except ValueError:
        complete = False
    if not complete:
        raise Misread(f"Key {number} isn't complete: one of its lines is missing.")
    return key
