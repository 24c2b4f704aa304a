"""Addresses, numbers and names as people write them. Pure: no database."""

import pytest
from django.core.exceptions import ValidationError

from practice import contacts
from practice.contacts import Contacts

MOBILE, OTHER, ABROAD = "+16265550143", "+16265550100", "+442079460958"


@pytest.mark.parametrize(
    ("typed", "read_as"),
    [
        ("robin@example.com", "robin@example.com"),
        ("\u202drobin@exam\u200bple.com\u202c", "robin@example.com"),
        ("Robin Lake <robin@example.com>", "robin@example.com"),
        ("mailto:robin@example.com?subject=Hello", "robin@example.com"),
        ("'robin@example.com',", "robin@example.com"),
        ("\u201crobin@example.com\u201d", "robin@example.com"),
        ("robin@example.com.", "robin@example.com"),
        ("robin@example.com (work)", "robin@example.com"),
        ("o'brien+talk@example.com", "o'brien+talk@example.com"),
        ("robin\uff20example.com", "robin@example.com"),
        ("robin@straße.example", "robin@straße.example"),
        ("robin@xn--strae-oqa.example", "robin@xn--strae-oqa.example"),
        (f"{'x' * 64}@example.com", f"{'x' * 64}@example.com"),
    ],
)
def test_an_address_is_read_as_it_is_written_or_pasted(typed: str, read_as: str) -> None:
    assert contacts.email(typed) == read_as


@pytest.mark.parametrize(
    "typed",
    [
        *("robin", "robin@", "@example.com", "robin@example", "robin@@example.com"),
        *("robin@localhost", "robin@[192.0.2.1]", "robin@[IPv6:2001:db8::1]", "robin@192.0.2.1"),
        *(f"{'x' * 65}@example.com", f"x@{'x' * 64}.com", f"x@{'x.' * 125}com"),
        # Half of an address is another person's.
        *("ro bin@example.com", "rôbin@example.com", "robin@example.co m", "robin@gmail. com"),
        *("robin@\u2603.example", "robin@xn--80.example", "robin@-example.com"),
        *("robin@example.com@example.org", "\u200b@example.com", "<<<<@:::>" * 20),
    ],
)
def test_what_is_no_address_or_half_of_one_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError, match="doesn't look like an email address"):
        contacts.email(typed)


def test_of_two_addresses_neither_is_chosen() -> None:
    with pytest.raises(ValidationError, match="just one"):
        contacts.email("robin@example.com, lake@example.com")


@pytest.mark.parametrize(
    ("typed", "country", "number"),
    [
        ("(626) 555-0143", "US", MOBILE),
        ("626 555 0143 (cell)", "US", MOBILE),
        ("cell: 626.555.0143", "US", MOBILE),
        ("626 555 0143 after 6", "US", MOBILE),
        ("after 6 626 555 0143", "US", MOBILE),
        ("626 555 0143 6pm-8pm", "US", MOBILE),
        ("001 626 555 0143", "US", MOBILE),
        ("(001) 626-555-0143 (cell)", "US", MOBILE),
        ("0016265550143", "US", MOBILE),
        ("\u202a626 555\u200b 0143\u202c", "US", MOBILE),
        ("tel:+1-626-555-0143", "US", MOBILE),
        ("626 555 0143, 626 555 0100", "US", MOBILE),
        ("626 555 0143 626 555 0100", "US", MOBILE),
        ("0044 20 7946 0958 (work)", "US", ABROAD),
        ("011 44 20 7946 0958", "US", ABROAD),
        ("0011 44 20 7946 0958 (work)", "AU", ABROAD),
        ("020 7946 0958 evenings", "GB", ABROAD),
        ("030 123456 abends", "DE", "+4930123456"),  # whose letters could be digits
        ("1-800-FLOWERS", "US", "+18003569377"),
        ("626-555-0143 x27 (work)", "US", f"{MOBILE};ext=27"),
        ("", "US", ""),
        (" \u200b", "US", ""),
    ],
)
def test_a_number_is_read_among_words(typed: str, country: str, number: str) -> None:
    assert contacts.phone(typed, country) == number


@pytest.mark.parametrize(
    "typed", ["12345", "123-456-7890", "call me", "020 7946 0958", "a@b.example"]
)
def test_what_holds_no_number_of_that_country_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError, match="doesn't look like a phone number"):
        contacts.phone(typed, "US")


@pytest.mark.parametrize(
    ("typed", "beside"),
    [
        ("(626) 555-0143", False),
        ("001 626 555 0143", False),
        ("626-555-0143 ext. 27", False),
        ("1-800-FLOWERS", False),
        ("626 555 0143 (cell)", True),
        ("after 6 626 555 0143", True),
        ("626 555 0143 / 626 555 0100", True),
    ],
)
def test_words_and_second_numbers_are_not_lost(typed: str, beside: bool) -> None:
    assert contacts.beside_number(typed, "US") == (typed if beside else "")


def test_everything_in_a_demand_is_read_and_said() -> None:
    typed = "Kim <kim@example.com>; robin@straße.example or 626 555 0143, 020 7946 0958"
    found = contacts.read(typed, "US")
    assert found == Contacts(
        ("kim@example.com", "robin@straße.example"), (MOBILE,), ("02079460958",)
    )
    assert str(found) == (
        "kim@example.com and robin@straße.example and +1 626-555-0143 "
        "and 02079460958 in any country"
    )
    assert not contacts.read("Robin Lake, 12345", "US")


@pytest.mark.parametrize(
    ("typed", "email", "phone", "reaches"),
    [
        ("Robin@STRASSE.example", "robin@strasse.example", "", True),
        ("robin@straße.example", "robin@XN--STRAE-OQA.example", "", True),
        ("robin@straße.example", "robin@strasse.example", "", False),
        ("robin@example.com", "robin@exam\u202cple.com", "", True),  # stored before it was refused
        ("(626) 555-0143", "", f"{MOBILE};ext=27", True),
        ("020 7946 0958", "", ABROAD, True),
        ("44 20 7946 0958", "", ABROAD, True),
        ("\u0660\u0662\u0660 \u0667\u0669\u0664\u0666 \u0660\u0669\u0665\u0668", "", ABROAD, True),
        ("robin@example.com", "", "", False),
        # Valid in the practice's own country: the same digits elsewhere are somebody else's.
        ("207 946 0958", "", "+522079460958", False),
        ("kim@example.com", "", "", False),
    ],
)
def test_a_stored_contact_is_the_same_however_it_is_written(
    typed: str, email: str, phone: str, reaches: bool
) -> None:
    assert contacts.read(typed, "US").reach(email, phone) is reaches


@pytest.mark.parametrize(
    ("domain", "nearest"),
    [
        *[(slip, "gmail.com") for slip in ("gmial.com", "gamil.com", "gmail.con", "GMAI.com")],
        ("hotmial.com", "hotmail.com"),
        ("yahoo.con", "yahoo.com"),
        ("iclould.com", "icloud.com"),
        ("outlok.com", "outlook.com"),
        ("aol.con", "aol.com"),
        *[(right, "") for right in ("gmail.com", "Gmail.com", "googlemail.com", "mail.com")],
        *[(right, "") for right in ("ymail.com", "yahoo.com.br", "yahoo.co.uk", "hotmail.fr")],
        *[(right, "") for right in ("gmx.de", "outlook.com.br", "fastmail.com", "example.com", "")],
    ],
)
def test_a_slip_in_a_common_domain_is_known_and_no_other_domain(domain: str, nearest: str) -> None:
    assert contacts.meant(f"robin@{domain}") == (f"robin@{nearest}" if nearest else "")


@pytest.mark.parametrize(
    ("address", "in_ascii"),
    [
        ("robin@straße.example", "robin@xn--strae-oqa.example"),
        ("robin@βόλος.example", "robin@xn--nxasmm1c.example"),
        ("robin@exam\u202cple.com", "robin@example.com"),
        ("practice@localhost", "practice@localhost"),
        ("robin@\u2603.example", "robin@\u2603.example"),
        ("", ""),
    ],
)
def test_on_the_wire_a_domain_is_itself_in_ascii(address: str, in_ascii: str) -> None:
    assert contacts.wire(address) == in_ascii


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("\u202eRo\u200bbin\u2066 \t Lake", "Robin Lake"),
        ("Ro\u200dbin", "Robin"),
        (
            "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627",
            "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627",
        ),
        ("\N{YELLOW HEART}", "\N{YELLOW HEART}"),
        *[(nothing, "") for nothing in ("\u200b", "\u202e\u202c", "\u3164", "\u2800", "\u0301")],
        *[
            (nothing, "")
            for nothing in (" \xad ", "\u200d\u200d\u200d", "\ufe0f", "\U000e0041", "")
        ],
    ],
)
def test_a_name_is_what_is_seen_of_it(typed: str, name: str) -> None:
    assert contacts.name(typed) == name
