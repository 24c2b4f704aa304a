"""The main job, end to end: read, ask, decide, without JavaScript on the visitor's side."""

import re
from datetime import date
from pathlib import Path

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser, Page, expect

from blog.models import ArticlePage, BioPage
from booking.letters import outbox
from booking.models import ConsultationRequest, State
from tests.browser.documents import ESSAYS
from tests.conftest import SHARED

pytestmark = pytest.mark.browser

NOTE = "Anything you'd like me to know"
YEAR = date.today().year + 1


@pytest.fixture(params=["own", "seed"])
def document(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "own":
        path = tmp_path / "essays.txt"
        path.write_text(ESSAYS, encoding="utf-8")
        return path
    path = SHARED / "seed" / "articles.txt"
    if not path.exists():
        pytest.skip("the therapist's own document is not beside this checkout")
    return path


def ask(visitor: Page, article: ArticlePage, name: str) -> None:
    """Reads an article to its end and follows its invitation to a request that was sent."""
    visitor.goto("/articles/")
    visitor.get_by_role("link", name=article.title, exact=True).click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text(article.title)
    visitor.locator("main a[href*='/consultation/?article=']").last.click()
    expect(visitor.locator("main")).to_contain_text(article.title)
    visitor.get_by_label("What should I call you?").fill(name)
    visitor.get_by_label("Email", exact=True).fill(f"{name.lower()}@example.com")
    visitor.get_by_role("button", name="Send request").click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Thank you for writing to me")


def open_request(signed_in: Page, name: str) -> None:
    signed_in.goto("/admin/consultations/")
    signed_in.get_by_role("link", name=name, exact=True).click()
    expect(signed_in.get_by_role("heading", name=name, exact=True)).to_be_visible()


def state_of(name: str) -> str:
    return next(r.state for r in ConsultationRequest.objects.all() if r.name == name)


def test_three_readers_ask_and_the_therapist_decides(
    visitor: Page, signed_in: Page, document: Path
) -> None:
    call_command("import_articles", str(document), publish=True)
    articles = list(ArticlePage.objects.live().order_by("pk"))
    bio = BioPage.objects.live().get()
    assert len(articles) == 3

    visitor.goto("/about/")
    expect(visitor.get_by_role("heading", level=1)).to_have_text(bio.title)
    links = {}
    for article, name in zip(articles, ("Ada", "Bo", "Cy"), strict=True):
        ask(visitor, article, name)
        links[name] = visitor.get_by_role("link", name="See my request").get_attribute("href")

    for article, name in zip(articles, ("Ada", "Bo", "Cy"), strict=True):
        open_request(signed_in, name)
        expect(signed_in.locator(".request-facts")).to_contain_text(article.title)

    open_request(signed_in, "Ada")
    signed_in.get_by_role("link", name="Confirm a time").click()
    signed_in.get_by_label("Day").fill(f"{YEAR}-01-11")
    signed_in.get_by_label("Time").fill("09:00")
    signed_in.get_by_label("They call me instead").check()
    signed_in.get_by_role("button", name="Continue to your reply").click()
    expect(signed_in.get_by_label("Your reply")).to_have_value(
        re.compile(f"January 11, {YEAR} at 9:00 AM")
    )
    signed_in.get_by_role("button", name=re.compile(f"^Confirm .+ {YEAR}, 9:00")).click()
    expect(signed_in.locator(".request-state")).to_contain_text("Confirmed")

    open_request(signed_in, "Bo")
    signed_in.get_by_role("link", name="Refer out").click()
    letter = signed_in.get_by_label("Your reply")
    letter.fill(letter.input_value().replace("(name and telephone)", "a colleague nearby"))
    signed_in.get_by_role("button", name="Send reply").click()
    expect(signed_in.locator(".request-state")).to_contain_text("Referred out")
    signed_in.get_by_role("link", name="Reopen").click()
    signed_in.get_by_role("button", name="Reopen").click()
    expect(signed_in.locator(".request-state")).to_contain_text("Waiting")

    visitor.goto(str(links["Cy"]))
    visitor.get_by_text("Cancel or delete your request").click()
    visitor.get_by_role("button", name="Cancel my request").click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("You canceled your request")

    assert [state_of(n) for n in ("Ada", "Bo", "Cy")] == [
        State.CONFIRMED,
        State.PENDING,
        State.WITHDRAWN,
    ]
    assert outbox.send_due() == 1 + 2 + 2  # alerts, which leave as one; acknowledgements, letters


def test_the_keyboard_alone_is_enough(visitor: Page) -> None:
    visitor.goto("/consultation/")
    visitor.get_by_label("What should I call you?").focus()
    visitor.keyboard.type("Robin")
    for _ in range(4):  # telephone, two ticks, e-mail
        visitor.keyboard.press("Tab")
    visitor.keyboard.type("robin@example.com")
    visitor.keyboard.press("Enter")
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Thank you for writing to me")


def test_a_mistake_moves_the_focus_to_the_summary_and_its_links_to_the_fields(
    visitor: Page,
) -> None:
    visitor.goto("/consultation/")
    visitor.get_by_role("button", name="Send request").click()
    expect(visitor.locator(".error-summary")).to_be_focused()
    visitor.get_by_role("link", name="Tell me what to call you.").click()
    expect(visitor).to_have_url(re.compile("#id_name$"))
    visitor.keyboard.type("Robin")
    expect(visitor.get_by_label("What should I call you?")).to_have_value("Robin")


def test_the_teens_own_words_come_before_typing(visitor: Page) -> None:
    visitor.goto("/consultation/")
    expect(visitor.locator("#for-teens")).to_be_hidden()
    visitor.get_by_role("link", name="Read this first").click()
    expect(visitor.locator("#for-teens")).to_be_visible()
    expect(visitor.get_by_label("I'm the teen")).to_be_checked()
    visitor.get_by_label("Me", exact=True).check()
    visitor.goto("/consultation/")
    visitor.get_by_label("I'm the teen").check()
    expect(visitor.locator("#for-teens")).to_be_visible()


def test_back_after_sending_shows_an_empty_form(visitor: Page) -> None:
    visitor.goto("/consultation/")
    visitor.get_by_label("What should I call you?").fill("Robin")
    visitor.get_by_label("Email", exact=True).fill("robin@example.com")
    visitor.get_by_text(NOTE).first.click()
    visitor.get_by_label(NOTE).fill("He must not see this.")
    visitor.get_by_role("button", name="Send request").click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Thank you for writing to me")
    visitor.go_back()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Ask for a free consultation")
    expect(visitor.get_by_label(NOTE)).to_have_value("")
    expect(visitor.get_by_label("Email", exact=True)).to_have_value("")


def test_back_after_sending_shows_an_empty_form_to_a_browser_that_kept_the_page(
    browser: Browser, address: str
) -> None:
    context = browser.new_context(base_url=address)
    page = context.new_page()
    page.goto("/consultation/")
    page.get_by_label("What should I call you?").fill("Robin")
    page.get_by_label("Email", exact=True).fill("robin@example.com")
    page.get_by_text(NOTE).first.click()
    page.get_by_label(NOTE).fill("He must not see this.")
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you for writing to me")
    page.go_back()
    expect(page.get_by_label(NOTE)).to_have_value("")
    expect(page.get_by_label("Email", exact=True)).to_have_value("")
    context.close()
