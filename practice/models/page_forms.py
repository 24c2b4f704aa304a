"""The form in which a page is written."""

from typing import Any

from django.utils import timezone
from wagtail.admin.forms import WagtailAdminPageForm

from practice.jurisdiction import times


class PageForm(WagtailAdminPageForm):
    """Wagtail's, whose times of publishing say their zone, and which saves a page that expired."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = times.zone_name(timezone.get_current_timezone(), timezone.now())
        for name in {"go_live_at", "expire_at"} & self.fields.keys():
            self.fields[name].help_text = f"In {zone}."

    def add_error(self, field: str | None, error: Any) -> None:
        """But not that a page has expired, where that is no news, as long as it is no more than
        saved. Wagtail asks for a time to come, so that nobody could correct such a page.
        """
        if field == "expire_at" and self.is_deferred_validation and self._keeps_its_end():
            # To the second: the form knows only the minute.
            self.cleaned_data["expire_at"] = self.instance.expire_at
        else:
            super().add_error(field, error)

    def _keeps_its_end(self) -> bool:
        given, stored = self.cleaned_data.get("expire_at"), self.instance.expire_at
        same = given and stored and given == stored.replace(second=0, microsecond=0)
        return bool(same) and not self.has_error("go_live_at")
