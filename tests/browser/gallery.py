"""Shows pages as they came (tests/pages.py) in a browser, without a server: the tests' client
answers what they ask for.
"""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.files.storage import default_storage
from django.test import Client
from playwright.sync_api import BrowserContext, Page, Route

from practice.models import PracticeSettings
from tests.pages import Shown

ACCENTS = ("#70304a", "#f2b705", "#2a86a8")  # the site's own, a bright one and a pale one
# Waits for the new sheet, so that nothing is looked at in two colors.
RESTYLE = """query => new Promise((done) => {
  const sheet = document.querySelector("link[rel=stylesheet][href*='theme.css']");
  if (sheet.href.endsWith(query)) done();
  sheet.onload = sheet.onerror = done;
  sheet.href = "/theme.css?" + query;
})"""


class Gallery:
    """`foreign` are the addresses elsewhere that a page asked for."""

    def __init__(self, context: BrowserContext) -> None:
        self.client = Client(raise_request_exception=False)
        self.foreign: list[str] = []
        self.html = ""
        context.route("**/*", self._answer)
        self.page: Page = context.new_page()

    def show(self, shown: Shown) -> Page:
        self.html = shown.html
        self.page.goto(f"{settings.SITE_URL}{shown.path}")
        return self.page

    def wear(self, accent: str) -> None:
        """The page that is shown changes its color."""
        PracticeSettings.objects.update(accent=accent)
        self.page.evaluate(RESTYLE, accent.lstrip("#"))

    def _answer(self, route: Route) -> None:
        url = urlsplit(route.request.url)
        if not route.request.url.startswith(f"{settings.SITE_URL}/"):
            self.foreign.append(route.request.url)
            route.abort()
        elif route.request.is_navigation_request():
            route.fulfill(content_type="text/html; charset=utf-8", body=self.html)
        elif url.path.startswith(settings.STATIC_URL):
            route.fulfill(path=finders.find(url.path.removeprefix(settings.STATIC_URL)))
        elif url.path.startswith(settings.MEDIA_URL):
            with default_storage.open(url.path.removeprefix(settings.MEDIA_URL)) as file:
                route.fulfill(body=file.read())
        else:
            self._ask(route, f"{url.path}?{url.query}")

    def _ask(self, route: Route, address: str) -> None:
        answer: Any = self.client.get(address)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        route.fulfill(status=answer.status_code, headers=dict(answer.items()), body=body)
