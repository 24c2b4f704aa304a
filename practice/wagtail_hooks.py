from typing import Any

from django.http import HttpRequest
from wagtail import hooks

from practice.components import GoingLivePanel


@hooks.register("construct_homepage_panels")
def going_live_panel(request: HttpRequest, panels: list[Any]) -> None:
    if request.user.has_perm("practice.change_practicesettings"):
        panels.append(GoingLivePanel())
