"""The access matrix: every address of the resolver, tried by everybody (tests/access.py), and with
numbers that lead nowhere.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, NamedTuple

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.contrib import auth
from django.contrib.auth.models import AnonymousUser, Group
from django.db import DatabaseError, OperationalError, connection, transaction
from django.template.backends.django import Template
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from wagtail.admin.views.bulk_action.registry import bulk_action_registry
from wagtail.admin.views.pages.ordering import SetPagePositionView
from wagtail.models import Page

from blog.models import ArticleIndexPage, BioPage
from booking import tokens
from booking.models import ConsultationRequest, OutgoingEmail, Schedule
from practice.accounts.sessions import SessionStore
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
def actors(therapist: User, editor: User, monkeypatch: pytest.MonkeyPatch) -> dict[str, Client]:
    """A client of each. Who they are and what they may do is read once, and not by each request:
    that takes a third of the time.
    """
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
    people = {str(person.pk): person for person in User.objects.all()}

    def get_user(request: Any) -> Any:
        return people.get(request.session.get(auth.SESSION_KEY)) or AnonymousUser()

    monkeypatch.setattr(auth, "get_user", get_user)
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
    a second factor or shows it again. hidden: what an address gets that does not exist, or does
    not any longer. refused: 403, or led to the admin's first page. 405: not by this method.
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
    if status in (404, 410):
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
    for ask in (client.get, client.post):
        before = transaction.savepoint()
        yield ask(path)
        transaction.savepoint_rollback(before)
    client.cookies.clear()
    client.cookies.update(cookies)


def state_of_requests() -> list[Any]:
    """All that an act of the practice's on a request or the schedule would change."""
    # That a request came from an article goes with the article, which editors may delete.
    kept = [each.attname for each in ConsultationRequest._meta.fields if each.name != "article"]
    requests = ConsultationRequest.objects.order_by("pk").values(*kept)
    return [*requests, *OutgoingEmail.objects.values(), *Schedule.objects.values()]


class Writes:
    """Whether something was written of requests and the schedule; to look at them takes longer."""

    def __init__(self) -> None:
        self.seen = False

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.seen = self.seen or (not sql.startswith("SELECT") and "booking_" in sql)
        return execute(sql, params, many, context)


def faults_of(client: Client, place: Place, actor: str, known: dict[str, Any]) -> Iterator[str]:
    """In which ways somebody does not get at an address what the table says."""
    path, cell = place.address.format(**known), place.cells[actor].partition(">")[0]
    looks = actor not in MAY_REVIEW and "link" not in place.who
    kinds, writes = [], Writes()
    with connection.execute_wrapper(writes):
        for answer in try_both(client, path):
            kinds.append(kind_of(answer))
            if looks and (words := told(answer, path)):
                yield f"is told {words}"
            if actor == "editor" and "learns" in place.who and answer.content != known["nothing"]:
                yield "gets another page than for what does not exist"
            if looks and writes.seen and state_of_requests() != known["state"]:
                yield "changes a request"
    by_get, by_post = kinds
    if not is_as_placed(by_get, by_post, cell):
        yield f"should get {cell}, gets {by_get} by GET and {by_post} by POST"


def is_the_superusers(place: Place) -> bool:
    return place.cells["superuser"] != place.cells["therapist"].rpartition(">")[2]


@contextmanager
def unrendered() -> Iterator[None]:
    """Leaves out the time that pages of the admin take to be drawn, where none is looked at."""
    drawn = Template.render

    def render(self: Template, context: Any = None, request: Any = None) -> str:
        is_admins = request is not None and request.path.startswith("/admin/")
        return "" if is_admins else drawn(self, context, request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Template, "render", render)
        yield


@pytest.mark.parametrize("all_of_it", [False, pytest.param(True, marks=pytest.mark.soak)])
def test_everybody_gets_what_the_table_says(
    known: dict[str, Any], actors: dict[str, Client], all_of_it: bool
) -> None:
    """Where the superuser gets what the therapist gets, that is tried in the soak alone."""
    known["nothing"] = actors["editor"].get("/admin/no/such/page/").content
    known["state"] = state_of_requests()
    faults = []
    for actor, client in actors.items():
        with unrendered() if actor in MAY_REVIEW else nullcontext():
            faults += [
                f"{place.address}: {actor} {fault}"
                for place in PLACED
                if all_of_it or actor != "superuser" or is_the_superusers(place)
                for fault in faults_of(client, place, actor, known)
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


# --- A number that leads nowhere is no crash ------------------------------------------------------

# Where a number is not in the address; those of bulk actions are added.
ASKED = """
/admin/api/main/pages/?offset={article}
/admin/api/main/pages/?child_of={index}
/admin/api/main/images/?offset={image}
/admin/api/main/documents/?offset={document}
/admin/pages/?owner={other}
/admin/pages/?content_type={other}
/admin/pages/{article}/set_position/?position={index}
/admin/choose-page/?target_pages[]={article}
/admin/images/?collection_id={collection}
/admin/users/?group={group}
/admin/reports/site-history/?user={other}
/account/second-factor/?next={other}
"""
NAMES_A_NUMBER = re.compile(r"{(?!\w*(?:file|key|person|secret|slug|token)\b)(\w+)}")


def numbered() -> Iterator[str]:
    """Every address that names something by its number, those of all bulk actions among them."""
    yield from (place.address for place in PLACED if NAMES_A_NUMBER.search(place.address))
    yield from ASKED.split()
    bulk_action_registry._scan_for_bulk_actions()
    for app, models in bulk_action_registry.actions.items():
        for model, actions in models.items():
            for name in actions:
                yield f"/admin/bulk/{app}/{model}/{name}/?id={{article}}"
                yield f"/admin/bulk/{app}/{model}/{name}/?id=all&childOf={{index}}"


def astray(address: str, known: dict[str, Any]) -> Iterator[str]:
    """An address with each of its numbers replaced by one that should not be there.

    What is no address any more by that, as with a text, is left out: it reaches no view.
    """
    for name in NAMES_A_NUMBER.findall(address):
        another = known["revision" if name == "home_revision" else "home_revision"]
        foreign = another if "revision" in name else known["home"]
        if "/bulk/" in address:
            foreign = 0  # half of the time went into deleting the site, page by page
        for number in (1, foreign, 999_999, "9" * 20, "x"):  # 1 is the root of pages
            path = address.format(**known | {name: number})
            if resolve(path.partition("?")[0]).view_name not in FINDS_THE_REST:
                yield path


def crashes(client: Client, paths: Iterable[str]) -> list[str]:
    return [
        f"{method} {path}: {answer.status_code}"
        for path in paths
        for method, answer in zip(("GET", "POST"), try_both(client, path), strict=True)
        if answer.status_code >= 500
    ]


@pytest.mark.parametrize("all_of_it", [False, pytest.param(True, marks=pytest.mark.soak)])
def test_a_number_that_leads_nowhere_is_no_crash_for_anybody(
    known: dict[str, Any], actors: dict[str, Client], all_of_it: bool
) -> None:
    """Each of them tries one number at each address, by turns, and in the soak all of them. What
    refuses whoever is not signed in asks for no number, and is tried outside of the admin.
    """
    del actors["superuser"]  # who tries them all below
    faults, tried = [], 0
    for shift, (actor, client) in enumerate(actors.items()):
        for turn, address in enumerate(numbered()):
            if address.startswith("/admin/") and actor in ("anonymous", "unenrolled"):
                continue
            paths = list(astray(address, known))
            chosen = paths if all_of_it else [paths[(turn + shift) % len(paths)]]
            with unrendered():
                faults += [f"{actor}: {fault}" for fault in crashes(client, chosen)]
            tried += 1
    assert tried > 300
    assert not faults, "\n" + "\n".join(faults)


def test_none_of_the_numbers_that_lead_nowhere_is_a_crash(
    known: dict[str, Any], actors: dict[str, Client], settings: Any
) -> None:
    """All that the superuser can try, whom no view refuses, without what stands before views."""
    SignedInAtOnce.person = User.objects.get(email="owner@example.com")
    settings.MIDDLEWARE = [
        f"{__name__}.SignedInAtOnce",
        "allauth.account.middleware.AccountMiddleware",
        "practice.http.malformed.MalformedRequests",
        "django.contrib.messages.middleware.MessageMiddleware",
    ]
    client = Client(raise_request_exception=False)
    with unrendered():
        faults = crashes(client, (path for each in numbered() for path in astray(each, known)))
    assert not faults, "\n" + "\n".join(faults)


class SignedInAtOnce:
    """Middleware that asks the database neither who it is nor for their session."""

    person: User

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        request.user, request.session = self.person, SessionStore()
        request._dont_enforce_csrf_checks = True
        return self.get_response(request)


@pytest.mark.parametrize("error", [ValueError, AttributeError, OverflowError, DatabaseError])
def test_what_fails_for_any_other_reason_stays_a_crash(
    as_therapist: Client, article: Page, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def post(*args: Any, **kwargs: Any) -> Any:
        raise error("words")

    monkeypatch.setattr(SetPagePositionView, "post", post)
    as_therapist.raise_request_exception = False
    answer = as_therapist.post(f"/admin/pages/{article.pk}/set_position/?position=7", {"a": "b"})
    assert answer.status_code == 500


def test_a_database_that_is_away_is_said_whatever_was_sent(
    as_therapist: Client, article: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link to a post of a social network has nineteen digits; what was typed must not go."""

    def post(*args: Any, **kwargs: Any) -> Any:
        raise OperationalError("database is locked")

    monkeypatch.setattr(SetPagePositionView, "post", post)
    as_therapist.raise_request_exception = False
    sent = {"body": "https://social.example/status/1790000000000000001"}
    answer = as_therapist.post(f"/admin/pages/{article.pk}/set_position/", sent)
    assert answer.status_code == 503


# --- A link opens one request and nothing else -----------------------------------------------


ACTS: list[dict[str, str]] = [
    {},
    {"act": "withdraw"},
    {"act": "restore"},
    {"act": "erase", "sure": "1"},
]


def test_a_link_neither_shows_nor_changes_the_request_of_another(
    known: dict[str, Any], visitor: Client
) -> None:
    consultation = ConsultationRequest.objects.filter(pk=known["request"])
    before = consultation.values().get()
    other = f"/consultation/manage/{known['other_token']}/"
    mixed = f"/consultation/manage/{known['mixed_token']}/"
    of_nobody = f"/consultation/manage/{tokens.make(10**9, 'nonce')}/"
    for act in ACTS:
        for answer in (visitor.get(other), visitor.post(other, act, follow=True)):
            assert not told(answer, other), act
        assert not visitor.cookies, "so whoever has a link is anybody to every other address"
        for answer in (visitor.get(mixed), visitor.post(mixed, act)):
            assert answer.status_code == 410
            assert answer.content == visitor.get(of_nobody).content
        assert consultation.values().get() == before, act
