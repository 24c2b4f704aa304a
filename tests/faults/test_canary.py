"""What a visitor writes stands in clear nowhere that the site writes, but in letters to them."""

import base64
import codecs
import os
import quopri
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup
from django.db import connection

from booking.models import ConsultationRequest, Letter, OutgoingEmail, RequestEvent, State
from tests import factories
from tests.faults.browser import Browser
from tests.faults.canaries import found_below, found_in
from tests.faults.mailserver import MailServer
from tests.faults.site import PASSWORD, THERAPIST, LiveSite
from tests.throwaway_postgres import programs

NAME, ADDRESS, PHONE = "kanariname4f8q", "kanariaddress2x7w", "6265550147"
MESSAGE, HOURS = "kanarimessage9d3k", "kanarihours6v1z"
SUBJECT, LETTER, NOTE = "kanarisubject5t2m", "kanariletter8r4p", "kanarinote3b7c"
ALL = (NAME, ADDRESS, PHONE, MESSAGE, HOURS, SUBJECT, LETTER, NOTE)
PHONE_AS_TYPED = "(626) 555-0147"
PHONE_FORMS = ("626) 555-0147", "626-555-0147", "626 555 0147", "626.555.0147")
NOWHERE = (*ALL, *PHONE_FORMS)

TYPED = {
    "who": "us",
    "name": f"Zoé {NAME}",
    "email": f"{ADDRESS}@visitor.example",
    "phone": PHONE_AS_TYPED,
    "text_ok": "on",
    "parts": ["evenings"],
    "good_hours": f"after 6 {HOURS}",
    "message": f"Since the summer, {MESSAGE} and “quiet” again.",
}
WAYS = {
    "UTF-8": str.encode,
    "capitals": lambda text: text.upper().encode(),
    "UTF-16": lambda text: text.encode("utf-16"),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64, one byte on": lambda text: base64.b64encode(b"x" + text.encode()),
    "base64, two bytes on": lambda text: base64.b64encode(b"xx" + text.encode()),
    "base64 in lines": lambda text: base64.encodebytes(b"x" * 50 + text.encode()),
    "quoted-printable": lambda text: quopri.encodestring(b"x" * 65 + text.encode()),
    "quoted-printable of each byte": lambda text: (
        "=%02X" * len(text) % (*text.encode(),)
    ).encode(),
    "hex": lambda text: codecs.encode(text.encode(), "hex"),
    "JSON": lambda text: f'{{"name": "Zo\\u00e9 {text}"}}'.encode(),
    "an address": lambda text: quote(f"Zoé {text}").encode(),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_search_finds_a_planted_canary(tmp_path: Path, way: str) -> None:
    for number, word in enumerate(ALL):
        (tmp_path / str(number)).write_bytes(bytes(range(256)) + WAYS[way](word) + b"\0\n")
    assert {(file, word) for file, word, _ in found_below(tmp_path, ALL)} == {
        (str(number), word) for number, word in enumerate(ALL)
    }


def test_the_search_finds_a_canary_in_the_name_of_a_file(tmp_path: Path) -> None:
    (tmp_path / f"letter-to-{NAME}").mkdir()
    assert found_below(tmp_path, ALL) == [(f"letter-to-{NAME}", NAME, "UTF-8")]


class InFiles:
    """Mail as `make run` has it: DEBUG on, each message a file in the data folder."""

    debug = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"filemail:///{folder}"

    def messages(self) -> list[bytes]:
        texts = [file.read_bytes() for file in sorted(self.folder.iterdir())]
        return [message for text in texts for message in text.split(b"-" * 79 + b"\n") if message]


class BySmtp:
    """Mail as a live site has it, and DEBUG off."""

    debug = False

    def __init__(self, server: MailServer) -> None:
        self.server = server
        self.url = server.url

    def messages(self) -> list[bytes]:
        return [delivery.content for delivery in self.server.accepted]


Mail = InFiles | BySmtp


@pytest.fixture(
    params=[
        pytest.param("mail in files", marks=pytest.mark.soak),
        "mail by SMTP",
    ]  # as in production
)
def mail(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Mail]:
    if request.param == "mail in files":
        yield InFiles(tmp_path / "site" / "data" / "mail")
        return
    server = MailServer()
    server.start()
    yield BySmtp(server)
    server.stop()


@pytest.fixture
def site(live_site: Callable[..., LiveSite], mail: Mail) -> LiveSite:
    site = live_site(mail.url, debug=mail.debug)
    if not mail.debug:
        site.collect_static()
    site.worker.start()
    site.start_web()
    return site


def test_what_a_visitor_writes_stands_nowhere_in_clear(site: LiveSite, mail: Mail) -> None:
    visitor, therapist = Browser(site.url), Browser(site.url)
    with site.database():  # held open, or SQLite would empty its write-ahead log at each turn
        posts_that_are_not_kept(visitor, site)
        assert not ConsultationRequest.objects.exists()
        assert_nothing_in_clear(site, mail)

        manage = ask(visitor, site)
        consultation = ConsultationRequest.objects.get()
        assert_all_of_it_arrived(consultation)
        site.wait_for_mail()
        assert_nothing_in_clear(site, mail)

        visitor.post(manage, {"act": "calendar_file"})
        sign_in(therapist)
        confirm(therapist, consultation)
        keep_note(therapist, consultation)
        site.wait_for_mail()
        assert_nothing_in_clear(site, mail)

        assert "You can bring your request back within a day" in visitor.get(manage).text
        assert "Bring my request back" in visitor.post(manage, {"act": "withdraw"}).text
        assert "Cancel my request" in visitor.post(manage, {"act": "restore"}).text
        site.wait_for_mail()  # whoever writes an alert would meet the table that is away, too
        crashes_while_they_ask(visitor, site, manage)
        if connection.vendor == "sqlite":
            assert (site.data / "db.sqlite3-wal").stat().st_size > 0
        assert_nothing_in_clear(site, mail)
        kinds = OutgoingEmail.objects.order_by("kind").values_list("kind", flat=True)
        assert " ".join(kinds) == "alert_changed alert_changed alert_new letter letter received"
        assert_letters_hold_no_more_than_they_must(mail)

    site.stop()
    assert_nothing_in_clear(site, mail)
    assert_the_private_link_is_in_no_log(site, consultation, manage)
    with site.database():
        OutgoingEmail.objects.update(last_error=f"refused: {ADDRESS}@visitor.example")
        assert ADDRESS in {word for _, word, _ in found_everywhere(site, mail)}


# --- What people do ----------------------------------------------------------------------


def hidden_and_shown(html: str) -> dict[str, object]:
    """What the page's own form would post, unchanged."""
    soup = BeautifulSoup(html, "html.parser")
    form = soup.select_one("main form[method=post]") or soup.select_one("form[method=post]")
    assert form is not None, html
    fields: dict[str, object] = {
        str(i["name"]): i.get("value", "")
        for i in form.select("input[name]")
        if i.get("type") not in ("checkbox", "radio")
    }
    return fields | {str(t["name"]): t.text.lstrip("\n") for t in form.select("textarea[name]")}


def posts_that_are_not_kept(visitor: Browser, site: LiveSite) -> None:
    """Mistakes, a visitor from elsewhere, a link that leads nowhere, and a crash."""
    again = visitor.post("/consultation/", TYPED | {"email": f"{ADDRESS}@", "phone": "12"})
    assert MESSAGE in again.text  # shown to them once more
    elsewhere = visitor.post("/consultation/", TYPED | {"state": "elsewhere"})
    assert "I didn't save what you just typed" in elsewhere.text
    assert visitor.get("/consultation/manage/17-nonce.signature/").status == 404
    assert "[private]" in site.log()
    with broken(ConsultationRequest):
        assert visitor.post("/consultation/", TYPED).status == 500
    assert "Traceback" in site.log()


def ask(visitor: Browser, site: LiveSite) -> str:
    """From an article to the page after sending; the address of the private link."""
    article = visitor.get(site.article().url)
    link = BeautifulSoup(article.text, "html.parser").select_one(
        'a[href*="/consultation/?article="]'
    )
    assert link is not None
    form = visitor.get(str(link["href"]))
    sent = visitor.post("/consultation/", hidden_and_shown(form.text) | TYPED)
    assert "/consultation/sent/" in sent.url
    private = BeautifulSoup(sent.text, "html.parser").select_one('a[href*="/consultation/manage/"]')
    assert private is not None
    return str(private["href"])


def sign_in(therapist: Browser) -> None:
    address = "/account/login/?next=/admin/"
    form = hidden_and_shown(therapist.get(address).text)
    typed = form | {"login": THERAPIST, "password": PASSWORD, "next": "/admin/"}
    step = therapist.post(address, typed)
    code = hidden_and_shown(step.text) | {"code": factories.code_for(factories.SECRET)}
    home = therapist.post("/account/login/code/", code)
    assert home.url.endswith("/admin/"), home.text


def confirm(therapist: Browser, consultation: ConsultationRequest) -> None:
    """With the time first, then a letter that the therapist changes."""
    assert NAME in therapist.get("/admin/consultations/").text
    address = f"/admin/consultations/{consultation.pk}/confirm/"
    time = hidden_and_shown(therapist.get(address).text) | {
        "day": f"{date.today().year + 1}-01-11",
        "hour": "09:00",
    }
    letter = hidden_and_shown(therapist.post(address, time).text)
    letter["subject"] = f"{letter['subject']} {SUBJECT}"
    letter["body"] = f"{letter['body']}\nÀ bientôt, {LETTER}."
    done = therapist.post(address, letter)
    assert "on its way" in done.text
    assert PHONE in done.text


def keep_note(therapist: Browser, consultation: ConsultationRequest) -> None:
    page = f"/admin/consultations/{consultation.pk}/"
    form = hidden_and_shown(therapist.get(page).text)
    kept = therapist.post(f"{page}note/", form | {"note": f"Ask about {NOTE}"})
    assert NOTE in kept.text


def crashes_while_they_ask(visitor: Browser, site: LiveSite, manage: str) -> None:
    """A crash is logged; what the visitor typed, and the private link, must not be."""
    before = site.log().count("Traceback")
    with broken(RequestEvent):
        answers = [
            visitor.post("/consultation/", TYPED),
            visitor.post(manage, {"act": "withdraw"}),
        ]
    assert [answer.status for answer in answers] == [500, 500]
    assert site.log().count("Traceback") > before


class broken:  # noqa: N801
    """Takes a model's table away for as long as the block lasts."""

    def __init__(self, model: type[ConsultationRequest] | type[RequestEvent]) -> None:
        self.table = model._meta.db_table

    def rename(self, old: str, new: str) -> None:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA legacy_alter_table=ON")  # leave what refers to it alone
            cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")

    def __enter__(self) -> None:
        self.rename(self.table, "taken_away")

    def __exit__(self, *error: object) -> None:
        self.rename("taken_away", self.table)


# --- What must hold ----------------------------------------------------------------------


def assert_all_of_it_arrived(consultation: ConsultationRequest) -> None:
    assert consultation.name == TYPED["name"]
    assert consultation.email == TYPED["email"]
    assert consultation.phone == f"+1{PHONE}"
    assert consultation.message == TYPED["message"]
    assert consultation.good_hours == TYPED["good_hours"]
    assert consultation.article_id
    assert consultation.state == State.PENDING


def found_everywhere(site: LiveSite, mail: Mail) -> list[tuple[str, str, str]]:
    """Every canary below the site's folder and in the database, but in mail to the visitor."""
    # Another process copies: reading SQLite's files here would drop the locks of our own
    # connection (POSIX locks go with the first close of a file), and the site would then
    # empty the write-ahead log under it.
    with tempfile.TemporaryDirectory() as copy:
        subprocess.run(["cp", "--archive", site.folder, copy], check=True)
        found = found_below(Path(copy) / site.folder.name, NOWHERE)
    if isinstance(mail, InFiles):
        found = [hit for hit in found if not hit[0].startswith("data/mail/")]
    if connection.vendor == "postgresql":
        found += [("dump", *hit) for hit in found_in(dump(site), NOWHERE)]
    return found


def dump(site: LiveSite) -> bytes:
    server = connection.settings_dict
    return subprocess.run(
        [programs() / "pg_dump", site.database_name],
        env=os.environ
        | {
            "PGHOST": str(server["HOST"]),
            "PGPORT": str(server["PORT"]),
            "PGUSER": str(server["USER"]),
            "PGPASSWORD": str(server["PASSWORD"]),
        },
        check=True,
        capture_output=True,
    ).stdout


def assert_nothing_in_clear(site: LiveSite, mail: Mail) -> None:
    assert found_everywhere(site, mail) == []


def parts(content: bytes) -> Iterator[tuple[str, str]]:
    """`(name, text)` of each header and part of a message, decoded."""
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    for name, value in message.items():
        yield name, str(value)
    for part in message.walk():
        if not part.is_multipart():
            yield part.get_content_type(), part.get_content()


def assert_letters_hold_no_more_than_they_must(mail: Mail) -> None:
    """The address where mail and calendars need it; words in the therapist's own letter alone;
    the name in greetings alone, and not where a letter outlives an erasure.
    """
    letters = dict(Letter.objects.values_list("version", "kind"))
    kinds = {
        str(owed.key): letters[owed.version] if owed.kind == "letter" else owed.kind
        for owed in OutgoingEmail.objects.all()
    }
    written = {
        "confirm": {
            "To": {ADDRESS},
            "Subject": {SUBJECT},
            "text/plain": {LETTER, NAME},
            "text/html": {LETTER, NAME},
            "text/calendar": {ADDRESS},  # who is invited
        },
        "withdrawal": {"To": {ADDRESS}, "text/calendar": {ADDRESS}},
        "received": {"To": {ADDRESS}, "text/plain": {NAME}, "text/html": {NAME}},
    }
    seen = []
    for content in mail.messages():
        message = message_from_bytes(content, policy=policy.default)
        kind = kinds[str(message["Message-ID"]).strip("<>").partition("@")[0]]
        seen.append(kind)
        must = written.get(kind, {})
        for name, text in parts(content):
            held = {word for word, _ in found_in(text.encode(), NOWHERE)}
            assert held == must.get(name, set()), (kind, name)
            if NAME in held:
                assert text.count(NAME) == text.count(f"Hi {TYPED['name']},") == 1, (kind, name)
        # As it lies there, in whatever encoding: nothing beside what was decoded above.
        allowed = {word for words in must.values() for word in words}
        assert {word for word, _ in found_in(content, NOWHERE)} <= allowed
    assert sorted(seen) == sorted(kinds.values())
    if isinstance(mail, BySmtp):
        to_visitor = [d for d in mail.server.accepted if kinds[d.key] in written]
        assert all(d.to == [TYPED["email"]] for d in to_visitor)
        assert not any(
            ADDRESS in "".join(d.to) for d in mail.server.accepted if d not in to_visitor
        )


def assert_the_private_link_is_in_no_log(
    site: LiveSite, consultation: ConsultationRequest, manage: str
) -> None:
    token = manage.strip("/").rpartition("/")[2]
    assert token == consultation.token
    signature = token.partition(".")[2].lower()
    words = [part.lower() for part in (token, signature, consultation.link_nonce)]
    logged = site.log()
    assert "/consultation/manage/[private]" in logged
    assert not [word for word in words if word in logged.lower()]
