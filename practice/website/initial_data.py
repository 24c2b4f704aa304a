"""What `migrate` leaves behind on an empty database: a bare tree of drafts, and groups."""

from typing import Any

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from wagtail.models import Collection, GroupCollectionPermission, GroupPagePermission, Page, Site

from practice.environment import site_url

THERAPIST = "Therapist"
WAGTAILS_GROUPS = ("Editors", "Moderators")  # ours are Editor and Therapist
PAGE_ACTIONS = ("add", "change", "publish")

STANDARD_PAGES = {
    "services": "Services",
    "fees": "Fees",
    "faq": "Questions",
    "privacy": "Privacy",
    "accessibility": "Accessibility",
}
IN_MENU = {"services", "fees", "faq"}


def permission(app_label: str, codename: str) -> Permission:
    """A permission, made first where `post_migrate` has not come to its app yet."""
    found = Permission.objects.filter(content_type__app_label=app_label, codename=codename)
    if not found.exists():
        create_permissions(apps.get_app_config(app_label), verbosity=0)
    return found.get()


def let_edit_pages(group: Group, page: Page) -> None:
    for action in PAGE_ACTIONS:
        GroupPagePermission.objects.get_or_create(
            group=group, page=page, permission=permission("wagtailcore", f"{action}_page")
        )


def let_use_files(group: Group) -> None:
    collection = Collection.get_first_root_node()
    if collection is None:
        return
    for app_label, model in (("wagtailimages", "image"), ("wagtaildocs", "document")):
        for action in ("add", "change", "choose"):
            GroupCollectionPermission.objects.get_or_create(
                group=group,
                collection=collection,
                permission=permission(app_label, f"{action}_{model}"),
            )


def is_untouched(page: Page) -> bool:
    """Whether `page` still is the draft that `migrate` made."""
    return not page.live and page.latest_revision_id is None


def make_pages() -> None:
    """A home page with its plain pages, all drafts, in place of Wagtail's welcome page."""
    from practice.models import HomePage, StandardPage

    root = Page.get_first_root_node()
    if root is None or HomePage.objects.exists():
        return
    welcome = root.get_children()
    if any(page.specific_class is not Page or page.numchild for page in welcome):
        return  # somebody's own tree
    for page in welcome:
        page.delete()
    Group.objects.filter(name__in=WAGTAILS_GROUPS).delete()
    root.refresh_from_db()
    home = root.add_child(instance=HomePage(title="Home", slug="home", live=False))
    for slug, title in STANDARD_PAGES.items():
        home.add_child(
            instance=StandardPage(title=title, slug=slug, live=False, show_in_menus=slug in IN_MENU)
        )
    Site.objects.update_or_create(
        is_default_site=True,
        defaults={"hostname": "localhost", "root_page": home, "site_name": ""},
    )


def make_therapist_group() -> None:
    """The owner of a solo practice, who also decides who else may sign in."""
    group, _ = Group.objects.get_or_create(name=THERAPIST)
    group.permissions.add(
        permission("wagtailadmin", "access_admin"),
        permission("practice", "change_practicesettings"),
    )
    for action in ("add", "change", "delete"):
        group.permissions.add(
            permission("practice", f"{action}_user"),
            permission("wagtailredirects", f"{action}_redirect"),
        )
    let_use_files(group)
    root = Page.get_first_root_node()
    if root is not None:
        let_edit_pages(group, root)


def address_site() -> None:
    """Writes SITE_URL into the site's record, which the admin shows and nothing else goes by."""
    there = {"hostname": site_url.host(), "port": site_url.port()}
    if not Site.objects.filter(**there).exists():
        Site.objects.filter(is_default_site=True).update(**there)


def make_site(sender: Any, **kwargs: Any) -> None:
    """Receiver of `post_migrate`; does nothing the second time."""
    make_pages()
    address_site()
    make_therapist_group()
