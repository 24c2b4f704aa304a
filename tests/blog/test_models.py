"""Articles, their list and topics: who finds what where."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from wagtail.models import PageViewRestriction

from blog.models import ArticleIndexPage, ArticlePage, BioPage, Topic
from practice.models import HomePage, PracticeSettings, StandardPage
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def topic(practice: PracticeSettings) -> Topic:
    return Topic.objects.create(name="Quiet and noise", description="On both.")


def read(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


# --- Where an article is listed ------------------------------------------------------------

LISTS = ["/", "/articles/", "/articles/topics/quiet-and-noise/", "/articles/feed/", "/sitemap.xml"]


def on(topic: Topic, page: ArticlePage) -> ArticlePage:
    page.topics.add(topic)
    page.save()
    return page


@pytest.mark.parametrize("address", LISTS)
def test_a_published_article_is_listed(
    visitor: Client, index: ArticleIndexPage, topic: Topic, address: str
) -> None:
    on(topic, factories.article(index, "To be found"))
    assert "to-be-found" in read(visitor, address)


@pytest.mark.parametrize("address", LISTS)
def test_a_draft_is_listed_nowhere(
    visitor: Client, index: ArticleIndexPage, topic: Topic, address: str
) -> None:
    on(topic, factories.article(index, "Not yet", live=False))
    said = read(visitor, address)
    assert "not-yet" not in said
    assert "Not yet" not in said


@pytest.mark.parametrize("address", LISTS)
@pytest.mark.parametrize("kind", [PageViewRestriction.LOGIN, PageViewRestriction.PASSWORD])
def test_a_private_article_is_listed_nowhere_even_for_those_who_may_read_it(
    as_therapist: Client, index: ArticleIndexPage, topic: Topic, address: str, kind: str
) -> None:
    page = on(topic, factories.article(index, "Among us"))
    PageViewRestriction.objects.create(page=page, restriction_type=kind, password="x")
    said = read(as_therapist, address)
    assert "among-us" not in said
    assert "Among us" not in said


@pytest.mark.parametrize("address", LISTS)
def test_an_article_that_was_taken_back_is_listed_nowhere(
    visitor: Client, index: ArticleIndexPage, topic: Topic, address: str
) -> None:
    on(topic, factories.article(index, "Taken back")).unpublish()
    assert "Taken back" not in read(visitor, address)


def test_a_change_that_is_not_published_is_not_shown(visitor: Client, article: ArticlePage) -> None:
    article.title = "Changed in a draft"
    article.save_revision()
    for address in ("/", "/articles/", "/articles/feed/", article.get_url()):
        assert "Changed in a draft" not in read(visitor, address)


def test_a_draft_and_a_private_article_do_not_answer(
    visitor: Client, index: ArticleIndexPage
) -> None:
    draft = factories.article(index, "Not yet", live=False)
    private = factories.article(index, "Among us")
    PageViewRestriction.objects.create(page=private, restriction_type=PageViewRestriction.LOGIN)
    assert visitor.get(draft.get_url()).status_code == 404
    answer = visitor.get(private.get_url())
    assert answer.status_code == 302
    assert "Among us" not in answer.content.decode()


def test_only_topics_of_published_articles_are_offered(
    visitor: Client, index: ArticleIndexPage, topic: Topic
) -> None:
    page = on(topic, factories.article(index, live=False))
    assert "Quiet and noise" not in read(visitor, "/articles/")
    factories.publish(page)
    assert "Quiet and noise" in read(visitor, "/articles/")


def test_the_newest_article_stands_first(visitor: Client, index: ArticleIndexPage) -> None:
    for title in ("The first one", "The second one"):
        factories.article(index, title)
    said = read(visitor, "/articles/")
    assert said.index("The second one") < said.index("The first one")


# --- Page by page --------------------------------------------------------------------------


@pytest.fixture
def many(index: ArticleIndexPage, topic: Topic, monkeypatch: pytest.MonkeyPatch) -> Topic:
    monkeypatch.setattr(ArticleIndexPage, "per_page", 2)
    for number in range(5):
        on(topic, factories.article(index, f"Essay number {number}"))
    return topic


LISTED = ["/articles/", "/articles/topics/quiet-and-noise/"]


@pytest.mark.parametrize("address", LISTED)
def test_every_article_is_on_one_page_of_the_list(
    visitor: Client, many: Topic, address: str
) -> None:
    pages = [read(visitor, f"{address}?page={number}") for number in (1, 2, 3)]
    found = [number for page in pages for number in range(5) if f"Essay number {number}<" in page]
    assert found == [3, 4, 1, 2, 0]


@pytest.mark.parametrize("address", LISTED)
@pytest.mark.parametrize(
    "page", ["abc", "999", "0", "-1", "1e9", "%00", "", "9" * 5000, "1&page=2"]
)
def test_a_number_that_is_none_gives_a_page_of_the_list(
    visitor: Client, many: Topic, address: str, page: str
) -> None:
    assert "Essay number" in read(visitor, f"{address}?page={page}")


@pytest.mark.parametrize("slug", ["unknown", "a%00b", "%C3%BC", "x" * 500, "../admin"])
def test_a_topic_that_is_none_is_not_found(visitor: Client, home: HomePage, slug: str) -> None:
    assert visitor.get(f"/articles/topics/{slug}/").status_code == 404


@pytest.mark.parametrize("slug", ["unknown", "a%00b", "%C3%BC", "x" * 500, "feed/x"])
def test_an_article_that_is_none_is_not_found(visitor: Client, home: HomePage, slug: str) -> None:
    assert visitor.get(f"/articles/{slug}/").status_code == 404


def test_a_topic_page_shows_its_own_articles_alone(
    visitor: Client, index: ArticleIndexPage, topic: Topic
) -> None:
    on(topic, factories.article(index, "On the topic"))
    factories.article(index, "On something else")
    said = read(visitor, "/articles/topics/quiet-and-noise/")
    assert "On both." in said
    assert "On the topic" in said
    assert "On something else" not in said


# --- Topics --------------------------------------------------------------------------------


def test_a_topic_is_addressed_by_its_name() -> None:
    assert Topic.objects.create(name="Quiet & noise, again").slug == "quiet-noise-again"


def test_a_name_without_a_latin_letter_is_addressed_too(visitor: Client, home: HomePage) -> None:
    topic = Topic.objects.create(name="\u9759\u3051\u3055")
    other = Topic.objects.create(name="\u6c88\u9ed9")
    assert topic.slug
    assert other.slug not in ("", topic.slug)
    assert visitor.get(f"/articles/topics/{topic.slug}/").status_code == 200


def test_a_second_topic_that_would_have_the_same_address_gets_another() -> None:
    first, second = Topic.objects.create(name="A b"), Topic.objects.create(name="a-b!")
    assert first.slug != second.slug


def test_one_name_is_one_topic() -> None:
    Topic.objects.create(name="Quiet")
    with pytest.raises(IntegrityError), transaction.atomic():
        Topic.objects.create(name="Quiet")
    with pytest.raises(ValidationError):
        Topic(name="Quiet").full_clean()


# --- What to read on with ------------------------------------------------------------------


def test_one_reads_on_with_what_is_on_the_same_topic_then_with_the_newest(
    index: ArticleIndexPage, topic: Topic
) -> None:
    related = on(topic, factories.article(index, "On the same topic"))
    newer = [factories.article(index, f"Newer {number}") for number in range(2)]
    factories.article(index, "Not yet", live=False)
    essay = on(topic, factories.article(index, "This one"))
    assert list(essay.further(2)) == [related, newer[1]]
    assert list(newer[0].further(9)) == [essay, newer[1], related]


# --- Addresses that change -----------------------------------------------------------------


def test_an_article_with_a_new_address_is_found_at_the_old_one(
    visitor: Client, article: ArticlePage, django_capture_on_commit_callbacks: Any
) -> None:
    old = article.get_url()
    article.slug = "another-address"
    with django_capture_on_commit_callbacks(execute=True):
        article.save_revision().publish()
    answer = visitor.get(old)
    assert (answer.status_code, answer.headers["Location"]) == (301, "/articles/another-address/")


def test_the_list_with_a_new_address_takes_its_articles_along(
    visitor: Client,
    article: ArticlePage,
    index: ArticleIndexPage,
    django_capture_on_commit_callbacks: Any,
) -> None:
    old = article.get_url()
    index.slug = "essays"
    with django_capture_on_commit_callbacks(execute=True):
        index.save_revision().publish()
    answer = visitor.get(old, follow=True)
    assert answer.status_code == 200
    assert answer.redirect_chain[-1][0].startswith("/essays/")


# --- What an article says ------------------------------------------------------------------


def test_every_heading_can_be_linked_to(visitor: Client, article: ArticlePage) -> None:
    said = read(visitor, article.get_url())
    assert len(article.contents) == 3
    for entry in article.contents:
        assert f'href="#{entry.anchor}"' in said
        assert said.count(f'id="{entry.anchor}"') == 1


def test_the_ids_of_headings_outlive_a_new_revision(article: ArticlePage) -> None:
    before = article.contents
    article.title = "Another title"
    article.save_revision().publish()
    assert ArticlePage.objects.get().contents == before


def invitations(client: Client, page: ArticlePage) -> int:
    return read(client, page.get_url()).count(f"/consultation/?article={page.pk}")


def test_an_article_ends_in_its_own_invitation_and_no_other(
    visitor: Client, article: ArticlePage, practice: PracticeSettings
) -> None:
    assert invitations(visitor, article) == 1
    said = read(visitor, article.get_url())
    assert "Tired of the quiet?" in said
    assert practice.invitation_heading not in said


def test_an_article_without_one_ends_in_that_of_the_practice(
    visitor: Client, index: ArticleIndexPage, practice: PracticeSettings
) -> None:
    page = factories.article(index, body=factories.BODY[:-1])
    assert invitations(visitor, page) == 1
    assert practice.invitation_heading in read(visitor, page.get_url())


def test_an_invitation_amid_the_essay_does_not_end_it(
    visitor: Client, index: ArticleIndexPage, practice: PracticeSettings
) -> None:
    page = factories.article(index, body=[factories.BODY[-1], *factories.BODY[:-1]])
    assert invitations(visitor, page) == 2


def test_an_essay_whose_author_was_deleted_is_still_read(
    visitor: Client, article: ArticlePage, bio: BioPage
) -> None:
    bio.delete()
    assert article.title in read(visitor, article.get_url())


# --- Previews ------------------------------------------------------------------------------


def kinds_of_pages() -> list[Any]:
    return [HomePage, StandardPage, ArticleIndexPage, ArticlePage, BioPage]


@pytest.mark.parametrize("kind", kinds_of_pages(), ids=lambda kind: kind.__name__)
def test_a_page_that_was_never_saved_can_be_previewed(
    article: ArticlePage, practice: PracticeSettings, kind: Any
) -> None:
    page = kind(title="Never saved", slug="never-saved", path="", depth=3)
    answer = page.make_preview_request(preview_mode=page.default_preview_mode)
    assert answer.status_code == 200
    assert "Never saved" in answer.rendered_content


@pytest.mark.parametrize("kind", kinds_of_pages(), ids=lambda kind: kind.__name__)
def test_a_page_with_changes_can_be_previewed(
    article: ArticlePage, practice: PracticeSettings, kind: Any
) -> None:
    page = kind.objects.first()
    page.title = "Changed meanwhile"
    answer = page.make_preview_request(preview_mode=page.default_preview_mode)
    assert answer.status_code == 200
    assert "Changed meanwhile" in answer.rendered_content
