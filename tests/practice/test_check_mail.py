"""What decides whether letters arrive, looked at on a DNS server and mail servers of our own."""

import base64
import socket
import socketserver
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID
from django.core.management import CommandError, call_command

from practice.mail import reach, records, services
from practice.mail.findings import Finding, Verdict
from tests import mail_service
from tests.mail_service import MailService

GOOD, ADVICE, FAULT = Verdict.GOOD, Verdict.ADVICE, Verdict.FAULT


# --- A DNS server --------------------------------------------------------------------------


class Answering(socketserver.BaseRequestHandler):
    server: "NameServer"

    def handle(self) -> None:
        data, connection = self.request
        query = dns.message.from_wire(data)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        [question] = query.question
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        if self.server.fails:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif found := self.server.zone.get((name, kind)):
            answer.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", kind, found))
        elif not any(known == name for known, _ in self.server.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        connection.sendto(answer.to_wire(), self.client_address)


class NameServer(socketserver.ThreadingUDPServer):
    """Answers from `zone`, a table of (name, kind)."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.zone: dict[tuple[str, str], list[str]] = {}
        self.fails = False

    def text(self, name: str, *texts: str) -> None:
        """Publishes TXT records, each in the pieces of 255 that longer ones come in."""
        self.zone[name, "TXT"] = [
            " ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255))
            for text in texts
        ]

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def records(self) -> records.Records:
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], self.server_address[1]
        resolver.lifetime = 3
        return records.Records(resolver)


@pytest.fixture
def names() -> Iterator[NameServer]:
    server = NameServer()
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def public_rsa(bits: int) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


RSA_KEY = public_rsa(2048)


def publish_all(names: NameServer, domain: str = "practice.test") -> None:
    names.text(domain, "hello=world", "v=spf1 include:mailgun.org ~all")
    names.text("mailgun.org", "v=spf1 include:_spf.mailgun.org ~all")
    names.text("_spf.mailgun.org", "v=spf1 ip4:192.0.2.0/24 ~all")
    names.text(f"k1._domainkey.{domain}", f"v=DKIM1; k=rsa; p={RSA_KEY}")
    names.text(f"_dmarc.{domain}", "v=DMARC1; p=quarantine")
    names.zone[domain, "MX"] = ["10 mx.mailbox.test."]


# --- SPF -----------------------------------------------------------------------------------


def spf(names: NameServer, include: str | None, *published: str) -> Finding:
    names.zone["practice.test", "A"] = ["192.0.2.1"]
    if published:
        names.text("practice.test", *published)
    names.text("mailgun.org", "v=spf1 ip4:192.0.2.0/24 ~all")
    return records.look_at_spf("practice.test", names.records, include)


def test_a_domain_without_spf_is_given_the_very_record(names: NameServer) -> None:
    found = spf(names, "mailgun.org")
    assert found.verdict == FAULT
    assert found.record == 'practice.test. TXT "v=spf1 include:mailgun.org ~all"'


def test_what_cannot_be_known_is_asked_of_the_provider(names: NameServer) -> None:
    assert "Ask your mail provider" in spf(names, None).todo
    known = spf(names, None, "v=spf1 include:them.test -all")
    assert known.verdict == ADVICE


@pytest.mark.parametrize(
    ("published", "verdict", "says"),
    [
        (["v=spf1 include:mailgun.org ~all"], GOOD, "names your mail service"),
        (["V=SPF1 INCLUDE:mailgun.org -ALL"], GOOD, "names your mail service"),
        (["v=spf1 a mx ~all"], FAULT, "doesn't name the service"),
        (["v=spf1 ~all", "v=spf1 include:mailgun.org ~all"], FAULT, "2 SPF records"),
        (["v=spf1 include:mailgun.org +all"], FAULT, "lets anyone"),
        (["v=spf1 include:mailgun.org all"], FAULT, "lets anyone"),
        (["v=spf1 " + " ".join(f"exists:{n}.test" for n in range(11))], FAULT, "more than 10"),
    ],
)
def test_each_spf_record_is_judged(
    names: NameServer, published: list[str], verdict: Verdict, says: str
) -> None:
    found = spf(names, "mailgun.org", *published)
    assert (found.verdict, says in found.says) == (verdict, True), found


def test_a_record_that_lacks_the_service_is_given_back_with_it(names: NameServer) -> None:
    found = spf(names, "mailgun.org", "v=spf1 a mx -all")
    assert found.record == 'practice.test. TXT "v=spf1 include:mailgun.org a mx -all"'


def test_what_is_included_by_another_counts_and_circles_end(names: NameServer) -> None:
    names.text("ours.test", "v=spf1 include:mailgun.org include:practice.test ~all")
    assert spf(names, "mailgun.org", "v=spf1 include:ours.test ~all").verdict == GOOD
    names.text("ours.test", "v=spf1 include:ours.test include:practice.test ~all")
    assert spf(names, "mailgun.org", "v=spf1 redirect=ours.test").verdict == FAULT


def test_a_service_that_sends_under_its_own_name_needs_no_spf(names: NameServer) -> None:
    assert spf(names, "").verdict == GOOD


# --- DKIM, DMARC, answers ------------------------------------------------------------------


def ed25519() -> str:
    return base64.b64encode(b"k" * 32).decode()


@pytest.mark.parametrize(
    ("published", "verdict", "says"),
    [
        (f"v=DKIM1; k=rsa; p={RSA_KEY}", GOOD, "There is a key at pm._domainkey"),
        (f"k=rsa; p={RSA_KEY}", GOOD, "There is a key"),
        (f"p={RSA_KEY}", GOOD, "There is a key"),
        (f"v=DKIM1; k=ed25519; p={ed25519()}", GOOD, "There is a key"),
        ("v=DKIM1; p=", FAULT, "revoked"),
        (f"v=DKIM1; p={RSA_KEY[:-40]}", FAULT, "cut off"),
        ("v=DKIM1; p=not a key!", FAULT, "cut off"),
        (f"v=DKIM1; p={base64.b64encode(b'none').decode()}", FAULT, "cut off"),
    ],
)
def test_each_dkim_key_is_judged(
    names: NameServer, published: str, verdict: Verdict, says: str
) -> None:
    names.text("pm._domainkey.practice.test", published)
    found = records.look_at_dkim("practice.test", names.records, ["k1", "pm"])
    assert (found.verdict, says in found.says) == (verdict, True), found


def test_without_a_key_the_selectors_that_were_tried_are_named(names: NameServer) -> None:
    found = records.look_at_dkim("practice.test", names.records, ["pm", "k1", "pm"])
    assert found.verdict == FAULT
    assert "under pm, k1." in found.says
    assert "--selector" in found.todo


@pytest.mark.parametrize(
    ("place", "published", "verdict"),
    [
        ("_dmarc.mail.practice.test", "v=DMARC1; p=reject", GOOD),
        ("_dmarc.practice.test", "v=DMARC1;p=quarantine; rua=mailto:x@practice.test", GOOD),
        ("_dmarc.practice.test", "v=DMARC1; p=none", ADVICE),
        ("_dmarc.practice.test", "v=DMARC1; rua=mailto:x@practice.test", FAULT),
        ("_dmarc.test", "v=DMARC1; p=reject", FAULT),
        ("elsewhere.test", "v=DMARC1; p=reject", FAULT),
    ],
)
def test_each_dmarc_policy_is_judged_also_that_of_the_domain_above(
    names: NameServer, place: str, published: str, verdict: Verdict
) -> None:
    names.text(place, published)
    found = records.look_at_dmarc("mail.practice.test", names.records)
    assert found.verdict == verdict, found


def test_without_dmarc_the_record_to_add_is_given(names: NameServer) -> None:
    found = records.look_at_dmarc("practice.test", names.records)
    assert found.record == '_dmarc.practice.test. TXT "v=DMARC1; p=none"'


@pytest.mark.parametrize(
    ("kind", "published", "verdict"),
    [
        ("MX", ["10 mx.mailbox.test."], GOOD),
        ("MX", ["0 ."], FAULT),
        ("A", ["192.0.2.1"], GOOD),
        ("TXT", ['"nothing"'], FAULT),
    ],
)
def test_a_domain_that_takes_no_mail_loses_what_visitors_answer(
    names: NameServer, kind: str, published: list[str], verdict: Verdict
) -> None:
    names.zone["practice.test", kind] = published
    assert records.look_at_answers("practice.test", names.records).verdict == verdict


def test_a_dns_that_does_not_answer_is_said_not_to(names: NameServer) -> None:
    names.fails = True
    found = records.look("practice.test", names.records, spf="", selectors=["pm"])
    assert {each.verdict for each in found} == {FAULT}
    assert all("didn't respond" in each.says for each in found)


# --- The way out ---------------------------------------------------------------------------


def certificate(folder: Path, name: str = "localhost") -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """`(the server's, that of a client that trusts it)`."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + made.public_bytes(Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=str(file))


def free_port() -> int:
    with socketserver.TCPServer(("127.0.0.1", 0), None) as probe:  # type: ignore[arg-type]
        return int(probe.server_address[1])


def knows(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
    return AuthResult(success=given.password == b"right")


@pytest.fixture
def contexts(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return certificate(tmp_path)


@pytest.fixture
def smtp(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> Iterator[Controller]:
    """A mail server that speaks STARTTLS and wants a name and a password."""
    server = Controller(
        object(),
        hostname="127.0.0.1",
        port=free_port(),
        tls_context=contexts[0],
        authenticator=knows,
        auth_require_tls=True,
    )
    server.start()
    yield server
    server.stop()


def asked(
    server: reach.Server, context: ssl.SSLContext | None = None, **more: Any
) -> list[Finding]:
    return reach.look_at_server(server, context=context, timeout=3, **more)


def test_a_server_that_speaks_tls_and_knows_us_is_good(
    smtp: Controller, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    server = reach.Server("localhost", smtp.port, tls=True, ssl=False, user="n", password="right")
    way, signing_in = asked(server, contexts[1])
    assert way.verdict == signing_in.verdict == GOOD
    assert "uses TLS" in way.says


def test_a_wrong_password_is_told_from_a_wrong_server(
    smtp: Controller, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    server = reach.Server("localhost", smtp.port, tls=True, ssl=False, user="n", password="wrong")
    way, signing_in = asked(server, contexts[1])
    assert (way.verdict, signing_in.verdict) == (GOOD, FAULT)
    assert "wrong" not in " ".join(signing_in.lines())


def test_a_certificate_that_nobody_vouches_for_is_named(smtp: Controller) -> None:
    [way] = asked(reach.Server("localhost", smtp.port, tls=True, ssl=False))
    assert way.verdict == FAULT
    assert "can't be trusted" in way.says


def test_the_wrong_kind_of_tls_is_told_with_the_right_one(
    smtp: Controller, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    [way] = asked(reach.Server("localhost", smtp.port, tls=False, ssl=True), contexts[1])
    assert way.verdict == FAULT
    assert "smtp+tls://" in way.todo


def test_a_server_without_tls_is_told_of_unless_it_is_on_this_machine() -> None:
    server = Controller(object(), hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        [local] = asked(reach.Server("127.0.0.1", server.port, tls=False, ssl=False))
        [far] = asked(reach.Server("127.0.0.2", server.port, tls=False, ssl=False, user=""))
        [wants] = asked(reach.Server("127.0.0.1", server.port, tls=True, ssl=False))
    finally:
        server.stop()
    assert local.verdict == ADVICE
    assert far.verdict == FAULT, "nothing listens there"
    assert "not with the TLS" in wants.says


def test_a_blocked_port_is_told_with_one_that_answers() -> None:
    with socket.create_server(("127.0.0.2", 0)) as other:
        port = other.getsockname()[1]
        server = reach.Server("127.0.0.2", free_port(), tls=True, ssl=False)
        [way] = asked(server, others=(25, port))
    assert way.verdict == FAULT
    assert f"port {port} there does" in way.says
    assert f":{port} in EMAIL_URL" in way.todo


def test_where_every_port_is_blocked_a_service_is_the_way() -> None:
    server = reach.Server("127.0.0.2", free_port(), tls=True, ssl=False)
    [way] = asked(server, others=(free_port(), free_port()))
    assert "probably blocks email" in way.says
    assert "MAIL_SERVICE" in way.todo


def test_a_service_is_looked_for_where_its_https_is() -> None:
    service = MailService("postmark")
    [reached] = reach.look_at_service("postmark", service.url, timeout=3)
    service.close()
    [away] = reach.look_at_service("postmark", service.url, timeout=3)
    assert (reached.verdict, away.verdict) == (GOOD, FAULT)


# --- The command ---------------------------------------------------------------------------


def said_by(names: NameServer, **options: Any) -> str:
    out = StringIO()
    call_command("check_mail", dns=names.address, stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def mailgun(settings: Any) -> Iterator[MailService]:
    service = MailService("mailgun")
    mail_service.use(settings, "mailgun", service.url)
    settings.DEFAULT_FROM_EMAIL = "office@practice.test"
    settings.DKIM_SELECTORS = []
    yield service
    service.close()


def test_where_all_is_well_the_command_says_so(names: NameServer, mailgun: MailService) -> None:
    publish_all(names)
    said = said_by(names)
    for part in ("Connection: good", "SPF: good", "DKIM: good", "DMARC: good", "Replies: good"):
        assert part in said
    assert "Nothing needs fixing" in said
    assert mailgun.asked == [], "nothing was sent"


def test_a_selector_that_nobody_guesses_can_be_named(
    names: NameServer, mailgun: MailService
) -> None:
    publish_all(names)
    key = names.zone.pop(("k1._domainkey.practice.test", "TXT"))
    names.zone["x7._domainkey.practice.test", "TXT"] = key
    with pytest.raises(CommandError, match="1 to fix"):
        said_by(names)
    assert "DKIM: good" in said_by(names, selector=["x7"])


def test_what_is_wrong_ends_the_command_with_a_count(
    names: NameServer, mailgun: MailService, settings: Any
) -> None:
    settings.MAIL_WEBHOOK_SIGNING_KEY = ""
    out = StringIO()
    with pytest.raises(CommandError, match="4 to fix"):
        call_command("check_mail", dns=names.address, stdout=out)
    assert 'Record: _dmarc.practice.test. TXT "v=DMARC1; p=none"' in out.getvalue()
    assert "Bounces: could be better" in out.getvalue()


def test_a_sender_without_a_domain_and_mail_that_stays_here_are_told(
    names: NameServer, settings: Any
) -> None:
    settings.DEFAULT_FROM_EMAIL = "practice@localhost"
    out = StringIO()
    with pytest.raises(CommandError, match="2 to fix"):
        call_command("check_mail", dns=names.address, stdout=out)
    assert "doesn't leave this machine" in out.getvalue()


@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1:port", "dns.example.org:53"])
def test_a_dns_server_is_named_by_its_address(address: str) -> None:
    with pytest.raises(CommandError, match="--dns needs an address"):
        call_command("check_mail", dns=address, stdout=StringIO())


def test_a_known_mail_server_tells_what_spf_has_to_include() -> None:
    known = services.provider_of("email-smtp.us-west-2.amazonaws.com")
    assert known is not None
    assert known.spf == "amazonses.com"
    assert services.provider_of("smtp.example.org") is None
    assert services.provider_of("notgmail.com") is None
