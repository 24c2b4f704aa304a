"""The site's icons: the two lines that meet, on the practice's accent."""

from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageDraw

from practice.website import theme

# Down the icon and across it, on a square of 32: where the first line runs, and the second.
FIRST = ((22, 2), (22, 12), (10, 20), (10, 30))
SECOND = ((10, 2), (10, 12), (22, 20), (22, 30))
FINE = 4  # drawn larger by so much and made smaller, since Pillow's lines have steps


@lru_cache(maxsize=16)
def svg(accent: str) -> str:
    ground, thread, paper = _colors(accent)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        f'<rect width="32" height="32" rx="5" fill="{ground}"/><g fill="none" stroke-width="3.2">'
        f'<path stroke="{thread}" d="M10 2C10 12 22 20 22 30"/>'
        f'<path stroke="{ground}" stroke-width="8" d="M19.5 9C18 12 14 20 12.5 23"/>'
        f'<path stroke="{paper}" d="M22 2C22 12 10 20 10 30"/></g></svg>'
    )


@lru_cache(maxsize=16)
def bitmap(accent: str, size: int, kind: str) -> bytes:
    """The icon as a picture of `size` pixels; `kind` is a format of Pillow's, "PNG" or "ICO"."""
    ground, thread, paper = _colors(accent)
    scale = size * FINE / 32
    picture = Image.new("RGB", (size * FINE, size * FINE), ground)
    draw = ImageDraw.Draw(picture)
    for curve, color, width in ((SECOND, thread, 3.2), (FIRST, ground, 8), (FIRST, paper, 3.2)):
        part = curve if color != ground else ((19.5, 9), (18, 12), (14, 20), (12.5, 23))
        points = [(x * scale, y * scale) for x, y in _along(part)]
        draw.line(points, fill=color, width=round(width * scale), joint="curve")
    file = BytesIO()
    picture.resize((size, size), Image.Resampling.LANCZOS).save(file, kind)
    return file.getvalue()


def _colors(accent: str) -> tuple[str, str, str]:
    """The ground, the second line and the first."""
    ground, paper = theme.palette(accent)["light"]["fill"], theme.PAPER["light"]
    return ground, theme.mixed(paper, ground, 0.4), paper


def _along(curve: tuple[tuple[float, float], ...], steps: int = 24) -> list[tuple[float, float]]:
    """Points on a cubic Bezier curve."""
    points = []
    for step in range(steps + 1):
        t = step / steps
        shares = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
        points.append(
            (
                sum(s * x for s, (x, _) in zip(shares, curve, strict=True)),
                sum(s * y for s, (_, y) in zip(shares, curve, strict=True)),
            )
        )
    return points
