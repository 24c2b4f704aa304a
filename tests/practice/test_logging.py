"""What a log never keeps: what visitors wrote, their private links, and who they are."""

import importlib
import inspect
import io
import json
import logging
import pkgutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django import forms as django_forms
from django.apps import apps
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import DatabaseError, ProgrammingError, connection
from django.http import QueryDict
from django.test import Client, RequestFactory
from django.utils.log import AdminEmailHandler
from gunicorn.config import Config

from booking import forms, jobs
from booking.forms.contact import AddressForm
from booking.forms.review import LetterForm
from booking.models import ConsultationRequest, Letter, Proposal
from booking.services import by_visitor, notes
from practice.fields import EncryptedTextField
from practice.gunicorn_conf import DiscreetLogger
from practice.http import request_ids
from practice.http.logging import JSONFormatter, RedactingFormatter
from practice.models import PracticeSettings
from practice.monitoring import readiness
from tests import factories

FORMATTER = RedactingFormatter("{message}", style="{")
WORD = "kanari9f3k"


def written(message: object, *args: object, error: BaseException | None = None) -> str:
    exc_info = (type(error), error, error.__traceback__) if error else None
    # As a logging call makes it: a single mapping becomes the arguments itself.
    record = logging.LogRecord("any", logging.ERROR, __file__, 1, message, args, exc_info)
    return FORMATTER.format(record)


@pytest.mark.parametrize(
    "address",
    [
        "/consultation/manage/12-abc_DEF.signature-xyz/",
        "/consultation/sent/?key=12-abc_DEF.signature-xyz",
        "/calendar/12-abc_DEF.signature-xyz.ics",
        "/account/password/reset/key/3-abc_DEF-signature-1/",
    ],
)
def test_a_private_link_is_masked_in_message_and_arguments(address: str) -> None:
    line = written(f"POST {address} and %s failed", address)
    assert "signature" not in line
    assert "abc_DEF" not in line
    assert line.count("[") == 2, "both are masked"


def misspelled(address: str) -> list[str]:
    """Ways in which a mail program, a telephone or a scanner may write a private link."""
    head, end = address.strip("/").rsplit("/", 1)
    return [
        f"/{head.upper()}/{end.upper()}/",
        f"/{head.title()}/{end}/",
        f"//{head.replace('/', '//')}//{end}//",
        f"/./{head.replace('/', '/./')}/./{end}/..",
        f"/{head.replace('/', '/x/../')}/{end}/",
        f"/%2F{head.replace('/', '%2f')}%2F{end}%2F",
        f"/{head.replace('/', '%252F')}%252F{end}",
        f"/{head.replace('/', chr(92))}{chr(92)}{end}",
        f"/any/{head}/{end}/",
        f"/{head}/{end}/more/",
        f"/{head}/{end}.,)>&x=1;y",
        f"/{head}/ {end}/",
        f"/{head}/'{end}'/",
        f"/{end}/",
        f"/{head}/{end.replace('.', '%2E')}/",
    ]


TOKEN = "12-Ab_cDeFgHiJkLmNoPqRsT1.SIGned9-xyzSIGned9xyzSIGned9xyzSIGned9xyz_42"
LINKS = [
    f"/consultation/manage/{TOKEN}/",
    "/account/password/link/1a-cx3k2p-0123456789abcdef0123456789abcdef/",
]


@pytest.mark.parametrize(
    "address",
    [each for link in LINKS for each in misspelled(link)]
    + misspelled("/calendar/SIGned9-xyzAbcDefGhiJkl_1.ics")[:4],
)
def test_a_private_link_is_masked_however_it_is_misspelled(address: str) -> None:
    for line in (written(f"Not Found: {address}"), written("GET %s 404", address)):
        for secret in ("signed9", "abcdef", "ab_cdef"):
            assert secret not in line.lower()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("GET /articles/?q=my+husband HTTP/1.1", "GET /articles/?[query] HTTP/1.1"),
        ("Not Found: /?name=Robin", "Not Found: /?[query]"),
        ("refused: robin.smith+x@mail.example.com", "refused: [email]"),
        ("call (626) 555-0147 now", "call [phone] now"),
        ("call 626-555-0147", "call [phone]"),
        ("call +16265550147", "call [phone]"),
        ("call +49 30 901820 12", "call [phone]"),
        ("from 203.0.113.77:4711", "from 203.0.113.0/24:4711"),
        ("from 2001:db8:1:2:3:4:5:6", "from 2001:db8:1::/48"),
    ],
)
def test_what_tells_who_it_is_is_masked(text: str, kept: str) -> None:
    assert written(text) == written("%s", text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "GET /articles/",
        "e-mail 1203 failed: SMTPServerDisconnected 421",
        "Worker exiting (pid: 1234567)",
        "Listening at: http://127.0.0.1:8000 (412)",
        "2026-11-24 09:03:51,123 took 0.25 s",
        "[23/Nov/2026:16:28:20 -0800] GET / 200 4603 60",
        "Django 5.2.19 on ::1, see std::vector",
        "/account/recovery-codes/",
        "GET /calendar 404",
        "/articles/a-consultation-that-i-could-manage-and-my-calendar/",
        "/media/images/2026-11-24-12-a-walk-by-the-sea-in-autumn.width-800.jpg",
        "request 0123456789abcdef0123456789abcdef",
        "Why? Nobody knows.",
    ],
)
def test_all_else_is_written_as_it_is(text: str) -> None:
    assert written(text) == text


# --- What a call may be given by mistake -------------------------------------------------


def typed() -> dict[str, str]:
    names = "name email phone message good_hours state who when key article".split()
    return {name: f"{WORD} {name}" for name in names}


class Everything:
    def __str__(self) -> str:
        return WORD

    __repr__ = __str__


def given() -> dict[str, Callable[[], object]]:
    query = QueryDict(f"name={WORD}")
    return {
        "a request on file": lambda: ConsultationRequest(name=WORD, message=WORD),
        "its letter": lambda: Letter(subject=WORD, body=WORD),
        "its offered time": Proposal,
        "a form": lambda: LetterForm(
            {"subject": WORD, "body": WORD}, contact=ConsultationRequest(email=WORD).contact
        ),
        "the errors of a form": lambda: (
            AddressForm({"email": WORD * 999}, consultation=ConsultationRequest()).errors
        ),
        "what a form says": lambda: dict(typed()),
        "what was posted": lambda: query,
        "what a request holds": lambda: vars(ConsultationRequest(name=WORD)),
        "a list": lambda: [WORD],
        "the request to the server": lambda: RequestFactory().post(f"/?q={WORD}", typed()),
        "an error": lambda: ValueError(WORD),
        "bytes": lambda: WORD.encode(),
        "anything": Everything,
    }


@pytest.mark.parametrize("what", given())
@pytest.mark.parametrize("template", ["saw %s", "saw %r", "saw %s and %s", "saw %d", "saw %(x)s"])
def test_a_call_with_something_that_holds_words_writes_none_of_them(
    what: str, template: str
) -> None:
    value = given()[what]()
    assert WORD not in written(template, value)
    assert WORD not in written("saw", value)
    assert WORD not in written("saw %(x)s", {"x": value})


@pytest.mark.parametrize("what", given())
def test_something_that_holds_words_may_even_be_the_message(what: str) -> None:
    assert WORD not in written(given()[what]())


def test_plain_arguments_are_written() -> None:
    assert written("%s of %d, %.1f %s", "a", 3, 0.5, None) == "a of 3, 0.5 None"
    assert written("%(a)s", {"a": "b"}) == "b"
    assert written("no argument at 100%") == "no argument at 100%"
    assert written("%s", ConsultationRequest(pk=7)) == "<ConsultationRequest 7>"
    assert written("%s", RequestFactory().get("/a/?b=c")) == "<GET /a/>"


def holders() -> list[type]:
    """Every model with an encrypted field."""
    return [
        model
        for model in apps.get_models()
        if any(isinstance(field, EncryptedTextField) for field in model._meta.fields)
    ]


@pytest.mark.parametrize("model", holders(), ids=lambda model: model.__name__)
def test_a_row_with_personal_fields_is_called_by_its_number(model: Any) -> None:
    """Wherever it is turned into text: Wagtail's log, a message, an f-string."""
    encrypted = [f.name for f in model._meta.fields if isinstance(f, EncryptedTextField)]
    row = model(**dict.fromkeys(encrypted, WORD))
    assert WORD not in f"{row}{row!r}"


EVERY_FORM = {
    form
    for module in pkgutil.iter_modules(forms.__path__, "booking.forms.")
    for _, form in inspect.getmembers(importlib.import_module(module.name), inspect.isclass)
    if issubclass(form, django_forms.BaseForm)
}


@pytest.mark.parametrize("form", sorted(EVERY_FORM, key=str), ids=lambda form: form.__name__)
def test_a_form_is_called_by_its_fields(form: Any) -> None:
    bound = form.__new__(form)
    bound.__dict__ |= {"is_bound": True, "data": typed(), "_errors": None, "fields": {"name": 1}}
    assert WORD not in repr(bound)


# --- Errors ------------------------------------------------------------------------------


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        raise error from cause
    except BaseException as caught:
        return caught


def test_of_an_error_its_kind_and_place_are_written_and_not_its_words() -> None:
    error = raised(ValueError(WORD), raised(KeyError(WORD)))
    error.add_note(WORD)
    line = written("failed", error=error)
    assert WORD not in line
    assert "builtins.KeyError" in line
    assert "builtins.ValueError" in line
    assert "in raised" in line
    assert line.index("KeyError") < line.index("ValueError")


def test_words_that_another_formatter_left_at_the_record_are_not_written() -> None:
    error = raised(ValueError(WORD))
    record = logging.LogRecord(
        "any", logging.ERROR, "", 1, "failed", (), (ValueError, error, error.__traceback__)
    )
    assert WORD in logging.Formatter().format(record)
    assert WORD not in FORMATTER.format(record)
    assert WORD in logging.Formatter().format(record), "the record itself is left alone"


def test_no_text_passes_for_a_line_of_its_own() -> None:
    assert written("path %s", "/x\r\n2026-11-24 INFO signed in").count("\n") == 0


def test_errors_that_led_to_each_other_come_to_an_end() -> None:
    one, two = ValueError(WORD), KeyError(WORD)
    one.__context__, two.__context__ = two, one
    assert "ValueError" in written("failed", error=one)


# --- A crash while somebody's words are there ----------------------------------------------


class Traces:
    """All that a crash leaves behind: log, mail to administrators, page."""

    def __init__(self) -> None:
        self.log = io.StringIO()

    def of(self, answer: Any) -> str:
        mails = "".join(
            f"{m.subject}{m.body}{m.alternatives}" if hasattr(m, "alternatives") else m.body
            for m in mail.outbox
        )
        return self.log.getvalue() + mails + answer.content.decode()


@pytest.fixture
def traces(settings: Any) -> Iterator[Traces]:
    """The configured handlers write into memory; mail to administrators, which is not
    configured, is sent as Django would by itself, with all it can hold.
    """
    settings.ADMINS = [("Office", "office@practice.example")]
    traces = Traces()
    console = {h for name in ("", "django") for h in logging.getLogger(name).handlers}
    streams = {
        handler: handler.setStream(traces.log)
        for handler in console
        if isinstance(handler, logging.StreamHandler)
        and isinstance(handler.formatter, RedactingFormatter)
    }
    assert streams, "the settings' own handlers"
    mailer = AdminEmailHandler(include_html=True)
    mailer.setFormatter(FORMATTER)
    logging.getLogger("django").addHandler(mailer)
    yield traces
    logging.getLogger("django").removeHandler(mailer)
    for handler, stream in streams.items():
        handler.setStream(stream)


def with_words(*words: object) -> Exception:
    return ValueError(f"typed: {words}")


def in_the_database(*words: object) -> Exception:
    """A real error of SQLite or PostgreSQL, which repeats the statement's words."""
    with pytest.raises(DatabaseError, match=WORD) as caught, connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {WORD}")
    # By PostgreSQL's name: by SQLite's it would pass for a database that is away, and be no crash.
    error = ProgrammingError(*caught.value.args)
    error.__cause__ = caught.value
    return error


ERRORS: dict[str, Callable[..., Exception]] = {
    "words": with_words,
    "the database": in_the_database,
    "invalid": lambda *words: ValidationError({"name": [str(words)]}),
    "encoding": lambda *words: UnicodeEncodeError("ascii", f"{words}", 0, 1, "no ASCII"),
}


def breaks(error: Callable[..., Exception]) -> Callable[..., Any]:
    def broken(*args: Any, **kwargs: Any) -> Any:
        held = f"{vars(args[0]) if hasattr(args[0], '__dict__') else args} {kwargs} {WORD}"
        raise error(held)

    return broken


def ask(client: Client, crash: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(by_visitor, "submit", crash)
    words = typed() | {"email": f"{WORD}@visitor.example", "phone": "(626) 555-0147"}
    del words["state"], words["when"], words["who"]
    return client.post(f"/consultation/?article={WORD}", words, HTTP_COOKIE=f"a={WORD}")


def pick(client: Client, crash: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    consultation = by_visitor.submit(factories.unsaved_request(name=WORD))[0]
    monkeypatch.setattr(by_visitor, "withdraw", crash)
    address = consultation.get_absolute_url()
    fields = {"act": "withdraw", "phone": WORD, "time": WORD}
    return client.post(f"{address}?{WORD}={WORD}", fields)


def decide(client: Client, crash: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    consultation = by_visitor.submit(factories.unsaved_request(name=WORD))[0]
    monkeypatch.setattr("booking.viewsets.deciding.DecideView._decide", crash)
    fields = {"version": consultation.version, "subject": WORD, "body": WORD, "written_for": ""}
    return client.post(f"/admin/consultations/{consultation.pk}/decline/?{WORD}", fields)


def keep_note(client: Client, crash: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    consultation = by_visitor.submit(factories.unsaved_request(name=WORD))[0]
    monkeypatch.setattr(notes, "save_notes", crash)
    return client.post(f"/admin/consultations/{consultation.pk}/note/", {"note": WORD})


@pytest.mark.django_db
@pytest.mark.parametrize("debug", [False, True], ids=["live", "debug"])
@pytest.mark.parametrize("kind", ERRORS)
@pytest.mark.parametrize("act", [ask, pick, decide, keep_note])
def test_a_crash_leaves_no_words_in_log_mail_or_page(
    practice: PracticeSettings,
    as_therapist: Client,
    visitor: Client,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    traces: Traces,
    act: Callable[..., Any],
    kind: str,
    debug: bool,
) -> None:
    settings.DEBUG = debug
    client = as_therapist if act in (decide, keep_note) else visitor
    client.raise_request_exception = False
    answer = act(client, breaks(ERRORS[kind]), monkeypatch)
    assert answer.status_code == 500
    left = traces.of(answer)
    assert "Traceback" in traces.log.getvalue()
    assert "in broken" in traces.log.getvalue()
    assert debug or mail.outbox, "Django's own mail to administrators"
    for word in (WORD, "@visitor.example", "555-0147", "6265550147"):
        assert word not in left
    if act is pick:
        token = answer.wsgi_request.path.strip("/").rpartition("/")[2]
        assert token not in traces.log.getvalue() + answer.content.decode()


def test_gunicorn_writes_its_own_log_as_carefully(tmp_path: Path) -> None:
    settings = Config()
    for name in ("errorlog", "accesslog"):
        settings.set(name, str(tmp_path / name))
    logger = DiscreetLogger(settings)
    try:
        raise ValueError(WORD)
    except ValueError:
        logger.exception("Error handling request %s", f"/consultation/?name={WORD}")
    logger.access_log.info("%(h)s %(U)s", {"h": "203.0.113.77", "U": "/calendar/secret.ics"})
    for handler in [*logger.error_log.handlers, *logger.access_log.handlers]:
        handler.close()
    assert "builtins.ValueError" in (tmp_path / "errorlog").read_text()
    assert WORD not in (tmp_path / "errorlog").read_text()
    line = json.loads((tmp_path / "accesslog").read_text())
    assert line["message"] == "203.0.113.0/24 /calendar/[private]"


def test_nobody_is_sent_mail_of_a_crash() -> None:
    """It would leave the machine in clear, with a private link as its subject."""
    loggers = [logging.getLogger(name) for name in ("", "django", "django.request")]
    handlers = [type(handler) for each in loggers for handler in each.handlers]
    assert AdminEmailHandler not in handlers


@pytest.mark.django_db
def test_no_log_of_django_has_a_query_or_a_field(
    practice: PracticeSettings, visitor: Client, traces: Traces
) -> None:
    strange = {"HTTP_HOST": "evil.example", "HTTP_X_FORWARDED_FOR": "203.0.113.77"}
    visitor.get(f"/no-such-page/?q={WORD}")
    visitor.get(f"/consultation/?{WORD}", **strange)  # django.security.DisallowedHost
    visitor.get("/theme.css/" + "x" * 20, {WORD: WORD})
    Client(enforce_csrf_checks=True).post(f"/account/login/?{WORD}", {"login": WORD})
    visitor.delete(f"/theme.css?{WORD}={WORD}")
    visitor.post("/consultation/", {f"{WORD}{n}": n for n in range(10_001)})  # too many fields
    logging.getLogger("django.server").info('"%s" %s', f"GET /?q={WORD} HTTP/1.1", "200")
    log = traces.log.getvalue()
    assert log.count("\n") >= 4
    assert WORD not in log
    assert "203.0.113.77" not in log


# --- JSON, and the number of a request -----------------------------------------------------


def as_json(message: object, *args: object, error: BaseException | None = None) -> dict[str, Any]:
    exc_info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("any", logging.ERROR, __file__, 1, message, args, exc_info)
    line = JSONFormatter().format(record)
    assert line.isascii()
    assert "\n" not in line
    return json.loads(line)


@pytest.mark.parametrize("what", given())
@pytest.mark.parametrize("template", ["saw %s", "saw %r", "saw %(x)s"])
def test_json_holds_none_of_the_words_either(what: str, template: str) -> None:
    value = given()[what]()
    for line in (as_json(template, value), as_json("saw %(x)s", {"x": value}), as_json(value)):
        assert WORD not in json.dumps(line)


def test_json_is_redacted_before_it_is_escaped() -> None:
    private = 'J\u00f6rg@example.com +16265550147 "/calendar/12-abc.ics" ?q=a"b 203.0.113.77\nnext'
    said = as_json("%s", private)["message"]
    for word in ("example.com", "6265550147", "12-abc", "203.0.113.77"):
        assert word not in said
    assert "\n" in said, "which JSON escapes"


def test_json_has_the_time_with_its_offset_and_of_a_crash_the_places() -> None:
    line = as_json("failed", error=raised(ValueError(WORD)))
    assert set(line) == {"time", "level", "logger", "message", "request_id", "traceback"}
    assert datetime.fromisoformat(line["time"]).utcoffset() == timedelta(0)
    assert "builtins.ValueError" in line["traceback"]
    assert WORD not in json.dumps(line)


def test_every_line_of_a_request_has_its_number_and_no_other_line_has(
    visitor: Client, traces: Traces, db: None
) -> None:
    numbers = [visitor.get("/no-such-page/")["X-Request-ID"] for _ in range(2)]
    assert len(set(numbers)) == 2
    lines = [json.loads(line) for line in traces.log.getvalue().splitlines()]
    assert [line["request_id"] for line in lines if "Not Found" in line["message"]] == numbers
    assert request_ids.current() == ""
    assert as_json("afterwards")["request_id"] == ""
    assert (
        RedactingFormatter("{request_id} {message}", style="{")
        .format(logging.LogRecord("any", logging.INFO, "", 1, "afterwards", (), None))
        .startswith("- ")
    )


@pytest.mark.parametrize(
    ("given", "behind", "is_taken"),
    [
        ("0123456789abcdef" * 2, True, True),
        ("0123456789abcdef" * 2, False, False),
        ("0123456789ABCDEF" * 2, True, False),
        ("short", True, False),
        ("0" * 33, True, False),
        ("0" * 31 + "\n", True, False),
        (WORD, True, False),
    ],
)
def test_only_a_number_of_the_proxys_form_is_taken(
    visitor: Client, settings: Any, given: str, behind: bool, is_taken: bool
) -> None:
    settings.BEHIND_PROXY = behind
    number = visitor.get("/healthz/", HTTP_X_REQUEST_ID=given)["X-Request-ID"]
    assert (number == given) is is_taken
    assert request_ids.acceptable(number)


def test_who_meets_a_crash_is_told_the_number_under_which_the_log_has_it(
    visitor: Client, traces: Traces, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.raise_request_exception = False
    monkeypatch.setattr(readiness, "failing", breaks(ValueError(WORD)))
    answer = visitor.get("/readyz/")
    assert answer.status_code == 500
    told = answer["X-Request-ID"][:8]
    assert f"<strong>{told}</strong>" in answer.content.decode()
    crash = [json.loads(line) for line in traces.log.getvalue().splitlines()][-1]
    assert crash["request_id"].startswith(told)
    assert "in broken" in crash["traceback"]


def test_a_run_of_a_job_has_a_number_of_its_own() -> None:
    seen: list[str] = []
    job = jobs.Job("any", lambda: seen.append(request_ids.current()), seconds=0)
    job.run_if_due()
    job.run_if_due()
    assert len(set(seen)) == 2
    assert all(map(request_ids.acceptable, seen))
