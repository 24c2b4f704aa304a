"""Who is written to, called or texted, and who is not: every way against every choice."""

import re
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
import time_machine
from django.test import Client

from booking.letters import emails
from booking.models import ConsultationRequest, Letter, Limit, OutgoingEmail, State
from booking.models.contact import NEUTRAL_LETTER, NEUTRAL_RECEIVED
from booking.models.letters import AFTER_CALL
from booking.services import expiry
from booking.services.decisions import DECISIONS
from practice.models import PracticeSettings
from tests import factories

NOW = datetime(2027, 6, 1, 18, tzinfo=UTC)
AHEAD = NOW + timedelta(days=2)
PHONE = "+16265550143"
# What a visitor may have wished or met, after it came in and whatever became of it.
CHOICES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "no email": {"email": ""},
    "withdrawn": {"state": State.WITHDRAWN},
    "erasure asked": {"erasure_asked_at": NOW},
    "erased": {"erase_when_told": True},
    "held apart": {"state": State.SUSPECTED},
    "too many letters": {"limits_reached": [Limit.LETTERS]},
    "discreet": {"discreet": True},
}
ONLY_CANCELLATIONS = {"withdrawn", "erasure asked", "erased", "held apart"}
CANCELLING = {"cancel", "withdrawal"}
DECIDED = {decision.kind for decision in DECISIONS if decision.writes}
LETTERS = DECIDED | {"picked", "withdrawal", *AFTER_CALL}
KINDS = sorted(LETTERS) + sorted(set(emails.BUILDERS) - {"letter"})
NEUTRAL = {NEUTRAL_RECEIVED, NEUTRAL_LETTER}


@pytest.fixture(autouse=True)
def clock(practice: PracticeSettings) -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def owed(kind: str) -> OutgoingEmail:
    """A letter of this kind that would leave, to somebody with every way open."""
    state, fields = State.PENDING, {}
    if kind.startswith("reminder") or kind in CANCELLING:
        state = State.CONFIRMED
        fields = {"starts_at": AHEAD, "ends_at": AHEAD + timedelta(minutes=20)}
        fields["invitation_sequence"] = 0
    elif kind in ("offer", "offer_ends"):
        state, fields = State.PROPOSED, {"holds_until": AHEAD}
    consultation = factories.consultation_request(
        state=state, phone=PHONE, text_ok=True, voicemail_ok=True, **fields
    )
    if kind not in LETTERS:
        return consultation.emails.create(kind=kind, recipient="visitor", about_time=AHEAD)
    cancels = Letter.Method.CANCEL if kind in CANCELLING else ""
    consultation.letters.create(
        version=1, kind=kind, channel="email", subject="On", body="Words", method=cancels,
        starts_at=AHEAD, ends_at=AHEAD + timedelta(minutes=20), medium="telephone", sequence=1,
    )  # fmt: skip
    return consultation.emails.create(kind="letter", version=1, recipient="visitor")


@pytest.mark.parametrize(("kind", "choice"), list(product(KINDS, CHOICES)))
def test_a_letter_leaves_only_to_whom_it_may(kind: str, choice: str) -> None:
    outgoing = owed(kind)
    ConsultationRequest.objects.update(**CHOICES[choice])
    outgoing.refresh_from_db()
    assert outgoing.request is not None
    may_leave = choice != "no email" and (kind in CANCELLING or choice not in ONLY_CANCELLATIONS)
    if choice == "too many letters":
        may_leave = kind not in ("received", NEUTRAL_RECEIVED)
    if choice == "discreet":
        may_leave = kind in NEUTRAL
    message = emails.build(outgoing)
    assert (message is not None) is may_leave
    assert message is None or message.to == [outgoing.request.email]


@pytest.mark.parametrize("kind", sorted(LETTERS | {"received"}))
def test_where_someone_else_may_see_it_each_kind_is_told_by_a_line_that_names_nobody(
    kind: str,
) -> None:
    contact = factories.consultation_request(discreet=True, invitation_sequence=0).contact
    assert contact.leaves_as(kind) in NEUTRAL
    assert not contact.takes(kind)
    assert not contact.invitation
    assert not contact.cancellation


@pytest.mark.parametrize("choice", CHOICES)
def test_a_reminder_is_owed_only_to_whom_it_may_go(choice: str) -> None:
    factories.schedule(reminds_two_days_before=True, reminds_one_day_before=True)
    agreed = factories.consultation_request(
        state=State.CONFIRMED, phone=PHONE, state_since=NOW - timedelta(days=9),
        starts_at=AHEAD, ends_at=AHEAD + timedelta(minutes=20),
    )  # fmt: skip
    offered = factories.consultation_request(
        state=State.PROPOSED, phone=PHONE, state_since=NOW - timedelta(days=9),
        holds_until=NOW + timedelta(hours=2),
    )  # fmt: skip
    ConsultationRequest.objects.update(**CHOICES[choice])
    expiry.queue_reminders()
    is_owed = choice in ("nothing", "too many letters")
    assert agreed.emails.exists() is is_owed
    assert offered.emails.exists() is is_owed


@pytest.mark.parametrize(
    ("choice", "has_phone", "text_ok", "voicemail_ok"),
    list(product(CHOICES, (True, False), (True, False), (True, False))),
)
def test_a_link_to_call_text_or_write_is_shown_only_where_it_may_be_used(
    as_therapist: Client, choice: str, has_phone: bool, text_ok: bool, voicemail_ok: bool
) -> None:
    consultation = factories.consultation_request(
        phone=PHONE, text_ok=text_ok, voicemail_ok=voicemail_ok
    )
    consultation.letters.create(version=1, kind="waitlist", channel="in_person", body="Words")
    changes = {"phone": PHONE if has_phone or choice == "no email" else "", **CHOICES[choice]}
    ConsultationRequest.objects.update(**changes)
    answer = as_therapist.get(f"/admin/consultations/{consultation.pk}/")
    if choice == "erased":
        assert answer.status_code == 302
        return
    page = answer.content.decode()
    may_call = bool(changes["phone"]) and choice not in ("withdrawn", "erasure asked")
    text_ok, voicemail_ok = (is_ok and choice != "discreet" for is_ok in (text_ok, voicemail_ok))
    shown = set(re.findall(r'href="(tel|sms|mailto):', page))
    assert ("tel" in shown) is may_call
    assert ("sms" in shown) is (may_call and text_ok)
    assert ("leave no voicemail" in page) is (may_call and not voicemail_ok)
    may_write = choice not in ONLY_CANCELLATIONS | {"no email", "discreet"}
    assert ("mailto" in shown) is may_write
    assert ("don't say who you are until you know it's them" in page) is (choice == "discreet")


@pytest.mark.parametrize("text_ok", [True, False])
def test_the_words_on_the_list_speak_of_texts_only_where_they_are_welcome(
    as_therapist: Client, text_ok: bool
) -> None:
    consultation = factories.consultation_request(email="", phone=PHONE, text_ok=text_ok)
    consultation.letters.create(version=1, kind="waitlist", channel="in_person", body="Words")
    page = as_therapist.get("/admin/consultations/").content.decode()
    assert ("Call or text them" in page) is text_ok
    assert ("Call them, then press" in page) is not text_ok


def test_to_its_sender_a_request_that_looks_like_spam_seems_to_be_answered_like_others() -> None:
    others = factories.consultation_request(phone=PHONE, text_ok=True)
    spam = factories.consultation_request(phone=PHONE, text_ok=True, state=State.SUSPECTED)
    assert spam.contact != others.contact
    assert spam.contact_as_told == others.contact_as_told == others.contact
