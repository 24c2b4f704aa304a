"""What the DNS says of the sender's domain: SPF, DKIM, DMARC, and where answers go.

Other mail servers decide by these whether a letter is ours (RFC 7208, 6376, 7489).
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import dns.exception
import dns.name
import dns.resolver
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from practice.mail.findings import Finding, advice, fault, good

MOST_LOOKUPS = 10  # RFC 7208, 4.6.4
LOOKS_UP = ("include", "a", "mx", "ptr", "exists", "redirect")
ASK_AGAIN = "Run this command again in a while, or with --dns 9.9.9.9."


class Unanswered(Exception):
    """The DNS gave no answer, not even that there is none."""


class Records:
    """Asks a resolver; what does not exist is an empty list."""

    def __init__(self, resolver: dns.resolver.Resolver) -> None:
        self.resolver = resolver

    def _ask(self, name: str, kind: str) -> list[str]:
        try:
            found = self.resolver.resolve(name, kind)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError) as error:
            raise Unanswered(type(error).__name__) from error
        if kind == "TXT":
            # A long text comes in pieces that belong together without a space.
            return [b"".join(each.strings).decode("utf-8", "replace") for each in found]
        return [each.to_text() for each in found]

    def texts(self, name: str, start: str) -> list[str]:
        """The TXT records at `name` that begin with the tag `start`, such as v=spf1."""
        texts = self._ask(name, "TXT")
        return [text for text in texts if text.lower().replace(" ", "").startswith(start.lower())]

    def mail_hosts(self, name: str) -> list[str]:
        """Where mail for `name` goes; "." alone says that it takes none (RFC 7505)."""
        hosts = [text.split()[-1] for text in self._ask(name, "MX")]
        if hosts:
            return hosts
        return [name] if self._ask(name, "A") or self._ask(name, "AAAA") else []


def look(
    domain: str, records: Records, *, spf: str | None, selectors: Iterable[str]
) -> list[Finding]:
    """Everything about `domain`. `spf` is what its SPF record has to include, "" for nothing,
    and None where that is not known.
    """
    parts: dict[str, Callable[[], Finding]] = {
        "SPF": lambda: look_at_spf(domain, records, spf),
        "DKIM": lambda: look_at_dkim(domain, records, selectors),
        "DMARC": lambda: look_at_dmarc(domain, records),
        "Replies": lambda: look_at_answers(domain, records),
    }
    findings = []
    for about, part in parts.items():
        try:
            found = part()
        except Unanswered as error:
            found = fault(f"DNS didn't respond ({error}).", ASK_AGAIN)
        findings.append(replace(found, about=about))
    return findings


def look_at_spf(domain: str, records: Records, include: str | None) -> Finding:
    found = records.texts(domain, "v=spf1")
    if not found:
        if include == "":
            return good("Your mail service doesn't need one: it sends under its own name.")
        todo = "Add this record to your domain's DNS."
        if include is None:
            todo = "Ask your mail provider which SPF record they need, and add it as TXT."
        return fault(
            f"{domain} doesn't say which servers may send its email.",
            todo,
            f'{domain}. TXT "v=spf1 include:{include or "(what your provider names)"} ~all"',
        )
    if len(found) > 1:
        return fault(
            f"{domain} has {len(found)} SPF records, so none of them counts.",
            "Combine them into one: all of their parts, and a single ~all at the end.",
        )
    first, *terms = found[0].split()
    closed = [term for term in terms if term.lower() not in ("all", "+all", "?all")]
    if closed != terms:
        record = f'{domain}. TXT "{" ".join([first, *closed])} ~all"'
        return fault("The record lets anyone send as you.", "End it with ~all.", record)
    asked = list(_asked(records, found[0], {domain}))
    if len(asked) > MOST_LOOKUPS:
        return fault(
            f"The record asks for more than {MOST_LOOKUPS} others, so servers give up on it.",
            "Take out each include: for a service you don't use.",
        )
    if include and include not in asked:
        return fault(
            "The record doesn't name the service that sends your email.",
            "Change the record to this.",
            f'{domain}. TXT "{first} include:{include} {" ".join(terms)}"',
        )
    if include is None:
        return advice(
            f"There is one record: {found[0]}",
            "Compare it with what your mail provider needs. The site doesn't know who they are.",
        )
    named = " and names your mail service" if include else ""
    return good(f"There is one record{named}.")


def _asked(records: Records, record: str, seen: set[str]) -> Iterator[str]:
    """Each name that a server has to look up for `record`, in depth by include and redirect."""
    for term in record.split()[1:]:
        kind, _, target = term.lstrip("+-~?").lower().replace("=", ":", 1).partition(":")
        kind, target = kind.partition("/")[0], target.partition("/")[0]
        if kind in LOOKS_UP:
            yield target
        if kind in ("include", "redirect") and target not in seen and len(seen) <= MOST_LOOKUPS:
            seen.add(target)
            for text in records.texts(target, "v=spf1")[:1]:
                yield from _asked(records, text, seen)


def look_at_dkim(domain: str, records: Records, selectors: Iterable[str]) -> Finding:
    tried = list(dict.fromkeys(selectors))
    problems = []
    for selector in tried:
        name = f"{selector}._domainkey.{domain}"
        kinds = (records.texts(name, start) for start in ("v=DKIM1", "k=", "p="))
        for text in next(filter(None, kinds), []):
            problem = fault_of_key(text)
            if not problem:
                return good(f"There is a key at {name}.")
            problems.append(f"{name}: {problem}")
    if problems:
        return fault("; ".join(problems) + ".", "Publish the record that your mail provider shows.")
    return fault(
        f"No key was found under {', '.join(tried)}.",
        "Your mail provider shows a record to publish, at (selector)._domainkey."
        f"{domain}. If it's there under another selector, put that in DKIM_SELECTORS "
        "or give it with --selector.",
    )


def tags_of(record: str) -> dict[str, str]:
    """`{"v": "DKIM1", "p": ...}` of a record that is a list of tags."""
    parts = (part.partition("=") for part in record.split(";"))
    return {tag.strip().lower(): value.strip() for tag, _, value in parts}


def fault_of_key(record: str) -> str:
    """What is wrong with a DKIM record, "" if nothing is (RFC 6376, 3.6.1; RFC 8301)."""
    tags = tags_of(record)
    text = "".join(tags.get("p", "").split())
    if not text:
        return "the key was revoked"
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        return "the key is cut off or mistyped"
    if tags.get("k", "rsa") != "rsa":
        return "" if len(key) == 32 else "the key is cut off or mistyped"
    try:
        loaded = load_der_public_key(key)
    except (ValueError, UnsupportedAlgorithm):
        return "the key is cut off or mistyped"
    if isinstance(loaded, rsa.RSAPublicKey) and loaded.key_size < 1024:
        return f"the key has {loaded.key_size} bits, which servers refuse"
    return ""


def look_at_dmarc(domain: str, records: Records) -> Finding:
    """Its own policy, else that of a domain above (as RFC 7489, 6.6.3, without its list)."""
    labels = domain.split(".")
    for above in range(len(labels) - 1):
        name = "_dmarc." + ".".join(labels[above:])
        found = records.texts(name, "v=DMARC1")
        if len(found) > 1:
            return fault(f"{name} has {len(found)} records, so none of them counts.", "Leave one.")
        if found:
            return _judge_dmarc(name, found[0])
    return fault(
        f"{domain} doesn't say what to do with email that only claims to be yours.",
        "Add this record. It changes nothing for your own email.",
        f'_dmarc.{domain}. TXT "v=DMARC1; p=none"',
    )


def _judge_dmarc(name: str, record: str) -> Finding:
    tags = {tag: value.lower() for tag, value in tags_of(record).items()}
    if tags.get("p") not in ("none", "quarantine", "reject"):
        return fault(f"{name} names no policy.", "Change it.", f'{name}. TXT "v=DMARC1; p=none"')
    if tags["p"] == "none":
        return advice(
            "There is a record, but it doesn't ask mail servers to do anything.",
            "Once SPF and DKIM are good and your test email has arrived, change the record to "
            "this, so that fakes go to spam.",
            f'{name}. TXT "v=DMARC1; p=quarantine"',
        )
    return good(f"Other mail servers are told to {tags['p']} email that only claims to be yours.")


def look_at_answers(domain: str, records: Records) -> Finding:
    hosts = records.mail_hosts(domain)
    if not hosts or hosts == ["."]:
        return fault(
            f"{domain} takes no email, so replies are lost, and so is email that comes back.",
            "Add the MX records of your mailbox's provider, or choose a sender at a domain that "
            "has a mailbox (DEFAULT_FROM_EMAIL).",
        )
    return good(f"Email to {domain} goes to {', '.join(hosts)}.")
