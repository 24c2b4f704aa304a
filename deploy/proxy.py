"""What nginx reads: the templates in deploy/nginx/, filled in for the practices of a server."""

import re
from pathlib import Path

from deploy.settings import Practice
from deploy.system import at

TEMPLATES = Path(__file__).parent / "nginx"
PICTURES = re.compile(r" {4}location /media/ \{.*?\n {4}\}\n", re.DOTALL)


def filled(template: str, values: dict[str, str]) -> str:
    """The template with `@name@` replaced. Raises KeyError for a name without a value."""
    text = (TEMPLATES / template).read_text()
    return re.sub(r"@([a-z_]+)@", lambda found: values[found[1]], text)


def ports(practice: Practice) -> dict[str, str]:
    return {
        "plain": str(practice.port("PLAIN_PORT", 80)),
        "tls": str(practice.port("TLS_PORT", 443)),
    }


def common(practices: list[Practice]) -> str:
    """All practices of a server listen on the same ports, which are the first one's."""
    cache = str(at("/var/lib/nginx/practice-pages"))
    return filled("common.conf", {**ports(practices[0]), "cache": cache})


def site(practice: Practice) -> str:
    """Pictures come from the disk, or where they are kept in a store, through the site."""
    tls = practice.port("TLS_PORT", 443)
    text = filled(
        "site.conf",
        {
            **ports(practice),
            "names": " ".join(practice.names),
            "host": practice.host,
            "port": "" if tls == 443 else f":{tls}",
            "url": practice.settings["SITE_URL"],
            "certificates": str(practice.certificates),
            "media": str(practice.data / "media"),
            "challenges": str(at("/var/lib/practice-challenges")),
            "access_log": f"/var/log/nginx/{practice.user}.log",
            "site": f"http://unix:{practice.socket}:",
        },
    )
    return PICTURES.sub("", text) if practice.settings.get("MEDIA_STORE") else text
