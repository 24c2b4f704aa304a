"""Of a request that someone else may see the mail of, nothing leaves but two neutral lines.

Each state and each job, by a real mail server; every header, and every part as it came.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
import time_machine
from django.test import Client, override_settings
from django.utils import timezone

from booking import jobs
from booking.erasure import data_requests, erasing
from booking.forms.times import as_value
from booking.letters import bounces, emails
from booking.models import ConsultationRequest, Limit, OutgoingEmail, State
from booking.services import again, codes, decisions, readdress, transitions
from booking.times import open_times
from practice.models import PracticeSettings, User
from tests import factories
from tests.faults.canaries import found_in
from tests.faults.mailserver import Delivery, MailServer

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 30, 17, tzinfo=UTC)  # a Monday, nine in California
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SENDER = "office@mail.example"
VISITOR, OTHER = "kanariaddress2x7w@visitor.example", "kanariother5g1n@visitor.example"
TO_PRACTICE = {"alerts@home.example", "second@home.example"}
ABOUT = {
    "practice_name": "Kanaripractice6h2r Counseling",
    "short_name": "Kanarishort1d8v",
    "therapist_name": "Kanaritherapist9w3k",
    "credential": "Kanaricredential4c7x",
    "telephone": "+1 626 555 0199",
    "office_address": "1 Kanarioffice8t5z Street",
    "video_link": "https://kanarivideo3m6b.example/",
    "crisis_name": "Kanaricrisis7q1y",
    "email": "alerts@home.example",
    "second_email": "second@home.example",
}
TYPED = {
    "name": "Zoe Kanariname4f8q",
    "email": VISITOR,
    "phone": "(626) 555-0147",
    "text_ok": "on",
    "voicemail_ok": "on",
    "who": "us",
    "partner_knows": "not_yet",
    "message": "Since the summer, Kanarimessage9d3k.",
}
LETTER, SITE = "kanariletter8r4p", "kanarisite2j6f"
WORDS = [
    *re.findall(r"kanari\w+", " ".join([*ABOUT.values(), *TYPED.values(), LETTER, SITE]).lower()),
    *("555 0199", "5550199", "5550147", "555-0147", "http", "/consultation/", "begin:vcalendar"),
    *("text/html", "text/calendar", "reply-to", "list-", "therap", "lifeline", "call 911"),
]
WORDS.remove(VISITOR.partition("@")[0])  # to which it goes
DAYS = "(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
LINES = (
    rf"Thanks for your message\. I'll be in touch by {DAYS}\.\n",
    r"There's news about your request\. You know where to look\.\n",
)
HEADERS = {
    "Subject": "About your request",
    "From": re.escape(SENDER),
    "To": f"{re.escape(VISITOR)}|{re.escape(OTHER)}",
    "Date": r"\w{3}, \d\d \w{3} 2026 \d\d:\d\d:\d\d -0000",
    "Message-ID": r"<[0-9a-f-]{36}@mail\.example>",
    "Auto-Submitted": "auto-generated",
    "MIME-Version": r"1\.0",
    "Content-Type": 'text/plain; charset="utf-8"',
    "Content-Transfer-Encoding": "7bit",
}
WORK = [job for job in jobs.JOBS if job.name not in ("scrub_database", "read_busy_feeds")]
looked_at: list[str] = []


def offenses(delivery: Delivery) -> list[str]:
    """What is more than a neutral line in what a visitor was sent."""
    message: EmailMessage = delivery.message
    found = [f"{word} in {spelled}" for word, spelled in found_in(delivery.content, WORDS)]
    found += [
        f"{name}: {value}"
        for name, value in message.items()
        if not re.fullmatch(HEADERS.get(name, r"(?!)"), str(value))
    ]
    if message.is_multipart():
        return [*found, "several parts"]
    text = message.get_content().replace("\r\n", "\n")
    return found if any(re.fullmatch(line, text) for line in LINES) else [*found, text]


# --- A visitor, a therapist and a worker ------------------------------------------------------


class Case:
    """One request and all that happens to it."""

    def __init__(self, server: MailServer, clock: Any, user: User, *, discreet: bool) -> None:
        self.server, self.clock, self.user, self.client = server, clock, user, Client()
        self.typed = TYPED | ({"discreet": "on"} if discreet else {})

    def ask(self, **typed: Any) -> None:
        answer = self.client.post("/consultation/", self.typed | typed)
        assert answer.status_code == 303, answer.content.decode()
        self.work()

    def work(self, after: timedelta = timedelta(0)) -> None:
        """All that the worker does, and then mail once more, for what another job owes."""
        if after:
            self.clock.shift(after)
        for job in [*WORK, *(job for job in WORK if job.is_mail)]:
            job.run()

    @property
    def request(self) -> ConsultationRequest:
        return ConsultationRequest.objects.get()

    def decide(self, kind: str, *starts: datetime) -> None:
        """With words that the therapist has changed."""
        decision = next(each for each in decisions.DECISIONS if each.kind == kind)
        about: dict[str, Any] = {}
        if decision.asks != decisions.Asks.NOTHING:
            about = {"starts": list(starts)} if kind == "offer" else {"starts_at": starts[0]}
        given = about | ({"minutes": 20, "despite": open_times.OBJECTIONS} if starts else {})
        if decision.writes:
            words = emails.draft(self.request, kind, **about)
            body = words.body.replace(emails.GAP, "a colleague")
            given["words"] = emails.Draft(f"{words.subject} {LETTER}", f"{body}\n{LETTER}")
        decision.carry_out(self.request, user=self.user, **given)
        self.work()

    def act(self, act: str, **typed: str) -> None:
        self.client.post(self.request.get_absolute_url(), {"act": act, **typed})
        self.work()

    def to_visitor(self) -> list[Delivery]:
        return [each for each in self.server.accepted if not set(each.to) <= TO_PRACTICE]


TUESDAY, FRIDAY = NOW + DAY + HOUR, NOW + 4 * DAY + HOUR


def received(case: Case) -> None:
    case.ask()


def received_with_a_time(case: Case) -> None:
    case.ask(when=as_value(factories.open_time(5)))


def unreserved(case: Case) -> None:
    with override_settings(RESERVATIONS_PER_VISITOR=0):
        case.ask(when=as_value(factories.open_time(5)))
    assert case.request.is_unreserved


def too_many_letters(case: Case) -> None:
    case.ask()
    ConsultationRequest.objects.update(limits_reached=[Limit.LETTERS])
    case.decide("waitlist")


def quarantined_then_released(case: Case) -> None:
    case.ask(message="[url=https://spam.example]We offer SEO services[/url]")
    assert case.request.state == State.SUSPECTED
    assert not case.to_visitor()
    case.decide("accept")


def released_too_late(case: Case) -> None:
    case.ask(message="[url=https://spam.example]We offer SEO services[/url]")
    case.work(after=9 * DAY)
    case.decide("accept")


def proposed(case: Case) -> None:
    case.ask()
    case.decide("offer", TUESDAY, FRIDAY)


def offer_ends(case: Case) -> None:
    proposed(case)
    for _ in range(8):
        case.work(after=12 * HOUR)
    assert case.request.state == State.EXPIRED


def picked(case: Case) -> None:
    proposed(case)
    case.act("pick", time=as_value(FRIDAY))
    assert case.request.state == State.CONFIRMED


def none_suits(case: Case) -> None:
    proposed(case)
    case.act("none_suits")


def confirmed(case: Case) -> None:
    case.ask()
    case.decide("confirm", FRIDAY)


def reminded(case: Case) -> None:
    confirmed(case)
    for _ in range(9):
        case.work(after=12 * HOUR)


def moved(case: Case) -> None:
    confirmed(case)
    case.decide("move", FRIDAY + HOUR)


def asked_to_move_and_kept(case: Case) -> None:
    confirmed(case)
    case.act("ask_to_move")
    case.decide("keep")


def offered_another_time(case: Case) -> None:
    confirmed(case)
    case.decide("offer", TUESDAY)
    case.act("pick", time=as_value(TUESDAY))


def cancelled(case: Case) -> None:
    confirmed(case)
    case.decide("cancel")


def wants_a_calendar_file(case: Case) -> None:
    case.ask()
    case.act("calendar_file")
    case.decide("confirm", FRIDAY)
    case.act("calendar_file")
    case.decide("move", FRIDAY + HOUR)
    case.decide("cancel")


def declined(case: Case) -> None:
    case.ask()
    case.decide("decline")


def waitlisted(case: Case) -> None:
    case.ask()
    case.decide("waitlist")


def reopened(case: Case) -> None:
    declined(case)
    case.decide("reopen")
    case.decide("confirm", FRIDAY)


def closed(case: Case) -> None:
    case.ask()
    case.decide("close")


def withdrawn(case: Case) -> None:
    confirmed(case)
    case.act("withdraw")


def restored(case: Case) -> None:
    withdrawn(case)
    case.act("restore")
    case.decide("confirm", FRIDAY)


def erased_by_the_visitor(case: Case) -> None:
    confirmed(case)
    case.act("erase", sure="yes")
    assert not ConsultationRequest.objects.filter(erase_when_told=False).exists()


def erased_by_the_practice(case: Case) -> None:
    confirmed(case)
    erasing.erase(case.request, by=transitions.Actor.PRACTICE)
    case.work()


def erased_on_demand(case: Case) -> None:
    confirmed(case)
    data_requests.erase_person(VISITOR, user=case.user)
    case.work()


def erasure_asked_while_held(case: Case) -> None:
    confirmed(case)
    until = (NOW + 9 * DAY).date()
    erasing.place_legal_hold(case.request, until, "A complaint", user=case.user)
    case.act("erase", sure="yes")
    assert case.request.erasure_asked_at


def erased_by_its_age(case: Case) -> None:
    declined(case)
    case.work(after=30 * DAY)


def late(case: Case) -> None:
    received_with_a_time(case)
    case.work(after=6 * DAY)
    assert case.request.hold_ended_at


def nobody_home(case: Case) -> None:
    case.ask()
    for _ in range(12):
        case.work(after=DAY)
    assert PracticeSettings.load().nobody_home_since


def readdressed(case: Case) -> None:
    confirmed(case)
    last = OutgoingEmail.objects.filter(recipient="visitor").latest("pk")
    bounces.came_back(last)
    case.work()
    readdress.readdress(case.request, OTHER, user=case.user)
    case.work()
    assert case.to_visitor()[-1].to == [OTHER]


def sent_again(case: Case) -> None:
    confirmed(case)
    last = OutgoingEmail.objects.filter(recipient="visitor").latest("pk")
    OutgoingEmail.objects.filter(pk=last.pk).update(sent_at=None, given_up_at=timezone.now())
    again.send_again(last, user=case.user)
    case.work()


def reached_without_email(case: Case) -> None:
    case.ask()
    ways = {"text_ok": True, "voicemail_ok": True, "email_ok": False}
    readdress.reach_by(case.request, user=case.user, **ways)
    case.decide("confirm", FRIDAY)
    case.decide("cancel")


def given_a_code(case: Case) -> None:
    case.ask()
    code = codes.make_code(case.request, user=case.user)
    assert case.client.post("/consultation/code/", {"code": code}).status_code == 303
    case.work()


CASES: tuple[Callable[[Case], None], ...] = (
    *(received, received_with_a_time, unreserved, too_many_letters, quarantined_then_released),
    *(released_too_late, proposed, offer_ends, picked, none_suits, confirmed, reminded, moved),
    *(asked_to_move_and_kept, offered_another_time, cancelled, wants_a_calendar_file, declined),
    *(waitlisted, reopened, closed, withdrawn, restored, erased_by_the_visitor, late, nobody_home),
    *(erased_by_the_practice, erased_on_demand, erasure_asked_while_held, erased_by_its_age),
    *(readdressed, sent_again, reached_without_email, given_a_code),
)


# --- What must hold ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mail_server(request: pytest.FixtureRequest) -> Iterator[MailServer]:
    server = MailServer()
    server.start()
    yield server
    server.stop()
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print(f"\n{len(looked_at)} letters of discreet requests were looked at")


@pytest.fixture
def case(mail_server: MailServer, home: Any, settings: Any) -> Iterator[Callable[..., Case]]:
    mail_server.begun.clear()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = mail_server.hostname, mail_server.port
    settings.DEFAULT_FROM_EMAIL, settings.SITE_URL = SENDER, f"https://{SITE}.example"
    with time_machine.travel(NOW) as clock:
        factories.practice_settings(**ABOUT)
        factories.schedule(reminds_two_days_before=True, reminds_one_day_before=True)
        user = factories.user("therapist@home.example")
        yield lambda **choices: Case(mail_server, clock, user, **choices)


@pytest.mark.parametrize("happens", CASES, ids=lambda each: each.__name__)
def test_nothing_but_a_neutral_line_leaves(
    case: Callable[..., Case], happens: Callable[[Case], None]
) -> None:
    of_it = case(discreet=True)
    happens(of_it)
    assert not OutgoingEmail.objects.filter(recipient="visitor", sent_at=None).exists()
    letters = of_it.to_visitor()
    assert letters
    looked_at.extend(each.key for each in letters)
    assert {each.key: found for each in letters if (found := offenses(each))} == {}


@pytest.mark.parametrize(
    "happens", [received, confirmed, reminded, withdrawn, declined], ids=lambda each: each.__name__
)
def test_the_search_finds_what_leaves_of_others(
    case: Callable[..., Case], happens: Callable[[Case], None]
) -> None:
    of_it = case(discreet=False)
    happens(of_it)
    letters = of_it.to_visitor()
    assert letters
    assert all(offenses(each) for each in letters)
    name = TYPED["name"]
    for text in (each.message.get_body(("plain",)).get_content() for each in letters):
        assert text.count(name) == text.startswith(f"Hi {name},"), "in the greeting alone"
