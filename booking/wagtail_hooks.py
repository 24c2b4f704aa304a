from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.html import format_html
from wagtail import hooks

from booking.components import ConsultationsMenuItem, WaitingPanel
from booking.permissions import may_review
from booking.viewsets import viewset


@hooks.register("register_admin_viewset")
def consultations() -> Any:
    return viewset


@hooks.register("register_admin_menu_item")
def menu_item() -> ConsultationsMenuItem:
    return ConsultationsMenuItem()


@hooks.register("construct_homepage_panels")
def waiting_panel(request: HttpRequest, panels: list[Any]) -> None:
    if may_review(request.user):
        panels.append(WaitingPanel())


@hooks.register("insert_global_admin_css")
def style() -> str:
    return format_html('<link rel="stylesheet" href="{}">', static("booking/admin.css"))
