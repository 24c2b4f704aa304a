"""Whose request it is, when the client may write what it likes."""

from typing import Any

import pytest
from django.test import RequestFactory

from practice.http.network import client_address


def seen(**headers: str) -> str:
    return client_address(RequestFactory().get("/", **headers))


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", "unknown"),
        ("unix:", "unknown"),
        ("1" * 400, "unknown"),
    ],
)
def test_an_address_counts_with_its_network(address: str, counts_as: str) -> None:
    assert seen(REMOTE_ADDR=address) == counts_as


def test_without_a_proxy_nobody_chooses_an_address() -> None:
    assert seen(REMOTE_ADDR="192.0.2.7", HTTP_X_FORWARDED_FOR="198.51.100.1") == "192.0.2.7"


def test_behind_the_proxy_only_its_own_word_counts(settings: Any) -> None:
    settings.BEHIND_PROXY = True
    forged = "203.0.113.9, 198.51.100.1"
    assert seen(REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR=forged) == "198.51.100.1"
    assert seen(REMOTE_ADDR="127.0.0.1") == "unknown"
