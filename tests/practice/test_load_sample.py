"""Loading the sample, where there is none yet."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from wagtail.models import Page

from practice import samples
from practice.models import KEPT, HomePage, PracticeSettings, StandardPage, User
from practice.website.initial_data import is_untouched
from tests.conftest import make_tree
from tests.factories import publish


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
    practice = PracticeSettings.load()  # which a test before may have left there
    practice.practice_name = "Mine"
    practice.save()
    load()
    fees.refresh_from_db()
    assert not fees.live
    practice = PracticeSettings.objects.get()
    assert practice.practice_name == "Mine"
    assert practice.therapist_name == "Sample Therapist"


def test_on_a_site_that_goes_live_the_texts_come_as_drafts_and_nothing_else_comes(
    visitor: Client,
) -> None:
    call_command("load_sample_practice", drafts=True)
    assert not Page.objects.filter(depth__gte=2).live().exists()
    assert visitor.get("/privacy/").status_code == 404
    privacy = StandardPage.objects.get(slug="privacy").get_latest_revision_as_object()
    assert samples.MARK in privacy.introduction
    assert "Who sees it" in str(privacy.body)
    assert not User.objects.exists()
    assert PracticeSettings.objects.get().fee == ""
    [line] = samples.standing()
    assert line.startswith("Pages: ")
    assert "Privacy" in line


def test_drafts_leave_alone_what_somebody_wrote_and_go_like_any_sample() -> None:
    fees = StandardPage.objects.get(slug="fees")
    fees.introduction = "<p>Mine.</p>"
    kept = fees.save_revision()
    call_command("load_sample_practice", drafts=True)
    call_command("load_sample_practice", drafts=True)
    call_command("remove_sample_content")
    fees.refresh_from_db()
    assert fees.latest_revision == kept
    assert all(is_untouched(page) for page in Page.objects.filter(depth__gte=2).exclude(pk=fees.pk))
    assert samples.standing() == []


def test_a_draft_that_was_published_as_it_came_is_still_a_sample() -> None:
    call_command("load_sample_practice", drafts=True)
    privacy = StandardPage.objects.get(slug="privacy").get_latest_revision_as_object()
    publish(privacy)  # as the editor does it, with a revision of its own
    assert "Privacy" in samples.standing()[0]
    out = StringIO()
    call_command("remove_sample_content", stdout=out)
    assert "Left the page Privacy: you published it." in out.getvalue()
    assert "Privacy" in samples.standing()[0]
    privacy.introduction = "<p>Mine.</p>"
    publish(privacy)
    assert samples.standing() == []


def test_a_home_page_that_nobody_published_stays_a_draft_when_its_sample_goes() -> None:
    call_command("load_sample_practice", drafts=True)
    privacy = StandardPage.objects.get(slug="privacy").get_latest_revision_as_object()
    privacy.introduction = "<p>Mine.</p>"
    publish(privacy)
    call_command("remove_sample_content", stdout=StringIO())
    assert not HomePage.objects.get().live
    assert StandardPage.objects.get(slug="privacy").live


def test_drafts_come_without_a_sign_in() -> None:
    with pytest.raises(CommandError, match="not allowed with"):
        call_command("load_sample_practice", "--drafts", "--password", "a password")


def test_where_there_is_no_sample_it_says_so() -> None:
    out = StringIO()
    call_command("remove_sample_content", stdout=out)
    assert out.getvalue() == "There's no sample content.\n"
