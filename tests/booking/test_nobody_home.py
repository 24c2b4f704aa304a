"""Nobody home: a reply is late, and nobody who may review has been there for five working days."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client

from booking.letters import outbox
from booking.models import ConsultationRequest, OutgoingEmail, State
from booking.services import by_visitor, presence
from practice.models import DaysAway, Intake, PracticeSettings, User
from practice.monitoring import findings
from practice.worker.jobs import recurring
from tests import factories

pytestmark = pytest.mark.django_db

FORM = "/consultation/"
TYPED = {"name": "Sam", "phone": "(626) 555-0143", "message": "After <the> summer"}
SECOND = "second@example.org"
# The therapist was there on Monday, November 16, 2026, at nine in California, and promised a reply
# by Wednesday. The fifth working day without anybody is the next Monday, and then it is Tuesday.
MONDAY = datetime(2026, 11, 16, 17, tzinfo=UTC)
GONE = datetime(2026, 11, 24, 8, tzinfo=UTC)
SOON = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def last_there(home: Any) -> PracticeSettings:
    return factories.practice_settings(second_email=SECOND, reviewer_seen_at=MONDAY)


@pytest.fixture
def waiting() -> ConsultationRequest:
    with time_machine.travel(MONDAY, tick=False):
        reply_by = PracticeSettings.load().reply_by(PracticeSettings.load().today())
        unsaved = factories.unsaved_request(reply_by=reply_by, message="canary")
        return by_visitor.submit(unsaved)[0]


def work(at: datetime) -> list[str]:
    """What the worker does about it then; whom it writes to."""
    with time_machine.travel(at, tick=False):
        [job] = [job for job in recurring(poll=1, stopping=bool) if job.name == "note_absence"]
        job.run()
        mail.outbox.clear()
        outbox.send_due()
    return [address for letter in mail.outbox for address in letter.to if address == SECOND]


def page(client: Client, at: datetime, address: str = FORM, status: int = 200) -> str:
    with time_machine.travel(at, tick=False):
        answer = client.get(address)
    assert answer.status_code == status
    return " ".join(answer.content.decode().split())


def is_open(visitor: Client, at: datetime) -> bool:
    return 'name="name"' in page(visitor, at)


@pytest.mark.usefixtures("waiting")
def test_after_five_working_days_without_anybody_the_form_closes_and_the_second_address_is_told(
    visitor: Client,
) -> None:
    assert work(GONE - SOON) == []
    assert is_open(visitor, GONE - SOON)
    assert work(GONE) == [SECOND]
    html = page(visitor, GONE)
    assert 'name="name"' not in html
    assert "behind on my replies" in html
    assert "988" in html
    assert "+1 415 555 0100" in html
    assert "?elsewhere" in html


@pytest.mark.usefixtures("waiting")
def test_the_second_address_hears_of_one_absence_once_however_long_it_lasts(
    as_therapist: Client,
) -> None:
    PracticeSettings.objects.update(reviewer_seen_at=MONDAY)
    assert work(GONE) == [SECOND]
    assert work(GONE + 40 * DAY) == []
    OutgoingEmail.objects.all().delete()  # as those that left long ago are
    assert work(GONE + 80 * DAY) == []
    with time_machine.travel(GONE + 81 * DAY, tick=False):
        presence.note_presence(PracticeSettings.load())
    assert work(GONE + 81 * DAY) == []
    assert work(GONE + 100 * DAY) == [SECOND]


@pytest.mark.usefixtures("waiting")
def test_the_word_to_the_second_address_says_nothing_of_the_person() -> None:
    work(GONE)
    [letter] = [each for each in mail.outbox if each.to == [SECOND]]
    text = letter.message().as_string() + letter.body
    for secret in ("canary", "Robin", "robin@"):
        assert secret not in text
    assert "Monday, November 16" in letter.body
    assert "/admin/consultations/" in letter.body


@pytest.mark.usefixtures("waiting")
def test_whoever_signs_in_meanwhile_keeps_the_second_address_from_being_told(
    therapist: User,
) -> None:
    with time_machine.travel(GONE, tick=False):
        assert presence.note_absence()
        factories.signed_in(therapist)
        mail.outbox.clear()
        outbox.send_due()
    assert not [letter for letter in mail.outbox if letter.to == [SECOND]]


@pytest.mark.parametrize("reply_by", [DAY * 30])
def test_while_no_reply_is_late_nobody_is_missed(visitor: Client, reply_by: timedelta) -> None:
    factories.consultation_request(reply_by=(GONE + reply_by).date(), received_at=MONDAY)
    assert is_open(visitor, GONE + 10 * DAY)


@pytest.mark.usefixtures("waiting")
def test_the_practices_own_days_off_and_days_away_are_no_working_days(
    visitor: Client, last_there: PracticeSettings
) -> None:
    DaysAway.objects.create(
        practice=last_there, first_day=GONE.date() - 5 * DAY, last_day=GONE.date()
    )
    assert work(GONE) == []
    assert is_open(visitor, GONE)
    # Thanksgiving, the Friday after and a weekend lie between, which are free in California.
    back = datetime(2026, 12, 2, 8, tzinfo=UTC)
    assert work(back - SOON) == []
    assert work(back) == [SECOND]


def test_those_who_wait_read_the_truth_and_what_they_can_do(
    visitor: Client, waiting: ConsultationRequest
) -> None:
    work(GONE)
    html = page(visitor, GONE, waiting.get_absolute_url())
    assert "Monday, November 16" in html
    assert "Wednesday, November 18" in html
    assert "?elsewhere" in html
    assert "+1 415 555 0100" in html
    assert html.count('href="tel:988"') == 1
    assert "hear from me" not in html


@pytest.mark.parametrize("state", [State.SUSPECTED, State.WAITLISTED])
def test_spam_and_the_waiting_list_read_it_too(
    visitor: Client, waiting: ConsultationRequest, state: State
) -> None:
    work(GONE)
    ConsultationRequest.objects.update(state=state)
    assert "Monday, November 16" in page(visitor, GONE, waiting.get_absolute_url())


def test_somebody_who_asked_for_another_time_reads_no_promise_that_is_over(
    visitor: Client, waiting: ConsultationRequest, therapist: User
) -> None:
    starts_at = GONE + 10 * DAY
    ConsultationRequest.objects.update(
        state=State.CONFIRMED,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=20),
        move_asked_at=MONDAY,
    )
    assert "hear from me" not in page(visitor, GONE, waiting.get_absolute_url())
    work(GONE)
    html = page(visitor, GONE, waiting.get_absolute_url())
    assert "Monday, November 16" in html


def test_the_page_after_sending_makes_no_promise_that_is_over(
    visitor: Client, waiting: ConsultationRequest
) -> None:
    address = f"/consultation/sent/?key={waiting.token}"
    assert "You'll hear from me by" in page(visitor, MONDAY, address)
    with time_machine.travel(MONDAY + 3 * DAY, tick=False):
        assert visitor.get(address).headers["Location"] == waiting.get_absolute_url()


@pytest.mark.usefixtures("waiting")
def test_what_is_sent_to_the_closed_form_is_not_kept_and_stays_in_view(visitor: Client) -> None:
    work(GONE)
    with time_machine.travel(GONE, tick=False):
        answer = visitor.post(FORM, TYPED)
    assert answer.status_code == 409
    html = answer.content.decode()
    for text in ("Sam", "(626) 555-0143", "After &lt;the&gt; summer", "was not sent"):
        assert text in html
    assert answer.headers["Cache-Control"] == "no-store"
    assert ConsultationRequest.objects.count() == 1


@pytest.mark.usefixtures("home")
def test_what_is_sent_to_a_form_that_the_practice_closed_stays_in_view_too(
    visitor: Client,
) -> None:
    factories.practice_settings(intake=Intake.CLOSED)
    answer = visitor.post(FORM, TYPED)
    assert answer.status_code == 409
    assert "After &lt;the&gt; summer" in answer.content.decode()


@pytest.mark.usefixtures("waiting")
def test_signing_in_opens_the_form_at_once_and_the_therapist_reads_that_it_was_closed(
    visitor: Client, therapist: User
) -> None:
    work(GONE)
    assert not is_open(visitor, GONE)
    factor = factories.second_factor(therapist)
    with time_machine.travel(GONE + SOON, tick=False):
        back = Client()
        given = {"login": therapist.email, "password": "correct horse 7"}
        assert back.post("/account/login/", given).status_code == 302
        assert not is_open(visitor, GONE + SOON), "a password alone is nobody yet"
        back.post("/account/login/code/", {"code": factories.code_of(factor)})
        html = back.get("/admin/").content.decode()
    assert is_open(visitor, GONE + SOON)
    assert "form closed" in html
    assert work(GONE + SOON) == []


def test_looking_at_a_request_counts_as_being_there(
    visitor: Client, as_therapist: Client, waiting: ConsultationRequest
) -> None:
    PracticeSettings.objects.update(reviewer_seen_at=MONDAY)
    with time_machine.travel(MONDAY + DAY, tick=False):
        factories.shown(as_therapist, User.objects.get(email="therapist@example.com"))
        as_therapist.get(f"/admin/consultations/{waiting.pk}/")
    assert PracticeSettings.load().reviewer_seen_at == MONDAY + DAY
    assert work(GONE) == []
    assert work(GONE + DAY) == [SECOND]


@pytest.mark.usefixtures("waiting")
def test_an_editor_who_signs_in_opens_nothing(visitor: Client, editor: User) -> None:
    work(GONE)
    with time_machine.travel(GONE + SOON, tick=False):
        factories.signed_in(editor)
    assert not is_open(visitor, GONE + SOON)


@pytest.mark.usefixtures("waiting")
def test_a_reviewer_who_signs_in_while_the_worker_looks_wins(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker closes only what is as it read it."""
    read = PracticeSettings.load()
    with time_machine.travel(GONE, tick=False):
        presence.note_presence(PracticeSettings.load())
        monkeypatch.setattr(PracticeSettings, "load", lambda *_: read)
        assert not presence.note_absence()
    assert PracticeSettings.objects.get().nobody_home_since is None


def test_an_article_does_not_say_that_there_is_no_place_where_nobody_is_home(
    visitor: Client, waiting: ConsultationRequest, article: Any
) -> None:
    address = article.get_url()
    assert "not taking requests" not in page(visitor, GONE, address)
    work(GONE)
    html = page(visitor, GONE, address)
    assert "not taking requests" in html
    assert "no free place" not in html


@pytest.mark.usefixtures("waiting")
def test_the_weekly_mail_says_that_the_form_is_closed() -> None:
    work(GONE)
    with time_machine.travel(GONE, tick=False):
        assert [f for f in findings(GONE) if "form is closed" in f.says and f.advice]
