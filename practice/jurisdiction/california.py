"""What a practice in California says; each text is a starting point that the admin can change.

Facts: 988lifeline.org and thehotline.org for the lines; Cal. Family Code 6924 and Health and
Safety Code 124260 for the age of consent; Cal. Penal Code 11164 and following, Welfare and
Institutions Code 15630 and Civil Code 43.92 for what must be reported; Cal. Business and
Professions Code 4980.32 for the board's notice; 45 CFR 149.610 for the Good Faith Estimate.
"""

from pathlib import Path

COUNTRY = "US"
REGION = "CA"
REGIONS = "CA California"
TIME_ZONE = "America/Los_Angeles"
AGE_OF_CONSENT = 12

EMERGENCY_NUMBER = "911"
CRISIS_NAME = "988 Suicide & Crisis Lifeline"
CRISIS_PHONE = "988"
CRISIS_TEXT_TO = "988"
CRISIS_CHAT_URL = "https://988lifeline.org/chat/"
VIOLENCE_NAME = "National Domestic Violence Hotline"
VIOLENCE_PHONE = "1-800-799-7233"
VIOLENCE_URL = "https://www.thehotline.org/"
VIOLENCE_TEXT_WORD = "START"
VIOLENCE_TEXT_TO = "88788"
VIOLENCE_CHAT_URL = "https://www.thehotline.org/"


def _text(name: str) -> str:
    file = Path(__file__).parent / f"californian/{name}.html"
    return "".join(file.read_text("utf-8").splitlines())


BOARD_NOTICE = _text("board_notice")
GOOD_FAITH_ESTIMATE_NOTICE = _text("good_faith_estimate_notice")
TEEN_INFORMATION = _text("teen_information")
ELSEWHERE_HELP = _text("elsewhere_help")
