"""Who has guessed too often: by address, and by account with address.

Never by account alone: a stranger could then shut the therapist out.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from practice.http.network import UNKNOWN, client_address
from practice.models import tallies
from practice.models.tallies import hashed

logger = logging.getLogger(__name__)

GUESSES_BY_ADDRESS = 20  # of one address, over all accounts: a practice may share one
GUESSES_BY_BOTH = 5  # of one address at one account


def address(request: HttpRequest) -> str:
    """`client_address` as a database's column of addresses takes it: a network by its first."""
    found = client_address(request).partition("/")[0]
    return "0.0.0.0" if found == UNKNOWN else found


def account(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """A hash of the account that is tried: some people type their password there."""
    return hashed(str((credentials or {}).get("email") or "").strip().lower())


class LockoutHandler(AxesDatabaseHandler):
    """Counts failures, and keeps neither what was sent nor with which browser."""

    def is_locked(self, request: Any, credentials: dict[str, Any] | None = None) -> bool:
        here = AccessAttempt.objects.filter(
            recent(request.axes_attempt_time), ip_address=request.axes_ip_address
        )
        failures = dict(here.values_list("username", "failures_since_start"))
        by_both = failures.get(account(request, credentials), 0)
        return sum(failures.values()) >= GUESSES_BY_ADDRESS or by_both >= GUESSES_BY_BOTH

    def user_login_failed(
        self, sender: Any, credentials: dict[str, Any], request: Any = None, **kwargs: Any
    ) -> None:
        if request is None or request.axes_locked_out:
            return
        now = request.axes_attempt_time
        name = account(request, credentials)
        which = {"username": name, "ip_address": request.axes_ip_address, "user_agent": ""}
        # Not `get_or_create`: who signs in between its two looks forgets the row, and it crashes.
        AccessAttempt.objects.bulk_create(
            [AccessAttempt(**which, failures_since_start=0)], ignore_conflicts=True
        )
        mine = AccessAttempt.objects.filter(**which)
        # `attempt_time` is that of the first failure within the half hour, which is then over.
        if not mine.exclude(recent(now)).update(attempt_time=now, failures_since_start=1):
            mine.update(failures_since_start=F("failures_since_start") + 1)
        if self.is_locked(request, credentials):
            logger.warning("Signing in is locked for one address after repeated failures.")
            request.axes_locked_out = True
            request.axes_credentials = credentials

    def user_logged_in(self, sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
        """Forgets the failures of this account from this address, and no others.

        Else somebody with an account of their own would buy new guesses at others'.
        """
        name = account(request, {"email": user.get_username()})
        AccessAttempt.objects.filter(ip_address=request.axes_ip_address, username=name).delete()

    def user_logged_out(self, sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
        pass


def recent(now: datetime) -> Q:
    """Of attempts: whether they count. What was tried later was tried while the clock was wrong."""
    cool_off = settings.AXES_COOLOFF_TIME
    return Q(attempt_time__range=(now - cool_off, now + cool_off))


def respond(
    request: HttpRequest, response: HttpResponse | None, credentials: Any = None
) -> HttpResponse:
    return render(request, "account/locked_out.html", status=429)


def guess(request: HttpRequest, what: str, view: Callable[[], HttpResponse]) -> HttpResponse:
    """Tries a password that readers share, of `what`: as often as one's own."""
    if request.method != "POST":
        return view()
    key = hashed(f"{address(request)} {what}")
    within = settings.AXES_COOLOFF_TIME
    if not tallies.spend("shared password", key, limit=GUESSES_BY_BOTH, within=within):
        return render(request, "account/locked_out.html", {"is_shared": True}, status=429)
    answer = view()
    if answer.status_code == 302:  # which is what the right one gets
        tallies.clear("shared password", key)
    return answer


def forget_old(now: datetime) -> None:
    AccessAttempt.objects.filter(attempt_time__lt=now - settings.AXES_COOLOFF_TIME).delete()
