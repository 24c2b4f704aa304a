"""Every page that links lead to, in a real browser: it asks nobody else, breaks no policy, and
leaves no cookie with a reader.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.urls import resolve
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.live_server_helper import LiveServer
from wagtail.models import Page as SitePage

from blog.models import ArticlePage
from booking.models import ConsultationRequest
from booking.services import by_visitor
from practice.models import User
from tests import factories
from tests.browser.conftest import watched

pytestmark = [pytest.mark.browser, pytest.mark.looks]

# Notes what the browser refused, even before the page's own scripts run.
LISTEN = """
addEventListener("securitypolicyviolation", (event) => console.error(
  "CSP " + event.violatedDirective + " " + event.blockedURI + " " + event.sample));
"""
NO_PAGE = ("/feed/", ".ics", ".xml", ".txt", "/sprite/", "/jsi18n/")
LEAVES = ("/logout/", "export=", "/bulk/")  # signs out, is a file, wants pages to be chosen
REFUSED = re.compile(r"(?i)CSP |Content.Security.Policy|Mixed Content|Refused|Cross-Origin|blocked")


class Crawler:
    """Opens pages in one browser and follows their links, each kind of page once."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context, self.address = context, address
        self.page: Page = context.new_page()
        self.problems: list[str] = []
        self.answers: dict[str, int] = {}
        self.kinds: set[str] = set()
        context.add_init_script(LISTEN)
        context.on("console", self._hear)

    def _hear(self, message: Any) -> None:
        if REFUSED.search(message.text):
            self.problems.append(f"{self.page.url}: {message.text[:300]}")

    def crawl(self, *starts: str, below: tuple[str, ...] = ("/",)) -> None:
        """Follows links from `starts`, to addresses below `below`."""
        waiting = list(starts)
        while waiting:
            path = waiting.pop(0)
            kind = kind_of(path)
            if kind not in self.kinds:
                self.kinds.add(kind)
                waiting += [link for link in self.open(path) if link.startswith(below)]

    def open(self, path: str) -> list[str]:
        """The addresses on this site that the page at `path` links to."""
        answer = self.page.goto(path, wait_until="load")
        assert answer is not None
        self.answers[path] = answer.status
        told = answer.all_headers()
        if "content-security-policy" not in told:
            self.problems.append(f"{path}: no policy")
        if path.startswith(("/admin/", "/account/")) and "no-store" not in told["cache-control"]:
            self.problems.append(f"{path}: may be kept: {told['cache-control']}")
        links = self.page.eval_on_selector_all("a[href]", "(all) => all.map((a) => a.href)")
        inside = [link for link in links if link.startswith(f"{self.address}/")]
        paths = [link.removeprefix(self.address).partition("#")[0] for link in inside]
        return [p for p in paths if not urlsplit(p).path.endswith(NO_PAGE) and not leaves(p)]


def leaves(path: str) -> bool:
    return any(word in path for word in LEAVES)


def kind_of(path: str) -> str:
    """Public pages are each of their own kind; in the admin, those of one view, and forms of one
    view and model.
    """
    if not path.startswith(("/admin/", "/account/")):
        return path
    match = resolve(urlsplit(path).path)
    words = [value for value in match.kwargs.values() if not str(value).isdecimal()]
    if match.url_name == "edit" and "page_id" in match.kwargs:
        words = [SitePage.objects.get(pk=match.kwargs["page_id"]).specific_class.__name__]
    return f"{match.view_name} {words}"


@pytest.fixture
def address(live_server: LiveServer, bare: None, settings: Any) -> str:
    """Where the site answers with its sample content, which uses every block."""
    settings.SITE_URL = live_server.url
    call_command("load_sample_practice", password="correct horse 7")
    call_command("load_sample_blog")
    factories.open_the_sample()
    factories.schedule()
    return live_server.url


@pytest.fixture
def request_on_file(address: str) -> ConsultationRequest:
    article = ArticlePage.objects.live().earliest("pk")
    return by_visitor.submit(factories.unsaved_request(article=article.page_ptr))[0]


@pytest.fixture
def context(browser: Browser, address: str) -> Iterator[BrowserContext]:
    context = watched(browser.new_context(base_url=address), address)
    yield context
    assert context.foreign == []  # type: ignore[attr-defined]
    context.close()


def sign_in(context: BrowserContext, address: str) -> None:
    person = User.objects.get(email="therapist@example.com")
    key = factories.signed_in(person, again=True).session.session_key
    context.add_cookies(
        [{"name": django_settings.SESSION_COOKIE_NAME, "value": str(key), "url": address}]
    )


def test_no_page_asks_another_host_or_breaks_its_policy(
    context: BrowserContext, address: str, request_on_file: ConsultationRequest
) -> None:
    crawler = Crawler(context, address)
    crawler.crawl(
        "/",
        "/consultation/?elsewhere",
        "/consultation/sent/",
        f"/consultation/sent/?key={request_on_file.token}",
        request_on_file.get_absolute_url(),
        "/no-such-page/",
    )
    missing = [path for path, status in crawler.answers.items() if status != 200]
    assert missing == ["/no-such-page/"]
    assert len(crawler.answers) > 15
    assert context.cookies() == [], "a reader leaves as they came"

    crawler.crawl("/account/login/", "/account/password/forgotten/")
    sign_in(context, address)
    before = set(crawler.answers)
    crawler.crawl("/admin/", "/account/", below=("/admin/", "/account/"))
    inside = {path: crawler.answers[path] for path in crawler.answers.keys() - before}
    assert {path: status for path, status in inside.items() if status != 200} == {}
    assert len(inside) > 40

    # The preview stands in a frame of the admin, under the policy of readers.
    article = ArticlePage.objects.live().earliest("pk")
    crawler.page.goto(f"/admin/pages/{article.pk}/edit/")
    crawler.page.click("[data-side-panel-toggle=preview]")
    frame = crawler.page.frame_locator("iframe[id*=preview]").first
    frame.locator("h1").wait_for()
    assert crawler.problems == []

    crawler.page.goto("/")
    crawler.page.evaluate("document.body.setAttribute('style', 'color: red')")
    assert "style-src" in "".join(crawler.problems), "what a policy forbids would be heard of"
