"""What the essay costs its servers, side by side: files, plain Django, ours, and other sites.

Everything runs at once on this machine and is measured by turns, for several rounds: processor
time of all the processes that serve (nginx and the database too, where they take part) for each
of a known number of requests on 16 connections; the client's is not in it. Requests a second and
the times of single requests stand beside it. A ratio is the middle of those of the single rounds,
with the least and the most of them. All Python servers are gunicorn with two workers.
"""

import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings

from practice.pagecache import version
from tests.benchmarks import essay, ours, plain_django, rival_servers, wagtail_starter, wordpress
from tests.benchmarks.bench_site import asking
from tests.benchmarks.figures import Figure
from tests.benchmarks.front import Front, behind_nginx
from tests.benchmarks.rounds import Measured, Served, Spread, in_turns, ratios
from tests.faults.browser import Browser
from tests.faults.site import LiveSite
from tests.throwaway_postgres import Missing

CACHE_MB = 16  # as a site has it that says nothing else
LISTED = 24  # articles beside the essay where the list of 20 is measured

FILE, FILE_GZIP, FILE_TLS = "a file", "a file, gzip", "a file, gzip, TLS"
PLAIN, KEPT = "plain Django, one row", "plain Django, cache_page"
UNCACHED, CACHED = "ours, uncached", "ours, cached in the application"
BY_DJANGO = "ours, cached by Django's own cache of pages"
NGINX, NGINX_TLS = "ours, behind nginx", "ours, behind nginx, TLS"
LIST = "ours, list of 20, uncached"
FEW, MANY = "ours, among 10 articles, uncached", "ours, among 10,000 articles, uncached"
LIST_MANY = "ours, list of 20 among 10,000, uncached"
STARTER = "Wagtail's starter"
# In this order, so that those which are compared are measured one after the other.
TURNS = [UNCACHED, PLAIN, LIST, STARTER, BY_DJANGO, CACHED, KEPT, FEW, MANY, LIST_MANY]
TURNS += [FILE, FILE_GZIP, NGINX, FILE_TLS, NGINX_TLS, wordpress.NAME]
DRAWN = {FILE_GZIP, PLAIN, KEPT, UNCACHED, CACHED, NGINX, STARTER, wordpress.NAME}


def figures() -> list[Figure]:
    ours.fill()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, started(Path(folder)) as pages:
        found = in_turns(pages)
    ours.add_articles(LISTED)
    return [*compared(found), *queries(), *(cost(name, found) for name in found)]


@contextmanager
def started(folder: Path) -> Iterator[list[Served]]:
    """Every server with its pages, each of which shows the essay or is a list."""
    with ExitStack() as running:
        pages = []
        for name, articles, listed in (
            (UNCACHED, LISTED, LIST),
            (FEW, 9, ""),
            (MANY, 9_999, LIST_MANY),
        ):
            site = running.enter_context(ours.made(folder / f"{articles}", articles))
            site.start_web()
            pages.append(ours.page(site, name, ours.ESSAY))
            if listed:
                pages.append(ours.page(site, listed, ours.ARTICLES))
        site = running.enter_context(ours.made(folder / "by-django", LISTED))
        site.env["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.django_kept"
        site.start_web()
        pages.append(ours.page(site, BY_DJANGO, ours.ESSAY))
        html = Browser(pages[0].url).get("").text
        shown = article_of(html)

        theirs = running.enter_context(rival_servers.database(folder / "plain-data"))
        plain = plain_django.made(folder / "plain", shown, theirs)
        running.enter_context(plain.running(plain_django.ROW))
        pages += [plain.page(PLAIN, plain_django.ROW), plain.page(KEPT, plain_django.KEPT)]
        theirs = running.enter_context(rival_servers.database(folder / "starter-data"))
        starter = wagtail_starter.made(folder / "starter", shown, theirs)
        running.enter_context(starter.running(wagtail_starter.PAGE))
        pages.append(starter.page(STARTER, wagtail_starter.PAGE))
        cached = behind_nginx(folder / "cached", LISTED, cache_mb=CACHE_MB)
        pages += kept(*running.enter_context(cached))
        if connection.vendor == "sqlite":  # it has a database of its own, and is measured once
            pages += wordpress_page(running, folder / "wordpress", shown)
        for page in pages:
            if not page.port and not page.url.endswith(ours.ARTICLES):
                assert essay.SENTENCE in Browser(page.url).get("").text, page
        yield sorted(pages, key=lambda page: TURNS.index(page.name))


def kept(site: LiveSite, front: Front) -> list[Served]:
    """The site with its cache, by itself and behind nginx, and the same bytes as a file."""
    behind = ours.processes(site)
    front.put(front.text_of(ours.ESSAY))
    # Under the name by which nginx asks: the site keeps nothing under any other.
    by_its_name = {"url": f"http://{front.host}{ours.ESSAY}", "port": site.port}
    return [
        replace(ours.page(site, CACHED, ours.ESSAY), **by_its_name),
        front.page(FILE, front.file_plain, "/essay.html", [], headers={}),
        front.page(FILE_GZIP, front.file_plain, "/essay.html", []),
        front.page(NGINX, front.site_plain, ours.ESSAY, behind),
        front.page(FILE_TLS, front.file_tls, "/essay.html", []),
        front.page(NGINX_TLS, front.port, ours.ESSAY, behind),
    ]


def wordpress_page(running: ExitStack, folder: Path, shown: str) -> list[Served]:
    """None, and one line about it, where a part is missing."""
    try:
        return [running.enter_context(wordpress.running(folder, shown))]
    except Missing as missing:
        print(f"  skipped: {missing}", file=sys.stderr)
        return []


def article_of(html: str) -> str:
    """The essay as our page shows it, for others to show."""
    found = re.search(r"<article>.*</article>", html, re.DOTALL)
    assert found, html
    assert essay.SENTENCE in found[0]
    return found[0]


def compared(found: dict[str, Measured]) -> list[Figure]:
    """The ratios, of which issue by issue something was promised."""
    return [
        ratio("uncached article: processor time beside plain Django", UNCACHED, PLAIN, found, 6, 4),
        ratio("uncached list of 20: beside plain Django's one row", LIST, PLAIN, found, 8),
        ratio("cached in the application: beside cache_page", CACHED, KEPT, found, 0.6),
        ratio("the same, beside Django's own in our site", CACHED, BY_DJANGO, found),
        faster("behind nginx: requests a second beside a file's", NGINX, FILE_GZIP, found, 0.9),
        faster("the same, both over TLS", NGINX_TLS, FILE_TLS, found, 0.9),
        ratio("an article among 10,000: beside one among 10", MANY, FEW, found, 1.1),
        ratio("list of 20 among 10,000: beside one among 25", LIST_MANY, LIST, found),
        ratio("uncached article: beside Wagtail's starter", UNCACHED, STARTER, found),
        ratio("cached in the application: beside Wagtail's starter", CACHED, STARTER, found),
        ratio("behind nginx: processor time beside a file's", NGINX, FILE_GZIP, found),
        ratio("the same, both over TLS: processor time", NGINX_TLS, FILE_TLS, found),
    ]


def ratio(
    what: str,
    one: str,
    other: str,
    found: dict[str, Measured],
    most: float | None = None,
    reach: float | None = None,
) -> Figure:
    """Of processor time."""
    spread = ratios(found[one].cpu, found[other].cpu)
    return _figure(what, spread, most=most, reach=reach, is_target=most is not None)


def faster(what: str, one: str, other: str, found: dict[str, Measured], least: float) -> Figure:
    """Of requests a second."""
    spread = ratios(found[one].rate, found[other].rate)
    return _figure(what, spread, least=least, is_target=True)


def _figure(what: str, spread: Spread, **promised: float | bool | None) -> Figure:
    return Figure(what, spread.middle, "times", note=str(spread), **promised)  # type: ignore[arg-type]


def cost(name: str, found: dict[str, Measured]) -> Figure:
    measured = found[name]
    spread = Spread.of(measured.cpu)
    note = f"{spread}; {measured.by_the_clock}"
    return Figure(name, spread.middle, "ms", note=note, is_drawn=name in DRAWN)


def queries() -> list[Figure]:
    """Of a process that has answered before, without the cache of pages."""
    assert settings.DATABASES["default"]["NAME"]
    return [
        Figure("uncached article: queries", number_of_queries(ours.ESSAY), "", 6, is_target=True),
        Figure("uncached list: queries", number_of_queries(ours.ARTICLES), "", 8, is_target=True),
    ]


def number_of_queries(path: str) -> int:
    ask = asking(path)
    version.forget_all()
    with override_settings(PAGE_CACHE_MB=0):
        for _ in range(3):
            ask()
        with CaptureQueriesContext(connection) as asked:
            ask()
    return len(asked)
