"""Whether letters leave, and what is learned of them."""

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register

from practice.environment.checking import IN_ENVIRONMENT, Messages
from practice.mail.services import SERVICES
from practice.mail.views import learns_of_bounces

KEEPS_MAIL = ("filebased", "console", "dummy", "locmem")


@register(Tags.security, deploy=True)
def mail_leaves(app_configs: object, **kwargs: object) -> Messages:
    if not any(name in settings.EMAIL_BACKEND for name in KEEPS_MAIL):
        return []
    return [
        Error(
            "Mail does not leave this machine: EMAIL_URL names no mail server.",
            hint=IN_ENVIRONMENT,
            id="practice.E007",
        )
    ]


@register(Tags.security)
def mail_service_is_known(app_configs: object, **kwargs: object) -> Messages:
    """With a slip in its name or no key, every letter would wait."""
    service = SERVICES.get(settings.MAIL_SERVICE)
    if not settings.MAIL_SERVICE or (service and settings.ANYMAIL.get(service.key)):
        return []
    reason = (
        "MAIL_SERVICE_KEY is not set, so that the mail service takes no letter."
        if service
        else f'MAIL_SERVICE is "{settings.MAIL_SERVICE}", and no such service is known here.'
    )
    hint = f"{IN_ENVIRONMENT} Known are {', '.join(SERVICES)}."
    return [Error(reason, hint=hint, id="practice.E009")]


@register(Tags.security, deploy=True)
def bounces_are_learned_of(app_configs: object, **kwargs: object) -> Messages:
    """Else a letter that comes back would be taken for one that arrived."""
    if not settings.MAIL_SERVICE or learns_of_bounces():
        return []
    return [
        Warning(
            "The mail service cannot tell the site of letters that come back.",
            hint=f"{IN_ENVIRONMENT} MAIL_WEBHOOK_SECRET or MAIL_WEBHOOK_SIGNING_KEY.",
            id="practice.W004",
        )
    ]


@register(Tags.security, deploy=True)
def sender_has_a_domain(app_configs: object, **kwargs: object) -> Messages:
    if "@localhost" not in settings.DEFAULT_FROM_EMAIL:
        return []
    return [
        Warning(
            "DEFAULT_FROM_EMAIL ends in @localhost, which mail servers refuse.",
            hint=IN_ENVIRONMENT,
            id="practice.W001",
        )
    ]
