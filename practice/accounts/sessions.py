"""How long one stays signed in: until half an hour without doing anything, and twelve hours."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.http import HttpRequest

from practice.models import User

IDLE = timedelta(seconds=settings.SESSION_COOKIE_AGE)
LONGEST = timedelta(hours=12)
NOTED_EVERY = 60  # seconds: activity is written down no more often
STARTED, SEEN = "started", "seen"  # in a session: seconds since 1970

# What an open page of the admin asks for by itself, while nobody is there.
POLLED = ("/account/alive/", "/admin/editing-sessions/", "/admin/sprite/", "/admin/jsi18n/")


class SessionStore(DatabaseStore):
    """A session whose row ends when it should; other changes to it do not put that off."""

    def get_expiry_date(self, **kwargs: Any) -> datetime:
        started, seen = self.get(STARTED), self.get(SEEN)
        if started is None or seen is None:
            return super().get_expiry_date(**kwargs)
        ends = min(seen + IDLE.total_seconds(), started + LONGEST.total_seconds())
        return datetime.fromtimestamp(ends, tz=UTC)


def note_start(sender: Any, request: HttpRequest, **kwargs: Any) -> None:
    """Receiver of `user_logged_in`."""
    request.session[STARTED] = request.session[SEEN] = time.time()


def renew(sender: Any, request: HttpRequest, **kwargs: Any) -> None:
    """Receiver of `authentication_step_completed`: whoever showed a factor again gets a new key.

    OWASP ASVS 5.0, 7.2.4. Signing in renews it by itself.
    """
    old = request.session.session_key
    if kwargs.get("reauthenticated") and old:
        request.session.cycle_key()
        theirs = UserSession.objects.filter(session_key=old)
        theirs.update(session_key=request.session.session_key)


def end_when_shut(sender: Any, instance: Any, **kwargs: Any) -> None:
    """Receiver of `post_save` of an account: one that was shut, and opened again, starts anew."""
    if not instance.is_active:
        end_all(instance)


def end_when_less(
    sender: Any, instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any
) -> None:
    """Receiver of `m2m_changed` of the groups of accounts: whoever lost one signs in again."""
    if action not in ("post_remove", "pre_clear"):
        return
    who = [instance]
    if reverse:  # the instance is the group
        who = instance.user_set.all() if pk_set is None else User.objects.filter(pk__in=pk_set)
    for user in who:
        end_all(user)


def end_with_group(sender: Any, instance: Any, **kwargs: Any) -> None:
    """Receiver of `pre_delete` of a group, which takes its members away without a word."""
    for user in instance.user_set.all():
        end_all(user)


def note_activity(request: HttpRequest) -> None:
    """Puts off the end of a session, unless the page asked by itself or did so just now."""
    seen = request.session.get(SEEN)
    asks_by_itself = request.path.startswith(POLLED) and "typed" not in request.GET
    if seen is None or asks_by_itself:
        return
    now = time.time()
    if abs(now - seen) >= NOTED_EVERY:
        request.session[SEEN] = now
        # A clock that was set back makes no session longer.
        request.session[STARTED] = min(request.session.get(STARTED, now), now)


def last_seen(session: UserSession) -> datetime:
    seen = SessionStore(session.session_key).get(SEEN)
    return datetime.fromtimestamp(seen, tz=UTC) if seen else session.created_at


def end_all(user: Any) -> int:
    """Ends every session of `user`, at once; how many there were."""
    theirs = [
        session.session_key
        for session in Session.objects.iterator()
        if session.get_decoded().get(SESSION_KEY) == str(user.pk)
    ]
    Session.objects.filter(pk__in=theirs).delete()
    UserSession.objects.filter(user=user).delete()
    return len(theirs)


def forget_old(now: datetime) -> None:
    Session.objects.filter(expire_date__lte=now).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()


BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome"}
BROWSERS |= {"Safari": "Safari"}  # which others call themselves, too
SYSTEMS = {"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows"}
SYSTEMS |= {"Mac OS": "Mac", "Linux": "Linux"}


def device(user_agent: str) -> str:
    """What one recognizes one's device by, such as "Firefox on Windows", and no more."""
    browser = next((BROWSERS[name] for name in BROWSERS if name in user_agent), "A browser")
    system = next((SYSTEMS[name] for name in SYSTEMS if name in user_agent), "")
    return f"{browser} on {system}" if system else browser


def keep_little(sender: Any, instance: UserSession, **kwargs: Any) -> None:
    """Receiver of `pre_save`: a list of one's sessions needs no full user agent."""
    if " on " not in instance.user_agent[:30]:
        instance.user_agent = device(instance.user_agent)
