"""A picture of what each server spends, drawn as SVG: bars on a scale of powers of ten."""

import math
from collections.abc import Sequence
from html import escape

from tests.benchmarks.figures import Figure

WIDTH, ROW, LABELS, VALUES, FOOT = 760, 30, 300, 90, 40
# It lies on white and on near-black pages alike, and follows what the reader's device prefers.
STYLE = """
text { font: 14px system-ui, sans-serif; fill: #24292f; }
.axis text { font-size: 12px; fill: #57606a; }
.axis line { stroke: #8c959f; stroke-opacity: .4; }
rect { fill: #8c959f; }
.ours rect { fill: #2f7d6b; }
.ours text { font-weight: 600; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .axis text { fill: #9198a1; }
  .ours rect { fill: #4fb49b; }
}
"""


def drawn(title: str, figures: Sequence[Figure]) -> str:
    """One bar for each figure, the least first; those of ours are set apart. All are over 0."""
    rows = sorted(figures, key=lambda figure: figure.value)
    low = math.floor(math.log10(rows[0].value))
    high = math.ceil(math.log10(rows[-1].value))
    bottom = ROW * len(rows) + 8

    def x(value: float) -> float:
        part = (math.log10(value) - low) / (high - low)
        return LABELS + part * (WIDTH - LABELS - VALUES)

    axis = "".join(_mark(power, x(10**power), bottom) for power in range(low, high + 1))
    bars = "".join(_bar(row, ROW * number, x(row.value)) for number, row in enumerate(rows))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + FOOT}" '
        f'role="img" aria-labelledby="title"><title id="title">{escape(title)}</title>'
        f'<style>{STYLE}</style><g class="axis">{axis}'
        f'<text x="{LABELS}" y="{bottom + 34}">{escape(title)}</text></g>{bars}</svg>\n'
    )


def _mark(power: int, x: float, bottom: float) -> str:
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{bottom}"/>'
        f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{10**power:g}</text>'
    )


def _bar(row: Figure, y: float, end: float) -> str:
    whose = "ours" if row.what.startswith("ours") else "others"
    return (
        f'<g class="{whose}">'
        f'<text x="{LABELS - 10}" y="{y + 23}" text-anchor="end">{escape(row.what)}</text>'
        f'<rect x="{LABELS}" y="{y + 8}" width="{end - LABELS:.1f}" height="20"/>'
        f'<text x="{end + 8:.1f}" y="{y + 23}">{row.value:.3g}</text></g>'
    )
