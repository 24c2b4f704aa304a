from typing import Any

from django.http import HttpRequest
from wagtail import hooks

from booking.components import ClockPanel, ConsultationsMenuItem, ScheduleMenuItem, WaitingPanel
from booking.permissions import may_review
from booking.viewsets import schedule_viewset, viewset


@hooks.register("register_admin_viewset")
def consultations() -> Any:
    return viewset


@hooks.register("register_admin_viewset")
def schedule() -> Any:
    return schedule_viewset


@hooks.register("register_admin_menu_item")
def menu_item() -> ConsultationsMenuItem:
    return ConsultationsMenuItem()


@hooks.register("register_admin_menu_item")
def schedule_menu_item() -> ScheduleMenuItem:
    return ScheduleMenuItem()


@hooks.register("construct_homepage_panels")
def waiting_panel(request: HttpRequest, panels: list[Any]) -> None:
    if may_review(request.user):
        panels += [ClockPanel(), WaitingPanel()]
