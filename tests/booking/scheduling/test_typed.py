"""Nothing that the therapist typed is thrown away: notes, letters, times. Names stay private."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from django.test import Client
from django.urls import reverse

from booking.erasure import erasing
from booking.letters import emails
from booking.models import ConsultationRequest, Letter, OutgoingEmail, State
from booking.services import by_visitor, decisions, notes, transitions
from booking.times import open_times
from practice.models import User
from tests import factories
from tests.booking.scheduling.acts import NOW
from tests.forms import fields_of

pytestmark = pytest.mark.django_db

TOMORROW = datetime(2026, 12, 1, 18, tzinfo=UTC)  # 10:00 there


@pytest.fixture
def waiting() -> ConsultationRequest:
    return by_visitor.submit(factories.unsaved_request(name="Maya", phone="+16265550143"))[0]


@pytest.fixture
def agreed(therapist: User) -> ConsultationRequest:
    return factories.agreed_request(TOMORROW, by=therapist, name="Maya", phone="+16265550143")


def page(name: str, consultation: ConsultationRequest, *more: Any) -> str:
    return reverse(f"consultations:{name}", args=[consultation.pk, *more])


def form_to(address: str, html: str) -> Tag:
    """The form of a page that posts to `address`."""
    for form in BeautifulSoup(html, "html.parser").select("form[method=post]"):
        if form.get("action", address) == address:
            return form
    raise AssertionError(f"no form leads to {address}")


# --- Outcome and private note ------------------------------------------------------------------


def notes_of(client: Client, consultation: ConsultationRequest) -> dict[str, str]:
    html = client.get(page("detail", consultation)).content.decode()
    return fields_of(form_to(page("note", consultation), html))


def save_notes(client: Client, consultation: ConsultationRequest, **typed: str) -> Any:
    opened = notes_of(client, consultation)
    return client.post(page("note", consultation), opened | typed)


def test_outcome_and_note_are_saved_by_one_button(as_therapist: Client, waiting: Any) -> None:
    save_notes(as_therapist, waiting, note="Ask about evenings", outcome="became_client")
    waiting.refresh_from_db()
    assert (waiting.private_note, waiting.outcome) == ("Ask about evenings", "became_client")
    save_notes(as_therapist, waiting, outcome="referred")
    waiting.refresh_from_db()
    assert (waiting.private_note, waiting.outcome) == ("Ask about evenings", "referred")


def test_the_history_names_what_was_changed_and_no_more(as_therapist: Client, waiting: Any) -> None:
    save_notes(as_therapist, waiting, note="Ask about evenings")
    save_notes(as_therapist, waiting, outcome="referred")
    save_notes(as_therapist, waiting)
    kinds = list(waiting.events.values_list("kind", flat=True))
    assert kinds == ["received", "note", "outcome"]


def test_a_note_that_cannot_be_saved_stays_on_the_page(as_therapist: Client, waiting: Any) -> None:
    answer = save_notes(as_therapist, waiting, note="Long. " * 2000, outcome="referred")
    kept = fields_of(form_to(page("note", waiting), answer.content.decode()))
    assert kept["note"] == "Long. " * 2000
    assert kept["outcome"] == "referred"
    assert "Nothing is saved yet" in answer.content.decode()


@pytest.mark.parametrize("outcome", ["took_place", "did_not_come"])
def test_how_tomorrows_consultation_ended_cannot_be_known_today(
    outcome: str, as_therapist: Client, agreed: Any, clock: Any
) -> None:
    answer = save_notes(as_therapist, agreed, outcome=outcome, note="She asked for mornings.")
    kept = fields_of(form_to(page("note", agreed), answer.content.decode()))
    assert kept["note"] == "She asked for mornings."
    assert "Tuesday, December 1" in str(BeautifulSoup(answer.content, "html.parser"))
    agreed.refresh_from_db()
    assert agreed.outcome == ""
    clock.move_to(TOMORROW + timedelta(minutes=30))
    as_therapist = factories.signed_in(User.objects.get(email="therapist@example.com"))
    save_notes(as_therapist, agreed, outcome=outcome)
    agreed.refresh_from_db()
    assert agreed.outcome == outcome


def test_how_a_consultation_ended_is_not_said_of_the_next_one(
    therapist: User, agreed: Any, clock: Any
) -> None:
    clock.move_to(TOMORROW + timedelta(hours=1))
    notes.save_notes(agreed, user=therapist, outcome="did_not_come")
    decisions.move(
        agreed,
        user=therapist,
        words=emails.Draft("About your message", "Again."),
        starts_at=TOMORROW + timedelta(days=2),
        minutes=20,
        despite=open_times.OBJECTIONS,
    )
    assert ConsultationRequest.objects.get().outcome == ""


def test_a_note_does_not_replace_one_that_was_saved_meanwhile(
    as_therapist: Client, waiting: Any, therapist: User
) -> None:
    opened = notes_of(as_therapist, waiting)
    notes.save_notes(waiting, user=therapist, note="From the other tab")
    answer = as_therapist.post(page("note", waiting), opened | {"note": "From this tab"})
    html = answer.content.decode()
    waiting.refresh_from_db()
    assert waiting.private_note == "From the other tab"
    kept = fields_of(form_to(page("note", waiting), html))
    assert kept["note"] == "From this tab"
    assert "From the other tab" in html
    as_therapist.post(page("note", waiting), kept | {"note": "Both"})
    waiting.refresh_from_db()
    assert waiting.private_note == "Both"


def test_save_pressed_twice_is_saved_once(as_therapist: Client, waiting: Any) -> None:
    typed = notes_of(as_therapist, waiting) | {"note": "Ask about evenings"}
    for _ in range(2):
        assert as_therapist.post(page("note", waiting), typed).status_code == 302
    assert waiting.events.filter(kind="note").count() == 1


def test_a_note_to_a_request_that_was_erased_meanwhile_is_given_back(
    as_therapist: Client, waiting: Any
) -> None:
    typed = notes_of(as_therapist, waiting) | {"note": "Ask about evenings"}
    erasing.erase(waiting, by=transitions.Actor.VISITOR)
    answer = as_therapist.post(page("note", waiting), typed)
    assert "deleted after you opened it" in answer.content.decode()
    assert "Ask about evenings" in answer.content.decode()


def test_an_address_that_is_none_stays_in_its_field(as_therapist: Client, waiting: Any) -> None:
    decisions.waitlist(waiting, user=User.objects.get(), words=emails.Draft("Hi", "Later."))
    now = NOW
    OutgoingEmail.objects.filter(kind="letter").update(sent_at=now, bounced_at=now)
    answer = as_therapist.post(page("address", waiting), {"email": "maya@"})
    kept = fields_of(form_to(page("address", waiting), answer.content.decode()))
    assert kept["email"] == "maya@"
    assert "doesn&#x27;t look like an email address" in answer.content.decode()


@pytest.mark.parametrize("name", ["note", "address"])
def test_who_signed_in_again_on_the_way_lands_on_the_request(
    name: str, as_therapist: Client, waiting: Any
) -> None:
    answer = as_therapist.get(page(name, waiting))
    assert answer.headers["Location"] == page("detail", waiting)


# --- Decisions: a time, and a letter -----------------------------------------------------------

WEDNESDAY = {"day": "2026-12-02", "hour": "10:00", "minutes": "20"}
MINE = "Hi Maya,\nI kept Wednesday for you."


def opened_decision(client: Client, consultation: Any, kind: str) -> dict[str, str]:
    html = client.get(page("decide", consultation, kind)).content.decode()
    return fields_of(decision_form(html))


def decision_form(html: str) -> Tag:
    form = BeautifulSoup(html, "html.parser").select_one("form.request-form")
    assert form is not None
    return form


def post(client: Client, consultation: Any, kind: str, data: dict[str, str]) -> dict[str, str]:
    """What the form on the page that comes back would post."""
    answer = client.post(page("decide", consultation, kind), data)
    assert answer.status_code in (200, 409), answer.headers
    return fields_of(decision_form(answer.content.decode()))


def to_letter(client: Client, consultation: Any, **typed: str) -> dict[str, str]:
    """The form with the letter that confirms Wednesday."""
    first = opened_decision(client, consultation, "confirm")
    return post(client, consultation, "confirm", first | WEDNESDAY | typed)


def test_back_from_a_letter_keeps_letter_and_time(as_therapist: Client, waiting: Any) -> None:
    letter = to_letter(as_therapist, waiting)
    back = post(as_therapist, waiting, "confirm", letter | {"body": MINE, "back": "1"})
    assert back.items() >= WEDNESDAY.items()
    assert back["body"] == MINE
    as_therapist.post(page("decide", waiting, "confirm"), back)
    assert Letter.objects.get().body == MINE
    waiting.refresh_from_db()
    assert waiting.state == State.CONFIRMED


def test_back_from_an_offer_keeps_its_times_and_its_letter(
    as_therapist: Client, waiting: Any
) -> None:
    first = opened_decision(as_therapist, waiting, "offer")
    first |= {"day_1": "2026-12-03", "hour_1": "11:00", "day_2": "2026-12-04", "hour_2": "15:30"}
    letter = post(as_therapist, waiting, "offer", first)
    back = post(as_therapist, waiting, "offer", letter | {"body": MINE, "back": "1"})
    assert (back["day_1"], back["hour_2"], back["body"]) == ("2026-12-03", "15:30", MINE)


def test_back_keeps_that_a_time_is_taken_against_what_speaks_against_it(
    as_therapist: Client, waiting: Any
) -> None:
    first = opened_decision(as_therapist, waiting, "confirm") | {**WEDNESDAY, "hour": "20:00"}
    asked = post(as_therapist, waiting, "confirm", first)
    assert "anyway" not in asked
    letter = post(as_therapist, waiting, "confirm", asked | {"anyway": "on"})
    back = post(as_therapist, waiting, "confirm", letter | {"back": "1"})
    assert back["anyway"] == "on"
    asked_anew = post(as_therapist, waiting, "confirm", back | {"day": "2026-11-30"})
    assert "anyway" not in asked_anew, "more speaks against this one"


def test_words_of_ones_own_stay_at_hand_when_the_time_changes(
    as_therapist: Client, waiting: Any
) -> None:
    letter = to_letter(as_therapist, waiting)
    changed = letter | {"body": MINE, "hour": "11:00"}
    anew = post(as_therapist, waiting, "confirm", changed)
    assert "11:00 AM" in anew["body"]
    assert MINE in anew["earlier"]
    assert ConsultationRequest.objects.get().state == State.PENDING
    again = post(as_therapist, waiting, "confirm", anew | {"hour": "11:30"})
    assert MINE in again["earlier"]


def test_words_that_nobody_changed_are_simply_written_anew(
    as_therapist: Client, waiting: Any
) -> None:
    letter = to_letter(as_therapist, waiting)
    anew = post(as_therapist, waiting, "confirm", letter | {"hour": "11:00"})
    assert "11:00 AM" in anew["body"]
    assert "earlier" not in anew


def test_a_letter_is_kept_when_the_visitor_did_something_meanwhile(
    as_therapist: Client, agreed: Any
) -> None:
    typed = opened_decision(as_therapist, agreed, "cancel") | {"body": MINE}
    by_visitor.ask_to_move(ConsultationRequest.objects.get())
    answer = as_therapist.post(page("decide", agreed, "cancel"), typed)
    html = answer.content.decode()
    assert "Nothing was sent" in html
    assert "The visitor asked for another time" in html
    kept = fields_of(decision_form(html))
    assert kept["body"] == MINE
    as_therapist.post(page("decide", agreed, "cancel"), kept)
    assert Letter.objects.last().body == MINE  # type: ignore[union-attr]


def test_a_time_and_its_letter_are_kept_when_the_visitor_did_something_meanwhile(
    as_therapist: Client, agreed: Any
) -> None:
    first = opened_decision(as_therapist, agreed, "move") | WEDNESDAY
    letter = post(as_therapist, agreed, "move", first)
    by_visitor.ask_to_move(ConsultationRequest.objects.get())
    kept = post(as_therapist, agreed, "move", letter | {"body": MINE})
    assert kept["body"] == MINE
    assert kept.items() >= WEDNESDAY.items()
    assert kept["version"] == "3"


def test_the_words_of_a_decision_that_is_over_are_given_back(
    as_therapist: Client, waiting: Any
) -> None:
    typed = opened_decision(as_therapist, waiting, "decline") | {"body": MINE}
    by_visitor.withdraw(ConsultationRequest.objects.get())
    html = as_therapist.post(page("decide", waiting, "decline"), typed).content.decode()
    assert "Nothing was sent" in html
    assert "withdrew it" in html
    assert MINE in html


def test_the_words_to_somebody_who_erased_their_request_are_given_back(
    as_therapist: Client, waiting: Any
) -> None:
    typed = opened_decision(as_therapist, waiting, "decline") | {"body": MINE}
    erasing.erase(waiting, by=transitions.Actor.VISITOR)
    html = as_therapist.post(page("decide", waiting, "decline"), typed).content.decode()
    assert "deleted after you opened it" in html
    assert MINE in html


@pytest.mark.parametrize("kind", ["cancel", "move"])
def test_send_pressed_twice_sends_once_and_says_that_it_is_done(
    kind: str, as_therapist: Client, agreed: Any
) -> None:
    typed = opened_decision(as_therapist, agreed, kind)
    if kind == "move":
        typed = post(as_therapist, agreed, kind, typed | WEDNESDAY)
    for _ in range(2):
        answer = as_therapist.post(
            page("decide", agreed, kind), typed | {"body": MINE}, follow=True
        )
        assert "Your reply is on its way" in answer.content.decode()
    assert [letter.body for letter in agreed.letters.all()].count(MINE) == 1


# --- Looking for somebody ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["index", "all"])
def test_who_is_looked_for_stands_in_no_address(name: str, as_therapist: Client) -> None:
    factories.consultation_request(name="Robin Lake")
    factories.consultation_request(name="Kim", email="kim@example.com")
    address = reverse(f"consultations:{name}")
    html = as_therapist.get(address).content.decode()
    search = form_to(address, html)
    assert "q" in fields_of(search)
    forms = BeautifulSoup(html, "html.parser").select("form:has([name=q])")
    assert [form.get("method") for form in forms] == ["post"]
    found = as_therapist.post(address, fields_of(search) | {"q": "robin"}).content.decode()
    assert "Robin Lake" in found
    assert "Kim" not in found
    links = [str(a.get("href")) for a in BeautifulSoup(found, "html.parser").select("[href]")]
    assert not [link for link in links if "robin" in link.lower()]


def test_a_name_in_an_address_finds_nobody(as_therapist: Client) -> None:
    factories.consultation_request(name="Robin Lake")
    factories.consultation_request(name="Kim", email="kim@example.com")
    for name in ("index", "index_results", "all", "all_results"):
        html = as_therapist.get(reverse(f"consultations:{name}"), {"q": "robin"}).content.decode()
        assert "Kim" in html, "as if nothing had been asked"


def test_all_that_a_search_finds_is_on_one_page(as_therapist: Client) -> None:
    for number in range(60):
        factories.consultation_request(name=f"Robin {number}")
    answer = as_therapist.post(reverse("consultations:index"), {"q": "robin"})
    assert len(answer.context["object_list"]) == 60
    assert "p=2" not in answer.content.decode()


# --- The visitor's own page --------------------------------------------------------------------


def test_a_number_that_a_visitor_typed_stays_when_other_times_were_offered_meanwhile(
    visitor: Client, therapist: User
) -> None:
    asked = by_visitor.submit(factories.unsaved_request())[0]
    start = TOMORROW + timedelta(days=1)
    for _ in range(2):
        if asked.state == State.PROPOSED:
            by_visitor.none_suits(asked)
        decisions.offer(
            asked,
            user=therapist,
            words=emails.Draft("About your message", "Then?"),
            starts=[start],
            minutes=20,
        )
    typed = {"act": "pick", "version": "2", "time": start.isoformat(), "phone": "626 555 0143"}
    answer = visitor.post(asked.get_absolute_url(), typed)
    assert answer.status_code in (200, 409)
    field = BeautifulSoup(answer.content, "html.parser").select_one("input[name=phone]")
    assert field is not None
    assert field["value"] == "626 555 0143"
