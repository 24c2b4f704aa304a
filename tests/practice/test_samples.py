"""The sample: marked as such, loaded once, and removed without touching what the owner wrote."""

import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client, override_settings
from pytest_django import DjangoDbBlocker
from wagtail.models import Page, Revision, Site

from blog.models import ArticleIndexPage, ArticlePage, BioPage, Topic
from blog.samples.essays import Essay, essays
from booking.models import ConsultationRequest
from practice import samples
from practice.launch.completeness import missing
from practice.models import HomePage, PracticeSettings, SamplePage, SiteImage, StandardPage, User
from practice.website.initial_data import is_untouched
from tests import factories
from tests.conftest import make_tree

PASSWORD = "a sample of a password"
ESSAYS = essays()
GATE, MADE, DOOR = "a-gate-is-not-a-wall", "made-for-each-other", "closing-the-door"
TEXTS = {  # what the importer is to find in each, in order
    GATE: "text spoken_lines heading text heading text named_patterns pull_quote text heading text "
    "numbered_steps text heading text points personal_note call_to_action",
    MADE: "text heading text spoken_lines text heading text pull_quote heading text points heading "
    "text numbered_steps text heading text call_to_action",
    DOOR: "text spoken_lines heading text heading text named_patterns text "
    "pull_quote heading text heading text points text spoken_lines text heading text "
    "personal_note call_to_action",
}

pytestmark = pytest.mark.django_db


def load() -> None:
    call_command("load_sample_practice", password=PASSWORD)
    call_command("load_sample_blog")


def remove(**options: Any) -> str:
    out = StringIO()
    call_command("remove_sample_content", stdout=out, **options)
    return out.getvalue()


@pytest.fixture(scope="module")
def loaded(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: Any
) -> Iterator[None]:
    """The sample, loaded into the bare tree once; every test rolls back to it."""
    folder = tmp_path_factory.mktemp("media")
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=folder):
        outer = transaction.atomic()
        outer.__enter__()
        make_tree()
        load()
    yield
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        outer.__exit__(None, None, None)


@pytest.fixture
def sample(loaded: None, db: None) -> HomePage:
    return HomePage.objects.get()


def everything() -> list[list[Any]]:
    """All that the sample could have made or changed, to compare before and after."""
    models = (Page, HomePage, StandardPage, ArticlePage, ArticleIndexPage, BioPage, Topic, Revision)
    others = (PracticeSettings, SamplePage, SiteImage, User, Site)
    return [list(model.objects.order_by("pk").values()) for model in (*models, *others)]


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield re.sub(r"<[^>]+>", " ", value)
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from texts(part)


def listed(value: Any) -> list[dict[str, str]]:
    """The parts of a list of patterns or of steps."""
    lists = value.values() if isinstance(value, dict) else ()
    return [part for each in lists for part in each if isinstance(part, dict)]


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", re.sub("['\u2019]", "", text.lower()))


def runs(text: str, length: int = 6) -> set[tuple[str, ...]]:
    """Every run of `length` words in `text`."""
    found = words(text)
    return {tuple(found[i : i + length]) for i in range(len(found) - length + 1)}


# --- What it says --------------------------------------------------------------------------


@pytest.mark.parametrize("essay", ESSAYS, ids=lambda essay: essay.slug)
def test_an_essay_is_as_long_as_an_essay(essay: Essay) -> None:
    written = [part for _, value in essay.body for part in texts(value)]
    assert 700 <= len(" ".join(written).split()) <= 1100


@pytest.mark.parametrize("essay", ESSAYS, ids=lambda essay: essay.slug)
def test_the_importer_finds_in_an_essay_what_it_was_written_to_show(essay: Essay) -> None:
    assert [kind for kind, _ in essay.body] == TEXTS[essay.slug].split()
    parts = [part for _, value in essay.body for part in listed(value)]
    assert len(parts) == {GATE: 4 + 5, MADE: 5, DOOR: 4}[essay.slug]  # patterns and steps
    assert all(all(part.values()) for part in parts)


def test_the_essays_show_every_block_that_there_is(sample: HomePage) -> None:
    used = {block.block_type for page in ArticlePage.objects.all() for block in page.body}
    assert used == set(ArticlePage._meta.get_field("body").stream_block.child_blocks)


def test_the_picture_of_an_essay_stands_below_its_heading(sample: HomePage) -> None:
    body = ArticlePage.objects.get(slug=MADE).body
    [at] = [number for number, block in enumerate(body) if block.block_type == "picture"]
    assert body[at - 1].value == "What friction does"
    assert body[at].value.pk == SiteImage.objects.get().pk


def test_every_invitation_has_words_on_its_button(sample: HomePage) -> None:
    pages = [*ArticlePage.objects.all(), *StandardPage.objects.all()]
    invitations = [
        block["value"]
        for page in pages
        for block in page.body.raw_data
        if block["type"] == "call_to_action"
    ]
    assert len(invitations) == 6
    assert {value["button"] for value in invitations} == {"Ask for a free consultation"}


def test_the_sample_shares_no_six_words_with_the_therapists_own_essays(
    sample: HomePage, seed_document: Path
) -> None:
    theirs = runs(seed_document.read_text())
    for page in Page.objects.filter(depth__gte=2).specific():
        fields = [field.value_to_string(page) for field in page._meta.local_fields]
        assert runs(" ".join([page.title, *texts(fields)])) & theirs == set()


def test_every_page_says_to_readers_that_it_is_a_sample(
    sample: HomePage, visitor: Client, settings: Any
) -> None:
    settings.DEBUG = True  # under which alone the sample is open
    pages = Page.objects.filter(depth__gte=2)
    assert pages.count() == 11
    for page in pages:
        answer = visitor.get(page.get_url())
        assert answer.status_code == 200
        assert samples.MARK in answer.content.decode()


# --- Loading it ----------------------------------------------------------------------------


def test_the_sample_sign_in_is_a_therapist_and_no_superuser(sample: HomePage) -> None:
    user = User.objects.get()
    assert user.email == samples.SIGN_IN
    assert user.check_password(PASSWORD)
    assert not user.is_superuser
    assert [group.name for group in user.groups.all()] == ["Therapist"]
    assert factories.signed_in(user).get("/admin/").status_code == 200


def test_loading_it_twice_changes_nothing(sample: HomePage) -> None:
    before = everything()
    load()
    assert everything() == before


def test_the_sample_practice_lacks_nothing(sample: HomePage) -> None:
    practice = PracticeSettings.objects.get()
    practice.full_clean()
    assert missing(practice) == []


# --- Removing it ---------------------------------------------------------------------------


def test_untouched_it_goes_and_leaves_the_bare_tree(sample: HomePage, data_folder: Path) -> None:
    remove()
    assert not ArticlePage.objects.exists()
    assert not Topic.objects.exists()
    assert not SiteImage.objects.exists()
    assert not SamplePage.objects.exists()
    pages = Page.objects.filter(depth__gte=2)
    assert pages.count() == 8
    assert all(is_untouched(page) for page in pages)
    written = [text for page in pages.specific() for text in texts(vars(page))]
    assert not [text for text in written if samples.MARK in text]
    assert samples.standing_settings(PracticeSettings.objects.get()) == []


def test_after_it_was_removed_it_can_be_loaded_again(sample: HomePage) -> None:
    remove()
    load()
    assert ArticlePage.objects.published().count() == 3
    assert HomePage.objects.get().live


def test_a_dry_run_says_the_same_and_changes_nothing(sample: HomePage) -> None:
    before = everything()
    rehearsed = remove(dry_run=True)
    assert everything() == before
    assert rehearsed.startswith(remove())
    assert rehearsed.splitlines()[-1] == "Nothing was changed: this was a dry run."


def test_a_page_that_the_owner_changed_stays_as_it_is(sample: HomePage) -> None:
    essay = ArticlePage.objects.get(slug=MADE)
    essay.title = "My own words"
    essay.save_revision().publish()
    before = [row for row in everything()[3] if row["page_ptr_id"] == essay.pk]
    said = remove()
    assert everything()[3] == before
    assert ArticlePage.objects.published().get().title == "My own words"
    assert "Left the topic Conflict: an article has it." in said
    assert "Left the picture Sample picture: hills: a page uses it." in said


def test_a_page_with_a_draft_of_the_owners_stays_and_the_reason_is_said(sample: HomePage) -> None:
    essay = ArticlePage.objects.get(slug=GATE)
    essay.title = "Not finished"
    essay.save_revision()
    said = remove()
    assert (
        "Left the page A Gate Is Not a Wall: you have a draft of it that isn't published yet."
        in said
    )
    assert ArticlePage.objects.published().get() == essay


def test_the_list_stays_published_for_an_article_of_the_owners(
    sample: HomePage, visitor: Client
) -> None:
    index = ArticleIndexPage.objects.get()
    factories.article(index, "My own essay")
    said = remove()
    assert "Emptied the page Articles: it stays published for the pages below it." in said
    answer = visitor.get("/articles/").content.decode()
    assert "My own essay" in answer
    assert samples.MARK not in answer
    assert visitor.get("/").status_code == 200


def test_settings_that_the_owner_filled_in_stay(sample: HomePage) -> None:
    PracticeSettings.objects.update(therapist_name="My Name", fee="$200")
    remove()
    practice = PracticeSettings.objects.get()
    assert (practice.therapist_name, practice.fee) == ("My Name", "$200")
    assert (practice.practice_name, practice.telephone) == ("Your practice", "")


def test_a_sentence_of_an_earlier_sample_is_still_known_as_one(sample: HomePage) -> None:
    PracticeSettings.objects.update(sliding_scale="Sample: as it was said before.")
    assert "sliding_scale" in samples.standing_settings(PracticeSettings.objects.get())


def test_a_topic_that_the_owner_described_stays(sample: HomePage) -> None:
    Topic.objects.filter(name="Conflict").update(description="In my own words.")
    said = remove()
    assert Topic.objects.get().name == "Conflict"
    assert "Left the topic Conflict: you changed it." in said


def test_the_only_sign_in_is_kept(sample: HomePage) -> None:
    assert "Left the sign-in therapist@example.com: no one else could sign in." in remove()
    assert User.objects.filter(email=samples.SIGN_IN).exists()


@pytest.mark.parametrize("who", ["superuser", "therapist"])
def test_the_sample_sign_in_goes_once_somebody_else_can_sign_in(sample: HomePage, who: str) -> None:
    if who == "superuser":
        User.objects.create_superuser("owner@example.org", PASSWORD)
    else:
        group = User.objects.get(email=samples.SIGN_IN).groups.get()
        factories.user("owner@example.org", group)
    assert "Removed the sign-in therapist@example.com." in remove()
    assert User.objects.get().email == "owner@example.org"


def test_somebody_who_may_not_sign_in_does_not_count(sample: HomePage) -> None:
    owner = User.objects.create_superuser("owner@example.org", PASSWORD)
    User.objects.filter(pk=owner.pk).update(is_active=False)
    remove()
    assert User.objects.filter(email=samples.SIGN_IN).exists()


def test_a_request_from_a_sample_essay_outlives_it(sample: HomePage) -> None:
    essay = ArticlePage.objects.get(slug=GATE)
    asked = factories.consultation_request(article=essay)
    remove()
    assert ConsultationRequest.objects.get(pk=asked.pk).article is None
