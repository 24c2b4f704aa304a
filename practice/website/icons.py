"""The site's icons: the two lines that meet, on the practice's accent."""

from collections.abc import Iterator
from functools import lru_cache
from io import BytesIO
from operator import mul

from PIL import Image, ImageDraw

from practice.website import theme

Curve = tuple[tuple[float, float], ...]  # a cubic Bezier's four points

# On a square of 32, in this order: the second line, the gap where the first passes over it, the
# first; each with its width.
LINES: tuple[tuple[Curve, float], ...] = (
    (((10, 2), (10, 12), (22, 20), (22, 30)), 3.2),
    (((19.5, 9), (18, 12), (14, 20), (12.5, 23)), 8),
    (((22, 2), (22, 12), (10, 20), (10, 30)), 3.2),
)
FINE = 4  # drawn larger by so much and made smaller, since Pillow's lines have steps
STEPS = 24  # of a curve


@lru_cache(maxsize=16)
def svg(accent: str) -> str:
    thread, ground, paper = _colors(accent)
    lines = (
        f'<path stroke="{color}" stroke-width="{width}" d="{_path(curve)}"/>'
        for (curve, width), color in zip(LINES, (thread, ground, paper), strict=True)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        f'<rect width="32" height="32" rx="5" fill="{ground}"/>'
        f'<g fill="none">{"".join(lines)}</g></svg>'
    )


@lru_cache(maxsize=16)
def bitmap(accent: str, size: int, kind: str) -> bytes:
    """The icon as a picture of `size` pixels; `kind` is a format of Pillow's, "PNG" or "ICO"."""
    thread, ground, paper = _colors(accent)
    scale = size * FINE / 32
    picture = Image.new("RGB", (size * FINE, size * FINE), ground)
    draw = ImageDraw.Draw(picture)
    for (curve, width), color in zip(LINES, (thread, ground, paper), strict=True):
        points = [(x * scale, y * scale) for x, y in _along(curve)]
        draw.line(points, fill=color, width=round(width * scale), joint="curve")
    file = BytesIO()
    picture.resize((size, size), Image.Resampling.LANCZOS).save(file, kind)
    return file.getvalue()


def _colors(accent: str) -> tuple[str, str, str]:
    """The second line's, the ground's and the first line's."""
    ground, paper = theme.palette(accent)["light"]["fill"], theme.PAPER["light"]
    return theme.mixed(paper, ground, 0.4), ground, paper


def _path(curve: Curve) -> str:
    start, *rest = (f"{x:g} {y:g}" for x, y in curve)
    return f"M{start}C{' '.join(rest)}"


def _along(curve: Curve) -> Iterator[tuple[float, float]]:
    for step in range(STEPS + 1):
        t = step / STEPS
        shares = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
        x, y = (sum(map(mul, shares, axis)) for axis in zip(*curve, strict=True))
        yield x, y
