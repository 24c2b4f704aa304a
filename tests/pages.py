"""Every kind of page that a visitor, and whoever signs in, can meet, in each of its states.

One list for what looks at all of them: vnu, axe and `make screenshots`. Each page is asked for by
the tests' client, on the sample practice, and kept as it came.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import axes.utils
import time_machine
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from blog.models import ArticleIndexPage, ArticlePage, Topic
from booking.letters.emails import Draft
from booking.models import ConsultationRequest, State
from booking.services import by_visitor, decisions, expiry
from booking.times.open_times import OBJECTIONS
from practice.accounts.letters import one_time_link
from practice.models import HomePage, Intake, PracticeSettings, User
from practice.samples import SIGN_IN
from practice.website import concerns
from tests import factories

TOOLS = Path(__file__).resolve().parent / "tools" / "node_modules"  # which `make tools` fills
PASSWORD = "correct horse 7"
LOGIN = "/account/login/"
FORM, SENT, CODE = "/consultation/", "/consultation/sent/", "/consultation/code/"
TYPED = {
    "name": "Robin",
    "email": "robin@example.com",
    "phone": "626 555 0143",
    "state": "CA",
    "good_hours": "after 6",
    "message": "We keep having the same evening.",
    "act": "send",
}
WORDS = Draft("About your request", "Words of the therapist.")


@dataclass(frozen=True)
class Shown:
    """A page as it came. Its name begins with what kind of page it is, as in "form: errors"."""

    name: str
    path: str
    status: int
    html: str

    @property
    def kind(self) -> str:
        return self.name.partition(":")[0]


class Pages:
    """What was shown so far, in its order."""

    def __init__(self) -> None:
        self.shown: list[Shown] = []
        self.visitor = Client(raise_request_exception=False)
        self.therapist = User.objects.get(email=SIGN_IN)

    def keep(self, name: str, answer: Any) -> None:
        path, html = answer.request["PATH_INFO"], answer.content.decode()
        assert "</html>" in html, (name, answer.status_code, html[:500])
        self.shown.append(Shown(name, path, answer.status_code, html))

    def get(self, name: str, path: str, client: Client | None = None) -> None:
        answer = (client or self.visitor).get(path, follow=True)
        assert path == LOGIN or answer.request["PATH_INFO"] != LOGIN, f"{name} asks to sign in"
        self.keep(name, answer)

    def post(self, name: str, path: str, fields: dict[str, Any], **headers: str) -> None:
        self.keep(name, self.visitor.post(path, fields, headers=headers))


def load_sample() -> None:
    """Makes of the bare tree the sample practice, which uses every block, open for requests."""
    call_command("load_sample_practice", password=PASSWORD)
    call_command("load_sample_blog")
    factories.open_the_sample()
    factories.schedule()


def everything() -> list[Shown]:
    """All of them, of the sample; leaves requests behind."""
    pages = Pages()
    for part in (to_read, form, sent, own_page, errors, account):
        part(pages)
    names = [page.name for page in pages.shown]
    assert len(names) == len(set(names))
    return pages.shown


def one_of_each(shown: list[Shown]) -> list[Shown]:
    """The first of each kind."""
    first: dict[str, Shown] = {}
    for page in shown:
        first.setdefault(page.kind, page)
    return list(first.values())


@contextmanager
def practice_where(**changes: Any) -> Iterator[None]:
    """Within it, the practice says something else about itself."""
    before = PracticeSettings.objects.values(*changes).get()
    PracticeSettings.objects.update(**changes)
    yield
    PracticeSettings.objects.update(**before)


# --- What people read ----------------------------------------------------------------------


def to_read(pages: Pages) -> None:
    pages.get("home", "/")
    for slug in ("services", "fees", "faq", "privacy", "accessibility"):
        pages.get(slug, f"/{slug}/")
    concern(pages)
    pages.get("about", "/about/")
    pages.get("essays", "/articles/")
    pages.get("topic", f"/articles/topics/{Topic.objects.earliest('pk').slug}/")
    for article in ArticlePage.objects.live().order_by("pk"):
        pages.get(f"essay: {article.slug}", article.url)
    with more_essays_than_one_list_shows():
        pages.get("essays: second of three lists", "/articles/?page=2")
    with practice_where(therapist_name="", has_taken_request=False):
        pages.get("soon", "/")


def concern(pages: Pages) -> None:
    """As one click makes it; gone again, since it would stand in the menu of all that follows."""
    page = concerns.make(HomePage.objects.get(), pages.therapist)
    pages.get("concern", factories.publish(page).url)
    page.delete()


@contextmanager
def more_essays_than_one_list_shows() -> Iterator[None]:
    before, ArticleIndexPage.per_page = ArticleIndexPage.per_page, 1
    yield
    ArticleIndexPage.per_page = before


# --- The form ------------------------------------------------------------------------------


def form(pages: Pages) -> None:
    essay = ArticlePage.objects.live().earliest("pk")
    pages.get("form", FORM)
    pages.get("form: from an essay", f"{FORM}?article={essay.pk}")
    pages.get("form: a teen", f"{FORM}?who=teen")
    pages.get("form: elsewhere", f"{FORM}?elsewhere")
    pages.post("form: more times", FORM, TYPED | {"act": "more"})
    pages.post("form: discreet", FORM, TYPED | {"act": "more", "discreet": "on"})
    with practice_where(licensed_regions="CA California\nNY New York"):
        pages.get("form: two places", FORM)
    with practice_where(intake=Intake.WITHOUT_TIMES):
        pages.get("form: without times", FORM)
    with practice_where(intake=Intake.WAITING_LIST):
        pages.get("form: waitlist", FORM)
    form_given_back(pages)
    form_closed(pages)


def form_given_back(pages: Pages) -> None:
    """What was sent and could not be taken as it was."""
    pages.post("form: errors", FORM, {"act": "send"})
    pages.post("form: a slip", FORM, TYPED | {"email": "robin@gmial.com"})
    pages.post("form: from elsewhere", FORM, TYPED, sec_fetch_site="cross-site")
    taken = factories.open_time().isoformat()
    by_visitor.submit(factories.unsaved_request(asked_for=factories.open_time()))
    pages.post("form: time taken", FORM, TYPED | {"when": taken})
    again = TYPED | {"key": "0b7cbb0c-7bd6-4f52-8f6f-2f5f5a1c0e5e"}
    pages.visitor.post(FORM, again)
    pages.post("form: sent before", FORM, again | {"name": "Rob"})
    before, settings.REQUESTS_PER_ADDRESS = settings.REQUESTS_PER_ADDRESS, 0
    pages.post("form: too many", FORM, TYPED)
    settings.REQUESTS_PER_ADDRESS = before
    with connection.execute_wrapper(away):
        pages.post("form: unsent", FORM, TYPED)


def form_closed(pages: Pages) -> None:
    with practice_where(intake=Intake.CLOSED):
        pages.get("form: closed", FORM)
        pages.post("form: closed meanwhile", FORM, TYPED)
    with practice_where(nobody_home_since=timezone.now()):
        pages.get("form: nobody home", FORM)
    with practice_where(therapist_name="", has_taken_request=False):
        pages.get("form: not open yet", FORM)


def away(execute: object, *arguments: object) -> NoReturn:
    raise OperationalError("away")


def sent(pages: Pages) -> None:
    times = iter(factories.open_times())
    for name, fields in (
        ("", {"asked_for": next(times)}),
        (": no time asked for", {}),
        (": by telephone", {"email": "", "phone": "+16265550143"}),
        (": discreet", {"discreet": True}),
    ):
        pages.get(f"sent{name}", f"{SENT}?key={asked(**fields).token}")
    pages.get("sent: no key", SENT)


# --- The visitor's own page ----------------------------------------------------------------


def asked(**fields: Any) -> ConsultationRequest:
    return by_visitor.submit(factories.unsaved_request(**fields))[0]


def offered(by: User, **fields: Any) -> ConsultationRequest:
    consultation = asked(**fields)
    starts = factories.open_times()[:3]
    decisions.offer(
        consultation, user=by, words=WORDS, starts=starts, minutes=20, despite=OBJECTIONS
    )
    return consultation


def agreed(by: User, **fields: Any) -> ConsultationRequest:
    return factories.agreed_request(factories.open_time(), by=by, **fields)


def own_page(pages: Pages) -> None:
    waits(pages)
    has_a_time(pages)
    is_over(pages)
    erasing(pages)


def own(pages: Pages, name: str, consultation: ConsultationRequest) -> None:
    pages.get(f"own page: {name}", consultation.get_absolute_url())


def waits(pages: Pages) -> None:
    own(pages, "waiting", asked())
    own(pages, "waiting, by telephone", asked(email="", phone="+16265550143"))
    own(pages, "waiting, discreet", asked(discreet=True))
    timed = asked(asked_for=factories.open_time())
    own(pages, "waiting, with a time", timed)
    assert timed.holds_until
    with time_machine.travel(timed.holds_until + timedelta(minutes=1)):
        expiry.end_reservations()
        own(pages, "waiting, its time lost", timed)
    with time_machine.travel(timezone.now() + timedelta(days=9)):
        own(pages, "late", timed)
    with practice_where(nobody_home_since=timezone.now()):
        own(pages, "nobody home", asked())
    waitlisted = asked()
    decisions.waitlist(waitlisted, user=pages.therapist, words=WORDS)
    own(pages, "waitlisted", waitlisted)


def has_a_time(pages: Pages) -> None:
    by = pages.therapist
    offer = offered(by)
    own(pages, "offered", offer)
    address = offer.get_absolute_url()
    pages.post("own page: offered, nothing chosen", address, {"act": "pick"})
    by_visitor.none_suits(offer)
    own(pages, "offered, none suits", offer)
    stale = {"act": "pick", "version": "0", "time": "none"}
    pages.post("own page: too late", address, stale)
    confirmed = agreed(by)
    own(pages, "confirmed", confirmed)
    own(pages, "confirmed, by telephone", agreed(by, email="", phone="+16265550143"))
    own(pages, "confirmed, discreet", agreed(by, discreet=True, wants_calendar_file=False))
    by_visitor.ask_to_move(confirmed)
    own(pages, "confirmed, to be moved", confirmed)
    assert confirmed.ends_at
    with time_machine.travel(confirmed.ends_at + timedelta(hours=1)):
        own(pages, "confirmed, over", confirmed)


def is_over(pages: Pages) -> None:
    by = pages.therapist
    declined, closed, cancelled, withdrawn = asked(), asked(), agreed(by), asked()
    decisions.decline(declined, user=by, words=WORDS)
    own(pages, "declined", declined)
    decisions.close(closed, user=by)
    own(pages, "closed", closed)
    decisions.cancel(cancelled, user=by, words=WORDS)
    own(pages, "cancelled", cancelled)
    by_visitor.withdraw(withdrawn)
    own(pages, "withdrawn", withdrawn)
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        own(pages, "withdrawn, for good", withdrawn)
    offer = offered(by)
    factories.letters_left()
    assert offer.holds_until
    with time_machine.travel(offer.holds_until + timedelta(minutes=1)):
        expiry.expire_offers()
        offer.refresh_from_db()
        assert offer.state == State.EXPIRED
        own(pages, "expired", offer)


def erasing(pages: Pages) -> None:
    duty = {"kept_until": timezone.localdate() + timedelta(days=99), "kept_because": "a case"}
    for name, fields, then in (
        ("", {}, "link has ended"),
        (", kept by duty", duty, "erasure asked for"),
    ):
        consultation = asked(**fields)
        address = consultation.get_absolute_url()
        pages.post(f"own page: erase{name}", address, {"act": "erase"})
        pages.post(f"own page: erased{name}", address, {"act": "erase", "sure": "yes"})
        own(pages, then, consultation)
    pages.get("own page: gone", "/consultation/manage/gone/")
    pages.get("own page: by a code", CODE)
    pages.post("own page: wrong code", CODE, {"code": "2222 3333"})


# --- Errors, and signing in ----------------------------------------------------------------


def errors(pages: Pages) -> None:
    visitor = pages.visitor
    pages.get("error: 404", "/no-such-page/")
    pages.keep("error: 400", visitor.get("/", headers={"host": "other.example"}))
    suspicious = Client(enforce_csrf_checks=True)
    pages.keep("error: 403", suspicious.post("/account/login/", {"login": SIGN_IN}))
    with connection.execute_wrapper(broken):
        pages.get("error: 500", FORM)
    with connection.execute_wrapper(away):
        pages.get("error: 503", "/")
        pages.post("error: 503 after a post", "/consultation/manage/1-a.b/", {"act": "withdraw"})


def broken(execute: object, *arguments: object) -> NoReturn:
    raise ZeroDivisionError


def account(pages: Pages) -> None:
    """As if nobody had guessed before, and the therapist had no second factor yet."""
    axes.utils.reset()
    Authenticator.objects.filter(user=pages.therapist).delete()
    visitor = pages.visitor
    pages.get("account", LOGIN)
    pages.post("account: sign-in, errors", LOGIN, {})
    pages.get("account: forgotten", "/account/password/forgotten/")
    pages.get("account: link sent", "/account/password/sent/")
    pages.get("account: closed", "/account/closed/")
    link = one_time_link(pages.therapist).removeprefix(settings.SITE_URL).strip()
    pages.get("account: choose a password", link)
    pages.get("account: dead link", "/account/password/link/1-no/")
    pages.keep(
        "account: given back",
        visitor.post("/admin/consultations/demand/", {"name": "Robin"}),
    )
    bare = Client()
    bare.post(LOGIN, {"login": SIGN_IN, "password": PASSWORD})
    pages.get("account: enroll", "/account/second-factor/", bare)
    pages.get("account: passkey", "/account/second-factor/passkey/", bare)
    pages.get("account: app", "/account/second-factor/app/", bare)
    inside = factories.signed_in(pages.therapist, again=True)
    inside.post("/account/second-factor/codes/new/")
    for path in (
        *("", "sessions/", "password/change/", "logout/"),
        *("second-factor/codes/", "second-factor/codes/new/", "second-factor/app/remove/"),
    ):
        pages.get(f"account: /{path}", f"/account/{path}", inside)
    not_again = factories.signed_in(pages.therapist)
    pages.get("account: code again", "/account/again/code/", not_again)
    halfway = Client()
    halfway.post(LOGIN, {"login": SIGN_IN, "password": PASSWORD})
    pages.get("account: code", "/account/login/code/", halfway)
    wrong = {"login": SIGN_IN, "password": "wrong"}
    answers = (visitor.post(LOGIN, wrong) for _ in range(20))
    pages.keep("account: locked out", next(each for each in answers if each.status_code == 429))
