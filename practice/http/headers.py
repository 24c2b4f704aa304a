"""What a browser is told with every answer: what a page may load, and what may learn of it.

A policy names each source, and what is not named is closed. The admin is Wagtail's, which
cannot do without inline scripts and styles, so it has a policy of its own.
"""

from django.http import HttpResponseBase

from practice.http import private

POLICY = "Content-Security-Policy"
UNFRAMED, FRAMED = "frame-ancestors 'none'", "frame-ancestors 'self'"
# connect-src is for a passkey's riddle, and for /robots.txt to whoever judges the site.
BOTH = (
    "default-src 'none'; font-src 'self'; connect-src 'self'; form-action 'self'; "
    f"base-uri 'none'; {UNFRAMED}"
)
PUBLIC = f"{BOTH}; script-src 'none'; style-src 'self'; img-src 'self'"
WITH_SCRIPT = PUBLIC.replace("script-src 'none'", "script-src 'self'")
# Wagtail's editor shows icons as data: and chosen files as blob: before they are sent.
ADMIN = (
    f"{BOTH}; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; frame-src 'self'"
)
FILE = f"default-src 'none'; sandbox; {UNFRAMED}"

# https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Permissions-Policy
CLOSED = (
    "accelerometer autoplay bluetooth browsing-topics camera cross-origin-isolated "
    "display-capture encrypted-media fullscreen gamepad geolocation gyroscope hid "
    "identity-credentials-get idle-detection keyboard-map local-fonts magnetometer microphone "
    "midi otp-credentials payment picture-in-picture screen-wake-lock serial storage-access "
    "sync-xhr unload usb web-share window-management xr-spatial-tracking"
)
OURS = "clipboard-write publickey-credentials-create publickey-credentials-get"
PERMISSIONS = ", ".join(
    [f"{name}=()" for name in CLOSED.split()] + [f"{name}=(self)" for name in OURS.split()]
)

PARTS = ("text/css", "text/javascript", "font/", "image/")  # that no browser asks of, only pages

# Kinds of text whose encoding nobody else names.
IN_UTF_8 = ("application/xml", "image/svg+xml", "text/css", "text/plain")


def complete(path: str, response: HttpResponseBase, *, runs_script: bool = False) -> None:
    """Adds to the answer for `path` all that its browser has to be told.

    `runs_script`: a script of ours is in it, by the tag of that name.

    A preview comes twice: as the public page that it is, and as the admin's answer that holds
    it. It keeps the first policy, and Wagtail's word on X-Frame-Options says who may frame it.
    """
    headers = response.headers
    place = private.place_of(path)
    if place and place.of_visitors:
        is_public = place.begins_public and path == place.prefix
        headers["Cache-Control"] = "no-store"
        headers["Referrer-Policy"] = "no-referrer"
        headers["X-Robots-Tag"] = "all" if is_public else "noindex"
    elif place:
        headers.setdefault("Cache-Control", "no-store")  # Wagtail's icons are for keeping
    if is_file(path, response):
        headers[POLICY] = FILE
    else:
        public = WITH_SCRIPT if runs_script else PUBLIC
        headers.setdefault(POLICY, ADMIN if private.is_admin(path) else public)
        if headers.get("Content-Type") in IN_UTF_8:
            headers["Content-Type"] += "; charset=utf-8"
    headers.setdefault("X-Frame-Options", "DENY")
    if headers["X-Frame-Options"] == "SAMEORIGIN":
        headers[POLICY] = headers[POLICY].replace(UNFRAMED, FRAMED)
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    if not headers.get("Content-Type", "").startswith(PARTS):
        headers.setdefault("Permissions-Policy", PERMISSIONS)  # 800 bytes


def is_file(path: str, response: HttpResponseBase) -> bool:
    """Whether somebody uploaded what is answered."""
    attached = response.headers.get("Content-Disposition", "").startswith("attachment")
    return attached or path.startswith("/media/")
