"""Who reaches what in the admin: every address of the resolver, tried, not a list by hand."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from wagtail.models import Page, Site

from blog.models import ArticleIndexPage, Topic
from booking import services
from booking.emails import Draft
from booking.models import ConsultationRequest, Letter
from practice.models import PracticeSettings
from tests import factories

pytestmark = pytest.mark.django_db

# What anybody may open, by the name of its address: two static helpers of Wagtail's (icons and
# translations) that say nothing about this site.
OPEN_TO_ALL = {"wagtailadmin_sprite", "wagtailadmin_javascript_catalog"}
# Wagtail's ways in and out, which lead to ours.
WAYS_IN = ("/account/", "/admin/login/")
SIGNS_OUT = {"wagtailadmin_logout", "admin_sign_out"}
FAILS_ON_PURPOSE = "/admin/failwhale/"  # Wagtail's own look at its error page
SECRETS = ("Quillon", "quillon@example.com", "+16265550143", "canary note", "canary words")


def patterns(
    resolver: URLResolver, before: str = "", space: str = ""
) -> Iterator[tuple[str, str, Any]]:
    """`(regular path, full name, pattern)` of every address below a resolver."""
    for entry in resolver.url_patterns:
        path = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from patterns(entry, path, inner)
        elif isinstance(entry, URLPattern):
            yield path, space + (entry.name or ""), entry


def fill(path: str, values: dict[str, list[str]]) -> Iterator[str]:
    """Addresses of a pattern, its arguments filled with what exists; `r'^(?P<pk>…)$'` too."""
    path = re.sub(r"[\^$]|\\Z|\\A", "", path).replace("\\", "")
    names = re.findall(r"<(?:\w+:)?(\w+)>", path)
    choices = next((values[name] for name in names if name in values), ["1"])
    for value in choices:
        filled = re.sub(r"\(\?P<\w+>(?:[^()]|\([^()]*\))*\)", value, path)
        filled = re.sub(r"<(?:\w+:)?\w+>", value, filled)
        filled = re.sub(r"\(\?:[^()]*\)\??|\([^()]*\)\??", "", filled)
        yield "/" + filled.lstrip("/")


def admin_addresses(values: dict[str, list[str]]) -> list[tuple[str, str]]:
    """`(address, name)` of everything below /admin/."""
    found = [
        (address, name)
        for path, name, _ in patterns(get_resolver())
        if path.startswith("admin/")
        for address in fill(path, values)
    ]
    assert len(found) > 200, "the resolver was not walked"
    strays = [address for address, name in found if resolve(address).view_name != name]
    assert len(strays) < len(found) / 20, strays  # else the arguments were filled in badly
    assert any(name.startswith("consultations:") for _, name in found)
    return found


@pytest.fixture
def canary(practice: PracticeSettings, article: Any, therapist: Any) -> ConsultationRequest:
    request, _ = services.submit(
        factories.unsaved_request(
            name="Quillon",
            email="",
            phone="+16265550143",
            message="canary message",
            article=article.page_ptr,
        )
    )
    services.waitlist(request, user=therapist, words=Draft("", "canary words"))
    services.set_private_note(request, "canary note", user=therapist)
    return request


@pytest.fixture
def addresses(canary: ConsultationRequest) -> list[tuple[str, str]]:
    some = [str(canary.pk), str(canary.article_id), "1"]
    return admin_addresses(
        {
            "pk": some,
            "page_id": [str(canary.article_id)],
            "letter": [str(Letter.objects.get().pk)],
            "decision": ["confirm", "decline", "close"],
            "app_label": ["booking"],
            "model_name": ["consultationrequest"],
            "content_type_app_name": ["booking"],
            "content_type_model_name": ["consultationrequest"],
            "content_type_id": ["1"],
            "object_id": [str(canary.pk)],
        }
    )


def tells_of_requests(answer: Any) -> list[str]:
    """The words of a request, or of the list's existence, in an answer."""
    text = b"".join(answer.streaming_content) if answer.streaming else answer.content
    page = text.decode(errors="replace") + str(answer.headers)
    traces = [
        *SECRETS,
        "consultations/",
        "Consultations",
        "ConsultationRequest",
        "consultationrequest",
    ]
    # An address that was asked for may be repeated in the answer to it.
    asked = answer.wsgi_request.get_full_path()
    return [trace for trace in traces if trace in page.replace(asked, "")]


def try_everything(
    client: Client, addresses: list[tuple[str, str]]
) -> Iterator[tuple[str, str, str, Any]]:
    tried = [
        (address, name)
        for address, name in addresses
        if name not in SIGNS_OUT and address != FAILS_ON_PURPOSE
    ]
    for address, name in tried:
        yield "get", address, name, client.get(address)
    for address, name in tried:
        # Taken back, or one that deletes a page would leave nothing to try for the next.
        sid = transaction.savepoint()
        answer = client.post(address)
        transaction.savepoint_rollback(sid)
        yield "post", address, name, answer


def test_a_stranger_gets_nothing_but_the_way_in(addresses: Any, visitor: Client) -> None:
    reached = set()
    for method, address, name, answer in try_everything(visitor, addresses):
        assert answer.status_code < 500, (method, address)
        assert not tells_of_requests(answer), (method, address)
        if answer.status_code == 200:
            reached.add(name)
        elif answer.status_code == 302 and name not in OPEN_TO_ALL:
            assert answer.headers["Location"].startswith(WAYS_IN), (method, address)
    assert reached <= OPEN_TO_ALL


def test_an_editor_never_learns_that_requests_exist(addresses: Any, as_editor: Client) -> None:
    untouched = ConsultationRequest.objects.values("state", "version", "private_note", "outcome")
    before = list(untouched.all())
    as_editor.raise_request_exception = False
    for method, address, name, answer in try_everything(as_editor, addresses):
        # Some of Wagtail's own views fail on a post without the fields that their page sends.
        assert answer.status_code < 500 or method == "post", (method, address)
        if name.startswith("consultations:"):
            assert answer.status_code == 404, (method, address)
        assert not tells_of_requests(answer), (method, address, tells_of_requests(answer))
    assert list(untouched.all()) == before


def test_an_editor_writes_articles_and_nothing_else(
    as_editor: Client, index: ArticleIndexPage, article: Any, home: Page
) -> None:
    assert as_editor.get(f"/admin/pages/{article.pk}/edit/").status_code == 200
    assert as_editor.get(f"/admin/pages/add/blog/articlepage/{index.pk}/").status_code == 200
    topic = Topic.objects.create(name="Closeness")
    assert as_editor.get(f"/admin/snippets/blog/topic/edit/{topic.pk}/").status_code == 200
    for address in (
        f"/admin/pages/{home.pk}/edit/",
        "/admin/users/",
        "/admin/groups/",
        "/admin/settings/practice/practicesettings/1/",
        "/admin/sites/",
    ):
        assert as_editor.get(address).status_code in (302, 403, 404), address


def test_the_therapist_reaches_all_that_the_work_needs(
    as_therapist: Client, article: Any, home: Page, canary: ConsultationRequest
) -> None:
    for address in (
        "/admin/",
        f"/admin/pages/{home.pk}/",
        f"/admin/pages/{home.pk}/edit/",
        f"/admin/pages/{article.pk}/edit/",
        "/admin/images/",
        "/admin/settings/practice/practicesettings/1/",
        "/admin/redirects/",
        "/admin/snippets/blog/topic/",
        f"/admin/consultations/{canary.pk}/",
    ):
        assert as_therapist.get(address, follow=True).status_code == 200, address


def test_two_groups_are_made_and_no_other(home: Page) -> None:
    assert set(Group.objects.values_list("name", flat=True)) == {"Therapist", "Editor"}
    assert Site.objects.get().root_page_id == home.pk


def test_nothing_of_a_request_enters_search_log_or_references(canary: ConsultationRequest) -> None:
    from django.apps import apps

    for model in apps.get_models():
        if model._meta.app_label in ("booking",):
            continue
        for row in model._default_manager.all().values():
            assert not any(secret in str(row) for secret in SECRETS), model
            assert "consultationrequest" not in str(row).lower() or model._meta.label in (
                "contenttypes.ContentType",
                "auth.Permission",
            ), model
