"""Links by which somebody of the practice chooses a password or a passkey.

The worker sends them: a page that sent mail itself would take longer, or fail, for an address
that has an account, and so tell strangers which do.
"""

from datetime import datetime, timedelta

from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.mail import EmailMessage
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from practice.environment import site_url
from practice.mail.sending import Sender, written
from practice.models import OwedLink, User
from practice.worker import clocks

TRIED_AGAIN_AFTER = timedelta(minutes=1)
APART = timedelta(minutes=5)  # between two letters to one person, whoever asks
GOOD_FOR = timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)


class TokensOf(PasswordResetTokenGenerator):
    """Django's tokens as they were made at `moment`."""

    def __init__(self, moment: datetime) -> None:
        super().__init__()
        self.moment = moment

    def _now(self) -> datetime:
        return self.moment.astimezone().replace(tzinfo=None)  # naive and local, as Django's own


def one_time_link(user: User, since: datetime | None = None) -> str:
    """Good for a day from `since`, or from now, and dead once its user has a new password or has
    signed in.
    """
    key = TokensOf(since or timezone.now()).make_token(user)
    names = {"uidb36": user_pk_to_url_str(user), "key": key}
    return site_url.absolute(reverse("account_reset_password_from_key", kwargs=names))


def use_up_link(user: User) -> bool:
    """Ends every link of `user` by what goes into them; False if another browser just did.

    `user` as it was when the link was looked at.
    """
    as_it_was = User.objects.filter(
        pk=user.pk, password=user.password, last_login=user.last_login, is_active=True
    )
    user.last_login = timezone.now()
    return bool(as_it_was.update(last_login=user.last_login))


def ask_for_link(user: User) -> None:
    """Promises `user` a letter, unless they were promised one minutes ago."""
    now = timezone.now()
    owed, is_new = OwedLink.objects.get_or_create(user=user, defaults={"asked_at": now})
    if not is_new:
        # From the future where the clock was ahead and is set back.
        is_over = Q(asked_at__lt=now - APART) | Q(asked_at__gt=now + APART)
        # Whoever is just sending the old one finds that it is theirs no more.
        OwedLink.objects.filter(is_over, pk=owed.pk).update(
            asked_at=now, sent_at=None, attempts=0, lease=None, leased_until=None
        )


class Links(Sender[OwedLink]):
    """Tried once a minute, for as long as the link is good."""

    model = OwedLink

    def build(self, letter: OwedLink) -> EmailMessage | None:
        is_believed = clocks.are_believed()
        is_over = is_believed and letter.asked_at < timezone.now() - GOOD_FOR
        if is_over or not letter.user.is_active:
            return None
        # By the clock by which it is opened.
        link = one_time_link(letter.user, since=None if is_believed else letter.asked_at)
        return written("account/email/link", letter.user.email, link=link)

    def wait(self, letter: OwedLink, error: Exception, attempts: int) -> timedelta:
        return TRIED_AGAIN_AFTER


send_due = Links.send_due


def forget_old(now: datetime) -> None:
    OwedLink.objects.filter(asked_at__lt=now - GOOD_FOR).delete()
