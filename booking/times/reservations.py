"""Reserving and freeing times: a consultation owns five-minute cells, each with one owner."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from booking.availability import Interval
from booking.models import (
    HOLDING_STATES,
    ConsultationRequest,
    Schedule,
    SlotClaim,
    cells,
)


class TimeTaken(Exception):
    """Somebody else has that time, or it is not open any more; nothing was done."""


def reserve(
    consultation: ConsultationRequest,
    schedule: Schedule,
    spans: Iterable[Interval],
    *,
    keeping: Interval | None = None,
) -> None:
    """Makes `consultation` hold these times, each with the pause after it, and no others.

    What it holds already stays untouched, and so does what it holds of `keeping`. Raises
    TimeTaken. Call it in the transaction of what the times are for, with the schedule locked.
    """
    wanted = _cells(spans, schedule)
    held = set(consultation.claims.values_list("cell", flat=True))
    if keeping:
        wanted |= held.intersection(_with_pause(keeping, schedule))
    if gone := held - wanted:
        consultation.claims.filter(cell__in=gone).delete()
    # A transaction of its own: an error that is caught inside the outer one would leave that
    # unusable on PostgreSQL, and go on silently on SQLite.
    with transaction.atomic():
        _insert(consultation, schedule, wanted - held)


def reserve_first(
    consultation: ConsultationRequest, schedule: Schedule, spans: Iterable[Interval]
) -> None:
    """Makes a request that holds nothing yet hold these times, each with the pause after it.

    Raises TimeTaken, upon which the whole transaction has to be undone. Call it in that of what the
    times are for, with the schedule shared or locked.
    """
    _insert(consultation, schedule, _cells(spans, schedule))


def _cells(spans: Iterable[Interval], schedule: Schedule) -> set[int]:
    return {cell for span in spans for cell in _with_pause(span, schedule)}


def _insert(consultation: ConsultationRequest, schedule: Schedule, new: set[int]) -> None:
    try:
        SlotClaim.objects.bulk_create(
            SlotClaim(schedule=schedule, request=consultation, cell=cell)
            # Sorted: two who insert in different orders lock each other up on PostgreSQL.
            for cell in sorted(new)
        )
    except IntegrityError as error:
        raise TimeTaken from error


def free_all_but(consultation: ConsultationRequest, schedule: Schedule, span: Interval) -> None:
    """Frees what `consultation` holds but this time, which it holds already.

    Nothing is taken, so it cannot fail, also where the pause has become longer since.
    """
    consultation.claims.exclude(cell__in=_with_pause(span, schedule)).delete()


def fit_pauses(schedule: Schedule, now: datetime) -> None:
    """Makes the pauses after what is held, from `now` on, as long as the schedule says now.

    Or a time would be offered that nobody can take. A pause that has become longer takes only
    what is free. Call it with the schedule locked, after its pause was changed.
    """
    requests = schedule.consultations.filter(
        state__in=HOLDING_STATES, starts_at__isnull=False, ends_at__gt=now
    )
    offers = schedule.offers.filter(ends_at__gt=now)
    held: list[tuple[int, Any, Any]] = [
        *requests.values_list("pk", "starts_at", "ends_at"),
        *offers.values_list("request_id", "starts_at", "ends_at"),
    ]
    owners = {cell: pk for pk, start, end in held for cell in cells(start, end)}
    for pk, start, end in held:
        for cell in _with_pause(Interval(start, end), schedule):
            if owners.setdefault(cell, pk) != pk:
                break
    if not owners:
        return
    schedule.claims.filter(cell__gte=min(owners)).delete()
    SlotClaim.objects.bulk_create(
        SlotClaim(schedule=schedule, request_id=owners[cell], cell=cell) for cell in sorted(owners)
    )


def free(consultation: ConsultationRequest) -> None:
    """Frees every time that `consultation` holds."""
    consultation.claims.all().delete()


def _with_pause(span: Interval, schedule: Schedule) -> range:
    return cells(span.start, span.end + timedelta(minutes=schedule.gap))


def is_taken(span: Interval, schedule: Schedule, *, by_others_than: ConsultationRequest) -> bool:
    """Whether another request holds a part of `span`, or of the pause after it."""
    wanted = _with_pause(span, schedule)
    others = schedule.claims.exclude(request=by_others_than.pk)
    return others.filter(cell__gte=wanted.start, cell__lt=wanted.stop).exists()
