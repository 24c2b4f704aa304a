"""Whether the form may take requests: somebody is named, may work here, and can read them.

Country, region, crisis lines and every other fact with a default prove nothing, so they are not
asked for here; completeness.py names what else is missing.
"""

from django.conf import settings

from practice import samples
from practice.launch import completeness
from practice.models import PracticeSettings

NEEDED = {"practice_name": completeness.NAME} | {
    name: completeness.ESSENTIAL[name] for name in ("therapist_name", "license_number", "email")
}
SIGN_IN = "A first sign-in by someone who can read requests"


def lacks(practice: PracticeSettings) -> list[str]:
    """What the form still waits for, one line each; empty for a practice that is set up."""
    lines = [label for name, label in NEEDED.items() if not _is_own(practice, name)]
    return lines if practice.reviewer_seen_at else [*lines, SIGN_IN]


def _is_own(practice: PracticeSettings, name: str) -> bool:
    default = practice._meta.get_field(name).get_default()
    return getattr(practice, name).strip() not in ("", default, samples.SETTINGS[name])


def is_open(practice: PracticeSettings) -> bool:
    """Whether the site is open for requests. Under DEBUG the sample is, to be tried out."""
    return settings.DEBUG or practice.has_taken_request or not lacks(practice)
