"""Finished pages are answered again as they are, and never to whom or when they should not be."""

import gzip
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from wagtail import hooks
from wagtail.models import PageViewRestriction, Site

from blog.models import ArticleIndexPage, ArticlePage, Topic
from practice.models import HomePage, PracticeSettings
from practice.pagecache import middleware, version
from tests import factories

EVERY_KIND = (
    "/",
    "/about/",
    "/services/",
    "/fees/",
    "/faq/",
    "/privacy/",
    "/accessibility/",
    "/articles/",
    "/articles/feed/",
    "/articles/topics/quiet/",
    "/sitemap.xml",
    "/robots.txt",
    "/theme.css",
)


@pytest.fixture
def page(article: ArticlePage, practice: PracticeSettings) -> ArticlePage:
    article.topics.add(Topic.objects.create(name="Quiet"))
    article.save()
    return article


def shelf() -> middleware.Pages:
    return middleware.pages_of(version.last())


def paths_kept() -> list[str]:
    return [path for _, path, _ in shelf().pages]


def queries_of(visitor: Client, path: str, **headers: str) -> tuple[HttpResponse, int]:
    with CaptureQueriesContext(connection) as queries:
        answer = visitor.get(path, headers=headers)
    return answer, len(queries)


# --- What is kept --------------------------------------------------------------------------


def test_every_kind_of_page_is_the_same_whether_it_is_kept_or_made(
    page: ArticlePage, visitor: Client, settings: Any
) -> None:
    for path in (*EVERY_KIND, page.url):
        first, again = visitor.get(path), visitor.get(path)
        assert path in paths_kept()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(middleware.Pages, "get", lambda *_: None)
            anew = visitor.get(path)
        assert first.content == again.content == anew.content
        for answer in (first, again, anew):
            for name in ("X-Request-ID", "X-Accel-Expires"):
                del answer.headers[name]
        assert first.headers == again.headers == anew.headers
        version.forget_all()
        settings.PAGE_CACHE_MB = 0
        unkept = visitor.get(path)
        settings.PAGE_CACHE_MB = 16
        version.forget_all()
        assert unkept.content == first.content
        ours = {"ETag", "Vary", "Cache-Control", "Content-Length", "X-Request-ID"}
        assert {k: v for k, v in first.items() if k not in ours} == {
            k: v for k, v in unkept.items() if k not in ours
        }


def test_a_kept_page_costs_one_query_and_an_article_that_is_made_three(
    page: ArticlePage, visitor: Client
) -> None:
    visitor.get(page.url)
    assert queries_of(visitor, page.url)[1] == 1
    shelf().pages.clear()
    cost = queries_of(visitor, page.url)[1]
    assert cost == 3, "the stamp, the essay, its topics; what to read on with is cached"


def test_a_list_of_articles_costs_few_queries_however_many_there_are(
    page: ArticlePage, index: ArticleIndexPage, visitor: Client
) -> None:
    for number in range(19):
        factories.article(index, title=f"Essay {number}")
    answer, cold = queries_of(visitor, "/articles/")
    assert answer.content.count(b"-minute read</p>") == 20
    shelf().pages.clear()
    assert queries_of(visitor, "/articles/")[1] == 3
    assert cold <= 13


def test_links_between_essays_are_found_in_one_query(
    page: ArticlePage, index: ArticleIndexPage, visitor: Client
) -> None:
    linked = [factories.article(index, title=f"Essay {number}") for number in range(5)]
    texts: list[tuple[str, Any]] = [
        ("text", f'<p>As I wrote <a linktype="page" id="{each.pk}">here</a>.</p>')
        for each in linked
    ]
    essay = factories.article(index, title="With links", body=texts)
    visitor.get("/articles/")  # what every page needs is held
    answer, count = queries_of(visitor, essay.url)
    for each in linked:
        assert f'<a href="{each.url}">here</a>' in answer.content.decode()
    assert count <= 7, "those four, the five with their own tables, and what their lists show"


def test_what_is_published_is_seen_at_once(page: ArticlePage, visitor: Client) -> None:
    for title in ("One", "Two", "Three"):
        visitor.get(page.url)
        essay = ArticlePage.objects.get(pk=page.pk)
        essay.title = title
        essay.save_revision().publish()
        assert f"<h1>{title}</h1>" in visitor.get(page.url).content.decode()
    essay.unpublish()
    assert visitor.get(page.url).status_code == 404


def test_what_begins_on_a_day_is_seen_on_that_day(
    practice: PracticeSettings, visitor: Client
) -> None:
    tomorrow = practice.today() + timedelta(days=1)
    PracticeSettings.objects.update(intake="closed", opens_again=tomorrow)
    closed = "not taking requests right now"
    assert closed in visitor.get("/").content.decode()
    assert closed in visitor.get("/").content.decode()
    with time_machine.travel(practice.midnight(tomorrow)):
        assert closed not in visitor.get("/").content.decode()


# --- What is not ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers", [{"authorization": "Basic eDp5"}, {"cookie": "sessionid=whoever"}]
)
def test_nobody_who_says_who_they_are_gets_a_kept_page_or_leaves_one(
    page: ArticlePage, visitor: Client, headers: dict[str, str]
) -> None:
    visitor.get(page.url, headers=headers)
    assert page.url not in paths_kept()
    visitor.get(page.url)
    assert queries_of(visitor, page.url, **headers)[1] > 1


@pytest.mark.parametrize(
    "path",
    [
        "/articles/?page=2",
        "/nothing-here/",
        "/articles",  # leads elsewhere
        "/consultation/",
        "/consultation/sent/",
        "/account/login/",
        "/admin/",
        "/healthz/",
        "/readyz/",
    ],
)
def test_nothing_is_kept_of(page: ArticlePage, visitor: Client, path: str) -> None:
    visitor.get(path)
    assert paths_kept() == []


@pytest.mark.parametrize(
    "change",
    [
        lambda response: response.set_cookie("name", "value"),
        lambda response: response.headers.__setitem__("Cache-Control", "private"),
        lambda response: response.headers.__setitem__("Cache-Control", "no-store"),
        lambda response: response.headers.__setitem__("Vary", "Cookie"),
        lambda response: setattr(response, "status_code", 203),
    ],
)
def test_nothing_is_kept_that_is_for_one_reader_alone(
    page: ArticlePage, visitor: Client, change: Callable[[HttpResponse], Any]
) -> None:
    def answer(page: object, request: HttpRequest, *args: object) -> HttpResponse:
        response = HttpResponse("for you")
        change(response)
        return response

    with hooks.register_temporarily("before_serve_page", answer):
        assert visitor.get(page.url).content == b"for you"
    assert paths_kept() == []


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 400),
        ("localhost", 200),  # one of ours, under which nginx asks for nothing
        ("TESTSERVER", 200),
        ("testserver:1", 200),
        (f"testserver:{'0' * 3000}", 200),
    ],
)
def test_nothing_is_kept_under_names_that_a_stranger_can_make_up(
    page: ArticlePage, visitor: Client, settings: Any, host: str, status: int
) -> None:
    assert visitor.get(page.url, headers={"host": host}).status_code == status
    assert paths_kept() == []
    assert ("", "site") not in version.last().values


def test_pages_of_one_scheme_are_not_answered_under_another(
    page: ArticlePage, visitor: Client
) -> None:
    for secure in (False, True):
        told = visitor.get("/robots.txt", secure=secure)
        assert "Sitemap: http://testserver/sitemap.xml" in told.content.decode()
    assert {scheme for scheme, _, _ in shelf().pages} == {"http", "https"}


def test_a_site_that_nobody_defined_still_has_a_form(
    practice: PracticeSettings, visitor: Client
) -> None:
    Site.objects.all().delete()
    assert visitor.get("/consultation/").status_code == 200
    assert "Opening soon" in visitor.get("/").content.decode()


def test_a_closed_page_is_answered_to_nobody_who_was_not_let_in(
    page: ArticlePage, visitor: Client, as_therapist: Client
) -> None:
    visitor.get(page.url)
    PageViewRestriction.objects.create(page=page.get_parent(), restriction_type="login")
    assert visitor.get(page.url).status_code == 302
    assert as_therapist.get(page.url).status_code == 200
    assert visitor.get(page.url).status_code == 302
    assert page.title not in visitor.get("/").content.decode()
    PageViewRestriction.objects.all().delete()
    assert visitor.get(page.url).status_code == 200


def test_a_password_opens_a_page_to_the_one_who_typed_it(
    page: ArticlePage, visitor: Client
) -> None:
    PageViewRestriction.objects.create(page=page, restriction_type="password", password="open")
    asked = visitor.get(page.url)
    assert b"password" in asked.content
    visitor.post(asked.context["action_url"], {"password": "open", "return_url": page.url})
    assert f"<h1>{page.title}</h1>" in visitor.get(page.url).content.decode()
    assert f"<h1>{page.title}</h1>" not in Client().get(page.url).content.decode()


def test_a_preview_shows_the_draft_and_leaves_readers_the_page(
    page: ArticlePage, visitor: Client, as_therapist: Client
) -> None:
    visitor.get(page.url)
    page.title = "Not yet for anybody"
    page.save_revision()
    shown = as_therapist.get(f"/admin/pages/{page.pk}/view_draft/")
    assert "Not yet for anybody" in shown.content.decode()
    assert "Not yet for anybody" not in visitor.get(page.url).content.decode()
    shelf().pages.clear()
    as_therapist.get(f"/admin/pages/{page.pk}/view_draft/")
    assert "Not yet for anybody" not in visitor.get(page.url).content.decode()


# --- As the browser wants it ---------------------------------------------------------------


def test_pages_come_gzipped_to_whoever_takes_that(page: ArticlePage, visitor: Client) -> None:
    for _ in range(2):
        plain = visitor.get(page.url)
        packed = visitor.get(page.url, headers={"accept-encoding": "br, gzip"})
        assert packed["Content-Encoding"] == "gzip"
        assert "Content-Encoding" not in plain
        assert gzip.decompress(packed.content) == plain.content
        assert packed["Vary"] == plain["Vary"] == "Accept-Encoding"
        for answer in (plain, packed):
            assert int(answer["Content-Length"]) == len(answer.content)


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        ("gzip", True),
        ("GZip", True),
        ("x-gzip", True),
        ("gzip;q=0.5, br", True),
        ("gzip; Q=0.001", True),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", True),
        ("*", True),
        ("br, *;q=0.1", True),
        ("identity;q=0, gzip;q=0.1", True),
        ("identity;q=0.5, *;q=0.5", True),
        ("", False),
        (" , ,", False),
        ("br", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000, br", False),
        ("gzip ;q=0,identity", False),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
        ("gzip;q=0.5, identity", False),
        ("gzip;q=0.2, *;q=0.8", False),
        ("gzip;q=-1", False),
        ("gzip;q=many", False),
        ("gzip;q=nan", False),
        ("gzip;q=", False),
        ("notgzip", False),
        ("gzip-2", False),
        ("br;x=gzip", False),
    ],
)
def test_gzip_is_sent_to_whoever_takes_it(header: str, takes: bool) -> None:
    """RFC 9110, 12.5.3."""
    assert middleware.accepts_gzip(header) is takes


def test_styles_and_files_come_plain_to_whoever_refuses_gzip(
    practice: PracticeSettings, visitor: Client
) -> None:
    refused = {"accept-encoding": "gzip;q=0, identity"}
    assert "Content-Encoding" not in visitor.get("/theme.css?v=1", headers=refused).headers
    told: list[str] = []  # WhiteNoise, which has the files, looks for the word alone
    pages = middleware.PageCache(
        lambda r: told.append(r.META["HTTP_ACCEPT_ENCODING"]) or HttpResponse()
    )
    for header in ("gzip;q=0, identity", "br, x-gzip"):
        pages(RequestFactory().get("/static/a.css", headers={"accept-encoding": header}))
    assert told == ["", "gzip"]


def test_whoever_has_a_page_already_is_told_so(page: ArticlePage, visitor: Client) -> None:
    etag = visitor.get(page.url)["ETag"]
    for known in (etag, f'"other", {etag}', "*"):
        answer = visitor.get(page.url, headers={"if-none-match": known})
        assert (answer.status_code, answer.content) == (304, b"")
        assert (answer["ETag"], answer["Vary"]) == (etag, "Accept-Encoding")
    assert visitor.get(page.url, headers={"if-none-match": '"other"'}).status_code == 200
    ArticlePage.objects.update(summary="Newer")
    assert visitor.get(page.url, headers={"if-none-match": etag}).status_code == 200


def test_head_says_what_get_would_and_leaves_nothing(page: ArticlePage, visitor: Client) -> None:
    first = visitor.head(page.url)
    assert paths_kept() == []
    shown = visitor.get(page.url)
    again = visitor.head(page.url)
    for name in ("ETag", "Vary", "Content-Type", "Content-Length", "Content-Security-Policy"):
        assert first[name] == shown[name] == again[name]
    assert first.content == again.content == b""


def test_the_proxy_may_keep_a_page_until_its_second_is_over(
    page: ArticlePage, visitor: Client
) -> None:
    with time_machine.travel(1_800_000_000.9, tick=False):
        assert visitor.get(page.url)["X-Accel-Expires"] == "@1800000000"
        assert visitor.get(page.url)["X-Accel-Expires"] == "@1800000000"
        for path in ("/articles/?page=1", "/consultation/", "/nothing-here/"):
            assert "X-Accel-Expires" not in visitor.get(path).headers


# --- The shelf -----------------------------------------------------------------------------


def a_page(size: int) -> middleware.Page:
    return middleware.Page(b"x" * (size - middleware.ITS_OWN), ())


def a_key(path: str) -> middleware.Key:
    return ("https", path, "en")


def test_what_nobody_asked_for_longest_goes_first_when_it_is_full() -> None:
    shelf = middleware.Pages(limit=6_000)
    for path in "abc":
        shelf.put(a_key(path), a_page(2_000))
    assert shelf.get(a_key("a"))
    shelf.put(a_key("d"), a_page(2_000))
    assert [path for _, path, _ in shelf.pages] == ["c", "a", "d"]
    shelf.put(a_key("a"), a_page(5_000))
    assert [path for _, path, _ in shelf.pages] == ["a"]
    assert shelf.size == 5_000


def test_a_page_that_is_too_large_is_not_kept() -> None:
    shelf = middleware.Pages(limit=6_000)
    shelf.put(a_key("a"), a_page(6_001))
    assert (len(shelf.pages), shelf.size) == (0, 0)


def test_drafts_moved_and_missing_pages_lead_where_wagtail_leads(
    page: ArticlePage, home: HomePage, index: ArticleIndexPage, visitor: Client
) -> None:
    draft = factories.article(index, title="Draft", live=False)
    paths = [
        "/",
        "/fees/",
        "/fees/nothing/",
        "/articles/",
        page.url,
        f"{page.url}deeper/",
        f"/articles/{draft.slug}/",
        "/articles/nothing/",
        "/nothing/",
        "/articles/feed/x/",
    ]
    ours = {path: visitor.get(path) for path in paths}
    version.forget_all()
    with pytest.MonkeyPatch.context() as patch:
        for kind in (HomePage, ArticleIndexPage):
            patch.delattr(kind, "route")  # and Wagtail's own is there
        for path in paths:
            theirs = visitor.get(path)
            assert (theirs.status_code, theirs.content) == (
                ours[path].status_code,
                ours[path].content,
            )
