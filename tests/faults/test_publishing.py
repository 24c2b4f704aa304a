"""Whatever is published, and however: no server answers with what was before.

Two web servers keep pages for themselves while somebody else writes to their database. After each
act both must answer as the site does that holds and keeps nothing. `make soak` does a thousand.
"""

import http.client
import random
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client, override_settings
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Page, PageViewRestriction, Site

from blog.models import ArticleIndexPage, ArticlePage, BioPage, Topic
from practice.models import DaysAway, PracticeSettings, StandardPage
from tests import databases, factories
from tests.faults.site import HOST, LiveSite, Service, free_port, wait_until

EXAMPLES, ACTS_EACH = 50, 20  # a thousand acts
ALWAYS = ("/", "/about/", "/articles/", "/articles/feed/", "/sitemap.xml", "/fees/", "/privacy/")
ALONE = [
    name for name in django_settings.MIDDLEWARE if name != "practice.pagecache.middleware.PageCache"
]
Answer = tuple[int, str | None, bytes]


def one_of(kind: type[Page], number: int) -> Page:
    pages = kind.objects.order_by("pk")
    return pages[number % pages.count()]


def essay(number: int) -> ArticlePage:
    return one_of(ArticlePage, number)  # type: ignore[return-value]


def plain_page(number: int) -> StandardPage:
    return one_of(StandardPage, number)  # type: ignore[return-value]


def publish(number: int) -> None:
    page = essay(number)
    page.title, page.summary = f"Title {number}", f"Summary {number}"
    page.save_revision().publish()


def save_draft(number: int) -> None:
    page = essay(number)
    page.title = f"Draft {number}"
    page.save_revision()


def write_another(number: int) -> None:
    if ArticlePage.objects.count() < 6:
        index = ArticleIndexPage.objects.get()
        link = ("text", f'<p><a linktype="page" id="{essay(number).pk}">Before</a></p>')
        factories.article(index, title=f"Essay {number}", body=[*factories.BODY, link])


def delete(number: int) -> None:
    if ArticlePage.objects.count() > 2:
        essay(number).delete()


def go_live_by_schedule(number: int) -> None:
    page = essay(number)
    page.title = f"Scheduled {number}"
    page.live = page.live and bool(number % 2)
    past = timezone.now() - timedelta(minutes=1)
    page.save_revision(approved_go_live_at=past)
    call_command("publish_scheduled", verbosity=0)


def expire(number: int) -> None:
    Page.objects.filter(pk=essay(number).pk).update(expire_at=timezone.now() - timedelta(minutes=1))
    call_command("publish_scheduled", verbosity=0)
    Page.objects.update(expire_at=None)


def change_slug(number: int) -> None:
    page = one_of((ArticlePage, StandardPage)[number % 2], number)
    page.slug = f"slug-{number}"
    page.save_revision().publish()


def sort(number: int) -> None:
    plain_page(number).move(plain_page(number + 1), "left")


def move_below(number: int) -> None:
    page, other = plain_page(number), plain_page(number + 1)
    if not other.is_descendant_of(page):
        page.move(other, "last-child")


def show_in_menus(number: int) -> None:
    page = plain_page(number)
    page.show_in_menus = not page.show_in_menus
    page.title = f"Page {number}"
    page.save_revision().publish()


def close(number: int) -> None:
    page = one_of((ArticlePage, StandardPage, ArticleIndexPage)[number % 3], number)
    PageViewRestriction.objects.get_or_create(page=page, restriction_type="login")


def rename_topic(number: int) -> None:
    topic, _ = Topic.objects.get_or_create(slug="quiet", defaults={"name": "Quiet"})
    page = essay(number)
    page.topics.set([topic] if number % 3 else [])
    page.save()
    Topic.objects.update(name=f"Topic {number}")


def rename_author(number: int) -> None:
    bio = BioPage.objects.get()
    bio.title, bio.credential = f"Author {number}", f"C{number}"
    bio.save_revision().publish()
    if number % 3 == 0:
        bio.unpublish()


def say_of_the_practice(number: int) -> None:
    said = {"practice_name": f"Practice {number}", "accent": f"#{number % 10**6:06}"}
    said["intake"] = ("open", "closed")[number % 2]
    PracticeSettings.objects.update(**said)


def go_away(number: int) -> None:
    day = timezone.localdate() + timedelta(days=number % 9)
    DaysAway.objects.create(practice=PracticeSettings.load(), first_day=day, last_day=day)


def rename_site(number: int) -> None:
    Site.objects.update(hostname=("localhost", HOST)[number % 2], port=(80, 8000)[number % 2])


def lead_elsewhere(number: int) -> None:
    Redirect.objects.all().delete()
    if number % 2:
        Redirect.objects.create(old_path="/old", redirect_page=essay(number))


ACTS: list[Callable[[int], None]] = [
    publish,
    save_draft,
    write_another,
    delete,
    lambda number: essay(number).unpublish(),
    go_live_by_schedule,
    expire,
    change_slug,
    sort,
    move_below,
    show_in_menus,
    close,
    lambda number: PageViewRestriction.objects.all().delete() and None,
    rename_topic,
    rename_author,
    say_of_the_practice,
    go_away,
    rename_site,
    lead_elsewhere,
]


class Readers:
    """They ask both servers, over connections that stay open, and hold what they get together."""

    def __init__(self, host: str, ports: list[int]) -> None:
        self.host = host
        self.servers = [http.client.HTTPConnection(HOST, port, timeout=60) for port in ports]
        self.paths = {*ALWAYS, "/old/", "/theme.css", "/articles/topics/quiet/"}
        self.answers = 0

    def know(self) -> None:
        """Learns of every address that there is, and forgets none that was."""
        for page in Page.objects.filter(depth__gt=2):
            with suppress(AttributeError):
                self.paths.add(page.url_path.removeprefix("/home"))

    def assert_all_see_the_same(self, chance: random.Random) -> None:
        self.know()
        for path in chance.sample(sorted(self.paths), 6):
            expected = without_keeping(path, self.host)
            for server in self.servers:
                assert self.ask(server, path) == expected, path
                self.answers += 1

    def ask(self, server: http.client.HTTPConnection, path: str) -> Answer:
        server.request("GET", path, headers={"Host": self.host})
        answer = server.getresponse()
        return answer.status, answer.headers["Location"], comparable(answer.read())


def without_keeping(path: str, host: str) -> Answer:
    """What the site answers that makes everything of the database at each request."""
    cache.clear()  # where Wagtail keeps addresses of its own, which a change by hand leaves behind
    with override_settings(MIDDLEWARE=ALONE):
        answer = Client(headers={"host": host}, raise_request_exception=False).get(path)
    return answer.status_code, answer.headers.get("Location"), comparable(answer.content)


def comparable(body: bytes) -> bytes:
    """Without the names that collected files have, which here were not, nor the style sheet's
    version, which the font's name is a part of; and without the moment at which Django says that a
    feed was made in which there is nothing.
    """
    body = re.sub(rb"theme\.css\?v=[0-9a-f]{8}", b"theme.css", body)
    body = re.sub(rb"<updated>[^<]*</updated></feed>", b"</feed>", body)
    return re.sub(rb"(/static/[a-z/]+)\.[0-9a-f]{12}\.", rb"\1.", body)


@pytest.fixture
def servers(
    live_site: Callable[..., LiveSite], settings: Any
) -> Iterator[tuple[LiveSite, Readers]]:
    site = live_site("dummymail://")
    settings.SITE_URL = site.url  # of what is made here to compare with, too
    site.collect_static()
    site.env["GUNICORN_CMD_ARGS"] = "--workers 1"
    port = free_port()
    command = [HOST + f":{port}" if part.startswith(HOST) else part for part in site.web.command]
    other = Service(command, site.env, site.logs / "other.log")
    other.start()
    try:
        site.start_web()
        readers = Readers(f"{HOST}:{site.port}", [site.port, port])
        wait_until(lambda: answers(readers.servers[1]), "the other server answers")
        yield site, readers
    finally:
        other.kill()


def answers(server: http.client.HTTPConnection) -> bool:
    with suppress(OSError):
        server.request("GET", "/healthz/", headers={"Host": HOST})
        return server.getresponse().read() == b"ok\n"
    server.close()
    return False


def acts(number: int) -> st.SearchStrategy[list[tuple[Callable[[int], None], int]]]:
    each = st.tuples(st.sampled_from(ACTS), st.integers(0, 10**6))
    return st.lists(each, min_size=number, max_size=number)


@pytest.mark.parametrize(
    ("examples", "each"), [(1, 12), pytest.param(EXAMPLES, ACTS_EACH, marks=pytest.mark.soak)]
)
def test_after_each_act_both_servers_answer_as_if_nothing_were_kept(
    servers: tuple[LiveSite, Readers],
    filled_database: str,
    report: dict[str, object],
    examples: int,
    each: int,
) -> None:
    site, readers = servers
    done = 0

    @settings(
        max_examples=examples,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(acts=acts(each), chance=st.randoms(use_true_random=True))
    def attempt(acts: list[tuple[Callable[[int], Any], int]], chance: random.Random) -> None:
        nonlocal done
        with site.database():
            readers.assert_all_see_the_same(chance)
            for act, number in acts:
                act(number)
                done += 1
                readers.assert_all_see_the_same(chance)
        databases.restore(filled_database, site.database_name)

    attempt()
    report |= {"acts": done, "answers that were compared": readers.answers}
    assert done >= examples * each
