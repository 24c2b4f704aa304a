"""Lighthouse finds nothing to mend on a live server's pages but what the clock decides.

How fast they are is measured by `make bench`, and not asserted here.
"""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from pytest_django import DjangoDbBlocker
from wagtail.models import Page

from tests import lighthouse
from tests.conftest import missing_part
from tests.databases import copied_database, working_on
from tests.faults.proxy import NAME, Proxy
from tests.faults.site import LiveSite, wait_until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db,  # of which the site's own is a copy
    pytest.mark.looks,
]
PAGES = ("/", "/articles/when-the-house-goes-quiet/", "/consultation/")


@pytest.fixture(scope="module")
def proxy(
    tmp_path_factory: pytest.TempPathFactory,
    filled_database: str,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Proxy]:
    if not lighthouse.is_there():
        missing_part(lighthouse.MISSING)
    folder = tmp_path_factory.mktemp("lighthouse")
    (folder / "data").mkdir()
    with ExitStack() as at_the_end:
        at_the_end.enter_context(django_db_blocker.unblock())
        name = at_the_end.enter_context(copied_database(filled_database, folder / "data"))
        with working_on(name):
            Page.objects.update(search_description="What a search engine is told.")
        site = LiveSite(folder, name, "consolemail://", debug=False)
        proxy = Proxy(folder, site.port)
        site.env |= {
            "SITE_URL": proxy.url,
            "ALLOWED_HOSTS": NAME,
            "BEHIND_PROXY": "true",
            "SECURE_SSL_REDIRECT": "true",
        }
        at_the_end.callback(site.kill)
        at_the_end.callback(proxy.stop)
        proxy.start()
        site.collect_static()
        site.web.start()
        wait_until(lambda: proxy.ask("/healthz/").status == 200, "the site answers")
        yield proxy


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_every_point_that_no_clock_decides(proxy: Proxy, path: str) -> None:
    report = lighthouse.looked_at(proxy, path, "accessibility", "best-practices", "seo")
    assert report.points == {"accessibility": 100, "best-practices": 100, "seo": 100}, report.faults
