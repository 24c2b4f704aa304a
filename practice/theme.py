"""The style sheet: the files of `static/practice/css` in one, with the practice's accent color.

Contrast as WCAG 2.2 defines it (relative luminance, success criterion 1.4.3).
"""

import colorsys
import hashlib
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

PAPER = {"light": "#fffdfa", "dark": "#1a1618"}  # as in tokens.css
WANTED = 5.4  # 4.5 is the rule; the rest covers the tint of panels
TINT = 0.07  # how much of the accent a panel's paper takes

FOLDER = Path(__file__).parent / "static" / "practice" / "css"
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


def readable(accent: str, paper: str) -> str:
    """`accent`, made darker or lighter in its own hue until it can be read on `paper`."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(accent))
    step = -0.01 if luminance(paper) > 0.5 else 0.01
    color = accent
    while contrast(color, paper) < WANTED and 0 <= lightness + step <= 1:
        lightness += step
        color = _hex(colorsys.hls_to_rgb(hue, lightness, saturation))
    return color


def tinted(paper: str, accent: str) -> str:
    """The paper of panels: `paper` with a little of `accent` in it."""
    pairs = zip(_channels(paper), _channels(accent), strict=True)
    return _hex(tuple(p + (a - p) * TINT for p, a in pairs))


def accents(accent: str) -> str:
    """The accent for both themes as custom properties.

    `--cloth` is what the light theme's paper can be read on; the dark theme keeps it.
    """
    light, dark = (readable(accent, PAPER[theme]) for theme in ("light", "dark"))
    return (
        f":root{{--accent:{light};--tint:{tinted(PAPER['light'], light)};--cloth:{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark)"
        f"{{:root{{--accent:{dark};--tint:{tinted(PAPER['dark'], dark)}}}}}\n"
    )


@cache
def rules() -> str:
    """The style sheets of the site one after the other, without their comments."""
    text = "".join((FOLDER / f"{name}.css").read_text("utf-8") for name in FILES)
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
