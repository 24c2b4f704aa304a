"""The sample's page about the therapist, who does not exist."""

from practice.samples import MARK, paragraphs

CREDENTIAL = "LMFT (sample)"
INTRODUCTION = (
    paragraphs("""
        I listen for a living, mostly to people who love somebody and cannot get through to them.
        """)
    + f"<p><i>{MARK}</i></p>"
)

BODY = [
    ("heading", "How I work"),
    (
        "text",
        paragraphs("""
            Slowly, and with some humor. I am less interested in who is right than in what happens
            in the half second before it goes wrong. We take that half second apart together, as
            often as it takes, until there is room in it for another move.

            I will tell you what I notice, and you will tell me when I am mistaken. That, too, is
            part of it: many of us have never had anybody to whom we could say so.
            """),
    ),
    ("heading", "What people bring"),
    (
        "points",
        {
            "items": [
                "Distance, and the quarrels that are meant to end it",
                "Trust that was broken, whichever side of it you stand on",
                "Saying no, and hearing it",
                "Becoming parents, and finding that one is also still a child",
                "Growing up in a family that has no words for it",
            ]
        },
    ),
    ("heading", "Training and license"),
    (
        "text",
        paragraphs("""
            [Say here where you trained, what you may call yourself, and how somebody can look up
            your license. Nothing stands here, because this therapist was made up.]
            """),
    ),
    (
        "personal_note",
        {
            "title": "Before we meet",
            "text": paragraphs("""
                You need to prepare nothing. If all you can say in the first minute is that you do
                not know where to begin, then we have begun.
                """),
        },
    ),
]
