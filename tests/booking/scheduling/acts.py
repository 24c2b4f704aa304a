"""What visitors and the therapist do, in the winter in which these tests happen."""

from datetime import UTC, datetime, timedelta
from typing import Any

from booking.letters.emails import Draft
from booking.models import ConsultationRequest, OutgoingEmail, cells
from booking.services import by_visitor, decisions
from practice.models import User
from tests import factories

WORDS = Draft("About your message", "Some words.")
NOW = datetime(2026, 11, 30, 17, tzinfo=UTC)  # a Monday, 9:00 in Los Angeles
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LENGTH, PAUSE = 20 * MINUTE, 10 * MINUTE


def at(text: str) -> datetime:
    """`12-02 10:30` of that winter, on the practice's clock."""
    return datetime.fromisoformat(f"2026-{text}-08:00").astimezone(UTC)


TEN, ELEVEN, NOON = at("12-02 10:00"), at("12-02 11:00"), at("12-02 12:00")


def ask(start: datetime | None = None, **fields: Any) -> ConsultationRequest:
    return by_visitor.submit(factories.unsaved_request(asked_for=start, **fields))[0]


def confirm(consultation: ConsultationRequest, start: datetime, user: User, **more: Any) -> None:
    more = {"minutes": 20, **more}
    decisions.confirm(consultation, user=user, words=WORDS, starts_at=start, **more)


def move(consultation: ConsultationRequest, start: datetime, user: User, **more: Any) -> None:
    more = {"minutes": 20, **more}
    decisions.move(consultation, user=user, words=WORDS, starts_at=start, **more)


def offer(
    consultation: ConsultationRequest, starts: list[datetime], user: User, **more: Any
) -> None:
    decisions.offer(consultation, user=user, words=WORDS, starts=starts, minutes=20, **more)


def agreed(start: datetime, user: User, **fields: Any) -> ConsultationRequest:
    """A request for a time that was then confirmed, with a file for their calendar."""
    consultation = ask(start, **{"wants_calendar_file": True, **fields})
    confirm(consultation, start, user)
    return consultation


def held(consultation: ConsultationRequest) -> set[int]:
    return set(consultation.claims.values_list("cell", flat=True))


def with_pause(*starts: datetime) -> set[int]:
    return {cell for start in starts for cell in cells(start, start + LENGTH + PAUSE)}


def assert_unchanged(consultation: ConsultationRequest, version: int, emails: int) -> None:
    """Nothing was written and nothing is owed beyond what there was."""
    now = ConsultationRequest.objects.get(pk=consultation.pk)
    assert now.version == version
    assert OutgoingEmail.objects.count() == emails
