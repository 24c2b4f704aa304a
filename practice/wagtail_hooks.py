from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import path, reverse, reverse_lazy
from django.utils.html import format_html
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.log_actions import LogActionRegistry

from practice.accounts.letters import ask_for_link
from practice.deletion import log_entries
from practice.deletion.deleted_pages import DeletedPagesView
from practice.mail.admin import MailView
from practice.models import User
from practice.pagecache import rich_text
from practice.website import concerns
from practice.website.components import BackupsPanel, GoingLivePanel, MailMenuItem

hooks.register("register_rich_text_features", rich_text.register, order=10)  # after Wagtail's
hooks.register("register_settings_menu_item", MailMenuItem)
hooks.register("before_bulk_action", log_entries.note_bulk_deletion)


@hooks.register("construct_homepage_panels")
def going_live_panel(request: HttpRequest, panels: list[Any]) -> None:
    if request.user.has_perm("practice.change_practicesettings"):
        panels += [GoingLivePanel(), BackupsPanel(), concerns.ConcernPanel()]


@hooks.register("register_log_actions")
def bringing_back(actions: LogActionRegistry) -> None:
    actions.register_action("practice.bring_back", "Bring back", "Brought back after deletion")


@hooks.register("register_admin_urls")
def admin_pages() -> list[Any]:
    deleted_pages = DeletedPagesView.as_view()
    return [
        path("pages/add-concern/", concerns.add, name="practice_add_concern"),
        path("mail/", MailView.as_view(), name="practice_mail"),
        path("reports/deleted-pages/", deleted_pages, name="practice_deleted_pages"),
    ]


@hooks.register("register_reports_menu_item")
def deleted_pages_menu_item() -> MenuItem:
    url = reverse_lazy("practice_deleted_pages")
    return MenuItem("Deleted pages", url, name="deleted-pages", icon_name="bin", order=1200)


@hooks.register("insert_global_admin_js")
def end_with_the_session() -> str:
    return format_html(
        '<script src="{}" data-alive="{}" data-sign-in="{}" defer></script>',
        static("practice/session_end.js"),
        reverse("account_alive"),
        reverse("account_login"),
    )


@hooks.register("register_account_menu_item")
def security_link(request: HttpRequest) -> dict[str, str]:
    return {
        "url": reverse("mfa_index"),
        "label": "Sign-in and security",
        "help_text": "Passkeys, codes, password, and where you're signed in",
    }


@hooks.register("after_create_user")
def send_link_to_new_user(request: HttpRequest, user: User) -> None:
    """Nobody chooses a password for somebody else."""
    user.set_unusable_password()  # Wagtail leaves an empty one, which counts as one
    user.save(update_fields=["password"])
    ask_for_link(user)
    messages.info(
        request, f"{user.email} will get an email with a link to sign in. It's good for a day."
    )
