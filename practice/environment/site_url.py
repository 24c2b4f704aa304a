"""SITE_URL, from which alone every absolute address of the site is made."""

from urllib.parse import urlsplit

from django.conf import settings

PORTS = {"http": 80, "https": 443}


def normal(text: str) -> str:
    """`text` as a browser writes an address: without the last slash, in small letters, and
    without a port that goes without saying. Whatever else is wrong with it stays.
    """
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        return text
    netloc = parts.netloc.lower().removesuffix(f":{PORTS.get(parts.scheme)}")
    return parts._replace(netloc=netloc).geturl().rstrip("/")


def absolute(path: str) -> str:
    """The address of `path`, which begins with a slash."""
    return f"{settings.SITE_URL}{path}"


def port() -> int:
    parts = urlsplit(settings.SITE_URL)
    return parts.port or PORTS.get(parts.scheme, 80)


def host() -> str:
    """The bare name, without a port."""
    return urlsplit(settings.SITE_URL).hostname or ""


def lead_wagtail() -> None:
    """Lets Wagtail's canonical links, sitemap, feed and previews go by SITE_URL, and takes the
    paths of its sites from a cache that knows no tuples.

    It would go by the site's record in the database: one that was written under a former
    SITE_URL, that another server of the practice may have written differently, and that cannot
    say https on any port but 443.
    """
    from wagtail.models import Site
    from wagtail.models.sites import SiteRootPath

    theirs, paths = Site.root_url.fget, Site.get_site_root_paths

    def root_url(site: Site) -> str:
        return settings.SITE_URL if site.is_default_site else theirs(site)

    def get_site_root_paths() -> list[SiteRootPath]:
        return [SiteRootPath(*path) for path in paths()]

    Site.root_url = property(root_url)
    Site.get_site_root_paths = staticmethod(get_site_root_paths)
