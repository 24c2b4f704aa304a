"""Where the mail service says what became of a letter."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

from anymail.exceptions import AnymailWebhookValidationFailure
from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from practice.mail.services import SERVICES, reports_bounces
from practice.models import tallies
from practice.worker import clocks

GOOD_FOR = timedelta(hours=12)


def learns_of_bounces() -> bool:
    """Whether a service tells us of what comes back, so that silence means that it arrived."""
    return reports_bounces(
        settings.MAIL_SERVICE, settings.MAIL_WEBHOOK_SECRET, settings.MAIL_WEBHOOK_SIGNING_KEY
    )


class Guarded:
    """One of django-anymail's webhooks, by which what is no word of the service's changes nothing.

    A signature proves that somebody had it from the service once, and neither of what nor when.
    Mailgun tries for eight hours to say a thing, so what is older was kept by somebody.
    """

    def run_validators(self, request: HttpRequest) -> None:
        with reading():
            super().run_validators(request)  # type: ignore[misc]

    def parse_events(self, request: HttpRequest) -> list[Any]:
        with reading():
            events: list[Any] = super().parse_events(request)  # type: ignore[misc]
            signatures = [event.esp_event["signature"] for event in events if signs()]
            times = [datetime.fromtimestamp(int(each["timestamp"]), tz=UTC) for each in signatures]
        if clocks.are_believed() and any(abs(timezone.now() - each) > GOOD_FOR for each in times):
            raise AnymailWebhookValidationFailure("A message from the mail service came too late.")
        for each in signatures:
            if not tallies.spend("bounce", tallies.hashed(each["token"]), limit=1, within=GOOD_FOR):
                raise AnymailWebhookValidationFailure("A message from the mail service came twice.")
        return events

    @transaction.atomic  # what could not be learned has not been said yet
    def post(self, request: HttpRequest) -> HttpResponseBase:
        answer: HttpResponseBase = super().post(request)  # type: ignore[misc]
        return answer


@contextmanager
def reading() -> Iterator[None]:
    """Their readers fail in many ways at what no service would send, and all are one refusal."""
    try:
        yield
    except AnymailWebhookValidationFailure:
        raise
    except Exception as error:
        raise AnymailWebhookValidationFailure(
            "This isn't a message from the mail service."
        ) from error


def signs() -> bool:
    return SERVICES[settings.MAIL_SERVICE].signs


@csrf_exempt
def bounces(request: HttpRequest) -> HttpResponseBase:
    """Hands a service's word to django-anymail, which checks whose it is and sends a signal.

    Without a service, or without what would prove the word to be its own, nothing is here.
    """
    if not learns_of_bounces():
        raise Http404
    name = settings.MAIL_SERVICE
    module = import_module(f"anymail.webhooks.{name}")
    theirs = getattr(module, f"{name.title()}TrackingWebhookView")
    guarded: Any = type(theirs.__name__, (Guarded, theirs), {})
    answer: HttpResponseBase = guarded.as_view()(request)
    return answer
