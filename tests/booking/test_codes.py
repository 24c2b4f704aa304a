"""A code that is read out opens the visitor's own page for a day, and that alone."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client

from booking import tokens
from booking.erasure import erasing
from booking.letters import outbox
from booking.models import ConsultationRequest, DailyCount, RequestEvent
from booking.services import codes, counts, transitions
from practice.models import Intake, PracticeSettings, User
from tests import factories
from tests.faults.test_races import at_once

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 30, 17, tzinfo=UTC)
HERE = "/consultation/code/"
WRONG = "That code doesn't work. It may have expired. Ask me for a new one."


@pytest.fixture(autouse=True)
def clock(practice: PracticeSettings) -> Any:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def consultation() -> ConsultationRequest:
    return factories.consultation_request()


def read_out(client: Client, consultation: ConsultationRequest) -> str:
    """What the therapist reads on the screen after pressing the button."""
    answer = client.post(f"/admin/consultations/{consultation.pk}/code/")
    assert answer.status_code == 200
    shown = re.search(
        r"Read this code to them: <strong>(\w{4} \w{4})</strong>", answer.content.decode()
    )
    assert shown
    return shown[1]


def typed(visitor: Client, code: str, address: str = "192.0.2.1") -> Any:
    return visitor.post(HERE, {"code": code}, REMOTE_ADDR=address)


def page(answer: Any) -> str:
    return " ".join(answer.content.decode().replace("&#x27;", "'").split())


# --- What it opens ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "way",
    [str, str.lower, lambda code: code.replace(" ", ""), lambda code: f" {code[:4]}-{code[5:]} "],
)
def test_a_code_that_was_read_out_opens_the_own_page_however_it_is_typed(
    as_therapist: Client,
    visitor: Client,
    consultation: ConsultationRequest,
    way: Callable[[str], str],
) -> None:
    answer = typed(visitor, way(read_out(as_therapist, consultation)))
    assert answer.status_code == 303
    assert answer["Location"] == consultation.get_absolute_url()


def test_it_works_again_until_a_day_is_over(
    therapist: User, visitor: Client, consultation: ConsultationRequest, clock: Any
) -> None:
    code = codes.make_code(consultation, user=therapist)
    for ahead in (timedelta(0), timedelta(hours=23, minutes=59)):
        clock.move_to(NOW + ahead, tick=False)
        assert typed(visitor, code).status_code == 303
    clock.move_to(NOW + timedelta(days=1), tick=False)
    assert typed(visitor, code).status_code == 200


def test_a_request_has_one_code_and_a_code_one_request(
    therapist: User, visitor: Client, consultation: ConsultationRequest
) -> None:
    first = codes.make_code(consultation, user=therapist)
    second = codes.make_code(consultation, user=therapist)
    others = codes.make_code(factories.consultation_request(), user=therapist)
    assert typed(visitor, first).status_code == 200
    assert typed(visitor, second)["Location"] == consultation.get_absolute_url()
    assert typed(visitor, others)["Location"] != consultation.get_absolute_url()


def test_the_therapist_reads_out_where_it_is_typed_and_knows_that_one_alone_works(
    as_therapist: Client, consultation: ConsultationRequest, settings: Any
) -> None:
    settings.SITE_URL = "https://therapist.example"
    shown = page(as_therapist.post(f"/admin/consultations/{consultation.pk}/code/"))
    assert "https://therapist.example/consultation/code/" in shown
    assert "earlier codes no longer work." in shown
    assert "Reloading this page makes a new one." in shown


def test_wrong_and_run_out_read_the_same(
    therapist: User, visitor: Client, consultation: ConsultationRequest, clock: Any
) -> None:
    code = codes.make_code(consultation, user=therapist)
    wrong = page(typed(visitor, tokens.new_code()))
    clock.shift(timedelta(days=2))
    assert page(typed(visitor, code)) == wrong
    assert WRONG in wrong


def test_no_code_opens_what_was_erased(therapist: User, visitor: Client, clock: Any) -> None:
    agreed = factories.agreed_request(NOW + timedelta(days=2), by=therapist)
    code = codes.make_code(agreed, user=therapist)
    assert not erasing.erase(agreed, by=transitions.Actor.VISITOR), "a cancellation is on its way"
    assert typed(visitor, code).status_code == 200
    with pytest.raises(transitions.Stale):
        codes.make_code(agreed, user=therapist)


# --- Where it is typed ------------------------------------------------------------------------


def test_the_form_has_a_place_for_it_also_while_it_takes_no_requests(visitor: Client) -> None:
    for intake in (Intake.OPEN, Intake.CLOSED):
        PracticeSettings.objects.update(intake=intake)
        html = page(visitor.get("/consultation/"))
        assert "Have a code from me?" in html
        assert f'="{HERE}"' in html
    assert f'action="{HERE}"' in page(visitor.get(HERE))


def test_help_in_a_crisis_is_at_hand_however_it_goes_with_the_code(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "MOST_WRONG", 1)
    asked, wrong, over = visitor.get(HERE), typed(visitor, "x"), typed(visitor, "x")
    assert [each.status_code for each in (asked, wrong, over)] == [200, 200, 429]
    for answer in (asked, wrong, over):
        assert page(answer).count('<section class="crisis"') == 1


def test_nothing_typed_and_what_another_site_sends_count_for_nothing(
    therapist: User, visitor: Client, consultation: ConsultationRequest
) -> None:
    code = codes.make_code(consultation, user=therapist)
    for answer in (
        visitor.get(HERE),
        typed(visitor, " "),
        visitor.post(HERE, {"code": code}, headers={"sec-fetch-site": "cross-site"}),
    ):
        assert answer.status_code == 200
        assert WRONG not in page(answer)
    assert not DailyCount.objects.exists()


# --- Who guesses ------------------------------------------------------------------------------


def test_wrong_codes_from_one_address_end_for_that_day_and_right_ones_do_not_count(
    therapist: User, visitor: Client, consultation: ConsultationRequest, clock: Any
) -> None:
    code = codes.make_code(consultation, user=therapist)
    for _ in range(codes.MOST_WRONG):
        assert typed(visitor, tokens.new_code()).status_code == 200
        assert typed(visitor, code, "192.0.2.2").status_code == 303
    over = typed(visitor, code)
    assert over.status_code == 429
    assert 'call me: <a href="tel:+1-415-555-0100">' in page(over)
    PracticeSettings.objects.update(telephone="")
    assert "call me" not in page(typed(visitor, code))
    clock.shift(timedelta(hours=23))  # another day in UTC, and the code is still good
    assert typed(visitor, code).status_code == 303


def test_no_row_holds_an_address_or_a_code(
    therapist: User, visitor: Client, consultation: ConsultationRequest
) -> None:
    code = codes.make_code(consultation, user=therapist)
    typed(visitor, tokens.new_code(), "192.0.2.77")
    rows = [*DailyCount.objects.values(), *ConsultationRequest.objects.values()]
    told = str([*rows, *RequestEvent.objects.values()])
    assert "192.0.2.77" not in told
    assert code not in told
    assert code.replace(" ", "") not in told


def test_a_code_is_worth_nothing_under_another_secret(settings: Any) -> None:
    code = tokens.new_code()
    here = tokens.digest(code)
    settings.SECRET_KEY = "another " * 9
    assert tokens.digest(code) != here


def test_a_code_is_eight_that_nobody_mistakes_for_others() -> None:
    many = [tokens.new_code() for _ in range(200)]
    assert len(set(many)) == 200
    assert {len(code) for code in many} == {9}
    assert not set("".join(many)) & set("0158BCDEGILNOPQSTVZ")
    assert len(tokens.LETTERS) ** 8 > 2**32


@pytest.mark.django_db(transaction=True)
def test_of_many_guesses_at_once_no_more_are_looked_at_than_of_one_after_another(
    committed: Any,
) -> None:
    def guess() -> str:
        try:
            codes.open_by(tokens.new_code(), "192.0.2.9")
        except counts.TooMany:
            return "too many"
        finally:
            connection.close()
        return "wrong"

    for _ in range(codes.MOST_WRONG - 2):
        guess()
    answers = at_once([guess] * 4)
    assert sorted(map(str, answers)) == ["too many", "too many", "wrong", "wrong"]


# --- Where it stands --------------------------------------------------------------------------


def test_a_code_stands_in_no_address_log_history_or_letter(
    as_therapist: Client,
    visitor: Client,
    consultation: ConsultationRequest,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    code = read_out(as_therapist, consultation)
    answer = typed(visitor, code)
    outbox.send_due()
    spellings = {code, code.replace(" ", ""), code.lower()}
    again = as_therapist.get(f"/admin/consultations/{consultation.pk}/").content.decode()
    told = [answer["Location"], caplog.text, again, *(str(each.message()) for each in mail.outbox)]
    assert not [text for text in told for each in spellings if each in text]
    assert "made a code to read to" in again
    assert not visitor.cookies
    assert answer["Cache-Control"] == "no-store"


def test_a_link_followed_by_a_scanner_makes_no_code(
    as_therapist: Client, consultation: ConsultationRequest
) -> None:
    assert as_therapist.get(f"/admin/consultations/{consultation.pk}/code/").status_code == 302
    consultation.refresh_from_db()
    assert consultation.code_digest == ""
