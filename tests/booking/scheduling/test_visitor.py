"""What visitors do afterwards: move, withdraw, restore and erase, by their private link."""

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core import mail
from django.test import Client

from booking.erasure import erasing
from booking.letters import outbox
from booking.models import (
    ConsultationRequest,
    ErasedCount,
    Letter,
    OutgoingEmail,
    RequestEvent,
    SlotClaim,
    State,
)
from booking.services import by_visitor, decisions, notes, transitions
from practice.models import User
from tests.booking.scheduling.acts import (
    DAY,
    HOUR,
    NOON,
    NOW,
    TEN,
    WORDS,
    agreed,
    ask,
    at,
    confirm,
    held,
    move,
    offer,
    with_pause,
)
from tests.factories import open_time

pytestmark = pytest.mark.django_db

# --- The visitor's side -----------------------------------------------------------------------


def test_asking_to_move_is_a_mark_and_keeps_the_time(user: User) -> None:
    consultation = agreed(TEN, user)
    by_visitor.ask_to_move(consultation)
    assert (consultation.state, consultation.starts_at, consultation.move_asked_at) == (
        State.CONFIRMED,
        TEN,
        NOW,
    )
    assert held(consultation) == with_pause(TEN)
    assert list(ConsultationRequest.objects.awaiting_reply()) == [consultation]
    with pytest.raises(transitions.NotAllowed):
        by_visitor.ask_to_move(consultation)
    move(consultation, NOON, user)
    assert consultation.move_asked_at is None


def test_nobody_moves_or_withdraws_what_is_over(user: User, clock: Any) -> None:
    consultation = agreed(TEN, user)
    clock.move_to(TEN + HOUR)
    for act in (by_visitor.ask_to_move, by_visitor.withdraw):
        with pytest.raises(transitions.NotAllowed):
            act(consultation)


def test_what_only_waits_can_be_withdrawn_also_when_its_time_is_over(
    user: User, clock: Any
) -> None:
    held_only = ask(open_time())
    offered = agreed(TEN, user, email="", phone="+16265550143")
    offer(offered, [at("12-10 10:00")], user)
    clock.move_to(TEN + HOUR)
    for consultation in (held_only, offered):
        by_visitor.withdraw(consultation)
    assert not SlotClaim.objects.exists()


def test_a_restored_request_has_lost_its_time(user: User) -> None:
    consultation = agreed(TEN, user)
    by_visitor.withdraw(consultation)
    ask(TEN, email="sam@example.com")
    by_visitor.restore(consultation)
    assert (consultation.state, consultation.starts_at, consultation.ends_at) == (
        State.PENDING,
        None,
        None,
    )
    assert held(consultation) == set()


def test_after_a_withdrawal_nothing_is_owed_but_the_cancellation(user: User) -> None:
    consultation = agreed(TEN, user)
    by_visitor.withdraw(consultation)
    owed = OutgoingEmail.objects.filter(recipient="visitor")
    assert [email.version for email in owed] == [consultation.version]
    assert [(letter.kind, letter.method) for letter in Letter.objects.all()] == [
        ("confirm", "REQUEST"),
        ("withdrawal", "CANCEL"),
    ]


def test_who_was_never_invited_gets_nothing_after_withdrawing(user: User) -> None:
    consultation = ask(TEN)
    offer(consultation, [NOON], user)
    by_visitor.withdraw(consultation)
    outbox.send_due()
    assert [message.to for message in mail.outbox] == [["practice@example.com"]]


def test_a_cancellation_on_its_way_outlives_a_withdrawal(user: User) -> None:
    """Calendars would keep what the therapist had cancelled while the mail server was away."""
    consultation = agreed(TEN, user)
    outbox.send_due()
    decisions.cancel(consultation, user=user, words=WORDS)
    decisions.reopen(consultation, user=user)
    by_visitor.withdraw(consultation)
    outbox.send_due()
    to_visitor = [m for m in mail.outbox if m.to == ["robin@example.com"]]
    assert len(to_visitor) == 3
    assert "METHOD:CANCEL" in str(
        to_visitor[-1].message().get_payload()[-1].get_payload(decode=True)
    )


# --- The private link -------------------------------------------------------------------------

ACTS: dict[str, tuple[dict[str, str], str | None]] = {  # what is posted, and the state after it
    "pick": ({"act": "pick", "time": "2026-12-02T20:00Z"}, State.CONFIRMED),
    "none_suits": ({"act": "none_suits"}, State.CONFIRMED),
    "ask_to_move": ({"act": "ask_to_move"}, State.CONFIRMED),
    "withdraw": ({"act": "withdraw"}, State.WITHDRAWN),
    "restore": ({"act": "restore"}, State.PENDING),
    "erase": ({"act": "erase", "sure": "yes"}, None),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_link_shows_on_get_and_acts_on_post_alone(act: str, user: User, visitor: Client) -> None:
    posted, state_after = ACTS[act]
    consultation = agreed(TEN, user, phone="+16265550143", time_zone="Europe/Berlin")
    if act in ("pick", "none_suits"):
        offer(consultation, [NOON], user)
    if act == "restore":
        by_visitor.withdraw(consultation)
    outbox.send_due()
    before = (consultation.version, OutgoingEmail.objects.count(), RequestEvent.objects.count())
    link = consultation.get_absolute_url()
    for method in (visitor.get, visitor.head):
        shown = method(link, posted)
        assert shown.status_code == 200
    consultation.refresh_from_db()
    now = (consultation.version, OutgoingEmail.objects.count(), RequestEvent.objects.count())
    assert now == before
    assert visitor.post(link, posted).status_code in (200, 303)
    after = ConsultationRequest.objects.shown().filter(pk=consultation.pk).first()
    assert (after.state if after else None) == state_after
    assert after is None or after.version == consultation.version + 1


def test_the_link_lives_on_through_every_state(user: User, visitor: Client, clock: Any) -> None:
    consultation = ask(TEN, time_zone="Europe/Berlin")
    link = consultation.get_absolute_url()

    def shows() -> str:
        text = BeautifulSoup(visitor.get(link).content, "html.parser").get_text(" ")
        return " ".join(text.split())

    assert "December 2 at 7:00 PM Central European Time" in shows()
    confirm(consultation, TEN, user)
    assert "December 2 at 7:00 PM Central European Time" in shows()
    offer(consultation, [NOON], user)
    assert "December 2 at 9:00 PM Central European Time" in shows()
    by_visitor.pick(consultation, NOON)
    assert "December 2 at 9:00 PM Central European Time" in shows()
    clock.move_to(NOON + DAY)
    assert visitor.get(link).status_code == 200
    decisions.close(consultation, user=user)
    assert visitor.get(link).status_code == 200
    erasing.erase(consultation, by=transitions.Actor.VISITOR)
    assert visitor.get(link).status_code == 410


# --- Erasing while a cancellation is owed -----------------------------------------------------

KEPT_WHILE_OWED = {
    *("id", "submission_key", "link_nonce", "version", "state", "state_since", "received_at"),
    *("reply_by", "starts_at", "ends_at", "invitation_uid", "invitation_sequence"),
    *("erase_when_told", "email", "wishes", "wishes_in_file"),
}


def test_what_is_erased_while_a_cancellation_is_owed_leaves_the_address_alone(
    user: User,
) -> None:
    consultation = agreed(
        TEN,
        user,
        phone="+16265550143",
        text_ok=True,
        voicemail_ok=True,
        who="my_teen",
        message="canary",
        good_hours="canary",
        parts_of_week=["mornings"],
        time_zone="Europe/Berlin",
    )
    notes.save_notes(consultation, note="canary", user=user)
    notes.save_notes(consultation, outcome="referred", user=user)
    outbox.send_due()
    link = consultation.token
    assert erasing.erase(consultation, by=transitions.Actor.VISITOR) is False
    row = ConsultationRequest.objects.get()
    assert ConsultationRequest.objects.by_token(link) is None
    fresh = ConsultationRequest()
    kept = {
        field.name
        for field in ConsultationRequest._meta.concrete_fields
        if getattr(row, field.attname) != getattr(fresh, field.attname)
    }
    assert kept <= KEPT_WHILE_OWED
    assert row.email == "robin@example.com"
    assert not row.is_open
    assert not ConsultationRequest.objects.shown().exists()
    assert not RequestEvent.objects.exists()
    assert not SlotClaim.objects.exists()
    assert [letter.kind for letter in Letter.objects.all()] == ["withdrawal"]
    assert OutgoingEmail.objects.get(request=row).kind == "letter"
    assert erasing.finish_erasures() == 0
    mail.outbox.clear()
    outbox.send_due()
    assert erasing.finish_erasures() == 1
    assert not ConsultationRequest.objects.exists()
    assert not Letter.objects.exists()
    assert sum(ErasedCount.objects.values_list("requests", flat=True)) == 1
    assert sorted(m.to[0] for m in mail.outbox) == ["practice@example.com", "robin@example.com"]


def test_an_erasure_does_not_wait_for_ever_for_a_mailbox_that_refuses(user: User) -> None:
    consultation = agreed(TEN, user)
    erasing.erase(consultation, by=transitions.Actor.VISITOR)
    OutgoingEmail.objects.filter(request=consultation).update(given_up_at=NOW)
    assert erasing.finish_erasures() == 1


def test_what_is_erased_while_offered_again_frees_its_times_at_once(user: User) -> None:
    """The cancellation of the earlier consultation has not left yet."""
    consultation = agreed(TEN, user)
    decisions.cancel(consultation, user=user, words=WORDS)
    decisions.reopen(consultation, user=user)
    offer(consultation, [NOON], user)
    assert erasing.erase(consultation, by=transitions.Actor.VISITOR) is False
    assert not SlotClaim.objects.exists()
    assert not ConsultationRequest.objects.open().exists()
    outbox.send_due()
    assert [m.to for m in mail.outbox].count(["robin@example.com"]) == 1
    assert erasing.finish_erasures() == 1


def test_the_practice_hears_which_time_is_free_again(user: User) -> None:
    consultation = agreed(TEN, user)
    erasing.erase(consultation, by=transitions.Actor.VISITOR)
    assert OutgoingEmail.objects.get(kind="alert_erased").about_time == TEN


def test_without_anything_owed_an_erasure_is_done_at_once(user: User) -> None:
    consultation = ask(TEN)
    assert erasing.erase(consultation, by=transitions.Actor.VISITOR) is True
    assert not ConsultationRequest.objects.exists()
    assert not SlotClaim.objects.exists()
    assert OutgoingEmail.objects.get(request=None).kind == "alert_erased"
