"""Loading the sample, where there is none yet."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from practice.models import KEPT, PracticeSettings, StandardPage, User
from tests.conftest import make_tree


@pytest.fixture(autouse=True)
def _bare_tree(db: None) -> None:
    make_tree()


def load() -> None:
    call_command("load_sample_practice", password="a sample of a password")
    call_command("load_sample_blog")


def test_the_privacy_page_names_the_days_that_the_settings_name() -> None:
    load()
    for number, name in enumerate(KEPT.values()):  # also when they change later
        PracticeSettings.objects.update(**{name: 4100 + number})
    page = Client().get("/privacy/").content.decode()
    for number in range(len(KEPT)):
        assert f"{4100 + number} days" in page


def test_without_a_password_nobody_can_sign_in() -> None:
    call_command("load_sample_practice")
    assert not User.objects.exists()


def test_loading_it_spares_what_the_owner_wrote_before() -> None:
    fees = StandardPage.objects.get(slug="fees")
    fees.introduction = "<p>Mine.</p>"
    fees.save_revision()
    PracticeSettings.objects.create(practice_name="Mine")
    load()
    fees.refresh_from_db()
    assert not fees.live
    practice = PracticeSettings.objects.get()
    assert practice.practice_name == "Mine"
    assert practice.therapist_name == "Sample Therapist"


def test_where_there_is_no_sample_it_says_so() -> None:
    out = StringIO()
    call_command("remove_sample_content", stdout=out)
    assert out.getvalue() == "There is no sample content.\n"
