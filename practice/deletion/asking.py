"""What is asked before something goes from the site.

By its address, before any view: the page that asks "Are you sure?" and what is posted from it are
treated alike, whichever of Wagtail's views it is.
"""

from typing import Any

from django.apps import apps
from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import ResolverMatch
from wagtail.admin.views.bulk_action.registry import bulk_action_registry
from wagtail.documents import get_document_model
from wagtail.models import Page, ReferenceIndex
from wagtail.permissions import policy_registry
from wagtail.snippets.models import get_snippet_models

from practice.accounts.middleware import is_about_accounts
from practice.accounts.reauthentication import ask_again
from practice.http import outage, private
from practice.http.middleware import Middleware, View
from practice.models import SiteImage

MANY = 5  # things that one act may take without the factor, where readers miss none of them
DELETES = {"delete", "delete_multiple"}
TAKES = DELETES | {"unpublish", "move"}


class AsksFirst(Middleware):
    """Stands after the middleware of the second factor, which lets nobody past who may not enter,
    and which asks by itself before accounts change.
    """

    def process_view(
        self, request: HttpRequest, view: View, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """The way to the second factor, before readers lose something or many things go at once.

        Once it was shown, the page that asks whether one is sure says what readers will miss.
        """
        match = request.resolver_match
        if match is None or not private.is_admin(request.path) or is_about_accounts(match):
            return None
        act, things = _meant(request, match) if request.user.is_authenticated else ("", [])
        if act not in TAKES:
            return None
        missed = [title for thing in things for title in missed_with(thing)]
        if not (missed and act in DELETES) and sum(map(_size, things)) <= MANY:
            return None
        asked = ask_again(request)
        if asked is None and missed and act != "move" and request.method == "GET":
            messages.warning(request, _told(missed, act, things[0]))
        return asked


def missed_with(thing: Model) -> list[str]:
    """The titles of what readers would miss: published pages, or whatever shows `thing`."""
    if isinstance(thing, Page):
        below = thing.get_descendants(inclusive=True).live()
        return list(below.values_list("title", flat=True))
    references = ReferenceIndex.get_references_to(thing).group_by_source_object()
    users = [source for source, _ in references]
    for link in thing._meta.related_objects:
        if link.many_to_many:  # which Wagtail's index does not know
            users += getattr(thing, link.get_accessor_name() or "").all()
    return [f"{thing}, on {user}" for user in users]


def _size(thing: Model) -> int:
    return thing.get_descendants(inclusive=True).count() if isinstance(thing, Page) else 1


def _told(missed: list[str], act: str, first: Model) -> str:
    listed = "; ".join(f"“{title}”" for title in missed)
    told = f"Readers will miss {listed}."
    if act not in DELETES:
        return told
    if isinstance(first, Page):
        return f"{told} You can bring pages back for 30 days, under Reports, Deleted pages."
    return f"{told} This can't be undone."


def _meant(request: HttpRequest, match: ResolverMatch) -> tuple[str, list[Any]]:
    """What an address of the admin does, and the things that its user may do it to."""
    try:
        if match.url_name == "wagtail_bulk_action":
            return match.kwargs["action"], _chosen(request, **match.kwargs)
        act = match.kwargs.get("action_name") or match.url_name or ""  # the first in Wagtail's API
        act = act.removesuffix("_confirm")  # the page that moves, after the one that asks where to
        return act, [each for each in _named(match, act) if _may(request.user, act, each)]
    except (Http404, ObjectDoesNotExist, LookupError, OverflowError, ValueError):
        return "", []  # an address of nothing, to which the view itself has an answer
    except DatabaseError as error:
        if outage.is_one(error):
            raise
        return "", []


def _chosen(request: HttpRequest, app_label: str, model_name: str, action: str) -> list[Any]:
    bulk_action = bulk_action_registry.get_bulk_action_class(app_label, model_name, action)
    if bulk_action is None or action not in TAKES:
        return []
    chosen, _ = bulk_action(request, apps.get_model(app_label, model_name)).get_actionable_objects()
    return list(chosen)


def _named(match: ResolverMatch, act: str) -> list[Any]:
    models: dict[str, Any] = {
        "wagtailadmin_pages": Page,
        "wagtailadmin_api:pages": Page,
        "wagtailimages": SiteImage,
        "wagtaildocs": get_document_model(),
    }
    models |= {model.snippet_viewset.url_namespace: model for model in get_snippet_models()}
    if act not in TAKES or match.namespace not in models:
        return []
    pk = next(iter(match.kwargs.values()))
    return list(models[match.namespace].objects.filter(pk=pk))


def _may(user: Any, act: str, thing: Any) -> bool:
    if not isinstance(thing, Page):
        policy = policy_registry.get(thing)
        return bool(policy.user_has_permission_for_instance(user, "delete", thing))
    allowed = thing.permissions_for_user(user)
    may = {"unpublish": allowed.can_unpublish, "move": allowed.can_move}
    return bool(may.get(act, allowed.can_delete)())
