"""Links by which somebody of the practice chooses a password or a passkey.

The worker sends them: a page that sent mail itself would take longer, or fail, for an address
that has an account, and so tell strangers which do.
"""

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException

from allauth.account.utils import user_pk_to_url_str
from anymail.exceptions import AnymailError
from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.mail import send_mail
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from practice import contacts
from practice.environment import site_url
from practice.mail import leases
from practice.mail.errors import describe, is_the_servers
from practice.models import OwedLink, PracticeSettings, User
from practice.worker import clocks

logger = logging.getLogger(__name__)

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
        OwedLink.objects.filter(is_over, pk=owed.pk).update(asked_at=now, sent_at=None)


def send_due() -> int:
    """Sends the letters that are owed; how many left. What fails is tried again for a day.

    A server that is away ends the round: the next letter would meet the same.
    """
    now = timezone.now()
    owed = OwedLink.objects.filter(sent_at=None, user__is_active=True)
    is_believed = clocks.are_believed()
    if is_believed:
        owed = owed.filter(asked_at__gt=now - GOOD_FOR)
    sent = 0
    for one in owed.filter(leases.free(now)).select_related("user"):
        try:
            # By the clock by which it is opened.
            sent += _send(one, since=None if is_believed else one.asked_at)
        except (OSError, SMTPException, AnymailError) as error:
            logger.error("A link to sign in could not be sent: %s", describe(error))
            if is_the_servers(error):
                break
    return sent


def _send(owed: OwedLink, since: datetime | None) -> bool:
    """Whether it left. It is noted as sent when it is, and not before."""
    now = timezone.now()
    until = leases.ends(now)
    unsent = OwedLink.objects.filter(pk=owed.pk, sent_at=None)
    if not unsent.filter(leases.free(now)).update(leased_until=until):
        return False
    mine = unsent.filter(leased_until=until)
    words = {"link": one_time_link(owed.user, since), "practice": PracticeSettings.load()}
    try:
        send_mail(
            render_to_string("account/email/link_subject.txt", words).strip(),
            render_to_string("account/email/link_body.txt", words),
            settings.DEFAULT_FROM_EMAIL,
            [contacts.wire(owed.user.email)],
        )
    except Exception:
        mine.update(leased_until=timezone.now() + TRIED_AGAIN_AFTER)
        raise
    return bool(mine.update(sent_at=timezone.now(), leased_until=None))


def forget_old(now: datetime) -> None:
    OwedLink.objects.filter(asked_at__lt=now - GOOD_FOR).delete()
