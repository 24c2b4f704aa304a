from typing import Any

from django.http import HttpRequest
from wagtail import hooks
from wagtail.admin.viewsets.base import ViewSet, ViewSetGroup

from booking.components import ClockPanel, WaitingPanel
from booking.permissions import may_review
from booking.viewsets.consultations import ConsultationViewSet
from booking.viewsets.replies import RepliesGroup
from booking.viewsets.schedule import ScheduleViewSet


@hooks.register("register_admin_viewset")
def viewsets() -> list[ViewSet | ViewSetGroup]:
    return [ConsultationViewSet(), ScheduleViewSet(), RepliesGroup()]


@hooks.register("construct_homepage_panels")
def panels_of_booking(request: HttpRequest, panels: list[Any]) -> None:
    if may_review(request.user):
        panels += [ClockPanel(), WaitingPanel()]
