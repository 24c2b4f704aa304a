"""Where a site's surroundings disagree, as numbered checks like those of checks.py."""

import re

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register

from practice import site_url
from practice.checks import IN_ENVIRONMENT, Messages, readable

ADDRESS = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?")


@register(Tags.security)
def site_url_is_an_address(app_configs: object, **kwargs: object) -> Messages:
    """Every absolute address begins with it: with a path or a name in it, each would be wrong."""
    if ADDRESS.fullmatch(settings.SITE_URL):
        return []
    reason = f"SITE_URL is “{settings.SITE_URL}”, which is not the address of a site."
    hint = f"{IN_ENVIRONMENT} Such as https://www.example.com, without a path."
    return [Error(reason, hint=hint, id="practice.E015")]


@register(Tags.database)
def records_agree(app_configs: object, databases: object = None, **kwargs: object) -> Messages:
    """Addresses come from SITE_URL; a record of the site that says another one misleads."""
    hint = "The worker corrects the site's own when it starts. Delete others under /admin/sites/."
    return [
        Warning(
            f"The admin's Settings, Sites, says “{record}”, but every address comes from "
            f"SITE_URL, {settings.SITE_URL}.",
            hint=hint,
            id="practice.W010",
        )
        for record in (readable(strange_records) if databases else [])
    ]


def strange_records() -> list[str]:
    from wagtail.models import Site

    ours = (site_url.host(), site_url.port(), True)
    found = Site.objects.order_by("pk").values_list("hostname", "port", "is_default_site")
    return [f"{record[0]}:{record[1]}" for record in found if record != ours]
