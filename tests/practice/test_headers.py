"""What the browser is told, whatever the answer is.

Static files, which answer before any view, are looked at behind the real server:
tests/faults/test_proxy.py. What browsers make of it: tests/browser/test_crawl.py.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse
from wagtail.contrib.redirects.models import Redirect

from blog.models import ArticleIndexPage, ArticlePage
from booking.services import by_visitor
from practice.http import headers
from practice.models import PracticeSettings
from tests import factories

pytestmark = pytest.mark.django_db
TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates"


def directives(answer: Any) -> dict[str, set[str]]:
    """The policy of `answer`: each directive's name and its sources."""
    parts = (part.split() for part in answer.headers["Content-Security-Policy"].split(";"))
    return {name: set(sources) for name, *sources in parts}


READING = [
    "/", "/articles/", "/articles/feed/", "/sitemap.xml", "/robots.txt", "/theme.css",
    "/healthz/", "/no-such-page/", "/media/no-such-picture.jpg",
]  # fmt: skip
CONSULTATION = ["/consultation/", "/consultation/sent/", "/consultation/manage/gone/"]
ADMINISTRATION = ["/admin/", "/admin/consultations/", "/admin/no-such-page/", "/admin/account/"]


@pytest.mark.parametrize("path", [*READING, *CONSULTATION, "/calendar/wrong.ics", *ADMINISTRATION])
def test_every_answer_says_what_a_browser_may_do(
    practice: PracticeSettings, visitor: Client, path: str
) -> None:
    answer = visitor.get(path, secure=True)
    told = answer.headers
    assert told["X-Content-Type-Options"] == "nosniff"
    assert told["X-Frame-Options"] == "DENY"
    assert told["Cross-Origin-Opener-Policy"] == "same-origin"
    assert told["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "max-age=31536000" in told["Strict-Transport-Security"]
    if path == "/theme.css":  # part of a page, of which no browser asks
        assert "Permissions-Policy" not in told
    else:
        assert "geolocation=()" in told["Permissions-Policy"]
        assert "publickey-credentials-get=(self)" in told["Permissions-Policy"]
    policy = directives(answer)
    assert policy["default-src"] == {"'none'"}
    assert policy["frame-ancestors"] == {"'none'"}


@pytest.mark.parametrize("path", [*READING])
def test_text_names_its_encoding(practice: PracticeSettings, visitor: Client, path: str) -> None:
    kind = visitor.get(path).headers["Content-Type"]
    assert kind.endswith("charset=utf-8")


@pytest.mark.parametrize("path", ["/", "/no-such-page/", *CONSULTATION, "/account/"])
def test_a_public_page_loads_from_its_own_site_alone_and_nothing_that_stands_in_it(
    practice: PracticeSettings, visitor: Client, path: str
) -> None:
    policy = directives(visitor.get(path))
    assert policy.keys() >= {"script-src", "style-src", "img-src", "form-action", "base-uri"}
    sources = set().union(*policy.values())
    assert sources == {"'self'", "'none'"}
    assert policy["base-uri"] == {"'none'"}


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("/", "'none'"),
        ("/articles/", "'none'"),
        ("/no-such-page/", "'none'"),
        ("/theme.css", "'none'"),
        ("/consultation/", "'self'"),
        ("/account/login/", "'self'"),
    ],
)
def test_a_page_may_run_a_script_only_if_it_has_one(
    practice: PracticeSettings, visitor: Client, path: str, source: str
) -> None:
    answer = visitor.get(path)
    assert directives(answer)["script-src"] == {source}
    assert (b"<script src" in answer.content) == (source == "'self'")


@pytest.mark.parametrize(("is_on", "source"), [(True, "'self'"), (False, "'none'")])
def test_an_essay_may_run_the_script_only_if_it_can_be_left_by_it(
    practice: PracticeSettings,
    visitor: Client,
    article: ArticlePage,
    is_on: bool,
    source: str,
) -> None:
    article.quick_exit = is_on
    article.save()
    for _ in range(2):  # made, and as it is kept
        answer = visitor.get(article.url)
        assert (b"/exit.js" in answer.content) == is_on
        assert directives(answer)["script-src"] == {source}


@pytest.mark.parametrize("path", ["/", "/no-such-page/", "/account/login/"])
def test_a_script_may_ask_this_site_alone(
    practice: PracticeSettings, visitor: Client, path: str
) -> None:
    """A passkey's riddle is asked for so, and /robots.txt by whoever judges the site."""
    assert directives(visitor.get(path))["connect-src"] == {"'self'"}


def test_the_admin_has_a_policy_of_its_own_without_a_nonce(as_therapist: Client) -> None:
    """A nonce beside 'unsafe-inline' would make browsers forget the latter."""
    policy = directives(as_therapist.get("/admin/"))
    assert policy["script-src"] == policy["style-src"] == {"'self'", "'unsafe-inline'"}
    assert policy["img-src"] == {"'self'", "data:", "blob:"}
    assert policy["frame-src"] == policy["connect-src"] == policy["form-action"] == {"'self'"}


@pytest.mark.parametrize("path", ["/admin", "/administration/", "/x/admin/", "/Admin/"])
def test_nothing_that_is_only_called_like_the_admin_gets_its_policy(
    practice: PracticeSettings, visitor: Client, path: str
) -> None:
    assert "unsafe" not in visitor.get(path).headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", CONSULTATION)
def test_consultation_pages_are_not_kept_and_tell_no_address(
    practice: PracticeSettings, visitor: Client, path: str
) -> None:
    for answer in (visitor.get(path), visitor.post(path, {"name": ""})):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_reading_pages_tell_their_address_to_this_site_alone(
    practice: PracticeSettings, visitor: Client
) -> None:
    assert visitor.get("/articles/").headers["Referrer-Policy"] == "same-origin"


def test_nothing_of_the_admin_is_kept(as_therapist: Client, article: ArticlePage) -> None:
    consultation = by_visitor.submit(factories.unsaved_request())[0]
    for path in (
        "/admin/",
        "/admin/consultations/",
        f"/admin/consultations/{consultation.pk}/",
        f"/admin/consultations/{consultation.pk}/confirm/",
        f"/admin/pages/{article.pk}/edit/",
        "/admin/account/",
        "/account/",
    ):
        assert "no-store" in as_therapist.get(path).headers["Cache-Control"], path


def test_a_redirect_says_it_too(practice: PracticeSettings, visitor: Client) -> None:
    Redirect.objects.create(old_path="/old", redirect_link="/articles/")
    answer = visitor.get("/old")
    assert answer.status_code == 301
    assert directives(answer)["default-src"] == {"'none'"}
    assert visitor.get("/articles").status_code == 301


@pytest.mark.parametrize(
    ("status", "sent"),
    [(400, {"headers": {"host": "evil.example"}}), (405, {"method": "DELETE"})],
)
def test_a_refusal_says_it_too(visitor: Client, status: int, sent: dict[str, Any]) -> None:
    answer = visitor.generic(**({"method": "GET", "path": "/theme.css"} | sent))
    assert answer.status_code == status
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert directives(answer)["default-src"] == {"'none'"}


def test_a_crash_says_it_too(
    practice: PracticeSettings, visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("booking.views.find_article", None)
    visitor.raise_request_exception = False
    answer = visitor.get("/consultation/")
    assert answer.status_code == 500
    assert answer.headers["Cache-Control"] == "no-store"
    assert directives(answer)["default-src"] == {"'none'"}


# --- Previews ------------------------------------------------------------------------------


def test_a_preview_stands_in_the_admins_frame_under_the_public_policy(
    as_therapist: Client, article: ArticlePage, index: ArticleIndexPage
) -> None:
    from tests.blog.test_admin import written

    preview = reverse("wagtailadmin_pages:preview_on_add", args=["blog", "articlepage", index.pk])
    as_therapist.post(preview, written())
    answer = as_therapist.get(preview, {"mode": ""})
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    policy = directives(answer)
    assert policy["frame-ancestors"] == {"'self'"}
    assert policy["script-src"] <= {"'self'", "'none'"}
    assert directives(as_therapist.get(article.url))["frame-ancestors"] == {"'none'"}


def test_a_preview_of_a_block_stands_in_the_admins_frame(as_therapist: Client) -> None:
    block = ArticlePage._meta.get_field("body").stream_block.child_blocks["heading"]
    address = reverse("wagtailadmin_block_preview")
    answer = as_therapist.get(address, {"id": block.definition_prefix})
    assert answer.status_code == 200
    assert directives(answer)["frame-ancestors"] == {"'self'"}


# --- The pages themselves --------------------------------------------------------------------

INLINE = re.compile(
    r"<style|\sstyle=|\son[a-z]+=|javascript:|src=[\"']?data:|<script(?![^>]*\ssrc=)(?![^>]*json)"
)


def test_no_template_writes_script_or_style_or_a_picture_into_a_page() -> None:
    """The admin's templates neither, though they might."""
    found = [
        f"{file.relative_to(TEMPLATES)}: {match[0]}"
        for file in TEMPLATES.rglob("*.html")
        if "emails" not in file.parts  # mail programs know nothing of our style sheet
        for match in INLINE.finditer(file.read_text())
    ]
    assert found == []


def test_each_script_is_written_by_the_tag_that_lets_it_run() -> None:
    """Else the policy of the page refuses it."""
    public = [file for file in TEMPLATES.rglob("*.html") if "admin" not in file.parts]
    assert [file.name for file in public if re.search("<script[^>]* src", file.read_text())] == []


def test_every_feature_stands_in_the_policy_once() -> None:
    names = [part.partition("=")[0] for part in headers.PERMISSIONS.split(", ")]
    assert len(names) == len(set(names))


def test_what_was_said_before_about_a_page_stays() -> None:
    from django.http import HttpResponse

    response = HttpResponse(headers={"Cache-Control": "max-age=60"})
    headers.complete(RequestFactory().get("/articles/").path_info, response)
    assert response.headers["Cache-Control"] == "max-age=60"
