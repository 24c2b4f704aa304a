"""What stands for a person without a portrait: initials, and the pattern that is drawn from them.

Two lines run side by side and meet, once and again: one is the mirror of the other.
"""

import re
from collections.abc import Iterator

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

TITLES = ("dr", "prof", "mr", "mrs", "ms", "mx")


def names(name: str) -> list[str]:
    """The names in it: "Mira" and "Brandt" of "Dr. Mira Brandt, LMFT"."""
    words = re.findall(r"[^\W\d_]\S*", name.partition(",")[0])
    return [word for word in words if word.lower().rstrip(".") not in TITLES] or words


def first_name(name: str) -> str:
    return next(iter(names(name)), "")


def initials(name: str) -> str:
    """The first letters of the first and the last name."""
    found = names(name)
    return "".join(word[0] for word in (found[:1] + found[1:][-1:])).upper()


def endpaper(name: str) -> SafeString:
    """The pattern of the initials of `name` as SVG that fills what it stands in."""
    one, other = _numbers(initials(name))
    period = 60 + 6 * (one % 6)
    height = 9 + 1.5 * (other % 5)
    gap = round(2 * height + 7 + 3 * ((one + other) % 3))
    shift = period / 4 + period / 8 * (one // 6 % 3)
    lines = [*_pair(period, height, 0, gap / 2), *_pair(period, height, shift, gap * 1.5)]
    return format_html(
        '<svg class="weave" width="300" height="80" fill="none" stroke="currentColor" '
        'aria-hidden="true" focusable="false"><defs><pattern id="weave" width="{}" height="{}" '
        'patternUnits="userSpaceOnUse">{}</pattern></defs>'
        '<rect width="100%" height="100%" stroke="none" fill="url(#weave)"/></svg>',
        *(period, 2 * gap, format_html_join("", "{}", ((line,) for line in lines))),
    )


def _numbers(letters: str) -> tuple[int, int]:
    """Each letter as a number, 0 for A, whatever its script."""
    first, last = (letters[:1] or "A"), (letters[-1:] or "A")
    return (ord(first) - ord("A")) % 26, (ord(last) - ord("A")) % 26


def _pair(period: int, height: float, x: float, y: float) -> Iterator[SafeString]:
    """A wave and its mirror about `y`; at every second meeting the other one goes over."""
    start = x - period
    wave, mirror = (_wave(start, y, period, sign * height) for sign in (1, -1))
    yield from (_line("l2", wave), _gap(mirror), _line("l1", mirror))
    dx, dy = 0.15 * period, 0.86 * height
    for meeting in (x - period, x, x + period):
        over = f"M{meeting - dx:g} {y - dy:g}L{meeting + dx:g} {y + dy:g}"
        yield from (_gap(over), _line("l2", over))


def _line(kind: str, path: str) -> SafeString:
    return format_html('<path class="{}" d="{}"/>', kind, path)


def _gap(path: str) -> SafeString:
    return format_html('<path class="l0" stroke="none" d="{}"/>', path)


def _wave(x: float, y: float, period: int, height: float) -> str:
    """Three periods from `x` on, each half of them one cubic."""
    half = period / 2
    parts = [f"M{x:g} {y:g}"]
    for number in range(6):
        top = 1.35 * height * (-1 if number % 2 else 1)
        parts.append(f"c{0.36 * half:g} {top:g} {0.64 * half:g} {top:g} {half:g} 0")
    return "".join(parts)
