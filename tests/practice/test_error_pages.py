"""Whatever went wrong: whose site it is, a way home, a telephone, crisis help, and no dead end."""

from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from practice.accounts.lockout import GUESSES_BY_BOTH
from practice.http import error_pages, outage
from practice.models import PracticeSettings

KNOWN = {
    "practice_name": "Quiet Harbor Counseling",
    "telephone": "(415) 555-0100",
    "crisis_phone": "0800 1234",
    "emergency_number": "112",
}


def crashed(error: Exception) -> Callable[[HttpRequest], HttpResponse]:
    def answer(request: HttpRequest) -> HttpResponse:
        try:
            raise error
        except type(error):
            return error_pages.server_error(request)

    return answer


PAGES: dict[str, tuple[int, Callable[[HttpRequest], HttpResponse]]] = {
    "unreadable": (400, lambda request: error_pages.bad_request(request, SuspiciousOperation())),
    "not theirs": (403, lambda request: error_pages.forbidden(request, PermissionDenied())),
    "open too long": (403, lambda request: error_pages.forbidden(request, is_old=True)),
    "not here": (404, lambda request: error_pages.not_found(request, Http404())),
    "crash": (500, crashed(ZeroDivisionError())),
    "away": (503, crashed(OperationalError("away"))),
}


@pytest.fixture(params=PAGES)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def shown(kind: str, path: str = "/articles/", method: str = "get") -> BeautifulSoup:
    """Without the `db` fixture, any query fails."""
    status, answer = PAGES[kind]
    response = answer(getattr(RequestFactory(), method)(path))
    assert response.status_code == status
    return BeautifulSoup(response.content, "html.parser")


def test_each_names_the_practice_and_leads_home_to_the_telephone_and_to_its_crisis_lines(
    kind: str,
) -> None:
    outage.remember(PracticeSettings(**KNOWN))
    page = shown(kind)
    assert len(page.select("h1")) == 1
    for named in ("header a[href='/']", "title"):
        assert KNOWN["practice_name"] in page.select(named)[0].get_text()
    for way in ("main a[href='/']", "a[href='tel:+1-415-555-0100']", "a[href='tel:08001234']"):
        assert page.select_one(way), way
    assert page.select_one("a[href='tel:112']")
    assert not page.select("a[href='tel:911']")


def test_a_site_that_has_said_nothing_yet_still_leads_home_and_to_crisis_help(kind: str) -> None:
    outage.remember(object())
    page = shown(kind)
    assert page.select_one("main a[href='/']")
    assert page.select_one("a[href='tel:988']")
    assert "findahelpline.com" in page.get_text()


def test_the_way_out_comes_first_on_what_was_private(kind: str) -> None:
    private = shown(kind, "/consultation/manage/1-a.b/")
    assert private.select("a")[0] in private.select(".exit")
    assert not shown(kind).select(".exit")


def test_no_sentence_stands_on_a_page_twice(kind: str) -> None:
    outage.remember(PracticeSettings(**KNOWN))
    told = [each.get_text(" ", strip=True) for each in shown(kind, method="post").select("h1, p")]
    assert len(told) == len(set(told))


@pytest.mark.django_db
def test_a_form_whose_token_is_missing_meets_the_same_kind_of_page(
    practice: PracticeSettings,
) -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/account/login/", {"login": "therapist@example.com"})
    assert answer.status_code == 403
    page = BeautifulSoup(answer.content, "html.parser")
    assert page.select("h1")[0].get_text() == "This page was open too long"
    assert page.select_one("a[href='tel:+1-415-555-0100']")


@pytest.mark.django_db
def test_an_address_with_the_wrong_host_meets_it_too(practice: PracticeSettings) -> None:
    answer = Client().get("/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert "come through right" in answer.content.decode()


@pytest.mark.django_db
def test_who_has_guessed_too_often_meets_a_page_with_a_telephone_too(
    practice: PracticeSettings,
) -> None:
    stranger = Client()
    guess = {"login": "therapist@example.com", "password": "wrong"}
    answers = [stranger.post("/account/login/", guess) for _ in range(GUESSES_BY_BOTH + 1)]
    assert answers[-1].status_code == 429
    page = BeautifulSoup(answers[-1].content, "html.parser")
    assert len(page.select("h1")) == 1
    for way in ("header a[href='/']", "a[href='tel:+1-415-555-0100']", "a[href='tel:988']"):
        assert page.select(way), way


@pytest.mark.django_db
def test_an_error_page_comes_though_no_static_file_was_collected(
    visitor: Client, settings: Any
) -> None:
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    }
    answer = visitor.get("/consultation/manage/nothing/else/")
    assert answer.status_code == 404
    assert "Leave this page" in answer.content.decode()
