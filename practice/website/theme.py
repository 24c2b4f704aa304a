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
from django.templatetags.static import static

PAPER = {"light": "#fffdf9", "dark": "#1a1718"}  # as in tokens.css
WANTED = {"light": 7.8, "dark": 8.3}  # so that 7 (AAA) is left on a panel's tint
# How much of the accent is in a panel's paper, the endpaper's ground and its second line.
TINT, BAND, THREAD = 0.075, 0.15, 0.58
SHADE = 0.2  # how much of the dark paper a button takes at night, or it would glow

VOICE = "practice/fonts/voice.woff2"
FOLDER = Path(__file__).parent.parent / "static" / "practice" / "css"
FILES = ("tokens", "base", "frame", "front", "lists", "reading", "form", "own", "print")


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


def palette(accent: str) -> dict[str, dict[str, str]]:
    """What `accent` gives each theme: "light" and "dark", each with its colors by name.

    The endpaper is mixed from the color as it was picked, so that a yellow stays yellow. `fill`
    bears words in the light theme's paper, always.
    """
    themes = {}
    for theme, paper in PAPER.items():
        words = readable(accent, paper, WANTED[theme])
        dye = accent if theme == "light" else words
        shares = {"tint": TINT, "band": BAND, "thread": THREAD}
        mixes = {name: mixed(paper, dye, share) for name, share in shares.items()}
        themes[theme] = {"accent": words, **mixes}
    by_day = themes["light"]["accent"]
    themes["light"]["fill"] = by_day
    themes["dark"]["fill"] = mixed(by_day, PAPER["dark"], SHADE)
    return themes


def accents(accent: str) -> str:
    """The palette of both themes as custom properties."""
    day, night = (_root(colors) for colors in palette(accent).values())
    return f"@layer tokens{{{day}\n@media screen and (prefers-color-scheme:dark){{{night}}}}}\n"


def _root(colors: dict[str, str]) -> str:
    return f":root{{{';'.join(f'--{name}:{color}' for name, color in colors.items())}}}"


@cache
def rules() -> str:
    """The style sheets of the site one after the other, without their comments.

    What a practice wrote of its own, in PRACTICE_DIR/static/practice.css, comes last and wins.
    """
    own = settings.PRACTICE_DIR / "static" / "practice.css"
    files = [*(FOLDER / f"{name}.css" for name in FILES), *([own] if own.is_file() else [])]
    text = "".join(file.read_text("utf-8") for file in files).replace(
        "../fonts/voice.woff2", static(VOICE)
    )
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
