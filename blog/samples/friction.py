"""A sample essay on why two people who love each other rub."""

from practice.samples import paragraphs

TITLE = "Made for Each Other, and Other Tall Tales"
SLUG = "made-for-each-other"
TOPICS = ("Conflict", "Closeness")
SUMMARY = (
    "Being easy together is not the proof of love that films make of it. On the warmth that comes "
    "of rubbing along, and on how to quarrel so that something is left of it."
)

BODY = [
    (
        "text",
        paragraphs("""
            Two people are packing a car. One of them loads it as one does a puzzle, large pieces
            first, with a plan. The other carries things out as they come to hand and puts them
            where there is room. Both have packed cars for twenty years, and in all that time
            nobody has failed to arrive. After nine minutes they are not speaking.

            On the road, somewhere past the second exit, each of them privately thinks the same
            thought: with the right person it would not be like this. Somewhere there must be a
            human being who packs as I do, and who would know without being told that the cooler
            goes in last.
            """),
    ),
    ("heading", "The story we were read"),
    (
        "text",
        paragraphs("""
            It was in the fairy tale that stops at the wedding, in the song about the other half,
            in the film whose last shot is a kiss in the rain and never the Tuesday afterward.
            Love, it says, is a matter of finding. Look long enough, and there will be somebody who
            turns in you like a key, and then all the explaining will be over for good.

            It is a lovely story, and there is a reason why it will not leave us alone. Once, if
            things went well enough, somebody did guess. Before we had a single word, someone
            leaned over us, wondered whether it was hunger or the wet sock, and more or less got it
            right. Where nobody leaned over, the wish did not go away. It went underground, which
            is where wishes grow strongest. So when a lover fails to guess, it is rarely about the
            cooler.
            """),
    ),
    (
        "spoken_lines",
        {
            "lines": [
                "If I have to ask for it, it does not count.",
                "Then how was I supposed to know?",
                "By wanting to.",
            ]
        },
    ),
    (
        "text",
        paragraphs("""
            That last answer is so honest that one could weep. But nobody comes to know another
            person by wanting to, any more than one learns the cello by being fond of music.
            """),
    ),
    ("heading", "What rubbing does"),
    ("picture", None),
    (
        "text",
        paragraphs("""
            Rub two cold hands together and they get warm. Draw a bow with no rosin on it over a
            string, and it slides across in silence; a violin sings only because the bow catches,
            lets go, and catches again. Wherever two surfaces meet and both of them are real, there
            is some resistance, and a good deal of what we love in the world comes of it: music,
            fire, the grip of a shoe on a wet path.

            Between two people it is no different. A couple who never rub against each other are
            either very new or very careful, and care of that sort is a kind of distance. Rubbing
            is how we find out where we stop and where another begins. You learn that I go silent
            when scared, because one evening I went silent. I learn that you clean when you are
            sad. None of it was in the file that we handed over in the first months, since we had
            no idea ourselves.
            """),
    ),
    (
        "pull_quote",
        {
            "quote": (
                "A bow that never caught on the string would never wear it out. It would never "
                "play a note, either."
            ),
            "attribution": "",
        },
    ),
    ("heading", "Not every spark belongs to a hearth"),
    (
        "text",
        paragraphs("""
            Some rubbing warms and some only wears. Contempt does not warm. Neither does a quarrel
            that is really a verdict. If one of you is frightened of the other, the question is not
            how to fight better but how to be safe, and this site names numbers to call.

            The other sort can be recognized, more or less, by what it leaves behind.
            """),
    ),
    (
        "points",
        {
            "items": [
                "You know something about each other that you did not know at breakfast.",
                "Both of you are still the same size.",
                "The subject changed along the way, from the thing to what the thing meant.",
                "One of you laughed before it was over, and the other was not insulted.",
                "There is a new custom, even a silly one: the cooler has a place now.",
            ]
        },
    ),
    ("heading", "A small quarrel, taken slowly"),
    (
        "text",
        paragraphs("""
            Take a small one, about towels or trains, and go through it again with the sound turned
            down.
            """),
    ),
    (
        "numbered_steps",
        {
            "steps": [
                {
                    "title": "Stop before the third sentence.",
                    "text": paragraphs("""
                        The first sentence is about the thing, and often the second. By the third,
                        most of us have left the towels and begun on the other one's character. It
                        is easier to come back from two sentences than from twenty.
                        """),
                    "example": "Hold on. I was about to say something about your whole family.",
                },
                {
                    "title": "Say what it would have meant.",
                    "text": paragraphs("""
                        Nobody was ever in tears about a towel. Try to finish the sentence that
                        begins: if you had done it, I would have known that.
                        """),
                    "example": (
                        "If you had waited with dinner, I would have known that you count on my "
                        "coming home."
                    ),
                },
                {
                    "title": "Give it back until the other one nods.",
                    "text": paragraphs("""
                        Before you answer, say what you heard. It feels slow and slightly foolish.
                        It is also the moment when shoulders come down.
                        """),
                    "example": (
                        "So it was less about the food. You came in late, the plates were in the "
                        "sink, and it looked as if we had closed without you."
                    ),
                },
                {
                    "title": "Answer with yourself, not with a defense.",
                    "text": paragraphs("""
                        Now tell where you were while it happened. Two accounts may lie on the
                        table side by side. They do not have to agree.
                        """),
                    "example": "I was hungry and cross, and I missed you. Both.",
                },
                {
                    "title": "Change something the size of a hand.",
                    "text": paragraphs("""
                        A promise to become a different person will not outlast the weekend. A
                        promise to send one line from the platform may.
                        """),
                    "example": "After eight I will cover a plate, and you text me from the train.",
                },
            ]
        },
    ),
    (
        "text",
        paragraphs("""
            Nobody does this every time. Once a month would already be a different life together.
            """),
    ),
    ("heading", "What is left of the dream"),
    (
        "text",
        paragraphs("""
            Does one have to give up the wish to be known without a word? Not quite. The wish is
            worth keeping; only its address has changed. Nobody will arrive with your key already
            cut. But two people who have rubbed along for years, and who went back after each bad
            evening to ask what that had been, do end up with something that looks like magic from
            outside. One of them glances across the room at a party. The other fetches the coats.

            Fit may be nothing that a couple has. It may be something they make, the way the hollow
            in an old stair is made, by two pairs of feet, going up and coming down.
            """),
    ),
    (
        "call_to_action",
        {
            "heading": "Stuck at the same corner?",
            "text": paragraphs("""
                Some quarrels come round so often that both of you know the lines by heart. It can
                help to walk through one with somebody who is new to the play. The first talk is
                free.
                """),
            "button": "Ask for a first conversation",
        },
    ),
]
