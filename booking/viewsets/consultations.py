"""The addresses of everything that the admin shows of requests."""

from typing import Any

from django.http import HttpRequest
from django.urls import path
from wagtail.admin.viewsets.base import ViewSet

from booking.models import ConsultationRequest
from booking.viewsets import erasure, parts
from booking.viewsets.base import ReviewMenuItem
from booking.viewsets.clock import ClockView
from booking.viewsets.deciding import DecideView
from booking.viewsets.review import DetailView, ListView


class ConsultationsMenuItem(ReviewMenuItem):
    """Says how many requests wait, too."""

    def render_component(self, request: HttpRequest) -> Any:
        component = super().render_component(request)
        if waiting := ConsultationRequest.objects.awaiting_reply().count():
            component.label = f"Consultations ({waiting})"
        return component


class ConsultationViewSet(ViewSet):
    name = "consultations"
    icon = "mail"
    menu_label = "Consultations"
    menu_name = "consultations"
    menu_order = 50
    menu_item_class = ConsultationsMenuItem
    add_to_admin_menu = True

    def get_urlpatterns(self) -> list[Any]:
        return [
            *list_at("", "index"),
            *list_at("all/", "all", everything=True),
            *list_at("held-apart/", "held_apart", apart=True),
            path("clock/", ClockView.as_view(), name="clock"),
            path("<int:pk>/", DetailView.as_view(), name="detail"),
            path("demand/", erasure.DemandView.as_view(), name="demand"),
            path("<int:pk>/erase/", erasure.EraseView.as_view(), name="erase"),
            path("<int:pk>/hold/", erasure.HoldView.as_view(), name="hold"),
            path("<int:pk>/address/", parts.AddressView.as_view(), name="address"),
            path("<int:pk>/reach/", parts.ReachView.as_view(), name="reach"),
            path("<int:pk>/again/<int:email>/", parts.SendAgainView.as_view(), name="again"),
            path("<int:pk>/code/", parts.CodeView.as_view(), name="code"),
            path("<int:pk>/note/", parts.NotesView.as_view(), name="note"),
            path("<int:pk>/stands/", parts.StandsView.as_view(), name="stands"),
            path("<int:pk>/told/<int:letter>/", parts.ToldView.as_view(), name="told"),
            path("<int:pk>/<slug:decision>/", DecideView.as_view(), name="decide"),
        ]


def list_at(place: str, name: str, **given: bool) -> list[Any]:
    """The addresses of a list, and of what its filters fetch of it."""
    results = f"{name}_results"
    names = {
        "index_url_name": f"consultations:{name}",
        "index_results_url_name": f"consultations:{results}",
    }
    whole = ListView.as_view(**names, **given)
    part = ListView.as_view(**names, **given, results_only=True)
    return [path(place, whole, name=name), path(f"{place}results/", part, name=results)]
