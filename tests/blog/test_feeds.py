"""The feed: Atom that a reader of feeds can use, with each essay in full."""

import html
import uuid
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client

from blog.models import ArticleIndexPage, ArticlePage
from practice.models import PracticeSettings
from tests import factories

ATOM = "{http://www.w3.org/2005/Atom}"
ADDRESS = "/articles/feed/"

pytestmark = pytest.mark.django_db


def parsed(client: Client) -> ElementTree.Element:
    answer = client.get(ADDRESS)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    return ElementTree.fromstring(answer.content)


def text(element: ElementTree.Element, name: str) -> str:
    found = element.find(ATOM + name)
    assert found is not None, name
    return found.text or ""


def entries(feed: ElementTree.Element) -> list[ElementTree.Element]:
    return feed.findall(ATOM + "entry")


def test_the_feed_has_what_atom_demands_of_it(
    visitor: Client, article: ArticlePage, practice: PracticeSettings
) -> None:
    """RFC 4287, section 4.1.1: id, title, updated, and a link to itself."""
    feed = parsed(visitor)
    assert feed.tag == ATOM + "feed"
    assert text(feed, "title") == practice.practice_name
    assert text(feed, "id").startswith("http://")
    assert datetime.fromisoformat(text(feed, "updated")).tzinfo
    links = {link.get("rel"): link.get("href") for link in feed.findall(ATOM + "link")}
    assert links["self"] == f"http://testserver{ADDRESS}"


def test_an_entry_has_what_atom_demands_of_it(
    visitor: Client, article: ArticlePage, practice: PracticeSettings
) -> None:
    """RFC 4287, section 4.1.2: id, title, updated, an author, and content."""
    [entry] = entries(parsed(visitor))
    assert text(entry, "title") == article.title
    assert uuid.UUID(text(entry, "id").removeprefix("urn:uuid:"))
    assert datetime.fromisoformat(text(entry, "updated")).tzinfo
    assert datetime.fromisoformat(text(entry, "published")).tzinfo
    author = entry.find(ATOM + "author")
    assert author is not None
    assert text(author, "name")
    link = entry.find(ATOM + "link")
    assert link is not None
    assert str(link.get("href")).endswith(str(article.get_url()))
    assert str(link.get("href")).startswith("http")


def test_an_essay_is_there_in_full(visitor: Client, article: ArticlePage) -> None:
    [entry] = entries(parsed(visitor))
    content = html.unescape(text(entry, "content"))
    for words in (
        "Some evenings the house is quiet",
        "So you left me alone with it.",
        "The locked room",
        "Learned where doors were slammed.",
        "Quiet can be a way of holding on.",
        "I notice that we both went quiet.",
        "Who taught it to me?",
        "I have been quiet too.",
    ):
        assert words in content


def test_an_entry_invites_with_an_address_that_works_from_elsewhere(
    visitor: Client, article: ArticlePage
) -> None:
    [entry] = entries(parsed(visitor))
    address = f"http://testserver/consultation/?article={article.pk}"
    assert address in html.unescape(text(entry, "content"))


def test_the_id_of_an_entry_outlives_a_new_title_and_address(
    visitor: Client, article: ArticlePage
) -> None:
    before = text(entries(parsed(visitor))[0], "id")
    article.title, article.slug = "Another title", "another-address"
    article.save_revision().publish()
    assert text(entries(parsed(visitor))[0], "id") == before


def test_an_essay_changed_is_newer_but_published_when_it_was(
    visitor: Client, article: ArticlePage
) -> None:
    published = text(entries(parsed(visitor))[0], "published")
    article.save_revision().publish()
    [entry] = entries(parsed(visitor))
    assert text(entry, "published") == published
    assert datetime.fromisoformat(text(entry, "updated")) > datetime.fromisoformat(published)


def test_an_essay_without_an_author_is_the_therapists(
    visitor: Client, index: ArticleIndexPage, practice: PracticeSettings
) -> None:
    factories.article(index, author=None)
    [entry] = entries(parsed(visitor))
    author = entry.find(ATOM + "author")
    assert author is not None
    assert text(author, "name") == practice.therapist_name


def test_the_newest_twenty_are_in_it(visitor: Client, index: ArticleIndexPage) -> None:
    short: list[tuple[str, Any]] = [("text", "<p>Short.</p>")]
    for number in range(22):
        factories.article(index, f"Essay {number}", body=short)
    titles = [text(entry, "title") for entry in entries(parsed(visitor))]
    assert titles == [f"Essay {number}" for number in range(21, 1, -1)]


def test_a_feed_of_nothing_is_a_feed(visitor: Client, home: object) -> None:
    feed = parsed(visitor)
    assert entries(feed) == []
    assert text(feed, "updated")


def test_what_xml_forbids_takes_no_feed_down(visitor: Client, index: ArticleIndexPage) -> None:
    """A word processor leaves vertical tabs and the like in what is pasted."""
    factories.article(
        index,
        "A\x0btab & <b>bold</b>",
        summary="Between\x0c two ]]> pages",
        body=[("heading", "One\x1ftwo"), ("text", "<p>All\x0bis well \U0001f33f</p>")],
    )
    [entry] = entries(parsed(visitor))
    assert text(entry, "title") == "Atab & <b>bold</b>"
    assert "Allis well \U0001f33f" in text(entry, "content")


def test_a_feed_is_asked_for_and_not_sent_to(visitor: Client, home: object) -> None:
    assert visitor.post(ADDRESS).status_code == 405
    assert visitor.head(ADDRESS).status_code == 200


def test_a_feed_sets_no_cookie(visitor: Client, article: ArticlePage) -> None:
    assert not visitor.get(ADDRESS).cookies


def test_an_entry_brings_what_is_to_be_read_and_no_part_of_a_page(
    visitor: Client, index: ArticleIndexPage, practice: PracticeSettings
) -> None:
    factories.article(index, body=factories.BODY[:-1])
    content = text(entries(parsed(visitor))[0], "content")
    assert practice.invitation_heading in html.unescape(content)
    for part in ("<svg", "<img", 'class="by"', 'id="ask"'):
        assert part not in content
