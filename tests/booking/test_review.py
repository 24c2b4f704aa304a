"""The therapist's side: what is shown, what each button does, and what others learn of it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from wagtail.models import ModelLogEntry

from booking.erasure import erasing
from booking.models import ConsultationRequest, Letter, OutgoingEmail, RequestEvent, State
from booking.services import by_visitor, transitions
from practice.models import PracticeSettings
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 23, 20, tzinfo=UTC)):
        yield


@pytest.fixture(autouse=True)
def open_practice(practice: PracticeSettings) -> PracticeSettings:
    return practice


@pytest.fixture
def waiting(article: Any) -> ConsultationRequest:
    return by_visitor.submit(
        factories.unsaved_request(message="After the summer", article=article.page_ptr, who="us")
    )[0]


def detail(consultation: ConsultationRequest) -> str:
    return reverse("consultations:detail", args=[consultation.pk])


def decide_url(consultation: ConsultationRequest, kind: str) -> str:
    return reverse("consultations:decide", args=[consultation.pk, kind])


def hidden_and_shown(html: str) -> dict[str, str]:
    """What the form on a page would post, unchanged."""
    from bs4 import BeautifulSoup

    form = BeautifulSoup(html, "html.parser").select_one("form.request-form")
    assert form is not None
    fields = {str(i["name"]): str(i.get("value", "")) for i in form.select("input[name]")}
    fields |= {str(t["name"]): t.text.lstrip("\n") for t in form.select("textarea[name]")}
    return fields


def test_the_page_of_a_request_shows_everything(
    as_therapist: Client, waiting: Any, article: Any
) -> None:
    html = as_therapist.get(detail(waiting)).content.decode()
    for words in (
        "Robin",
        "robin@example.com",
        "After the summer",
        article.title,
        "My partner and me",
    ):
        assert words in html
    assert [
        k for k in ("confirm", "waitlist", "decline", "close") if decide_url(waiting, k) in html
    ] == [
        "confirm",
        "waitlist",
        "decline",
        "close",
    ]
    assert decide_url(waiting, "reopen") not in html


def test_the_therapist_confirms_a_time_with_a_letter_they_changed(
    as_therapist: Client, waiting: Any
) -> None:
    url = decide_url(waiting, "confirm")
    first = hidden_and_shown(as_therapist.get(url).content.decode())
    typed = {**first, "day": "2028-01-11", "hour": "09:00"}
    assert "Write the number" in as_therapist.post(url, typed).content.decode()
    typed["phone"] = "626 555 0143"
    second = as_therapist.post(url, typed).content.decode()
    assert "Tuesday, January 11, 2028 at 9:00 AM Pacific Time" in second
    posted = hidden_and_shown(second)
    assert "Tuesday, January 11, 2028 at 9:00 AM Pacific Time" in posted["body"]
    assert "I'll call you from" in posted["body"]
    posted["body"] += "\nI look forward to it."
    answer = as_therapist.post(url, posted)
    assert answer.headers["Location"] == detail(waiting)
    waiting.refresh_from_db()
    assert waiting.state == State.CONFIRMED
    assert waiting.starts_at.isoformat() == "2028-01-11T17:00:00+00:00"
    assert waiting.phone == "+16265550143"
    assert Letter.objects.get().body.endswith("I look forward to it.")
    assert OutgoingEmail.objects.filter(kind="letter", recipient="visitor").exists()


@pytest.mark.parametrize(
    ("day", "hour", "message"),
    [
        ("2020-01-08", "09:00", "in the past"),
        ("2028-03-12", "02:30", "does not exist"),
        ("9999-12-31", "20:00", "more than two years"),
        ("", "09:00", "required"),
        ("soon", "25:00", "valid"),
    ],
)
def test_a_time_that_cannot_be_is_refused_beside_its_field(
    as_therapist: Client, waiting: Any, day: str, hour: str, message: str
) -> None:
    url = decide_url(waiting, "confirm")
    html = as_therapist.post(
        url, {"version": 1, "day": day, "hour": hour, "minutes": 20}
    ).content.decode()
    assert message in html
    assert ConsultationRequest.objects.get().state == State.PENDING


@pytest.mark.parametrize(("kind", "state"), [("decline", "declined"), ("waitlist", "waitlisted")])
def test_a_letter_is_shown_before_it_is_sent(
    as_therapist: Client, waiting: Any, kind: str, state: str
) -> None:
    url = decide_url(waiting, kind)
    fields = hidden_and_shown(as_therapist.get(url).content.decode())
    assert fields["body"].startswith(("Hello,", "Hi Robin,"))
    assert ConsultationRequest.objects.get().state == State.PENDING
    fields["body"] = fields["body"].replace("(name and telephone)", "somebody near you")
    as_therapist.post(url, fields)
    assert ConsultationRequest.objects.get().state == state


def test_a_referral_without_names_is_not_sent(as_therapist: Client, waiting: Any) -> None:
    url = decide_url(waiting, "decline")
    fields = hidden_and_shown(as_therapist.get(url).content.decode())
    assert "Fill in or remove" in as_therapist.post(url, fields).content.decode()
    assert ConsultationRequest.objects.get().state == State.PENDING


def test_who_read_a_request_stands_in_no_log(
    as_therapist: Client, waiting: Any, caplog: pytest.LogCaptureFixture
) -> None:
    before = (RequestEvent.objects.count(), ModelLogEntry.objects.count())
    caplog.set_level("DEBUG")
    as_therapist.get(detail(waiting))
    as_therapist.post(reverse("consultations:all"), {"q": "Robin"})
    assert (RequestEvent.objects.count(), ModelLogEntry.objects.count()) == before
    assert "therapist@" not in caplog.text


def test_an_empty_letter_is_refused_and_the_subject_kept(
    as_therapist: Client, waiting: Any
) -> None:
    url = decide_url(waiting, "decline")
    html = as_therapist.post(url, {"version": 1, "subject": "My own", "body": " "}).content.decode()
    assert "My own" in html
    assert "required" in html
    assert ConsultationRequest.objects.get().state == State.PENDING


def test_a_stale_tab_is_told_what_happened_since(as_therapist: Client, waiting: Any) -> None:
    url = decide_url(waiting, "decline")
    fields = hidden_and_shown(as_therapist.get(url).content.decode())
    by_visitor.withdraw(ConsultationRequest.objects.get())
    html = as_therapist.post(url, fields, follow=True).content.decode()
    assert "Nothing was sent" in html
    assert "withdrew it" in html
    assert ConsultationRequest.objects.get().state == State.WITHDRAWN


def test_a_request_that_was_erased_meanwhile_leads_back_to_the_list(
    as_therapist: Client, waiting: Any
) -> None:
    url = decide_url(waiting, "close")
    erasing.erase(waiting, by=transitions.Actor.VISITOR)
    answer = as_therapist.post(url, {"version": 1}, follow=True)
    assert answer.redirect_chain == [(reverse("consultations:index"), 302)]
    assert "deleted after you opened it" in answer.content.decode()


def test_decisions_that_send_nothing_say_so(as_therapist: Client, waiting: Any) -> None:
    url = decide_url(waiting, "close")
    assert "Nothing is sent" in as_therapist.get(url).content.decode()
    as_therapist.post(url, {"version": 1})
    assert ConsultationRequest.objects.get().state == State.CLOSED
    as_therapist.post(decide_url(waiting, "reopen"), {"version": 2})
    assert ConsultationRequest.objects.get().state == State.PENDING


def test_for_a_visitor_without_email_the_page_gives_words_and_a_button(
    as_therapist: Client,
) -> None:
    consultation = by_visitor.submit(factories.unsaved_request(email="", phone="+16265550143"))[0]
    url = decide_url(consultation, "waitlist")
    fields = hidden_and_shown(as_therapist.get(url).content.decode())
    assert "subject" not in fields
    as_therapist.post(url, fields)
    assert (
        "Robin left no email" in as_therapist.get(reverse("consultations:index")).content.decode()
    )
    html = as_therapist.get(detail(consultation)).content.decode()
    assert "I told them" in html
    as_therapist.post(
        reverse("consultations:told", args=[consultation.pk, Letter.objects.get().pk])
    )
    assert "I told them</button>" not in as_therapist.get(detail(consultation)).content.decode()


def test_an_outcome_that_there_is_not_changes_nothing(as_therapist: Client, waiting: Any) -> None:
    url = reverse("consultations:note", args=[waiting.pk])
    as_therapist.post(url, {"outcome": "became_client"})
    as_therapist.post(url, {"outcome": "nonsense"})
    waiting.refresh_from_db()
    assert waiting.outcome == "became_client"


def rows(html: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'<a[^>]*href="/admin/consultations/(\d+)/"', html)]


def test_the_list_shows_open_ones_oldest_first_and_marks_the_late(as_therapist: Client) -> None:
    from datetime import UTC, date, datetime

    new = factories.consultation_request(
        name="New", received_at=datetime(2026, 5, 2, tzinfo=UTC), reply_by=date(2999, 1, 1)
    )
    old = factories.consultation_request(
        name="Old", received_at=datetime(2026, 5, 1, tzinfo=UTC), reply_by=date(2026, 5, 3)
    )
    over = factories.consultation_request(name="Over", state=State.DECLINED)
    html = as_therapist.get(reverse("consultations:index")).content.decode()
    assert rows(html) == [old.pk, new.pk]
    assert html.count('class="request-late"') == 1
    assert over.pk in rows(as_therapist.get(reverse("consultations:all")).content.decode())


def test_the_list_filters_by_state_article_and_who(as_therapist: Client, waiting: Any) -> None:
    other = factories.consultation_request(state=State.DECLINED, who="teen")
    for query, expected in (
        ("?state=declined", [other.pk]),
        ("?who=us", [waiting.pk]),
        (f"?article={waiting.article_id}", [waiting.pk]),
        ("?who=nonsense&article=abc&state=x&p=999", None),
    ):
        answer = as_therapist.get(reverse("consultations:index_results") + query)
        assert answer.status_code == 200
        if expected is not None:
            assert rows(answer.content.decode()) == expected, query


def test_the_list_asks_no_more_for_fifty_than_for_two(
    as_therapist: Client, django_assert_max_num_queries: Any, article: Any
) -> None:
    for number in range(50):
        factories.consultation_request(name=f"Person {number}", article=article.page_ptr)
    as_therapist.get(reverse("consultations:index"))
    with django_assert_max_num_queries(23):
        as_therapist.get(reverse("consultations:index"))


def test_the_menu_and_the_home_page_say_how_many_wait(as_therapist: Client, waiting: Any) -> None:
    html = as_therapist.get("/admin/").content.decode()
    assert "Consultations (1)" in html
    assert "1 request is waiting for your reply" in html


def test_an_unreadable_request_takes_no_list_down(as_therapist: Client, waiting: Any) -> None:
    from cryptography.fernet import Fernet

    from practice import fields

    foreign = Fernet(Fernet.generate_key()).encrypt(b"x").decode()
    ConsultationRequest.objects.filter(pk=waiting.pk).update(name=fields.Unreadable(foreign))
    for url in (reverse("consultations:index"), detail(waiting), decide_url(waiting, "decline")):
        answer = as_therapist.get(url)
        assert answer.status_code == 200
        assert "unreadable" in answer.content.decode()


def test_a_note_whose_key_is_missing_is_not_written_over(
    as_therapist: Client, waiting: Any
) -> None:
    from cryptography.fernet import Fernet
    from django.db import connection

    from practice import fields

    foreign = Fernet(Fernet.generate_key()).encrypt(b"x").decode()
    ConsultationRequest.objects.update(private_note=fields.Unreadable(foreign))
    assert 'name="note"' not in as_therapist.get(detail(waiting)).content.decode()
    as_therapist.post(reverse("consultations:note", args=[waiting.pk]), {"note": "New"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT private_note FROM booking_consultationrequest")
        assert cursor.fetchone()[0] == foreign


def test_a_letter_survives_a_time_that_is_no_longer_valid(
    as_therapist: Client, waiting: Any
) -> None:
    url = decide_url(waiting, "confirm")
    posted = {"version": 1, "day": "2020-01-08", "hour": "09:00", "minutes": 20}
    html = as_therapist.post(
        url, {**posted, "subject": "Mine", "body": "My words"}
    ).content.decode()
    assert "in the past" in html
    assert "My words" in html
    assert 'type="date"' in html


def test_what_a_visitor_wrote_is_never_run(as_therapist: Client) -> None:
    bad = "<script>alert(1)</script>{{ 7|add:7 }}</textarea>"
    consultation = by_visitor.submit(
        factories.unsaved_request(name=bad, message=bad, good_hours=bad, private_note=bad)
    )[0]
    for url in (
        reverse("consultations:index"),
        detail(consultation),
        decide_url(consultation, "decline"),
        decide_url(consultation, "confirm"),
    ):
        html = as_therapist.get(url).content.decode()
        assert "<script>alert(1)" not in html
        assert "{{ 7|add:7 }}</textarea>" not in html


def test_an_editor_and_a_stranger_cannot_tell_that_requests_exist(
    as_editor: Client, visitor: Client, waiting: Any
) -> None:
    addresses = [
        reverse("consultations:index"),
        reverse("consultations:all"),
        reverse("consultations:index_results"),
        detail(waiting),
        decide_url(waiting, "confirm"),
        reverse("consultations:note", args=[waiting.pk]),
    ]
    for address in addresses:
        for client_method in (as_editor.get, as_editor.post):
            answer = client_method(address)
            assert answer.status_code == 404, address
            assert answer.content == as_editor.get("/admin/no-such-address/").content
        answer = visitor.get(address)
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/account/login/")
    assert "onsultation" not in as_editor.get("/admin/").content.decode().replace(
        "/consultation/", ""
    )


def test_the_link_of_an_alert_opens_the_request_after_sign_in(
    visitor: Client, waiting: Any, therapist: Any
) -> None:
    factor = factories.second_factor(therapist)
    asked = visitor.get(detail(waiting))
    visitor.post(
        asked.headers["Location"],
        {
            "login": therapist.email.upper(),
            "password": "correct horse 7",
            "next": detail(waiting),
        },
    )
    answer = visitor.post("/account/login/code/", {"code": factories.code_of(factor)})
    assert answer.headers["Location"] == detail(waiting)
    assert "Robin" in visitor.get(detail(waiting)).content.decode()


# --- Finding somebody ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "finds"),
    [
        ("robin", True),
        ("ROB", True),
        ("robin lake", True),
        ("lake@example", True),
        ("555-0147", True),
        ("626 555", True),
        ("Robin <lake@example.com>", True),
        ("mailto:LAKE@example.com", True),
        ("(626) 555-0147 (cell)", True),
        ("001 626 555 0147", True),
        ("\u202dlake\u200b", True),
        ("robin hill", False),
        ("99", False),
        ("%", False),
    ],
)
def test_somebody_is_found_by_name_address_or_number(
    words: str, finds: bool, as_therapist: Client, practice: PracticeSettings
) -> None:
    factories.consultation_request(
        name="Robin Lake", email="lake@example.com", phone="+16265550147"
    )
    factories.consultation_request(name="Kim", email="", phone="+14155550123")
    page = as_therapist.post("/admin/consultations/results/", {"q": words}).content.decode()
    assert ("Robin Lake" in page) is finds
    assert "Kim" not in page


def test_what_a_search_found_is_neither_kept_nor_indexed(
    as_therapist: Client, practice: PracticeSettings, django_assert_max_num_queries: Any
) -> None:
    factories.consultation_request(name="Robin Lake")
    with django_assert_max_num_queries(30) as queries:
        as_therapist.post("/admin/consultations/results/", {"q": "robin"})
    assert not [q for q in queries if "robin" in q["sql"].lower()]


def test_a_time_that_is_held_without_an_end_is_shown_without_one(as_therapist: Client) -> None:
    at = datetime(2030, 1, 8, 17, tzinfo=UTC)
    for more in ({}, {"state": State.PROPOSED}, {"state": State.CONFIRMED}):
        consultation = factories.consultation_request(
            starts_at=at, ends_at=at + timedelta(minutes=20), **more
        )
        assert consultation.holds_until is None
        for page in (detail(consultation), consultation.get_absolute_url()):
            answer = as_therapist.get(page)
            assert answer.status_code == 200
            assert not re.search("(reserved|good) until", answer.content.decode())
