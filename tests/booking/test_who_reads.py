"""What a visitor is told about who reads their request is so, and follows who may."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.template import Context, Template
from django.test import Client

from booking.permissions import REVIEW
from practice.models import HomePage, PracticeSettings, User
from practice.website.initial_data import permission
from tests import factories

pytestmark = pytest.mark.django_db

ALONE = "I read your request myself. Nobody else does."
SEVERAL = "Only the people here who handle requests read it."


def sentence() -> str:
    return Template("{% load booking_tags %}{% who_reads %}").render(Context())


def group(name: str) -> Group:
    return Group.objects.get(name=name)


def let_one_group_more_review() -> None:
    group("Editor").permissions.add(permission("booking", REVIEW.partition(".")[2]))


GAIN: dict[str, Callable[[User], object]] = {
    "joins the therapists": lambda colleague: colleague.groups.add(group("Therapist")),
    "is in a group that may": lambda colleague: let_one_group_more_review(),
    "is granted it alone": lambda colleague: colleague.user_permissions.add(
        permission("booking", REVIEW.partition(".")[2])
    ),
    "may do everything": lambda colleague: User.objects.filter(pk=colleague.pk).update(
        is_superuser=True
    ),
}


@pytest.fixture(autouse=True)
def therapist_alone(therapist: User, editor: User) -> None:
    assert sentence() == ALONE


@pytest.mark.parametrize("how", GAIN)
def test_whoever_else_may_read_requests_changes_what_visitors_are_told(
    editor: User, how: str
) -> None:
    GAIN[how](editor)
    assert sentence() == SEVERAL
    User.objects.filter(pk=editor.pk).update(is_active=False)
    assert sentence() == ALONE


def test_the_form_says_it_once(
    home: HomePage, practice: PracticeSettings, visitor: Client, editor: User
) -> None:
    assert visitor.get("/consultation/").content.decode().count(ALONE) == 1
    editor.groups.add(group("Therapist"))
    html = visitor.get("/consultation/").content.decode()
    assert html.count(SEVERAL) == 1
    for claim in ("myself", "Only I", "only I"):
        assert claim not in html
    factories.practice_settings(consultation_medium="video")
    assert visitor.get("/consultation/").content.decode().count(SEVERAL) == 1
