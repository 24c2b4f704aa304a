"""Who may see and decide requests.

The Therapist group, superusers, and anybody who was granted the permission. That they sign in with
a second factor is the business of `practice/accounts`.
"""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from wagtail.permission_policies import BasePermissionPolicy

from practice.models import User
from practice.website.initial_data import THERAPIST, permission

REVIEW = "booking.review_consultationrequest"


def may_review(user: Any) -> bool:
    """Whether `user` may know that requests exist, read them and decide them."""
    return bool(user.is_active and user.has_perm(REVIEW))


def reviewers() -> QuerySet[User]:
    found: QuerySet[User] = ModelBackend().with_perm(REVIEW)
    return found


def is_read_by_one() -> bool:
    """Whether a visitor may be told that the therapist alone reads what they send."""
    return reviewers().count() < 2


def require_review(request: HttpRequest) -> None:
    """Raises Http404 for anybody who may not review: the address itself would tell too much."""
    if not may_review(request.user):
        raise Http404


class ReviewPolicy(BasePermissionPolicy):
    """For rows that go with the review of requests: whoever may review may do all with them."""

    def user_has_permission(self, user: Any, action: str) -> bool:
        return may_review(user)

    def users_with_any_permission(self, actions: Any) -> QuerySet[User]:
        return reviewers()


def let_therapists_review(sender: Any, **kwargs: Any) -> None:
    """Receiver of `post_migrate`: lets the Therapist group review requests."""
    group, _ = Group.objects.get_or_create(name=THERAPIST)
    group.permissions.add(permission("booking", "review_consultationrequest"))
