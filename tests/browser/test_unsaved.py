"""What the therapist typed and has not saved: they are asked before it is lost, and it is kept."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from booking.letters import emails
from booking.models import ConsultationRequest
from booking.services import by_visitor, decisions, notes
from practice.models import User
from tests import factories
from tests.browser.conftest import enter

pytestmark = pytest.mark.browser

NOTE = "She would rather come on Mondays."


@pytest.fixture
def waiting(address: str) -> ConsultationRequest:
    return by_visitor.submit(factories.unsaved_request(name="Maya", phone="+16265550143"))[0]


@pytest.fixture
def asked(signed_in: Page) -> Iterator[list[str]]:
    """The questions that the browser asks before it leaves; every one is answered with no."""
    questions: list[str] = []

    def answer(dialog: Any) -> None:
        questions.append(dialog.type)
        dialog.dismiss()

    signed_in.on("dialog", answer)
    yield questions
    signed_in.remove_listener("dialog", answer)


def watched(page: Page) -> None:
    """Waits until Wagtail has looked at the form as it was opened, which it takes a while to do."""
    page.wait_for_timeout(2600)


def noticed(page: Page) -> None:
    expect(page.locator("form[data-w-unsaved-has-edits-value=true]")).to_have_count(1)


def leave(page: Page) -> None:
    page.get_by_role("link", name=re.compile("^Consultations")).first.click(no_wait_after=True)
    page.wait_for_timeout(300)


def test_leaving_a_typed_note_or_outcome_asks_first(
    signed_in: Page, waiting: ConsultationRequest, asked: list[str]
) -> None:
    signed_in.goto(f"/admin/consultations/{waiting.pk}/")
    watched(signed_in)
    signed_in.get_by_label("Private note:").fill(NOTE)
    signed_in.get_by_label("How it ended").select_option("referred")
    noticed(signed_in)
    leave(signed_in)
    assert asked == ["beforeunload"]
    expect(signed_in.get_by_label("Private note:")).to_have_value(NOTE)
    signed_in.get_by_role("button", name="Save outcome and note").click()
    expect(signed_in.get_by_text("Saved.")).to_be_visible()
    leave(signed_in)
    expect(signed_in).to_have_url(re.compile("/admin/consultations/$"))
    assert asked == ["beforeunload"], "what is saved is left without a question"


def test_leaving_a_letter_asks_first(
    signed_in: Page, waiting: ConsultationRequest, asked: list[str]
) -> None:
    signed_in.goto(f"/admin/consultations/{waiting.pk}/waitlist/")
    watched(signed_in)
    signed_in.get_by_label("Your reply").fill(NOTE)
    noticed(signed_in)
    leave(signed_in)
    assert asked == ["beforeunload"]
    expect(signed_in.get_by_label("Your reply")).to_have_value(NOTE)


def test_back_from_a_letter_leads_to_its_time_and_on_without_a_loss(
    signed_in: Page, waiting: ConsultationRequest, asked: list[str]
) -> None:
    signed_in.goto(f"/admin/consultations/{waiting.pk}/confirm/")
    signed_in.get_by_label("Day").fill("2028-01-11")
    signed_in.get_by_label("Time").fill("09:00")
    signed_in.get_by_role("button", name="Continue to your reply").click()
    signed_in.get_by_label("Your reply").fill(NOTE)
    leave(signed_in)
    assert asked == ["beforeunload"]
    signed_in.get_by_role("button", name="Back to the time").click()
    expect(signed_in.get_by_label("Day")).to_have_value("2028-01-11")
    expect(signed_in.get_by_label("Your reply")).to_have_value(NOTE)
    signed_in.get_by_role("button", name="Send reply").click()
    expect(signed_in.locator(".request-state")).to_contain_text("Confirmed")
    assert asked == ["beforeunload"]
    assert waiting.letters.get().body == NOTE


def test_leaving_a_changed_schedule_asks_first(signed_in: Page, asked: list[str]) -> None:
    signed_in.goto("/admin/schedule/")
    watched(signed_in)
    signed_in.get_by_label("Monday, hours 1, from").fill("09:00")
    noticed(signed_in)
    leave(signed_in)
    signed_in.get_by_text("Replace the address").click()
    signed_in.get_by_role("button", name="Replace it now").click(no_wait_after=True)
    signed_in.wait_for_timeout(300)
    assert asked == ["beforeunload", "beforeunload"]
    expect(signed_in.get_by_label("Monday, hours 1, from")).to_have_value("09:00")


def test_a_page_that_was_refused_asks_before_it_is_left(signed_in: Page, asked: list[str]) -> None:
    signed_in.goto("/admin/schedule/")
    signed_in.get_by_label("Monday, hours 1, from").fill("09:00")
    signed_in.get_by_role("button", name="Save").click()
    expect(signed_in.get_by_text("Nothing is saved yet.")).to_be_visible()
    noticed(signed_in)
    leave(signed_in)
    assert asked == ["beforeunload"]


def test_what_was_typed_outlives_the_session_and_nobody_else_reads_it(
    signed_in: Page, therapist: User, waiting: ConsultationRequest, address: str, asked: list[str]
) -> None:
    signed_in.goto(f"/admin/consultations/{waiting.pk}/")
    watched(signed_in)
    signed_in.get_by_label("Private note:").fill(NOTE)
    noticed(signed_in)
    Session.objects.all().delete()
    signed_in.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(signed_in.get_by_role("heading", name="This isn't sent yet")).to_be_visible()
    assert asked == [], "a page that nobody may read does not wait for an answer"
    assert NOTE not in signed_in.content()
    assert "Maya" not in signed_in.content()
    enter(signed_in.context, therapist, address)
    signed_in.get_by_role("button", name="Send it now").click()
    expect(signed_in.get_by_text("Saved.")).to_be_visible()
    waiting.refresh_from_db()
    assert waiting.private_note == NOTE


def test_a_name_that_is_looked_for_is_in_no_address_that_the_browser_asks_for(
    signed_in: Page, waiting: ConsultationRequest
) -> None:
    addresses: list[str] = []
    signed_in.on("request", lambda consultation: addresses.append(consultation.url))
    signed_in.goto("/admin/consultations/")
    signed_in.get_by_label("Find by name, email or phone").fill("maya")
    signed_in.wait_for_timeout(500)
    signed_in.get_by_label("Find by name, email or phone").press("Enter")
    expect(signed_in.get_by_role("link", name="Show the whole list")).to_be_visible()
    expect(signed_in.get_by_role("link", name="Maya", exact=True)).to_be_visible()
    assert not [each for each in [*addresses, signed_in.url] if "maya" in each.lower()]


# --- On paper -----------------------------------------------------------------------------------


def test_a_printed_request_is_whole(signed_in: Page, therapist: User, address: str) -> None:
    lines = [f"Line {number} of it." for number in range(90)]
    consultation = by_visitor.submit(
        factories.unsaved_request(name="Maya", message="\n".join(["Message.", *lines]))
    )[0]
    decisions.waitlist(
        consultation, user=therapist, words=emails.Draft("About it", "\n".join(lines))
    )
    notes.save_notes(
        consultation, user=therapist, note="\n".join(["Note.", *lines]), outcome="referred"
    )
    signed_in.goto(f"/admin/consultations/{consultation.pk}/")
    assert len(re.findall(rb"/Type\s*/Page\b", signed_in.pdf())) > 4, "nothing is cut off"
    signed_in.emulate_media(media="print")
    printed = signed_in.locator("body").inner_text()
    assert printed.count("Line 89 of it.") == 3, "message, letter and note"
    assert "Referred to someone else" in printed
    assert "robin@example.com" in printed
    assert "put it on the waitlist" in printed
    for left_out in ("Schedule", "Delete now", "Save outcome and note", "Copy for your records"):
        assert left_out not in printed
    expect(signed_in.locator("textarea:visible, select:visible, button:visible")).to_have_count(0)
