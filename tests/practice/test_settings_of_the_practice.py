"""What a practice may say about itself, and what follows from it."""

from datetime import date
from html import unescape
from importlib import import_module
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.test import Client
from django.urls import reverse
from wagtail.models import Page

from practice.launch.completeness import missing
from practice.mail import proof
from practice.models import (
    Agreement,
    DaysAway,
    PracticeSettings,
    Region,
    StandardPage,
    parse_regions,
)
from practice.models.pages import written_pages
from tests import factories


def faults(**changes: Any) -> dict[str, list[str]]:
    """What stands beside which field when a practice with `changes` is checked."""
    try:
        PracticeSettings(**changes).full_clean()
    except ValidationError as error:
        return error.message_dict
    return {}


@pytest.mark.django_db
def test_the_practice_that_everybody_starts_with_is_valid() -> None:
    assert faults() == {}


@pytest.mark.django_db
def test_a_new_practice_lives_by_the_zone_that_was_named_at_the_install(settings: Any) -> None:
    PracticeSettings.objects.all().delete()
    settings.TIME_ZONE = "America/New_York"
    assert PracticeSettings.load().time_zone == "America/New_York"
    settings.TIME_ZONE = "Europe/London"
    assert PracticeSettings.load().time_zone == "America/New_York"  # what exists stays


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("telephone", "call me"),
        ("telephone", "12"),
        ("telephone", "+1 415 555 01000000"),
        ("country", "XX"),
        ("country", "us"),
        ("holiday_region", "ENG"),
        ("licensed_regions", "   "),
        ("licensed_regions", "California"),
        ("licensed_regions", "CA California\nca Kalifornia"),
        ("time_zone", "Pacific"),
        ("accent", "red"),
        ("accent", "#12345"),
        ("reply_within", 0),
        ("reply_within", 31),
        ("consultation_minutes", 4),
        ("keeps_closed_for", 0),
        ("client_portal_url", "my portal"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(field: str, value: Any) -> None:
    assert list(faults(**{field: value})) == [field]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changes",
    [
        {"telephone": "(415) 555-0100"},
        {"telephone": "+44 20 7946 0000"},
        {"telephone": "020 7946 0000", "country": "GB", "holiday_region": "ENG"},
        {"country": "GB", "holiday_region": ""},
        {"licensed_regions": "CA California\nOR Oregon\n"},
    ],
)
def test_what_can_be_is_taken(changes: dict[str, Any]) -> None:
    assert faults(**changes) == {}


def test_a_fault_in_the_country_is_not_said_twice() -> None:
    with pytest.raises(ValidationError) as caught:
        PracticeSettings(country="XX").full_clean(exclude=["portrait"])
    assert list(caught.value.message_dict) == ["country"]


def test_regions_are_read_line_by_line() -> None:
    text = "ca California\n\n  NY   New York \r\n"
    assert parse_regions(text) == [Region("CA", "California"), Region("NY", "New York")]


@pytest.mark.parametrize(
    ("regions", "places"),
    [
        ("", ""),
        ("CA California", "California"),
        ("CA California\nNV Nevada", "California or Nevada"),
        ("CA California\nNV Nevada\nOR Oregon", "California, Nevada, or Oregon"),
    ],
)
def test_places_are_named_as_in_a_sentence(regions: str, places: str) -> None:
    assert PracticeSettings(licensed_regions=regions).places == places


@pytest.mark.parametrize(
    ("telephone", "country", "link"),
    [
        ("(415) 555-0100", "US", "tel:+1-415-555-0100"),
        ("+1 415 555 0100 ext. 12", "US", "tel:+1-415-555-0100;ext=12"),
        ("020 7946 0000", "GB", "tel:+44-20-7946-0000"),
        ("+44 20 7946 0000", "US", "tel:+44-20-7946-0000"),
        ("", "US", ""),
    ],
)
def test_the_link_dials_the_practice_from_anywhere(telephone: str, country: str, link: str) -> None:
    assert PracticeSettings(telephone=telephone, country=country).telephone_link == link


def test_mail_comes_from_the_short_name_where_there_is_one() -> None:
    practice = PracticeSettings(practice_name="Quiet Harbor Counseling")
    assert practice.mail_name == "Quiet Harbor Counseling"
    practice.short_name = "QHC"
    assert practice.mail_name == "QHC"


def test_an_answer_is_promised_in_working_days_less_days_away(practice: PracticeSettings) -> None:
    friday = date(2026, 11, 13)
    assert practice.reply_by(friday) == date(2026, 11, 17)
    DaysAway.objects.create(
        practice=practice, first_day=date(2026, 11, 16), last_day=date(2026, 11, 18)
    )
    assert PracticeSettings.objects.get().reply_by(friday) == date(2026, 11, 20)


def test_the_database_refuses_days_away_that_end_before_they_begin(
    practice: PracticeSettings,
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        DaysAway.objects.create(
            practice=practice, first_day=date(2026, 11, 18), last_day=date(2026, 11, 17)
        )


def test_what_teens_are_told_follows_the_default_unless_the_practice_wrote_its_own(
    practice: PracticeSettings,
) -> None:
    notices = import_module("practice.migrations.0014_notices")
    before = ("practice", "0013_said_plainly")
    then = MigrationLoader(connection).project_state(before).apps
    old = then.get_model("practice", "PracticeSettings")().teen_information
    new = PracticeSettings().teen_information
    edited = old.replace("</p><p>", "</p>\n<p data-block-key='a1'>")
    for has, gets in ((old, new), (edited, new), ("<p>Mine.</p>", "<p>Mine.</p>"), ("", "")):
        PracticeSettings.objects.update(teen_information=has)
        notices.follow_the_defaults(then, None)
        assert PracticeSettings.objects.get().teen_information == gets
    assert old != new


# --- In the admin --------------------------------------------------------------------------

ADDRESS = reverse("wagtailsettings:edit", args=["practice", "practicesettings"])


def form_of(client: Client, practice: PracticeSettings) -> tuple[str, dict[str, Any]]:
    """The address of the settings' form and what it would post unchanged."""
    answer = client.get(ADDRESS, follow=True)
    form = answer.context["form"]
    data = {name: form[name].value() for name in form.fields}
    data = {name: "" if value is None else value for name, value in data.items()}
    if not data["asks_for_message"]:
        del data["asks_for_message"]
    for name in ("teen_information", "elsewhere_help", "board_notice",
                 "good_faith_estimate_notice", "invitation_text"):  # fmt: skip
        data[name] = form[name].field.widget.format_value(data[name])
    agreements = form.formsets["agreements"].management_form
    data |= {agreements.add_prefix(name): agreements[name].value() for name in agreements.fields}
    return answer.request["PATH_INFO"], data


def test_the_therapist_changes_the_settings(
    as_therapist: Client, practice: PracticeSettings
) -> None:
    address, data = form_of(as_therapist, practice)
    answer = as_therapist.post(address, data | {"fee": "$190"})
    assert answer.status_code == 302
    assert PracticeSettings.objects.get().fee == "$190"


def test_the_therapist_notes_a_business_associate_agreement(
    as_therapist: Client, practice: PracticeSettings
) -> None:
    address, data = form_of(as_therapist, practice)
    data |= {
        "agreements-TOTAL_FORMS": "1",
        "agreements-0-service": "Mail, Some Provider",
        "agreements-0-needed": "on",
        "agreements-0-signed_on": "2026-02-01",
        "agreements-0-ends_on": "2026-01-01",
        "agreements-0-ORDER": "1",
    }
    refused = as_therapist.post(address, data)
    assert "It can't end before it was signed." in unescape(refused.content.decode())
    assert not Agreement.objects.exists()
    answer = as_therapist.post(address, data | {"agreements-0-ends_on": "2027-02-01"})
    assert answer.status_code == 302
    assert Agreement.objects.get().service == "Mail, Some Provider"


def test_a_practice_that_is_saved_unchanged_is_still_told_what_is_californias(
    as_therapist: Client, practice: PracticeSettings
) -> None:
    address, data = form_of(as_therapist, practice)
    data |= {"country": "GB", "holiday_region": "ENG", "telephone": "020 7946 0000"}
    assert as_therapist.post(address, data).status_code == 302
    lines = missing(PracticeSettings.objects.get())
    for words in ("The board's notice", "What teens are told", "What people in other places"):
        assert any(line.startswith(words) for line in lines)


def test_a_wrong_telephone_is_said_beside_it_and_what_was_typed_stays(
    as_therapist: Client, practice: PracticeSettings
) -> None:
    address, data = form_of(as_therapist, practice)
    answer = as_therapist.post(address, data | {"telephone": "call me", "fee": "$190"})
    assert answer.status_code == 200
    assert answer.context["form"].errors == {
        "telephone": ["That doesn't look like a phone number."]
    }
    assert answer.context["form"]["fee"].value() == "$190"
    assert PracticeSettings.objects.get().fee == "$180"


def test_an_editor_does_not_reach_the_settings(as_editor: Client) -> None:
    answer = as_editor.get(ADDRESS, follow=True)
    assert answer.redirect_chain[-1] == (reverse("wagtailadmin_home"), 302)


# --- Before you go live --------------------------------------------------------------------


def admin_home(client: Client) -> str:
    return unescape(client.get(reverse("wagtailadmin_home")).content.decode())


def test_the_admin_says_what_is_missing_before_going_live(
    as_therapist: Client, home: object
) -> None:
    PracticeSettings.objects.all().delete()
    said = admin_home(as_therapist)
    assert "Before you go live" in said
    assert "Your license or registration number" in said
    assert ADDRESS in said


def test_the_admin_says_what_of_the_sample_still_stands(
    as_therapist: Client, practice: PracticeSettings
) -> None:
    factories.practice_settings(fee="$150 (sample)")
    said = admin_home(as_therapist)
    assert "Settings, Practice: fee for a session" in said
    assert "remove_sample_content" in said


@pytest.fixture
def ready(practice: PracticeSettings, therapist: Any, settings: Any) -> None:
    """Nothing is missing: mail arrives, there are backups and hours, and pages say something."""
    therapist.email = "somebody@example.org"
    therapist.save()
    proof.prove(proof.ask("somebody@example.org").code)
    settings.BACKUP_TO, settings.BACKUP_RECIPIENT = "/mnt/backups", "age1example"
    factories.schedule()
    for page in written_pages():
        page.introduction = "<p>My own words.</p>"
        factories.publish(page)


def test_a_practice_that_is_ready_is_left_in_peace(as_therapist: Client, ready: None) -> None:
    assert "Before you go live" not in admin_home(as_therapist)


@pytest.mark.parametrize(
    ("slug", "says"),
    [("home", "Your home page isn't published"), ("privacy", "Your privacy page isn't published")],
)
def test_a_page_that_readers_need_is_named_until_it_is_published(
    as_therapist: Client, ready: None, slug: str, says: str
) -> None:
    page = Page.objects.get(slug=slug)
    page.unpublish()
    said = admin_home(as_therapist)
    assert says in said
    assert reverse("wagtailadmin_pages:edit", args=[page.pk]) in said


def test_a_privacy_page_that_was_deleted_is_named(as_therapist: Client, ready: None) -> None:
    StandardPage.objects.get(slug="privacy").delete()
    assert "You have no privacy page" in admin_home(as_therapist)


def test_a_page_that_was_published_without_a_text_is_named(
    as_therapist: Client, ready: None
) -> None:
    page = StandardPage.objects.get(slug="accessibility")
    page.introduction = "<p></p>"
    factories.publish(page)
    said = admin_home(as_therapist)
    assert "\u201cAccessibility\u201d is published, but has no text on it." in said


@pytest.mark.parametrize("name", ["BACKUP_TO", "BACKUP_RECIPIENT"])
def test_whoever_has_no_backups_is_told_whom_to_ask(
    as_therapist: Client, ready: None, settings: Any, name: str
) -> None:
    setattr(settings, name, "")
    assert "You have no backups." in admin_home(as_therapist)


def test_an_editor_is_not_told_what_the_practice_lacks(as_editor: Client, home: object) -> None:
    PracticeSettings.objects.all().delete()
    assert "Before you go live" not in admin_home(as_editor)


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["email", "second_email"])
def test_an_address_of_the_practices_own_is_read_as_any_other(field: str) -> None:
    assert field in faults(**{field: "practice@localhost"})
    practice = PracticeSettings(**{field: "practice@exam\u202cple.com"})
    practice.full_clean()
    assert getattr(practice, field) == "practice@example.com"
    both = {"email": "p@straße.example", "second_email": "p@xn--strae-oqa.example"}
    assert "second_email" in faults(**both)
    assert faults(**{**both, "second_email": "p@strasse.example"}) == {}
