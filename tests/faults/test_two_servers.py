"""Two application servers and two workers, each a machine of its own, on one PostgreSQL and one
cache that are a third: what one does holds for the other.

The machines are network namespaces, which the test makes and removes. It needs root.
"""

import subprocess
import sys
import time
from functools import partial

import pytest

from blog.models import ArticlePage
from booking.models import ConsultationRequest, OutgoingEmail, SlotClaim
from booking.services import by_visitor
from practice.models import Tally
from tests import factories
from tests.faults.browser import Browser
from tests.faults.machines import Machines, workers
from tests.faults.mailserver import MailServer
from tests.faults.site import PROJECT, LiveSite, wait_until
from tests.faults.test_canary import hidden_and_shown, sign_in
from tests.faults.test_races import Answer, Visitor, at_once

LETTERS = 200
# Saved and published as the admin does it, by a process of that server's.
PUBLISH = """
from blog.models import ArticlePage
article = ArticlePage.objects.get(pk={pk})
article.title = {title!r}
article.save_revision().publish()
"""

pytestmark = pytest.mark.django_db
few_or_many = pytest.mark.parametrize("rounds", [1, pytest.param(20, marks=pytest.mark.soak)])


# --- One time that everybody wants -----------------------------------------------------------


@few_or_many
def test_64_visitors_want_one_time_through_both_servers_and_one_has_it(
    machines: Machines, rounds: int
) -> None:
    with machines.database():
        ConsultationRequest.objects.all().delete()
        factories.schedule(horizon_days=120)
    servers = list(machines.servers.values())

    def asks(visitor: Visitor, server: LiveSite, start: object) -> Answer:
        with machines.network.on("outside"):
            return visitor.post(server.port, start, server.host)  # type: ignore[arg-type]

    for number in range(rounds):
        with machines.database():
            start = factories.open_time()
        people = [Visitor() for _ in range(64)]
        answers = at_once(
            [partial(asks, who, servers[n % 2], start) for n, who in enumerate(people)]
        )
        assert sorted(answer.status for answer in answers) == [303] + [409] * 63
        for visitor, answer in zip(people, answers, strict=True):
            if answer.status == 409:
                visitor.assert_is_asked_again(answer, lost=start)
        with machines.database():
            won = ConsultationRequest.objects.get(starts_at=start)
            assert won.name == people[[a.status for a in answers].index(303)].name
            assert ConsultationRequest.objects.count() == number + 1
            assert SlotClaim.objects.count() == 6 * (number + 1)


# --- Letters ---------------------------------------------------------------------------------


@few_or_many
def test_two_workers_send_200_letters_each_once(machines: Machines, rounds: int) -> None:
    mail = machines.mail
    for _ in range(rounds):
        mail.begun.clear()
        with machines.database():
            OutgoingEmail.objects.all().delete()
            for number in range(LETTERS // 2):
                by_visitor.submit(factories.unsaved_request(email=f"{number}@visitor.example"))
            owed = {str(key) for key in OutgoingEmail.objects.values_list("key", flat=True)}
        assert len(owed) == LETTERS
        mail.holds = True  # until each of the two is at work
        with workers(machines):
            wait_until(lambda: len(senders(mail)) == 2, "both workers send")
            mail.holds = False
            with machines.database():
                machines.servers["one"].wait_for_mail()
        assert sorted(delivery.key for delivery in mail.accepted) == sorted(owed)
        assert senders(mail) == {machines.network.addresses[name] for name in ("one", "two")}
        with machines.database():
            assert not OutgoingEmail.objects.filter(sent_at=None).exists()
            assert not OutgoingEmail.objects.exclude(attempts=0, last_error="").exists()


def senders(mail: MailServer) -> set[str]:
    return {delivery.came_from for delivery in list(mail.begun)}


# --- What is published ------------------------------------------------------------------------


def publishes(server: LiveSite, article: ArticlePage, title: str) -> None:
    command = [sys.executable, "manage.py", "shell", "-v0", "-c"]
    code = PUBLISH.format(pk=article.pk, title=title)
    subprocess.run([*command, code], cwd=PROJECT, env=server.worker.env, check=True)


@few_or_many
def test_what_one_server_publishes_both_show_within_a_second(
    machines: Machines, rounds: int
) -> None:
    article = machines.article()
    for number in range(rounds):
        for name, server in machines.servers.items():
            title = f"Published by server {name} {number}"
            assert title not in set().union(*machines.titles(article).values())  # all have it kept
            with machines.network.on(name):
                publishes(server, article, title)
            time.sleep(1)
            assert machines.titles(article) == {"one": {title}, "two": {title}}


def test_what_is_unpublished_in_one_servers_admin_neither_shows_a_second_later(
    machines: Machines,
) -> None:
    """Signed in on one server; the session and what was published hold on the other too."""
    article = machines.article()
    with machines.database():
        title = article.title
    assert machines.titles(article) == {"one": {title}, "two": {title}}
    with machines.network.on("outside"):
        therapist = Browser(machines.servers["one"].url)
        sign_in(therapist)
        address = f"/admin/pages/{article.pk}/unpublish/"
        therapist.post(address, hidden_and_shown(therapist.get(address).text))
    time.sleep(1)
    assert machines.titles(article) == {"one": {"404"}, "two": {"404"}}
    with machines.network.on("one"):
        publishes(machines.servers["one"], article, title)
    time.sleep(1)
    assert machines.titles(article) == {"one": {title}, "two": {title}}


# --- The cache -----------------------------------------------------------------------------------


def signs_in(machines: Machines, server: str) -> None:
    """Of which allauth leaves a mark in the cache, for half a minute."""
    with machines.database():
        Tally.objects.all().delete()  # or the code of a moment ago would be refused
    with machines.network.on("outside"):
        sign_in(Browser(machines.servers[server].url))


def asked(machines: Machines) -> int:
    """How often somebody wrote something into the cache."""
    with machines.network.on("base"):
        return machines.cache.asked().get("set", 0)


def test_the_servers_share_one_cache_and_do_without_it_while_it_is_away(
    machines: Machines,
) -> None:
    article = machines.article()
    with machines.network.on("base"):
        machines.cache.forget()
    before = asked(machines)
    signs_in(machines, "one")
    assert asked(machines) > before
    machines.cache.stop()
    try:
        signs_in(machines, "two")
        for server in machines.servers:
            for path in (article.url, "/consultation/", "/sitemap.xml"):
                assert machines.visit(server, path).status == 200
    finally:
        with machines.network.on("base"):
            machines.cache.start()
