"""A page for one concern: one click makes it, and it has a call to action of its own."""

import pytest
from django.test import Client
from django.urls import reverse

from practice.models import HomePage, PracticeSettings, StandardPage
from tests import factories

pytestmark = pytest.mark.django_db


def press(client: Client) -> StandardPage:
    """Presses the button on the admin's first page; the page whose editor opens."""
    assert "Add a page for a concern" in client.get(reverse("wagtailadmin_home")).content.decode()
    answer = client.post(reverse("practice_add_concern"), follow=True)
    assert answer.status_code == 200
    page = StandardPage.objects.latest("pk")
    assert answer.redirect_chain[-1][0] == reverse("wagtailadmin_pages:edit", args=[page.pk])
    return page


def test_one_click_makes_a_draft_for_the_menu_and_opens_its_editor(
    as_therapist: Client, home: HomePage, visitor: Client
) -> None:
    page = press(as_therapist)
    assert page.get_parent().specific == home
    assert page.show_in_menus
    assert [block.block_type for block in page.body] == ["heading", "text", "points", "text"]
    assert visitor.get(page.get_url()).status_code == 404


def test_it_can_be_pressed_twice(as_therapist: Client, home: HomePage) -> None:
    assert press(as_therapist).slug != press(as_therapist).slug


def test_once_published_it_stands_in_the_menu_and_ends_in_its_own_invitation(
    as_therapist: Client, practice: PracticeSettings, visitor: Client
) -> None:
    page = press(as_therapist)
    page.title = "Couples"
    page.invitation_heading = "Bring your partner, or come alone."
    factories.publish(page)
    text = visitor.get(page.get_url()).content.decode()
    main = text[text.index("<main") : text.index("</main>")]
    assert ">Couples</a>" in text[: text.index("<main")]
    assert "Bring your partner, or come alone." in main
    assert practice.invitation_button in main
    assert main.count('class="invitation"') == 1


def test_what_is_left_empty_in_the_editor_is_the_practices_own(
    practice: PracticeSettings, visitor: Client
) -> None:
    page = StandardPage.objects.get(slug="services")
    page.invitation_text = '<p data-block-key="a1b2c"></p>'
    factories.publish(page)
    assert "A first name and a way to reach you" in visitor.get("/services/").content.decode()


def test_what_is_small_print_ends_in_no_invitation(
    practice: PracticeSettings, visitor: Client
) -> None:
    assert 'class="invitation"' in visitor.get("/services/").content.decode()
    assert 'class="invitation"' not in visitor.get("/privacy/").content.decode()


def test_crisis_help_is_said_once_on_a_page_and_the_menu_leads_to_it(
    practice: PracticeSettings, visitor: Client
) -> None:
    page = StandardPage.objects.get(slug="privacy")
    page.body = [("crisis", None)]
    factories.publish(page)
    for address in ("/privacy/", "/services/"):
        text = visitor.get(address).content.decode()
        assert text.count('class="crisis"') == text.count('id="help"') == 1, address


def test_who_helps_with_articles_alone_adds_none(as_editor: Client, home: HomePage) -> None:
    assert "for a concern" not in as_editor.get(reverse("wagtailadmin_home")).content.decode()
    as_editor.post(reverse("practice_add_concern"))
    assert not StandardPage.objects.filter(slug="new-concern").exists()
