"""What the frame of every public page asks for: the site, its settings and its menu, held."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from wagtail.models import Page, PageViewRestriction, Site
from wagtail.models.sites import SiteRootPath

from practice.pagecache.version import cached


def is_asked_by_its_name(request: HttpRequest) -> bool:
    """Whether somebody asks for the site by its own address and port, as nginx always does.

    A name is one of ours also in capitals or with any port behind it: more than could be held.
    """
    return request.get_host() == urlsplit(settings.SITE_URL).netloc


def prepare(request: HttpRequest) -> None:
    """Lets Wagtail find with `request` the site and its addresses, as they are held.

    It looks for both in these attributes before it asks the database, or its own cache, which
    each process has for itself and which would be wrong for an hour in all others.
    """
    request._wagtail_site = SimpleLazyObject(lambda: _site_of(request))  # type: ignore[attr-defined]
    request._wagtail_cached_site_root_paths = addresses()  # type: ignore[attr-defined]


def _site_of(request: HttpRequest) -> Site | None:
    if not is_asked_by_its_name(request):
        return Site._find_for_request(request)
    return cached("site", lambda: Site._find_for_request(request))


def addresses() -> list[SiteRootPath]:
    """As Site.get_site_root_paths() gives them, and not from its cache."""
    return cached("addresses", _addresses)


def _addresses() -> list[SiteRootPath]:
    sites = Site.objects.select_related("root_page__locale")
    return [
        SiteRootPath(
            site.pk,
            site.root_page.url_path,
            site.root_url,
            site.root_page.locale.language_code,
        )
        for site in sites.order_by("-root_page__url_path", "-is_default_site", "hostname")
    ]


def has_closed_pages() -> bool:
    """Whether any page is for some people alone; of most sites, none is."""
    return bool(cached("closed pages", PageViewRestriction.objects.exists))


def child_of(page: Page, slug: str) -> Page | None:
    """The page of that address right below, whether it is published or not."""

    def find() -> Page | None:
        found = page.get_children().filter(slug=slug).first()
        return None if found is None else found.specific

    return cached(("child", page.pk, slug), find)
