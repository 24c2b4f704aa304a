"""What the reader is to make of each document, block by block.

Our own documents are spelled out. The therapist's is not ours to repeat: what is expected of it
says on which of its lines the words stand.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from blog.importers.draft import Block

DOCUMENTS = Path(__file__).resolve().parent / "documents"

Outline = tuple[str, str, str, list[Block]]  # kind, title, credential, body


def p(*paragraphs: str) -> str:
    return "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)


def spoken(*lines: str) -> Block:
    return "spoken_lines", {"lines": list(lines)}


def points(*items: str) -> Block:
    return "points", {"items": list(items)}


def patterns(*of: tuple[str, str, str]) -> Block:
    return "named_patterns", {
        "patterns": [
            {"name": name, "quote": quote, "explanation": p(explanation)}
            for name, quote, explanation in of
        ]
    }


def steps(*of: tuple[str, str, str]) -> Block:
    return "numbered_steps", {
        "steps": [{"title": title, "text": text, "example": example} for title, text, example in of]
    }


def quote(text: str, attribution: str = "") -> Block:
    return "pull_quote", {"quote": text, "attribution": attribution}


def note(title: str, *paragraphs: str) -> Block:
    return "personal_note", {"title": title, "text": p(*paragraphs)}


def invitation(heading: str, *paragraphs: str) -> Block:
    return "call_to_action", {"heading": heading, "text": p(*paragraphs)}


CAPITALS: list[Outline] = [
    (
        "article",
        "HOW TO REST WHEN RESTING TIRES YOU",
        "",
        [
            (
                "text",
                p(
                    "You lie on the sofa, and the list in your head keeps talking.",
                    "You sleep, and wake up as heavy as before.",
                ),
            ),
            ("heading", "What kind of tired is it"),
            (
                "text",
                p(
                    "Not all weariness is the same. Some of it lives in the body, and some in the "
                    "calendar.",
                    "People tell me:",
                ),
            ),
            spoken("I slept for ten hours.", "Nothing happened.", "My holidays need holidays."),
            ("text", p("Ask yourself, slowly:")),
            points(
                "When did I last laugh without watching myself?",
                "Who gets the best hour of my day?",
            ),
            ("text", p("Which of these is heaviest to put down?")),
            ("heading", "Kinds of tired that I meet every week"),
            patterns(
                (
                    "The Carrier",
                    "If I stop, everything falls.",
                    "Carries what belongs to five people.",
                ),
                (
                    "The Sprinter / The Finisher",
                    "Just this one week, then it gets better.",
                    "Has said so since March.",
                ),
            ),
            ("heading", "A way to begin"),
            steps(
                (
                    "Name the hour.",
                    p("Pick one hour that nobody may touch."),
                    '"On Sundays after nine, my telephone sleeps."',
                ),
                (
                    "Tell one person.",
                    p("A witness makes it real, and there are 2) reasons for that."),
                    "",
                ),
                ("Do nothing well.", p("Sit. Look out of the window. Let it be dull."), ""),
            ),
            note("P.S.", "I wrote this at midnight, so I need it as much as you do."),
            invitation(
                "",
                "If company would help on this road, write to me or book a free call. I answer "
                "within two days.",
            ),
        ],
    ),
    (
        "article",
        "WHEN YOUR TEENAGER STOPS TALKING",
        "",
        [
            ("text", p("One day the door closes. It is only a door, and it is everything.")),
            ("heading", "Before the door"),
            ("text", p("One parent says:")),
            spoken("He used to tell me everything."),
            ("text", p("The other one answers:")),
            spoken("Now he only says fine."),
            ("text", p("What it feels like, on the outside:")),
            points("Lonely", "Unnecessary", "Old"),
            ("heading", "Knock, and wait"),
            (
                "text",
                p(
                    "Silence guards something that is not finished yet.",
                    "As one book on growing up defines it, privacy is:",
                ),
            ),
            quote("a place where you may be wrong."),
            ("text", p("Which door did you close?")),
            invitation(
                "Need a place to think aloud?",
                "I see parents, with and without their children.",
                "Get in touch, and we will find a time.",
                "Doors open from the inside.",
            ),
        ],
    ),
    (
        "article",
        "LOVE AFTER THE ARGUMENT",
        "",
        [
            ("text", p("The plates are still on the table, and nobody wants to be first.")),
            ("heading", "First the body"),
            ("text", p("Drink water. Open a window.")),
            quote("We will come back to it.", "Sample Poet"),
            ("heading", "Then the words"),
            ("text", p("Say the smallest true thing.")),
            invitation(
                "",
                "To practice that with somebody beside you, schedule an appointment with me.",
            ),
        ],
    ),
    (
        "bio",
        "Sample Author",
        "LCSW",
        [
            (
                "text",
                p(
                    "I am a clinical social worker, and this text is made up for a test &amp; "
                    "nothing else"
                ),
            )
        ],
    ),
]

MARKED: list[Outline] = [
    (
        "bio",
        "Sample Author",
        "PsyD",
        [
            ("heading", "About the author"),
            (
                "text",
                p("Sample Author, PsyD, is a psychologist who exists in this document alone."),
            ),
        ],
    ),
    (
        "article",
        "The Quiet Fight",
        "",
        [
            (
                "text",
                p(
                    "Some couples shout. Others go so quiet that the refrigerator is the loudest "
                    "thing in the house."
                ),
            ),
            ("heading", "How quiet fights begin"),
            ("text", p("It starts with a small thing that nobody mentions.")),
            patterns(
                (
                    "Swallowing it",
                    "It is not worth a scene.",
                    "Said to oneself, usually at the sink.",
                ),
                (
                    "Keeping score",
                    "That makes four times.",
                    "A ledger that only one of you can read.",
                ),
            ),
            quote("Silence is a sentence, too.", "Sample Poet"),
            ("heading", "What helps?"),
            steps(
                (
                    "Say the small thing while it is small.",
                    p("A sentence is enough.", "It may be a clumsy one."),
                    "",
                ),
                ("Ask before you guess.", "", '"Are you angry, or tired?"'),
                ("Come back.", p("Even after an hour."), ""),
            ),
            invitation(
                "Ready to break the silence?",
                "You do not have to find the words alone.",
                "Book a free consultation today.",
            ),
        ],
    ),
    (
        "article",
        "A Letter to the One Who Stays",
        "",
        [
            (
                "text",
                p(
                    "Staying is not the same as waiting.",
                    "If you want to write to me about this, please do.",
                ),
            ),
            ("heading", "Why staying is hard"),
            ("text", p("Nobody applauds it.")),
            note("A note to you", "You may rest now."),
        ],
    ),
    (
        "article",
        "Three Rooms",
        "",
        [
            ("text", p("A house is more than its kitchen.")),
            points("the hallway", "the stairs"),
            invitation("", "My door is open; call me when you like."),
        ],
    ),
]

WRAPPED: list[Outline] = [
    (
        "article",
        "Why grief keeps no calendar",
        "",
        [
            (
                "text",
                p(
                    "People ask when it will be over. There is no such date, and nobody is late. "
                    "Grief keeps its own time, and it does not read the cards that others send."
                ),
            ),
            ("heading", "What people say to each other"),
            (
                "text",
                p("Most of it is meant well. A widow once told me what helped her most:"),
            ),
            spoken("Somebody came and washed the dishes.", "Somebody said his name."),
            ("heading", "What grief asks of you"),
            (
                "text",
                p(
                    "It asks for very little, and it asks all day long. Here is what it wanted "
                    "from the people whom I have met so far:"
                ),
            ),
            points(
                "Eat something warm before noon, even if it is only half a bowl of soup.",
                "Go outside once.",
            ),
            ("text", p("You may be any of these, or none of them:")),
            points("weary", "furious", "relieved"),
            invitation(
                "Would it help to say it aloud?",
                "I sit beside people in their loss. You would not have to be brave.",
                "Call my office to arrange a first session.",
                "With care,",
                "The Author",
            ),
        ],
    ),
    (
        "article",
        "On being the oldest daughter",
        "",
        [
            (
                "text",
                p(
                    "There is a kind of tired that only oldest daughters know, and they are too "
                    "tired to explain it."
                ),
            ),
            ("heading", "The second mother"),
            (
                "text",
                p(
                    "At nine you could cook rice, sign a report card and read your father's "
                    "footsteps. These were your jobs:"
                ),
            ),
            steps(
                ("Watch the little ones.", p("All of them, all the time."), ""),
                ("Keep the peace.", "", '"I broke it, Mama."'),
            ),
            (
                "text",
                p("Who kept yours? Nobody, and you knew it. It is not too late to ask for it now."),
            ),
            invitation("", "To put something down, contact me for a first visit."),
        ],
    ),
]

OURS = {"capitals": CAPITALS, "marked": MARKED, "wrapped": WRAPPED}


class Lines(Sequence[str]):
    """The lines of a document, counted from 1, with one space between words."""

    def __init__(self, text: str):
        self.lines = text.split("\n")

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, number: Any) -> Any:
        return " ".join(self.lines[number - 1].split())

    def bare(self, number: int) -> str:
        """A line without the bullet, the number or the quotation marks around it."""
        return self[number].lstrip("\u2022 ").lstrip("1234)").strip(" \u201c\u201d")

    def text(self, *numbers: int) -> Block:
        return "text", p(*(self[number] for number in numbers))

    def spoken(self, *numbers: int) -> Block:
        return spoken(*(self.bare(number) for number in numbers))

    def step(self, title: int, text: int) -> tuple[str, str, str]:
        before, _, example = self[text].partition(" Example: ")
        return self.bare(title), p(before), example


def of_the_therapist(text: str) -> list[Outline]:
    """What is expected of the therapist's own document, by the numbers of its lines."""
    line = Lines(text)
    name, _, rest = line[248].partition(", ")
    credential, _, about = rest.partition(". ")
    return [
        (
            "article",
            line[1],
            "",
            [
                line.text(3, 5, 7, 8, 9),
                line.spoken(11),
                line.text(12),
                line.spoken(13),
                line.text(15, 16),
                ("heading", line[18]),
                line.text(20, 21, 23, 25),
                ("heading", line[27]),
                line.text(29),
                patterns(
                    *((line.bare(n), line.bare(n + 1), line[n + 2]) for n in (31, 35, 39, 43, 47))
                ),
                line.text(51, 53, 54),
                ("heading", line[56]),
                line.text(58, 60, 62, 64, 65, 66, 67),
                ("heading", line[69]),
                line.text(71, 73, 75),
                points(*(line.bare(n) for n in (77, 79, 81))),
                line.text(83),
                line.spoken(85, 86, 87),
                line.text(89),
                ("heading", line[91]),
                line.text(93, 94, 96, 98),
                note(line[100], *(line[n] for n in (102, 104, 106, 108))),
                invitation(line[110], *(line[n] for n in (112, 114, 116, 118))),
            ],
        ),
        (
            "article",
            line[120],
            "",
            [
                line.text(122),
                line.spoken(124, 126, 128),
                line.text(130, 132, 134),
                ("heading", line[136]),
                line.text(138, 140, 142),
                ("heading", line[144]),
                line.text(146, 148),
                quote(line[150]),
                line.text(152),
                ("heading", line[154]),
                line.text(156, 158, 160),
                ("heading", line[162]),
                line.text(164, 166, 168),
                invitation(line[170], *(line[n] for n in (172, 174, 176, 178))),
            ],
        ),
        (
            "article",
            line[180],
            "",
            [
                line.text(182, 184, 186, 188),
                points(*(line[n] for n in range(190, 203, 2))),
                line.text(204, 206),
                spoken(
                    *(
                        said.strip("\u201c\u201d")
                        for n in (208, 210, 212, 214)
                        for said in line[n].split("\u201d \u201c")
                    )
                ),
                line.text(216),
                quote(line.bare(218)),
                line.text(220),
                ("heading", line[222]),
                line.text(224),
                steps(*(line.step(n, n + 2) for n in (226, 230, 234, 238))),
                invitation("", line[242]),
            ],
        ),
        ("bio", name, credential, [("text", p(about))]),
    ]
