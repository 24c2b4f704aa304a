"""Words to start from: named replies, what may stand in braces, and what the screen does of it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.test import Client

from booking.letters import emails, replies
from booking.models import ConsultationRequest, Letter, Reply, State
from booking.models.replies import PLACEHOLDERS, placeholders
from booking.services import by_visitor, decisions
from practice.models import PracticeSettings
from tests import factories
from tests.forms import fields_of

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 30, 17, tzinfo=UTC)
WEDNESDAY = datetime(2026, 12, 2, 18, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock(practice: PracticeSettings) -> Iterator[None]:
    factories.schedule()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def waiting() -> ConsultationRequest:
    return by_visitor.submit(factories.unsaved_request(name="Maya", phone="+14155550100"))[0]


def reply(body: str, kind: str = "decline", name: str = "Mine") -> Reply:
    made = Reply(kind=kind, name=name, body=body)
    made.full_clean()
    made.save()
    return made


def address(consultation: ConsultationRequest, kind: str) -> str:
    return f"/admin/consultations/{consultation.pk}/{kind}/"


def typed_in(html: str) -> dict[str, str]:
    """What the form of a decision would post as it stands."""
    form = BeautifulSoup(html, "html.parser").select_one("form.request-form")
    assert form is not None
    return fields_of(form)


def opened(client: Client, consultation: ConsultationRequest, kind: str) -> dict[str, str]:
    return typed_in(client.get(address(consultation, kind)).content.decode())


def posted(client: Client, url: str, data: dict[str, Any]) -> tuple[dict[str, str], str]:
    """What the form would post that comes back, and its page."""
    html = client.post(url, data).content.decode()
    return typed_in(html), html


# --- What may stand in braces ------------------------------------------------------------------


@pytest.mark.parametrize("kind", Reply.Kind.values)
def test_all_that_has_a_value_may_stand_in_braces(kind: str) -> None:
    reply(" ".join(f"{{{name}}}" for name in placeholders(kind)), kind)


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ("{tiem}", "“{tiem}”"),
        ("{name.__class__}", "“{name.__class__}”"),
        ("{consultation.message}", "“{consultation.message}”"),
        ("{0}", "“{0}”"),
        ("{}", "“{}”"),
        ("{ time }", "“{ time }”"),
        ("{{time}}", "“{” and “}”"),
        ("{time", "“{”"),
        ("time}", "“}”"),
        ("{times} or {times}", "“{times}”"),
        ("{referrals}", "“{referrals}”"),
    ],
)
def test_what_has_no_value_is_refused_beside_the_field_and_named(written: str, wrong: str) -> None:
    with pytest.raises(ValidationError) as refused:
        reply(f"We talk at {written}.", "confirm")
    (sentence,) = refused.value.message_dict["body"]
    assert f"The site can't fill in {wrong} here." in sentence
    assert "You can use {time}, {asked_time}, {how}, {link}, {therapist} and {phone}." in sentence


def test_the_screen_says_so_and_keeps_what_was_typed(as_therapist: Client) -> None:
    typed = {"kind": "waitlist", "name": "Soon", "body": "Until {reply_by}, then."}
    html = as_therapist.post("/admin/replies/new/", typed).content.decode()
    assert "The site can&#x27;t fill in “{reply_by}” here." in html
    assert "Until {reply_by}, then." in html
    assert not Reply.objects.exists()


def test_a_name_is_given_once_for_each_kind(as_therapist: Client) -> None:
    reply("One.", "waitlist", "Soon")
    reply("Two.", "decline", "Soon")
    typed = {"kind": "waitlist", "name": "Soon", "body": "Three."}
    html = as_therapist.post("/admin/replies/new/", typed).content.decode()
    assert "You already have a reply of this kind by this name." in html
    as_therapist.post("/admin/replies/new/", typed | {"name": "Later"})
    assert Reply.objects.filter(kind="waitlist").count() == 2
    assert "Later" in as_therapist.get("/admin/replies/").content.decode()


def test_the_page_of_a_reply_explains_every_placeholder(as_therapist: Client) -> None:
    html = as_therapist.get("/admin/replies/new/").content.decode()
    for kind in PLACEHOLDERS:
        for name in placeholders(kind):
            assert f"<dt>{{{name}}}</dt>" in html


def test_each_kind_of_reply_is_a_decision_that_writes() -> None:
    writes = {each.kind for each in decisions.DECISIONS if each.writes}
    assert writes <= set(Reply.Kind.values) == set(PLACEHOLDERS)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("At {time}.", "At noon."),
        ("{time}{time}", "noonnoon"),
        ("{link} {how}", "{link} {how}"),
        ("{time.year} {time!r} {{time}}", "{time.year} {time!r} {noon}"),
    ],
)
def test_a_placeholder_is_filled_in_once_and_reaches_into_nothing(text: str, filled: str) -> None:
    assert replies.fill(text, {"time": "noon"}.get) == filled  # type: ignore[arg-type]
    assert replies.fill("{time}", lambda name: "{time}") == "{time}"


# --- What they become ----------------------------------------------------------------------------


def test_a_reply_gets_greeting_and_signature_and_its_values(waiting: ConsultationRequest) -> None:
    made = reply("We're set for {time}.\n\n{how}\n\nMove it here:\n{link}", "confirm")
    words = emails.draft(waiting, "confirm", starts_at=WEDNESDAY, start_from=str(made.pk)).body
    assert words.startswith("Hi Maya,\n\nWe're set for Wednesday, December 2")
    assert "call you" in words
    assert words.count(waiting.get_absolute_url()) == 1
    assert "\nThe Therapist\n" in words
    assert "{" not in words


def test_words_to_say_begin_and_end_as_such() -> None:
    by_phone = factories.consultation_request(email="", phone="+14155550100", name="Maya")
    words = emails.draft(by_phone, "decline", start_from=str(reply("No room. {link}").pk))
    assert words.subject == ""
    assert "No room. your page on my site" in words.body
    assert "Maya" in words.body


def test_where_someone_else_may_read_it_nothing_names_or_links(
    waiting: ConsultationRequest,
) -> None:
    ConsultationRequest.objects.update(discreet=True)
    waiting.refresh_from_db()
    words = emails.draft(waiting, "decline", start_from=str(reply("Look here: {link}").pk)).body
    assert "Maya" not in words
    assert "/consultation/manage/" not in words


@pytest.mark.parametrize(
    ("kind", "slug"), [(kind, slug) for kind, some in replies.BUILT_IN.items() for slug in some]
)
@pytest.mark.parametrize("reached", ["email", "discreet", "phone"])
def test_each_reply_that_comes_with_the_site_can_be_read_by_anybody(
    kind: str, slug: str, reached: str
) -> None:
    ways = {"email": {}, "discreet": {"discreet": True}, "phone": {"email": ""}}[reached]
    consultation = factories.consultation_request(
        name="Maya", phone="+14155550100", asked_for=WEDNESDAY, **ways
    )
    about = {"starts_at": WEDNESDAY, "starts": [WEDNESDAY], "stands_until": WEDNESDAY}
    words = emails.draft(consultation, kind, start_from=slug, **about).body  # type: ignore[arg-type]
    standard = emails.draft(consultation, kind, **about).body  # type: ignore[arg-type]
    assert words != standard
    assert "{" not in words
    assert not re.search(r"\n\n\n|(?m:^ | $)|  ", words), words
    assert ("/manage/" in words) is (reached == "email" and kind not in ("cancel", "decline"))
    if kind not in ("decline", "waitlist"):
        assert "Wednesday, December 2" in words


# --- On the screen -------------------------------------------------------------------------------


def test_where_there_is_one_reply_nothing_is_chosen(
    as_therapist: Client, waiting: ConsultationRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replies, "BUILT_IN", {})
    html = as_therapist.get(address(waiting, "waitlist")).content.decode()
    assert 'name="start_from"' not in html
    assert "Use these words" not in html
    reply("Soon.", "waitlist", "In spring")
    html = as_therapist.get(address(waiting, "waitlist")).content.decode()
    assert "Use these words" in html
    assert html.index("Standard") < html.index("In spring")


def test_a_chosen_reply_replaces_the_draft_and_what_was_typed_stays_at_hand(
    as_therapist: Client, waiting: ConsultationRequest
) -> None:
    made = reply("You'll hear from me in spring.", "waitlist")
    typed = opened(as_therapist, waiting, "waitlist") | {"body": "Words of my own."}
    anew, html = posted(
        as_therapist, address(waiting, "waitlist"), typed | {"start_from": made.pk, "use": "1"}
    )
    assert "hear from me in spring" in anew["body"]
    assert "Words of my own." in anew["earlier"]
    assert f'<option value="{made.pk}" selected>' in html
    assert ConsultationRequest.objects.get().state == State.PENDING
    as_therapist.post(address(waiting, "waitlist"), anew | {"start_from": made.pk})
    assert "hear from me in spring" in Letter.objects.get().body


def test_a_reply_that_was_chosen_and_not_used_is_not_sent_unread(
    as_therapist: Client, waiting: ConsultationRequest
) -> None:
    made = reply("You'll hear from me in spring.", "waitlist")
    typed = opened(as_therapist, waiting, "waitlist") | {"start_from": made.pk}
    anew, html = posted(as_therapist, address(waiting, "waitlist"), typed)
    assert "so this is a new draft" in html
    assert "typed is below it" not in html, "there is nothing below"
    assert "hear from me in spring" in anew["body"]
    assert not Letter.objects.exists()


def test_a_reply_that_was_deleted_meanwhile_leaves_the_standard_words(
    as_therapist: Client, waiting: ConsultationRequest
) -> None:
    made, _ = reply("In spring.", "waitlist", "Mine"), reply("Now.", "waitlist", "Other")
    typed = opened(as_therapist, waiting, "waitlist") | {"start_from": made.pk, "use": "1"}
    made.delete()
    anew, html = posted(as_therapist, address(waiting, "waitlist"), typed)
    assert "You deleted this reply." in html
    assert "In spring" not in anew["body"]
    assert "waitlist" in anew["body"]


def test_the_time_stays_as_it_is_while_other_words_are_chosen(
    as_therapist: Client, waiting: ConsultationRequest
) -> None:
    made = reply("Set: {time}.", "confirm")
    url = address(waiting, "confirm")
    first = opened(as_therapist, waiting, "confirm")
    letter, _ = posted(as_therapist, url, first | {"day": "2026-12-02", "hour": "10:00"})
    anew, _ = posted(as_therapist, url, letter | {"start_from": made.pk, "use": "1"})
    assert "Set: Wednesday, December 2" in anew["body"]
    as_therapist.post(url, anew | {"start_from": made.pk})
    assert ConsultationRequest.objects.get().starts_at == WEDNESDAY


def test_a_placeholder_without_a_value_stays_and_is_not_sent(
    as_therapist: Client, waiting: ConsultationRequest
) -> None:
    PracticeSettings.objects.update(telephone="")
    made = reply("Call me: {phone}", "waitlist")
    typed = opened(as_therapist, waiting, "waitlist") | {"start_from": made.pk, "use": "1"}
    anew, _ = posted(as_therapist, address(waiting, "waitlist"), typed)
    assert "Call me: {phone}" in anew["body"]
    html = as_therapist.post(
        address(waiting, "waitlist"), anew | {"start_from": made.pk}
    ).content.decode()
    assert "Fill in or remove {phone}." in html
    assert not Letter.objects.exists()


def test_what_a_reply_says_is_never_run(as_therapist: Client, waiting: ConsultationRequest) -> None:
    bad = "<script>alert(1)</script>%(time)s $time"
    made = reply(bad, "waitlist", "<script>alert(2)</script>")
    typed = opened(as_therapist, waiting, "waitlist") | {"start_from": made.pk, "use": "1"}
    anew, html = posted(as_therapist, address(waiting, "waitlist"), typed)
    assert bad in anew["body"]
    assert "<script>alert" not in html
    assert "<script>alert" not in as_therapist.get("/admin/replies/").content.decode()


# --- To copy, or to text -------------------------------------------------------------------------


def told_by_phone(**fields: Any) -> ConsultationRequest:
    consultation = factories.consultation_request(
        email="", phone="+14155550100", name="Maya", **fields
    )
    words = "Hello Maya, this is The Therapist. 50% & more?\nCall me."
    consultation.letters.create(version=1, kind="waitlist", channel="in_person", body=words)
    return consultation


def test_words_open_in_the_phones_own_program_where_they_may_be_texted(
    as_therapist: Client,
) -> None:
    consultation = told_by_phone(text_ok=True)
    html = as_therapist.get(f"/admin/consultations/{consultation.pk}/").content.decode()
    first_line = "sms:+14155550100?&amp;body=About%20your%20request%0A%0AHello%20Maya"
    assert first_line in html, "a locked phone shows the first line"
    assert "50%25%20%26%20more%3F%0ACall%20me." in html
    assert 'href="tel:+14155550100"' in html
    assert " data-copy=" in html


@pytest.mark.parametrize("wish", [{"text_ok": False}, {"text_ok": True, "discreet": True}])
def test_nobody_is_texted_who_wants_none(as_therapist: Client, wish: dict[str, bool]) -> None:
    consultation = told_by_phone(**wish)
    html = as_therapist.get(f"/admin/consultations/{consultation.pk}/").content.decode()
    assert "sms:" not in html
    assert "Text these words" not in html
