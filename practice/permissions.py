"""Who may change the pages that the site depends on. Everything that asks this, asks here."""

from typing import Any

from wagtail.models import Page, PagePermissionTester

CHANGE = "practice.change_practicesettings"


class FixedPagePermissions(PagePermissionTester):
    """Of a page that the site stands on: those who may not change the practice's settings may add
    and publish pages below it, and nothing takes it out of its place.
    """

    def __init__(self, user: Any, page: Page) -> None:
        super().__init__(user, page)
        self.is_theirs = user.has_perm(CHANGE)

    def can_edit(self) -> bool:
        return bool(self.is_theirs and super().can_edit())

    def can_delete(self, ignore_bulk: bool = False) -> bool:
        # With the home page the site itself would go. Only deleting asks without ignoring bulk.
        is_site = not ignore_bulk and self.page.sites_rooted_here.exists()
        return bool(self.is_theirs and not is_site and super().can_delete(ignore_bulk))

    def can_publish(self) -> bool:
        return bool(self.is_theirs and super().can_publish())

    def can_unpublish(self) -> bool:
        return bool(self.is_theirs and super().can_unpublish())
