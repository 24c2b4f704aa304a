"""Agreed consultations on a day that is off: they stand, and the therapist hears of each."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core import mail
from django.test import Client
from django.urls import reverse

from booking import conflicts
from booking.letters import emails, outbox
from booking.models import ConsultationRequest, OutgoingEmail, State, Weekday
from booking.services import by_visitor, decisions, expiry
from booking.times import open_times
from practice.models import DaysAway, PracticeSettings, User
from practice.worker import heartbeat
from tests import factories
from tests.booking.test_schedule_screen import SCREEN, save

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
THURSDAY = datetime(2026, 12, 3, 18, tzinfo=UTC)  # 10:00 in Los Angeles
NINE = datetime(2026, 12, 2, 17, tzinfo=UTC)  # on the day before: when its reminder is due
CHRISTMAS = datetime(2026, 12, 25, 18, tzinfo=UTC)


@pytest.fixture
def agreed(therapist: User) -> ConsultationRequest:
    return agree(THURSDAY, therapist)


def agree(start: datetime, therapist: User, **more: Any) -> ConsultationRequest:
    return factories.agreed_request(start, by=therapist, name="Maya", **more)


def go_away(first: date, last: date | None = None) -> None:
    practice = PracticeSettings.load()
    DaysAway.objects.create(practice=practice, first_day=first, last_day=last or first)


def conflicts_on(html: str) -> dict[str, list[str]]:
    """What the page says of each consultation that does not fit, with the links beside it."""
    rows = BeautifulSoup(html, "html.parser").select(".conflicts li")
    return {" ".join(row.text.split()): [str(a["href"]) for a in row.select("a")] for row in rows}


def schedule_screen(client: Client) -> dict[str, list[str]]:
    return conflicts_on(client.get(SCREEN).content.decode())


def shown_to(client: Client, consultation: ConsultationRequest) -> dict[str, list[str]]:
    """What the button "Leave it as agreed" sends, on the page of the request as it is now."""
    html = client.get(reverse("consultations:detail", args=[consultation.pk])).content.decode()
    fields = BeautifulSoup(html, "html.parser").select(".conflicts form input[name]")
    names = {str(field["name"]) for field in fields}
    return {n: [str(f["value"]) for f in fields if f["name"] == n] for n in names}


def leave_it(client: Client, consultation: ConsultationRequest, shown: dict[str, list[str]]) -> str:
    """Presses that button; what is said then."""
    stands = reverse("consultations:stands", args=[consultation.pk])
    return client.post(stands, shown, follow=True).content.decode()


def decide(kind: str, consultation: ConsultationRequest) -> str:
    return reverse("consultations:decide", args=[consultation.pk, kind])


# --- A day off objects as a day off ------------------------------------------------------------


def objections(start: datetime, consultation: ConsultationRequest, user: User) -> list[str]:
    with pytest.raises(decisions.Objections) as refused:
        decisions.confirm(
            consultation,
            user=user,
            words=emails.Draft("About your message", "We will talk."),
            starts_at=start,
            minutes=20,
        )
    return refused.value.sentences


def close_thursday() -> None:
    factories.schedule().overrides.create(day=THURSDAY.date())


def without_hours_and_away() -> None:
    factories.schedule({})
    go_away(THURSDAY.date())


@pytest.mark.parametrize(
    ("start", "turn_off"),
    [
        (THURSDAY, lambda: go_away(date(2026, 12, 1), date(2026, 12, 6))),
        (THURSDAY, close_thursday),
        (THURSDAY, without_hours_and_away),
        (CHRISTMAS, lambda: factories.schedule(closed_on_holidays=True, horizon_days=30)),
    ],
    ids=["days away", "a date without hours", "days away without any hours", "a public holiday"],
)
def test_a_day_off_objects_as_a_day_off(start: datetime, turn_off: Any, therapist: User) -> None:
    waiting = by_visitor.submit(factories.unsaved_request())[0]
    turn_off()
    found = objections(start, waiting, therapist)
    assert "That's a day off in your schedule." in found
    assert "It's outside your hours." not in found


def test_a_holiday_beyond_what_is_offered_is_a_day_off_too(therapist: User) -> None:
    waiting = by_visitor.submit(factories.unsaved_request())[0]
    factories.schedule(closed_on_holidays=True, horizon_days=7)
    assert "That's a day off in your schedule." in objections(CHRISTMAS, waiting, therapist)


def test_a_time_that_runs_on_into_a_day_off_is_on_a_day_off(therapist: User) -> None:
    waiting = by_visitor.submit(factories.unsaved_request())[0]
    factories.schedule({day: [(time(9), time(0))] for day in Weekday})
    go_away(date(2026, 12, 3))
    late = datetime(2026, 12, 3, 7, 50, tzinfo=UTC)  # Wednesday, 23:50 in Los Angeles
    assert objections(late, waiting, therapist) == ["That's a day off in your schedule."]


def test_the_therapist_takes_a_time_on_a_day_off_knowingly(
    as_therapist: Client, therapist: User
) -> None:
    waiting = by_visitor.submit(factories.unsaved_request(phone="+16265550143"))[0]
    go_away(THURSDAY.date())
    typed = {"version": "1", "day": "2026-12-03", "hour": "10:00", "minutes": "20"}
    html = as_therapist.post(decide("confirm", waiting), typed).content.decode()
    assert "That&#x27;s a day off in your schedule." in html


# --- What was agreed is listed ----------------------------------------------------------------


def days_away(client: Client) -> None:
    save(client, away__0__first_day="2026-12-01", away__0__last_day="2026-12-04")


def single_date_closed(client: Client) -> None:
    save(client, dates__0__day="2026-12-03")


def other_hours_that_date(client: Client) -> None:
    save(
        client,
        dates__0__day="2026-12-03",
        dates__0__windows__0__opens="14:00",
        dates__0__windows__0__closes="16:00",
    )


def other_weekly_hours(client: Client) -> None:
    save(client, thursday__0__opens="14:00", thursday__0__closes="16:00")


def longer_consultations(client: Client) -> None:
    save(client, practice__consultation_minutes="50")


CHANGES = {
    days_away: "That's a day off in your schedule.",
    single_date_closed: "That's a day off in your schedule.",
    other_hours_that_date: "It's outside your hours.",
    other_weekly_hours: "It's outside your hours.",
    longer_consultations: "It's agreed for 20 minutes, and your consultations now last 50.",
}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_saving_the_schedule_lists_what_was_agreed_and_does_not_fit(
    change: Any, as_therapist: Client, agreed: ConsultationRequest
) -> None:
    assert schedule_screen(as_therapist) == {}
    change(as_therapist)
    answer = as_therapist.get(SCREEN)
    assert "1 agreed consultation doesn't fit" in answer.content.decode()
    [(said, links)] = conflicts_on(answer.content.decode()).items()
    assert said.startswith("Maya, Thursday, December 3, 2026 at 10:00 AM Pacific Time")
    assert CHANGES[change] in said
    assert decide("move", agreed) in links
    assert decide("cancel", agreed) in links
    assert schedule_screen(as_therapist) != {}, "it stands until somebody sees to it"
    agreed.refresh_from_db()
    assert agreed.state == State.CONFIRMED, "nothing is cancelled by itself"


def test_what_is_over_called_off_or_fits_is_not_listed(
    as_therapist: Client, therapist: User, clock: Any
) -> None:
    agree(THURSDAY + 4 * DAY, therapist)
    called_off = agree(THURSDAY, therapist, email="sam@example.com")
    decisions.cancel(called_off, user=therapist, words=emails.Draft("Sorry", "Not then."))
    by_visitor.submit(factories.unsaved_request(asked_for=THURSDAY + HOUR))
    go_away(THURSDAY.date())
    assert schedule_screen(as_therapist) == {}
    agree(THURSDAY + 2 * HOUR, therapist, email="kim@example.com")
    assert schedule_screen(as_therapist) == {}, "it was agreed knowing that"


def test_the_first_page_and_the_request_say_it_while_it_stands(
    as_therapist: Client, agreed: ConsultationRequest
) -> None:
    pages = (reverse("wagtailadmin_home"), reverse("consultations:detail", args=[agreed.pk]))
    go_away(THURSDAY.date())
    said = [as_therapist.get(page).content.decode() for page in pages]
    assert "1 agreed consultation doesn't fit your schedule" in said[0]
    assert "That&#x27;s a day off in your schedule." in said[1]
    assert decide("move", agreed) in said[1]
    DaysAway.objects.all().delete()
    assert not [page for page in pages if "day off" in as_therapist.get(page).content.decode()]


def test_one_that_is_left_as_agreed_is_listed_no_more_until_the_schedule_changes_again(
    as_therapist: Client, agreed: ConsultationRequest
) -> None:
    other_weekly_hours(as_therapist)
    leave_it(as_therapist, agreed, shown_to(as_therapist, agreed))
    assert schedule_screen(as_therapist) == {}
    assert agreed.events.filter(kind="stands").count() == 1
    days_away(as_therapist)
    [said] = schedule_screen(as_therapist)
    assert "day off" in said


def test_leaving_it_as_agreed_settles_only_what_the_page_had_said(
    as_therapist: Client, agreed: ConsultationRequest
) -> None:
    other_weekly_hours(as_therapist)
    shown = shown_to(as_therapist, agreed)
    go_away(THURSDAY.date())
    leave_it(as_therapist, agreed, shown)
    [said] = schedule_screen(as_therapist)
    assert "day off" in said


def test_leaving_it_as_agreed_is_about_the_time_that_the_page_had_shown(
    as_therapist: Client, agreed: ConsultationRequest, therapist: User
) -> None:
    other_weekly_hours(as_therapist)
    shown = shown_to(as_therapist, agreed)
    words = emails.Draft("About your message", "Friday, then.")
    decisions.move(agreed, user=therapist, words=words, starts_at=THURSDAY + DAY, minutes=20)
    assert "look again" in leave_it(as_therapist, agreed, shown)
    assert not agreed.events.filter(kind="stands").exists()


def test_one_that_is_moved_to_a_time_that_fits_is_listed_no_more(
    as_therapist: Client, agreed: ConsultationRequest, therapist: User
) -> None:
    go_away(THURSDAY.date())
    decisions.move(
        agreed,
        user=therapist,
        words=emails.Draft("About your message", "Friday, then."),
        starts_at=THURSDAY + DAY,
        minutes=20,
    )
    assert schedule_screen(as_therapist) == {}


def test_a_time_that_was_offered_knowingly_and_picked_is_not_listed(
    as_therapist: Client, therapist: User
) -> None:
    waiting = by_visitor.submit(factories.unsaved_request(phone="+16265550143"))[0]
    go_away(THURSDAY.date())
    decisions.offer(
        waiting,
        user=therapist,
        words=emails.Draft("About your message", "Thursday?"),
        starts=[THURSDAY],
        minutes=20,
        despite=open_times.OBJECTIONS,
    )
    by_visitor.pick(waiting, THURSDAY)
    assert schedule_screen(as_therapist) == {}


# --- No reminder leaves for a day that is off --------------------------------------------------


def left(clock: Any, moment: datetime) -> list[tuple[str, str]]:
    """Kind and recipient of what has left when the worker has run at `moment`."""
    clock.move_to(moment)
    heartbeat.note(heartbeat.WORKER, moment)
    expiry.queue_reminders()
    outbox.send_due()
    sent = OutgoingEmail.objects.exclude(sent_at=None)
    about = sent.filter(about_time__isnull=False).order_by("pk")
    return list(about.values_list("kind", "recipient"))


def test_a_reminder_for_a_day_off_waits_and_the_therapist_is_told_once(
    agreed: ConsultationRequest, clock: Any
) -> None:
    go_away(THURSDAY.date())
    told = [("alert_day_off", "practice")]
    assert left(clock, NINE - DAY - HOUR) == []
    assert left(clock, NINE - DAY) == told, "two days before, so that there is time"
    assert left(clock, NINE) == left(clock, NINE + HOUR) == told
    alert = mail.outbox[-1]
    assert "day off" in alert.body
    assert "Maya" not in alert.subject + alert.body
    assert reverse("consultations:detail", args=[agreed.pk]) in alert.body


@pytest.mark.parametrize("way", ["left as agreed", "the day is not off"])
def test_a_reminder_that_waited_leaves_once_it_is_settled(
    way: str, agreed: ConsultationRequest, clock: Any, therapist: User
) -> None:
    go_away(THURSDAY.date())
    left(clock, NINE)
    if way == "left as agreed":
        decisions.let_stand(agreed, [conflicts.Reason.DAY_OFF], user=therapist)
    else:
        DaysAway.objects.all().delete()
    assert left(clock, NINE + 2 * HOUR)[-1] == ("reminder_one_day", "visitor")


def test_a_reminder_that_could_not_leave_yet_does_not_leave_for_a_day_that_is_off_since(
    agreed: ConsultationRequest, clock: Any
) -> None:
    clock.move_to(NINE)
    expiry.queue_reminders()
    go_away(THURSDAY.date())
    assert left(clock, NINE + HOUR) == [("alert_day_off", "practice")]


def test_the_therapist_is_told_also_where_nobody_would_be_reminded(
    therapist: User, clock: Any
) -> None:
    factories.schedule(reminds_one_day_before=False)
    agree(THURSDAY, therapist, email="", phone="+16265550143")
    go_away(THURSDAY.date())
    assert left(clock, NINE) == [("alert_day_off", "practice")]


def test_a_time_that_was_agreed_knowingly_is_reminded_of(therapist: User, clock: Any) -> None:
    go_away(THURSDAY.date())
    agree(THURSDAY, therapist)
    assert left(clock, NINE) == [("reminder_one_day", "visitor")]


def test_what_is_only_outside_the_hours_is_reminded_of(
    agreed: ConsultationRequest, clock: Any
) -> None:
    factories.schedule({Weekday.THURSDAY: [(time(14), time(16))]})
    assert left(clock, NINE) == [("reminder_one_day", "visitor")]
