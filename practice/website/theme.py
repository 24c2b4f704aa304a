"""The style sheet: the files of `static/practice/css` in one, with the practice's accent color.

Contrast as WCAG 2.2 defines it (relative luminance, success criterion 1.4.3).
"""

import colorsys
import hashlib
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from django.conf import settings

PAPER = {"light": "#fffdfa", "dark": "#1a1618"}  # as in tokens.css
# The rule is 4.5. The rest covers the tint of panels and, in the dark, keeps colors from glowing.
WANTED = {"light": 5.4, "dark": 7.0}
TINT = 0.07  # how much of the accent a panel's paper takes
SHADE = 0.25  # how much of the dark paper the cloth takes at night

FOLDER = Path(__file__).parent.parent / "static" / "practice" / "css"
FILES = ("tokens", "base", "frame", "lists", "reading", "form", "print")


def _channels(color: str) -> tuple[float, float, float]:
    return tuple(int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))  # type: ignore[return-value]


def _hex(channels: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(c * 255):02x}" for c in channels)


def luminance(color: str) -> float:
    """Relative luminance of "#rrggbb", from 0 to 1."""
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(color)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colors, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def readable(accent: str, paper: str, wanted: float) -> str:
    """`accent`, made darker or lighter in its own hue until its contrast on `paper` is `wanted`."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(accent))
    step = -0.01 if luminance(paper) > 0.5 else 0.01
    color = accent
    while contrast(color, paper) < wanted and 0 <= lightness + step <= 1:
        lightness += step
        color = _hex(colorsys.hls_to_rgb(hue, lightness, saturation))
    return color


def mixed(color: str, other: str, share: float) -> str:
    """`color` with a `share` of `other` in it, from 0 to 1."""
    pairs = zip(_channels(color), _channels(other), strict=True)
    return _hex(tuple(c + (o - c) * share for c, o in pairs))


def _root(accent: str, tint: str, cloth: str) -> str:
    return f":root{{--accent:{accent};--tint:{tint};--cloth:{cloth}}}"


def accents(accent: str) -> str:
    """The accent for both themes as custom properties.

    `--tint` is the paper of panels. `--cloth` bears words in the light theme's paper, always.
    """
    paper, dusk = PAPER["light"], PAPER["dark"]
    light, dark = readable(accent, paper, WANTED["light"]), readable(accent, dusk, WANTED["dark"])
    on_paper = _root(light, mixed(paper, light, TINT), light)
    at_night = _root(dark, mixed(dusk, dark, TINT), mixed(light, dusk, SHADE))
    night = "@media screen and (prefers-color-scheme:dark)"
    return f"@layer tokens{{{on_paper}\n{night}{{{at_night}}}}}\n"


@cache
def rules() -> str:
    """The style sheets of the site one after the other, without their comments.

    What a practice wrote of its own, in PRACTICE_DIR/static/practice.css, comes last and wins.
    """
    own = settings.PRACTICE_DIR / "static" / "practice.css"
    files = [*(FOLDER / f"{name}.css" for name in FILES), *([own] if own.is_file() else [])]
    text = "".join(file.read_text("utf-8") for file in files)
    return re.sub(r"/\*.*?\*/\s*|^\s+", "", text, flags=re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class StyleSheet:
    """What `/theme.css` answers, and the short hash that stands in its address."""

    text: str
    version: str


@lru_cache(maxsize=16)
def style_sheet(accent: str) -> StyleSheet:
    text = rules() + accents(accent)
    return StyleSheet(text, hashlib.sha256(text.encode()).hexdigest()[:8])
