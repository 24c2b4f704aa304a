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

BOARD_NOTICE = (
    "<p>The Board of Behavioral Sciences receives and responds to complaints about the services "
    "of licensed therapists in California. You can reach the Board online at "
    '<a href="https://www.bbs.ca.gov/">www.bbs.ca.gov</a> or by telephone at (916) 574-7830.</p>'
)

GOOD_FAITH_ESTIMATE_NOTICE = (
    "<p>If you have no insurance, or choose not to use it, you have a right to a Good Faith "
    "Estimate: a written estimate, before we start, of what your therapy is expected to cost. "
    "You can ask for one at any time. If a bill comes to at least 400 dollars more than the "
    "estimate, you can dispute it. "
    '<a href="https://www.cms.gov/nosurprises">www.cms.gov/nosurprises</a> explains how.</p>'
)

TEEN_INFORMATION = (
    "<p>In California you can ask for counseling yourself from the age of 12, if you are mature "
    "enough to take part in it. You do not need to give a parent's details here.</p>"
    "<p><b>Who gets told, and when.</b> A request is read by the therapist alone. Before anybody "
    "else hears about it, the therapist talks with you. In most cases the law wants a parent to "
    "be part of the treatment at some point, unless that would not be right for you; you decide "
    "together how to go about it.</p>"
    "<p><b>What a therapist has to report.</b> If somebody under 18, or an older or dependent "
    "adult, is being hurt or neglected, or if somebody is in serious danger, a therapist must tell "
    "the people who can protect them.</p>"
    "<p><b>What it costs.</b> The first talk is free. If you would go on without your parents' "
    "insurance or money, say so: the therapist can tell you about services that are free for "
    "teens.</p>"
    "<p><b>Your device.</b> School e-mail and school laptops can be read by the school. A phone "
    "or an address of your own is safer.</p>"
    "<p><b>Free places to turn, right now.</b> Call or text 988 or chat at 988lifeline.org, day "
    "and night. Calls and texts can show on a phone bill; a chat does not. "
    "Teen Line: text TEEN to 839863 in the evening, to reach another teen.</p>"
)

ELSEWHERE_HELP = (
    "<p>A therapist may only work with people who are in a place where the therapist is "
    "licensed. These can help you find someone near you:</p>"
    "<ul>"
    "<li>In the United States, your state's licensing board keeps a public list of everybody "
    "who may practice there, and your insurance keeps a list of those it pays for.</li>"
    '<li><a href="https://findtreatment.gov/">FindTreatment.gov</a> lists services in every '
    "state, many of them at low cost.</li>"
    "<li>Dial 211 in most of the United States and Canada to be told about local services.</li>"
    "<li>Outside the United States, "
    '<a href="https://findahelpline.com/">findahelpline.com</a> lists free help by country.</li>'
    "</ul>"
)
