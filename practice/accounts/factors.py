"""Who has a second factor, who must, and whether this session has shown one."""

from typing import Any

from allauth.account.internal.flows.login import (
    get_authentication_records,
    record_authentication,
)
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from practice.accounts.sessions import end_all
from practice.models import User

# Recovery codes come with one of these and are none by themselves.
STANDING = (Authenticator.Type.WEBAUTHN, Authenticator.Type.TOTP)


def standing(user: Any) -> list[Authenticator]:
    """The passkeys and the authenticator app of `user`, oldest first."""
    return list(Authenticator.objects.filter(user=user, type__in=STANDING).order_by("pk"))


def is_enrolled(user: Any) -> bool:
    return bool(Authenticator.objects.filter(user=user, type__in=STANDING).exists())


def may_enter(request: HttpRequest) -> bool:
    """Whether whoever signed in may go on to the admin as far as factors are concerned: with one
    shown in this session, of which a password alone leaves no such record.
    """
    records = get_authentication_records(request, request.user)
    if any(record.get("method") == "mfa" for record in records):
        return True
    return not settings.SECOND_FACTOR_REQUIRED and not is_enrolled(request.user)


def may_remove(factor: Authenticator) -> bool:
    """The last factor stays while one is required."""
    others = (other for other in standing(factor.user) if other.pk != factor.pk)
    return not settings.SECOND_FACTOR_REQUIRED or any(others)


def count_enrolment(request: HttpRequest, factor: Authenticator) -> None:
    """Whoever has just made a factor has it at hand, and is not asked for it at once."""
    record_authentication(
        request, factor.user, "mfa", id=factor.pk, type=factor.type, reauthenticated=True
    )


def reset(user: User) -> tuple[int, int]:
    """Removes every factor of `user` and ends their sessions; how many of each there were."""
    removed, _ = Authenticator.objects.filter(user=user).delete()
    user.last_login = timezone.now()  # a link on its way to them is dead
    user.save(update_fields=["last_login"])
    return removed, end_all(user)
