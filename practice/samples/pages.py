"""The sample's plain pages. Each begins with a line that says what it is."""

from datetime import date
from typing import Any

from practice.models import PracticeSettings
from practice.samples import MARK, paragraphs

Fields = dict[str, Any]
BUTTON = "Ask for a first conversation"


def introduction(text: str) -> str:
    return paragraphs(text) + f"<p><i>{MARK}</i></p>"


def invitation(heading: str, text: str) -> tuple[str, Fields]:
    return "call_to_action", {"heading": heading, "text": paragraphs(text), "button": BUTTON}


def question(question: str, answer: str) -> Fields:
    return {"question": question, "answer": paragraphs(answer)}


def home() -> Fields:
    return {
        "heading": "For people who love each other and keep missing each other",
        "search_description": "Therapy for couples, for one person alone, and for teens.",
        "introduction": introduction("""
            Therapy for couples, for one person alone, and for teens. You do not need the right
            words for it yet. Finding them is part of the work.
            """),
        "body": [
            ("heading", "Who comes here"),
            (
                "text",
                paragraphs("""
                    Some people come because of one night that they cannot get past. Others come
                    because nothing has happened for years, and they miss each other across the
                    same table. You may know at once what it is about, or only that it cannot go
                    on like this. Either is a good enough beginning.
                    """),
            ),
            (
                "points",
                {
                    "items": [
                        "Two people who have the same quarrel every week and know it by heart",
                        "Somebody who goes quiet just when it matters, and would rather not",
                        "A couple after a breach of trust, not sure whether to stay",
                        "A parent and a teen who have stopped talking",
                        "Somebody who says yes all day and lies awake at night",
                    ]
                },
            ),
            ("heading", "How it begins"),
            (
                "text",
                paragraphs("""
                    You send a short request, or you call. I answer by the day that the form
                    names. Then we talk for a little while, free of charge: you say what brings
                    you, you ask me whatever you like, and we see whether I am the right person
                    for it. If I am not, I will tell you so and name others.
                    """),
            ),
        ],
    }


def services() -> Fields:
    return {
        "search_description": "What therapy for couples, for one person and for teens looks like.",
        "introduction": introduction("""
            What I offer, for whom, and what I do not. If you are unsure which of these is yours,
            ask for a first conversation and leave the question open.
            """),
        "body": [
            ("heading", "For couples"),
            (
                "text",
                paragraphs("""
                    We look at what happens between you, more than at who began. Most couples
                    have a few steps that they take again and again: one knocks, the other locks,
                    and both end up alone. We slow those steps down until each of you can see
                    them, and can feel what they were meant to protect. Then other steps become
                    possible.

                    You do not have to be married, living together, or sure that you will stay.
                    """),
            ),
            ("heading", "For one person"),
            (
                "text",
                paragraphs("""
                    You bring yourself, and with you everyone you ever had to get along with. We
                    talk about the grief, the worry or the emptiness that brought you, and about
                    how you learned to live with people in the first place. It is slow work in a
                    friendly room, and it asks nothing of you that you are not ready for.
                    """),
            ),
            ("heading", "For teens"),
            (
                "text",
                paragraphs("""
                    This hour belongs to you. What you say stays between us, but for a few things
                    that the law makes me report, and I will tell you what they are before you
                    tell me anything. You can write to me yourself. On the form, choose the words
                    for teens: they explain who may hear of it and when.
                    """),
            ),
            ("heading", "Where we meet"),
            (
                "text",
                paragraphs("""
                    By video or by telephone, wherever you are undisturbed: a bedroom, a parked
                    car, a bench. I may only work with people who are in a state where I hold a
                    license at the time we talk, which is why the form says where.
                    """),
            ),
            ("heading", "What I do not offer"),
            (
                "text",
                paragraphs("""
                    I do not work around the clock, I do not write opinions for courts, and I
                    prescribe no medicine. Should you need any of these, I am glad to help you
                    find it. In an emergency, please turn to one of these at once:
                    """),
            ),
            ("crisis", None),
            invitation(
                "Not sure what you need?",
                "That is a fine reason to ask. We can find out in a few minutes, at no cost.",
            ),
        ],
    }


def fees() -> Fields:
    return {
        "search_description": "What a session costs, and what you can ask for in writing.",
        "introduction": introduction("""
            What it costs, plainly, so that you do not have to ask before you know whether you
            want to ask anything else.
            """),
        "body": [
            ("facts", None),
            ("heading", "The first conversation"),
            (
                "text",
                paragraphs("""
                    It is free, and it ends without a bill even if we find that I am not the right
                    person for you.
                    """),
            ),
            ("heading", "When you cannot come"),
            (
                "text",
                paragraphs("""
                    Tell me two days ahead, and there is no charge. Later than that I ask for the
                    fee, unless you are ill or something has happened that nobody could foresee.
                    """),
            ),
            ("heading", "What you have a right to"),
            ("notices", None),
            invitation(
                "Is it the fee that holds you back?",
                "Please say so. There is often a way, or a colleague for whom there is one.",
            ),
        ],
    }


def faq() -> Fields:
    return {
        "search_description": "What people ask before they ask for a consultation.",
        "introduction": introduction("""
            What people tend to wonder about before they write. If yours is missing, bring it to
            the first conversation.
            """),
        "body": [
            (
                "questions",
                {
                    "questions": [
                        question(
                            "Does asking commit me to anything?",
                            """
                            No. A request is a request. It makes you nobody's client, and you can
                            take it back by the link that you get after sending it.
                            """,
                        ),
                        question(
                            "How soon do I hear from you?",
                            """
                            The form names a day before you write anything, and counts only
                            working days. If that is too long for you to wait, please use one of
                            the help lines that stand beside it.
                            """,
                        ),
                        question(
                            "What do I have to tell you on the form?",
                            """
                            A name to call you by and one way to reach you. The rest can wait
                            until we talk, and some of it is better said aloud anyway.
                            """,
                        ),
                        question(
                            "My partner does not want to come. Is it worth coming alone?",
                            """
                            Often it is. A dance changes when one of the two changes a step. We
                            would only have to be clear about whose therapy it is.
                            """,
                        ),
                        question(
                            "We share a mailbox, or a phone. Who will see your answer?",
                            """
                            Leave whichever is yours alone, and leave the boxes for text and
                            voicemail empty if those could be seen or heard by others. My
                            messages have a neutral subject and repeat nothing that you wrote.
                            """,
                        ),
                        question(
                            "Is what I say confidential?",
                            """
                            Yes, with exceptions that the law makes, chiefly where a child, an
                            elder or somebody's life is in danger. I explain them in our first
                            hour, before you need to decide what to say.
                            """,
                        ),
                        question(
                            "How long will it take?",
                            """
                            Some people have what they came for after a handful of sessions,
                            others stay for years because it goes on being useful. Every few
                            weeks we look at it together.
                            """,
                        ),
                        question(
                            "What if we do not get along?",
                            """
                            Then tell me, if you can. It may be something that we can put right,
                            and that in itself can be worth a good deal. If not, I will give you
                            names of others.
                            """,
                        ),
                    ]
                },
            ),
            invitation(
                "Another question?", "Ask it in person. The first conversation costs nothing."
            ),
        ],
    }


def privacy(practice: PracticeSettings, today: date) -> Fields:
    return {
        "search_description": "What this site keeps about you, for how long, and who sees it.",
        "introduction": introduction(f"""
            What this site keeps about you, for how long, and who sees it. In force since
            {today:%B} {today.day}, {today.year}.
            """),
        "body": [
            ("heading", "When you read"),
            (
                "text",
                paragraphs("""
                    You can read everything here without giving anything. Reading sets no cookie.
                    There are no statistics, no advertisements and no recordings, and your browser
                    is not sent to any other company for fonts, pictures or films. To answer your
                    browser at all, the server handles the address of your connection; [say here
                    what the log of your server keeps, and for how many days].
                    """),
            ),
            ("heading", "When you ask for a consultation"),
            (
                "text",
                paragraphs("""
                    The form keeps what you enter: a name to call you by; a telephone number or an
                    e-mail address, and how you may be reached there; for whom you ask, where you
                    will be and when you have time; your message, if you write one; and which
                    article you came from, unless you leave it out. Name, contact, good hours and
                    message are encrypted before they are stored. Nothing is kept about you if you
                    close the page without sending, or if I may not work where you will be.

                    No page that you visit here sets a cookie, the form and your private page
                    included.
                    """),
            ),
            ("heading", "Who sees it"),
            (
                "text",
                paragraphs("""
                    I do. Whoever helps me with articles here does not. I neither sell nor share
                    it, for advertising or for anything else. The mail that tells me of your
                    request says only that one is waiting. If you gave an e-mail address, my
                    answers go there, and they pass through your mail provider and mine, so their
                    subject is neutral and they do not repeat what you wrote. [Name here the
                    companies that run your server and your mail.]
                    """),
            ),
            ("heading", "For how long"),
            (
                "text",
                paragraphs("""
                    Your request is kept until it is settled, and then for as many days as stand
                    here. After that it is erased by itself: every field of it, the letters about
                    it and the record of who did what. What stays is a number, how many requests
                    came in a month and from which article, and a code that leads to nobody, by
                    which a restored backup erases your request again.
                    """),
            ),
            ("kept_for", None),
            (
                "text",
                paragraphs("""
                    You need not wait. The private link that you get after sending lets you
                    withdraw, with a day to change your mind, or erase it for good, at once. Call
                    me and I will do it for you, or give you a copy of all that is on file about
                    you. Within a day nothing erased is left in the files of the database either.
                    Backups are encrypted, and each is deleted after 35 days at most, once there is
                    a newer one.

                    If a law or a court makes me keep your request for longer, your private page
                    says so, with the day on which it is erased.

                    If you become a client, your clinical record is kept elsewhere, under the rules
                    for such records and the notice that you get about them.
                    """),
            ),
            ("heading", "Do Not Track"),
            (
                "text",
                paragraphs("""
                    Browsers can send a signal that asks not to be tracked. This site tracks
                    nobody, nor does it let others do so, and therefore treats every visitor as if
                    the signal had been sent.
                    """),
            ),
            ("heading", "What a form cannot do"),
            (
                "text",
                paragraphs("""
                    Nobody watches this site around the clock, and a request makes nobody a client
                    yet. In an emergency please use one of these instead:
                    """),
            ),
            ("crisis", None),
            ("heading", "Questions and changes"),
            (
                "text",
                paragraphs("""
                    Ask me what is kept about you, have it put right, or have it erased: my
                    telephone number stands on every page. When this text changes, so does the
                    date above.
                    """),
            ),
        ],
    }


def accessibility() -> Fields:
    return {
        "search_description": "What is done so that everybody can use this site, and what is not.",
        "introduction": introduction("""
            Everybody who wants to read here or ask for a consultation should be able to. This is
            what has been done about it, and what has not.
            """),
        "body": [
            ("heading", "What to expect"),
            (
                "points",
                {
                    "items": [
                        "Every page works by keyboard alone, and shows where you are on it",
                        "Nothing needs JavaScript, and nothing moves, plays or times out by itself",
                        "Text can be made twice as large, and follows your light or dark theme",
                        "The form says in words what is wrong, and keeps what you typed",
                    ]
                },
            ),
            ("heading", "How far it goes"),
            (
                "text",
                paragraphs("""
                    The aim is the Web Content Accessibility Guidelines 2.2 at level AA. The
                    software behind this site is tested against them automatically, page by page,
                    with each change. Such tests find only part of what can go wrong. No
                    independent expert has examined this site, so it does not claim to meet the
                    guidelines in full.

                    Where I add a picture or a document of my own, it depends on me whether it is
                    well described. Please tell me where it is not.
                    """),
            ),
            ("heading", "If something stands in your way"),
            (
                "text",
                paragraphs("""
                    Call me, and I will take your request by telephone and have the obstacle looked
                    at. If calling is the obstacle, the form takes an e-mail address alone.
                    """),
            ),
        ],
    }


def pages(practice: PracticeSettings, today: date) -> dict[str, Fields]:
    """What each page of the bare tree is filled with, by its slug."""
    return {
        "home": home(),
        "services": services(),
        "fees": fees(),
        "faq": faq(),
        "privacy": privacy(practice, today),
        "accessibility": accessibility(),
    }
