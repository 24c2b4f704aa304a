"""What a visitor may send, and what the form says when it cannot be sent."""

import re
import uuid
from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup, Tag
from django.test import Client
from django.urls import reverse

from blog.models import ArticlePage
from booking.models import ConsultationRequest, OutgoingEmail, State
from practice.models import PracticeSettings
from tests import factories

FORM = "/consultation/"
ENOUGH = {"name": "Robin", "email": "robin@example.com"}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def open_practice(practice: PracticeSettings) -> PracticeSettings:
    return practice


def send(visitor: Client, **fields: object) -> ConsultationRequest:
    answer = visitor.post(FORM, {**ENOUGH, **fields})
    assert answer.status_code == 303, answer.content.decode()
    return ConsultationRequest.objects.latest("pk")


def page(visitor: Client, address: str = FORM, **fields: object) -> str:
    answer = visitor.post(address, fields) if fields else visitor.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_name_and_an_email_address_are_enough(visitor: Client) -> None:
    consultation = send(visitor)
    assert (consultation.name, consultation.email, consultation.phone) == (
        "Robin",
        "robin@example.com",
        "",
    )
    assert consultation.state == State.PENDING
    assert (consultation.who, consultation.partner_knows) == ("unsaid", "")
    assert not consultation.discreet
    assert consultation.region == "CA"
    assert consultation.reply_by >= consultation.received_at.date()


def test_a_name_and_a_telephone_number_are_enough(visitor: Client) -> None:
    consultation = send(visitor, email="", phone="(626) 555-0143", text_ok="on")
    assert consultation.phone == "+16265550143"
    assert consultation.text_ok
    assert not consultation.voicemail_ok


def test_a_name_alone_is_not_enough_and_what_was_typed_is_kept(visitor: Client) -> None:
    html = page(visitor, name="Robin", message="After the summer", who="us", parts=["evenings"])
    assert "One is enough." in html
    assert 'value="Robin"' in html
    assert "After the summer" in html
    assert re.search(r'value="us"[^>]*checked', html)
    assert re.search(r'value="evenings"[^>]*checked', html)
    assert not ConsultationRequest.objects.exists()


def test_the_summary_takes_the_focus_and_links_each_field(visitor: Client) -> None:
    html = page(visitor, name="", email="robin@", phone="12")
    assert re.search(r'class="error-summary"[^>]*autofocus', html)
    for field in ("name", "email", "phone"):
        assert f'href="#id_{field}"' in html
        assert f'id="id_{field}_error"' in html
        assert re.search(rf'<input[^>]*name="{field}"[^>]*aria-invalid="true"', html)
    assert "<title>Error:" in html


@pytest.mark.parametrize("number", ["12345", "123-456-7890", "not a number", "+1"])
def test_a_number_that_cannot_be_dialed_is_refused_beside_its_field(
    visitor: Client, number: str
) -> None:
    html = page(visitor, name="Robin", phone=number)
    assert "doesn&#x27;t look like a phone number" in html
    assert f'value="{number}"' in html


def test_a_number_is_read_as_one_of_the_practices_country(visitor: Client) -> None:
    factories.practice_settings(
        country="GB",
        holiday_region="ENG",
        telephone="020 7946 0018",
        licensed_regions="ENG England",
    )
    consultation = send(visitor, email="", phone="020 7946 0999")
    assert consultation.phone == "+442079460999"
    assert consultation.region == "ENG"


def test_an_address_is_taken_as_it_is_pasted(visitor: Client) -> None:
    assert send(visitor, email="Robin <robin@exam\u200bple.com>,").email == "robin@example.com"


def test_two_addresses_or_one_to_which_no_letter_could_leave_are_refused_and_kept(
    visitor: Client,
) -> None:
    for typed, said in (
        ("robin@localhost", "doesn&#x27;t look like an email address"),
        ("robin@example.com lake@example.com", "Write just one address here."),
    ):
        html = page(visitor, name="Robin", email=typed)
        assert said in html
        assert f'value="{typed}"' in html


def test_a_slip_in_an_address_is_asked_about_once_and_sent_as_it_is(visitor: Client) -> None:
    html = page(visitor, **{**ENOUGH, "email": "Robin <robin@gmial.com>"})
    assert "Did you mean robin@gmail.com?" in html
    assert not OutgoingEmail.objects.exists(), "no letter goes to whoever owns gmial.com"
    as_typed = {"email": "Robin <robin@gmial.com>", "as_typed": "robin@gmial.com"}
    assert f'name="as_typed" value="{as_typed["as_typed"]}"' in html
    assert send(visitor, **as_typed).email == "robin@gmial.com"
    assert "Did you mean" in page(visitor, **{**ENOUGH, **as_typed, "email": "robin@yahoo.con"})


def test_one_press_mends_it_also_where_something_else_is_missing(visitor: Client) -> None:
    slip = {"email": "robin@gmial.com", "as_typed": "robin@gmial.com", "meant": "robin@gmail.com"}
    assert 'name="meant" value="robin@gmail.com"' in page(visitor, name="R", email=slip["email"])
    html = page(visitor, **{**slip, "name": ""})
    assert 'value="robin@gmail.com"' in html
    assert "gmial" not in html
    assert send(visitor, **slip).email == "robin@gmail.com"


def test_a_name_is_kept_without_what_nobody_sees(visitor: Client) -> None:
    assert send(visitor, name="\u202eRo\u200bbin\u2066").name == "Robin"
    html = page(visitor, **{**ENOUGH, "name": "\u200b"})
    assert "Tell me what to call you." in html


def test_what_stands_beside_a_number_reaches_the_therapist(visitor: Client) -> None:
    typed = "626 555 0143 (cell) after 6, or 001 626 555 0100"
    consultation = send(visitor, email="", phone=typed, good_hours="evenings")
    assert (consultation.phone, consultation.good_hours) == ("+16265550143", f"evenings; {typed}")
    consultation = send(visitor, email="", phone="001 (626) 555-0143", good_hours="evenings")
    assert (consultation.phone, consultation.good_hours) == ("+16265550143", "evenings")


def test_a_message_of_a_thousand_characters_may_have_line_ends_of_a_browser(
    visitor: Client,
) -> None:
    typed = "a\r\n" * 500  # a browser counts 1,000 characters and posts 1,500
    consultation = send(visitor, message=typed)
    assert len(consultation.message) <= 1000


def test_a_longer_message_is_refused_and_kept(visitor: Client) -> None:
    html = page(visitor, **ENOUGH, message="x" * 1001)
    assert "Shorten it to 1000 characters." in html
    assert "x" * 1001 in html


@pytest.mark.parametrize(
    ("field", "longest", "written"),
    [
        ("name", 100, lambda length: "x" * length),
        ("email", 254, lambda length: f"x@{'x.' * ((length - 13) // 2)}example.com"[:length]),
        ("phone", 80, lambda length: f"626{' ' * (length - 10)}5550143"),
        ("good_hours", 200, lambda length: "x" * length),
    ],
)
def test_what_is_longer_than_its_field_is_refused_and_kept(
    visitor: Client, field: str, longest: int, written: Callable[[int], str]
) -> None:
    assert send(visitor, **{field: written(longest)}).pk
    html = page(visitor, **{**ENOUGH, field: written(longest + 1)})
    assert f'id="id_{field}_error"' in html
    assert written(longest + 1) in html
    assert ConsultationRequest.objects.count() == 1


@pytest.mark.parametrize("field", ["who", "parts"])
def test_what_is_in_no_list_is_refused(visitor: Client, field: str) -> None:
    page(visitor, **{**ENOUGH, field: "cat", "when": "parts"})
    assert not ConsultationRequest.objects.exists()


def test_the_message_can_be_switched_off(visitor: Client) -> None:
    factories.practice_settings(asks_for_message=False)
    assert 'name="message"' not in page(visitor)
    assert send(visitor, message="smuggled").message == ""


def test_a_request_remembers_the_article_it_came_from(
    visitor: Client, article: ArticlePage
) -> None:
    html = page(visitor, f"{FORM}?article={article.pk}")
    assert article.title in html
    assert send(visitor, article=article.pk).article_id == article.pk


def test_the_visitor_can_leave_the_article_out(visitor: Client, article: ArticlePage) -> None:
    consultation = send(visitor, article=article.pk, leave_out_article="on")
    assert consultation.article is None


@pytest.mark.parametrize("value", ["0", "-1", "abc", "999999", "1" * 40, "\x00", "1", "٣"])
def test_an_article_that_is_none_is_left_out_without_a_word(visitor: Client, value: str) -> None:
    assert visitor.get(FORM, {"article": value}).status_code == 200
    assert send(visitor, article=value).article is None


def test_the_title_of_a_draft_is_not_told(visitor: Client, index: object) -> None:
    draft = factories.article(index, "Not for anybody yet", live=False)  # type: ignore[arg-type]
    assert draft.title not in page(visitor, f"{FORM}?article={draft.pk}")
    assert send(visitor, article=draft.pk).article is None


def test_the_same_form_posted_twice_is_one_request_with_the_same_answer(visitor: Client) -> None:
    key = str(uuid.uuid4())
    first = visitor.post(FORM, {**ENOUGH, "key": key})
    second = visitor.post(FORM, {**ENOUGH, "key": key})
    assert first.headers["Location"] == second.headers["Location"]
    assert ConsultationRequest.objects.count() == 1
    assert OutgoingEmail.objects.count() == 2  # one to the visitor, one alert


def test_a_correction_under_the_same_key_is_asked_about_and_never_thrown_away(
    visitor: Client,
) -> None:
    key = str(uuid.uuid4())
    visitor.post(FORM, {**ENOUGH, "key": key, "email": "robin@exmaple.com"})
    html = page(visitor, **ENOUGH, key=key, parts=["evenings"], when="parts")
    assert "You already sent this form" in html
    assert 'value="robin@example.com"' in html
    assert re.search(r'value="evenings"[^>]*checked', html)
    fresh = re.search(r'name="key" value="([^"]+)"', html).group(1)  # type: ignore[union-attr]
    assert fresh != key
    assert send(visitor, key=fresh).email == "robin@example.com"
    assert ConsultationRequest.objects.count() == 2


def test_an_extension_is_kept(visitor: Client) -> None:
    assert send(visitor, email="", phone="(626) 555-0143 ext. 27").phone == "+16265550143;ext=27"


def test_the_best_days_reach_the_therapist_whatever_else_was_chosen(visitor: Client) -> None:
    for when in ("suggest", "parts", ""):  # the second from a page opened before an update
        assert send(visitor, when=when, parts=["evenings"]).parts_of_week == ["evenings"]


def test_who_looks_elsewhere_and_returns_keeps_the_article(
    visitor: Client, article: ArticlePage
) -> None:
    html = page(visitor, f"{FORM}?elsewhere&article={article.pk}")
    assert f'href="{FORM}?article={article.pk}"' in html


def test_a_broken_submission_key_still_sends(visitor: Client) -> None:
    assert send(visitor, key="no key at all").pk


def test_with_one_licence_somebody_elsewhere_finds_other_help(visitor: Client) -> None:
    html = page(visitor)
    assert "California" in html
    assert "?elsewhere" in html
    assert 'name="state"' not in html
    assert "I can only work with people who are in California when we talk" in page(
        visitor, f"{FORM}?elsewhere"
    )


@pytest.mark.parametrize("code", ["NY", "elsewhere", "XX"])
def test_from_elsewhere_nothing_is_stored(visitor: Client, code: str) -> None:
    html = page(visitor, **ENOUGH, state=code)
    assert "I can only work with people who are in California when we talk" in html
    assert not ConsultationRequest.objects.exists()
    assert not OutgoingEmail.objects.exists()


def test_with_several_licences_the_visitor_chooses(visitor: Client) -> None:
    factories.practice_settings(licensed_regions="CA California\nOR Oregon")
    html = page(visitor)
    assert "Oregon" in html
    assert send(visitor, state="OR").region == "OR"
    assert send(visitor).region == ""


def test_teens_read_their_own_words_before_they_type(visitor: Client) -> None:
    html = page(visitor)
    assert html.index("?who=teen") < html.index('name="name"')
    opened = page(visitor, f"{FORM}?who=teen")
    assert re.search(r'value="teen"[^>]*checked', opened)
    assert "12 or older" in opened
    panel = BeautifulSoup(opened, "html.parser").select_one("#for-teens details")
    assert panel is not None
    assert panel.has_attr("open")


def test_a_parents_details_are_never_asked_of_a_teen(visitor: Client) -> None:
    consultation = send(visitor, who="teen")
    assert consultation.who == "teen"
    asked = main(page(visitor, f"{FORM}?who=teen"))
    asked.select_one("#for-teens").decompose()  # type: ignore[union-attr]
    assert "parent" not in asked.text.lower()


def main(html: str) -> Tag:
    found = BeautifulSoup(html, "html.parser").main
    assert found is not None
    return found


def test_who_replies_by_when_and_where_help_is_stand_before_the_first_field(
    visitor: Client,
) -> None:
    html = page(visitor)
    before = html[html.index("<body") : html.index('for="id_name"')]
    for words in ("Hi, I'm The Therapist", "20 minutes by phone, free", "by <strong>"):
        assert words in before, words
    for link in ('href="tel:988"', 'href="sms:988"', 'href="tel:911"', "988lifeline.org/chat"):
        assert link in before, link
    assert "Call 1-800-799-7233" in before


def test_a_name_that_would_push_the_form_down_is_cut_to_the_first(visitor: Client) -> None:
    factories.practice_settings(
        therapist_name="Dr. Maya Wolfeschlegelsteinhausen-Bergerdorff, LMFT"
    )
    assert "Hi, I'm Maya." in page(visitor)


def test_what_is_good_to_know_stands_after_send_and_once(visitor: Client) -> None:
    factories.practice_settings(
        client_portal_url="https://portal.example.com/", sliding_scale="A few places at $90."
    )
    html = page(visitor)
    before, after = html.split('class="button send', 1)
    for words in ("$180", "superbill", "$90", "portal.example.com", "#estimate", 'id="estimate"'):
        assert words in after, words
        assert words not in before, words
    assert after.count("tel:+1-415-555-0100") == 2, "here and in the foot"
    assert html.count("A friend's phone is safer.") == 1


def test_crisis_help_stands_before_the_name_and_beside_the_note_and_not_in_the_foot(
    visitor: Client,
) -> None:
    found = BeautifulSoup(page(visitor), "html.parser")
    assert [bool(each.find_parent("footer")) for each in found.select(".crisis")] == [False, False]
    assert found.select_one("details:has(textarea) .crisis.compact")


def test_a_practice_with_a_waitlist_alone_says_so_at_once(visitor: Client) -> None:
    factories.practice_settings(intake="waiting_list")
    html = page(visitor)
    assert "Ask to join my waitlist</h1>" in html[: html.index('for="id_name"')]
    assert "Let's talk first" not in html
    assert 'name="when"' not in html
    assert send(visitor).pk


def test_nobody_gives_more_than_a_name_and_one_contact(visitor: Client) -> None:
    """What else may help lies in folds that are closed, or is not preselected."""
    factories.schedule()
    form = main(page(visitor)).form
    assert form is not None
    assert [field["value"] for field in form.select("[name=when][checked]")] == ["suggest"]
    for name in ("parts", "good_hours", "message"):
        fold = form.select_one(f'details:has([name="{name}"])')
        assert fold is not None
        assert not fold.has_attr("open"), name
    typed = main(page(visitor, name="", parts=["evenings"], good_hours="after 6", message="Yes"))
    assert all(
        typed.select_one(f'details[open]:has([name="{name}"])')
        for name in ("parts", "good_hours", "message")
    )


def test_beside_the_telephone_stands_what_happens_if_someone_else_answers(visitor: Client) -> None:
    form = main(page(visitor)).form
    assert form is not None
    hint = form.select_one(f"#{form.select_one('#id_phone')['aria-describedby']}")  # type: ignore[index]
    assert hint is not None
    assert "I'll say “wrong number.”" in hint.text


def test_the_fields_stand_in_the_order_of_a_conversation(
    visitor: Client, article: ArticlePage
) -> None:
    factories.practice_settings(licensed_regions="CA California\nOR Oregon")
    factories.schedule()
    html = page(visitor, f"{FORM}?article={article.pk}")
    order = [
        *("state", "name", "phone", "text_ok", "voicemail_ok", "email", "who", "when"),
        *("time_zone", "parts", "good_hours", "message", "leave_out_article"),
    ]
    places = [re.search(rf'name="{field}"', html).start() for field in order]  # type: ignore[union-attr]
    assert places == sorted(places)
    assert re.search(r'value="suggest"[^>]*checked', html)
    assert not re.search(r'name="(text_ok|voicemail_ok)"[^>]*checked', html)


def test_nothing_is_set_on_the_device(visitor: Client) -> None:
    visitor.get(FORM)
    answer = visitor.post(FORM, ENOUGH)
    visitor.get(answer.headers["Location"])
    assert not visitor.cookies


def test_the_form_is_kept_by_no_cache(visitor: Client) -> None:
    answer = visitor.get(FORM)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_a_post_from_a_foreign_page_shows_the_form_again(visitor: Client) -> None:
    answer = visitor.post(FORM, ENOUGH, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200
    assert 'value="Robin"' in answer.content.decode()
    assert not ConsultationRequest.objects.exists()


@pytest.mark.parametrize("field", ["name", "email", "phone", "message", "good_hours"])
def test_a_nul_or_a_lone_surrogate_is_no_server_error(visitor: Client, field: str) -> None:
    for bad in ("\x00", "a\x00b", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")):
        assert visitor.post(FORM, {**ENOUGH, field: bad}).status_code in (200, 303)


def test_the_page_after_sending_says_what_happens_and_by_when(visitor: Client) -> None:
    answer = visitor.post(FORM, {**ENOUGH, "message": "canary in the message"}, follow=True)
    html = answer.content.decode()
    consultation = ConsultationRequest.objects.get()
    assert "Thank you for writing to me" in html
    assert f"{consultation.reply_by:%A}" in html
    assert "988" in html
    assert reverse("booking:manage", args=[consultation.token]) in html
    assert "canary" not in html
    assert "Robin" not in html
    assert "can't clear your history" in html


def test_the_page_after_sending_without_its_link_tells_nothing(visitor: Client) -> None:
    html = page(visitor, "/consultation/sent/")
    assert "private link" in html
    assert page(visitor, "/consultation/sent/?key=1-forged.signature") == html
