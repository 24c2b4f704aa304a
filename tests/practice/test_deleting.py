"""Whoever may write cannot empty the site: what goes, who is asked what, and what the log keeps."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.test import Client
from wagtail.documents import get_document_model
from wagtail.models import ModelLogEntry, Page, PageLogEntry

from blog.models import ArticleIndexPage, ArticlePage, BioPage, Topic
from practice.models import HomePage, SiteImage, StandardPage, User
from tests import factories
from tests.practice.test_images import encoded

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


# --- The second factor before readers lose something -----------------------------------------


@pytest.fixture
def image(db: None) -> SiteImage:
    return SiteImage.objects.create(title="Harbor", file=ContentFile(encoded("PNG"), "harbor.png"))


@pytest.fixture
def document(db: None) -> Any:
    return get_document_model().objects.create(title="Leaflet", file=ContentFile(b"x", "a.txt"))


@pytest.fixture
def topic(db: None) -> Topic:
    return Topic.objects.create(name="Closeness")


@pytest.fixture
def in_use(
    index: ArticleIndexPage, image: SiteImage, document: Any, topic: Topic
) -> dict[str, Any]:
    link = f'<p><a linktype="document" id="{document.pk}">A leaflet</a></p>'
    article = factories.article(index, "On the water", picture=image, body=[("text", link)])
    article.topics.add(topic)
    article.save()
    return {"page": article, "image": image, "document": document, "topic": topic}


TAKEN = {
    "page": lambda it: (f"/admin/pages/{it.pk}/delete/", "“On the water”"),
    "page at once": lambda it: (bulk(PAGES, "delete", it), "“On the water”"),
    "page by the API": lambda it: (f"/admin/api/main/pages/{it.pk}/action/delete/", ""),
    "image": lambda it: (f"/admin/images/{it.pk}/delete/", "“Harbor, on On the water”"),
    "image at once": lambda it: (bulk(PICTURES, "delete", it), "“Harbor, on On the water”"),
    "image by script": lambda it: (f"/admin/images/multiple/{it.pk}/delete/", ""),
    "document": lambda it: (f"/admin/documents/delete/{it.pk}/", "“Leaflet, on On the water”"),
    "document at once": lambda it: (bulk(DOCUMENTS, "delete", it), "“Leaflet, on On the water”"),
    "document by script": lambda it: (f"/admin/documents/multiple/{it.pk}/delete/", ""),
    "topic": lambda it: (
        f"/admin/snippets/blog/topic/delete/{it.pk}/",
        "“Closeness, on On the water”",
    ),
    "topic at once": lambda it: (bulk(TOPICS, "delete", it), "“Closeness, on On the water”"),
}


@pytest.mark.parametrize("who", ["editor", "therapist", "owner"])
@pytest.mark.parametrize("what", TAKEN)
def test_what_readers_would_miss_goes_with_the_factor_shown_again_alone_and_is_named_before(
    request: pytest.FixtureRequest, in_use: dict[str, Any], what: str, who: str
) -> None:
    person = owner() if who == "owner" else request.getfixturevalue(who)
    thing = in_use[what.split()[0]]
    address, names = TAKEN[what](thing)
    client = factories.signed_in(person)
    for ask in (client.get, client.post):
        asked = ask(address)
        assert asked.status_code == 302
        assert asked["Location"].startswith("/account/again/")
    assert type(thing).objects.filter(pk=thing.pk).exists()

    factories.shown(client, person, again=True)
    if names:
        page = said(client.get(address))
        assert f"Readers will miss {names}." in page
    client.post(address)
    assert not type(thing).objects.filter(pk=thing.pk).exists()


def owner() -> User:
    person = factories.user("owner@example.com")
    User.objects.filter(pk=person.pk).update(is_superuser=True)
    return User.objects.get(pk=person.pk)


@pytest.fixture
def unused(index: ArticleIndexPage) -> Callable[[str, int], list[Any]]:
    """Things that no reader sees, so many of a kind."""
    make: dict[str, Callable[[int], Any]] = {
        PAGES: lambda number: factories.article(index, f"Draft {number}", live=False),
        PICTURES: lambda number: SiteImage.objects.create(
            title=f"Picture {number}", file=ContentFile(encoded("PNG"), "a.png")
        ),
        DOCUMENTS: lambda number: get_document_model().objects.create(
            title=f"Document {number}", file=ContentFile(b"x", "a.txt")
        ),
        TOPICS: lambda number: Topic.objects.create(name=f"Topic {number}"),
    }
    return lambda kind, count: [make[kind](number) for number in range(count)]


@pytest.mark.parametrize("kind", [PAGES, PICTURES, DOCUMENTS, TOPICS])
def test_five_that_nobody_misses_go_at_once_and_six_ask_for_the_factor(
    as_editor: Client, unused: Callable[[str, int], list[Any]], kind: str
) -> None:
    things = unused(kind, 6)
    left = type(things[0]).objects.filter(pk__in=[thing.pk for thing in things])
    asked = as_editor.post(bulk(kind, "delete", *things))
    assert asked["Location"].startswith("/account/again/")
    assert left.count() == 6
    as_editor.post(bulk(kind, "delete", *things[:5]))
    assert left.count() == 1


def test_all_of_a_list_ask_for_the_factor_though_no_number_is_named(
    as_editor: Client, index: ArticleIndexPage, unused: Callable[[str, int], list[Any]]
) -> None:
    unused(PAGES, 6)
    asked = as_editor.post(f"/admin/bulk/{PAGES}/delete/?id=all&childOf={index.pk}")
    assert asked["Location"].startswith("/account/again/")
    assert ArticlePage.objects.count() == 6


@pytest.mark.parametrize("act", ["unpublish", "move"])
def test_six_are_unpublished_or_moved_with_the_factor_alone(
    as_therapist: Client, index: ArticleIndexPage, home: HomePage, act: str
) -> None:
    pages = [factories.publish(page) for page in (sibling(home, number) for number in range(6))]
    before = standing()
    form = {"chooser": index.get_parent().get_children().first().pk}
    asked = as_therapist.post(bulk(PAGES, act, *pages), form)
    assert asked.status_code in (302, 403), "led to the factor, or the form comes back after it"
    assert standing() == before
    as_therapist.post(bulk(PAGES, "unpublish", *pages[:5]))
    assert Page.objects.filter(title__startswith="Sibling", live=True).count() == 1


def sibling(home: HomePage, number: int) -> StandardPage:
    return home.add_child(instance=StandardPage(title=f"Sibling {number}", live=False))


def test_a_list_is_not_unpublished_with_all_that_is_below_it_without_the_factor(
    as_therapist: Client, index: ArticleIndexPage
) -> None:
    for number in range(6):
        factories.article(index, f"Essay {number}")
    for address in (
        f"/admin/pages/{index.pk}/unpublish/",
        f"/admin/api/main/pages/{index.pk}/action/unpublish/",
    ):
        as_therapist.post(address, {"include_descendants": "on", "recursive": "true"})
        assert index.get_descendants(inclusive=True).not_live().count() == 0


def test_a_list_is_not_moved_with_all_that_is_below_it_without_the_factor(
    as_therapist: Client, index: ArticleIndexPage, home: HomePage
) -> None:
    for number in range(6):
        factories.article(index, f"Essay {number}")
    place = sibling(home, 1)
    for address in (
        f"/admin/pages/{index.pk}/move/{place.pk}/confirm/",
        f"/admin/api/main/pages/{index.pk}/action/move/",
    ):
        as_therapist.post(address, {"destination_page_id": place.pk})
        assert Page.objects.get(pk=index.pk).get_parent().pk == home.pk


def test_the_home_page_with_which_the_site_would_go_is_deleted_by_nobody(home: HomePage) -> None:
    owner = factories.user("owner@example.com")
    User.objects.filter(pk=owner.pk).update(is_superuser=True)
    factories.signed_in(owner, again=True).post(f"/admin/pages/{home.pk}/delete/")
    assert HomePage.objects.filter(pk=home.pk).exists()


@pytest.mark.parametrize("model", [PAGES, PICTURES])
def test_a_text_that_no_database_takes_is_no_crash(as_therapist_again: Client, model: str) -> None:
    answer = as_therapist_again.get(f"/admin/bulk/{model}/delete/?id=all&q=%00")
    assert answer.status_code in (200, 400, 404)


def test_whoever_may_not_delete_a_page_learns_of_no_titles(
    as_editor_again: Client, home: HomePage
) -> None:
    as_editor_again.get(f"/admin/pages/{home.pk}/delete/")
    assert "Readers will miss" not in said(as_editor_again.get("/admin/"))


def test_a_page_that_is_deleted_at_once_stands_in_the_log_once(
    as_therapist_again: Client, article: ArticlePage
) -> None:
    as_therapist_again.post(bulk(PAGES, "delete", article))
    assert PageLogEntry.objects.filter(action="wagtail.delete", page=article.pk).count() == 1


def test_an_essay_whose_picture_was_deleted_is_read_without_it(
    as_editor_again: Client, visitor: Client, index: ArticleIndexPage, image: SiteImage
) -> None:
    shown = {"image": image.pk, "decorative": False, "alt_text": "Boats"}
    body = [("text", "<p>Before.</p>"), ("picture", shown), ("text", "<p>After.</p>")]
    factories.article(index, "On the water", picture=image, body=body)
    assert "Boats" in said(visitor.get("/articles/on-the-water/"))
    as_editor_again.post(bulk(PICTURES, "delete", image))
    page = said(visitor.get("/articles/on-the-water/"))
    assert "Before." in page
    assert "After." in page
    assert "Boats" not in page


# --- The log ----------------------------------------------------------------------------------


def test_the_log_names_who_emptied_the_site_after_their_account_is_gone(
    editor: User, as_editor_again: Client, as_therapist_again: Client, in_use: dict[str, Any]
) -> None:
    User.objects.filter(pk=editor.pk).update(first_name="Robin", last_name="Writes")
    page = in_use["page"].pk
    as_editor_again.post(bulk(PAGES, "delete", in_use["page"]))
    as_editor_again.post(bulk(PICTURES, "delete", in_use["image"]))
    as_editor_again.post(bulk(DOCUMENTS, "delete", in_use["document"]))
    as_editor_again.post(bulk(TOPICS, "delete", in_use["topic"]))
    as_therapist_again.post(bulk("practice/user", "delete", editor))
    assert not User.objects.filter(pk=editor.pk).exists()

    entries = [
        *PageLogEntry.objects.filter(action="wagtail.delete", page=page),
        *ModelLogEntry.objects.filter(action="wagtail.delete", user_id=editor.pk),
    ]
    told = {entry.label: str(entry.user_display_name) for entry in entries}
    assert told == dict.fromkeys(["On the water", "Harbor", "Leaflet", "Closeness"], "Robin Writes")
    report = said(as_therapist_again.get("/admin/reports/site-history/"))
    assert "Robin Writes" in report
    assert "(deleted)" not in report
