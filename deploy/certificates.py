"""The certificate of a practice: self-made, one's own, or from Let's Encrypt."""

import os
from collections.abc import Iterator
from pathlib import Path

from deploy.settings import LETS_ENCRYPT, TEST, Practice
from deploy.system import Step, asks, at, directory, link, run


def certificates(practice: Practice) -> Iterator[Step]:
    """First one that is self-made, so that nginx can start, and be asked by Let's Encrypt."""
    folder, kind = practice.certificates, practice.settings["CERTIFICATE"]
    pair = folder / "certificate.pem", folder / "key.pem"
    yield directory(folder, mode=0o700)
    yield Step(
        f"make a certificate for {practice.host} to start with",
        lambda: (
            certifies(pair[0], practice)
            if kind == TEST
            else all(os.path.lexists(part) for part in pair)
        ),
        lambda: make_certificate(practice),
    )
    if kind not in (TEST, LETS_ENCRYPT):
        key = practice.settings.get("CERTIFICATE_KEY", kind)
        for part, path in zip(pair, (kind, key), strict=True):
            yield link(part, path)


def certifies(certificate: Path, practice: Practice) -> bool:
    """Whether it is for every name of the practice; when it ends is certbot's affair."""
    look = ("openssl", "x509", "-noout", "-in", certificate, "-checkhost")
    return all("does match" in asks(*look, name) for name in practice.names)


def make_certificate(practice: Practice) -> None:
    folder = practice.certificates
    names = ",".join(f"DNS:{name}" for name in practice.names)
    for name in ("certificate.pem", "key.pem"):
        (folder / name).unlink(missing_ok=True)
    run(
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        *("-nodes", "-days", "3650", "-subj", f"/CN={practice.host}"),
        *("-addext", f"subjectAltName={names}"),
        *("-keyout", folder / "key.pem", "-out", folder / "certificate.pem"),
    )
    (folder / "key.pem").chmod(0o600)


def lets_encrypt(practice: Practice) -> Iterator[Step]:
    """nginx must run by now, and the name must lead to this server."""
    live = at(f"/etc/letsencrypt/live/{practice.user}")
    names = [part for name in practice.names for part in ("-d", name)]
    yield Step(
        f"get a certificate for {practice.host} from Let's Encrypt",
        lambda: certifies(live / "fullchain.pem", practice),
        lambda: run(
            *("certbot", "certonly", "--non-interactive", "--agree-tos", "--webroot"),
            "--renew-with-new-domains",
            *("-w", at("/var/lib/practice-challenges"), "--cert-name", practice.user),
            *("-m", practice.settings["DEFAULT_FROM_EMAIL"], *names),
        ),
    )
    yield link(practice.certificates / "certificate.pem", live / "fullchain.pem")
    yield link(practice.certificates / "key.pem", live / "privkey.pem")
