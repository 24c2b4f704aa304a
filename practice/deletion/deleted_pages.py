"""Reports, Deleted pages: what was deleted in the admin can be brought back for 30 days."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.generic import TemplateView
from modelcluster.models import ClusterableModel
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.coreutils import find_available_slug
from wagtail.log_actions import get_active_log_context, log
from wagtail.models import COMMENTS_RELATION_NAME, Page

from practice.models import DeletedPage

KEPT_FOR = timedelta(days=30)
AS_A_DRAFT: dict[str, Any] = {
    "live": False,
    "has_unpublished_changes": True,
    "go_live_at": None,
    "expire_at": None,
    "expired": False,
    "locked": False,
    "numchild": 0,
    COMMENTS_RELATION_NAME: [],
}


def keep_for_a_month(sender: Any, instance: Page, **kwargs: Any) -> None:
    """Receiver of `pre_delete` for each kind of page: keeps one that a person deletes."""
    user = get_active_log_context().user
    if user is None:  # a command, such as the one that removes the sample
        return
    DeletedPage.objects.update_or_create(
        page_id=instance.pk,
        defaults={
            "parent_id": instance.get_parent().pk,
            "content": instance.get_latest_revision_as_object().serializable_data(),
            "deleted_at": timezone.now(),
            "deleted_by": str(user),
        },
    )


def found_by(user: Any) -> list[DeletedPage]:
    """What `user` may bring back: pages whose parent is there, and to which they may add."""
    return [page for page in DeletedPage.objects.all() if _has_place(page, user)]


@transaction.atomic
def bring_back(deleted: DeletedPage, user: Any) -> Page | None:
    """The page under its old number and as a draft; None if there is nothing to bring back anymore.

    A draft, since what stood before it (a password, a lock) is gone, and so may its pictures be.
    """
    parent = Page.objects.filter(pk=deleted.parent_id).first()
    if parent is None or not DeletedPage.objects.filter(pk=deleted.pk).delete()[0]:
        return None
    page = deleted.model.from_serializable_data(deleted.content | AS_A_DRAFT)
    page.slug = find_available_slug(parent, page.slug)
    page.set_url_path(parent)
    page._state.adding = True
    page.save = partial(ClusterableModel.save, page)  # Wagtail's looks for what the number was
    parent.add_child(instance=page)
    del page.save
    page.save_revision(user=user, log_action=False, clean=False)
    log(instance=page, action="practice.bring_back", user=user, content_changed=True)
    return page


def forget_old(now: datetime) -> int:
    """Deletes for good what was deleted 30 days before `now`; says how many pages."""
    return DeletedPage.objects.filter(deleted_at__lte=now - KEPT_FOR).delete()[0]


def _has_place(page: DeletedPage, user: Any) -> bool:
    parent = Page.objects.filter(pk=page.parent_id).first()
    if parent is None or not page.model.can_create_at(parent):
        return False
    return bool(parent.permissions_for_user(user).can_add_subpage())


class DeletedPagesView(WagtailAdminTemplateMixin, TemplateView):
    template_name = "practice/admin/deleted_pages.html"
    page_title = "Deleted pages"
    header_icon = "bin"
    breadcrumbs_items = [
        *WagtailAdminTemplateMixin.breadcrumbs_items,
        {"url": "", "label": page_title},
    ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(pages=found_by(self.request.user), **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        wanted = request.POST.get("page")
        mine = [page for page in found_by(request.user) if str(page.pk) == wanted]
        page = bring_back(mine[0], request.user) if mine else None
        if page is None:
            messages.error(
                request,
                "That page isn't here anymore. It may be back already. Look for it under Pages.",
            )
            return redirect("practice_deleted_pages")
        messages.success(
            request, f"“{page.title}” is back, as a draft. Look it over, then publish it."
        )
        return redirect("wagtailadmin_pages:edit", page.pk)
