"""Where the mail service says what became of a letter."""

from importlib import import_module

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from practice.mail.services import reports_bounces


def learns_of_bounces() -> bool:
    """Whether a service tells us of what comes back, so that silence means that it arrived."""
    return reports_bounces(
        settings.MAIL_SERVICE, settings.MAIL_WEBHOOK_SECRET, settings.MAIL_WEBHOOK_SIGNING_KEY
    )


@csrf_exempt
def bounces(request: HttpRequest) -> HttpResponseBase:
    """Hands a service's word to django-anymail, which checks whose it is and sends a signal.

    Without a service, or without what would prove the word to be its own, nothing is here.
    """
    if not learns_of_bounces():
        raise Http404
    name = settings.MAIL_SERVICE
    module = import_module(f"anymail.webhooks.{name}")
    view = getattr(module, f"{name.title()}TrackingWebhookView")
    return view.as_view()(request)
