"""Which encoding a text is in that is not in UTF-8: that of an older Windows, or of an older Mac.

Both give a letter to nearly every byte, so it shows only in what comes out: words and quotation
marks, or capitals and signs in the middle of words.
"""

import re

OLDER = {"Windows-1252": "cp1252", "Mac Roman": "mac-roman"}
TYPOGRAPHY = frozenset("\u201c\u201d\u2018\u2019\u2013\u2014\u2026\u2022\u00ab\u00bb")
BESIDE_WORDS = frozenset("\u00a0\u00a3\u20ac\u00b0\u00a7\u00a9\u00ae\u00bf\u00a1\u00bd\u00bc\u00be")
FOREIGN = re.compile(r"[^\x00-\x7f]")
MOST_FOREIGN = 0.25  # of the letters: French has 4 in 100, Icelandic 12
LETTER = re.compile(r"[^\W\d_]")


def guess(data: bytes) -> tuple[str, str] | None:
    """The text and the name of its encoding, or None where neither gives words."""
    found = []
    for name, codec in OLDER.items():
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        letters = LETTER.findall(text)
        foreign = sum(not letter.isascii() for letter in letters)
        if foreign <= MOST_FOREIGN * len(letters):
            found.append((score(text), text, name))
    best = max(found, key=lambda each: each[0], default=None)  # of two that are alike, the first
    return (best[1], best[2]) if best and best[0] > 0 else None


def score(text: str) -> int:
    """How much what is not ASCII looks as if somebody had typed it."""
    return sum(_looks(text, place.start()) for place in FOREIGN.finditer(text))


def _looks(text: str, at: int) -> int:
    sign, before, after = text[at], text[at - 1 : at], text[at + 1 : at + 2]
    if sign in TYPOGRAPHY:
        return 2
    if sign.isalpha():
        if sign.isupper() and before.islower():
            return -3  # as in donÕt
        return 1 if sign.islower() else 0
    if before.isalpha() and after.isalpha():
        return -3  # as in caf\u00b8s
    return 1 if sign in BESIDE_WORDS else -1


def is_damaged_utf_8(data: bytes) -> bool:
    """Whether most of what is not ASCII is in UTF-8 all the same: a text that was cut or mixed."""
    whole = len(FOREIGN.findall(data.decode("utf-8", "ignore")))
    return whole >= max(1, data.decode("utf-8", "replace").count("\ufffd"))
