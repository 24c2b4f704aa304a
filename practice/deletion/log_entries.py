"""The log in which Wagtail writes who changed what: names outlive the accounts."""

from typing import Any

from wagtail.log_actions import log, registry
from wagtail.models import BaseLogEntry, Page

from practice.models import User

NAME = "name_of_deleted_user"


def keep_name(sender: Any, instance: User, **kwargs: Any) -> None:
    """Receiver of `pre_delete`: writes a name into each entry, which has a bare number else."""
    for model in registry.get_log_entry_models():
        entries = list(model.objects.filter(user=instance))
        for entry in entries:
            entry.data = {**entry.data, NAME: str(instance)}
        model.objects.bulk_update(entries, ["data"], batch_size=200)


def lead_wagtail() -> None:
    """Lets Wagtail's reports and histories show that name."""
    theirs = BaseLogEntry.user_display_name.func

    def user_display_name(entry: Any) -> str:
        return str(entry.data.get(NAME) or theirs(entry))

    BaseLogEntry.user_display_name = property(user_display_name)


def note_bulk_deletion(request: Any, act: str, things: list[Any], bulk_action: Any) -> None:
    """Writes down what goes at once, which Wagtail does for pages alone. A hook of bulk actions."""
    if act == "delete" and bulk_action.model is not Page:
        for thing in things:
            log(instance=thing, action="wagtail.delete", deleted=True)
