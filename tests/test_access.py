"""The access matrix: every address of the resolver, tried by everybody (tests/access.py)."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.contrib.auth.models import Group
from django.db import transaction
from django.template.response import TemplateResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from blog.models import ArticleIndexPage, BioPage
from booking.models import ConsultationRequest, OutgoingEmail, Schedule
from practice.models import PracticeSettings, User
from tests import factories
from tests.access import KEPT, PLACES, things, told

pytestmark = pytest.mark.django_db

ACTORS = ("anonymous", "unenrolled", "editor", "therapist", "superuser")
MAY_REVIEW = ("therapist", "superuser")
PLACE_IT = (
    "{route} ({name}) has no place in tests/access.py: add an address of it to the paragraph "
    "that says who may get what there, or write a new paragraph."
)
FINDS_THE_REST = ("wagtail_serve", "wagtail.admin.views.home.default")
GONE = "{address} is placed in tests/access.py, and nothing answers there any more: remove it."


class Place(NamedTuple):
    who: str  # the class, in words
    address: str  # as the table has it
    cells: dict[str, str]  # by actor
    is_rest: bool  # left to Wagtail's pattern for whatever no other matches


def read(text: str) -> Iterator[Place]:
    for paragraph in text.strip().split("\n\n"):
        head, *addresses = paragraph.splitlines()
        who, _, cells = head.rpartition(": ")
        by_actor = dict(zip(ACTORS, cells.split(), strict=True))
        for line in addresses:
            yield Place(who, line.removeprefix("* "), by_actor, line.startswith("* "))


PLACED = list(read(PLACES))


@pytest.fixture
def known(
    therapist: User, index: ArticleIndexPage, bio: BioPage, practice: PracticeSettings
) -> dict[str, Any]:
    return things(therapist, index, bio)


@pytest.fixture
def actors(therapist: User, editor: User) -> dict[str, Client]:
    unenrolled = Client()
    unenrolled.force_login(factories.user("new@example.com", Group.objects.get(name="Therapist")))
    owner = factories.user("owner@example.com")
    User.objects.filter(pk=owner.pk).update(is_superuser=True)
    clients = {
        "anonymous": Client(),
        "unenrolled": unenrolled,
        "editor": factories.signed_in(editor, again=True),
        "therapist": factories.signed_in(therapist),
        "superuser": factories.signed_in(owner, again=True),
    }
    for person in (therapist, editor, owner):
        RecoveryCodes.activate(person)
    for client in clients.values():
        client.raise_request_exception = False
    return clients


# --- Every address has a place ---------------------------------------------------------------


def routes(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, str]]:
    """`(route, name)` of every address below a resolver; routes as `ResolverMatch` has them."""
    for entry in resolver.url_patterns:
        route = join(before, str(entry.pattern))
        if isinstance(entry, URLResolver):
            yield from routes(entry, route)
        else:
            yield route, entry.name or entry.lookup_str


def join(before: str, route: str) -> str:
    return before + (route.removeprefix("^") if before else route)


def matching(resolver: URLResolver, path: str, before: str = "") -> Iterator[str]:
    """The routes of every pattern that `path` matches, also of those that come too late."""
    for entry in resolver.url_patterns:
        if not (match := entry.pattern.match(path)):
            continue
        route = join(before, str(entry.pattern))
        if isinstance(entry, URLPattern):
            yield route
        else:
            yield from matching(entry, match[0], route)


def test_every_address_has_its_place(known: dict[str, Any]) -> None:
    faults, answered = [], set()
    for place in PLACED:
        path = place.address.format(**known).partition("?")[0]
        match = resolve(path)
        if (match.view_name in FINDS_THE_REST) != place.is_rest:
            faults.append(GONE.format(address=place.address))
            continue
        answered.add(match.route)
        if match.func.__module__.startswith("practice."):
            # What stands behind one of ours is reached by nobody.
            answered.update(matching(get_resolver(), path.removeprefix("/")))
    every = list(routes(get_resolver()))
    assert len(every) > 200, "the resolver was not walked"
    faults += [
        PLACE_IT.format(route=route, name=name) for route, name in every if route not in answered
    ]
    assert not faults, "\n" + "\n".join(faults)


def test_there_is_no_oauth_server_and_no_websocket(settings: Any) -> None:
    strange = re.compile("oauth|openid|oidc|authorize|token/?$")
    assert [route for route, _ in routes(get_resolver()) if strange.search(route)] == []
    assert not [app for app in settings.INSTALLED_APPS if re.search("idp|oauth|channels", app)]
    assert not hasattr(settings, "ASGI_APPLICATION")


# --- Everybody gets what the table says ------------------------------------------------------


def kind_of(answer: Any) -> str:
    """What an answer is, in the words of the table.

    open: shown, acted on, led on, or told what is wrong with the form. locked: asked for the
    password of what is kept behind one. sign-in, factor, again: led to where one signs in, makes
    a second factor or shows it again. hidden: what an address gets that does not exist.
    refused: 403, or led to the admin's first page. 405: not by this method.
    """
    status, leads_to = answer.status_code, answer.headers.get("Location", "")
    if leads_to.startswith(("/account/login/", "/admin/login/")):
        return "sign-in"
    if leads_to.startswith("/account/second-factor/?"):
        return "factor"
    if leads_to.startswith("/account/again/"):
        return "again"
    if status == 403 or leads_to == "/admin/":
        return "refused"
    if status == 404:
        return "hidden"
    if status == 405 or status >= 500:
        return str(status)
    if status == 200 and not answer.streaming and b'name="return_url"' in answer.content:
        return "open" if KEPT in answer.content else "locked"
    return "open"


MEANS = {"open": {"open", "405"}, "refused": {"refused", "hidden", "405"}}


def is_as_placed(by_get: str, by_post: str, cell: str) -> bool:
    """Whether two kinds of answers are those of a cell. One method at least does something."""
    means = set().union(*(MEANS.get(word, {word}) for word in cell.split("|")))
    return {by_get, by_post} <= means and {by_get, by_post} != {"405"}


def try_both(client: Client, path: str) -> Iterator[Any]:
    """The answers to GET and to a POST without a field; all that they change is taken back."""
    cookies = dict(client.cookies)
    before = transaction.savepoint()
    yield client.get(path)
    yield client.post(path)
    transaction.savepoint_rollback(before)
    client.cookies.clear()
    client.cookies.update(cookies)


def state_of_requests() -> list[Any]:
    """All that an act of the practice's on a request or the schedule would change."""
    # That a request came from an article goes with the article, which editors may delete.
    kept = [each.attname for each in ConsultationRequest._meta.fields if each.name != "article"]
    requests = ConsultationRequest.objects.order_by("pk").values(*kept)
    return [*requests, *OutgoingEmail.objects.values(), *Schedule.objects.values()]


def faults_of(client: Client, place: Place, actor: str, known: dict[str, Any]) -> Iterator[str]:
    """In which ways somebody does not get at an address what the table says."""
    path, cell = place.address.format(**known), place.cells[actor].partition(">")[0]
    looks = actor not in MAY_REVIEW and "link" not in place.who
    kinds = []
    for answer in try_both(client, path):
        kinds.append(kind_of(answer))
        if looks and (words := told(answer, path)):
            yield f"is told {words}"
        if actor == "editor" and "learns" in place.who and answer.content != known["nothing"]:
            yield "gets another page than for what does not exist"
        if looks and len(kinds) == 2 and state_of_requests() != known["state"]:
            yield "changes a request"
    by_get, by_post = kinds
    if not is_as_placed(by_get, by_post, cell):
        yield f"should get {cell}, gets {by_get} by GET and {by_post} by POST"


@pytest.fixture
def unrendered(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Leaves out the time that pages of the admin take to be drawn, where none is looked at."""
    drawn: Any = TemplateResponse.rendered_content

    def leave_out() -> None:
        def content(self: Any) -> str:
            return "" if self._request.path.startswith("/admin/") else drawn.fget(self)

        monkeypatch.setattr(TemplateResponse, "rendered_content", property(content))

    return leave_out


@pytest.mark.parametrize("actor", ACTORS)
def test_everybody_gets_what_the_table_says(
    actor: str, known: dict[str, Any], actors: dict[str, Client], unrendered: Any
) -> None:
    known["nothing"] = actors["editor"].get("/admin/no/such/page/").content
    known["state"] = state_of_requests()
    if actor in MAY_REVIEW:
        unrendered()
    faults = [
        f"{place.address}: {actor} {fault}"
        for place in PLACED
        for fault in faults_of(actors[actor], place, actor, known)
    ]
    assert not faults, "\n" + "\n".join(faults)


def test_sensitive_acts_open_when_the_second_factor_was_shown_again(
    known: dict[str, Any], therapist: User, as_therapist_again: Client
) -> None:
    RecoveryCodes.activate(therapist)
    faults = []
    for place in PLACED:
        _, asked, cell = place.cells["therapist"].partition(">")
        if not asked:
            continue
        by_get, by_post = map(kind_of, try_both(as_therapist_again, place.address.format(**known)))
        if not is_as_placed(by_get, by_post, cell):
            faults.append(f"{place.address}: {by_get} by GET and {by_post} by POST, not {cell}")
    assert not faults, "\n" + "\n".join(faults)


def test_the_superuser_too_is_asked_again(known: dict[str, Any]) -> None:
    owner = factories.user("owner@example.com")
    User.objects.filter(pk=owner.pk).update(is_superuser=True)
    client = factories.signed_in(owner)
    sensitive = [place for place in PLACED if ">" in place.cells["therapist"]]
    kinds = {kind_of(client.post(place.address.format(**known))) for place in sensitive}
    assert kinds == {"again"}


# --- A link opens one request and nothing else -----------------------------------------------


@pytest.mark.parametrize(
    "act", [{}, {"act": "withdraw"}, {"act": "erase", "sure": "1"}, {"act": "restore"}]
)
def test_a_link_neither_shows_nor_changes_the_request_of_another(
    known: dict[str, Any], visitor: Client, act: dict[str, str]
) -> None:
    request = ConsultationRequest.objects.filter(pk=known["request"])
    before = request.values().get()
    other = f"/consultation/manage/{known['other_token']}/"
    for answer in (visitor.get(other), visitor.post(other, act, follow=True)):
        assert not told(answer, other)
    assert not visitor.cookies, "so whoever has a link is anybody to every other address"
    mixed = f"/consultation/manage/{known['mixed_token']}/"
    for answer in (visitor.get(mixed), visitor.post(mixed, act)):
        assert answer.status_code == 404
        assert answer.content == visitor.get("/consultation/manage/nothing/").content
    assert request.values().get() == before
