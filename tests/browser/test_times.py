"""A request from its open time to its end: a visitor without JavaScript, and the therapist."""

import re
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from booking.letters import emails, outbox
from booking.models import ConsultationRequest, OutgoingEmail, Schedule, State
from booking.services import decisions
from practice.models import User
from tests import factories

pytestmark = pytest.mark.browser

WORDS = emails.Draft("About your message", "Some words.")
ENCRYPTED = re.compile(r"gAAAA[\w-]{60,}={0,2}")  # what a Fernet token looks like


@pytest.fixture(autouse=True)
def open_hours(address: str) -> Schedule:
    return factories.schedule()


def ask(visitor: Page, which: int | None = None) -> str:
    """Sends the form, with an open time of those shown or without; the private link."""
    visitor.goto("/consultation/")
    visitor.get_by_label("What should I call you?").fill("Robin")
    visitor.get_by_label("Email", exact=True).fill("robin@example.com")
    if which is not None:
        visitor.locator(".day input[type=radio]").nth(which).check()
    visitor.get_by_role("button", name="Send request").click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Thank you for writing to me")
    return str(visitor.get_by_role("link", name="See my request").get_attribute("href"))


def the_request() -> ConsultationRequest:
    return ConsultationRequest.objects.get()


def decide(signed_in: Page, label: str) -> None:
    signed_in.goto(f"/admin/consultations/{the_request().pk}/")
    signed_in.get_by_role("link", name=label).click()


def test_asking_for_a_time_which_the_therapist_confirms(visitor: Page, signed_in: Page) -> None:
    visitor.goto("/consultation/")
    visitor.get_by_label("What should I call you?").fill("Robin")
    visitor.get_by_role("button", name="Show more times").click()
    expect(visitor.get_by_label("What should I call you?")).to_have_value("Robin")
    visitor.get_by_text("Change time zone", exact=True).click()
    visitor.get_by_label("Show times in").select_option("America/New_York")
    visitor.get_by_role("button", name="Show times in this zone", exact=True).click()
    time = visitor.locator(".day .chip").nth(9)
    expect(visitor.locator(".open-times")).to_contain_text("All times are Eastern Time")
    time.get_by_role("radio").check()
    visitor.get_by_label("Phone", exact=True).fill("626 555 0143")
    visitor.get_by_role("button", name="Send request").click()
    expect(visitor.locator("main")).to_contain_text("You asked for")
    visitor.get_by_role("link", name="See my request").click()
    asked = the_request()
    assert asked.starts_at
    assert asked.claims.exists()

    decide(signed_in, "Confirm a time")
    signed_in.get_by_role("button", name="Continue to your reply").click()
    signed_in.get_by_role("button", name=re.compile(r"^Confirm \w+day, ")).click()
    expect(signed_in.locator(".request-state")).to_contain_text("Confirmed")
    visitor.reload()
    expect(visitor.locator("main")).to_contain_text("Our call is set")
    expect(visitor.locator("main")).to_contain_text("Eastern Time")
    assert the_request().starts_at == asked.starts_at


def test_being_offered_three_times_and_picking_one(visitor: Page, signed_in: Page) -> None:
    link = ask(visitor)
    decide(signed_in, "Offer times")
    signed_in.get_by_role("button", name="Continue to your reply").click()
    expect(signed_in.get_by_label("Your reply")).to_have_value(re.compile("one of these times"))
    signed_in.get_by_role("button", name="Send reply").click()
    expect(signed_in.locator(".request-state")).to_contain_text("Times offered")

    visitor.goto(link)
    times = visitor.get_by_role("group", name="Which time works for you?").get_by_role("radio")
    expect(times).to_have_count(3)
    visitor.get_by_role("button", name="Confirm this time").click()
    expect(visitor.locator(".error-summary")).to_be_focused()
    visitor.locator(".chip label").nth(1).click()
    visitor.get_by_label("What number can I call?").fill("626 555 0143")
    visitor.get_by_role("button", name="Confirm this time").click()
    expect(visitor.locator("main")).to_contain_text("Our call is set")
    assert the_request().state == State.CONFIRMED
    # Alerts as one, receipt, invitation; an offer that was answered need not leave any more.
    assert outbox.send_due() == 1 + 2


def agreed(visitor: Page, therapist: User) -> str:
    link = ask(visitor, which=2)
    consultation = the_request()
    assert consultation.starts_at
    decisions.confirm(
        consultation, user=therapist, words=WORDS, starts_at=consultation.starts_at, minutes=20
    )
    return link


def test_asking_to_move(visitor: Page, signed_in: Page, therapist: User) -> None:
    visitor.goto(agreed(visitor, therapist))
    visitor.get_by_text("Change, cancel, or delete").click()
    visitor.get_by_role("button", name="Ask for another time").click()
    expect(visitor.locator("main")).to_contain_text("You asked for another time")

    signed_in.goto("/admin/consultations/")
    expect(signed_in.locator("#listing-results")).to_contain_text("wants another time")
    before = the_request().starts_at
    decide(signed_in, "Move to another time")
    later = [time for time in factories.open_times() if time != before][-1]
    local = later.astimezone(factories.practice_settings().zone)
    signed_in.get_by_label("Day").fill(f"{local:%Y-%m-%d}")
    signed_in.get_by_label("Time:", exact=True).fill(f"{local:%H:%M}")
    signed_in.get_by_label("They call me instead").check()
    signed_in.get_by_role("button", name="Continue to your reply").click()
    signed_in.get_by_role("button", name=re.compile(r"^Move to \w+day, ")).click()
    expect(signed_in.locator(".request-state")).to_contain_text("Confirmed")

    visitor.reload()
    expect(visitor.locator("main")).to_contain_text("Please call me at")
    assert the_request().starts_at == later


def test_cancelling(visitor: Page, therapist: User) -> None:
    visitor.goto(agreed(visitor, therapist))
    visitor.get_by_role("button", name="Email me a calendar file too").click()
    OutgoingEmail.objects.update(sent_at=timezone.now())
    visitor.get_by_text("Change, cancel, or delete").click()
    visitor.get_by_role("button", name="Cancel our call").click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("You canceled our call")
    consultation = the_request()
    assert not consultation.claims.exists()
    assert consultation.emails.cancellations().get(sent_at=None), "the file that they have"
    assert consultation.starts_at in factories.open_times()


def everything_on_file() -> str:
    """Every value of every table as it lies there: what is encrypted stays so."""
    with connection.cursor() as cursor:
        rows: list[Any] = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows += cursor.fetchall()
    return repr(rows)


def test_a_visitor_erases_their_own_request_until_nothing_is_left(
    visitor: Page, signed_in: Page
) -> None:
    visitor.goto("/consultation/")
    visitor.get_by_label("What should I call you?").fill("Quillon")
    visitor.get_by_label("Email", exact=True).fill("quillon@example.com")
    visitor.get_by_text("Anything you'd like me to know").first.click()
    visitor.get_by_label("Anything you'd like me to know").fill("The lighthouse is dark.")
    before = ENCRYPTED.findall(everything_on_file())
    visitor.get_by_role("button", name="Send request").click()
    link = visitor.get_by_role("link", name="See my request")
    token = str(link.get_attribute("href")).split("/")[-2]
    link.click()
    asked = the_request()
    traces = set(ENCRYPTED.findall(everything_on_file())) - set(before)
    assert len(traces) == 3, "name, e-mail and message"
    signed_in.goto("/admin/consultations/")
    expect(signed_in.locator("#listing-results")).to_contain_text("Quillon")

    # Canceling is another thing: it may be undone for a day.
    visitor.get_by_text("Cancel or delete your request").click()
    visitor.get_by_role("button", name="Cancel my request").click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("You canceled your request")
    visitor.get_by_role("button", name="Bring my request back").click()
    expect(visitor.locator("main")).to_contain_text("I have your request")

    # By the keyboard alone, from the button to the answer.
    visitor.get_by_text("Cancel or delete your request").focus()
    visitor.keyboard.press("Enter")
    visitor.get_by_role("button", name="Delete what I sent").focus()
    visitor.keyboard.press("Enter")
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Delete what you sent?")
    visitor.get_by_role("link", name="Go back to my request").click()
    assert ConsultationRequest.objects.exists()
    visitor.get_by_text("Cancel or delete your request").click()
    visitor.get_by_role("button", name="Delete what I sent").click()
    visitor.get_by_role("button", name="Delete what I sent").focus()
    visitor.keyboard.press("Enter")
    expect(visitor.get_by_role("heading", level=1)).to_have_text("It's deleted")
    expect(visitor.locator("main")).to_contain_text("What you wrote is gone from this site")

    assert visitor.goto(f"/consultation/manage/{token}/").status == 410  # type: ignore[union-attr]
    expect(visitor.get_by_role("heading", level=1)).to_have_text("This link has expired")
    for page in ("", "all/", f"{asked.pk}/"):
        signed_in.goto(f"/admin/consultations/{page}")
        expect(signed_in.get_by_role("heading", name="Consultations", exact=True)).to_be_attached()
        expect(signed_in.locator("main")).not_to_contain_text("Quillon")
    key = asked.submission_key
    traces |= {"Quillon", "quillon", "lighthouse", asked.link_nonce, key.hex, str(key)}
    left = everything_on_file()
    assert [trace for trace in traces if trace in left] == []


def test_a_device_in_another_zone_is_offered_its_own(
    browser: Browser, address: str, open_hours: Any
) -> None:
    context = browser.new_context(base_url=address, timezone_id="Europe/Berlin")
    page = context.new_page()
    page.goto("/consultation/")
    page.get_by_label("What should I call you?").fill("Robin")
    expect(page.locator("#own-zone")).to_contain_text("Central European Time")
    page.get_by_role("button", name="Show times in my time zone").click()
    expect(page.locator(".day .chip").first).to_be_visible()
    expect(page.locator(".open-times")).to_contain_text("All times are Central European Time")
    expect(page.get_by_label("What should I call you?")).to_have_value("Robin")
    assert context.cookies() == []
    context.close()


@pytest.mark.parametrize(("month", "is_offered"), [(10, False), (11, True)])
def test_a_device_hears_of_its_zone_only_if_its_clocks_differ_at_the_times_shown(
    browser: Browser, month: int, is_offered: bool
) -> None:
    """Arizona has California's clocks until November, whatever day it is when somebody asks."""
    context = browser.new_context(timezone_id="America/Phoenix")
    page = context.new_page()
    page.set_content(
        f"""<div class="open-times">
        <div class="day"><input type="radio" name="when" value="2026-{month}-20T17:00Z"></div>
        <div><select id="id_time_zone"><option value="America/Los_Angeles">Pacific Time
        <option value="America/Hermosillo">Arizona Time</select>
        <p id="own-zone" hidden><span></span><button></button></p></div></div>"""
    )
    page.add_script_tag(path=finders.find("booking/zone.js"))
    hint = page.locator("#own-zone")
    expect(hint).to_be_visible(visible=is_offered)
    expect(hint).to_contain_text("Arizona Time" if is_offered else "")
    context.close()
