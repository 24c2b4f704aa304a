"""The therapist's pages for erasing, holding, and answering a person's demand."""

import json
from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from booking.erasure import erasing
from booking.letters import emails
from booking.models import ConsultationRequest, Demand, State
from booking.services import by_visitor, transitions
from practice.models import PracticeSettings, User
from tests import factories

pytestmark = pytest.mark.django_db

LIST = reverse("consultations:index")
DEMAND = reverse("consultations:demand")
WEEK = timedelta(days=7)
WORDS = emails.Draft("About your message", "We will talk.")


@pytest.fixture(autouse=True)
def practice(practice: PracticeSettings) -> PracticeSettings:
    return practice


@pytest.fixture
def request_on_file() -> ConsultationRequest:
    return by_visitor.submit(factories.unsaved_request(message="After the summer"))[0]


@pytest.fixture
def held(
    request_on_file: ConsultationRequest, therapist: User, practice: PracticeSettings
) -> ConsultationRequest:
    until = practice.today() + WEEK
    erasing.place_legal_hold(request_on_file, until, "A complaint to the board", user=therapist)
    return request_on_file


def page(name: str, consultation: ConsultationRequest) -> str:
    return reverse(f"consultations:{name}", args=[consultation.pk])


def words(answer: HttpResponse) -> str:
    """What stands on a page, in one line."""
    return " ".join(BeautifulSoup(answer.content, "html.parser").get_text(" ").split())


def day(consultation: ConsultationRequest) -> str:
    """The last day of its hold, as pages say it."""
    until = consultation.kept_until
    assert until is not None
    return f"{until:%A, %B} {until.day}, {until.year}"


# --- Erase now --------------------------------------------------------------------------------


def test_erasing_leads_back_to_the_list_which_says_so(
    as_therapist_again: Client, request_on_file: ConsultationRequest
) -> None:
    asked = words(as_therapist_again.get(page("erase", request_on_file)))
    assert "Delete this request for good?" in asked
    assert "its emails, its history, and your note" in asked
    assert "What stays is a count without a name" in asked
    assert "still open (waiting for your reply)" in asked
    assert "Backups" in asked
    assert ConsultationRequest.objects.exists(), "looking erases nothing"
    answer = as_therapist_again.post(page("erase", request_on_file), follow=True)
    assert answer.redirect_chain[-1][0] == LIST
    assert "Deleted." in words(answer)
    assert not ConsultationRequest.objects.exists()
    answer = as_therapist_again.post(page("erase", request_on_file), follow=True)
    assert "was deleted after you opened it" in words(answer), "pressing twice does no harm"


def test_erasing_says_that_one_cancellation_is_still_to_leave(
    as_therapist_again: Client, therapist: User
) -> None:
    factories.schedule()
    agreed = factories.agreed_request(factories.open_time(), by=therapist)
    asked = words(as_therapist_again.get(page("erase", agreed)))
    assert "except for one email that takes the consultation off their calendar" in asked
    said = words(as_therapist_again.post(page("erase", agreed), follow=True))
    assert "Deleted. One last email still has to go out, to take the consultation off" in said
    assert "Robin" not in said


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", ["erase", "demand"])
def test_what_cannot_be_taken_back_asks_for_the_second_factor_again(
    name: str, method: str, as_therapist: Client, request_on_file: ConsultationRequest
) -> None:
    address = DEMAND if name == "demand" else page("erase", request_on_file)
    data = {"act": "erase", "contact": "robin@example.com"} if method == "post" else None
    answer = getattr(as_therapist, method)(address, data)
    told = answer.headers.get("Location", "") + answer.content.decode()
    assert answer.status_code == (403 if data else 302)
    assert "/account/again/" in told
    assert "robin" not in told
    assert ConsultationRequest.objects.exists()
    assert not Demand.objects.exists()


def test_what_is_held_cannot_be_erased_before_its_day(
    as_therapist_again: Client, held: ConsultationRequest
) -> None:
    asked = words(as_therapist_again.get(page("erase", held)))
    assert f"on legal hold until {day(held)}. You can't delete it before then" in asked
    assert "Delete it for good" not in asked
    answer = as_therapist_again.post(page("erase", held), follow=True)
    assert answer.redirect_chain[-1][0] == page("detail", held)
    assert "Lift the hold first." in words(answer)
    assert ConsultationRequest.objects.exists()


# --- Holds ------------------------------------------------------------------------------------


def test_a_hold_stands_on_the_page_of_its_request(
    as_therapist: Client, request_on_file: ConsultationRequest, practice: PracticeSettings
) -> None:
    hold = page("hold", request_on_file)
    until = practice.today() + WEEK
    typed = {"until": until.isoformat(), "because": "A complaint to the board"}
    said = words(as_therapist.post(hold, typed, follow=True))
    request_on_file.refresh_from_db()
    assert (request_on_file.kept_until, request_on_file.kept_because) == (
        until,
        "A complaint to the board",
    )
    assert f"On legal hold until {day(request_on_file)}." in said
    assert "A complaint to the board" in said
    assert "Change the legal hold" in said
    assert "Delete now" not in said
    html = as_therapist.get(hold).content.decode()
    assert f'value="{until.isoformat()}"' in html
    assert "A complaint to the board" in html


@pytest.mark.parametrize(
    ("days", "because", "message"),
    [
        (-1, "A complaint", "Choose a date from today on"),
        (5000, "A complaint", "within ten years"),
        (7, " ", "Say why you have to keep it."),
        (None, "A complaint", "Choose the last day of the hold."),
    ],
)
def test_a_hold_that_lacks_something_says_so_at_the_field_and_keeps_what_was_typed(
    days: int | None,
    because: str,
    message: str,
    as_therapist: Client,
    request_on_file: ConsultationRequest,
    practice: PracticeSettings,
) -> None:
    until = "" if days is None else (practice.today() + timedelta(days=days)).isoformat()
    answer = as_therapist.post(page("hold", request_on_file), {"until": until, "because": because})
    form = BeautifulSoup(answer.content, "html.parser").select_one("form.request-form")
    assert form is not None
    wrong = form.select_one("[aria-invalid=true]")
    assert wrong is not None
    error = form.select_one(f"#{wrong['id']}_error")
    assert error is not None
    assert message in error.text
    assert f"{wrong['id']}_error" in str(wrong["aria-describedby"])
    assert form.select_one("[name=until]").get("value", "") == until  # type: ignore[union-attr]
    assert form.select_one("[name=because]").text.strip() == because.strip()  # type: ignore[union-attr]
    request_on_file.refresh_from_db()
    assert request_on_file.kept_until is None


@pytest.mark.parametrize("until", ["soon", "2027-02-30", "99999-01-01", "2027-01-01\x00"])
def test_a_hold_until_no_day_is_refused_with_a_message(
    until: str, as_therapist: Client, request_on_file: ConsultationRequest
) -> None:
    hold = page("hold", request_on_file)
    said = words(as_therapist.post(hold, {"until": until, "because": "A complaint"}))
    assert "Enter a date, such as 2027-06-30." in said


def test_a_hold_is_lifted_with_the_factor_shown_again(
    as_therapist: Client, as_therapist_again: Client, held: ConsultationRequest
) -> None:
    said = words(as_therapist.get(page("hold", held)))
    assert f"It's on legal hold until {day(held)}." in said
    asked = as_therapist.post(page("hold", held), {"act": "lift"})
    assert asked.headers["Location"].startswith("/account/again/")
    held.refresh_from_db()
    assert held.kept_until is not None
    said = words(as_therapist_again.post(page("hold", held), {"act": "lift"}, follow=True))
    assert "You lifted the legal hold." in said
    assert "On legal hold" not in said
    held.refresh_from_db()
    assert held.kept_until is None
    assert held.kept_because == ""


def test_lifting_the_hold_says_that_what_the_visitor_wanted_follows(
    as_therapist_again: Client, held: ConsultationRequest
) -> None:
    erasing.erase(held, by=transitions.Actor.VISITOR)
    said = words(as_therapist_again.get(page("detail", held)))
    assert f"It's on legal hold until {day(held)}, and is deleted after that day." in said
    assert "it goes within the hour" in words(as_therapist_again.get(page("hold", held)))
    said = words(as_therapist_again.post(page("hold", held), {"act": "lift"}, follow=True))
    assert "They want this deleted. It will be gone within the hour." in said


def test_a_hold_that_is_over_is_shown_nowhere(
    as_therapist_again: Client, held: ConsultationRequest, practice: PracticeSettings
) -> None:
    ConsultationRequest.objects.update(kept_until=practice.today() - WEEK)
    for address in (page("detail", held), page("hold", held), page("erase", held)):
        assert "legal hold until" not in words(as_therapist_again.get(address)).lower()
    found = as_therapist_again.post(DEMAND, {"contact": held.email})
    assert "legal hold until" not in words(found)


def test_a_request_that_is_erased_meanwhile_is_no_error(
    as_therapist: Client, request_on_file: ConsultationRequest
) -> None:
    hold = page("hold", request_on_file)
    erasing.erase(request_on_file, by=transitions.Actor.VISITOR)
    said = words(as_therapist.post(hold, {"act": "lift"}, follow=True))
    assert "was deleted after you opened it" in said


# --- Somebody asks for their data -------------------------------------------------------------


@pytest.fixture
def theirs() -> list[ConsultationRequest]:
    factories.consultation_request(name="Kim", email="kim@example.com", phone="+16265550143")
    return [
        factories.consultation_request(email="Robin@Example.com", message="Zoë says hello"),
        factories.consultation_request(email="", phone="+14155550123"),
    ]


def test_the_list_leads_to_it(as_therapist: Client) -> None:
    html = as_therapist.get(LIST).content.decode()
    link = BeautifulSoup(html, "html.parser").find("a", href=DEMAND)
    assert link is not None
    assert link.text == "Handle a data request"


@pytest.mark.parametrize(
    ("contact", "place"),
    [
        (" robin@EXAMPLE.com ", 0),
        ("(415) 555-0123", 1),
        ("+1 415.555.0123", 1),
        ("4155550123", 1),
    ],
)
def test_a_demand_finds_who_asks_however_they_write_it(
    contact: str, place: int, as_therapist_again: Client, theirs: list[ConsultationRequest]
) -> None:
    answer = as_therapist_again.post(DEMAND, {"contact": contact})
    assert "1 request on file" in words(answer)
    html = answer.content.decode()
    assert page("detail", theirs[place]) in html
    assert page("detail", theirs[1 - place]) not in html
    assert "Kim" not in html
    assert not Demand.objects.exists(), "looking answers no demand"


@pytest.mark.parametrize(
    ("contact", "message"),
    [
        ("nobody@example.com", "Nothing on file You looked up nobody@example.com."),
        ("Kim <k@x.example> 001 213 373 4253", "You looked up k@x.example and +1 213-373-4253."),
        ("020 7946 0958", "You looked up 02079460958 in any country."),
        ("Robin", "neither an email address nor a phone number"),
        ("", "Enter an email address or a phone number."),
        ("x@" + "y" * 300, "at most 254 characters"),
    ],
)
def test_a_demand_that_finds_nothing_says_why_and_keeps_what_was_typed(
    contact: str, message: str, as_therapist_again: Client, theirs: Any
) -> None:
    answer = as_therapist_again.post(DEMAND, {"contact": contact})
    assert message in words(answer)
    field = BeautifulSoup(answer.content, "html.parser").select_one("[name=contact]")
    assert field is not None
    assert field.get("value", "") == contact
    assert "for good" not in words(answer)


def test_a_copy_is_a_file_that_people_can_read_and_no_cache_keeps(
    as_therapist_again: Client, theirs: list[ConsultationRequest], therapist: User
) -> None:
    answer = as_therapist_again.post(DEMAND, {"contact": "robin@example.com", "act": "export"})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="requests.json"'
    assert answer.headers["Content-Type"] == "application/json"
    assert "no-store" in answer.headers["Cache-Control"]
    written = answer.content.decode()
    assert "\n    " in written
    assert "Zoë says hello" in written
    assert [each["request"] for each in json.loads(written)] == [theirs[0].pk]
    logged = Demand.objects.get()
    assert (logged.kind, logged.requests, logged.user) == (Demand.Kind.EXPORT, 1, therapist)
    said = words(as_therapist_again.get(DEMAND))
    assert "a copy, 1 request (therapist@example.com)" in said
    assert "robin" not in said.lower()


def test_erasing_on_demand_leaves_what_is_held_and_says_so(
    as_therapist_again: Client, theirs: list[ConsultationRequest], held: ConsultationRequest
) -> None:
    contact = {"contact": "robin@example.com"}
    found = words(as_therapist_again.post(DEMAND, contact))
    assert "2 requests on file" in found
    assert f"on legal hold until {day(held)}" in found
    answer = as_therapist_again.post(DEMAND, {**contact, "act": "erase"}, follow=True)
    said = words(answer)
    assert "1 request deleted. 1 on legal hold, to be deleted when that ends." in said
    assert "deletion, 2 requests, 1 on legal hold (therapist@example.com)" in said
    assert "robin" not in said.lower()
    assert not ConsultationRequest.objects.filter(pk=theirs[0].pk).exists()
    held.refresh_from_db()
    assert held.state == State.WITHDRAWN
    assert held.erasure_asked_at is not None
    assert ConsultationRequest.objects.count() == 3


# --- Who may ----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", ["erase", "hold", "demand"])
def test_others_do_not_even_learn_that_this_is_here(
    name: str, method: str, editor: User, visitor: Client, request_on_file: ConsultationRequest
) -> None:
    address = DEMAND if name == "demand" else page(name, request_on_file)
    data = {"act": "erase", "contact": "robin@example.com"} if method == "post" else None
    as_editor = factories.signed_in(editor, again=True)
    absent = LIST.replace("consultations", "nothing-here")
    for client in (as_editor, visitor):
        answer = getattr(client, method)(address, data)
        assert answer.status_code == getattr(client, method)(absent, data).status_code
        assert answer.status_code in (302, 403, 404)
        assert "robin" not in answer.content.decode().lower()
    assert ConsultationRequest.objects.get().kept_until is None
    assert not Demand.objects.exists()
