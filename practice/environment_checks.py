"""Where a site's surroundings disagree, as numbered checks like those of checks.py."""

import os
import re
import stat
from contextlib import suppress

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register

from practice import names, site_url
from practice.checks import IN_ENVIRONMENT, Messages, readable

ADDRESS = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?")


@register(Tags.security)
def site_url_is_an_address(app_configs: object, **kwargs: object) -> Messages:
    """Every absolute address begins with it: with a path or a name in it, each would be wrong."""
    if ADDRESS.fullmatch(settings.SITE_URL):
        return []
    reason = f"SITE_URL is “{settings.SITE_URL}”, which isn't the address of a site."
    hint = f"{IN_ENVIRONMENT} Write it like https://www.example.com, without a path."
    return [Error(reason, hint=hint, id="practice.E015")]


@register(Tags.database)
def records_agree(app_configs: object, databases: object = None, **kwargs: object) -> Messages:
    """Addresses come from SITE_URL; a record of the site that says another one misleads."""
    hint = "The worker corrects this site's own when it starts. Delete any other in /admin/sites/."
    return [
        Warning(
            f"The admin's Settings, Sites says “{record}”, but every address comes from "
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


@register(Tags.security)
def names_are_known(app_configs: object, **kwargs: object) -> Messages:
    """A setting with a slip in its name is as if it were left out. No value is shown."""
    hint = "Correct or delete it; docs/operator.md, “Settings”, lists them all."
    return [Warning(line, hint=hint, id="practice.W011") for line in strange_names()]


def strange_names() -> list[str]:
    """A line for each name in the files of settings that nothing reads, for each line of them
    that cannot be read, and for each name in the environment that is nearly a setting's.
    """
    found, filed = [], set()
    for file in (settings.BASE_DIR / ".env", settings.PRACTICE_DIR / "settings.env"):
        with suppress(OSError):
            there, unread = names.in_file(file.read_text())
            filed |= {*there}
            found += [f"{file}: {line}" for line in names.unknown(there)]
            found += [f"{file}, line {n}: write it as NAME=value, without spaces." for n in unread]
    return [*found, *(f"The environment: {line}" for line in names.slips({*os.environ} - filed))]


@register(Tags.security, deploy=True)
def data_is_for_its_owner(app_configs: object, **kwargs: object) -> Messages:
    """On a server the group is nginx's, which may pass through to the pictures and list nothing."""
    with suppress(OSError):
        mode = stat.S_IMODE(settings.DATA_DIR.stat().st_mode)
        if mode & 0o067:
            reason = f"{settings.DATA_DIR} is open to others on this machine ({mode:o})."
            hint = f"chmod 700 {settings.DATA_DIR}"
            return [Warning(reason, hint=hint, id="practice.W012")]
    return []
