"""The site itself for benchmarks: filled, copied, and served as on a live server."""

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from wagtail.models import Page

from blog.models import ArticleIndexPage, ArticlePage, BioPage, Topic
from tests import factories
from tests.benchmarks import database, essay
from tests.benchmarks.rounds import Served
from tests.databases import copied_database, working_on
from tests.faults.site import LiveSite

ARTICLES, ESSAY = "/articles/", f"/articles/{essay.SLUG}/"


def fill() -> None:
    """Makes this process's database a practice with hours and the essay."""
    call_command("migrate", verbosity=0)
    factories.publish_site()
    factories.practice_settings()
    factories.schedule()
    page = factories.article(
        ArticleIndexPage.objects.get(),
        essay.TITLE,
        author=BioPage.objects.get(),
        body=essay.BODY,
        slug=essay.SLUG,
        summary=essay.SUMMARY,
    )
    page.topics.set(Topic.objects.get_or_create(name=name)[0] for name in essay.TOPICS)
    factories.publish(page)


def add_articles(number: int) -> None:
    """So many copies of the essay, all of them live, newer than it, and on its topics."""
    essay_page = ArticlePage.objects.get(slug=essay.SLUG)
    index = essay_page.get_parent()
    copies = [_copy(essay_page, index, each) for each in range(1, number + 1)]
    Page.objects.bulk_create(copies, batch_size=500)
    Page.objects.filter(pk=index.pk).update(numchild=index.numchild + number)
    theirs = [field.column for field in ArticlePage._meta.local_concrete_fields]
    names = ", ".join(theirs[1:])
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO blog_articlepage (page_ptr_id, {names}) "
            f"SELECT page.id, {', '.join(f'essay.{name}' for name in theirs[1:])} "
            "FROM wagtailcore_page AS page, blog_articlepage AS essay "
            "WHERE essay.page_ptr_id = %s AND page.slug LIKE 'copy-%%' AND page.depth = %s",
            [essay_page.pk, essay_page.depth],
        )
        cursor.execute(
            "INSERT INTO blog_articlepage_topics (articlepage_id, topic_id) "
            "SELECT page.page_ptr_id, essay.topic_id "
            "FROM blog_articlepage AS page, blog_articlepage_topics AS essay "
            "WHERE essay.articlepage_id = %s AND page.page_ptr_id <> %s",
            [essay_page.pk, essay_page.pk],
        )


def _copy(of: Page, index: Page, number: int) -> Page:
    fields = {
        field.attname: getattr(of, field.attname)
        for field in Page._meta.concrete_fields
        if not field.primary_key
    }
    path = Page._get_path(index.path, index.depth + 1, 1 + number)
    own = {"path": path, "slug": f"copy-{number}", "url_path": f"{index.url_path}copy-{number}/"}
    names = {"title": f"{of.title}, {number}", "draft_title": f"{of.title}, {number}"}
    return Page(
        **fields | own | names | {"translation_key": uuid.uuid4(), "latest_revision_id": None},
    )


@contextlib.contextmanager
def made(folder: Path, articles: int = 0, *, cache_mb: int = 0) -> Iterator[LiveSite]:
    """A site with that many articles beside the essay; its processes are the caller's to start.

    Static files are collected once, beside `folder`, for all sites that lie there.
    """
    (folder / "data").mkdir(parents=True)
    static = folder.parent / "static"
    name = str(settings.DATABASES["default"]["NAME"])
    connection.close()
    with copied_database(name, folder / "data") as copy:
        with working_on(copy):
            add_articles(articles)
        cache.clear()  # what this process remembers of the other database
        site = LiveSite(folder, copy, "consolemail://", debug=False)
        site.env |= {"PAGE_CACHE_MB": str(cache_mb), "STATIC_ROOT": str(static)}
        if not static.exists():
            site.collect_static()
        try:
            yield site
        finally:
            site.stop()


def page(site: LiveSite, name: str, path: str, **options: Any) -> Served:
    return Served(name, f"{site.url}{path}", lambda: processes(site), **options)


def processes(site: LiveSite) -> list[int]:
    """The first of the web server's, the worker's if it runs, and the database's."""
    services = [each.process.pid for each in (site.web, site.worker) if each.process]
    return [*services, *database.processes()]
