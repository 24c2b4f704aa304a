"""The stamp changes with whatever readers see, in the same transaction, and with nothing else."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from io import BytesIO
from threading import Event
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image
from wagtail.contrib.redirects.models import Redirect
from wagtail.documents.models import Document
from wagtail.models import Page, PageViewRestriction, Site

from blog.models import ArticleIndexPage, ArticlePage, BioPage, Topic
from practice.models import DaysAway, HomePage, PracticeSettings, SiteImage, Stamp, StandardPage
from practice.pagecache import triggers, version
from tests import factories
from tests.faults.site import wait_until


def picture() -> SiteImage:
    file = BytesIO()
    Image.new("RGB", (20, 20), "teal").save(file, "PNG")
    upload = SimpleUploadedFile("picture.png", file.getvalue(), "image/png")
    return SiteImage.objects.create(title="Picture", file=upload)


def topic() -> Topic:
    return Topic.objects.get_or_create(name="Quiet")[0]


def give_topic(article: ArticlePage) -> None:
    ArticlePage.topics.through.objects.create(articlepage=article, topic=topic())


def publish(article: ArticlePage) -> None:
    article.title = "Said otherwise"
    article.save_revision().publish()


def publish_by_schedule(article: ArticlePage) -> None:
    article.go_live_at = timezone.now() + timedelta(hours=1)
    article.save_revision(approved_go_live_at=article.go_live_at)
    article.revisions.update(approved_go_live_at=timezone.now() - timedelta(hours=1))
    call_command("publish_scheduled", verbosity=0)


def fresh(article: ArticlePage) -> ArticlePage:
    return ArticlePage.objects.get(pk=article.pk)


def change_slug(article: ArticlePage) -> None:
    article.slug = "elsewhere"
    article.save_revision().publish()


def keep_from_strangers(article: ArticlePage) -> None:
    PageViewRestriction.objects.create(page=article, restriction_type="login")


def let_a_group_in(article: ArticlePage) -> None:
    restriction = PageViewRestriction.objects.create(page=article, restriction_type="groups")
    between = version.current()
    restriction.groups.add(Group.objects.first())
    assert version.current() != between


def update_by_hand(article: ArticlePage) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE wagtailcore_page SET title = 'By hand' WHERE id = %s", [article.pk])


SEEN: dict[str, Callable[[ArticlePage], Any]] = {
    "publish": publish,
    "publish by schedule": publish_by_schedule,
    "unpublish": lambda article: article.unpublish(),
    "move": lambda article: article.move(HomePage.objects.get(), "last-child"),
    "change the slug": change_slug,
    "delete": lambda article: article.delete(),
    "copy": lambda article: article.copy(update_attrs={"slug": "twin", "title": "Twin"}),
    "keep from strangers": keep_from_strangers,
    "let a group in": let_a_group_in,
    "give a topic": give_topic,
    "rename a topic": lambda _: Topic.objects.filter(pk=topic().pk).update(name="Loud"),
    "rename the author": lambda _: BioPage.objects.update(credential="LMFT"),
    "put into the menu": lambda article: Page.objects.filter(pk=article.pk).update(
        show_in_menus=True
    ),
    "change a setting": lambda _: PracticeSettings.objects.update(fee="$9"),
    "go away": lambda _: DaysAway.objects.create(
        practice=PracticeSettings.load(), first_day=date.today(), last_day=date.today()
    ),
    "rename the site": lambda _: Site.objects.update(hostname="other.example"),
    "redirect": lambda _: Redirect.objects.create(old_path="/old", redirect_link="/new"),
    "add a picture": lambda _: picture(),
    "cut a picture anew": lambda _: picture().get_rendition("width-10").delete(),
    "add a document": lambda _: Document.objects.create(
        title="Form", file=SimpleUploadedFile("form.txt", b"text")
    ),
    "write by hand": update_by_hand,
    "migrate": lambda _: call_command("migrate", verbosity=0),
}
UNSEEN: dict[str, Callable[[ArticlePage], Any]] = {
    "ask for a consultation": lambda _: factories.consultation_request(),
    "sign in": lambda _: factories.user("x@example.com").save(),
    "render a picture": lambda _: SiteImage.objects.get().get_rendition("width-10"),
}


@pytest.mark.parametrize("act", SEEN)
def test_the_stamp_changes_with_what_readers_see(
    article: ArticlePage, practice: PracticeSettings, act: str
) -> None:
    topic()
    before = version.current()
    SEEN[act](article)
    assert version.current() != before


def test_the_stamp_stays_where_readers_see_nothing_of_it(
    article: ArticlePage, practice: PracticeSettings
) -> None:
    picture()
    for act, do in UNSEEN.items():
        before = version.current()
        do(article)
        assert version.current() == before, act


def test_what_was_undone_leaves_the_stamp_and_the_next_change_brings_another(
    article: ArticlePage,
) -> None:
    before = version.current()
    with transaction.atomic():
        publish(article)
        undone = version.current()
        transaction.set_rollback(True)
    assert version.current() == before != undone
    publish(fresh(article))
    assert version.current() not in (before, undone)


def test_every_table_that_a_page_is_made_of_has_its_trigger(
    article: ArticlePage, practice: PracticeSettings, visitor: Client
) -> None:
    give_topic(article)
    StandardPage.objects.filter(slug="fees").update(
        introduction=f'<p><a linktype="page" id="{article.pk}">An essay</a></p>'
    )
    read: set[str] = set()
    for path in ("/", "/about/", "/fees/", "/articles/", article.url, "/articles/topics/quiet/"):
        with CaptureQueriesContext(connection) as queries:
            assert visitor.get(path).status_code == 200
        for query in queries.captured_queries:
            read |= set(re.findall(r'(?:FROM|JOIN) "(\w+)"', query["sql"]))
    assert {"wagtailcore_page", "blog_articlepage", "practice_practicesettings"} <= read
    # What kind of page a page is never changes.
    assert read - {table for table, _ in triggers.tables()} <= {"django_content_type"}


def test_a_table_that_was_made_anew_has_its_trigger_again_after_migrating(
    article: ArticlePage,
) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute('DROP TRIGGER "practice_renew_stamp_update_blog_articlepage"')
        else:
            cursor.execute("DROP TRIGGER practice_renew_stamp ON blog_articlepage")
    before = version.current()
    ArticlePage.objects.update(summary="Unseen")
    assert version.current() == before
    call_command("migrate", verbosity=0)
    before = version.current()
    ArticlePage.objects.update(summary="Seen")
    assert version.current() != before


def test_without_its_row_nothing_is_held_from_one_request_to_the_next(db: None) -> None:
    Stamp.objects.all().delete()
    assert version.current() != version.current()


# --- What is held --------------------------------------------------------------------------


def test_what_is_held_is_made_once_while_the_stamp_stands(index: ArticleIndexPage) -> None:
    made: list[int] = []

    def make() -> int:
        made.append(1)
        return len(made)

    with version.read():
        assert [version.cached("x", make), version.cached("x", make)] == [1, 1]
    with version.read():
        assert version.cached("x", make) == 1
    Topic.objects.create(name="New")
    with version.read():
        assert version.cached("x", make) == 2


def test_outside_of_a_request_nothing_is_held(db: None) -> None:
    made = iter(range(9))
    assert [version.cached("x", lambda: next(made)), version.cached("x", lambda: next(made))] == [
        0,
        1,
    ]


def test_what_is_not_there_is_not_held(db: None) -> None:
    with version.read():
        assert version.cached("x", lambda: None) is None
        assert version.cached("x", lambda: 1) == 1


def test_of_many_only_those_that_are_not_held_are_made(db: None) -> None:
    asked: list[list[int]] = []

    def make(numbers: list[int]) -> list[int]:
        asked.append(numbers)
        return [number * 10 for number in numbers]

    with version.read():
        assert version.cached_each("ten", [1, 2, 2], make) == [10, 20, 20]
        assert version.cached_each("ten", [2, 3, 1], make) == [20, 30, 10]
    assert asked == [[1, 2], [3]]


def test_what_strangers_make_up_cannot_fill_the_memory(
    home: HomePage, visitor: Client, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = [".practice.example", "testserver"]
    visitor.get("/nothing/")
    before = len(version.last().values)
    for number in range(100):
        visitor.get(f"/made-up-{number}/")
        visitor.get(f"/made-up-{number}/", headers={"host": f"x{number}.practice.example"})
    assert len(version.last().values) == before


def test_more_than_a_process_may_hold_is_let_go_of(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(version, "MOST", 5)
    with version.read():
        for number in range(100):
            assert version.cached(number, lambda it=number: it) == number
            assert len(version.last().values) <= 7


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite lets one write at a time")
@pytest.mark.django_db(transaction=True)
def test_two_who_change_one_page_wait_for_each_other(committed: HomePage) -> None:
    """One saves a draft and publishes it, as Wagtail's editor does in one transaction."""
    first_has_saved, pages = Event(), Page.objects.filter(pk=committed.pk)

    def edit() -> None:
        with transaction.atomic():
            pages.update(draft_title="Draft")
            first_has_saved.set()
            wait_until(is_somebody_waiting, "the other waits")
            pages.update(title="Published")
        connection.close()

    def move() -> None:
        first_has_saved.wait(60)
        with transaction.atomic():
            pages.update(title="Moved", draft_title="Moved")
        connection.close()

    with ThreadPoolExecutor(2) as pool:
        for each in [pool.submit(edit), pool.submit(move)]:
            each.result()
    assert pages.get().title == "Moved"


def is_somebody_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_going_back_before_the_stamp_leaves_a_site_that_can_be_written_to(
    committed: HomePage,
) -> None:
    call_command("migrate", "practice", "0003", verbosity=0)
    HomePage.objects.update(heading="Still written")
    call_command("migrate", verbosity=0)
    before = version.current()
    HomePage.objects.update(heading="And seen")
    assert version.current() != before
