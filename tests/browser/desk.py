"""Pages of the admin as the therapist's document shows them, with one request that waits."""

from booking.services import by_visitor
from tests import factories
from tests.pages import TYPED, Pages, Shown

SETTINGS = "/admin/settings/practice/practicesettings/"
MAYA = {
    "name": "Maya",
    "email": "maya@example.com",
    "phone": "+14155550100",
    "text_ok": True,
    "good_hours": TYPED["good_hours"],
    "message": TYPED["message"],
}


def admin_pages() -> list[Shown]:
    pages = Pages()
    therapist = factories.signed_in(pages.therapist, again=True)
    sent = factories.unsaved_request(asked_for=factories.open_time(2), **MAYA)
    maya, _ = by_visitor.submit(sent)
    request = f"/admin/consultations/{maya.pk}/"
    for name, path in {
        "first page": "/admin/",
        "settings": SETTINGS,
        "schedule": "/admin/schedule/",
        "request": request,
        "reply": f"{request}decline/",
    }.items():
        pages.get(f"admin: {name}", path, therapist)
    return pages.shown
