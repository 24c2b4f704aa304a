"""What the frame of every public page asks for: the site, its settings and its menu, held."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from wagtail.models import Page, PageViewRestriction, Site

from practice.stamp import held


def prepare(request: HttpRequest) -> None:
    """Lets Wagtail find with `request` the site and its addresses, as they are held.

    It looks for both in these attributes before it asks the database, or its own cache, which
    each process has for itself and which would be wrong for an hour in all others.
    """
    request._wagtail_site = SimpleLazyObject(lambda: site_of(request))  # type: ignore[attr-defined]
    request._wagtail_cached_site_root_paths = held("addresses", _addresses)  # type: ignore[attr-defined]


def site_of(request: HttpRequest) -> Site | None:
    return held(
        ("site", request.get_host()),
        lambda: Site._find_for_request(request),
    )


def _addresses() -> list[tuple[int, str, str, str]]:
    Site.clear_site_root_paths_cache()
    return Site.get_site_root_paths()


def has_closed_pages() -> bool:
    """Whether any page is for some people alone; of most sites, none is."""
    return held("closed pages", PageViewRestriction.objects.exists)


def child_of(page: Page, slug: str) -> Page | None:
    """The page of that address right below, whether it is published or not."""

    def find() -> Page | None:
        found = page.get_children().filter(slug=slug).first()
        return None if found is None else found.specific

    return held(("child", page.pk, slug), find)
