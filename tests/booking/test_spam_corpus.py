"""How well spam is told from people, over letters made up for it: sets of sixty, hard ones too."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from booking.spam import pitches, signals
from booking.spam.signals import Counts, Sending

CORPUS = Path(__file__).parent / "corpus"


@pytest.fixture(autouse=True)
def site_of_the_corpus(settings: Any) -> None:
    settings.SITE_URL = "https://practice.example"


def letters(kind: str, known: str = "") -> list[str]:
    """Of a set that is learned from, by its number, or of the test's own."""
    name = f"{known}_{kind}.txt"
    return pitches.letters(pitches.HERE / "letters" / name if known else CORPUS / f"{kind}.txt")


def put_aside(texts: list[str], opened: str, counts: Counts) -> list[str]:
    sending = Sending("192.0.2.1", opened)
    return [t for t in texts if signals.suffice(signals.signals(("Robin", t), sending, counts))]


@pytest.fixture
def a_while_ago() -> str:
    with time_machine.travel(timezone.now() - timedelta(minutes=5), tick=False):
        return signals.sign_opening()


@pytest.mark.parametrize("known", ["1", "2", "3", "4", "5", ""])
def test_spam_is_put_aside_and_people_are_not(
    known: str,
    a_while_ago: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each set is read by what was learned from the others; the last one is learned from never."""
    monkeypatch.setattr(pitches, "learned", lambda learned=pitches.learned: learned(known))
    spam, people = letters("spam", known), letters("people", known)
    caught = put_aside(spam, a_while_ago, Counts())
    wronged = put_aside(people, a_while_ago, Counts())
    with capsys.disabled():
        print(
            f"\nset {known or 'of the test'}, put aside: {len(caught)} of {len(spam)} spam", end=""
        )
        print(f" and {len(wronged)} of {len(people)} people")
    assert len(spam) == len(people) == 60
    assert len(caught) >= 0.8 * len(spam), [text for text in spam if text not in caught]
    assert len(wronged) <= 1, wronged


def test_a_person_is_heard_however_their_form_came() -> None:
    """Never opened, from an address that a whole school shares."""
    wronged = put_aside(letters("people"), "", Counts(from_address=90))
    assert len(wronged) <= 1, wronged


@pytest.mark.parametrize("text", ["See https://example.com/a", "I wrote it: www.example.com/b"])
def test_a_password_manager_that_fills_the_trap_and_one_link_are_no_spam(text: str) -> None:
    sending = Sending("192.0.2.1", signals.sign_opening(), trap="Robin")
    signs = signals.signals(("Robin", text), sending, Counts(from_address=90))
    assert not signals.suffice(signs)


def test_three_links_are_no_spam_from_one_who_speaks_and_links_to_this_site_never() -> None:
    opened = signals.sign_opening()
    here = " ".join(f"https://practice.example/articles/{n}/" for n in range(4))
    speaks = "I am in all three: https://example.com/1 https://example.com/2 www.example.com/3"
    assert put_aside([here, speaks], opened, Counts()) == []
    foreign = here.replace("practice.example", "example.com")
    assert put_aside([foreign], opened, Counts()) == [foreign]
