"""Email addresses and telephone numbers as people write them: read here, and nowhere else."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import idna
import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext_lazy as _
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberMatcher

# What has no width: Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt), controls,
# and the blank of Braille. Of these the joiners alone are needed to spell a name, in scripts such
# as Persian's and Sinhala's, between letters beyond ASCII.
INVISIBLE = re.compile(
    "[\0-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
JOINS = re.compile("(?<=[^\0-\x7f\\s])[\u200c\u200d](?=[^\0-\x7f\\s])")

BETWEEN = re.compile(r"[\s,;:<>()\[\]\"“”„«»?]+")  # addresses, and around one
LOCAL_AT_MOST, ADDRESS_AT_MOST = 64, 254  # octets: RFC 5321, 4.5.3.1.1 and .3 with erratum 1690
LONGEST = 320  # of what is typed, a name beside the address included
IS_ADDRESS = EmailValidator(allowlist=[])

# What may stand before the one address of a field and after it.
BEFORE_ADDRESS, AFTER_ADDRESS = re.compile(r"(.*[<:])?\W*"), re.compile(r"\W*([>?(].*)?")
# ITU-T E.123 writes + for what is dialed as 00 in most countries, but not in all.
TWO_ZEROS = re.compile(r"(?<!\d)\(?\+?00\s?([1-9]\d{0,2})\)?")
HOUR = r"\d{1,2}(?:[:.]\d\d)?"
HOURS = rf"{HOUR}(?:\s?[-\u2013]\s?{HOUR})?"
BESIDE_A_WORD = re.compile(rf"(?<=[^\W\d_]\s){HOURS}(?!\d)|(?<![\d+]){HOURS}(?=\s?[^\W\d_])")
DIALED = re.compile(r"\d[\d\s().\-/]{4,}\d")

PROVIDERS = ("gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "icloud.com", "aol.com")
ALSO_RIGHT = {"mail.com", "email.com", "ymail.com", "cloud.com"}  # and so near to one of them
ALIKE = 0.85  # gmial.com is 0.89; hotmail.co.uk 0.83, and right

NO_ADDRESS = _("That doesn't look like an email address. It should look like name@example.com.")
TWO_ADDRESSES = _("Write just one address here.")
NO_NUMBER = _(
    "That doesn't look like a phone number. "
    "Add the area code, or start with + and the country code."
)


@dataclass(frozen=True)
class Contacts:
    """What somebody can be reached by: addresses, numbers in E.164 (with `;ext=`), and the digits
    of what is no number as dialed in the practice's country, but may be one in another.
    """

    emails: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    digits: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.emails or self.numbers or self.digits)

    def __str__(self) -> str:
        elsewhere = (f"{digits} in any country" for digits in self.digits)
        return " and ".join([*self.emails, *map(spaced, self.numbers), *elsewhere])

    def reach(self, email: str, phone: str) -> bool:
        """Whether whoever left `email` or `phone` (E.164) is reached by one of these."""
        number = without_extension(phone)
        return (
            (bool(email and self.emails) and comparable(email) in map(comparable, self.emails))
            or (bool(number) and number in map(without_extension, self.numbers))
            or (bool(number and self.digits) and not _dialed(number).isdisjoint(self.digits))
        )

    def overlap(self, others: Contacts) -> bool:
        return any(self.reach(each, "") for each in others.emails) or any(
            self.reach("", each) for each in others.numbers
        )


def visible(text: str) -> str:
    """One line of `text`, without what has no width or turns the direction of writing."""
    return " ".join(INVISIBLE.sub("", text).split())


def name(typed: str) -> str:
    """A name as `visible` leaves it, with the joiners that spell it; "" if nothing is seen."""
    kept = INVISIBLE.sub(lambda sign: sign[0] if JOINS.match(typed, sign.start()) else "", typed)
    seen = any(unicodedata.category(each)[0] in "LNPS" for each in visible(kept))
    return " ".join(kept.split()) if seen else ""


def read(typed: str, country: str) -> Contacts:
    """Every address and number in what somebody typed, numbers as dialed in `country` (ISO 3166).

    It takes them as they are pasted from a mail program or a note: `Joann <joann@x.example>`,
    `mailto:`, several at once, `626 555 0143 (cell), after 6`, 001 for +1.
    """
    line = _plain(typed)
    emails = _emails(line)
    for each in sorted(emails, key=len, reverse=True):  # one may be the end of another
        line = line.replace(each, ";")
    numbers, rest = _numbers(line, country)
    digits = [phonenumbers.normalize_digits_only(match[0]) for match in DIALED.finditer(rest)]
    return Contacts(emails, tuple(dict.fromkeys(numbers)), tuple(dict.fromkeys(digits)))


def email(typed: str) -> str:
    """The one address that somebody typed, its domain as they write it. Raises ValidationError.

    Words before it are refused where they may be the first half of it, as in `ro bin@x.example`.
    """
    line = _plain(typed[:LONGEST])
    found = _emails(line) if len(typed) <= LONGEST else ()
    if len(found) > 1:
        raise ValidationError(TWO_ADDRESSES, code="several")
    if not found or not any(
        BEFORE_ADDRESS.fullmatch(before) and AFTER_ADDRESS.fullmatch(after)
        for before, _, after in (line.partition(found[0]), line.rpartition(found[0]))
    ):
        raise ValidationError(NO_ADDRESS, code="invalid")
    return found[0]


def phone(typed: str, country: str) -> str:
    """The first number that somebody typed, in E.164, with its extension as `;ext=` (RFC 3966);
    "" for nothing. Raises ValidationError for what holds no number as dialed in `country`.
    """
    if not visible(typed):
        return ""
    if not (found := read(typed, country).numbers):
        raise ValidationError(NO_NUMBER, code="invalid")
    return found[0]


def beside_number(typed: str, country: str) -> str:
    """What somebody typed, if words or another number stand beside the first; "" if not."""
    numbers, rest = _numbers(_plain(typed), country)
    return visible(typed) if len(numbers) > 1 or re.search(r"\w", rest) else ""


def meant(address: str) -> str:
    """The address that was probably meant by one with a slip in its domain; "" for none."""
    local, _, domain = address.rpartition("@")
    domain = domain.lower()
    nearest = get_close_matches(domain, PROVIDERS, n=1, cutoff=ALIKE)
    is_right = domain in (*PROVIDERS, *ALSO_RIGHT) or domain.startswith(f"{(nearest or '.')[0]}.")
    return f"{local}@{nearest[0]}" if nearest and not is_right else ""


def wire(address: str) -> str:
    """An address as mail servers and calendars take it: in ASCII, by IDNA 2008 (RFC 5891).

    Python's own codec, which Django asks, follows IDNA 2003, by which straße.de is strasse.de:
    somebody else. What is no domain by either stays as it is.
    """
    local, at, domain = _plain(address).rpartition("@")
    try:
        return f"{local}{at}{_in_ascii(domain)}"
    except UnicodeError:  # of which idna's own error is one
        return address


def comparable(address: str) -> str:
    """One way of writing an address, by which two that lead to the same mailbox are the same."""
    return wire(address).lower()


def spaced(number: str) -> str:
    """An E.164 number with spaces, for people; as it is if it cannot be read."""
    try:
        return phonenumbers.format_number(
            phonenumbers.parse(number), PhoneNumberFormat.INTERNATIONAL
        )
    except NumberParseException:
        return number


def without_extension(phone: str) -> str:
    return phone.partition(";")[0]


class EmailField(forms.EmailField):
    default_error_messages = {"invalid": NO_ADDRESS}

    def to_python(self, value: Any) -> str:
        typed = super().to_python(value) or ""
        return email(typed) if visible(typed) else ""


def _plain(typed: str) -> str:
    """One visible line, with what a Japanese keyboard types in full width as ASCII (NFKC)."""
    return visible(unicodedata.normalize("NFKC", typed))


def _emails(line: str) -> tuple[str, ...]:
    tokens = (token.strip("'\u2018\u2019`.!") for token in BETWEEN.split(line))
    return tuple(dict.fromkeys(token for token in tokens if _is_address(token)))


def _in_ascii(domain: str) -> str:
    if domain.isascii() and "xn--" not in domain.lower():
        return domain
    return idna.encode(domain, uts46=True).decode()


def _is_address(token: str) -> bool:
    local, _, domain = token.rpartition("@")
    if not local or len(local) > LOCAL_AT_MOST or len(token) > ADDRESS_AT_MOST:
        return False
    try:
        ascii_form = f"{local}@{_in_ascii(domain)}"
        IS_ADDRESS(ascii_form)
    except (UnicodeError, ValidationError):
        return False
    return len(ascii_form) <= ADDRESS_AT_MOST


def _numbers(line: str, country: str) -> tuple[list[str], str]:
    """The valid numbers in `line`, and what stands there beside them."""
    with_plus = TWO_ZEROS.sub(r"+\1", line)
    has_words = re.search(r"[^\W\d_]", line)
    if not has_words and (whole := _whole(with_plus, country) or _whole(line, country)):
        return [whole], ""
    # A word's letters count as digits where they are dialed (1-800-FLOWERS), which made a longer
    # number of "030 123456 abends": so with words, numbers are looked for first.
    for text in (with_plus, line, BESIDE_A_WORD.sub(" ", with_plus)):
        if matches := list(PhoneNumberMatcher(text, country)):
            for match in reversed(matches):
                text = f"{text[: match.start]} ; {text[match.end :]}"
            return [_as_e164(match.number) for match in matches], text
    if has_words and (whole := _whole(line, country)):
        return [whole], ""
    groups = with_plus.split()
    for at in range(1, len(groups)):  # two numbers, with nothing but a space between them
        pair = [_whole(" ".join(half), country) for half in (groups[:at], groups[at:])]
        if all(pair):
            return pair, ""
    return [], line


def _whole(line: str, country: str) -> str:
    try:
        number = phonenumbers.parse(line, country)
    except NumberParseException:
        return ""
    return _as_e164(number) if phonenumbers.is_valid_number(number) else ""


def _as_e164(number: PhoneNumber) -> str:
    dialed = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    # As RFC 3966 writes it, or a call ends at a workplace's switchboard.
    return f"{dialed};ext={number.extension}" if number.extension else dialed


def _dialed(number: str) -> set[str]:
    """The digits of an E.164 number, as dialed from abroad and in its own country."""
    try:
        parsed = phonenumbers.parse(number)
    except NumberParseException:
        return set()
    at_home = phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)
    return {phonenumbers.normalize_digits_only(each) for each in (number, at_home)}
