"""What `migrate` adds for reading and writing: empty pages as drafts, and the editors' group."""

from typing import Any

from django.contrib.auth.models import Group

from blog.models import ArticleIndexPage, BioPage
from practice.models import HomePage
from practice.website.initial_data import (
    THERAPIST,
    is_untouched,
    let_edit_pages,
    let_use_files,
    permission,
)

EDITOR = "Editor"


def make_pages() -> None:
    home = HomePage.objects.first()
    if home is None or not is_untouched(home):
        return
    if not ArticleIndexPage.objects.exists():
        home.add_child(
            instance=ArticleIndexPage(
                title="Articles", slug="articles", live=False, show_in_menus=True
            )
        )
    if not BioPage.objects.exists():
        home.add_child(
            instance=BioPage(title="About", slug="about", live=False, show_in_menus=True)
        )


def let_edit_topics(group: Group) -> None:
    for action in ("add", "change", "delete", "view"):
        group.permissions.add(permission("blog", f"{action}_topic"))


def make_groups() -> None:
    """Editors write articles and see nothing else; the therapist may do all that they may."""
    editors, _ = Group.objects.get_or_create(name=EDITOR)
    editors.permissions.add(permission("wagtailadmin", "access_admin"))
    let_use_files(editors)
    let_edit_topics(editors)
    index = ArticleIndexPage.objects.first()
    if index is not None:
        let_edit_pages(editors, index)
    let_edit_topics(Group.objects.get_or_create(name=THERAPIST)[0])


def make_blog(sender: Any, **kwargs: Any) -> None:
    """Receiver of `post_migrate`; does nothing the second time."""
    make_pages()
    make_groups()
