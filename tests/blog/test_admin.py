"""Writing: what the editor offers, and what it does by itself."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from wagtail.models import GroupPagePermission
from wagtail.test.utils.form_data import nested_form_data, rich_text, streamfield

from blog.models import ArticleIndexPage, ArticlePage, BioPage, Topic
from practice.models import HomePage, PracticeSettings, StandardPage
from tests import factories

pytestmark = pytest.mark.django_db


def add(index: ArticleIndexPage) -> str:
    return reverse("wagtailadmin_pages:add", args=["blog", "articlepage", index.pk])


def written(**changes: Any) -> dict[str, Any]:
    """What the editor sends for a short essay."""
    return nested_form_data(
        {
            "title": "Written here",
            "slug": "written-here",
            "summary": "",
            "author": "",
            "picture": "",
            "body": streamfield([("heading", "One"), ("text", rich_text("<p>Two.</p>"))]),
            **changes,
        }
    )


def test_while_there_are_no_topics_the_editor_says_how_to_make_one(
    as_editor: Client, index: ArticleIndexPage
) -> None:
    page = as_editor.get(add(index)).content.decode()
    assert "You have no topics yet" in page
    assert f'href="{reverse("wagtailsnippets_blog_topic:add")}"' in page
    assert '<select name="topics"' not in page, "a tall empty box says nothing"
    Topic.objects.create(name="Closeness")
    page = as_editor.get(add(index)).content.decode()
    assert "You have no topics yet" not in page
    assert '<select name="topics"' in page


# --- Blocks --------------------------------------------------------------------------------


def blocks(model: Any) -> list[Any]:
    return list(model._meta.get_field("body").stream_block.child_blocks.values())


EVERY_BLOCK = {
    f"{model.__name__}-{block.name}": block
    for model in (ArticlePage, BioPage, HomePage, StandardPage)
    for block in blocks(model)
}


@pytest.mark.parametrize("name", EVERY_BLOCK)
def test_every_block_has_an_icon_a_label_and_a_word_about_it(name: str) -> None:
    block = EVERY_BLOCK[name]
    assert block.meta.icon not in ("placeholder", "")
    assert block.label
    assert block.get_description().endswith(".")


@pytest.mark.parametrize("name", EVERY_BLOCK)
def test_every_block_shows_the_writer_what_it_looks_like(
    as_editor: Client, practice: PracticeSettings, name: str
) -> None:
    block = EVERY_BLOCK[name]
    assert block.is_previewable
    answer = as_editor.get(reverse("wagtailadmin_block_preview"), {"id": block.definition_prefix})
    assert answer.status_code == 200
    said = answer.content.decode()
    main = said[said.index("<main") : said.index("</main>")]
    assert "<p" in main or "<h" in main or "<ul" in main or "<img" in main or "<dl" in main


def test_no_two_blocks_of_an_essay_have_the_same_label_or_icon() -> None:
    offered = blocks(ArticlePage)
    assert len({block.label for block in offered}) == len(offered)
    assert len({block.meta.icon for block in offered}) == len(offered)


# --- A new article -------------------------------------------------------------------------


def test_a_new_article_begins_with_the_only_author_there_is(
    as_editor: Client, index: ArticleIndexPage, bio: BioPage
) -> None:
    form = as_editor.get(add(index)).context["form"]
    assert form["author"].value() == bio.pk
    assert f'value="{bio.pk}"' in str(form["author"])


def test_where_there_are_two_nobody_is_chosen(
    as_editor: Client, index: ArticleIndexPage, bio: BioPage, home: HomePage
) -> None:
    home.refresh_from_db()
    home.add_child(instance=BioPage(title="Another", slug="another"))
    assert as_editor.get(add(index)).context["form"]["author"].value() is None


def test_an_article_whose_author_was_taken_away_stays_without(
    as_editor: Client, article: ArticlePage
) -> None:
    article.author = None
    article.save_revision().publish()
    edit = reverse("wagtailadmin_pages:edit", args=[article.pk])
    assert as_editor.get(edit).context["form"]["author"].value() is None


def test_a_link_in_a_text_leads_to_pages_and_runs_nothing(
    as_editor: Client, index: ArticleIndexPage, visitor: Client
) -> None:
    text = """<p><a href="javascript:alert(1)">One</a> <a href="https://example.org">Two</a></p>
    <p onclick="alert(2)">Three<script>alert(3)</script></p>"""
    body = {"body": streamfield([("text", rich_text(text))])}
    data = written() | nested_form_data(body) | {"action-publish": "on"}
    as_editor.post(add(index), data)
    said = visitor.get("/articles/written-here/").content.decode()
    main = said[said.index("<main") : said.index("</main>")]
    assert "One" in main
    assert 'href="https://example.org"' in main
    for evil in ("javascript:", "onclick", "<script>"):
        assert evil not in main


def test_an_editor_writes_and_publishes_an_article(
    as_editor: Client, index: ArticleIndexPage, bio: BioPage, visitor: Client
) -> None:
    topic = Topic.objects.create(name="Quiet")
    data = written(author=bio.pk) | {"topics": [topic.pk], "action-publish": "on"}
    answer = as_editor.post(add(index), data)
    assert answer.status_code == 302
    page = ArticlePage.objects.get()
    assert page.live
    assert list(page.topics.all()) == [topic]
    said = visitor.get("/articles/written-here/").content.decode()
    assert "Two." in said
    assert "Quiet" in said


def test_an_article_without_a_body_is_not_published_and_the_title_is_kept(
    as_editor: Client, index: ArticleIndexPage
) -> None:
    data = written(body=streamfield([])) | {"action-publish": "on"}
    answer = as_editor.post(add(index), data)
    assert answer.status_code == 200
    assert answer.context["form"].errors["body"]
    assert answer.context["form"]["title"].value() == "Written here"
    assert not ArticlePage.objects.exists()


@pytest.mark.parametrize("slug", ["feed", "topics"])
def test_an_address_that_the_site_itself_uses_is_refused_beside_it(
    as_editor: Client, index: ArticleIndexPage, slug: str
) -> None:
    answer = as_editor.post(add(index), written(slug=slug) | {"action-publish": "on"})
    assert answer.status_code == 200
    assert answer.context["form"].errors["slug"]
    assert not ArticlePage.objects.exists()


def test_an_article_is_previewed_before_it_is_saved(
    as_editor: Client, index: ArticleIndexPage, practice: PracticeSettings
) -> None:
    preview = reverse("wagtailadmin_pages:preview_on_add", args=["blog", "articlepage", index.pk])
    assert as_editor.post(preview, written()).json()["is_valid"] is True
    shown = as_editor.get(preview, {"mode": ""})
    assert shown.status_code == 200
    assert "Written here" in shown.content.decode()


def test_editors_work_on_the_articles_alone() -> None:
    editor = Group.objects.get(name="Editor")
    allowed = GroupPagePermission.objects.filter(group=editor).select_related("page")
    assert {permission.page.specific_class for permission in allowed} == {ArticleIndexPage}


def test_an_editor_does_not_change_other_pages(as_editor: Client, home: HomePage) -> None:
    for page in (home, *StandardPage.objects.all(), *BioPage.objects.all()):
        answer = as_editor.get(reverse("wagtailadmin_pages:edit", args=[page.pk]))
        assert answer.status_code == 302
        assert answer.headers["Location"] == reverse("wagtailadmin_home")


# --- Topics --------------------------------------------------------------------------------

TOPICS = "wagtailsnippets_blog_topic"


def test_an_editor_adds_and_renames_topics(as_editor: Client, home: HomePage) -> None:
    as_editor.post(reverse(f"{TOPICS}:add"), {"name": "Quiet", "slug": "", "description": ""})
    topic = Topic.objects.get()
    assert topic.slug == "quiet"
    as_editor.post(
        reverse(f"{TOPICS}:edit", args=[topic.pk]),
        {"name": "Silence", "slug": "quiet", "description": "New."},
    )
    topic.refresh_from_db()
    assert (topic.name, topic.slug) == ("Silence", "quiet")


def test_a_name_that_another_topic_has_is_said_beside_it(as_editor: Client, home: HomePage) -> None:
    Topic.objects.create(name="Quiet")
    answer = as_editor.post(
        reverse(f"{TOPICS}:add"), {"name": "Quiet", "slug": "", "description": "Typed."}
    )
    assert answer.status_code == 200
    assert answer.context["form"].errors["name"]
    assert answer.context["form"]["description"].value() == "Typed."


# --- Publishing at a time ----------------------------------------------------------------------

OVER = datetime(2026, 5, 1, 9, 30, 20, tzinfo=UTC)  # 2:30 in Los Angeles


@pytest.fixture
def expired(article: ArticlePage) -> ArticlePage:
    """An essay that was taken down on the day that was set for it."""
    article.expire_at = OVER
    article.save_revision().publish()
    call_command("publish_scheduled", verbosity=0)
    article.refresh_from_db()
    assert (article.live, article.expired) == (False, True)
    return article


def save(client: Client, page: ArticlePage, **changes: Any) -> Any:
    address = reverse("wagtailadmin_pages:edit", args=[page.pk])
    return client.post(address, written(slug=page.slug, expire_at="2026-05-01 02:30", **changes))


def test_an_expired_essay_can_be_saved_and_keeps_when_it_expired(
    as_editor: Client, expired: ArticlePage
) -> None:
    assert save(as_editor, expired, title="Read again").status_code == 302
    draft = ArticlePage.objects.get(pk=expired.pk).get_latest_revision_as_object()
    assert (draft.title, draft.expire_at) == ("Read again", OVER)


def test_an_essay_is_published_only_with_an_end_that_is_to_come(
    as_therapist: Client, expired: ArticlePage
) -> None:
    refused = save(as_therapist, expired, **{"action-publish": "yes"})
    assert "must be in the future" in refused.content.decode()
    expired.refresh_from_db()
    assert not expired.live


def test_another_end_that_is_over_is_refused_as_ever(
    as_editor: Client, expired: ArticlePage
) -> None:
    refused = save(as_editor, expired, go_live_at="2026-06-01 09:00")
    assert "must be before expiry" in refused.content.decode()
    article = factories.article(expired.get_parent().specific, "Another")
    assert "must be in the future" in save(as_editor, article).content.decode()


@pytest.mark.parametrize("model", [ArticlePage, StandardPage, BioPage, HomePage])
def test_the_times_of_publishing_say_their_zone(as_therapist: Client, model: Any) -> None:
    page = model.objects.first() or factories.article(ArticleIndexPage.objects.get())
    address = reverse("wagtailadmin_pages:edit", args=[page.pk])
    html = as_therapist.get(address).content.decode()
    assert html.count("In Pacific Time.") == 2
