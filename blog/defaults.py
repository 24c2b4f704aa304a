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


def make_blog(sender: Any, **kwargs: Any) -> None:
    """Receiver of `post_migrate`. Editors write articles and see nothing else."""
    home = HomePage.objects.first()
    if home is not None and is_untouched(home):
        for model, title in ((ArticleIndexPage, "Articles"), (BioPage, "About")):
            if not model.objects.exists():
                page = model(title=title, slug=title.lower(), live=False, show_in_menus=True)
                home.add_child(instance=page)
    editors, _ = Group.objects.get_or_create(name=EDITOR)
    editors.permissions.add(permission("wagtailadmin", "access_admin"))
    let_use_files(editors)
    index = ArticleIndexPage.objects.first()
    if index is not None:
        let_edit_pages(editors, index)
    therapists, _ = Group.objects.get_or_create(name=THERAPIST)
    for group in (editors, therapists):
        for action in ("add", "change", "delete", "view"):
            group.permissions.add(permission("blog", f"{action}_topic"))
