from datetime import UTC, timedelta
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import DatabaseError, InterfaceError
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
)
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe
from wagtail import views as wagtails
from wagtail.admin.views import account
from wagtail.contrib.redirects import views as redirects
from wagtail.contrib.sitemaps import views as sitemaps
from wagtail.models import Site

from practice.environment import site_url
from practice.http import error_pages, outage
from practice.launch import requirements
from practice.models import PracticeSettings
from practice.monitoring import metrics, readiness
from practice.website import icons
from practice.website import theme as style

PICTURE_KEPT_FOR = 3600  # seconds
ICON_KEPT_FOR = 300  # seconds: another accent, or the default while the database is away
SECURITY_TXT_GOOD_FOR = timedelta(days=180)  # less than a year: RFC 9116, 2.5.5


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Says that the process answers, and asks nothing of the database."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Names what fails, and nothing more, since strangers may ask."""
    failing = readiness.failing()
    answer = {"ready": not failing, "failing": failing}
    return JsonResponse(answer, status=503 if failing else 200)


@require_safe
@never_cache
def measures(request: HttpRequest) -> HttpResponse:
    """For whoever has METRICS_TOKEN; for all others, and without one, it is not there."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.METRICS_TOKEN
    is_theirs = constant_time_compare(token.strip(), wanted)
    if not wanted or not is_theirs or kind.lower() != "bearer":
        raise Http404
    return HttpResponse(metrics.as_text(), content_type=metrics.CONTENT_TYPE_LATEST)


@require_safe
@cache_control(public=True, max_age=PICTURE_KEPT_FOR)
def picture(request: HttpRequest, name: str) -> HttpResponseBase:
    """A picture from wherever uploads are kept; documents go through Wagtail's own view.

    Another picture gets another name, so that browsers and nginx may keep it for a while.
    """
    try:
        file = default_storage.open(name)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise Http404 from error
    return FileResponse(file, headers={"X-Accel-Expires": str(PICTURE_KEPT_FOR)})


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    lines = [
        "User-agent: *",
        "Disallow: /admin/",
        "Disallow: /consultation/sent/",
        "Disallow: /consultation/manage/",
        f"Sitemap: {site_url.absolute(reverse('sitemap'))}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain")


def sitemap(request: HttpRequest) -> HttpResponse:
    """Wagtail's, or none while there is no home page: with it goes the site's record."""
    if not Site.find_for_request(request):
        raise Http404
    return sitemaps.sitemap(request)


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Whom to tell of a hole (RFC 9116); not there while the practice names nobody.

    It ends half a year from the day on which it is read, so that it is never over while it stands.
    """
    contact = PracticeSettings.load(request_or_site=request).security_contact
    if not contact:
        raise Http404
    ends = timezone.now().astimezone(UTC).date() + SECURITY_TXT_GOOD_FOR
    lines = [
        f"Contact: {contact if '://' in contact else 'mailto:' + quote(contact, safe='@+')}",
        f"Expires: {ends.isoformat()}T00:00:00Z",
        "Preferred-Languages: en",
        f"Canonical: {site_url.absolute(reverse('security_txt'))}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
@gzip_page
def theme(request: HttpRequest) -> HttpResponse:
    """The one style sheet of the public pages, in the accent color of the practice.

    Kept for good under the address that names its version, for minutes under any other.
    """
    sheet = style.style_sheet(accent(request))
    response = HttpResponse(sheet.text, content_type="text/css")
    is_current = request.GET.get("v") == sheet.version
    patch_cache_control(response, public=True, max_age=31_536_000 if is_current else 300)
    if is_current:
        response.headers["X-Accel-Expires"] = "86400"  # for nginx: another sheet, another address
    return response


@require_safe
@cache_control(public=True, max_age=ICON_KEPT_FOR)
def icon(request: HttpRequest) -> HttpResponse:
    return HttpResponse(icons.svg(accent(request)), content_type="image/svg+xml")


@require_safe
@cache_control(public=True, max_age=ICON_KEPT_FOR)
def bitmap_icon(request: HttpRequest, size: int, kind: str, content_type: str) -> HttpResponse:
    """The icon for programs that ask for it by its usual name, without reading a page."""
    return HttpResponse(icons.bitmap(accent(request), size, kind), content_type=content_type)


def accent(request: HttpRequest) -> str:
    """The practice's color; the default where the database does not answer, for error pages."""
    try:
        return PracticeSettings.load(request_or_site=request).accent
    except (DatabaseError, InterfaceError):
        return PracticeSettings._meta.get_field("accent").default


def first_page(request: HttpRequest) -> HttpResponse:
    """The home page; that the site opens soon, until the practice is set up and has published it.

    With 200, since nothing is wrong (deploy/health.py and whoever watches the site would take 503
    for an outage), and not for search engines.
    """
    site = Site.find_for_request(request)
    is_set_up = requirements.is_open(PracticeSettings.load(request))
    if site and site.root_page.live and is_set_up:
        return wagtails.serve(request, "")
    known = {} if is_set_up else {"facts": outage.Facts()}  # no name that nobody has chosen
    return HttpResponse(error_pages.text("practice/soon.html", request, **known))


class RedirectsView(redirects.IndexView):
    """Without the import, which unpacks what it is sent: a practice types its few redirects."""

    @property
    def header_more_buttons(self) -> list[Any]:
        closed = reverse("wagtailredirects:start_import")
        return [each for each in super().header_more_buttons if each.url != closed]


def not_there(request: HttpRequest) -> HttpResponse:
    raise Http404


class AccountView(account.AccountView):
    """One's own settings, without the picture of oneself: that would be kept as it was sent, with
    what the camera wrote into it, and nobody sees it in a practice of one.
    """

    def get_panels(self) -> list[Any]:
        panels = super().get_panels()
        return [each for each in panels if not isinstance(each, account.AvatarSettingsPanel)]
