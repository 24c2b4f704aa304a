from django.conf import settings
from django.urls import include, path, re_path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as admin_urls
from wagtail.admin.auth import require_admin_access
from wagtail.documents import urls as document_urls

from practice.accounts.urls import wagtails_own
from practice.mail.views import bounces
from practice.website import styleguide, views

PICTURES = r"^media/(?P<name>(?:images|original_images|avatar_images)/[^/]+)$"
ICO, PNG = "image/vnd.microsoft.icon", "image/png"

urlpatterns = [
    path("healthz/", views.healthz, name="healthz"),
    path("readyz/", views.readyz, name="readyz"),
    path("metrics", views.measures, name="metrics"),
    path("mail/bounces/", bounces, name="bounces"),
    path("robots.txt", views.robots, name="robots"),
    path(".well-known/security.txt", views.security_txt, name="security_txt"),
    path("theme.css", views.theme, name="theme"),
    path("icon.svg", views.icon, name="icon"),
    path("favicon.ico", views.bitmap_icon, {"size": 32, "kind": "ICO", "content_type": ICO}),
    path(
        "apple-touch-icon.png", views.bitmap_icon, {"size": 180, "kind": "PNG", "content_type": PNG}
    ),
    path("sitemap.xml", views.sitemap, name="sitemap"),
    path("admin/account/", require_admin_access(views.AccountView.as_view())),
    path("admin/redirects/", require_admin_access(views.RedirectsView.as_view())),
    re_path(r"^admin/redirects/import/", views.not_there),
    # Wagtail's trials of its error pages, and its form for a topic within a chooser, which fails.
    re_path(r"^admin/(?:failwhale|test404)/", views.not_there),
    path("admin/snippets/choose/blog/topic/create/", views.not_there),
    path("account/", include("practice.accounts.urls")),
    *wagtails_own,
    path("admin/", include(admin_urls)),
    path("documents/", include(document_urls)),
    path("", include("booking.urls")),
    path("articles/", include("blog.urls")),
]
if settings.DEBUG or settings.MEDIA_STORE:  # otherwise nginx has them from the disk
    urlpatterns.append(re_path(PICTURES, views.picture, name="picture"))
if settings.DEBUG:
    urlpatterns.append(path("styleguide/", styleguide.show, name="styleguide"))
urlpatterns += [
    path("", views.first_page, name="first_page"),
    path("", include(wagtail_urls)),
]

handler400 = "practice.http.error_pages.bad_request"
handler403 = "practice.http.error_pages.forbidden"
handler404 = "practice.http.error_pages.not_found"
handler500 = "practice.http.error_pages.server_error"
