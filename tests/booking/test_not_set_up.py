"""A practice that is not set up takes no requests, and says so; one that has taken any goes on."""

from collections.abc import Callable
from datetime import date
from html import unescape
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.test import Client

from booking.erasure import erasing
from booking.models import ConsultationRequest, ErasedCount, Tombstone
from booking.services import transitions
from practice import samples
from practice.models import HomePage, PracticeSettings, User
from tests import factories

pytestmark = pytest.mark.django_db

FORM = "/consultation/"
TYPED = {"name": "Robin", "email": "robin@example.com", "message": "After the summer"}
NOT_OPEN = "This form isn't open yet. Nothing you type here is saved."
NEEDED = ["practice_name", "therapist_name", "license_number", "email"]


@pytest.fixture
def set_up(home: HomePage, therapist: User) -> PracticeSettings:
    """All that the form waits for, and nothing more: no request came, and nobody is signed in."""
    practice = factories.practice_settings(reviewer_seen_at=None)
    factories.signed_in(therapist)
    return practice


def page(visitor: Client, address: str = FORM) -> str:
    answer = visitor.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def is_open(visitor: Client) -> bool:
    html = page(visitor)
    assert ("<form" in html) != (NOT_OPEN in html)
    return "<form" in html


@pytest.mark.usefixtures("home")
def test_after_migrate_alone_the_form_is_not_open_and_says_where_help_is(visitor: Client) -> None:
    html = page(visitor)
    assert NOT_OPEN in html
    assert "988" in html
    assert "<form" not in html
    for claim in ("Your practice", "California"):
        assert claim not in html


@pytest.mark.usefixtures("home")
def test_what_is_sent_all_the_same_is_not_kept_and_stays_in_view(visitor: Client) -> None:
    answer = visitor.post(FORM, TYPED)
    assert answer.status_code == 409
    html = answer.content.decode()
    assert NOT_OPEN in html
    for typed in TYPED.values():
        assert typed in html
    assert not ConsultationRequest.objects.exists()


def test_whoever_opens_the_first_page_before_it_is_published_reads_that_it_opens_soon(
    visitor: Client, home: HomePage
) -> None:
    home.unpublish()
    html = page(visitor, "/")
    assert "Opening soon" in html
    assert '<meta name="robots" content="noindex">' in html
    assert "988" in html
    assert 'href="/"' not in html


def test_a_published_home_page_waits_for_the_practice_to_be_set_up(
    visitor: Client, home: HomePage, therapist: User
) -> None:
    assert "Opening soon" in page(visitor, "/")
    factories.practice_settings()
    factories.signed_in(therapist)
    assert "Opening soon" not in page(visitor, "/")
    home.unpublish()
    assert "Opening soon" in page(visitor, "/")


@pytest.mark.parametrize("name", NEEDED)
def test_each_of_the_facts_is_waited_for_and_the_samples_is_none(
    visitor: Client, set_up: PracticeSettings, name: str
) -> None:
    own = getattr(set_up, name)
    default = PracticeSettings._meta.get_field(name).get_default()
    for value in (default, samples.SETTINGS[name], "  "):
        PracticeSettings.objects.update(**{name: value})
        assert not is_open(visitor), value
    PracticeSettings.objects.update(**{name: own})
    assert is_open(visitor)


def test_somebody_who_may_read_requests_has_to_have_signed_in(
    visitor: Client, home: HomePage, editor: User, therapist: User
) -> None:
    factories.practice_settings(reviewer_seen_at=None)
    factories.signed_in(editor)
    assert not is_open(visitor)
    factories.signed_in(therapist)
    assert is_open(visitor)


def test_region_and_country_are_not_waited_for(visitor: Client, set_up: PracticeSettings) -> None:
    assert set_up.licensed_regions == PracticeSettings().licensed_regions
    assert is_open(visitor)


def test_a_site_that_has_taken_a_request_stays_open_whatever_is_missing_later(
    visitor: Client, set_up: PracticeSettings
) -> None:
    assert visitor.post(FORM, TYPED).status_code == 303
    erasing.erase(ConsultationRequest.objects.get(), by=transitions.Actor.PRACTICE)
    ErasedCount.objects.all().delete()
    PracticeSettings.objects.update(license_number="", practice_name="Your practice")
    assert is_open(visitor)
    assert "Opening soon" not in page(visitor, "/")


@pytest.mark.usefixtures("home")
def test_a_request_sent_to_try_the_site_out_does_not_open_it_for_people(
    visitor: Client, settings: Any
) -> None:
    settings.DEBUG = True
    assert visitor.post(FORM, TYPED).status_code == 303
    settings.DEBUG = False
    assert not is_open(visitor)


def came_in() -> None:
    factories.consultation_request()


def was_counted() -> None:
    ErasedCount.objects.create(month=date(2026, 5, 1), requests=1)


def was_buried() -> None:
    Tombstone.objects.create(digest="0" * 64)


def migrate_anew() -> None:
    """Does to the rows what the migration does when a site is updated."""
    migration: Any = MigrationLoader(connection).get_migration("booking", "0004_requests_taken")
    for operation in migration.operations:
        operation.code(apps, None)


@pytest.mark.parametrize("earlier", [came_in, was_counted, was_buried])
def test_an_update_never_closes_a_site_that_has_taken_a_request(
    visitor: Client, home: HomePage, earlier: Callable[[], None]
) -> None:
    earlier()
    assert not is_open(visitor)  # as long as nothing says so
    migrate_anew()
    assert is_open(visitor)
    assert visitor.post(FORM, TYPED).status_code == 303


@pytest.mark.usefixtures("home")
def test_an_update_opens_no_site_that_has_taken_none(visitor: Client) -> None:
    migrate_anew()
    assert not is_open(visitor)


def test_an_update_knows_that_a_reviewer_has_signed_in_before(
    visitor: Client, set_up: PracticeSettings
) -> None:
    PracticeSettings.objects.update(reviewer_seen_at=None)
    assert not is_open(visitor)
    migrate_anew()
    assert is_open(visitor)


def test_the_admins_first_page_says_what_the_form_waits_for(
    as_therapist: Client, home: HomePage
) -> None:
    html = unescape(page(as_therapist, "/admin/"))
    assert "isn't open yet" in html
    for line in ("Your practice's name", "Your name", "license or registration number"):
        assert html.count(line) == 1, line


def test_where_requests_were_taken_before_it_says_what_is_missing(
    visitor: Client, as_therapist: Client, home: HomePage
) -> None:
    factories.practice_settings()
    assert visitor.post(FORM, TYPED).status_code == 303
    factories.practice_settings(license_number="")
    html = page(as_therapist, "/admin/")
    assert "takes requests" in html
    assert html.count("license or registration number") == 1


@pytest.mark.usefixtures("home")
def test_the_sample_that_make_run_shows_takes_requests(visitor: Client, settings: Any) -> None:
    settings.DEBUG = True
    assert is_open(visitor)
    assert "Opening soon" not in page(visitor, "/")
    assert visitor.post(FORM, TYPED).status_code == 303
