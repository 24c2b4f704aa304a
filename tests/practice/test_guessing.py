"""Guessing passwords: who is stopped, who is not, and what is kept of it."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from axes.models import AccessAttempt, AccessLog
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from wagtail.models import Collection, CollectionViewRestriction, PageViewRestriction

from blog.models import ArticlePage
from practice.models import User
from tests import factories

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse 7"
SIGN_IN = "/account/login/"
HERS = "198.51.100.7"


def guess(address: str, password: str = "wrong", email: str = "therapist@example.com") -> Any:
    return Client(REMOTE_ADDR=address).post(SIGN_IN, {"login": email, "password": password})


def accepted(answer: Any) -> bool:
    """Whether the password was: what comes next is the second factor."""
    return answer.status_code == 302


@pytest.fixture(autouse=True)
def _enrolled(therapist: User) -> None:
    cache.clear()  # where allauth notes which code was used
    factories.second_factor(therapist)


def guess_all(guesses: int, addresses: int) -> set[str]:
    """As many guesses over as many addresses; the addresses from which they came."""
    used = [f"10.1.{n // 256}.{n % 256}" for n in range(addresses)]
    for number in range(guesses):
        assert not accepted(guess(used[number % addresses], f"guess {number}"))
    return set(used)


@pytest.mark.parametrize(
    ("guesses", "addresses"),
    [
        (30, 1),
        (48, 8),
        pytest.param(1000, 1, marks=pytest.mark.soak),
        pytest.param(1000, 200, marks=pytest.mark.soak),
    ],
)
def test_no_guess_gets_in_and_the_therapist_does(guesses: int, addresses: int) -> None:
    used = guess_all(guesses, addresses)
    for address in used:
        answer = guess(address, PASSWORD)
        assert answer.status_code == 429, "the right password comes too late from there"
    assert accepted(guess(HERS, PASSWORD))


def test_guesses_from_elsewhere_never_shut_the_account(therapist: User) -> None:
    guess_all(60, 12)
    for _ in range(3):
        assert guess(HERS).status_code == 200
    assert accepted(guess(HERS, PASSWORD))


def test_one_address_guesses_at_many_accounts_and_is_stopped() -> None:
    answers = [guess("10.0.0.1", email=f"{n}@example.org").status_code for n in range(21)]
    assert answers == [200] * 19 + [429] * 2


def test_somebody_with_an_account_buys_no_guesses_at_others(editor: User) -> None:
    """Each sign-in forgets the failures at one's own account alone."""
    factor = factories.second_factor(editor)
    for _ in range(4):
        guess("10.0.0.1")
    client = Client(REMOTE_ADDR="10.0.0.1")
    client.post(SIGN_IN, {"login": editor.email, "password": PASSWORD})
    client.post("/account/login/code/", {"code": factories.code_of(factor)})
    assert client.get("/admin/").status_code == 200
    assert guess("10.0.0.1").status_code == 429


def test_the_lock_out_opens_after_half_an_hour() -> None:
    with time_machine.travel(0, tick=False) as clock:
        guess_all(10, 1)
        clock.shift(1799)
        assert guess("10.1.0.0", PASSWORD).status_code == 429
        clock.shift(2)
        assert accepted(guess("10.1.0.0", PASSWORD))


def test_who_mistypes_now_and_then_is_not_locked_out(therapist: User) -> None:
    with time_machine.travel(0, tick=False) as clock:
        for _ in range(8):
            assert guess(HERS).status_code == 200
            clock.shift(1000)
        assert accepted(guess(HERS, PASSWORD))


def test_a_stranger_cannot_choose_the_address_that_counts(settings: Any) -> None:
    settings.BEHIND_PROXY = True
    for number in range(6):
        forwarded = {"x-forwarded-for": f"1.2.3.{number}, 203.0.113.9"}
        answer = Client().post(
            SIGN_IN, {"login": "therapist@example.com", "password": "x"}, headers=forwarded
        )
    assert answer.status_code == 429


@pytest.mark.parametrize("address", ["2001:db8::7", "no address", ""])
def test_whatever_the_address_is_guesses_are_counted(address: str) -> None:
    assert [guess(address).status_code for _ in range(6)] == [200] * 4 + [429] * 2


def test_the_page_of_the_lock_out_says_what_to_do() -> None:
    guess_all(6, 1)
    page = guess("10.1.0.0").content.decode()
    assert "passkey" in page
    assert "half an hour" in page


def test_little_is_kept_of_a_guess_and_nothing_of_a_success(therapist: User) -> None:
    client = Client(headers={"user-agent": "Telltale", "accept": "telltale"})
    client.post(f"{SIGN_IN}?next=/telltale/", {"login": therapist.email, "password": "telltale"})
    [row] = AccessAttempt.objects.values()
    assert "telltale" not in str(row).lower()
    assert therapist.email not in str(row)
    guess(HERS, PASSWORD)
    assert not AccessLog.objects.exists()


# --- Passwords that readers share -----------------------------------------------------------------


@pytest.fixture
def behind_a_password(article: ArticlePage) -> dict[str, str]:
    """Where the shared password of a page and of a collection is given."""
    kind, word = PageViewRestriction.PASSWORD, {"password": PASSWORD}
    page = PageViewRestriction.objects.create(page=article, restriction_type=kind, **word)
    drawer = Collection.get_first_root_node().add_child(name="Drawer")
    papers = CollectionViewRestriction.objects.create(
        collection=drawer, restriction_type=kind, **word
    )
    return {
        "page": f"/_util/authenticate_with_password/{page.pk}/{article.pk}/",
        "same page": f"/_util/authenticate_with_password/{page.pk}/{article.get_parent().pk}/",
        "collection": f"/documents/authenticate_with_password/{papers.pk}/",
    }


def try_shared(form: str, password: str = "wrong", address: str = "10.1.0.0") -> Any:
    fields = {"password": password, "return_url": "/"}
    return Client(REMOTE_ADDR=address).post(form, fields)


@pytest.mark.parametrize("kind", ["page", "collection"])
def test_a_shared_password_cannot_be_guessed_either(
    behind_a_password: dict[str, str], kind: str
) -> None:
    form = behind_a_password[kind]
    answers = [try_shared(form).status_code for _ in range(100)]
    assert answers == [200] * 5 + [429] * 95
    too_late = try_shared(form, PASSWORD)
    assert too_late.status_code == 429
    assert "ask the person who" in too_late.content.decode().replace("\n    ", " ")
    assert accepted(try_shared(form, PASSWORD, HERS)), "it is nobody else's fault"
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        assert accepted(try_shared(form, PASSWORD))


def test_another_page_named_in_the_address_buys_no_guesses(
    behind_a_password: dict[str, str],
) -> None:
    for _ in range(5):
        try_shared(behind_a_password["page"])
    assert try_shared(behind_a_password["same page"]).status_code == 429
    assert accepted(try_shared(behind_a_password["collection"], PASSWORD))


def test_many_readers_of_one_address_who_know_the_password_all_get_in(
    behind_a_password: dict[str, str],
) -> None:
    for _ in range(3):
        assert [try_shared(behind_a_password["page"]).status_code for _ in range(4)] == [200] * 4
        assert accepted(try_shared(behind_a_password["page"], PASSWORD))
