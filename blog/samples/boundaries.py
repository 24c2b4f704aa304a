"""A sample essay on boundaries."""

from practice.samples import paragraphs

TITLE = "A Gate Is Not a Wall"
SLUG = "a-gate-is-not-a-wall"
TOPICS = ("Boundaries",)
SUMMARY = (
    "Saying where you end is not the opposite of love. About the small yes that turns sour, the "
    "gate that opens from inside, and how to begin with a teaspoon."
)

BODY = [
    (
        "text",
        paragraphs("""
            There is a certain kind of yes that is said while the feet are already turning away.
            Yes, your brother can stay with us for the week. Yes, of course, call me whenever you
            like. The mouth is friendly about it. Only the jaw knows, and perhaps the stomach, and
            later on the pillow.

            Nothing happens at first. That is what makes such a yes so convenient. The bill arrives
            weeks afterward and is addressed to something else entirely: to the way somebody chews,
            to a birthday that was forgotten, to a tone. And whoever receives it is honestly
            puzzled. They had asked, after all. They had been told yes.
            """),
    ),
    (
        "spoken_lines",
        {
            "lines": [
                "I never said that I minded.",
                "No. You only said it with every cupboard in the kitchen.",
            ]
        },
    ),
    ("heading", "The bookkeeper in us"),
    (
        "text",
        paragraphs("""
            Resentment has a bad name, and it deserves a kinder one. It is the bookkeeper in us,
            who notes each time we handed over what we did not have. We can tell the bookkeeper to
            be more generous; the columns get longer all the same. What would help is to be asked
            earlier, while there is still a choice, and by the only person who can know.

            The question is not whether I could manage. Most of us could manage nearly anything.
            The question is whether I am willing. One can be willing to do a hard thing gladly, and
            unwilling to do an easy one. Neither needs an excuse.
            """),
    ),
    ("heading", "Fields, walls, wires and gates"),
    (
        "text",
        paragraphs("""
            Many people hear the word boundary and see a wall: something cold, with glass along the
            top. No wonder that they would rather not. But think of a garden for a moment. There
            are several ways to let others know where it begins.
            """),
    ),
    (
        "named_patterns",
        {
            "patterns": [
                {
                    "name": "The open field",
                    "quote": "Come through whenever you like. Really. I was only sleeping.",
                    "explanation": paragraphs("""
                        No fence at all. It looks like generosity, and may have begun as the price
                        of being allowed to stay. What grows there gets trampled, and nobody is to
                        blame, since nobody could see where the beds were.
                        """),
                },
                {
                    "name": "The wall",
                    "quote": "I do not need anything from anyone.",
                    "explanation": paragraphs("""
                        Safe, and very quiet. It tends to be built on the day after the field was
                        trampled once too often.
                        """),
                },
                {
                    "name": "The electric wire",
                    "quote": "You should have known.",
                    "explanation": paragraphs("""
                        A line that cannot be seen, with a shock that can be felt. Others learn to
                        tread carefully everywhere, having no idea where it runs.
                        """),
                },
                {
                    "name": "The gate",
                    "quote": "Not tonight. Tomorrow after breakfast, gladly.",
                    "explanation": paragraphs("""
                        It can be seen from the road, and it opens from inside. Whoever knows that
                        they can shut it may leave it standing open for years.
                        """),
                },
            ]
        },
    ),
    (
        "pull_quote",
        {"quote": "We only open gladly what we are able to close.", "attribution": ""},
    ),
    (
        "text",
        paragraphs("""
            A line which can be trusted does not set two people further apart. It lets them come
            nearer, because neither has to stand watch.
            When I am sure that you would tell me, I can ask you for things without holding my
            breath. Your yes is worth something once I have met your no.
            """),
    ),
    ("heading", "Beginning with a teaspoon"),
    (
        "text",
        paragraphs("""
            Nobody learns to swim in a storm. Begin where little is at stake: who chooses the film,
            whether the phone lies on the table at supper. The size does not matter. What matters is
            the practice of noticing, of saying, and of living through the silence that follows.
            """),
    ),
    (
        "numbered_steps",
        {
            "steps": [
                {
                    "title": "Find it in the body.",
                    "text": paragraphs("""
                        The body casts its vote before the meeting has begun. A held breath, a
                        smile that stays on too long, a sudden interest in the floor: these come
                        early and are fairly honest. For a week, only collect them.
                        """),
                    "example": (
                        "When the phone rang on Sunday and I saw the name, my shoulders went up to "
                        "my ears."
                    ),
                },
                {
                    "title": "Give it one plain sentence.",
                    "text": paragraphs("""
                        A line that takes one breath to say is a line that others can find again.
                        Leave out the history and the evidence. Say what you will do, rather than
                        what somebody else has to be.
                        """),
                    "example": "I do not talk on the phone after nine. I will call in the morning.",
                },
                {
                    "title": "Tell it on a good day.",
                    "text": paragraphs("""
                        Said in the heat, it arrives as a punishment. Said over coffee, it is simply
                        news about you.
                        """),
                    "example": (
                        "I have noticed something about our Sundays. May I tell you, while we are "
                        "both in a good mood?"
                    ),
                },
                {
                    "title": "Let the other one be disappointed.",
                    "text": paragraphs("""
                        This is the hard part. Somebody may sulk, or argue, or point out how nice
                        you used to be. Disappointment in another person is no emergency of yours.
                        Stay friendly, and stay where you are.
                        """),
                    "example": "You had hoped for something else, I see. I am still staying home.",
                },
                {
                    "title": "Have a witness.",
                    "text": paragraphs("""
                        A new line wobbles for a while. It is easier to keep when one friend knows
                        of it.
                        """),
                    "example": "I said it. My voice shook, and I said it anyway.",
                },
            ]
        },
    ),
    (
        "text",
        paragraphs("""
            Expect to overdo it once or twice. A hinge that has not moved for years will squeak, and
            now and then the gate slips out of your hand and slams. You can always go and say that
            it came out harder than you meant it. The line stays. The tone was wrong.
            """),
    ),
    ("heading", "The gate across the road"),
    (
        "text",
        paragraphs("""
            All of this goes in both directions. Sooner or later someone you love will shut a gate
            that you were used to walking through, and it will sting. It is tempting to rattle it,
            or to look so wounded that it is opened again. It takes some dignity to stand there and
            say: all right, thank you for telling me. These questions may help.
            """),
    ),
    (
        "points",
        {
            "items": [
                "Which no of yours did I hear lately without thanking you for it?",
                "Where do I say yes and hope to be rescued?",
                "What happened in my family when somebody closed a door?",
                "Which one line, if I drew it, would let me like you more?",
            ]
        },
    ),
    (
        "text",
        paragraphs("""
            Should a line of yours be met again and again with ridicule, with threats or with worse,
            that says nothing about how well you drew it. More sentences are not what you need then.
            You need people, and a plan, and on this site you will find numbers that are answered at
            any hour.
            """),
    ),
    (
        "personal_note",
        {
            "title": "Before you close the page",
            "text": paragraphs("""
                Think of one thing this week that you would gladly do, and of one that you would
                not. You need not tell anybody yet. To know it is already the hinge.
                """),
        },
    ),
    (
        "call_to_action",
        {
            "heading": "Where would your gate stand?",
            "text": paragraphs("""
                Some lines are hard to find alone, above all where there never used to be any. We
                could look for one together. A first conversation is free and commits you to
                nothing.
                """),
            "button": "Ask for a first conversation",
        },
    ),
]
