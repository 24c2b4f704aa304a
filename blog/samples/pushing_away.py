"""A sample essay on pushing away whom we love."""

from practice.samples import paragraphs

TITLE = "Closing the Door on Someone We Love"
SLUG = "closing-the-door"
TOPICS = ("Closeness",)
SUMMARY = (
    "We wait all day for a person and go cold when they walk in. What that shutter is for, where "
    "it was built, and how it can be raised by an inch."
)

BODY = [
    (
        "text",
        paragraphs("""
            It is seven in the evening, and a key turns in the lock. You have been listening for
            it. You saved up something to tell. Then the person you were
            waiting for comes in, sets down a bag, smiles, crosses the room toward you, and
            somewhere below your ribs a shutter comes down. You hear your own voice mention the
            trash. The smile goes out. By half past seven there are two people in two rooms, each
            with a phone, each quite sure of being the one who was left.

            Nobody planned this. Had someone asked you in the hallway whether you love the person
            at the door, you would have said yes at once. And still your body stepped back, just as
            it was handed what it had been waiting for.
            """),
    ),
    (
        "spoken_lines",
        {
            "lines": [
                "I wanted you near me all day. Then you were, and I could hardly stand it.",
                "I never know which of you is going to open the door.",
                "Neither do I.",
            ]
        },
    ),
    ("heading", "An alarm that cannot read a clock"),
    (
        "text",
        paragraphs("""
            Alarms are built to be early. A smoke detector that waited until it was certain would
            be no use to anybody, and so it shrieks at toast. Something in us is built the same
            way. Long before we had words it took notes: who came when we cried, and whether a hug
            could turn into a lecture halfway through. It drew up a rule from those notes, and the
            rule was good. It fitted the house that it was made in.

            What this part of us cannot do is read a clock. It does not know that we are grown,
            that we pay rent, that whoever stands in the doorway is not the person from back then.
            It only notices that somebody is close, and that minding so much was once a risky thing
            to do. So it makes us safe first and asks questions later, if at all. From inside, this
            feels like good sense. From across the room, it feels like being dropped.
            """),
    ),
    ("heading", "Four ways of not being reached"),
    (
        "text",
        paragraphs("""
            The shutter is made of different stuff in different people. These are common kinds,
            with what they might say if they could talk. Most of us keep two or three.
            """),
    ),
    (
        "named_patterns",
        {
            "patterns": [
                {
                    "name": "The busy hands",
                    "quote": "As long as the kitchen is not done, nobody can ask me how I am.",
                    "explanation": paragraphs("""
                        There is always one more thing to wipe. It may come from a family where
                        love was shown by doing, and where sitting down together meant bad news.
                        """),
                },
                {
                    "name": "The examiner",
                    "quote": "You said seven. It is ten past.",
                    "explanation": paragraphs("""
                        Whoever had to keep watch over an unpredictable grown-up becomes very good
                        at spotting what is off, and cannot easily stop at the front door.
                        """),
                },
                {
                    "name": "The comedian",
                    "quote": "Careful, we nearly had a conversation.",
                    "explanation": paragraphs("""
                        A good joke opens a window; this one shuts it. It was once the quickest way
                        to make a heavy room lighter.
                        """),
                },
                {
                    "name": "The guilty plea",
                    "quote": "You are right, I am impossible. I ruin everything.",
                    "explanation": paragraphs("""
                        Sounds like an apology and works like a wall, since now the other one has
                        to console instead of being heard.
                        """),
                },
            ]
        },
    ),
    (
        "text",
        paragraphs("""
            None of these is wickedness. Each is a tool that was made by hand, in a hurry, by
            somebody small. It deserves some respect.
            """),
    ),
    (
        "pull_quote",
        {
            "quote": (
                "The shutter was never meant to keep love out. It was meant to keep a child from "
                "waiting at a window."
            ),
            "attribution": "",
        },
    ),
    ("heading", "What it costs, and whom"),
    (
        "text",
        paragraphs("""
            The trouble with a shutter is that it has no slot for explanations. Your partner
            cannot see the alarm, the notes or the old house. What they see is a face that was
            open a second ago. And they have notes of their own. If theirs say that silence comes
            before somebody leaves, they will knock, and knock louder. Two people can spend years
            like this, both hungry in front of a full table.

            Worst of all, the alarm never learns. It rang, you withdrew, nothing terrible
            happened. To find out anything new, it would have to ring while you stay.
            """),
    ),
    ("heading", "Staying for one more minute"),
    (
        "text",
        paragraphs("""
            Staying does not mean tearing the shutter out; it would be rebuilt overnight. It means
            lingering beside it, with some interest in who put it there. On a calm evening, alone
            or together, you might take one of these and see what answers.
            """),
    ),
    (
        "points",
        {
            "items": [
                "What was the last thing I felt before I felt nothing?",
                "How old am I, roughly, when my voice goes flat?",
                "If I had let the hug go on, what was I braced for next?",
                "What would I have liked somebody to say to me, back then, at that door?",
            ]
        },
    ),
    (
        "text",
        paragraphs("""
            The answers tend to be small and plain. I was afraid that you would stop. I was afraid
            that you would not stop, and that I would get used to it. Said out loud, such a
            sentence does more than an hour of argument about the trash, because it gives the
            other person something to be kind to. It can be said in the moment, too, badly and from
            behind the shutter.
            """),
    ),
    (
        "spoken_lines",
        {
            "lines": [
                "Something in me just shut. Give me ten minutes, and I will be back.",
                "All right. I am in the kitchen, and I am not going anywhere.",
            ]
        },
    ),
    (
        "text",
        paragraphs("""
            Both halves of this take courage. And the ten minutes have to be real: whoever asks for
            them is also the one who comes back.
            """),
    ),
    ("heading", "When you are the one outside"),
    (
        "text",
        paragraphs("""
            Perhaps you read all this from the far side of the door. Then it is fair to be tired.
            Knowing where a habit comes from does not oblige you to put up with everything it does.
            And if what you meet is not retreat but threats, control or a raised hand, that is
            another matter altogether, and the help lines on this site are there for it.

            Otherwise, do not storm the door, and do not pretend that there is none. Say, for
            example: I can see that you have gone, I would like you back,
            and I will still be here. It will not work every time. It is only the opposite of what
            the alarm expects, and that is how an old rule is slowly given an exception.
            """),
    ),
    (
        "personal_note",
        {
            "title": "If tonight was one of those evenings",
            "text": paragraphs("""
                Nothing has to be repaired before morning. Perhaps leave the hall light on. It is a
                small thing to come home to, for both of you.
                """),
        },
    ),
    (
        "call_to_action",
        {
            "heading": "Two people, one shutter",
            "text": paragraphs("""
                It is hard to study a shutter while standing behind it. A third person in the room
                can make it slower and safer to look. A first conversation costs nothing.
                """),
            "button": "Ask for a first conversation",
        },
    ),
]
