"""Taking times: a request owns a set of five-minute cells, and no cell has two owners."""

from collections.abc import Iterable
from datetime import timedelta

from django.db import IntegrityError, transaction

from booking.availability import Interval
from booking.models import ConsultationRequest, Schedule, SlotClaim, cells


class TimeTaken(Exception):
    """Somebody else has that time, or it is not open any more; nothing was done."""


def hold(
    request: ConsultationRequest,
    schedule: Schedule,
    spans: Iterable[Interval],
    *,
    keeping: Interval | None = None,
) -> None:
    """Makes `request` hold these times, each with the pause after it, and no others.

    What it holds already stays untouched, and so does what it holds of `keeping`. Raises
    TimeTaken. Call it in the transaction of what the times are for, with the schedule locked.
    """
    wanted = {cell for span in spans for cell in _with_pause(span, schedule)}
    held = set(request.claims.values_list("cell", flat=True))
    if keeping:
        wanted |= held.intersection(_with_pause(keeping, schedule))
    if gone := held - wanted:
        request.claims.filter(cell__in=gone).delete()
    try:
        # A transaction of its own: an error that is caught inside the outer one would leave that
        # unusable on PostgreSQL, and go on silently on SQLite.
        with transaction.atomic():
            SlotClaim.objects.bulk_create(
                SlotClaim(schedule=schedule, request=request, cell=cell)
                # Sorted: two who insert in different orders lock each other up on PostgreSQL.
                for cell in sorted(wanted - held)
            )
    except IntegrityError as error:
        raise TimeTaken from error


def keep(request: ConsultationRequest, schedule: Schedule, span: Interval) -> None:
    """Frees what `request` holds but this time, which it holds already.

    Nothing is taken, so it cannot fail, also where the pause has become longer since.
    """
    request.claims.exclude(cell__in=_with_pause(span, schedule)).delete()


def release(request: ConsultationRequest) -> None:
    """Frees every time that `request` holds."""
    request.claims.all().delete()


def _with_pause(span: Interval, schedule: Schedule) -> range:
    return cells(span.start, span.end + timedelta(minutes=schedule.gap))
