"""A hundred posts at a stretch: what is left open, and what came to the mailbox. Printed."""

import re
from collections import Counter

import pytest
from django.core import mail
from django.test import Client

from booking.forms.times import as_value
from booking.letters import outbox
from booking.models import ConsultationRequest
from booking.services import counts
from practice.models import PracticeSettings
from tests import factories

pytestmark = pytest.mark.django_db

POSTS = 100


@pytest.fixture(autouse=True)
def open_practice(practice: PracticeSettings) -> None:
    factories.schedule(horizon_days=9)
    counts.count_open_times()


def flood(visitor: Client, addresses: int) -> None:
    """As many posts as there are, each with a time and a person of its own."""
    starts = factories.open_times()
    for number in range(POSTS):
        typed = {
            "name": "Robin",
            "email": f"robin-{number}@example.com",
            "message": f"I'd like to talk about my work, number {number}.",
            "when": as_value(starts[number]),
        }
        answer = visitor.post("/consultation/", typed, REMOTE_ADDR=f"192.0.2.{number % addresses}")
        assert answer.status_code == 303


@pytest.mark.parametrize(("addresses", "reserved"), [(1, 2), (POSTS, None)])
def test_a_hundred_posts_leave_times_open_and_every_one_is_told(
    visitor: Client, addresses: int, reserved: int | None, capsys: pytest.CaptureFixture[str]
) -> None:
    before = len(factories.open_times())
    flood(visitor, addresses)
    outbox.send_due(limit=1000)
    left = len(factories.open_times())
    alerts = Counter(m.subject for m in mail.outbox if m.to == ["practice@example.com"])
    letters = len(mail.outbox) - sum(alerts.values())
    with capsys.disabled():
        print(f"\n{POSTS} posts from {addresses} addresses: {left} of {before} times left open,")
        print(f"{letters} letters to visitors, to the practice {dict(alerts)}")
    assert before > POSTS
    assert before - left == (before // 2 if reserved is None else reserved)
    assert ConsultationRequest.objects.awaiting_reply().count() == POSTS
    assert letters == POSTS
    assert sum(alerts.values()) >= 1
    for message in mail.outbox:
        if message.to == ["practice@example.com"]:
            assert not re.search(r"Robin|robin-|my work", f"{message.subject} {message.body}")
