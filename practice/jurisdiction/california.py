"""What a practice in California says; each text is a starting point that the admin can change.

Facts: 988lifeline.org and thehotline.org for the lines; Cal. Family Code 6924 and Health and
Safety Code 124260 for the age of consent; Cal. Penal Code 11164 and following, Welfare and
Institutions Code 15630 and Civil Code 43.92 for what must be reported; Cal. Business and
Professions Code 4980.32 for the board's notice; 45 CFR 149.610 for the Good Faith Estimate.
"""

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

BOARD_NOTICE = (
    "<p>The Board of Behavioral Sciences receives and responds to complaints about the services "
    "of licensed therapists in California. You can reach the Board online at "
    '<a href="https://www.bbs.ca.gov/">www.bbs.ca.gov</a> or by telephone at (916) 574-7830.</p>'
)

GOOD_FAITH_ESTIMATE_NOTICE = (
    "<p>If you have no insurance, or don't use it, you have a right to a Good Faith Estimate: what "
    "your therapy is expected to cost, in writing, before we start. Ask me for one any time. If a "
    "bill is $400 or more above the estimate, you can dispute it. "
    '<a href="https://www.cms.gov/nosurprises">www.cms.gov/nosurprises</a> explains how.</p>'
)

TEEN_INFORMATION = (
    "<p>In California you can ask for counseling on your own from the age of 12, if you're mature "
    "enough to take part in it. You don't have to give a parent's name or number here.</p>"
    "<p><b>Who finds out, and when.</b> I talk with you before I tell anyone else. Most of the "
    "time the law wants a parent to be part of therapy at some point, unless that wouldn't be "
    "right for you. We'd work that out together.</p>"
    "<p><b>What I have to report.</b> If someone under 18, or an older or dependent adult, is "
    "being hurt or neglected, or if someone is in serious danger, I have to tell the people who "
    "can protect them.</p>"
    "<p><b>What it costs.</b> The first call is free. Want to go on without your parents' "
    "insurance or money? Tell me. Some services are free for teens, and I know where to find "
    "them.</p>"
    "<p><b>Your device.</b> Your school can read its email and laptops. Your own phone or your "
    "own email is safer.</p>"
    "<p><b>Free help right now.</b> Call or text 988, or chat at 988lifeline.org, day or night. "
    "Calls and texts can show on a phone or bill, chats in the browser's history. Teen Line: text "
    "TEEN to 839863 in the evening to reach another teen.</p>"
)

ELSEWHERE_HELP = (
    "<p>I can only work with people who are where I'm licensed. These can help you find someone "
    "near you:</p>"
    "<ul>"
    "<li>In the United States, your state's licensing board lists everyone who may practice "
    "there. Your insurance lists the therapists it pays for.</li>"
    '<li><a href="https://findtreatment.gov/">FindTreatment.gov</a> lists services in every '
    "state, many at low cost.</li>"
    "<li>In most of the United States and Canada, call 211 to hear about local services.</li>"
    "<li>Outside the United States, "
    '<a href="https://findahelpline.com/">findahelpline.com</a> lists free help by country.</li>'
    "</ul>"
)
