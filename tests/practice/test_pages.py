"""The frame of every public page: what stands in it, what it weighs, and whom it asks."""

import gzip
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from django.test import Client, RequestFactory, TestCase
from django.urls import reverse
from wagtail.blocks import Block, StreamBlock
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Page

from blog.blocks import ArticleBody
from blog.models import ArticleIndexPage, ArticlePage, BioPage, Topic
from practice.blocks import PageBody
from practice.http import error_pages
from practice.models import HomePage, PracticeSettings, StandardPage
from practice.templatetags.practice_tags import dial, host, json_ld, quoted
from tests import factories

VOICE = Path(error_pages.__file__).parent.parent / "static" / "practice" / "fonts" / "voice.woff2"
FETCHED = ("stylesheet", "icon", "preload", "preconnect", "dns-prefetch")


class Outline(HTMLParser):
    """The elements of a page, as far as the tests ask for them."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.append((tag, dict(attrs)))


@pytest.fixture
def topic(article: ArticlePage) -> Topic:
    topic = Topic.objects.create(name="Silence")
    article.topics.add(topic)
    article.save()
    return topic


@pytest.fixture
def addresses(practice: PracticeSettings, topic: Topic) -> list[str]:
    """Every public page that a reader can come to."""
    return [
        *("/", "/about/", "/articles/", "/articles/when-the-house-goes-quiet/"),
        *("/articles/topics/silence/", "/services/", "/fees/", "/faq/"),
        *("/privacy/", "/accessibility/", "/consultation/"),
    ]


def test_every_page_has_one_heading_a_language_and_landmarks(
    addresses: list[str], visitor: Client
) -> None:
    for address in addresses:
        page = Outline(visitor.get(address).content.decode())
        assert page.tags.count("h1") == 1, address
        assert page.tags.count("main") == 1, address
        assert {"header", "footer"} <= set(page.tags), address
        has_menu = ("nav", {"aria-label": "Pages"}) in page.attributes
        assert has_menu == (address != "/consultation/"), "nothing there leads away but the way out"
        assert ("a", {"class": "skip", "href": "#main"}) in page.attributes, address
        assert dict(page.attributes)["html"] == {"lang": "en-us"}


def test_no_page_holds_inline_style_or_script_or_asks_anybody_else(
    addresses: list[str], visitor: Client
) -> None:
    for address in addresses:
        page = Outline(visitor.get(address).content.decode())
        assert "style" not in page.tags, address
        for tag, attributes in page.attributes:
            assert not {"style", "onclick", "onload", "onchange"} & attributes.keys(), address
            inline = tag == "script" and "src" not in attributes
            assert not inline or attributes["type"] == "application/ld+json", address
            fetched = attributes.get("src") or attributes.get("srcset") or ""
            if tag == "link" and attributes["rel"] in FETCHED:
                fetched = attributes["href"] or ""
            assert "//" not in fetched, address


def test_every_page_is_described_to_search_engines_whatever_was_left_empty(
    addresses: list[str], visitor: Client
) -> None:
    Page.objects.update(search_description="")
    PracticeSettings.objects.update(for_whom="Couples, individuals, and teens")
    for address in [*addresses, "/consultation/?elsewhere"]:
        page = Outline(visitor.get(address).content.decode())
        told = [each["content"] for _, each in page.attributes if each.get("name") == "description"]
        assert len(told) == 1, address
        assert told[0], address
    line = "Quiet Harbor Counseling. Couples, individuals, and teens. The consultation is free."
    assert told == [line]


def test_a_closed_form_says_who_is_behind_it_and_a_page_of_one_visitor_nothing(
    practice: PracticeSettings, visitor: Client
) -> None:
    own = factories.consultation_request().get_absolute_url()
    PracticeSettings.objects.update(intake="closed")
    told = 'name="description" content="Quiet Harbor Counseling.'
    assert told in visitor.get("/consultation/").content.decode()
    for address in ("/consultation/sent/", "/consultation/code/", own):
        assert 'name="description"' not in visitor.get(address).content.decode(), address


def test_readers_get_no_cookie(addresses: list[str], visitor: Client) -> None:
    for address in [*addresses, "/theme.css", "/articles/feed/"]:
        if address != "/consultation/":
            response = visitor.get(address)
            assert not response.cookies, address
            assert "Cookie" not in response.get("Vary", ""), address


def test_a_first_visit_weighs_at_most_16_kilobytes_and_a_font_in_four_requests(
    addresses: list[str], visitor: Client
) -> None:
    style = visitor.get("/theme.css", headers={"accept-encoding": "gzip"})
    assert style["Content-Encoding"] == "gzip"
    icon = visitor.get("/icon.svg").content
    assert VOICE.stat().st_size <= 20_000
    for address in addresses:
        content = visitor.get(address).content
        page = Outline(content.decode())
        links = [attributes for tag, attributes in page.attributes if tag == "link"]
        assert len([link for link in links if link["rel"] in FETCHED]) == 3, address
        weight = len(gzip.compress(content)) + len(style.content) + len(icon)
        assert weight <= 16_000, address
        # Also where nothing compresses the page itself.
        assert len(content) + len(style.content) + len(icon) <= 32_000, address


def test_the_home_page_leads_to_the_latest_articles_and_a_consultation(
    home: HomePage, practice: PracticeSettings, index: ArticleIndexPage, visitor: Client
) -> None:
    for number in range(4):
        factories.article(index, f"Essay {number}")
    text = visitor.get("/").content.decode()
    assert re.findall(r"Essay \d", text) == ["Essay 3", "Essay 2", "Essay 1"]
    assert practice.invitation_button in text
    assert f'href="{reverse("booking:request")}"' in text


def test_the_menu_shows_what_is_published_and_meant_for_it(
    practice: PracticeSettings, home: HomePage, visitor: Client
) -> None:
    StandardPage.objects.get(slug="fees").unpublish()
    home.add_child(instance=StandardPage(title="For couples", slug="couples"))
    text = visitor.get("/services/").content.decode()
    menu = text[text.index("<nav") : text.index("</nav>")]
    titles = re.findall(r">([^<]+)</a>", menu)
    assert titles == ["Services", "Questions", "Articles", "About", "In crisis?"]
    assert '<a href="/services/" aria-current="page">' in menu


def test_the_foot_of_every_page_says_what_the_law_asks_for(
    practice: PracticeSettings, visitor: Client
) -> None:
    text = visitor.get("/services/").content.decode()
    foot = text[text.index("<footer") :]
    for words in (
        "The Therapist, LMFT",
        "Marriage and Family Therapist, license 000000",
        "California",
        f'href="{practice.telephone_link}"',
        "Good Faith Estimate",
        "Board of Behavioral Sciences",
        'href="sms:988"',
        'href="/privacy/"',
        'href="/accessibility/"',
    ):
        assert words in foot


def test_the_foot_says_nothing_of_how_sessions_are_held_before_somebody_wrote_the_settings(
    home: HomePage, visitor: Client
) -> None:
    PracticeSettings.objects.all().delete()
    assert "Sessions by video" not in visitor.get("/services/").content.decode()
    factories.practice_settings()
    assert "Sessions by video and phone" in visitor.get("/services/").content.decode()
    factories.practice_settings(office_address="1 Harbor Street")
    assert "Sessions by video" not in visitor.get("/services/").content.decode()


def test_a_practice_elsewhere_shows_its_own_notices_and_lines(
    visitor: Client, home: HomePage
) -> None:
    factories.practice_settings(
        licensed_regions="ENG England",
        board_notice="",
        good_faith_estimate_notice="",
        emergency_number="999",
        crisis_name="Samaritans",
        crisis_phone="116 123",
        crisis_text_to="",
        crisis_chat_url="",
        violence_name="",
    )
    text = visitor.get("/services/").content.decode()
    assert 'href="tel:999"' in text
    assert 'href="tel:116123"' in text
    for words in ("988", "911", "Good Faith", "Board of", "sms:", "California"):
        assert words not in text


def test_what_the_therapist_types_cannot_become_markup(visitor: Client, home: HomePage) -> None:
    evil = '"><script>alert(1)</script>'
    factories.practice_settings(
        practice_name=evil, therapist_name=evil, office_address=evil, fee=evil, credential=evil
    )
    for address in ("/", "/about/", "/fees/"):
        assert "<script>alert" not in visitor.get(address).content.decode()


def test_nobody_sees_a_bar_of_wagtails_on_the_site(
    as_therapist: Client, practice: PracticeSettings
) -> None:
    assert "wagtail" not in as_therapist.get("/services/").content.decode().lower()


@pytest.mark.parametrize("status", [404, 500])
def test_an_error_page_asks_no_database(status: int) -> None:
    # Without the `db` fixture, any query fails.
    request = RequestFactory().get("/")
    found = error_pages.not_found(request, Exception())
    answer = found if status == 404 else error_pages.server_error(request)
    text = answer.content.decode()
    assert answer.status_code == status
    assert 'href="/"' in text
    assert 'href="sms:988"' in text
    assert 'href="/theme.css"' in text


@pytest.mark.parametrize("address", ["/", "/services/"])
def test_a_plain_page_takes_few_queries(
    practice: PracticeSettings,
    article: ArticlePage,
    visitor: Client,
    django_assert_max_num_queries: object,
    address: str,
) -> None:
    visitor.get(address)  # warms Wagtail's cache of site roots
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        visitor.get(address)


def blocks_of(body: StreamBlock) -> list[Block]:
    return list(body.child_blocks.values())


@pytest.mark.parametrize(
    "block", [*blocks_of(PageBody()), *blocks_of(ArticleBody())], ids=lambda block: block.name
)
def test_every_block_is_offered_with_icon_label_and_preview(block: Block) -> None:
    assert block.meta.icon != "placeholder"
    assert block.label
    assert block.meta.description
    assert block.is_previewable


@pytest.mark.parametrize("model", [HomePage, ArticlePage, BioPage])
def test_a_preview_of_a_block_is_set_as_the_site_sets_it(
    practice: PracticeSettings, as_therapist: Client, model: type
) -> None:
    body = model._meta.get_field("body")
    for block in blocks_of(body.stream_block):
        url = reverse("wagtailadmin_block_preview")
        response = as_therapist.get(url, {"id": block.definition_prefix})
        text = response.content.decode()
        assert response.status_code == 200, block.name
        assert "/theme.css?v=" in text
        assert "<p>" in text or "<h2" in text or "<li>" in text or "<img" in text or "<dl" in text


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("I am here.", "\u201cI am here.\u201d"),
        ("\u201cI am here.\u201d", "\u201cI am here.\u201d"),
        ('"I am here."', "\u201cI am here.\u201d"),
        ("\u201cYes.\u201d \u201cNo.\u201d", "\u201cYes.\u201d \u201cNo.\u201d"),
        ("\u201cYes,\u201d she said", "\u201c\u201cYes,\u201d she said\u201d"),
        ('"', '\u201c"\u201d'),
        (" spaced ", "\u201cspaced\u201d"),
    ],
)
def test_quotation_marks_are_set_once(typed: str, shown: str) -> None:
    assert quoted(typed) == shown


def test_data_for_search_engines_cannot_end_its_element() -> None:
    text = json_ld({"name": "</script><b>&", "empty": ""})
    assert "</script><b>" not in text
    inside = text.removeprefix('<script type="application/ld+json">').removesuffix("</script>")
    assert json.loads(inside) == {"@context": "https://schema.org", "name": "</script><b>&"}


def test_a_number_is_dialed_and_a_place_is_named() -> None:
    assert dial("+1 (415) 555-0100") == "+14155550100"
    assert host("https://www.thehotline.org/help") == "thehotline.org"


def test_while_there_is_no_home_page_nothing_crashes(
    visitor: Client, as_therapist: Client, practice: PracticeSettings, home: HomePage
) -> None:
    """The site's record goes with it, by which Wagtail finds everything else."""
    home.delete()
    assert visitor.get("/sitemap.xml").status_code == 404
    for client in (visitor, as_therapist):
        for path in (
            *("/", "/about/", "/articles/", "/articles/feed/", "/articles/topics/quiet/"),
            *("/robots.txt", "/theme.css", "/.well-known/security.txt", "/consultation/"),
            *("/consultation/sent/", "/account/login/", "/admin/", "/admin/pages/"),
            *("/admin/sites/", "/admin/settings/practice/practicesettings/", "/no/such/page/"),
        ):
            assert client.get(path, follow=True).status_code < 500, path


def test_no_address_holds_what_html_does_not_allow_in_one(
    practice: PracticeSettings, visitor: Client
) -> None:
    """No heading, section, header or footer, nor another one: HTML, 4.3.10."""
    page = BeautifulSoup(visitor.get("/").content, "html.parser")
    refused = "h1, h2, h3, h4, h5, h6, article, aside, nav, section, header, footer, address"
    assert page.select_one("address")
    assert page.select(",".join(f"address {name}" for name in refused.split(", "))) == []


def rename(page: Page, slug: str) -> None:
    page.slug = slug
    with TestCase.captureOnCommitCallbacks(execute=True):  # Wagtail makes the redirect there
        page.save_revision().publish()


def test_a_page_that_was_renamed_there_and_back_and_unpublished_is_not_found(
    article: ArticlePage, visitor: Client
) -> None:
    old = article.slug
    rename(article, "another")
    assert visitor.get(f"/articles/{old}/").headers["Location"].endswith("/articles/another/")
    rename(article, old)
    assert visitor.get("/articles/another/").status_code == 301
    assert visitor.get(f"/articles/{old}/").status_code == 200
    article.unpublish()
    assert visitor.get(f"/articles/{old}/").status_code == 404
    assert visitor.get("/articles/another/?from=a-friend").status_code == 404


def test_two_pages_that_changed_names_and_were_unpublished_are_not_found(
    article: ArticlePage, index: ArticleIndexPage, visitor: Client
) -> None:
    other, old = factories.article(index, "Another", slug="another"), article.slug
    rename(article, "between")
    rename(other, old)
    rename(article, "another")
    for page in (article, other):
        page.unpublish()
    for slug in (old, "another", "between"):
        assert visitor.get(f"/articles/{slug}/").status_code == 404


def test_a_redirect_that_somebody_made_to_itself_leads_nowhere(
    practice: PracticeSettings, visitor: Client
) -> None:
    Redirect.objects.create(old_path="/round", redirect_link="/round/")
    Redirect.objects.create(old_path="/elsewhere", redirect_link="https://example.com/elsewhere/")
    assert visitor.get("/round/").status_code == 404
    assert visitor.get("/elsewhere/").status_code == 301


@pytest.mark.parametrize("dash", ["\u2013", "\u2014"])
def test_no_line_of_a_heading_begins_with_a_dash(
    practice: PracticeSettings, index: ArticleIndexPage, visitor: Client, dash: str
) -> None:
    title = f"Close{dash}and far"
    factories.article(index, title, slug="dashes", body=[("heading", title)])
    text = visitor.get("/articles/dashes/").content.decode()
    headings = re.findall(r"<h[12][^>]*>([^<]+)</h", text[: text.index("<footer")])
    assert headings[:2] == [f"Close\u2060{dash}and far"] * 2


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ({}, None),
        ({"violence_url": "https://example.org/help"}, 'href="https://example.org/help"'),
        ({"violence_phone": "1-800-799-7233"}, "Call 1-800-799-7233"),
        ({"violence_text_to": "88788", "violence_text_word": "START"}, "Text START to 88788"),
        ({"violence_text_to": "88788"}, None),
    ],
)
def test_who_is_hurt_is_asked_only_where_a_way_to_help_follows(
    practice: PracticeSettings, visitor: Client, told: dict[str, str], shown: str | None
) -> None:
    ways = ("phone", "url", "text_word", "text_to", "chat_url")
    empty = {f"violence_{name}": "" for name in ways}
    PracticeSettings.objects.update(violence_name="Some hotline", **(empty | told))
    text = visitor.get("/fees/").content.decode()
    if shown:
        assert shown in text
    assert ("hurting or scaring you" in text) == (shown is not None)
    assert "Text  to" not in text
