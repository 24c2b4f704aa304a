"""Who signs in, and how: by an e-mail address that is one person's, whatever its capitals."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from practice.models import User
from tests import factories

PASSWORD = "correct horse 7"
LOGIN, NEW = "/account/login/", reverse("wagtailusers_users:add")

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(home: object) -> User:
    return User.objects.create_superuser(
        "Owner@Example.org", PASSWORD, first_name="The", last_name="Owner"
    )


@pytest.fixture
def as_owner(owner: User) -> Client:
    return factories.signed_in(owner, again=True)


def sign_in(client: Client, email: str, password: str = PASSWORD) -> bool:
    """With the password, as far as it leads: to the second factor for whoever has one."""
    return client.post(LOGIN, {"login": email, "password": password}).status_code == 302


@pytest.mark.parametrize("typed", ["owner@example.org", "OWNER@EXAMPLE.ORG", "Owner@example.Org"])
def test_one_signs_in_whatever_the_capitals(owner: User, visitor: Client, typed: str) -> None:
    assert sign_in(visitor, typed)


def test_a_wrong_password_does_not_sign_in_and_is_said(owner: User, visitor: Client) -> None:
    assert not sign_in(visitor, "owner@example.org", "wrong")
    answer = visitor.post(LOGIN, {"login": "owner@example.org", "password": "wrong"})
    assert answer.status_code == 200
    assert "email address and password don" in answer.content.decode()


@pytest.mark.parametrize(
    "typed", ["", "nobody@example.org", "owner", "a\x00b@example.org", "x" * 999]
)
def test_whatever_is_typed_is_answered(owner: User, visitor: Client, typed: str) -> None:
    assert not sign_in(visitor, typed)
    assert visitor.post(LOGIN, {"login": typed, "password": "x"}).status_code == 200


def test_an_account_that_was_shut_does_not_sign_in(owner: User, visitor: Client) -> None:
    User.objects.update(is_active=False)
    sign_in(visitor, owner.email)
    assert "_auth_user_id" not in visitor.session


def test_the_address_is_kept_in_small_letters(owner: User) -> None:
    assert owner.email == "owner@example.org"


@pytest.mark.parametrize("address", ["", " "])
def test_nobody_is_without_an_address(address: str, db: None) -> None:
    with pytest.raises(ValueError, match="email address"):
        User.objects.create_user(address, PASSWORD)


def test_the_database_refuses_a_second_one_in_other_capitals(owner: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email="OWNER@example.org")


# --- In the admin --------------------------------------------------------------------------


def somebody(**changes: Any) -> dict[str, Any]:
    return {
        "email": "new@example.org",
        "first_name": "New",
        "last_name": "Person",
        **changes,
    }


def test_somebody_new_is_entered_by_address_alone(as_owner: Client, visitor: Client) -> None:
    form = as_owner.get(NEW).context["form"]
    assert "username" not in form.fields
    editor = Group.objects.get(name="Editor")
    answer = as_owner.post(NEW, somebody(groups=[editor.pk]))
    assert answer.status_code == 302
    assert User.objects.get(email="new@example.org").groups.get() == editor
    assert not sign_in(visitor, "new@example.org", "")


@pytest.mark.parametrize("address", ["owner@example.org", "OWNER@example.ORG"])
def test_an_address_that_is_taken_is_said_and_no_error(as_owner: Client, address: str) -> None:
    answer = as_owner.post(NEW, somebody(email=address))
    assert answer.status_code == 200
    assert "already exists" in answer.content.decode()
    assert User.objects.count() == 1


def test_an_address_typed_in_capitals_is_kept_in_small_letters(as_owner: Client) -> None:
    as_owner.post(NEW, somebody(email="New@Example.ORG"))
    assert User.objects.filter(email="new@example.org").exists()


def test_somebodys_entry_is_changed(as_owner: Client, visitor: Client) -> None:
    as_owner.post(NEW, somebody())
    person = User.objects.get(email="new@example.org")
    person.set_password(PASSWORD)
    person.save()
    answer = as_owner.post(
        reverse("wagtailusers_users:edit", args=[person.pk]),
        somebody(email="other@example.org", is_active="on"),
    )
    assert answer.status_code == 302
    assert sign_in(visitor, "other@example.org")


def test_the_list_of_people_is_shown_and_searched(as_owner: Client) -> None:
    as_owner.post(NEW, somebody())
    index = reverse("wagtailusers_users:index")
    assert "new@example.org" in as_owner.get(index).content.decode()
    assert "new@example.org" in as_owner.get(index, {"q": "person"}).content.decode()


def test_the_therapist_decides_who_may_sign_in(as_therapist_again: Client) -> None:
    assert as_therapist_again.post(NEW, somebody(is_superuser="on")).status_code == 302
    assert User.objects.get(email="new@example.org").is_superuser, "of any kind"


def test_an_editor_does_not(editor: User) -> None:
    assert factories.signed_in(editor, again=True).post(NEW, somebody()).status_code == 302
    assert not User.objects.filter(email="new@example.org").exists()


def account_form(client: Client) -> dict[str, Any]:
    """What the page of one's own account would post unchanged."""
    answer = client.get(reverse("wagtailadmin_account"))
    data: dict[str, Any] = {}
    for panels in answer.context["panels_by_tab"].values():
        for panel in panels:
            form = panel.get_form()
            for name in form.fields:
                value = form[name].value()
                if value:
                    data[form.add_prefix(name)] = value
    return data


def test_one_changes_ones_own_name(as_therapist: Client, therapist: User) -> None:
    """The address signs in, so that changing it is for whoever may change accounts."""
    data = account_form(as_therapist) | {
        "name_email-first_name": "Another",
        "name_email-last_name": "Name",
        "name_email-email": "another@example.org",
    }
    answer = as_therapist.post(reverse("wagtailadmin_account"), data)
    assert answer.status_code == 302
    therapist.refresh_from_db()
    assert (str(therapist), therapist.email) == ("Another Name", "therapist@example.com")


def test_people_without_a_name_go_by_their_address() -> None:
    assert str(User(email="a@example.org")) == "a@example.org"
    assert str(User(email="a@example.org", first_name="Ada")) == "Ada"
