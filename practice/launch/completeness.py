"""What a practice still lacks before readers may rely on what the site says. Pure.

Notices, crisis lines and the age of consent begin as California's (`california.py`); a practice
elsewhere is told which of them it has not made its own yet.
"""

from __future__ import annotations

from html import unescape
from typing import TYPE_CHECKING

from django.utils.html import strip_tags

from practice.jurisdiction import california

if TYPE_CHECKING:
    from practice.models import PracticeSettings

NAME = "Your practice's name"
ESSENTIAL = {
    "therapist_name": "Your name",
    "credential": "Your credential",
    "license_number": "Your license or registration number",
    "telephone": "A phone number for people who would rather call",
    "email": "Your email address for alerts about new requests",
    "fee": "Your fee for a session",
}

OF_THE_STATE = {
    "board_notice": "The board's notice",
    "teen_information": "What teens are told",
    "age_of_consent": "The age of consent",
}
OF_THE_COUNTRY = {
    "licensed_regions": "The place where you're licensed",
    "time_zone": "The time zone",
    "emergency_number": "The emergency number",
    "crisis_name": "The name of the crisis line",
    "crisis_phone": "The crisis line's phone number",
    "crisis_text_to": "The crisis line's number for texts",
    "crisis_chat_url": "The crisis line's chat",
    "violence_name": "The name of the domestic violence hotline",
    "violence_phone": "The domestic violence hotline's phone number",
    "violence_url": "The domestic violence hotline's website",
    "violence_text_word": "The word to text to the domestic violence hotline",
    "violence_text_to": "The domestic violence hotline's number for texts",
    "violence_chat_url": "The domestic violence hotline's chat",
    "elsewhere_help": "What people in other places are told",
    "good_faith_estimate_notice": "The Good Faith Estimate notice",
}
# Numbers that another country shares with the United States. Canada: 988.ca.
SHARED = {"CA": {"emergency_number", "crisis_phone", "crisis_text_to"}}


def missing(practice: PracticeSettings) -> list[str]:
    """One line for each thing that is missing, in the order of the settings; empty when ready."""
    lines = [label for name, label in ESSENTIAL.items() if not getattr(practice, name)]
    if practice.practice_name == practice._meta.get_field("practice_name").get_default():
        lines.insert(0, NAME)
    if practice.consultation_medium == "office" and not practice.office_address:
        lines.append("Your office address, because you meet at the office")
    return lines + [f"{label} is still California's" for label in still_californian(practice)]


def still_californian(practice: PracticeSettings) -> list[str]:
    """What is said as in California by a practice that is not there."""
    labels = dict(OF_THE_STATE)
    if practice.country != california.COUNTRY:
        labels |= OF_THE_COUNTRY
    elif any(region.code == california.REGION for region in practice.regions):
        return []
    found = []
    for name, label in labels.items():
        default = practice._meta.get_field(name).get_default()
        if name == "time_zone":  # which begins as the server's own
            default = california.TIME_ZONE
        is_shared = name in SHARED.get(practice.country, ())
        if not is_shared and words(getattr(practice, name)) == words(default):
            found.append(label)
    return found


def words(value: object) -> str:
    """The bare text of `value`: the editor writes marks and spaces of its own into rich text."""
    return "".join(unescape(strip_tags(str(value))).split())
