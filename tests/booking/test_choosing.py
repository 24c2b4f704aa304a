"""Choosing an open time in the form: what is offered, in which zone, and who comes second."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from booking.models import ConsultationRequest, DateOverride, Schedule, SlotClaim, State
from booking.services import by_visitor
from booking.times import choice
from practice.jurisdiction import zones
from practice.models import DaysAway, Intake, PracticeSettings
from tests import factories

pytestmark = pytest.mark.django_db

URL = "/consultation/"
NOW = datetime(2026, 11, 30, 20, tzinfo=UTC)  # Monday noon in Los Angeles
LOS_ANGELES = ZoneInfo("America/Los_Angeles")
TUESDAY_ONE = "2026-12-01T21:00Z"
TYPED = {"name": "Robin", "email": "robin@example.com", "message": "After the summer", "who": "us"}


@pytest.fixture(autouse=True)
def now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(autouse=True)
def open_hours(practice: PracticeSettings) -> Schedule:
    """Every day from 9 to 17, a time every hour."""
    return factories.schedule(step=60, notice_hours=24, horizon_days=14)


def radios(html: str) -> list[str]:
    """The values of the open times that a page offers."""
    page = BeautifulSoup(html, "html.parser")
    return [str(tag["value"]) for tag in page.select(".day [name=when]")]


def days_of(html: str) -> list[str]:
    """The days of the open times that a page offers, in its own zone."""
    local = [datetime.fromisoformat(value).astimezone(LOS_ANGELES) for value in radios(html)]
    return sorted({f"{start:%Y-%m-%d}" for start in local})


def weeks_of(html: str) -> str:
    [tag] = BeautifulSoup(html, "html.parser").select("[type=hidden][name=weeks]")
    return str(tag["value"])


def chosen(html: str) -> str:
    [tag] = BeautifulSoup(html, "html.parser").select("[name=when][checked]")
    return str(tag["value"])


def look(visitor: Client, query: str = "") -> str:
    return visitor.get(URL + query).content.decode()


def test_a_suggestion_is_preselected_and_up_to_six_times_stand_below(visitor: Client) -> None:
    html = look(visitor)
    assert chosen(html) == "suggest"
    assert 3 <= len(radios(html)) <= 6
    assert "Show more times" in html


def test_times_are_grouped_by_day_and_labelled_with_their_zone(visitor: Client) -> None:
    page = BeautifulSoup(look(visitor), "html.parser")
    day = page.select_one("fieldset.day")
    assert day is not None
    assert day.legend is not None
    assert day.legend.text == "Tue, Dec 1"
    assert [label.text for label in day.select("label")] == ["noon", "4:00 PM"]
    assert page.text.count("All times are Pacific Time.") == 1


def test_more_times_add_a_week_and_keep_what_is_typed_until_there_are_no_more(
    visitor: Client,
) -> None:
    typed = {**TYPED, "when": TUESDAY_ONE, "good_hours": "after 6", "parts": ["evenings"]}
    html = visitor.post(URL, {**typed, "act": "more"}).content.decode()
    assert days_of(html) == [f"2026-12-{day:02}" for day in range(1, 11)], "three, and a week"
    assert len(radios(html)) <= 4 * 10 + 1, "and never all of them"
    assert "Show more times" in html
    for kept in ("After the summer", 'value="Robin"', 'value="after 6"'):
        assert kept in html
    assert chosen(html) == TUESDAY_ONE
    html = visitor.post(URL, {**typed, "weeks": weeks_of(html), "act": "more"}).content.decode()
    assert days_of(html)[-1] == "2026-12-14", "as far as times are offered"
    assert "Show more times" not in html
    assert "Please look at this again" not in html
    assert not ConsultationRequest.objects.exists()


def test_none_of_what_is_typed_stands_in_an_address(visitor: Client) -> None:
    form = BeautifulSoup(look(visitor), "html.parser").select_one("form[method=post]")
    assert form is not None
    targets = {form["action"], *(tag["formaction"] for tag in form.select("[formaction]"))}
    assert targets == {URL, f"{URL}#times"}
    assert not form.select("[formmethod]")


def test_a_time_that_is_not_shown_can_still_be_had(visitor: Client) -> None:
    between = "2026-12-02T18:00Z"
    assert between not in radios(look(visitor))
    assert visitor.post(URL, {**TYPED, "when": between}).status_code == 303


def test_the_visitors_own_zone_labels_the_times_and_their_days(visitor: Client) -> None:
    html = visitor.post(
        URL, {**TYPED, "time_zone": "Europe/Berlin", "act": "zone", "when": TUESDAY_ONE}
    ).content.decode()
    assert ">10:00 PM</label>" in html
    assert "All times are Central European Time." in html
    assert chosen(html) == TUESDAY_ONE
    assert 'value="Robin"' in html


@pytest.mark.parametrize(
    "zone", ["", "Nowhere/Else", "../../etc/passwd", "\x00", "a" * 5000, "posixrules", "Factory"]
)
def test_an_unknown_or_empty_zone_never_crashes(visitor: Client, zone: str) -> None:
    assert visitor.post(URL, {**TYPED, "time_zone": zone, "act": "zone"}).status_code == 200
    answer = visitor.post(URL, {**TYPED, "time_zone": zone, "when": TUESDAY_ONE})
    assert answer.status_code == 303
    assert visitor.get(answer.headers["Location"]).status_code == 200


def test_sending_holds_the_time_and_says_so(visitor: Client) -> None:
    answer = visitor.post(URL, {**TYPED, "when": TUESDAY_ONE, "time_zone": "America/New_York"})
    assert answer.status_code == 303
    consultation = ConsultationRequest.objects.get()
    assert consultation.state == State.PENDING
    assert consultation.starts_at == datetime(2026, 12, 1, 21, tzinfo=UTC)
    assert consultation.claims.count() == (20 + 10) // 5
    sent = visitor.get(answer.headers["Location"]).content.decode()
    assert "Tuesday, December 1 at 4:00 PM Eastern Time" in sent
    assert TUESDAY_ONE not in radios(look(visitor))


def test_who_comes_second_sees_the_form_again_with_everything_kept(
    visitor: Client,
) -> None:
    visitor.post(URL, {**TYPED, "when": TUESDAY_ONE})
    second = {"name": "Sasha", "phone": "626 555 0143", "message": "Please", "when": TUESDAY_ONE}
    answer = visitor.post(URL, second)
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "was just taken" in html
    assert 'value="Sasha"' in html
    assert "626 555 0143" in html
    assert "Please" in html
    assert chosen(html) == "suggest"
    assert TUESDAY_ONE not in radios(html)
    assert len(radios(html)) >= 3
    assert ConsultationRequest.objects.count() == 1


def test_who_loses_the_race_after_the_form_was_checked_is_told_the_same(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def somebody_is_faster(consultation: ConsultationRequest, *how: object) -> Any:
        monkeypatch.undo()
        submit(factories.unsaved_request(asked_for=consultation.asked_for))
        return submit(consultation)

    submit = by_visitor.submit
    monkeypatch.setattr(by_visitor, "submit", somebody_is_faster)
    answer = visitor.post(URL, {**TYPED, "when": TUESDAY_ONE})
    assert answer.status_code == 409
    assert TUESDAY_ONE not in radios(answer.content.decode())
    assert ConsultationRequest.objects.count() == 1


@pytest.mark.parametrize(
    "when",
    [
        "2026-12-01T21:07Z",  # between two steps
        "2026-11-29T21:00Z",  # over
        "2026-12-01T17:00Z",  # within the notice
        "2027-03-01T21:00Z",  # past the horizon
        "2026-12-02T06:00Z",  # at night
        "2026-12-01T21:00",  # without a zone
        "0001-01-01T00:00+23:59",
        "9999-12-31T23:59-23:59",
        "tomorrow",
        "\x00",
        "9" * 4000,
    ],
)
def test_a_time_that_was_never_offered_is_refused_and_nothing_is_written(
    visitor: Client, when: str
) -> None:
    answer = visitor.post(URL, {**TYPED, "when": when})
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "isn&#x27;t open" in html
    assert 'value="Robin"' in html
    assert radios(html)
    assert not ConsultationRequest.objects.exists()
    assert not SlotClaim.objects.exists()


def test_the_same_instant_in_another_zone_is_the_same_time(visitor: Client) -> None:
    visitor.post(URL, {**TYPED, "when": "2026-12-01T13:00-08:00"})
    assert ConsultationRequest.objects.get().starts_at == datetime(2026, 12, 1, 21, tzinfo=UTC)


def test_the_same_form_twice_is_one_request_with_the_same_answer(visitor: Client) -> None:
    key = "7d4b8f5e-93c1-4d0a-9a53-1f0c6b5f6a11"
    first, second = (
        visitor.post(URL, {**TYPED, "when": TUESDAY_ONE, "key": key}) for _ in range(2)
    )
    # The second finds its own time taken, and must still be the first's.
    assert first.headers["Location"] == second.headers["Location"]
    assert ConsultationRequest.objects.count() == 1


def test_a_holiday_is_closed_unless_the_date_has_hours_of_its_own(visitor: Client) -> None:
    Schedule.objects.update(closed_on_holidays=True)
    with time_machine.travel(datetime(2026, 12, 20, 20, tzinfo=UTC), tick=False):
        christmas = "2026-12-25T18:00Z"
        all_times = {**TYPED, "act": "more", "weeks": "8"}
        assert christmas not in radios(visitor.post(URL, all_times).content.decode())
        DateOverride.objects.create(
            schedule=Schedule.load(), day=date(2026, 12, 25), opens=time(10), closes=time(11)
        )
        assert christmas in radios(visitor.post(URL, all_times).content.decode())


def test_days_away_are_closed(visitor: Client, practice: PracticeSettings) -> None:
    DaysAway.objects.create(
        practice=practice, first_day=date(2026, 12, 1), last_day=date(2026, 12, 3)
    )
    first = radios(look(visitor))[0]
    assert first.startswith("2026-12-04")


@pytest.mark.parametrize("intake", [Intake.WITHOUT_TIMES, Intake.WAITING_LIST])
def test_a_practice_without_times_takes_requests_and_refuses_times(
    visitor: Client, intake: Intake
) -> None:
    factories.practice_settings(intake=intake)
    html = look(visitor)
    assert radios(html) == []
    assert ("waitlist" in html) == (intake == Intake.WAITING_LIST)
    assert visitor.post(URL, {**TYPED, "when": TUESDAY_ONE}).status_code == 409
    assert visitor.post(URL, TYPED).status_code == 303


def test_a_closed_practice_shows_its_message_and_stores_nothing(visitor: Client) -> None:
    factories.practice_settings(
        intake=Intake.CLOSED, closed_message="I am resting.", opens_again=date(2026, 12, 7)
    )
    html = look(visitor)
    assert "I am resting." in html
    assert "Monday, December 7" in html
    assert 'name="name"' not in html
    assert "988" in html
    assert "was not sent" in visitor.post(URL, TYPED).content.decode()
    assert not ConsultationRequest.objects.exists()
    with time_machine.travel(NOW + timedelta(days=7), tick=False):
        assert 'name="name"' in look(visitor)


def test_enter_in_a_field_sends_and_shows_no_more_times(visitor: Client) -> None:
    form = BeautifulSoup(look(visitor), "html.parser").select_one("form")
    assert form is not None
    first = form.select("button, [type=submit]")[0]
    assert first["value"] == "send"


def test_the_form_with_times_asks_the_database_at_most_eight_times(
    visitor: Client, article: Any
) -> None:
    visitor.post(URL, {**TYPED, "when": TUESDAY_ONE})
    look(visitor)
    with CaptureQueriesContext(connection) as queries:
        assert radios(look(visitor, f"?article={article.pk}"))
    assert len(queries) <= 8


@pytest.mark.parametrize("weeks", ["", "-1", "999", "999999999", "x", "\x00", "²"])
def test_a_forged_number_of_weeks_shows_what_there_is(visitor: Client, weeks: str) -> None:
    assert radios(visitor.post(URL, {**TYPED, "act": "more", "weeks": weeks}).content.decode())


# --- Which of the open times are shown -----------------------------------------------------------


def hours(day: int, *of_day: int) -> list[datetime]:
    """Starts on a day of December at these hours of Los Angeles, UTC."""
    return [datetime(2026, 12, day, hour, tzinfo=LOS_ANGELES).astimezone(UTC) for hour in of_day]


def shown(starts: list[datetime], weeks: int = 0) -> list[str]:
    of = [start.astimezone(LOS_ANGELES) for start in choice.shown(starts, LOS_ANGELES, weeks)]
    return [f"{start.day} {start.hour}" for start in of]


def test_who_can_only_come_early_or_late_sees_a_time_on_each_of_the_first_days() -> None:
    starts = [start for day in range(1, 9) for start in hours(day, *range(9, 18))]
    assert shown(starts) == ["1 9", "1 17", "2 9", "2 17", "3 9", "3 17"]


def test_where_few_days_are_open_more_of_each_is_shown_and_all_of_few_times() -> None:
    assert shown(hours(1, *range(9, 18))) == ["1 9", "1 11", "1 12", "1 14", "1 15", "1 17"]
    assert shown(hours(1, 9, 10) + hours(2, 9)) == ["1 9", "1 10", "2 9"]
    assert shown([]) == shown([], weeks=3) == []


def test_a_week_without_open_times_is_passed_over() -> None:
    """Or the button would add nothing, and nobody would press it again."""
    first = [start for day in (1, 2, 3) for start in hours(day, 9, 12)]
    assert shown([*first, *hours(20, 9, 10, 11), *hours(26, 9), *hours(27, 9)], weeks=1) == [
        *("1 9", "1 12", "2 9", "2 12", "3 9", "3 12"),
        *("20 9", "20 10", "20 11", "26 9"),
    ]


def test_more_never_takes_away_what_was_shown() -> None:
    once_a_week = [start for day in range(1, 29, 3) for start in hours(day, 9, 11, 13, 15, 17)]
    for weeks in range(5):
        assert set(shown(once_a_week, weeks)) <= set(shown(once_a_week, weeks + 1))


# --- In which zone, and as which country writes it ---------------------------------------------


def offered_zones(html: str) -> list[str]:
    return [tag.text for tag in BeautifulSoup(html, "html.parser").select("#id_time_zone option")]


def test_a_practice_elsewhere_writes_its_own_way_and_offers_its_own_zones(visitor: Client) -> None:
    factories.practice_settings(country="AU", time_zone="Australia/Perth")
    html = look(visitor)
    assert offered_zones(html)[:3] == ["Perth Time", "Sydney Time", "Brisbane Time"]
    factories.practice_settings(country="GB", time_zone="Europe/London")
    html = look(visitor)
    assert "<legend>Wed 2 Dec</legend>" in html
    assert ">09:00</label>" in html
    assert offered_zones(html) == ["UK Time"]
    factories.practice_settings(country="US", time_zone="America/Chicago")
    assert "<legend>Tue, Dec 1</legend>" in look(visitor), "and so at once"


def test_one_name_stands_for_one_zone_and_the_chosen_one_is_kept(visitor: Client) -> None:
    html = visitor.post(
        URL, {**TYPED, "time_zone": "America/Detroit", "act": "zone"}
    ).content.decode()
    assert offered_zones(html).count("Eastern Time") == 1
    [selected] = BeautifulSoup(html, "html.parser").select("#id_time_zone [selected]")
    assert selected["value"] == "America/Detroit"


@pytest.mark.parametrize(
    ("country", "first"),
    [
        ("AU", "Australia/Sydney"),
        ("BR", "America/Sao_Paulo"),
        ("CA", "America/Toronto"),
        ("ES", "Europe/Madrid"),
        ("NZ", "Pacific/Auckland"),
        ("RU", "Europe/Moscow"),
        ("UA", "Europe/Kyiv"),
        ("US", "America/New_York"),
    ],
)
def test_a_countrys_zones_begin_with_where_most_people_live(country: str, first: str) -> None:
    assert zones.of_country(country, NOW)[0] == first


def test_zones_are_one_only_if_they_agree_in_the_year_that_comes(visitor: Client) -> None:
    """Vancouver had the clocks of Creston in no winter before that of 2026."""
    before, after = datetime(2025, 11, 30, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC)
    assert "America/Creston" in zones.of_country("CA", before)
    assert "America/Creston" not in zones.of_country("CA", after)


@pytest.mark.parametrize(("month", "is_shown"), [(10, False), (11, True)])
def test_the_therapist_reads_of_another_zone_only_if_its_clocks_differ_then(
    as_therapist: Client, month: int, is_shown: bool
) -> None:
    """Arizona has California's clocks in October, whatever day it is when somebody looks."""
    start = datetime(2026, month, 20, 17, tzinfo=UTC)
    consultation = factories.consultation_request(
        time_zone="America/Phoenix", asked_for=start, parts_of_week=[]
    )
    html = as_therapist.get(
        reverse("consultations:detail", args=[consultation.pk])
    ).content.decode()
    assert ("Arizona Time" in html) == is_shown
