from typing import Any

from django.forms import CheckboxSelectMultiple
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext

from practice.models.page_forms import PageForm


class ArticleForm(PageForm):
    """A new article begins with its author, where there is but one to choose; and where there is
    no topic to choose, the form says how one is made.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "author" in self.fields and self.instance._state.adding:
            authors = self.fields["author"].queryset.values_list("pk", flat=True)[:2]
            if len(authors) == 1:
                self.initial["author"] = authors[0]
        topics = self.fields.get("topics")
        if topics is not None and not topics.queryset.exists():
            topics.widget = CheckboxSelectMultiple()  # which is nothing, and no tall empty box
            topics.help_text = format_html(
                gettext(
                    'You have no topics yet. <a href="{}">Make one</a> under Snippets, then choose '
                    "it here."
                ),
                reverse("wagtailsnippets_blog_topic:add"),
            )
