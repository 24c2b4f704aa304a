"""Someone else may see their email or phone: what the visitor and the therapist see of that."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client

from booking.erasure import data_requests
from booking.letters import bounces, emails, outbox
from booking.models import ConsultationRequest, PartnerKnows, State, Who
from booking.services import by_visitor, decisions, expiry, readdress
from booking.times.open_times import OBJECTIONS
from practice.models import PracticeSettings, User
from tests import factories
from tests.booking.test_review import hidden_and_shown

pytestmark = pytest.mark.django_db

FORM = "/consultation/"
NOW = datetime(2026, 11, 30, 17, tzinfo=UTC)  # a Monday
TYPED = {"name": "Robin", "email": "robin@example.com", "discreet": "on"}
NEWS = "There's news about your request. You know where to look.\n"


@pytest.fixture(autouse=True)
def clock(practice: PracticeSettings) -> Any:
    factories.schedule()
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def page(client: Client, address: str) -> str:
    html = client.get(address, follow=True).content.decode()
    return " ".join(html.replace("&#x27;", "'").split())


def send(visitor: Client, **typed: str) -> ConsultationRequest:
    assert visitor.post(FORM, TYPED | typed).status_code == 303
    return ConsultationRequest.objects.latest("pk")


def to_visitor() -> list[str]:
    mail.outbox.clear()
    outbox.send_due()
    return [str(each.body) for each in mail.outbox if each.to == ["robin@example.com"]]


# --- The visitor ------------------------------------------------------------------------------


def test_the_first_email_says_until_which_day(visitor: Client) -> None:
    consultation = send(visitor)
    assert f"{consultation.reply_by:%A}" == "Wednesday"
    assert to_visitor() == ["Thanks for your message. I'll be in touch by Wednesday.\n"]


def test_a_day_that_lies_further_ahead_than_a_week_has_its_date(visitor: Client) -> None:
    PracticeSettings.objects.update(reply_within=7)
    send(visitor)
    assert to_visitor() == ["Thanks for your message. I'll be in touch by Wednesday, December 9.\n"]


def test_no_email_promises_a_day_that_is_over(visitor: Client, therapist: User, clock: Any) -> None:
    consultation = send(visitor, message="[url=https://spam.example]We offer SEO services[/url]")
    assert consultation.state == State.SUSPECTED
    clock.shift(timedelta(days=9))
    decisions.accept(consultation, user=therapist)
    assert to_visitor() == [NEWS]


def test_the_page_after_sending_is_where_the_link_is_kept(visitor: Client) -> None:
    consultation = send(visitor)
    sent = page(visitor, f"/consultation/sent/?key={consultation.token}")
    assert consultation.get_absolute_url() in sent
    assert "I won't email it to you. Save it where only you look." in sent
    assert "on its way to you" not in sent


def test_what_the_therapist_wrote_stands_on_the_own_page_while_it_holds(
    visitor: Client, therapist: User
) -> None:
    consultation = send(visitor)
    words = decisions.Draft("", "I have room on Fridays.\nBring your questions.")
    decisions.waitlist(consultation, user=therapist, words=words)
    assert "I have room on Fridays.<br>Bring" in page(visitor, consultation.get_absolute_url())
    by_visitor.withdraw(consultation)
    assert "Fridays" not in page(visitor, consultation.get_absolute_url())


WORDS = decisions.Draft("", "Ring the side door.")
TIME: dict[str, Any] = {"minutes": 20, "despite": OBJECTIONS}


def test_the_words_of_an_agreed_time_stay_while_it_stands(
    visitor: Client, therapist: User, clock: Any
) -> None:
    consultation = send(visitor)
    start, other = factories.open_time(9), factories.open_time(30)
    decisions.confirm(consultation, user=therapist, words=WORDS, starts_at=start, **TIME)
    by_visitor.ask_to_move(consultation)
    assert "side door" in page(visitor, consultation.get_absolute_url())
    offer = decisions.Draft("", "Or this one?")
    decisions.offer(consultation, user=therapist, words=offer, starts=[other], **TIME)
    assert "side door" not in page(visitor, consultation.get_absolute_url())
    by_visitor.none_suits(consultation)
    assert "side door" in page(visitor, consultation.get_absolute_url())
    decisions.offer(consultation, user=therapist, words=offer, starts=[other], **TIME)
    factories.letters_left()
    assert consultation.holds_until
    clock.move_to(consultation.holds_until + timedelta(minutes=1), tick=False)
    assert expiry.expire_offers() == 1
    assert "side door" in page(visitor, consultation.get_absolute_url())


@pytest.mark.parametrize("ends", ["pick", "move"])
def test_the_words_of_an_agreed_time_end_with_it(
    visitor: Client, therapist: User, ends: str
) -> None:
    consultation = send(visitor)
    start, other = factories.open_time(9), factories.open_time(30)
    decisions.confirm(consultation, user=therapist, words=WORDS, starts_at=start, **TIME)
    if ends == "move":
        words = decisions.Draft("", "The front door now.")
        decisions.move(consultation, user=therapist, words=words, starts_at=other, **TIME)
    else:
        offer = decisions.Draft("", "Or this one?")
        decisions.offer(consultation, user=therapist, words=offer, starts=[other], **TIME)
        by_visitor.pick(consultation, other)
    by_visitor.ask_to_move(consultation)
    shown = page(visitor, consultation.get_absolute_url())
    assert "side door" not in shown
    assert ("front door" in shown) is (ends == "move")


def test_words_that_went_by_email_do_not_stand_there(visitor: Client, therapist: User) -> None:
    consultation = factories.consultation_request()
    decisions.waitlist(consultation, user=therapist, words=decisions.Draft("On", "Fridays."))
    assert "Fridays." not in page(visitor, consultation.get_absolute_url())


def test_an_offer_does_not_end_before_the_word_on_it_has_left(
    visitor: Client, therapist: User, clock: Any
) -> None:
    consultation = send(visitor)
    factories.letters_left()
    words, start = decisions.Draft("", "One of these?"), factories.open_time(9)
    decisions.offer(consultation, user=therapist, words=words, starts=[start], minutes=20)
    assert consultation.holds_until, "it has an end, as with any email"
    clock.move_to(consultation.holds_until + timedelta(minutes=1), tick=False)
    assert expiry.expire_offers() == 0
    assert to_visitor() == [NEWS]
    assert expiry.expire_offers() == 1


def test_who_wants_no_more_email_is_to_be_told_what_did_not_leave(
    visitor: Client, therapist: User
) -> None:
    consultation = send(visitor, phone="626 555 0143")
    decisions.waitlist(consultation, user=therapist, words=decisions.Draft("", "Soon."))
    ways = {"text_ok": False, "voicemail_ok": False, "email_ok": False}
    readdress.reach_by(consultation, user=therapist, **ways)
    assert to_visitor() == []
    assert ConsultationRequest.objects.to_be_told().exists()


def test_what_was_owed_when_it_was_learned_leaves_as_a_line_that_names_nobody(
    visitor: Client, therapist: User
) -> None:
    consultation = send(visitor, discreet="")
    words = decisions.Draft("About you", "I have room on Fridays.")
    decisions.waitlist(consultation, user=therapist, words=words)
    readdress.reach_by(consultation, user=therapist, discreet=True)
    first = "Thanks for your message. I'll be in touch by Wednesday.\n"
    assert to_visitor() == [first, NEWS]
    assert "on Fridays" in page(visitor, consultation.get_absolute_url())


def test_a_reminder_that_was_owed_when_it_was_learned_does_not_leave(
    visitor: Client, therapist: User
) -> None:
    agreed = factories.agreed_request(NOW + timedelta(days=2), by=therapist)
    factories.letters_left()
    agreed.emails.create(kind="reminder_one_day", recipient="visitor", about_time=agreed.starts_at)
    readdress.reach_by(agreed, user=therapist, discreet=True)
    assert not agreed.emails.filter(recipient="visitor", sent_at=None).exists()


def test_a_letter_that_came_back_goes_to_the_right_address_as_a_line_that_names_nobody(
    visitor: Client, therapist: User
) -> None:
    consultation = send(visitor, discreet="")
    sent = consultation.emails.get(recipient="visitor")
    factories.letters_left()
    bounces.came_back(sent)
    readdress.reach_by(consultation, user=therapist, discreet=True)
    ConsultationRequest.objects.update(email="robbin@example.com")
    consultation.refresh_from_db()
    readdress.readdress(consultation, "robin@example.com", user=therapist)
    assert to_visitor() == ["Thanks for your message. I'll be in touch by Wednesday.\n"]


def test_words_that_no_email_held_stay_on_the_page_when_the_tick_is_taken_back(
    visitor: Client, therapist: User
) -> None:
    consultation = send(visitor)
    words = decisions.Draft("", "I have room on Fridays.")
    decisions.waitlist(consultation, user=therapist, words=words)
    readdress.reach_by(consultation, user=therapist, discreet=False)
    assert "on Fridays" in page(visitor, consultation.get_absolute_url())


# --- The therapist ----------------------------------------------------------------------------


def test_the_therapist_is_told_what_leaves_and_what_does_not(
    as_therapist: Client, visitor: Client
) -> None:
    consultation = send(visitor)
    to_visitor()
    address = f"/admin/consultations/{consultation.pk}/decline/"
    shown = as_therapist.get(address).content.decode()
    assert "it says only that there's news" in shown
    assert 'name="subject"' not in shown
    letter = hidden_and_shown(shown)
    letter["body"] = "I'm sorry. Call Sam instead."
    done = as_therapist.post(address, letter, follow=True).content.decode()
    assert "Your words are on their page" in done
    assert "Call Sam instead" in done
    assert "Words on their own page" in done
    assert "Words to say or text" not in done
    assert to_visitor() == [NEWS]


@pytest.mark.parametrize("kind", ["waitlist", "decline"])
def test_proposed_words_lead_to_the_page_on_which_they_stand(
    as_therapist: Client, visitor: Client, kind: str
) -> None:
    consultation = send(visitor)
    shown = as_therapist.get(f"/admin/consultations/{consultation.pk}/{kind}/").content.decode()
    assert "/consultation/manage/" not in shown
    assert "left no email address" not in shown


@pytest.mark.parametrize(("discreet", "how"), [(True, "say"), (False, "say or text")])
def test_by_telephone_alone_the_words_name_nobody_where_someone_else_may_listen(
    as_therapist: Client, discreet: bool, how: str
) -> None:
    asked = factories.consultation_request(
        email="", phone="+16265550143", text_ok=True, discreet=discreet
    )
    for kind in (each.kind for each in decisions.DECISIONS if each.writes):
        words = emails.draft(asked, kind, starts_at=NOW, starts=[NOW]).body
        assert ("Robin" in words) is not discreet
        assert ("The Therapist" in words) is not discreet
    address = f"/admin/consultations/{asked.pk}/"
    shown = as_therapist.get(f"{address}waitlist/").content.decode()
    assert f"Words to {how}:" in shown
    done = as_therapist.post(f"{address}waitlist/", hidden_and_shown(shown), follow=True)
    for sentence in (f"the words to {how};", f"Words to {how}</h2>"):
        assert sentence in done.content.decode()


@pytest.mark.parametrize("kind", ["offer", "waitlist", "calendar_file"])
def test_a_letter_greets_by_name_where_nobody_else_reads_it(therapist: User, kind: str) -> None:
    for discreet in (True, False):
        start = factories.open_time(30 if discreet else 9)
        agreed = factories.agreed_request(start, by=therapist, discreet=discreet)
        letter = emails.draft(agreed, kind, starts=[NOW], stands_until=NOW).body
        greeting, _, rest = letter.partition("\n\n")
        assert greeting == ("Hello," if discreet else "Hi Robin,")
        assert rest[0].isupper()
        assert "conversation" not in rest


# --- For whom ---------------------------------------------------------------------------------


def test_nothing_is_chosen_for_them_and_unsaid_is_kept_as_such(
    visitor: Client, as_therapist: Client
) -> None:
    assert 'name="who" value="me" checked' not in page(visitor, FORM)
    consultation = send(visitor, discreet="")
    assert consultation.who == Who.UNSAID
    assert "Not said" in page(as_therapist, f"/admin/consultations/{consultation.pk}/")
    assert "Not said" in page(as_therapist, "/admin/consultations/")
    assert "Robin" in page(as_therapist, "/admin/consultations/?who=unsaid")
    assert "Robin" not in page(as_therapist, "/admin/consultations/?who=me")
    assert data_requests.export_person("robin@example.com")[0]["for"] == "Not said"


def test_no_other_word_is_stored() -> None:
    for wrong in ({"who": ""}, {"who": "them"}, {"partner_knows": "no"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            factories.consultation_request(**wrong)


def test_whether_the_partner_knows_is_kept_of_couples_alone(
    visitor: Client, as_therapist: Client
) -> None:
    us = send(visitor, who="us", partner_knows="not_yet")
    assert us.partner_knows == PartnerKnows.NOT_YET
    shown = page(as_therapist, f"/admin/consultations/{us.pk}/")
    assert "My partner and me. Their partner knows: Not yet" in shown
    assert send(visitor, who="me", partner_knows="yes").partner_knows == ""
    assert send(visitor, who="us").partner_knows == ""


def test_what_was_ticked_stays_when_the_form_comes_back(visitor: Client) -> None:
    ticked = {"who": "us", "partner_knows": "unsaid", "discreet": "on"}
    for typed in (ticked, ticked | {"act": "more", "name": "Robin"}):
        html = visitor.post(FORM, typed).content.decode()
        for field, value in (("who", "us"), ("partner_knows", "unsaid")):
            assert re.search(rf'name="{field}" value="{value}"[^>]*checked', html)
        assert re.search(r'name="discreet"[^>]*checked', html)
