"""What is true of every email to a visitor, in plain text and in HTML."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core import mail
from django.core.mail import EmailMessage, EmailMultiAlternatives

from booking.letters import emails, outbox
from booking.models import ConsultationRequest, Schedule
from booking.models.letters import AFTER_CALL
from booking.services import by_visitor, decisions
from practice.models import PracticeSettings, User
from tests import factories, letters

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 30, 17, tzinfo=UTC)  # a Monday, nine in California
NOON = datetime(2026, 12, 2, 20, tzinfo=UTC)
WITHOUT_BUTTON = {"decline", "withdrawal", *AFTER_CALL}
NAMES_NOBODY = {"withdrawal"}  # it may leave after what they wrote was erased
ADDRESS = re.compile(r"(?:https?://|www\.)\S+|\S+/\S+/\S+")


@pytest.fixture(autouse=True)
def clock(practice: PracticeSettings) -> Any:
    factories.schedule()
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def built(therapist: User) -> dict[str, EmailMultiAlternatives]:
    return letters.to_visitors(therapist)


def html_of(message: EmailMultiAlternatives) -> str:
    [html] = [str(each.content) for each in message.alternatives if each.mimetype == "text/html"]
    return html


def page_of(message: EmailMultiAlternatives) -> BeautifulSoup:
    return BeautifulSoup(html_of(message), "html.parser")


def test_every_kind_and_decision_is_looked_at(built: dict[str, EmailMultiAlternatives]) -> None:
    kinds = {name.partition(",")[0] for name in built}
    neutral = {emails.NEUTRAL_RECEIVED, emails.NEUTRAL_LETTER}
    assert set(emails.BUILDERS) - neutral - {"letter"} <= kinds
    assert {each.kind for each in decisions.DECISIONS if each.writes} <= kinds


def test_each_greets_by_name_and_goes_on_with_a_capital(
    built: dict[str, EmailMultiAlternatives],
) -> None:
    for name, message in built.items():
        greeting, _, rest = str(message.body).partition("\n\n")
        assert greeting == ("Hello," if name in NAMES_NOBODY else "Hi Maya,"), name
        assert rest[0].isupper(), name
        assert "Maya" not in rest, name


def test_each_has_the_one_subject_and_the_one_signature(
    built: dict[str, EmailMultiAlternatives],
) -> None:
    for name, message in built.items():
        assert message.subject == "About your request", name
        assert str(message.body).endswith("\n\nThe Therapist\n+1 415 555 0100\n"), name


def test_no_line_is_empty_twice_or_begins_or_ends_with_a_space(
    built: dict[str, EmailMultiAlternatives],
) -> None:
    for name, message in built.items():
        body = str(message.body)
        assert "\n\n\n" not in body, name
        assert not re.search(r"(?m)^ | $|  ", body), (name, body)
        assert "{" not in body, name


def test_each_says_times_as_the_pages_do(built: dict[str, EmailMultiAlternatives]) -> None:
    for name, message in built.items():
        assert ", 2026" not in str(message.body), name
        assert not re.search(r"\b(?:PST|PDT|UTC)\b", str(message.body)), name


# --- As HTML ----------------------------------------------------------------------------------


def test_at_most_one_button_and_no_address_to_be_read(
    built: dict[str, EmailMultiAlternatives],
) -> None:
    for name, message in built.items():
        page = page_of(message)
        buttons = page.select("td.fill > a")
        assert len(buttons) == (0 if name in WITHOUT_BUTTON else 1), name
        words = "Send a new request" if name == "cancel" else "View or change your request"
        assert all(button.text == words for button in buttons), name
        texts = page.body.stripped_strings if page.body else ()
        found = [address for text in texts for address in ADDRESS.findall(text)]
        assert not found, (name, found)


def test_nothing_is_fetched_and_nothing_follows_who_reads(
    built: dict[str, EmailMultiAlternatives],
) -> None:
    for name, message in built.items():
        page = page_of(message)
        assert not page.select("img, link, script, iframe, object, svg, video, audio, form"), name
        assert not page.select("[src], [srcset], [background], [poster]"), name
        assert not re.search(r"url\(|@import|@font-face", html_of(message)), name


def test_a_mailbox_shows_a_neutral_line_and_nothing_of_the_letter(
    built: dict[str, EmailMultiAlternatives],
) -> None:
    for name, message in built.items():
        first = page_of(message).select_one("body > div")
        assert first, name
        assert "display: none" in str(first["style"]), name
        line, _, filling = first.text.strip().partition("\n")
        assert line == "There's news about your request.", name
        assert len(filling) > 400, name  # more than any mailbox shows
        assert not re.search(r"\w", filling), name
        assert page_of(message).title.text == line, name  # type: ignore[union-attr]


def test_both_forms_say_the_same(built: dict[str, EmailMultiAlternatives]) -> None:
    for name, message in built.items():
        page = page_of(message)
        page.select_one("body > div").decompose()  # type: ignore[union-attr]
        shown = "".join(page.body.text.split()) if page.body else ""
        for line in str(message.body).splitlines():
            # Other words stand for an address.
            for part in re.split(r"https?://\S+", line.removeprefix("- ")):
                assert "".join(part.split()) in shown, (name, line)


def test_the_mark_is_letters_and_the_foot_can_be_called(
    built: dict[str, EmailMultiAlternatives],
) -> None:
    for message in built.values():
        page = page_of(message)
        assert page.select_one(".mark").text == "TT"  # type: ignore[union-attr]
        assert page.select_one(".said").text == "The Therapist"  # type: ignore[union-attr]
        [call] = page.select("a[href^='tel:']")
        assert (call.text, call["href"]) == ("+1 415 555 0100", "tel:+1-415-555-0100")


def test_a_letter_to_the_visitor_of_another_therapist_has_their_mark(therapist: User) -> None:
    cora = factories.schedule(
        of=Schedule.objects.create(therapist_name="Cora Whitfield", telephone="+1 415 555 0177")
    )
    built = letters.to_visitors(therapist, schedule=cora)
    for name in ("received", "waitlist"):
        page = page_of(built[name])
        assert page.select_one(".mark").text == "CW"  # type: ignore[union-attr]
        assert page.select_one(".said").text == "Cora Whitfield"  # type: ignore[union-attr]


def test_what_the_therapist_types_cannot_break_out(therapist: User) -> None:
    asked = by_visitor.submit(factories.unsaved_request())[0]
    words = '<script>alert(1)</script>\r\n\r\n- "a" & <b>b</b>\r\n\r\nwww.example.org/a?b=<i>'
    decisions.waitlist(asked, user=therapist, words=emails.Draft("<i>Hi</i>", words))
    message = emails.build(asked.emails.get(kind="letter"))
    assert isinstance(message, EmailMultiAlternatives)
    page = page_of(message)
    assert not page.select("script, b, i")
    assert "<script>alert(1)</script>" in page.text
    assert '"a" & <b>b</b>' in page.text


# --- The greeting -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "greeting"),
    [
        ("Maya", "Hi Maya,"),
        ("Zoë O'Neil-López, Jr.", "Hi Zoë O'Neil-López, Jr.,"),
        ("J.R. & Sam", "Hi J.R. & Sam,"),
        ("Нина", "Hi Нина,"),
        ("You won at prize.example", "Hello,"),
        ("http://prize.example", "Hello,"),
        ("Call 4155550100 now", "Hello,"),
        ("me@prize.example", "Hello,"),
        ("Robin\r\nBcc: x@example.com", "Hello,"),
        ("I have a long and sad story that I tell everyone", "Hello,"),
    ],
)
def test_only_a_name_is_greeted_by(name: str, greeting: str) -> None:
    """Whoever fills in the form says where the first letter goes."""
    asked = by_visitor.submit(factories.unsaved_request(name=name))[0]
    outbox.send_due()
    [sent] = [message for message in mail.outbox if message.to == ["robin@example.com"]]
    assert str(sent.body).startswith(f"{greeting}\n\n")
    if greeting == "Hello,":
        assert name not in html_of(sent)  # type: ignore[arg-type]
        assert emails.called(asked) == ""


def test_a_text_names_the_therapist_below_its_first_line(therapist: User) -> None:
    for discreet in (False, True):
        asked = factories.consultation_request(
            name="Maya", email="", phone="+14155550100", text_ok=True, discreet=discreet
        )
        for kind in (each.kind for each in decisions.DECISIONS if each.writes):
            first, _, rest = emails.draft(
                asked, kind, starts_at=NOON, starts=[NOON]
            ).body.partition("\n\n")
            assert "The Therapist" not in first, kind
            assert (first == "Hi Maya, it's about your request.") is not discreet, kind
            assert rest.startswith("This is The Therapist. ") is not discreet, kind


# --- What some of them say --------------------------------------------------------------------


def agreed(therapist: User, **fields: Any) -> ConsultationRequest:
    fields = {"name": "Maya", "phone": "+16265550143", "time_zone": "America/Chicago", **fields}
    return factories.agreed_request(NOON - timedelta(hours=2), by=therapist, **fields)


def test_a_confirmation_says_when_how_long_and_who_calls(therapist: User) -> None:
    asked = by_visitor.submit(
        factories.unsaved_request(
            name="Maya", phone="+16265550143", time_zone="America/Chicago", asked_for=None
        )
    )[0]
    said = emails.draft(asked, "confirm", starts_at=NOON - timedelta(hours=2), minutes=20).body
    assert said.startswith(
        "Hi Maya,\n\nWe're set for Wednesday, December 2 at noon Central Time, 20 minutes by phone."
        " I'll call you from +1 415 555 0100.\n\nIf something comes up, you can ask for another "
        "time or cancel here:\nhttp"
    )


@pytest.mark.parametrize(
    ("changes", "fields", "how"),
    [
        ({}, {"phone": ""}, "I don't have your number. Please call me at +1 415 555 0100."),
        ({"telephone": ""}, {}, "I'll call you."),
        ({"caller": "visitor"}, {}, "Please call me at +1 415 555 0100."),
        (
            {"consultation_medium": "video"},
            {},
            "20 minutes by video. I'll send you the link",
        ),
        (
            {"consultation_medium": "video", "video_link": "https://video.example/room"},
            {},
            "20 minutes by video. We'll meet here: https://video.example/room",
        ),
        (
            {"consultation_medium": "office", "office_address": "1 Harbor Street"},
            {},
            "20 minutes in person. We'll meet at my office: 1 Harbor Street",
        ),
    ],
)
def test_how_it_takes_place(
    therapist: User, changes: dict[str, str], fields: dict[str, str], how: str
) -> None:
    factories.practice_settings(**changes)
    assert how in emails.draft(agreed(therapist, **fields), "picked").body


def test_the_day_before_comes_a_letter_that_says_what_to_expect(
    built: dict[str, EmailMultiAlternatives],
) -> None:
    before, sooner = built["reminder_one_day"], built["reminder_two_days"]
    for sentence in (
        *("We're set for", "I'll call you from", "nothing to prepare", "- what brings you in"),
        *("You can ask me anything", "- how I work", "It's fine to cry.", "I'd rather not say"),
        *(
            "You don't have to decide anything on the call.",
            "you can ask for another time or cancel here:",
        ),
    ):
        assert sentence in str(before.body)
    assert len(page_of(before).select("li")) == 6
    assert len(str(sooner.body)) < len(str(before.body)) * 0.7


def test_the_first_letter_says_what_happens_if_they_do_nothing(
    built: dict[str, EmailMultiAlternatives],
) -> None:
    for name, sentence in {
        "received": "You'll hear from me by Thursday, December 3.",
        "received, with a time": "I'm holding it for you until you hear from me",
        "received, without its time": "I couldn't set that time aside.",
        "received, late": "My reply is late, and I'm sorry.",
    }.items():
        body = str(built[name].body)
        assert sentence in body
        assert "You don't have to do anything. Nothing is booked yet." in body
        assert "In danger, or thinking about suicide? Call or text 988, chat at http" in body


# --- Where someone else may read it -------------------------------------------------------------


def test_a_discreet_letter_is_two_neutral_lines_and_has_no_html(therapist: User) -> None:
    asked = by_visitor.submit(factories.unsaved_request(name="Maya", discreet=True))[0]
    words = emails.draft(asked, "waitlist")
    assert words.body.startswith("Hello,\n\n")
    decisions.waitlist(asked, user=therapist, words=words)
    outbox.send_due()
    sent = [message for message in mail.outbox if message.to == ["robin@example.com"]]
    assert [str(message.body) for message in sent] == [
        "Thanks for your message. I'll be in touch by Thursday.\n",
        "There's news about your request. You know where to look.\n",
    ]
    for message in sent:
        assert type(message) is EmailMessage
        assert message.subject == "About your request"


# --- To the practice ----------------------------------------------------------------------------


def test_letters_to_the_practice_have_the_same_frame(therapist: User) -> None:
    by_visitor.submit(factories.unsaved_request())
    outbox.send_due()
    [alert] = [message for message in mail.outbox if message.to == ["practice@example.com"]]
    assert isinstance(alert, EmailMultiAlternatives)
    page = page_of(alert)
    [button] = page.select("td.fill > a")
    assert button.text == "Sign in"
    assert "/admin/consultations/" in str(button["href"])
    assert "Robin" not in html_of(alert)
    assert page.title
    assert page.title.text == alert.subject


@pytest.mark.parametrize(
    ("kind", "start_from"),
    [
        *[("decline", start_from) for start_from in ("", "full", "outside", "more")],
        *[("waitlist", start_from) for start_from in ("", "soon")],
    ],
)
def test_a_letter_that_says_no_has_crisis_help_unless_someone_else_may_read_it(
    kind: str, start_from: str
) -> None:
    """On their own page the lines stand anyway; what is to be said aloud speaks of no email."""

    def drafted(**ways: Any) -> str:
        consultation = factories.consultation_request(name="Maya", phone="+14155550100", **ways)
        return emails.draft(consultation, kind, start_from=start_from).body

    by_email = "I don't read email around the clock. In danger, or thinking about suicide? Call"
    assert drafted().count(by_email) == 1
    assert "suicide" not in drafted(discreet=True)
    to_say = drafted(email="")
    assert "I don't read email" not in to_say
    aloud = "If you're in danger or thinking about suicide, call or text 988, or call 911."
    assert (aloud in to_say) is (start_from == "more")
