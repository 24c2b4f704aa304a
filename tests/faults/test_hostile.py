"""Whatever anybody sends to a public address, nothing breaks and nothing comes back as markup.

By schema: the fields that the forms have, the links that there are, and the headers that the
code reads, each filled with what an attacker would try, cut, doubled and mixed by hypothesis.
`make soak` sends 10,000.
"""

import os
import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking.models import ConsultationRequest, Schedule
from practice.models import PracticeSettings
from tests import factories

pytestmark = pytest.mark.django_db
MARK = "xkanari"
MANY = int(os.environ.get("HOSTILE", "10000"))
# What would run, or would end the place in which it stands.
MARKUP = [
    f"<{MARK}>",
    f"</title><script>{MARK}()</script>",
    f'"><{MARK} onload=alert(1)>',
    f"'><svg/onload={MARK}()>",
    f"javascript:{MARK}()",
    f"--><{MARK}>",
    f"]]><{MARK}>",
    f"</textarea><{MARK}>",
    f"&lt;{MARK}&gt;<{MARK}",
]
TROUBLE = [
    *("' OR '1'='1", "1; DROP TABLE booking_consultationrequest;--", "1' UNION SELECT null--"),
    *("{{ 7*7 }}{% debug %}", "${7*7}", "%s%n%x", "../../../../etc/passwd", "..%2f..%2f"),
    *("\x00", "a\x00b", "\r\nSet-Cookie: a=b", "\n\nHTTP/1.1 200 OK", "\ud800", "\u202e", "\ufeff"),
    *("9" * 400, "-1", "0", "1e999", "NaN", "Infinity", "2147483648", "9223372036854775808"),
    *("true", "[]", "{}", "null", "2026-13-45T99:99Z", "2026-01-01T00:00", "A" * 70_000),
    *("0" * 5000, "\u0661\u0662", "a@b", "@", "+", "+" + "1" * 30, "tel:;ext=", "\U0001f9d1" * 300),
]
WORDS = "pick none_suits ask_to_move withdraw restore send more zone suggest me teen yes CA".split()
VALID = {"name": "Robin", "email": "robin@example.com", "who": "us", "message": "Since the summer."}
BREAKS = re.compile(f"<{MARK}|<script>{MARK}|<svg/onload|=[\"']?javascript:{MARK}", re.IGNORECASE)

ordinary = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
hostile = st.one_of(
    st.sampled_from([*MARKUP, *TROUBLE]),
    st.tuples(ordinary, st.sampled_from([*MARKUP, *TROUBLE]), ordinary).map("".join),
    ordinary,
    st.sampled_from(WORDS),
    st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")),
)
FIELDS = (
    "key article state who name phone text_ok voicemail_ok email when time_zone parts good_hours "
    "message leave_out_article act pages opened anything_else sure version time elsewhere "
    "login password code next q email1 password1 password2 credential csrfmiddlewaretoken"
).split()
form = st.dictionaries(
    st.one_of(st.sampled_from(FIELDS), hostile), st.one_of(hostile, st.lists(hostile, max_size=3)),
    max_size=8,
)  # fmt: skip
HEADERS = (
    "Host X-Forwarded-For X-Forwarded-Proto X-Forwarded-Host Forwarded Origin Referer User-Agent "
    "Accept-Language Accept Accept-Encoding Cookie Authorization If-None-Match If-Modified-Since "
    "Range Sec-Fetch-Site X-Http-Method-Override X-Requested-With X-CSRFToken Content-Encoding"
).split()
# A server hands over bytes as Latin-1 (PEP 3333), and lets no line break through.
header_value = hostile.map(
    lambda text: re.sub("[\r\n]", "", text)[:4000].encode("utf-8", "replace").decode("latin-1")
)
headers = st.dictionaries(st.sampled_from(HEADERS), header_value, max_size=3)
part = hostile.map(lambda text: "".join(c for c in text if c not in "\r\n?#")[:2000])
METHODS = ["get", "post", "head", "put", "patch", "delete", "options", "trace"]
CONTENT_TYPES = [
    "application/x-www-form-urlencoded",
    "application/json",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "text/plain; charset=utf-99",
    "application/x-www-form-urlencoded; charset=" + "A" * 300,
    "",
]


def addresses(consultation: ConsultationRequest, secret: str) -> st.SearchStrategy[str]:
    """The public addresses, true ones and ones with a hostile part."""
    token = consultation.token
    true = [
        *("/", "/about/", "/articles/", "/articles/feed/", "/services/", "/fees/", "/faq/"),
        *("/privacy/", "/accessibility/", "/consultation/", "/consultation/sent/", "/theme.css"),
        *("/robots.txt", "/sitemap.xml", "/healthz/", "/account/login/"),
        *("/account/password/forgotten/", "/account/login/code/"),
        *(f"/consultation/manage/{token}/", f"/consultation/sent/?key={token}"),
        f"/calendar/{secret}.ics",
    ]
    cut = st.integers(0, len(token) - 1).map(lambda at: f"/consultation/manage/{token[:at]}/")
    patterns = [
        *("/{}", "/{}/", "/articles/{}/", "/articles/topics/{}/", "/consultation/manage/{}/"),
        *("/calendar/{}.ics", "/documents/{}/{}", "/documents/1/{}", "/static/{}", "/media/{}"),
        *(
            "/account/password/link/{}-{}/",
            "/account/password/link/1-{}/",
            "/admin/{}",
            "/admin/login/{}",
            "/_util/{}",
        ),
    ]
    queries = [
        *("/consultation/?article={}", "/consultation/?who={}", "/consultation/sent/?key={}"),
        *("/articles/?page={}", "/theme.css?v={}", "/account/login/?next={}", "/?{}={}"),
        *("/articles/feed/?{}", "/sitemap.xml?p={}"),
    ]
    made = st.tuples(st.sampled_from([*patterns, *queries]), part, part).map(
        lambda each: each[0].format(each[1], each[2])
    )
    return st.one_of(st.sampled_from(true), cut, made)


def fault(answer: HttpResponse) -> str:
    """What is wrong with an answer, or nothing."""
    if answer.status_code >= 500 and answer.status_code != 501:
        return f"status {answer.status_code}"
    for name, value in answer.headers.items():
        if any(control in value for control in "\r\n\0"):
            return f"a header {name} of more than one line"
    location = answer.headers.get("Location", "")
    if location.startswith(("//", "\\", "http", "javascript:")) and not location.startswith(
        ("http://testserver/", "https://testserver/")
    ):
        return f"a redirect to {location[:60]}"
    kind = answer.headers.get("Content-Type", "")
    body = b"".join(answer) if answer.streaming else answer.content
    if kind.startswith(("text/html", "application/atom", "application/xml", "image/svg")):
        text = body.decode("utf-8", errors="replace")
        if BREAKS.search(text):
            return "markup that was sent comes back"
    return ""


def encoded(fields: dict[str, Any]) -> dict[str, Any]:
    """As a browser could send it: what is no Unicode text goes as a replacement."""

    def clean(value: Any) -> Any:
        if isinstance(value, list):
            return [clean(each) for each in value]
        return value.encode("utf-8", errors="replace").decode()

    return {clean(name): clean(value) for name, value in fields.items()}


@pytest.mark.parametrize(
    "examples", [150, pytest.param(MANY, marks=pytest.mark.soak)], ids=["few", "many"]
)
def test_no_input_breaks_a_page_or_comes_back_as_markup(
    examples: int, practice: PracticeSettings, article: Any, settings_of_limits: Any
) -> None:
    factories.schedule()
    consultation = factories.consultation_request()
    strategy = addresses(consultation, Schedule.load().feed_secret)
    client = Client(raise_request_exception=False)
    sent = {"count": 0}

    @settings(
        max_examples=examples, deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(
        strategy,
        st.sampled_from(METHODS),
        form,
        headers,
        st.sampled_from(CONTENT_TYPES),
        st.booleans(),
        st.booleans(),
    )
    def send(
        path: str,
        method: str,
        fields: dict[str, Any],
        extra: dict[str, str],
        kind: str,
        raw: bool,
        sane: bool,
    ) -> None:
        sent["count"] += 1
        data = encoded({**VALID, **fields} if sane else fields)
        given: dict[str, Any] = {"headers": {**extra}}
        path = path.encode("utf-8", errors="replace").decode()
        if method == "post" and raw:
            body = "&".join(f"{name}={value}" for name, value in data.items())
            answer = client.generic("POST", path, body.encode(), kind, **given)
        elif method in ("get", "head", "post"):
            answer = getattr(client, method)(path, data, **given)
        else:
            answer = getattr(client, method)(path, **given)
        found = fault(answer)
        assert not found, found

    send()
    assert sent["count"] >= examples * 0.9


@pytest.fixture
def settings_of_limits(settings: Any) -> None:
    """All of it comes from one address, and none of it shall end at a limit."""
    settings.REQUESTS_PER_ADDRESS = settings.RESERVATIONS_PER_VISITOR = 10**9
    settings.ALLOWED_HOSTS = ["testserver"]
