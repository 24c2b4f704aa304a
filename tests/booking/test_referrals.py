"""Whom the therapist refers people to: a list, and how a reply names them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.test import Client

from booking.letters import emails
from booking.models import ConsultationRequest, Letter, Referral, Reply, State
from booking.services import by_visitor
from practice.models import PracticeSettings
from tests import factories
from tests.forms import fields_of

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 30, 17, tzinfo=UTC)
UNPAID = "I'm not paid for naming anyone."


@pytest.fixture(autouse=True)
def clock(practice: PracticeSettings) -> Iterator[None]:
    factories.schedule()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def waiting() -> ConsultationRequest:
    return by_visitor.submit(factories.unsaved_request())[0]


@pytest.fixture
def maya() -> Referral:
    return Referral.objects.create(name="Maya", for_what="grief", reach="(415) 555-0100")


def address(consultation: ConsultationRequest) -> str:
    return f"/admin/consultations/{consultation.pk}/decline/"


def typed_in(html: str) -> dict[str, Any]:
    form = BeautifulSoup(html, "html.parser").select_one("form.request-form")
    assert form is not None
    return fields_of(form)


# --- The list --------------------------------------------------------------------------------


def test_the_therapist_keeps_a_list(as_therapist: Client) -> None:
    typed = {"name": "Maya", "for_what": "grief", "reach": "(415) 555-0100"}
    as_therapist.post("/admin/referrals/new/", typed | {"checked_on": "2026-11-30"})
    html = as_therapist.get("/admin/referrals/").content.decode()
    for words in (*typed.values(), "November 30, 2026"):
        assert words in html
    assert "Check this one" not in html
    kept = Referral.objects.get()
    as_therapist.post(
        f"/admin/referrals/edit/{kept.pk}/", typed | {"name": "May", "checked_on": "2026-11-30"}
    )
    assert "May" in as_therapist.get("/admin/referrals/").content.decode()
    as_therapist.post(f"/admin/referrals/delete/{kept.pk}/")
    assert not Referral.objects.exists()


@pytest.mark.parametrize(
    ("day", "is_marked"),
    [(date(2025, 11, 30), False), (date(2025, 11, 29), True), (date(2030, 1, 1), False)],
)
def test_who_was_not_checked_for_a_year_is_marked(
    as_therapist: Client, maya: Referral, day: date, is_marked: bool
) -> None:
    Referral.objects.update(checked_on=day)
    html = as_therapist.get("/admin/referrals/").content.decode()
    assert ("Check this one" in html) is is_marked


def test_an_editor_finds_neither_the_list_nor_its_menu(as_editor: Client, maya: Referral) -> None:
    nothing = as_editor.get("/admin/no-such-address/").content
    for place in ("replies/", "replies/new/", "referrals/", f"referrals/edit/{maya.pk}/"):
        answer = as_editor.get(f"/admin/{place}")
        assert (answer.status_code, answer.content) == (404, nothing)
    home = as_editor.get("/admin/").content.decode()
    assert "/admin/replies/" not in home
    assert "/admin/referrals/" not in home


def test_the_menu_leads_the_therapist_there(as_therapist: Client) -> None:
    home = as_therapist.get("/admin/").content.decode()
    assert "/admin/replies/" in home
    assert "/admin/referrals/" in home


# --- In a reply ------------------------------------------------------------------------------


def test_without_names_there_are_gaps_that_are_not_sent(
    as_therapist: Client, waiting: ConsultationRequest
) -> None:
    html = as_therapist.get(address(waiting)).content.decode()
    assert 'name="referrals"' not in html
    assert typed_in(html)["body"].count(emails.GAP) == 2
    refused = as_therapist.post(address(waiting), typed_in(html)).content.decode()
    assert "Fill in or remove" in refused
    assert not Letter.objects.exists()


def test_who_is_checked_stands_in_the_letter(
    as_therapist: Client, waiting: ConsultationRequest, maya: Referral
) -> None:
    first = typed_in(as_therapist.get(address(waiting)).content.decode())
    assert emails.GAP in first["body"], "nobody is named whom the therapist did not choose"
    typed = first | {"body": "My words.", "referrals": [maya.pk], "use": "1"}
    anew = typed_in(as_therapist.post(address(waiting), typed).content.decode())
    assert "- Maya (grief): (415) 555-0100" in anew["body"]
    assert UNPAID in anew["body"]
    assert emails.GAP not in anew["body"]
    assert "My words." in anew["earlier"]
    assert anew["referrals"] == str(maya.pk), "the box stays checked"
    as_therapist.post(address(waiting), anew)
    assert "Maya (grief)" in Letter.objects.get().body
    assert ConsultationRequest.objects.get().state == State.DECLINED


def test_who_was_checked_after_the_letter_was_drafted_is_not_left_out(
    as_therapist: Client, waiting: ConsultationRequest, maya: Referral
) -> None:
    first = typed_in(as_therapist.get(address(waiting)).content.decode())
    typed = first | {"body": "Nobody to name.", "referrals": [maya.pk]}
    html = as_therapist.post(address(waiting), typed).content.decode()
    assert "Maya (grief)" in typed_in(html)["body"]
    assert "Nobody to name." in typed_in(html)["earlier"]
    assert not Letter.objects.exists()


def test_nobody_is_named_who_was_deleted_meanwhile(
    as_therapist: Client, waiting: ConsultationRequest, maya: Referral
) -> None:
    Referral.objects.create(name="Other", reach="(415) 555-0100")
    first = typed_in(as_therapist.get(address(waiting)).content.decode())
    typed = first | {"referrals": [maya.pk], "use": "1"}
    maya.delete()
    html = as_therapist.post(address(waiting), typed).content.decode()
    assert "Maya" not in typed_in(html)["body"]
    assert emails.GAP in typed_in(html)["body"]


@pytest.mark.parametrize("start_from", ["", "outside", "full", "more", "own"])
@pytest.mark.parametrize("reached", [{}, {"discreet": True}, {"email": ""}])
def test_every_reply_that_refers_on_names_who_was_checked(
    maya: Referral, start_from: str, reached: dict[str, Any]
) -> None:
    consultation = factories.consultation_request(phone="+14155550100", **reached)
    if start_from == "own":
        own = Reply.objects.create(kind="decline", name="Mine", body="Call:\n\n{referrals}")
        start_from = str(own.pk)
    words = emails.draft(consultation, "decline", start_from=start_from, referrals=[maya]).body
    assert words.count("- Maya (grief): (415) 555-0100") == 1
    assert words.count(UNPAID) == 1


def test_a_name_is_text_and_nothing_else(
    as_therapist: Client, waiting: ConsultationRequest
) -> None:
    bad = Referral.objects.create(name="<script>alert(1)</script>", reach="{link} %s")
    first = typed_in(as_therapist.get(address(waiting)).content.decode())
    html = as_therapist.post(
        address(waiting), first | {"referrals": [bad.pk], "use": "1"}
    ).content.decode()
    assert "<script>alert(1)" not in html
    assert "- <script>alert(1)</script>: {link} %s" in typed_in(html)["body"]
    assert "<script>alert(1)" not in as_therapist.get("/admin/referrals/").content.decode()
