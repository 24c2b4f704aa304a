"""Whether letters leave, and what is learned of them."""

from django.conf import settings

from practice.environment.checking import IN_ENVIRONMENT, Complaints, check
from practice.mail.services import SERVICES
from practice.mail.views import learns_of_bounces

KEEPS_MAIL = ("filebased", "console", "dummy", "locmem")
SECRETS = (
    "Set MAIL_WEBHOOK_SECRET (Postmark) or MAIL_WEBHOOK_SIGNING_KEY (Mailgun). "
    "docs/operator/mail.md says how."
)


@check("practice.E007", deploy=True)
def mail_leaves() -> Complaints:
    if any(name in settings.EMAIL_BACKEND for name in KEEPS_MAIL):
        yield "Email doesn't leave this machine: EMAIL_URL names no mail server."


@check("practice.E009", f"{IN_ENVIRONMENT} The site knows {', '.join(SERVICES)}.")
def mail_service_is_known() -> Complaints:
    """With a slip in its name or no key, every letter would wait."""
    name = settings.MAIL_SERVICE
    if name and name not in SERVICES:
        yield f'MAIL_SERVICE is "{name}", which isn\'t a service this site knows.'
    elif name and not settings.ANYMAIL.get(SERVICES[name].key):
        yield "MAIL_SERVICE_KEY isn't set, so the mail service won't take any email."


@check("practice.W004", SECRETS, deploy=True)
def bounces_are_learned_of() -> Complaints:
    """Else a letter that comes back would be taken for one that arrived."""
    if settings.MAIL_SERVICE and not learns_of_bounces():
        yield "The mail service can't tell the site when an email comes back."


@check("practice.W001", deploy=True)
def sender_has_a_domain() -> Complaints:
    if "@localhost" in settings.DEFAULT_FROM_EMAIL:
        yield "DEFAULT_FROM_EMAIL ends in @localhost, which mail servers refuse."
