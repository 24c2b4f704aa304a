"""What a practice still lacks, in California and elsewhere. No database is needed."""

from typing import Any

import pytest

from practice.jurisdiction import california
from practice.launch.completeness import missing
from practice.models import PracticeSettings

COMPLETE = {
    "practice_name": "Quiet Harbor Counseling",
    "therapist_name": "The Therapist",
    "credential": "LMFT",
    "license_number": "000000",
    "telephone": "(415) 555-0100",
    "email": "practice@example.com",
    "fee": "$180",
}
LONDON = {
    "country": "GB",
    "holiday_region": "ENG",
    "licensed_regions": "ENG England",
    "time_zone": "Europe/London",
    "telephone": "020 7946 0000",
    "fee": "80 pounds",
    "emergency_number": "999",
    "crisis_name": "Samaritans",
    "crisis_phone": "116 123",
    "crisis_text_to": "",
    "crisis_chat_url": "",
    "violence_name": "National Domestic Abuse Helpline",
    "violence_phone": "0808 2000 247",
    "violence_url": "https://www.nationaldahelpline.org.uk/",
    "violence_text_word": "",
    "violence_text_to": "",
    "violence_chat_url": "",
    "age_of_consent": 16,
    "teen_information": "<p>From the age of 16 you decide yourself.</p>",
    "elsewhere_help": "<p>Ask your GP.</p>",
    "board_notice": "<p>I am a member of a professional body.</p>",
    "good_faith_estimate_notice": "",
}


def practice(**changes: Any) -> PracticeSettings:
    return PracticeSettings(**COMPLETE | changes)


def test_a_complete_practice_in_california_lacks_nothing() -> None:
    assert missing(practice()) == []


def test_an_empty_practice_lacks_names_license_ways_to_reach_it_and_fee() -> None:
    lines = " / ".join(missing(PracticeSettings()))
    for word in ("Your practice's name", "Your name", "credential", "license", "phone number"):
        assert word in lines
    for word in ("email address", "fee"):
        assert word in lines
    assert "California" not in lines


@pytest.mark.parametrize("name", [name for name in COMPLETE if name != "practice_name"])
def test_each_of_them_is_named_when_it_alone_is_missing(name: str) -> None:
    [line] = missing(practice(**{name: ""}))
    assert line


def test_consultations_at_the_office_need_its_address() -> None:
    [line] = missing(practice(consultation_medium="office"))
    assert "Your office address" in line
    assert missing(practice(consultation_medium="office", office_address="1 High Street")) == []


def test_a_practice_in_london_that_set_its_own_lacks_nothing() -> None:
    assert missing(practice(**LONDON)) == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("emergency_number", "The emergency number"),
        ("crisis_name", "The name of the crisis line"),
        ("crisis_phone", "The crisis line's phone number"),
        ("crisis_text_to", "The crisis line's number for texts"),
        ("crisis_chat_url", "The crisis line's chat"),
        ("violence_name", "The name of the domestic violence hotline"),
        ("violence_phone", "The domestic violence hotline's phone number"),
        ("violence_url", "The domestic violence hotline's website"),
        ("violence_text_word", "The word to text to the domestic violence hotline"),
        ("violence_text_to", "The domestic violence hotline's number for texts"),
        ("violence_chat_url", "The domestic violence hotline's chat"),
        ("age_of_consent", "The age of consent"),
        ("teen_information", "What teens are told"),
        ("elsewhere_help", "What people in other places are told"),
        ("board_notice", "The board's notice"),
        ("good_faith_estimate_notice", "The Good Faith Estimate notice"),
        ("licensed_regions", "The place where you're licensed"),
        ("time_zone", "The time zone"),
    ],
)
def test_london_is_told_of_each_thing_that_is_still_californias(name: str, words: str) -> None:
    default = PracticeSettings._meta.get_field(name).get_default()
    assert missing(practice(**LONDON | {name: default})) == [f"{words} is still California's"]


def test_a_zone_that_was_named_at_the_install_is_the_practices_own(settings: Any) -> None:
    settings.TIME_ZONE = "Europe/London"
    assert missing(practice(**LONDON)) == []


def test_everything_that_begins_as_californias_is_looked_at() -> None:
    """A default that is added to california.py cannot be forgotten here."""
    texts = {value for name, value in vars(california).items() if name.isupper()}
    begins = {
        field.name
        for field in PracticeSettings._meta.local_fields
        if field.has_default() and field.get_default() in texts - {""}
    }
    untouched = practice(country="GB")
    assert len(missing(untouched)) == len(begins - {"country", "holiday_region"})


def test_the_marks_that_the_editor_writes_do_not_make_a_notice_ones_own() -> None:
    edited = california.BOARD_NOTICE.replace("<p>", '<p data-block-key="a1b2c">')
    lines = missing(practice(**LONDON | {"board_notice": edited}))
    assert lines == ["The board's notice is still California's"]


def test_in_another_state_only_what_is_the_states_is_named() -> None:
    lines = missing(practice(licensed_regions="OR Oregon"))
    assert [line.removesuffix(" is still California's") for line in lines] == [
        "The board's notice",
        "What teens are told",
        "The age of consent",
    ]


def test_somebody_licensed_in_two_states_keeps_what_is_said_in_california() -> None:
    assert missing(practice(licensed_regions="OR Oregon\nCA California")) == []


def test_canada_has_the_same_emergency_number_and_crisis_line() -> None:
    shared = {name: PracticeSettings._meta.get_field(name).get_default() for name in (
        "emergency_number", "crisis_phone", "crisis_text_to",
    )}  # fmt: skip
    assert missing(practice(**LONDON | shared | {"country": "CA", "holiday_region": "ON"})) == []
