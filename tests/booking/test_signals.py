"""What is spam and what is somebody in need, told apart without a database."""

from datetime import timedelta
from itertools import combinations

import pytest
import time_machine
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from booking.spam import pitches, signals
from booking.spam.signals import Counts, Sending, Signal

SLEEPLESS = "I have not slept well since the summer, and would like to talk about it."
# How people write of money, medication, sex, gambling, fraud, work and death: sentences made up
# for this test, in the words that filters usually trip over.
SENTENCES = (
    "I want to die and I do not know whom to tell.",
    "Sometimes I think about suicide, mostly at night.",
    "They put me on Xanax and then Ambien and I cannot stop taking the pills.",
    "We have not had sex in two years and he looks at porn instead.",
    "I am hooked on an online casino, and chased every bonus until my savings were gone.",
    "I lost everything in a crypto investment. Bitcoin was all he talked about.",
    "A man I met online promised guaranteed returns and took my money.",
    "The debt collectors call daily and I cannot pay the loan.",
    "I work in SEO at a marketing agency, writing backlinks all day, and I am burned out.",
    "My web design business is failing and I drink.",
    "Is it free? I have no insurance and $40 till Friday!!!",
    "CLICK. That is the sound the door makes, and I shake.",
    "My ex posts my pictures on his website and I am ashamed.",
    "He says I should earn more. I make money as a nurse, nights.",
    "Viagra did not help, and we do not talk about it.",
    "I found your article on Google and cried.",
    "Ich kann nicht mehr schlafen. Können wir reden?",
    "pls help asap",
    "<3 thank you for reading",
    "My daughter (14) cuts herself. [sorry for the length]",
)
prose = st.lists(st.sampled_from(SENTENCES), max_size=14).map(" ".join)


def just_now() -> str:
    return signals.sign_opening()


def some_time_ago(**ago: float) -> str:
    opened_at = timezone.now() - timedelta(**ago)
    with time_machine.travel(opened_at, tick=False):
        return signals.sign_opening()


def look(
    *texts: str, opened: str | None = None, trap: str = "", counts: Counts | None = None
) -> set[Signal]:
    given = some_time_ago(minutes=5) if opened is None else opened
    return set(signals.signals(texts, Sending("192.0.2.1", given, trap), counts or Counts()))


def against(*texts: str, **more: object) -> set[Signal]:
    """What speaks for spam alone."""
    return {signal for signal in look(*texts, **more) if signal.weight > 0}  # type: ignore[arg-type]


def is_suspected(*texts: str, **more: object) -> bool:
    return signals.suffice(look(*texts, **more))  # type: ignore[arg-type]


# What nobody is suspected for


@given(prose, st.sampled_from(["quick", "five minutes", "a month"]), st.booleans(), st.booleans())
def test_nobody_in_distress_is_suspected_however_their_form_came(
    message: str, pace: str, is_shared: bool, is_autofilled: bool
) -> None:
    """Quick, late, from an address that a whole school shares, and with the trap filled in by a
    password manager: all of it at once is no spam.
    """
    ago = {"quick": timedelta(0), "five minutes": timedelta(minutes=5), "a month": timedelta(30)}
    opened = some_time_ago(seconds=ago[pace].total_seconds())
    counts = Counts(from_address=90 if is_shared else 1, with_text=2)
    trap = "Robin" if is_autofilled else ""
    assert not is_suspected("Robin", "after 6", message, opened=opened, trap=trap, counts=counts)


@given(prose)
def test_an_ordinary_message_gives_no_signal_at_all(message: str) -> None:
    assert against("Robin", message) == set()


@given(st.text(max_size=1000))
def test_any_text_can_be_looked_at(text: str) -> None:
    signals.signals([text], Sending(text, text, text), Counts())


def test_a_page_left_open_for_a_day_or_a_year_is_no_signal() -> None:
    for days in (1, 30, 400):
        assert against(SLEEPLESS, opened=some_time_ago(days=days)) == set()


def test_a_quick_autofill_is_a_signal_that_suffices_with_nothing_but_spam() -> None:
    assert against(SLEEPLESS, opened=just_now()) == {Signal.QUICK}
    for others in combinations((Signal.QUICK, Signal.ADDRESS, Signal.TRAP, Signal.LINK), 4):
        assert not signals.suffice(others)


def test_no_single_weak_signal_suffices() -> None:
    weak = (Signal.QUICK, Signal.ADDRESS, Signal.UNSIGNED, Signal.TRAP, Signal.LINK)
    for signal in weak:
        assert not signals.suffice([signal])


@pytest.mark.parametrize("opened", ["", "form", "form:1tQ8x:forged", "\x00", "x" * 5000])
def test_a_missing_or_forged_time_is_told_apart_from_a_good_one(opened: str) -> None:
    assert against(SLEEPLESS, opened=opened) == {Signal.UNSIGNED}
    assert not is_suspected(SLEEPLESS, opened=opened, counts=Counts(from_address=90))


def test_one_or_two_links_are_no_spam() -> None:
    text = f"{SLEEPLESS} I wrote about it here: https://example.com/a and www.example.com/b"
    assert against(text) == {Signal.LINK}
    assert not is_suspected(text, opened=just_now(), counts=Counts(from_address=90))


def test_one_who_was_deceived_may_quote_it_all() -> None:
    text = (
        "They wrote of guaranteed daily profit, of a crypto investment opportunity, that they "
        "double your bitcoin, and instant loan approval. I believed it."
    )
    assert against(text) == set()
    assert not is_suspected(text, opened="", trap="Robin")


def test_what_is_short_is_not_compared() -> None:
    assert len(pitches.folded("Do you take new clients?")) < signals.SHORTEST_TO_COMPARE
    assert len(pitches.folded(SLEEPLESS)) >= signals.SHORTEST_TO_COMPARE


# What is held apart


@pytest.mark.parametrize(
    "text",
    [
        "Hello [url=https://example.com]cheap things[/url]",
        "Hello [link] https://example.com [/link]",
        'See <a href="https://example.com">this</a>',
        "< A target=_blank HREF = 'https://example.com'>this",
        "https://a.example http://b.example and www.c.example",
        "We offer SEO services and quality backlinks to businesses like yours.",
        "Your site could be on the FIRST  PAGE of Google. Visit https://example.com",
        "Guest-post on your blog? We pay. https://example.com/offer",
        "Claim your bonus today: https://example.com",
        "\uff33\uff25\uff2f services: www.example.com",  # in letters of full width
    ],
)
def test_what_a_spammer_sends_is_held_apart_by_its_words(text: str) -> None:
    assert is_suspected("Robin", text)


def test_it_is_found_in_every_field_of_prose() -> None:
    assert is_suspected("[url=https://example.com]Robin[/url]", "", "")


def test_the_same_words_often_suffice_and_one_address_often_does_not() -> None:
    assert not is_suspected(SLEEPLESS, counts=Counts(with_text=signals.MANY_ALIKE))
    assert is_suspected(SLEEPLESS, counts=Counts(with_text=signals.MANY_ALIKE + 1))
    assert not is_suspected(SLEEPLESS, counts=Counts(with_email=1000))


def test_a_program_that_fills_everything_and_never_opened_the_page_is_held_apart() -> None:
    assert is_suspected("Hello", opened="", trap="Hello")
    assert not is_suspected("Hello", opened="", trap="  ")


def test_each_signal_has_a_code_of_its_own_and_words_for_the_therapist() -> None:
    codes = [signal.code for signal in Signal]
    assert len(set(codes)) == len(codes)
    assert signals.in_words(codes) == [signal.words for signal in Signal]
    assert signals.in_words(["of an older version"]) == []


def test_words_of_one_meaning_are_written_as_they_are_compared_and_mean_one_thing() -> None:
    lines = (pitches.HERE / "meanings.txt").read_text().splitlines()
    said = [line.partition(":")[2].split() for line in lines if not line.startswith("#")]
    words = [word for words in said for word in words]
    assert len(set(words)) == len(words)
    assert [w for w in words if pitches.folded(w) != w.removesuffix("*")] == []


@pytest.mark.parametrize(
    ("text", "is_personal"),
    [
        ("My husband left.", True),
        ("Mi marido se fue.", True),
        ("I, I, I, and I again.", True),
        ("See https://practice.example/about/", True),
        ("Visit https://practice.example.com/about/", False),
        ("We design websites.", False),
    ],
)
def test_the_first_person_and_a_link_to_this_site_speak_for_a_person(
    text: str, is_personal: bool
) -> None:
    assert pitches.read(text, "practice.example").is_personal == is_personal
