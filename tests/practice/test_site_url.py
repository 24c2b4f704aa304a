"""Every absolute address of the site comes from SITE_URL, whatever else is stored or asked for."""

import io
import re
from typing import Any

import pytest
from django.core import mail
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from PIL import Image
from wagtail.models import Site

from blog.models import ArticleIndexPage, ArticlePage, BioPage, Topic
from booking.letters import outbox
from booking.models import OutgoingEmail
from practice.environment import checks, site_url
from practice.models import HomePage, PracticeSettings, SiteImage
from practice.pagecache import version
from practice.website.initial_data import address_site
from tests import factories
from tests.blog.test_admin import written
from tests.practice.test_pagecache import EVERY_KIND

SECOND = "https://second.example:8443"
ABSOLUTE = re.compile(r"https?://[^\s\"'<>\\]+")
# What the sample practice and the formats themselves lead to.
ELSEWHERE = re.compile(
    r"https?://(?:www\.w3\.org|schema\.org|www\.sitemaps\.org|www\.google\.com/schemas|"
    r"(?:www\.)?[a-z0-9.-]+\.(?:gov|org|com))\b"
)
LED_BY_ALL = ("/articles/topics/quiet/", "/articles/feed/", "/sitemap.xml", "/robots.txt")


def moved(settings: Any, address: str = SECOND) -> None:
    """The site as it starts again after SITE_URL was changed, on the same database."""
    settings.SITE_URL = settings.WAGTAILADMIN_BASE_URL = address
    settings.ALLOWED_HOSTS = ["second.example", "old.example"]
    version.forget_all()


@pytest.fixture
def essay(practice: PracticeSettings, index: ArticleIndexPage, bio: BioPage) -> ArticlePage:
    drawn = io.BytesIO()
    Image.new("RGB", (1300, 900)).save(drawn, "PNG")
    picture = SiteImage.objects.create(
        title="Gate", description="A gate", file=ContentFile(drawn.getvalue(), "gate.png")
    )
    bio.portrait = picture
    bio.save_revision().publish()
    value = {"image": picture.pk, "decorative": False, "alt_text": "A gate"}
    linked = f'<p>See <a linktype="page" id="{index.pk}">all of them</a>.</p>'
    page = factories.article(
        index, author=bio, picture=picture, body=[("text", linked), ("picture", value)]
    )
    page.topics.add(Topic.objects.create(name="Quiet"))
    page.save()
    return page


def of_this_site(text: str) -> set[str]:
    """Scheme, name and port of each absolute address that leads to no known other place."""
    found = [each for each in ABSOLUTE.findall(text) if not ELSEWHERE.match(each)]
    return {"/".join(each.split("/")[:3]) for each in found}


@pytest.mark.parametrize("name", ["second.example:8443", "old.example"])
def test_every_kind_of_page_names_the_sites_address_alone(
    essay: ArticlePage, visitor: Client, settings: Any, name: str
) -> None:
    moved(settings)
    for path in (*EVERY_KIND, essay.url, "/consultation/"):
        answer = visitor.get(path, headers={"host": name}, secure=True)
        assert answer.status_code == 200, path
        named = of_this_site(answer.content.decode())
        assert named <= {SECOND}, path
        if path in LED_BY_ALL:
            assert named == {SECOND}, path


def test_canonical_links_lead_to_the_page_itself(
    essay: ArticlePage, visitor: Client, settings: Any
) -> None:
    moved(settings)
    for path in ("/", "/about/", "/articles/", essay.url, "/articles/topics/quiet/"):
        text = visitor.get(path, headers={"host": "second.example:8443"}, secure=True).content
        assert f'<link rel="canonical" href="{SECOND}{path}">' in text.decode(), path


def test_a_preview_is_made_under_the_sites_own_name(
    essay: ArticlePage, as_editor: Client, settings: Any
) -> None:
    moved(settings)
    preview = reverse("wagtailadmin_pages:preview_on_edit", args=[essay.pk])
    host = {"host": "second.example:8443"}
    as_editor.post(preview, written(), headers=host, secure=True)
    answer = as_editor.get(preview, {"mode": ""}, headers=host, secure=True)
    assert answer.status_code == 200
    assert f'<link rel="canonical" href="{SECOND}' in answer.content.decode()


def test_letters_name_the_sites_address_alone(
    practice: PracticeSettings, settings: Any, article: ArticlePage
) -> None:
    moved(settings)
    consultation = factories.consultation_request()
    outbox.promise("received", OutgoingEmail.Recipient.VISITOR, consultation)
    outbox.promise("weekly", OutgoingEmail.Recipient.PRACTICE)
    call_command("run_job", "send_queued_emails")
    texts = "".join(str(each.body) for each in mail.outbox)
    assert consultation.token in texts
    assert of_this_site(texts) == {SECOND}


def test_the_worker_writes_the_sites_own_record_when_it_starts(
    committed: HomePage, settings: Any
) -> None:
    moved(settings)
    call_command("worker", once=True)
    assert (Site.objects.get().hostname, Site.objects.get().port) == ("second.example", 8443)


def test_a_second_record_of_the_same_name_does_not_keep_migrations_from_ending(
    home: HomePage, settings: Any
) -> None:
    Site.objects.create(hostname="second.example", port=8443, root_page=home)
    moved(settings)
    call_command("migrate", verbosity=0)


# --- How it is written ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written_as", "address"),
    [
        ("https://Second.Example/", "https://second.example"),
        ("https://second.example:443", "https://second.example"),
        ("HTTP://second.example:80/", "http://second.example"),
        ("https://second.example:8443", "https://second.example:8443"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("https://second.example/site", "https://second.example/site"),
        ("second.example", "second.example"),
    ],
)
def test_an_address_is_taken_as_browsers_write_it(written_as: str, address: str) -> None:
    assert site_url.normal(written_as) == address


# --- Checks ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["second.example", "https://second.example/site", "https://me@second.example", "https://", "/"],
)
def test_an_address_that_is_none_is_told(settings: Any, address: str) -> None:
    settings.SITE_URL = address
    [message] = checks.site_url_is_an_address(None)
    assert message.id == "practice.E015"
    assert "SITE_URL" in message.msg


def test_a_record_that_disagrees_is_told(site: Site, home: HomePage, settings: Any) -> None:
    assert checks.records_agree(None, databases=["default"]) == []
    moved(settings)
    [message] = checks.records_agree(None, databases=["default"])
    assert message.id == "practice.W010"
    assert "testserver" in message.msg
    address_site()
    assert checks.records_agree(None, databases=["default"]) == []
    Site.objects.create(hostname="third.example", port=80, root_page=home)
    [message] = checks.records_agree(None, databases=["default"])
    assert "third.example" in message.msg
    assert checks.records_agree(None) == []
