"""Reports, Deleted pages: for 30 days a deleted page can be brought back, and then it is gone."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from wagtail.models import Page, PageLogEntry, PageViewRestriction

from blog.models import ArticleIndexPage, ArticlePage, BioPage, Topic
from practice.deletion import deleted_pages
from practice.models import DeletedPage, StandardPage, User
from tests import factories
from tests.practice.test_deleting import PAGES, bulk, said

pytestmark = pytest.mark.django_db

REPORT = "/admin/reports/deleted-pages/"


@pytest.fixture
def as_editor_again(editor: User) -> Client:
    return factories.signed_in(editor, again=True)


@pytest.fixture
def essay(index: ArticleIndexPage, bio: BioPage) -> ArticlePage:
    page = factories.article(index, author=bio, summary="How it begins.")
    page.topics.add(Topic.objects.create(name="Closeness"))
    page.save()
    return page


WAYS: dict[str, Callable[[Page], str]] = {
    "one": lambda page: f"/admin/pages/{page.pk}/delete/",
    "at once": lambda page: bulk(PAGES, "delete", page),
    "by the API": lambda page: f"/admin/api/main/pages/{page.pk}/action/delete/",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_deleted_essay_is_brought_back_whole(
    as_editor_again: Client, visitor: Client, essay: ArticlePage, way: str
) -> None:
    before = ArticlePage.objects.get()
    as_editor_again.post(WAYS[way](essay))
    assert not ArticlePage.objects.exists()
    listed = said(as_editor_again.get(REPORT))
    assert essay.title in listed
    assert "deleted by editor@example.com" in listed

    back = as_editor_again.post(REPORT, {"page": essay.pk})
    assert back["Location"] == f"/admin/pages/{essay.pk}/edit/", "so that links to it lead there"
    assert as_editor_again.get(back["Location"]).status_code == 200
    after = ArticlePage.objects.get()
    assert not after.live, "whoever brings it back looks at it first"
    assert visitor.get(f"/articles/{essay.slug}/").status_code == 404
    factories.publish(after)
    for field in ("title", "slug", "url_path", "summary", "author", "body"):
        assert getattr(after, field) == getattr(before, field), field
    assert abs(after.first_published_at - before.first_published_at) < timedelta(seconds=1)
    assert [topic.name for topic in after.topics.all()] == ["Closeness"]
    assert essay.title in said(visitor.get(f"/articles/{essay.slug}/"))
    assert Page.find_problems() == ([], [], [], [], []), "the tree is whole"
    assert essay.title not in said(as_editor_again.get(REPORT)).split("Deleted pages")[-1]
    told = PageLogEntry.objects.filter(page=essay.pk).values_list("action", flat=True)
    assert "practice.bring_back" in told


def test_the_last_words_come_back_also_those_that_were_never_published(
    as_editor_again: Client, essay: ArticlePage
) -> None:
    essay.title = "Said better"
    essay.save_revision()
    as_editor_again.post(f"/admin/pages/{essay.pk}/delete/")
    as_editor_again.post(REPORT, {"page": essay.pk})
    assert ArticlePage.objects.get().get_latest_revision_as_object().title == "Said better"


def test_what_was_behind_a_password_does_not_come_back_for_everybody(
    as_editor_again: Client, visitor: Client, essay: ArticlePage
) -> None:
    PageViewRestriction.objects.create(page=essay, restriction_type="password", password="sesame")
    as_editor_again.post(f"/admin/pages/{essay.pk}/delete/")
    as_editor_again.post(REPORT, {"page": essay.pk})
    assert visitor.get(f"/articles/{essay.slug}/").status_code == 404


def test_an_address_that_was_given_away_meanwhile_stays_where_it_is(
    as_editor_again: Client, essay: ArticlePage, index: ArticleIndexPage
) -> None:
    as_editor_again.post(f"/admin/pages/{essay.pk}/delete/")
    newer = factories.article(index, essay.title)
    as_editor_again.post(REPORT, {"page": essay.pk})
    assert {page.pk: page.slug for page in ArticlePage.objects.all()} == {
        newer.pk: essay.slug,
        essay.pk: f"{essay.slug}-1",
    }


def test_whoever_presses_twice_gets_one_page(as_editor_again: Client, essay: ArticlePage) -> None:
    as_editor_again.post(f"/admin/pages/{essay.pk}/delete/")
    deleted = DeletedPage.objects.get()
    editor = User.objects.get(email="editor@example.com")
    assert deleted_pages.bring_back(deleted, editor)
    assert deleted_pages.bring_back(deleted, editor) is None
    assert as_editor_again.post(REPORT, {"page": essay.pk})["Location"] == REPORT
    assert "It may be back already" in said(as_editor_again.get(REPORT))
    assert ArticlePage.objects.count() == 1


def test_a_list_comes_back_before_what_was_below_it(
    essay: ArticlePage, index: ArticleIndexPage
) -> None:
    owner = factories.user("owner@example.com")
    User.objects.filter(pk=owner.pk).update(is_superuser=True)
    client = factories.signed_in(owner, again=True)
    client.post(f"/admin/pages/{index.pk}/delete/")
    assert not ArticleIndexPage.objects.exists()
    assert essay.title not in said(client.get(REPORT))
    client.post(REPORT, {"page": index.pk})
    client.post(REPORT, {"page": essay.pk})
    assert ArticlePage.objects.get().get_parent().pk == index.pk
    assert Page.find_problems() == ([], [], [], [], [])


def test_an_editor_neither_sees_nor_brings_back_what_belongs_to_the_therapist(
    as_editor_again: Client, as_therapist_again: Client
) -> None:
    fees = StandardPage.objects.get(slug="fees")
    as_therapist_again.post(f"/admin/pages/{fees.pk}/delete/")
    assert "Fees" not in said(as_editor_again.get(REPORT))
    as_editor_again.post(REPORT, {"page": fees.pk})
    assert not StandardPage.objects.filter(slug="fees").exists()
    as_therapist_again.post(REPORT, {"page": fees.pk})
    assert StandardPage.objects.filter(slug="fees", pk=fees.pk).exists()


@pytest.mark.parametrize("sent", ["", "x", "99999999999999999999", "-1"])
def test_a_number_of_nothing_brings_back_nothing(as_editor_again: Client, sent: str) -> None:
    assert as_editor_again.post(REPORT, {"page": sent})["Location"] == REPORT


def test_after_30_days_nothing_of_it_is_left(as_editor_again: Client, essay: ArticlePage) -> None:
    as_editor_again.post(f"/admin/pages/{essay.pk}/delete/")
    day = timedelta(days=1)
    for days, left in ((29, 1), (30, 0)):
        with time_machine.travel(timezone.now() + days * day, tick=False):
            deleted_pages.forget_old(timezone.now())
        assert DeletedPage.objects.count() == left


def test_the_command_says_how_many_are_gone(as_editor_again: Client, essay: ArticlePage) -> None:
    as_editor_again.post(f"/admin/pages/{essay.pk}/delete/")
    DeletedPage.objects.update(deleted_at=timezone.now() - deleted_pages.KEPT_FOR)
    out = StringIO()
    call_command("run_job", "forget_deleted_pages", stdout=out)
    assert out.getvalue() == "1 pages deleted for good\n"


def test_what_a_command_removes_is_not_kept(essay: ArticlePage) -> None:
    essay.delete()
    assert not DeletedPage.objects.exists()
