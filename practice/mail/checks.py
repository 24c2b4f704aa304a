"""Whether letters leave, and what is learned of them."""

from django.conf import settings
from django.core.checks import Error, Warning

from practice.environment.checking import IN_ENVIRONMENT, Complaints, check
from practice.mail.services import SERVICES
from practice.mail.views import learns_of_bounces

KEEPS_MAIL = ("filebased", "console", "dummy", "locmem")


@check(deploy=True)
def mail_leaves() -> Complaints:
    if any(name in settings.EMAIL_BACKEND for name in KEEPS_MAIL):
        reason = "Mail does not leave this machine: EMAIL_URL names no mail server."
        yield Error(reason, hint=IN_ENVIRONMENT, id="practice.E007")


@check()
def mail_service_is_known() -> Complaints:
    """With a slip in its name or no key, every letter would wait."""
    service = SERVICES.get(settings.MAIL_SERVICE)
    if not settings.MAIL_SERVICE or (service and settings.ANYMAIL.get(service.key)):
        return
    reason = (
        "MAIL_SERVICE_KEY is not set, so that the mail service takes no letter."
        if service
        else f'MAIL_SERVICE is "{settings.MAIL_SERVICE}", and no such service is known here.'
    )
    hint = f"{IN_ENVIRONMENT} Known are {', '.join(SERVICES)}."
    yield Error(reason, hint=hint, id="practice.E009")


@check(deploy=True)
def bounces_are_learned_of() -> Complaints:
    """Else a letter that comes back would be taken for one that arrived."""
    if settings.MAIL_SERVICE and not learns_of_bounces():
        reason = "The mail service cannot tell the site of letters that come back."
        hint = f"{IN_ENVIRONMENT} MAIL_WEBHOOK_SECRET or MAIL_WEBHOOK_SIGNING_KEY."
        yield Warning(reason, hint=hint, id="practice.W004")


@check(deploy=True)
def sender_has_a_domain() -> Complaints:
    if "@localhost" in settings.DEFAULT_FROM_EMAIL:
        reason = "DEFAULT_FROM_EMAIL ends in @localhost, which mail servers refuse."
        yield Warning(reason, hint=IN_ENVIRONMENT, id="practice.W001")
