"""What tests may ask for: a practice with published pages, and people by what they may do."""

import os
from pathlib import Path
from typing import NoReturn

import hypothesis
import pytest
from django.contrib.auth.models import Group
from django.test import Client
from pytest_django import DjangoDbBlocker
from wagtail.models import Collection, Locale, Page, Site

from blog.models import ArticleIndexPage, ArticlePage, BioPage
from practice.models import HomePage, PracticeSettings, User
from tests import factories

# A busy machine is no fault of the code under test.
hypothesis.settings.register_profile("tests", deadline=None)
hypothesis.settings.load_profile("tests")

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


def missing_part(reason: str) -> NoReturn:
    """Skips a test whose part (a browser, say) is missing; fails where all must be there."""
    if os.environ.get("REQUIRE_PARTS"):
        pytest.fail(f"missing part: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def seed_document() -> Path:
    """The therapist's own essays, which are no part of the project."""
    path = SHARED / "seed" / "articles.txt"
    if not path.exists():
        pytest.skip("the therapist's own document is not beside this checkout")
    return path


@pytest.fixture(autouse=True)
def data_folder(settings: object, tmp_path: Path) -> Path:
    """Uploads and mail of a test go with the test."""
    settings.MEDIA_ROOT = tmp_path / "media"  # type: ignore[attr-defined]
    settings.EMAIL_FILE_PATH = tmp_path / "mail"  # type: ignore[attr-defined]
    settings.TOMBSTONES_FILE = tmp_path / "tombstones.txt"  # type: ignore[attr-defined]
    return tmp_path


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Publishes the bare tree once; every test rolls back to it."""
    with django_db_blocker.unblock():
        factories.publish_site()


@pytest.fixture
def home(db: None) -> HomePage:
    """The bare tree that `migrate` makes, published."""
    if not HomePage.objects.filter(live=True).exists():  # a test that commits took it away
        make_tree()
        factories.publish_site()
    return HomePage.objects.get()


@pytest.fixture
def site(home: HomePage) -> Site:
    return Site.objects.get(is_default_site=True)


@pytest.fixture
def practice(home: HomePage) -> PracticeSettings:
    return factories.practice_settings()


@pytest.fixture
def index(home: HomePage) -> ArticleIndexPage:
    return ArticleIndexPage.objects.get()


@pytest.fixture
def bio(home: HomePage) -> BioPage:
    return BioPage.objects.get()


@pytest.fixture
def article(index: ArticleIndexPage, bio: BioPage) -> ArticlePage:
    return factories.article(index, author=bio)


@pytest.fixture
def therapist(home: HomePage) -> User:
    return factories.user("therapist@example.com", Group.objects.get(name="Therapist"))


@pytest.fixture
def editor(home: HomePage) -> User:
    return factories.user("editor@example.com", Group.objects.get(name="Editor"))


@pytest.fixture
def as_therapist(therapist: User) -> Client:
    return factories.signed_in(therapist)


@pytest.fixture
def as_therapist_again(therapist: User) -> Client:
    """With the second factor shown again just now, as sensitive acts want it."""
    return factories.signed_in(therapist, again=True)


@pytest.fixture
def as_therapist_without_factor(therapist: User) -> Client:
    """With the password alone, and no second factor made yet."""
    client = Client()
    client.force_login(therapist)
    return client


@pytest.fixture
def as_editor(editor: User) -> Client:
    return factories.signed_in(editor)


@pytest.fixture
def visitor() -> Client:
    return Client()


@pytest.fixture
def bare(transactional_db: None) -> None:
    """For tests that commit: the drafts that `migrate` leaves, made again after the last flush."""
    make_tree()


@pytest.fixture
def committed(bare: None) -> HomePage:
    """For tests that commit: the published tree."""
    return factories.publish_site()


def make_tree() -> None:
    """What Wagtail's migrations made once and a flush takes away, and ours on top."""
    from django.apps import apps

    from blog.defaults import make_blog
    from booking.permissions import let_therapists_review
    from practice.defaults import make_site

    Locale.objects.get_or_create(language_code="en")
    if Collection.get_first_root_node() is None:
        Collection.add_root(name="Root")
    Page.objects.filter(depth__gt=1).delete()
    if Page.get_first_root_node() is None:
        Page.add_root(title="Root", slug="root")
    make_site(None, apps=apps)
    make_blog(None)
    let_therapists_review(None)
