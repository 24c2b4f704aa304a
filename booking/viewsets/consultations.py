"""The addresses of everything that the admin shows of requests."""

from typing import Any

from django.urls import path
from wagtail.admin.viewsets.base import ViewSet

from booking.viewsets.again import SendAgainView
from booking.viewsets.clock import ClockView
from booking.viewsets.deciding import DecideView
from booking.viewsets.erasure import DemandView, EraseView, HoldView
from booking.viewsets.parts import AddressView, NotesView, ReachView, StandsView, ToldView
from booking.viewsets.review import DetailView, ListView


class ConsultationViewSet(ViewSet):
    name = "consultations"
    icon = "mail"

    def get_urlpatterns(self) -> list[Any]:
        return [
            path("", ListView.as_view(), name="index"),
            path("clock/", ClockView.as_view(), name="clock"),
            path("results/", ListView.as_view(results_only=True), name="index_results"),
            path(
                "all/",
                ListView.as_view(
                    everything=True,
                    index_url_name="consultations:all",
                    index_results_url_name="consultations:all_results",
                ),
                name="all",
            ),
            path(
                "all/results/",
                ListView.as_view(
                    everything=True,
                    results_only=True,
                    index_url_name="consultations:all",
                    index_results_url_name="consultations:all_results",
                ),
                name="all_results",
            ),
            path(
                "held-apart/",
                ListView.as_view(
                    apart=True,
                    index_url_name="consultations:held_apart",
                    index_results_url_name="consultations:held_apart_results",
                ),
                name="held_apart",
            ),
            path(
                "held-apart/results/",
                ListView.as_view(
                    apart=True,
                    results_only=True,
                    index_url_name="consultations:held_apart",
                    index_results_url_name="consultations:held_apart_results",
                ),
                name="held_apart_results",
            ),
            path("<int:pk>/", DetailView.as_view(), name="detail"),
            path("demand/", DemandView.as_view(), name="demand"),
            path("<int:pk>/erase/", EraseView.as_view(), name="erase"),
            path("<int:pk>/hold/", HoldView.as_view(), name="hold"),
            path("<int:pk>/address/", AddressView.as_view(), name="address"),
            path("<int:pk>/reach/", ReachView.as_view(), name="reach"),
            path("<int:pk>/again/<int:email>/", SendAgainView.as_view(), name="again"),
            path("<int:pk>/note/", NotesView.as_view(), name="note"),
            path("<int:pk>/stands/", StandsView.as_view(), name="stands"),
            path("<int:pk>/told/<int:letter>/", ToldView.as_view(), name="told"),
            path("<int:pk>/<slug:decision>/", DecideView.as_view(), name="decide"),
        ]


viewset = ConsultationViewSet()
