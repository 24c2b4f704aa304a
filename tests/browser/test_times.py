"""Real open times, end to end: a visitor without JavaScript, and the therapist in the admin."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from booking import outbox, services
from booking.models import ConsultationRequest, Schedule, State
from practice.models import User
from tests import factories

pytestmark = pytest.mark.browser

WORDS = services.Draft("About your message", "Some words.")


@pytest.fixture(autouse=True)
def open_hours(address: str) -> Schedule:
    return factories.schedule()


def ask(visitor: Page, which: int | None = None) -> str:
    """Sends the form, with an open time of those shown or without; the private link."""
    visitor.goto("/consultation/")
    visitor.get_by_label("What should I call you?").fill("Robin")
    visitor.get_by_label("E-mail").fill("robin@example.com")
    if which is not None:
        visitor.locator(".open-times input[type=radio]").nth(which).check()
    visitor.get_by_role("button", name="Send my request").click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Your request has arrived")
    return str(visitor.get_by_role("link", name=re.compile("withdraw")).get_attribute("href"))


def the_request() -> ConsultationRequest:
    return ConsultationRequest.objects.get()


def decide(signed_in: Page, label: str) -> None:
    signed_in.goto(f"/admin/consultations/{the_request().pk}/")
    signed_in.get_by_role("link", name=label).click()


def test_asking_for_a_time_which_the_therapist_confirms(visitor: Page, signed_in: Page) -> None:
    visitor.goto("/consultation/")
    visitor.get_by_label("What should I call you?").fill("Robin")
    visitor.get_by_role("button", name="More open times").click()
    expect(visitor.get_by_label("What should I call you?")).to_have_value("Robin")
    visitor.get_by_label("Show times in").select_option("America/New_York")
    visitor.get_by_role("button", name="Show", exact=True).click()
    time = visitor.locator(".open-times .choice").nth(9)
    expect(time).to_contain_text(re.compile(r"\(E[SD]T\)"))
    time.get_by_role("radio").check()
    visitor.get_by_label("Telephone", exact=True).fill("626 555 0143")
    visitor.get_by_role("button", name="Send my request").click()
    expect(visitor.locator("main")).to_contain_text("You asked for")
    visitor.get_by_role("link", name=re.compile("withdraw")).click()
    asked = the_request()
    assert asked.starts_at
    assert asked.claims.exists()

    decide(signed_in, "Confirm a time")
    signed_in.get_by_role("button", name="Continue to the words").click()
    signed_in.get_by_role("button", name="Confirm a time").click()
    expect(signed_in.locator(".request-state")).to_contain_text("Confirmed")
    visitor.reload()
    expect(visitor.locator("main")).to_contain_text("Your consultation is on")
    expect(visitor.locator("main")).to_contain_text(re.compile(r"\(E[SD]T\)"))
    assert the_request().starts_at == asked.starts_at


def test_being_offered_three_times_and_picking_one(visitor: Page, signed_in: Page) -> None:
    link = ask(visitor)
    decide(signed_in, "Offer other times")
    signed_in.get_by_role("button", name="Continue to the letter").click()
    expect(signed_in.get_by_label("Letter")).to_have_value(re.compile("one of these times"))
    signed_in.get_by_role("button", name="Offer other times and send").click()
    expect(signed_in.locator(".request-state")).to_contain_text("Other times offered")

    visitor.goto(link)
    times = visitor.get_by_role("group", name="Which time suits you?").get_by_role("radio")
    expect(times).to_have_count(3)
    visitor.get_by_role("button", name="Take this time").click()
    expect(visitor.locator(".error-summary")).to_be_focused()
    times.nth(1).check()
    visitor.get_by_label("Which number may I call?").fill("626 555 0143")
    visitor.get_by_role("button", name="Take this time").click()
    expect(visitor.locator("main")).to_contain_text("Your consultation is on")
    assert the_request().state == State.CONFIRMED
    # Alert and receipt, alert and invitation; an offer that was answered need not leave any more.
    assert outbox.send_due() == 2 + 2


def agreed(visitor: Page, therapist: User) -> str:
    link = ask(visitor, which=2)
    request = the_request()
    assert request.starts_at
    services.confirm(request, user=therapist, words=WORDS, starts_at=request.starts_at, minutes=20)
    return link


def test_asking_to_move(visitor: Page, signed_in: Page, therapist: User) -> None:
    visitor.goto(agreed(visitor, therapist))
    visitor.get_by_role("button", name="Ask for another time").click()
    expect(visitor.locator("main")).to_contain_text("You have asked for another time")

    signed_in.goto("/admin/consultations/")
    expect(signed_in.locator("#listing-results")).to_contain_text("asks for another time")
    before = the_request().starts_at
    decide(signed_in, "Move to another time")
    later = [time for time in factories.open_times() if time != before][-1]
    local = later.astimezone(factories.practice_settings().zone)
    signed_in.get_by_label("Day").fill(f"{local:%Y-%m-%d}")
    signed_in.get_by_label("Time:", exact=True).fill(f"{local:%H:%M}")
    signed_in.get_by_label("They call the practice instead").check()
    signed_in.get_by_role("button", name="Continue to the letter").click()
    signed_in.get_by_role("button", name="Move to another time and send").click()
    expect(signed_in.locator(".request-state")).to_contain_text("Confirmed")

    visitor.reload()
    expect(visitor.locator("main")).to_contain_text("Please call me at that time")
    assert the_request().starts_at == later


def test_cancelling(visitor: Page, therapist: User) -> None:
    visitor.goto(agreed(visitor, therapist))
    visitor.get_by_role("button", name="Withdraw my request").click()
    expect(visitor.locator("main")).to_contain_text("You have withdrawn it")
    request = the_request()
    assert not request.claims.exists()
    assert request.emails.get(kind="letter", sent_at=None)
    assert request.starts_at in factories.open_times()


def test_a_device_in_another_zone_is_offered_its_own(
    browser: Browser, address: str, open_hours: Any
) -> None:
    context = browser.new_context(base_url=address, timezone_id="Europe/Berlin")
    page = context.new_page()
    page.goto("/consultation/")
    page.get_by_label("What should I call you?").fill("Robin")
    expect(page.locator("#own-zone")).to_contain_text("Berlin")
    page.get_by_role("button", name="Choose it").click()
    expect(page.locator(".open-times .choice").first).to_contain_text(re.compile(r"\(CES?T\)"))
    expect(page.get_by_label("What should I call you?")).to_have_value("Robin")
    assert context.cookies() == []
    context.close()
