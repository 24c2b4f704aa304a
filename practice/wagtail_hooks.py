from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from wagtail import hooks

from practice.accounts.letters import ask_for_link
from practice.components import GoingLivePanel
from practice.models import User


@hooks.register("construct_homepage_panels")
def going_live_panel(request: HttpRequest, panels: list[Any]) -> None:
    if request.user.has_perm("practice.change_practicesettings"):
        panels.append(GoingLivePanel())


@hooks.register("register_account_menu_item")
def security_link(request: HttpRequest) -> dict[str, str]:
    return {
        "url": reverse("mfa_index"),
        "label": "Signing in",
        "help_text": "Passkeys, codes, password, and where you are signed in",
    }


@hooks.register("after_create_user")
def send_link_to_new_user(request: HttpRequest, user: User) -> None:
    """Nobody chooses a password for somebody else."""
    user.set_unusable_password()  # Wagtail leaves an empty one, which counts as one
    user.save(update_fields=["password"])
    ask_for_link(user)
    messages.info(request, f"{user.email} gets a link to choose a password, good for a day.")
