"""Lighthouse as a phone, on a page of each kind behind nginx and TLS: the median of five runs.

Its speed is reckoned for a slow phone on a slow network, from a page that was loaded at full speed.
"""

import tempfile
from pathlib import Path
from statistics import median

from wagtail.models import Page

from tests import lighthouse
from tests.benchmarks import bench_pages, ours
from tests.benchmarks.figures import Figure
from tests.benchmarks.front import behind_nginx
from tests.throwaway_postgres import Missing

RUNS = 5
PAGES = {"home": "/", "the essay": ours.ESSAY, "the form": "/consultation/"}
LEAST = {"performance": 99, "accessibility": 100, "best-practices": 100, "seo": 100}


def figures() -> list[Figure]:
    if not lighthouse.is_there():
        raise Missing(lighthouse.MISSING)
    ours.fill()
    Page.objects.update(search_description="What a search engine is told.")
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        behind_nginx(Path(folder) / "site", cache_mb=bench_pages.CACHE_MB) as (_, front),
    ):
        return [
            figure
            for name, path in PAGES.items()
            for figure in of_page(
                name, [lighthouse.looked_at(front, path, *LEAST) for _ in range(RUNS)]
            )
        ]


def of_page(name: str, reports: list[lighthouse.Report]) -> list[Figure]:
    """The median of each category; what cost a point, in the last run; how far the page moved."""
    points = [
        Figure(
            f"{name}: {category}",
            median(report.points[category] for report in reports),
            "points",
            least=least,
            note="; ".join(fault for fault in reports[-1].faults if fault.startswith(category)),
        )
        for category, least in LEAST.items()
    ]
    shift = max(report.shift or 0 for report in reports)
    return [*points, Figure(f"{name}: layout shift", round(shift, 4), "", most=0)]
