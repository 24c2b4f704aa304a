"""What tests may ask for: a practice with published pages, and people by what they may do."""

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import django.test.client
import hypothesis
import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import connection
from django.test import Client, TransactionTestCase
from django.test.client import store_rendered_templates
from pytest_django import DjangoDbBlocker
from wagtail.models import Page, Site

from blog.models import ArticleIndexPage, ArticlePage, BioPage
from practice.models import HomePage, PracticeSettings, User
from practice.pagecache import version
from tests import databases, factories

# Most of what a test makes is freed without the collector, which by default takes a fifth of the
# suite's time to look at all that Django and Wagtail keep.
gc.set_threshold(50_000, 20, 50)


def without_widgets(store: dict[str, Any], **rendered: Any) -> None:
    """What the client keeps of a page, but for the copy of each widget's context.

    Some forms have hundreds of them: a twentieth of the time of all tests that open pages.
    """
    if not str(rendered["template"].name).startswith("django/forms/"):
        store_rendered_templates(store, **rendered)


django.test.client.store_rendered_templates = without_widgets

# A busy machine is no fault of the code under test.
hypothesis.settings.register_profile("tests", deadline=None)
hypothesis.settings.load_profile("tests")

# The files that take longest, longest first: begun last, one alone would keep the run waiting.
LONGEST = (
    "browser/test_accessibility.py",
    "faults/test_lighthouse.py",
    "browser/test_whole_way.py",
    "browser/test_exit.py",
    "browser/test_html.py",
    "browser/test_form.py",
    "practice/test_start.py",
    "browser/test_crawl.py",
    "browser/test_signing_in.py",
    "booking/test_schedule_screen.py",
    "test_access.py",
    "test_admin_wall.py",
    "faults/test_two_servers.py",
    "faults/test_canary.py",
    "browser/test_main_job.py",
    "faults/test_races.py",
    "browser/test_times.py",
    "browser/test_unsaved.py",
    "faults/test_clocks.py",
    "faults/test_other_letters.py",
    "faults/test_turns.py",
    "faults/test_away.py",
    "faults/test_backups.py",
    "faults/test_kills.py",
    "faults/test_rotation.py",
    "faults/test_proxy.py",
    "practice/test_firstrun.py",
    "booking/test_scheduling_machine.py",
    "booking/test_availability_properties.py",
)

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the longest files first, each with its tests in their order."""
    root = Path(__file__).parent
    place = {root / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(LONGEST)))


def missing_part(reason: str) -> NoReturn:
    """Skips a test whose part (a browser, say) is missing; fails where all must be there."""
    if os.environ.get("REQUIRE_PARTS"):
        pytest.fail(f"missing part: {reason}")
    pytest.skip(reason)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], object]]:
    """A terminal in the place of standard input; call it with all that is typed there, before."""
    keyboard, screen = os.openpty()
    with os.fdopen(screen) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        yield lambda text: os.write(keyboard, text.encode() + b"\x04")  # the end
    os.close(keyboard)


@pytest.fixture(scope="session")
def seed_document() -> Path:
    """The therapist's own essays, which are no part of the project."""
    path = SHARED / "seed" / "articles.txt"
    if not path.exists():
        pytest.skip("the therapist's own document is not beside this checkout")
    return path


@pytest.fixture(autouse=True)
def data_folder(settings: object, tmp_path: Path) -> Path:
    """Uploads, mail and what is cached of a test go with the test."""
    cache.clear()  # Wagtail keeps the site's addresses there, which a rollback leaves behind
    version.forget_all()  # settings differ from test to test, and no version knows of that
    settings.MEDIA_ROOT = tmp_path / "media"  # type: ignore[attr-defined]
    settings.EMAIL_FILE_PATH = tmp_path / "mail"  # type: ignore[attr-defined]
    settings.OUTAGE_FILE = tmp_path / "outage.json"  # type: ignore[attr-defined]
    settings.TOMBSTONES_FILE = tmp_path / "tombstones.txt"  # type: ignore[attr-defined]
    return tmp_path


@pytest.fixture(scope="session")
def published_database(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
    testrun_uid: str,
    worker_id: str,
) -> Iterator[str]:
    """The name of the database that this run's processes copy; nobody works on it."""
    folder = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        folder = folder.parent  # which the run's processes share
    cache = getattr(request.config, "cache", None)  # none where pytest is told to keep nothing
    kept_in = cache.mkdir("published") if cache else None
    with (
        django_db_blocker.unblock(),
        databases.published_once(folder, testrun_uid, kept_in) as name,
    ):
        yield name


@pytest.fixture(scope="session")
def django_db_setup(
    published_database: str,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """A copy of the published tree for this process; every test finds it so.

    After a test that commits, the copy is made again: quicker than Django's way, which empties
    every table, so that the tree has to be published once more for each test that follows.
    """
    folder = tmp_path_factory.mktemp("tests")
    with (
        django_db_blocker.unblock(),
        databases.copied_database(published_database, folder) as name,
        pytest.MonkeyPatch.context() as patch,
    ):
        databases.use(name)
        patch.setattr(
            TransactionTestCase,
            "_fixture_teardown",
            lambda case: databases.restore(published_database, name),
        )
        yield
        connection.close()


@pytest.fixture
def home(db: None) -> HomePage:
    """The bare tree that `migrate` makes, published."""
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
    """For tests that commit: the drafts that `migrate` leaves."""
    make_tree()


@pytest.fixture
def committed(transactional_db: None) -> HomePage:
    """For tests that commit: the published tree."""
    return HomePage.objects.get()


def make_tree() -> None:
    """The pages as `migrate` leaves them, none of them published."""
    from django.apps import apps

    from blog.defaults import make_blog
    from practice.website.initial_data import make_site

    Page.objects.filter(depth__gt=1).delete()
    make_site(None, apps=apps)
    make_blog(None)
