"""Words that no email brings: copied by a press, or by hand where no script runs."""

import pytest
from playwright.sync_api import Browser, Page, expect

from booking.models import ConsultationRequest
from practice.models import User
from tests import factories
from tests.browser.conftest import enter

pytestmark = pytest.mark.browser

WORDS = "Hello Maya, this is The Therapist.\n\nCall me."


@pytest.fixture
def to_say(address: str) -> ConsultationRequest:
    consultation = factories.consultation_request(
        email="", phone="+14155550100", name="Maya", text_ok=True
    )
    consultation.letters.create(version=1, kind="waitlist", channel="in_person", body=WORDS)
    return consultation


def test_a_press_copies_the_words_as_they_are_texted(
    signed_in: Page, to_say: ConsultationRequest
) -> None:
    signed_in.context.grant_permissions(["clipboard-read", "clipboard-write"])
    signed_in.goto(f"/admin/consultations/{to_say.pk}/")
    signed_in.get_by_role("button", name="Copy", exact=True).click()
    expect(signed_in.get_by_text("Copied.", exact=True)).to_be_visible()
    copied = signed_in.evaluate("navigator.clipboard.readText()")
    assert copied == f"About your request\n\n{WORDS}"


def test_without_a_script_there_is_nothing_that_does_nothing(
    browser: Browser, address: str, therapist: User, to_say: ConsultationRequest
) -> None:
    context = browser.new_context(base_url=address, java_script_enabled=False)
    enter(context, therapist, address)
    page = context.new_page()
    page.goto(f"/admin/consultations/{to_say.pk}/")
    expect(page.get_by_text("Call me.")).to_be_visible()
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    context.close()
