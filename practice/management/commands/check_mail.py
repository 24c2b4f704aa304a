"""Looks at what decides whether letters arrive, and says what to do about each part."""

from typing import Any

import dns.exception
import dns.inet
import dns.resolver
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from practice.mail import reach, records
from practice.mail.checks import SECRETS
from practice.mail.findings import Finding, Verdict, advice, fault
from practice.mail.services import COMMON_SELECTORS, SERVICES, provider_of
from practice.mail.views import learns_of_bounces


class Command(BaseCommand):
    help = (
        "Checks SPF, DKIM and DMARC of the sender's domain and how email leaves, and says what's "
        "right and what to do. Sends nothing."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--dns", metavar="ADDRESS[:PORT]", help="another DNS server to ask")
        parser.add_argument(
            "--selector", action="append", default=[], help="a selector of your DKIM key"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">").strip().lower()
        found = records.Records(_resolver(options["dns"]))
        self.stdout.write(f"Email comes from {settings.DEFAULT_FROM_EMAIL}.")
        findings = _way_out()
        if settings.MAIL_SERVICE and not learns_of_bounces():
            todo = SECRETS
            says = "The service doesn't tell the site when an email comes back."
            findings.append(advice(says, todo, about="Bounces"))
        if "." in domain:
            known = SERVICES.get(settings.MAIL_SERVICE) or provider_of(settings.EMAIL_HOST)
            tried = [*options["selector"], *settings.DKIM_SELECTORS]
            tried += [*(known.selectors if known else ()), *COMMON_SELECTORS]
            spf = known.spf if known else None
            findings += records.look(domain, found, spf=spf, selectors=tried)
        else:
            todo = "Set DEFAULT_FROM_EMAIL to an address at your own domain."
            says = f"{domain} isn't a domain on the internet."
            findings.append(fault(says, todo, about="Sender"))
        for finding in findings:
            for line in finding.lines():
                self.stdout.write(line)
        left = sum(finding.verdict == Verdict.FAULT for finding in findings)
        if left:
            raise CommandError(f"{left} to fix.")
        self.stdout.write(
            "Nothing needs fixing. Now send yourself a test: manage.py send_test_letter ADDRESS"
        )


def _resolver(address: str | None) -> dns.resolver.Resolver:
    """Raises CommandError for what is no address."""
    if not address:
        try:
            resolver = dns.resolver.Resolver()
        except dns.resolver.NoResolverConfiguration:
            raise CommandError("This server has no DNS set up. Name one with --dns.") from None
    else:
        resolver = dns.resolver.Resolver(configure=False)
        host, _, port = address.rpartition(":") if address.count(":") == 1 else (address, "", "53")
        if not dns.inet.is_address(host) or not port.isdecimal():
            raise CommandError("--dns needs an address, such as 9.9.9.9 or 127.0.0.1:53.")
        resolver.nameservers, resolver.port = [host], int(port)
    resolver.lifetime = 5
    return resolver


def _way_out() -> list[Finding]:
    if settings.MAIL_SERVICE in SERVICES:
        url = settings.ANYMAIL[f"{settings.MAIL_SERVICE.upper()}_API_URL"]
        return reach.look_at_service(settings.MAIL_SERVICE, url)
    if not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        todo = "Set EMAIL_URL or MAIL_SERVICE; docs/operator/mail.md says how."
        return [reach.fault("Email doesn't leave this machine.", todo)]
    server = reach.Server(
        settings.EMAIL_HOST,
        settings.EMAIL_PORT,
        tls=settings.EMAIL_USE_TLS,
        ssl=settings.EMAIL_USE_SSL,
        user=settings.EMAIL_HOST_USER,
        password=settings.EMAIL_HOST_PASSWORD,
    )
    return reach.look_at_server(server)
