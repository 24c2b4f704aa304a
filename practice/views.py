from typing import Any

from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import get_template
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe
from wagtail.admin.views import account
from wagtail.contrib.redirects import views as redirects

from practice import theme as style
from practice.models import PracticeSettings


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Says that the process answers, and asks nothing of the database."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    lines = [
        "User-agent: *",
        "Disallow: /admin/",
        "Disallow: /consultation/sent/",
        "Disallow: /consultation/manage/",
        f"Sitemap: {request.build_absolute_uri(reverse('sitemap'))}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain")


@require_safe
@gzip_page
def theme(request: HttpRequest) -> HttpResponse:
    """The one style sheet of the public pages, in the accent color of the practice.

    Kept for good under the address that names its version, for minutes under any other, and
    served in the default color where the database does not answer, for the error pages.
    """
    try:
        accent = PracticeSettings.load(request_or_site=request).accent
    except DatabaseError:
        accent = PracticeSettings._meta.get_field("accent").default
    sheet = style.style_sheet(accent)
    response = HttpResponse(sheet.text, content_type="text/css")
    is_current = request.GET.get("v") == sheet.version
    patch_cache_control(response, public=True, max_age=31_536_000 if is_current else 300)
    return response


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


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Rendered without request or database, which may be what is missing."""
    return HttpResponse(get_template("404.html").render(), status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    return HttpResponse(get_template("500.html").render(), status=500)
