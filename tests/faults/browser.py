"""A browser of few words for the site's own pages, without scripts."""

import urllib.error
import urllib.parse
import urllib.request
from typing import IO

TIMEOUT = 30  # seconds


class Page:
    """What the site answered in the end: address, status and text."""

    def __init__(self, answer: IO[bytes]) -> None:
        self.url, self.status = answer.url, answer.status  # type: ignore[attr-defined]
        self.text = answer.read().decode()


class Browser:
    """One person's: keeps cookies, follows redirects and takes errors as pages."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),  # the site itself, whatever the environment says
            urllib.request.HTTPCookieProcessor(),
        )

    def get(self, path: str) -> Page:
        return self._open(path, None)

    def post(self, path: str, fields: dict[str, object]) -> Page:
        return self._open(path, urllib.parse.urlencode(fields, doseq=True).encode())

    def _open(self, path: str, body: bytes | None) -> Page:
        address = urllib.parse.urljoin(self.url, path)
        try:
            return Page(self.opener.open(address, body, timeout=TIMEOUT))
        except urllib.error.HTTPError as answer:
            return Page(answer)
