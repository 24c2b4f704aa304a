"""Pages that were made once are answered again as they are, for as long as the version stands.

They are kept in the memory of each process as finished, gzipped bytes, with all that the browser
is told beside them. Never kept: what is for one person (a session, Authorization, a cookie that is
set, private or no-store), what has a query, what went wrong or leads elsewhere.
"""

import gzip
import hashlib
import re
import time
from collections import OrderedDict
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from threading import BoundedSemaphore, Lock

from django.apps import apps
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language

from practice.http import outage, private, waits
from practice.http.middleware import View
from practice.pagecache import site, version

# What is no page for readers, beside what is private.
APART = re.compile(r"/(?:static|media|documents|mail|healthz|readyz)/|/metrics$")
# One coding with its weight, which is from 0 to 1 with three digits at most (RFC 9110, 12.4.2).
CODING = re.compile(r"([\w*!#$%&'+.^`|~-]+)(?:\s*;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?", re.I)
GZIP_LEVEL = 6
ITS_OWN = 1_500  # bytes that an entry takes beside its body, with its headers and its key
AWAY_AT_MOST = 3600  # seconds after the version was last read, for which pages go on without it
ASK_AT_ONCE = 2  # threads, so that others are left where the database says nothing at all
LET_ALONE = 1.0  # second at most, in which nobody asks a database that did not answer

Key = tuple[str, str, str | None]  # scheme, path and language; the host is always the same


@dataclass(frozen=True)
class Page:
    """A finished answer: its gzipped body, and its headers."""

    body: bytes
    headers: tuple[tuple[str, str], ...]

    @property
    def size(self) -> int:
        return len(self.body) + ITS_OWN

    @classmethod
    def of(cls, response: HttpResponse) -> "Page":
        body = response.content
        response.headers["ETag"] = f'W/"{hashlib.sha256(body).hexdigest()[:20]}"'
        response.headers["Vary"] = "Accept-Encoding"
        response.headers.setdefault("Cache-Control", "public, max-age=0, must-revalidate")
        # Without a time in it, so that the same page is the same bytes in each process.
        packed = gzip.compress(body, GZIP_LEVEL, mtime=0)
        headers = ((k, v) for k, v in response.items() if k != "Content-Length")
        return cls(packed, tuple(headers))

    def answer(self, request: HttpRequest) -> HttpResponse:
        """As this browser wants it: gzipped or not, or that it has it already."""
        takes_gzip = bool(request.META.get("HTTP_ACCEPT_ENCODING"))
        response = HttpResponse(self.body if takes_gzip else gzip.decompress(self.body))
        for name, value in self.headers:
            response.headers[name] = value
        if takes_gzip:
            response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Length"] = str(len(response.content))
        if "If-None-Match" not in request.headers:
            return response
        known = get_conditional_response(request, etag=response.headers["ETag"], response=response)
        return response if known is None else known


class Pages:
    """Finished pages, at most so many bytes of them; what nobody asked for longest goes first."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self.pages: OrderedDict[Key, Page] = OrderedDict()
        self.lock = Lock()

    def get(self, key: Key) -> Page | None:
        with self.lock:
            page = self.pages.get(key)
            if page is not None:
                self.pages.move_to_end(key)
        return page

    def put(self, key: Key, page: Page) -> None:
        with self.lock:
            old = self.pages.pop(key, None)
            self.size += page.size - (old.size if old else 0)
            self.pages[key] = page
            while self.size > self.limit:
                _, gone = self.pages.popitem(last=False)
                self.size -= gone.size


class PageCache:
    """Answers from what is cached under the version, or caches what the site answers.

    Stands before all that adds headers, so that they are kept too. While the database is away,
    what was cached under the last version that this process saw is still answered.
    """

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response
        self.away = 0.0  # until when, by the monotonic clock, nobody asks a database that is away
        self.asking = BoundedSemaphore(ASK_AT_ONCE)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Parsed once: Django and WhiteNoise would look for the word alone.
        takes_gzip = accepts_gzip(request.META.get("HTTP_ACCEPT_ENCODING", ""))
        request.META["HTTP_ACCEPT_ENCODING"] = "gzip" if takes_gzip else ""
        # A preview comes through here as its page, from within the admin.
        if is_apart(request.path) or getattr(request, "is_dummy", False):
            return self.get_response(request)
        asked_at = time.time()
        with ExitStack() as stack:
            read = self.read(request, stack)
            if not read and is_for_all(request):
                stack.enter_context(waits.at_most(0))
            key = key_of(request)
            pages = pages_of(read or version.last())
            # Without it, another process may have taken pages back since long.
            is_recent = read or time.monotonic() - version.last().read_at < AWAY_AT_MOST
            page = pages.get(key) if key and is_recent else None
            if page is None:
                response = self.get_response(request)
                if not read or not pages.limit or not may_be_packed(request, response):
                    return response
                page = Page.of(response)
                if key and request.method == "GET":
                    pages.put(key, page)
        answer = page.answer(request)
        if key:
            # For nginx, which takes it away: until this second is over, by the clock it shares.
            answer.headers["X-Accel-Expires"] = f"@{int(asked_at)}"
        return answer

    def read(self, request: HttpRequest, stack: ExitStack) -> version.Cached | None:
        """What is cached under the version, or None where that cannot be read. A database that
        takes long to say no is let alone for as long, so that readers need not wait for each other.
        """
        began = time.monotonic()
        if began < self.away:
            return None
        known = None
        if self.asking.acquire(timeout=waits.GLANCE):
            try:
                with waits.at_most(waits.GLANCE):
                    known = stack.enter_context(version.read())
                    site.prepare(request)
            except outage.AWAY as error:
                if not outage.is_one(error):
                    raise
                known = None
            finally:
                self.asking.release()
        if known is None:
            now = time.monotonic()
            self.away = now + min(now - began, LET_ALONE)
            return None
        # The practice's settings, whose model stands above this room.
        load = apps.get_model("practice.PracticeSettings").load
        with suppress(DatabaseError, InterfaceError):  # whoever needs the settings says so better
            version.cached("facts", lambda: outage.remember(load(request)))
        return known


def is_apart(path: str) -> bool:
    """Whether no reader reads it, so that the version is not even asked for."""
    place = private.place_of(path)
    return bool(APART.match(path)) or (place is not None and not place.begins_public)


def pages_of(known: version.Cached) -> Pages:
    made = Pages(settings.PAGE_CACHE_MB * 1024 * 1024)
    pages: Pages = known.values.setdefault(Pages, made)
    return pages


def key_of(request: HttpRequest) -> Key | None:
    """Under what the answer is kept; None if it is for this one request alone."""
    if not is_for_all(request) or request.META.get("QUERY_STRING"):
        return None
    try:
        is_ours = site.is_asked_by_its_name(request)
    except DisallowedHost:
        return None
    return (request.scheme or "", request.path, get_language()) if is_ours else None


def is_for_all(request: HttpRequest) -> bool:
    """Whether somebody reads who does not say who they are."""
    is_named = settings.SESSION_COOKIE_NAME in request.COOKIES or "Authorization" in request.headers
    return request.method in ("GET", "HEAD") and not is_named


def may_be_packed(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether an answer is a whole page, the same for everybody who asks for it."""
    if not is_for_all(request) or response.status_code != 200:
        return False
    if response.streaming or response.cookies or "Content-Encoding" in response.headers:
        return False
    said = response.headers.get("Cache-Control", "")
    varies = response.headers.get("Vary", "Accept-Encoding")
    return varies == "Accept-Encoding" and "no-store" not in said and "private" not in said


def accepts_gzip(header: str) -> bool:
    """Whether `Accept-Encoding` takes gzip, and likes it no less than plain bytes (RFC 9110,
    12.5.3). What of it cannot be read counts as not said. Pure.
    """
    said = [CODING.fullmatch(part.strip()) for part in header.lower().split(",")]
    weights = {match[1].removeprefix("x-"): float(match[2] or 1) for match in said if match}
    others = weights.get("*", 0.0)
    gzip_, plain = weights.get("gzip", others), weights.get("identity", others)
    return gzip_ > 0 and gzip_ >= plain
