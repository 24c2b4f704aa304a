"""How an essay is set, what leads from it, and what it costs."""

import io
import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from django.core.files.base import ContentFile
from django.test import Client
from PIL import Image

from blog.models import ArticleIndexPage, ArticlePage, BioPage, Topic
from practice.models import HomePage, PracticeSettings, SiteImage
from tests import factories

ATOM = "{http://www.w3.org/2005/Atom}"
ESSAY = "/articles/when-the-house-goes-quiet/"


@pytest.fixture
def text(practice: PracticeSettings, article: ArticlePage, visitor: Client) -> str:
    """The essay of the factories, as a reader gets it."""
    return visitor.get(ESSAY).content.decode()


@pytest.fixture
def picture(db: None) -> SiteImage:
    file = io.BytesIO()
    Image.new("RGB", (1600, 1200), "#70304a").save(file, "JPEG")
    return SiteImage.objects.create(
        title="A gate", description="An open gate", file=ContentFile(file.getvalue(), "gate.jpg")
    )


def data_in(text: str) -> dict[str, object]:
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', text)
    assert found
    return json.loads(found[1])


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("> <", "><")


def test_an_essay_names_its_author_license_and_reading_time(text: str) -> None:
    line = squeezed(re.sub(r"<[^>]+>", "", text[text.index('class="by"') :]))
    assert "By The Therapist, license 000000 1-minute read" in line
    assert 'rel="author" href="/about/"' in text


def test_an_author_who_is_not_published_is_named_without_a_link(
    article: ArticlePage, bio: BioPage, practice: PracticeSettings, visitor: Client
) -> None:
    bio.unpublish()
    text = visitor.get(ESSAY).content.decode()
    assert "By The Therapist" in text
    assert 'rel="author"' not in text


def test_an_essay_without_an_author_says_how_long_it_takes(
    index: ArticleIndexPage, practice: PracticeSettings, visitor: Client
) -> None:
    factories.article(index)
    text = visitor.get(ESSAY).content.decode()
    assert "1-minute read" in text
    assert "By " not in text


def test_the_contents_list_leads_to_every_heading(text: str) -> None:
    contents = text[text.index('class="contents') : text.index('class="prose"')]
    links = re.findall(r'<a href="#(h-[^"]+)">([^<]+)</a>', contents)
    headings = re.findall(r'<h2 id="([^"]+)">([^<]+)</h2>', text[text.index('class="prose"') :])
    assert len(links) == 3
    assert links == headings


def test_an_essay_of_two_headings_has_no_contents_list(
    index: ArticleIndexPage, practice: PracticeSettings, visitor: Client
) -> None:
    factories.article(index, body=[("heading", "One"), ("text", "<p>x</p>"), ("heading", "Two")])
    assert 'class="contents' not in visitor.get(ESSAY).content.decode()


def test_spoken_lines_patterns_and_steps_keep_their_parts(text: str) -> None:
    page = squeezed(text)
    assert "<p>\u201cI did not want to start it again.\u201d</p>" in page
    assert (
        "<dt>The locked room</dt>"
        '<dd class="says">\u201cIf nobody comes in, nothing breaks.\u201d</dd>'
        '<dd class="why"><p>Learned where doors were slammed.</p></dd>'
    ) in page
    assert '<li><p class="title">Say what you see.</p><p>Only that.</p>' in page
    assert "<q>\u201cI notice that we both went quiet.\u201d</q>" in page
    assert "<li>Whose quiet is this?</li>" in page


def test_an_essay_ends_in_its_own_invitation(text: str, article: ArticlePage) -> None:
    assert text.count('class="invitation"') == 1
    assert "Tired of the quiet?" in text
    assert f'href="/consultation/?article={article.pk}"' in text


def test_an_essay_without_an_invitation_ends_in_the_practices(
    index: ArticleIndexPage, practice: PracticeSettings, visitor: Client
) -> None:
    essay = factories.article(index, body=factories.BODY[:-1])
    text = visitor.get(ESSAY).content.decode()
    assert text.count('class="invitation"') == 1
    assert practice.invitation_heading in text
    assert f'href="/consultation/?article={essay.pk}"' in text


def test_search_engines_and_shared_links_learn_what_the_essay_is(
    index: ArticleIndexPage,
    bio: BioPage,
    practice: PracticeSettings,
    visitor: Client,
    picture: SiteImage,
) -> None:
    factories.article(index, author=bio, summary='About "quiet" & rest.', picture=picture)
    text = visitor.get(ESSAY).content.decode()
    assert f"<title>When the house goes quiet | {practice.practice_name}</title>" in text
    assert '<meta name="description" content="About &quot;quiet&quot; &amp; rest.">' in text
    assert re.search(rf'<link rel="canonical" href="http://[^"]+{ESSAY}">', text)
    assert '<meta property="og:type" content="article">' in text
    assert re.search(r'<meta property="og:image" content="http://[^"]+\.jpg">', text)
    data = data_in(text)
    assert data["@type"] == "Article"
    assert data["author"]["name"] == "The Therapist"  # type: ignore[index]
    assert data["description"] == 'About "quiet" & rest.'


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({"search_description": "For a search.", "summary": "In a list."}, "For a search."),
        ({"summary": "In a list."}, "In a list."),
        ({}, "Some evenings the house is quiet in the wrong way."),
        ({"body": [("heading", "Nothing follows")]}, "The consultation is free."),
    ],
)
def test_an_essay_is_described_by_its_own_words_as_far_as_it_has_any(
    index: ArticleIndexPage,
    practice: PracticeSettings,
    visitor: Client,
    written: dict[str, Any],
    told: str,
) -> None:
    factories.article(index, **written)
    described = re.findall(
        r'name="description" content="(.*)"', visitor.get(ESSAY).content.decode()
    )
    assert len(described) == 1
    assert described[0].endswith(told)


def test_the_therapist_is_a_person_to_search_engines(
    bio: BioPage, practice: PracticeSettings, visitor: Client
) -> None:
    practice.therapist_name = "</script>O'Neill"
    practice.save()
    data = data_in(visitor.get("/about/").content.decode())
    assert data["@type"] == "Person"
    assert data["name"] == "</script>O'Neill"
    assert data["hasCredential"]["identifier"] == "000000"  # type: ignore[index]


def test_pictures_come_in_sizes_with_their_description(
    index: ArticleIndexPage, practice: PracticeSettings, visitor: Client, picture: SiteImage
) -> None:
    value = {"image": picture.pk, "decorative": False, "alt_text": "A gate ajar"}
    factories.article(index, body=[("picture", value)])
    text = visitor.get(ESSAY).content.decode()
    image = text[text.index("<picture") : text.index("</picture>")]
    for part in (
        'alt="A gate ajar"',
        "width=",
        "height=",
        "sizes=",
        "1300w",
        "webp",
        'loading="lazy"',
    ):
        assert part in image
    feed = visitor.get("/articles/feed/").content.decode()
    assert re.search(r'src=(?:"|&quot;|\")http://[^"&]+\.jpg', feed)


def test_the_list_shows_the_newest_first_page_by_page(
    index: ArticleIndexPage, practice: PracticeSettings, visitor: Client
) -> None:
    for number in range(index.per_page + 1):
        factories.article(index, f"Essay {number:02}")
    factories.article(index, "A draft", live=False)
    first = visitor.get("/articles/").content.decode()
    second = visitor.get("/articles/?page=2").content.decode()
    assert re.findall(r"Essay \d\d", first)[0] == "Essay 20"
    assert re.findall(r"Essay \d\d", second) == ["Essay 00"]
    assert 'rel="next" href="?page=2"' in first
    assert 'rel="prev" href="?page=1"' in second
    assert "A draft" not in first + second


@pytest.mark.parametrize("page", ["", "0", "-1", "999", "x", "\x00", "1e9", "'"])
def test_no_page_number_breaks_the_list(
    article: ArticlePage, practice: PracticeSettings, visitor: Client, page: str
) -> None:
    response = visitor.get("/articles/", {"page": page})
    assert response.status_code == 200
    assert article.title in response.content.decode()


def test_topics_lead_to_their_essays(
    article: ArticlePage, index: ArticleIndexPage, practice: PracticeSettings, visitor: Client
) -> None:
    silence = Topic.objects.create(name="Silence", description="On keeping quiet.")
    Topic.objects.create(name="Unused")
    article.topics.add(silence)
    article.save()
    factories.article(index, "Another one")
    assert 'href="/articles/topics/silence/"' in visitor.get(ESSAY).content.decode()
    listed = visitor.get("/articles/").content.decode()
    assert "Silence" in listed
    assert "Unused" not in listed
    text = visitor.get("/articles/topics/silence/").content.decode()
    assert "On keeping quiet." in text
    assert article.title in text
    assert "Another one" not in text
    assert visitor.get("/articles/topics/nothing/").status_code == 404


def test_the_feed_holds_whole_essays(
    article: ArticlePage, index: ArticleIndexPage, practice: PracticeSettings, visitor: Client
) -> None:
    plain = factories.article(index, "Without", body=[("text", "<p>Only this & that.</p>")])
    feed = ElementTree.fromstring(visitor.get("/articles/feed/").content)
    entries = {
        e.findtext(f"{ATOM}title"): e.findtext(f"{ATOM}content") for e in feed.iter(f"{ATOM}entry")
    }
    essay = entries[article.title] or ""
    assert "Learned where doors were slammed." in essay
    assert f'href="http://testserver/consultation/?article={article.pk}"' in essay
    assert f'href="http://testserver/consultation/?article={plain.pk}"' in (
        entries["Without"] or ""
    )


def test_drafts_and_wrong_addresses_are_not_found(
    index: ArticleIndexPage, practice: PracticeSettings, visitor: Client
) -> None:
    factories.article(index, live=False)
    for address in (ESSAY, "/articles/nothing/", "/articles/nothing/more/"):
        assert visitor.get(address).status_code == 404


def test_an_essay_takes_at_most_10_queries(
    text: str, visitor: Client, django_assert_max_num_queries: object
) -> None:
    with django_assert_max_num_queries(10):  # type: ignore[operator]
        visitor.get(ESSAY)


def test_the_list_takes_at_most_12_queries_however_long(
    index: ArticleIndexPage,
    bio: BioPage,
    practice: PracticeSettings,
    visitor: Client,
    django_assert_max_num_queries: object,
) -> None:
    topics = [Topic.objects.create(name=f"Topic {number}") for number in range(3)]
    for number in range(index.per_page + 1):
        essay = factories.article(index, f"Essay {number}", author=bio)
        essay.topics.set(topics)
        essay.save()
    visitor.get("/articles/")
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        visitor.get("/articles/")


# --- The person ----------------------------------------------------------------------------


def main(visitor: Client, address: str) -> BeautifulSoup:
    page = BeautifulSoup(visitor.get(address).content, "html.parser")
    assert page.main
    return page.main


def test_an_essay_shows_its_own_authors_face_and_never_another_persons(
    index: ArticleIndexPage,
    home: HomePage,
    practice: PracticeSettings,
    visitor: Client,
    picture: SiteImage,
) -> None:
    practice.portrait = picture
    practice.save()
    guest = home.add_child(instance=BioPage(title="Guest Writer", slug="guest"))
    essay = factories.article(index, author=guest)
    opening = main(visitor, ESSAY).header
    assert opening.img is None
    assert opening.select_one(".mono").text == "GW"
    guest.portrait = picture
    factories.publish(guest)
    assert main(visitor, ESSAY).header.img
    essay.author = BioPage.objects.get(slug="about")
    factories.publish(essay)
    assert main(visitor, ESSAY).header.img, "the therapist's, whom the settings show"


def test_a_note_is_signed_by_who_wrote_the_essay(
    index: ArticleIndexPage, home: HomePage, practice: PracticeSettings, visitor: Client
) -> None:
    guest = home.add_child(instance=BioPage(title="Dr. Guest O'Writer", slug="guest"))
    factories.article(index, author=guest)
    assert main(visitor, ESSAY).select_one(".note .sign").text == "Guest"


def test_an_essay_leads_on_to_two_others_by_what_is_said_in_them(
    index: ArticleIndexPage, practice: PracticeSettings, visitor: Client
) -> None:
    for number in range(3):
        factories.article(index, f"Other {number}", voice_line=f"Line {number}")
    factories.article(index)
    after = main(visitor, ESSAY).select_one(".after")
    assert [line.text for line in after.select(".said")] == [
        "\u201cLine 2\u201d",
        "\u201cLine 1\u201d",
    ]
    assert [link.text for link in after.select(".title a")] == ["Other 2", "Other 1"]


def test_a_list_shows_a_line_a_title_and_minutes_and_where_nobody_speaks_the_summary(
    index: ArticleIndexPage, practice: PracticeSettings, visitor: Client
) -> None:
    factories.article(index, "Silent", body=[("text", "<p>x</p>")], summary="About nothing.")
    factories.article(index, "Spoken", summary="Not needed.")
    spoken, silent = (
        item.get_text(" ", strip=True)
        for item in main(visitor, "/articles/").select(".sentences li")
    )
    assert spoken == "\u201cI did not want to start it again.\u201d Spoken 1-minute read"
    assert silent == "Silent About nothing. 1-minute read"


def test_the_home_page_says_who_for_whom_where_and_what_it_costs_before_its_one_button(
    home: HomePage, practice: PracticeSettings, visitor: Client
) -> None:
    home.heading = "I'm here for two."
    factories.publish(home)
    practice.for_whom, practice.licensed_regions = "Couples", "CA California\nNV Nevada"
    practice.save()
    front = main(visitor, "/").select_one(".front")
    words = " ".join(front.get_text(" ").split())
    for said in (
        "The Therapist LMFT, Marriage and Family Therapist I'm here for two.",
        "Couples By video or phone, anywhere in California or Nevada",
        "$180 for 50 minutes. The consultation is free.",
    ):
        assert said in words
    assert [link["href"] for link in front.select("a")] == ["/consultation/"]
    assert front.select_one(".bookplate").text.strip() == "TT"
