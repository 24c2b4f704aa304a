"""Whoever may write cannot empty the site: what goes, who is asked what, and what the log keeps."""

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from wagtail.models import Page

from blog.models import ArticleIndexPage, ArticlePage, BioPage
from practice.models import HomePage, StandardPage, User
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_editor_again(editor: User) -> Client:
    return factories.signed_in(editor, again=True)


def said(answer: Any) -> str:
    return re.sub(r"\s+", " ", unescape(answer.content.decode()))


def bulk(model: str, act: str, *things: Any) -> str:
    return f"/admin/bulk/{model}/{act}/?" + "&".join(f"id={thing.pk}" for thing in things)


PAGES, PICTURES = "wagtailcore/page", "practice/siteimage"
DOCUMENTS, TOPICS = "wagtaildocs/document", "blog/topic"


def fixed_pages() -> list[Page]:
    kinds: list[Any] = [HomePage, BioPage, ArticleIndexPage, StandardPage]
    return [page for kind in kinds for page in kind.objects.all()]


# --- What the site stands on ----------------------------------------------------------------


ACTS = {
    "delete": lambda page: (f"/admin/pages/{page.pk}/delete/", {}),
    "delete at once": lambda page: (bulk(PAGES, "delete", page), {}),
    "delete by the API": lambda page: (f"/admin/api/main/pages/{page.pk}/action/delete/", {}),
    "unpublish": lambda page: (f"/admin/pages/{page.pk}/unpublish/", {}),
    "unpublish at once": lambda page: (bulk(PAGES, "unpublish", page), {}),
    "unpublish by the API": lambda page: (f"/admin/api/main/pages/{page.pk}/action/unpublish/", {}),
    "move": lambda page: (f"/admin/pages/{page.pk}/move/{other_than(page)}/confirm/", {}),
    "move at once": lambda page: (bulk(PAGES, "move", page), {"chooser": other_than(page)}),
    "hide": lambda page: (
        f"/admin/pages/{page.pk}/privacy/",
        {"restriction_type": "login", "password": "", "groups": []},
    ),
    "end": lambda page: (
        f"/admin/pages/{page.pk}/edit/",
        {
            "title": page.title,
            "slug": page.slug,
            "introduction": "null",
            "expire_at": "2090-01-01",
            "action-publish": "1",
        },
    ),
    "rename": lambda page: (
        f"/admin/pages/{page.pk}/edit/",
        {"title": "Gone", "slug": "gone", "introduction": "null", "action-publish": "1"},
    ),
}


def other_than(page: Page) -> int:
    return StandardPage.objects.exclude(pk=page.pk).order_by("pk").values_list("pk", flat=True)[0]


def standing() -> list[Any]:
    pages = Page.objects.filter(depth__gt=1).order_by("pk")
    return [
        *pages.values("pk", "path", "slug", "live", "expire_at"),
        pages.filter(view_restrictions=None).count(),
    ]


@pytest.mark.parametrize("may_all", [False, True], ids=["below the list", "below the root"])
@pytest.mark.parametrize("act", ACTS)
def test_an_editor_takes_no_page_away_that_the_site_stands_on(
    editor: User, as_editor_again: Client, home: HomePage, act: str, may_all: bool
) -> None:
    if may_all:  # as a superuser may have set it
        rights = Group.objects.get(name="Editor").page_permissions
        rights.update(page=Page.get_first_root_node())
    before = standing()
    for page in fixed_pages():
        address, form = ACTS[act](page)
        as_editor_again.post(address, form)
    assert standing() == before


def test_an_editor_still_writes_publishes_and_deletes_articles(
    as_editor_again: Client, index: ArticleIndexPage, article: ArticlePage
) -> None:
    add = f"/admin/pages/add/blog/articlepage/{index.pk}/"
    assert as_editor_again.get(add).status_code == 200
    assert as_editor_again.get(f"/admin/pages/{article.pk}/edit/").status_code == 200
    as_editor_again.post(f"/admin/pages/{article.pk}/unpublish/")
    article.refresh_from_db()
    assert not article.live
    as_editor_again.post(f"/admin/pages/{article.pk}/delete/")
    assert not ArticlePage.objects.exists()


def test_a_therapist_may_still_take_such_a_page_away(as_therapist_again: Client) -> None:
    fees = StandardPage.objects.get(slug="fees")
    as_therapist_again.post(f"/admin/pages/{fees.pk}/delete/")
    assert not StandardPage.objects.filter(slug="fees").exists()
