from typing import Any

from wagtail.admin.forms import WagtailAdminPageForm


class ArticleForm(WagtailAdminPageForm):
    """A new article begins with its author, where there is but one to choose."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "author" in self.fields and self.instance._state.adding:
            authors = self.fields["author"].queryset.values_list("pk", flat=True)[:2]
            if len(authors) == 1:
                self.initial["author"] = authors[0]
