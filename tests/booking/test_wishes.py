"""What was wished after a backup outlives its restore, and the file of it leads to nobody."""

import contextlib
import resource
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from booking import jobs
from booking.erasure import data_requests, erasing, retention
from booking.forms.contact import ReachForm
from booking.ledger import tombstones, wishes
from booking.letters import emails, outbox
from booking.models import ConsultationRequest, Letter, OutgoingEmail, State, Tombstone, digest_of
from booking.services import by_visitor, decisions, expiry, readdress, transitions
from practice.models import PracticeSettings, User
from tests import factories
from tests.booking.test_erasure import ACTOR, DAY, NOW, TODAY, clock, command, user

__all__ = ["clock", "user"]  # fixtures

Since = Callable[[ConsultationRequest], AbstractContextManager[None]]
PHONE = "+14155550123"


@pytest.fixture
def since_backup(clock: Any, django_capture_on_commit_callbacks: Any) -> Since:
    """What is done to a request within is done after a backup, which then comes back."""

    @contextlib.contextmanager
    def since(consultation: ConsultationRequest) -> Iterator[None]:
        rows = ConsultationRequest.objects.filter(pk=consultation.pk)
        backup = rows.values().get()
        with django_capture_on_commit_callbacks(execute=True):
            yield
        if not rows.update(**backup):
            ConsultationRequest.objects.create(**backup)
        consultation.events.all().delete()
        command("erase_again")
        if rows.exists():
            consultation.refresh_from_db()

    return since


def written(settings: Any) -> list[str]:
    return str(settings.TOMBSTONES_FILE.read_text()).splitlines()


# --- Each wish --------------------------------------------------------------------------------


def test_an_erasure_promised_for_the_end_of_a_hold_is_kept_by_an_older_backup(
    user: User, since_backup: Since, clock: Any
) -> None:
    consultation = factories.consultation_request()
    with since_backup(consultation):
        erasing.place_legal_hold(consultation, TODAY + 31 * DAY, "A complaint", user=user)
        erasing.erase(consultation, by=ACTOR.VISITOR)
    assert consultation.state == State.WITHDRAWN
    assert consultation.kept_until == TODAY + 31 * DAY, "and a hold is one still"
    assert consultation.kept_because
    clock.shift(31 * DAY)
    assert retention.erase_old(PracticeSettings.load().today()) == 0
    clock.shift(DAY)
    assert retention.erase_old(PracticeSettings.load().today()) == 1


def test_a_persons_demand_that_met_a_hold_is_kept_too(user: User, since_backup: Since) -> None:
    consultation = factories.consultation_request(email="kim@example.com")
    erasing.place_legal_hold(consultation, TODAY, "A complaint", user=user)
    with since_backup(consultation):
        assert data_requests.erase_person("kim@example.com") == (1, 1)
    assert consultation.erasure_asked_at


def test_a_withdrawal_is_one_still_and_was_so_since_its_day(
    user: User, since_backup: Since, clock: Any
) -> None:
    consultation = factories.consultation_request(state=State.WAITLISTED)
    with since_backup(consultation):
        by_visitor.withdraw(consultation)
        clock.shift(3 * DAY)
    assert consultation.state == State.WITHDRAWN
    assert NOW <= consultation.state_since < NOW + DAY


def test_a_withdrawal_is_one_whatever_the_backup_says_of_the_request(
    user: User, since_backup: Since, clock: Any
) -> None:
    """It was declined, opened again and withdrawn; or agreed, and its time is over by now."""
    declined = factories.consultation_request(state=State.DECLINED)
    with since_backup(declined):
        decisions.reopen(declined, user=user)
        by_visitor.withdraw(declined)
    agreed = factories.agreed_request(NOW + DAY, by=user)
    factories.letters_left()
    with since_backup(agreed):
        by_visitor.withdraw(agreed)
        clock.shift(2 * DAY)
    assert (declined.state, agreed.state) == (State.WITHDRAWN, State.WITHDRAWN)


def test_who_withdrew_gets_nothing_from_an_older_backup(
    user: User, since_backup: Since, clock: Any
) -> None:
    """Neither what was owed then, nor a reminder, nor a second cancellation."""
    consultation = factories.agreed_request(NOW + 3 * DAY, by=user)
    owed = list(consultation.emails.filter(recipient="visitor").values())
    with since_backup(consultation):
        by_visitor.withdraw(consultation)
        factories.letters_left()
        OutgoingEmail.objects.bulk_create(OutgoingEmail(**each) for each in owed)
    clock.shift(2 * DAY)
    expiry.queue_reminders()
    assert not consultation.emails.filter(recipient="visitor", sent_at=None).exists()
    assert not consultation.claims.exists(), "its time is free"


def test_who_took_a_withdrawal_back_waits_again(user: User, since_backup: Since) -> None:
    consultation = factories.consultation_request()
    by_visitor.withdraw(consultation)
    with since_backup(consultation):
        by_visitor.restore(consultation)
    assert consultation.state == State.PENDING
    assert consultation.reply_by >= TODAY


def test_of_a_hold_that_was_placed_and_lifted_the_lifting_counts(
    user: User, since_backup: Since
) -> None:
    free = factories.consultation_request()
    with since_backup(free):
        erasing.place_legal_hold(free, TODAY + DAY, "A complaint", user=user)
        erasing.lift_legal_hold(free, user=user)
    bound = factories.consultation_request()
    erasing.place_legal_hold(bound, TODAY + DAY, "A complaint", user=user)
    with since_backup(bound):
        erasing.lift_legal_hold(bound, user=user)
    assert (free.kept_until, free.kept_because) == (None, "")
    assert (bound.kept_until, bound.kept_because) == (None, "")


def test_a_hold_that_was_made_longer_keeps_its_reason(user: User, since_backup: Since) -> None:
    consultation = factories.consultation_request()
    erasing.place_legal_hold(consultation, TODAY + DAY, "A complaint", user=user)
    with since_backup(consultation):
        erasing.place_legal_hold(consultation, TODAY + 9 * DAY, "A second complaint", user=user)
    assert (consultation.kept_until, consultation.kept_because) == (TODAY + 9 * DAY, "A complaint")


def test_no_voicemail_and_no_texts_stay_so(user: User, since_backup: Since) -> None:
    consultation = factories.consultation_request(phone=PHONE, text_ok=True, voicemail_ok=True)
    with since_backup(consultation):
        readdress.reach_by(
            consultation, user=user, text_ok=False, voicemail_ok=False, email_ok=True
        )
    assert (consultation.text_ok, consultation.voicemail_ok) == (False, False)
    assert consultation.email
    with since_backup(consultation):
        readdress.reach_by(consultation, user=user, text_ok=True, voicemail_ok=False, email_ok=True)
    assert (consultation.text_ok, consultation.voicemail_ok) == (True, False), "the newest counts"


def test_whoever_wants_no_email_gets_none_from_an_older_backup(
    user: User, since_backup: Since, clock: Any
) -> None:
    consultation = factories.agreed_request(NOW + 3 * DAY, by=user, phone=PHONE)
    owed = list(consultation.emails.filter(recipient="visitor").values())
    with since_backup(consultation):
        readdress.reach_by(
            consultation, user=user, text_ok=False, voicemail_ok=True, email_ok=False
        )
        consultation.letters.update(channel=Letter.Channel.EMAIL)
        OutgoingEmail.objects.bulk_create(OutgoingEmail(**each) for each in owed)
    assert consultation.email == ""
    assert consultation.letters.get().channel == Letter.Channel.IN_PERSON, "the therapist says it"
    clock.shift(2 * DAY)
    expiry.queue_reminders()
    assert not consultation.emails.filter(recipient="visitor").exists()


def test_that_someone_else_may_see_it_is_still_so_and_an_owed_letter_names_nobody(
    user: User, since_backup: Since
) -> None:
    consultation = factories.consultation_request(phone=PHONE)
    words = emails.Draft("About you", "It may take weeks.")
    decisions.waitlist(consultation, user=user, words=words)
    owed = list(consultation.emails.filter(kind="letter").values())
    with since_backup(consultation):
        readdress.reach_by(consultation, user=user, discreet=True)
        consultation.emails.all().delete()
        OutgoingEmail.objects.bulk_create(OutgoingEmail(**each) for each in owed)
    assert consultation.discreet
    assert set(consultation.emails.values_list("kind", flat=True)) == {"neutral_letter"}


def test_a_line_that_does_not_speak_of_it_leaves_it_as_it_is_stored(
    user: User, since_backup: Since
) -> None:
    """As a version before this one writes lines, or where the tick was taken away since."""
    consultation = factories.consultation_request(phone=PHONE, discreet=True)
    with since_backup(consultation):
        readdress.reach_by(consultation, user=user, discreet=False, text_ok=False)
    assert consultation.discreet
    assert not consultation.text_ok


def test_the_newest_wish_is_the_newest_whatever_the_clock_said(
    user: User, since_backup: Since, clock: Any
) -> None:
    consultation = factories.consultation_request()
    with since_backup(consultation):
        clock.shift(400 * DAY)
        erasing.place_legal_hold(consultation, TODAY + 500 * DAY, "A complaint", user=user)
        clock.move_to(NOW)
        erasing.lift_legal_hold(consultation, user=user)
    assert consultation.kept_until is None


def test_an_erasure_outranks_every_other_wish(user: User, since_backup: Since) -> None:
    consultation = factories.consultation_request()
    with since_backup(consultation):
        erasing.place_legal_hold(consultation, TODAY, "A complaint", user=user)
        erasing.lift_legal_hold(consultation, user=user)
        erasing.erase(consultation, by=ACTOR.VISITOR)
    assert not ConsultationRequest.objects.exists()


def test_what_stands_already_is_left_alone(user: User, since_backup: Since) -> None:
    """Whatever was done since: by a restore of the newest backup, or `erase_again` at any time."""
    consultation = factories.consultation_request()
    with since_backup(consultation):
        erasing.place_legal_hold(consultation, TODAY + DAY, "A complaint", user=user)
        by_visitor.withdraw(consultation)
    assert "0 wishes honored" in command("erase_again")
    version = consultation.version
    by_visitor.restore(consultation)
    assert "0 wishes honored" in command("erase_again")
    consultation.refresh_from_db()
    assert (consultation.state, consultation.version) == (State.PENDING, version + 1)


def test_a_wish_after_a_restore_is_newer_than_all_before_it(
    user: User, since_backup: Since
) -> None:
    consultation = factories.consultation_request()
    with since_backup(consultation):
        erasing.place_legal_hold(consultation, TODAY + DAY, "A complaint", user=user)
        erasing.lift_legal_hold(consultation, user=user)
        erasing.place_legal_hold(consultation, TODAY + 2 * DAY, "A complaint", user=user)
    with since_backup(consultation):
        erasing.lift_legal_hold(consultation, user=user)
    assert consultation.kept_until is None


# --- The file ---------------------------------------------------------------------------------


def test_the_file_of_wishes_leads_to_nobody(user: User, settings: Any, since_backup: Since) -> None:
    consultation = factories.consultation_request(phone=PHONE, name="Quillon")
    with since_backup(consultation):
        erasing.place_legal_hold(consultation, TODAY + 30 * DAY, "Quillon sues", user=user)
        erasing.erase(consultation, by=ACTOR.VISITOR)
    assert written(settings) == [
        f"2027-06-01 {digest_of(consultation.invitation_uid)[:40]} 3 withdrawn=2027-06-01 "
        "erase=2027-06-01 hold=2027-07-01 no-texts no-voicemail wish"
    ]
    assert settings.TOMBSTONES_FILE.stat().st_mode & 0o077 == 0


def test_the_version_before_takes_no_wish_for_a_tombstone(
    user: User, settings: Any, since_backup: Since
) -> None:
    """As it reads the file: by a line's last word, which must fit its column, too."""
    consultation = factories.consultation_request()
    with since_backup(consultation):
        by_visitor.withdraw(consultation)
    [line] = written(settings)
    assert line.endswith(" wish")
    cut = {line[:end].split()[-1] for end in range(1, len(line) + 1)}  # a full disk breaks it off
    assert digest_of(consultation.invitation_uid) not in cut
    assert max(map(len, cut)) <= Tombstone._meta.get_field("digest").max_length


def test_half_a_line_is_neither_a_wish_nor_a_tombstone_and_spoils_no_other(
    user: User, settings: Any, since_backup: Since
) -> None:
    whole, half = factories.consultation_request(), factories.consultation_request()
    with since_backup(whole):
        by_visitor.withdraw(whole)
    [line] = written(settings)
    of_half = line.replace(wishes.digest(whole.invitation_uid), wishes.digest(half.invitation_uid))
    for end in range(1, len(of_half)):
        settings.TOMBSTONES_FILE.write_text(of_half[:end])
        tombstones.append([f"{line}\n"])
        assert set(wishes.newest()) == {wishes.digest(whole.invitation_uid)}
        assert tombstones.wished() == set()
    begins = wishes.digest(half.invitation_uid)
    for strange in (
        f"2027-06-01 {begins} {10**12} wish",
        f"2027-06-01 {begins} x wish",
        "2027-06-01 abc 1 hold=never wish",
        "wish",
        "\0 wish",
    ):
        tombstones.append([f"{strange}\n"])
    assert set(wishes.newest()) == {wishes.digest(whole.invitation_uid)}


def test_a_full_disk_takes_no_act_back_and_is_made_up_for(
    user: User, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    """/dev/full is a disk without room."""
    there, settings.TOMBSTONES_FILE = settings.TOMBSTONES_FILE, Path("/dev/full")
    consultation, link = factories.consultation_request(), Client()
    with django_capture_on_commit_callbacks(execute=True):
        link.post(consultation.get_absolute_url(), {"act": "withdraw"})
    assert ConsultationRequest.objects.get().state == State.WITHDRAWN
    with pytest.raises(OSError, match="No space"):
        jobs.scrub_if_due()
    settings.TOMBSTONES_FILE = there
    jobs.scrub_if_due()
    assert len(written(settings)) == 1
    jobs.scrub_if_due()
    assert len(written(settings)) == 1


def test_a_line_that_only_half_went_in_is_written_again(settings: Any) -> None:
    """A disk that fills up takes the beginning, and says nothing."""
    tombstones.append(["2027-06-01 first\n"])
    size = settings.TOMBSTONES_FILE.stat().st_size
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 8, limit[1]))
    try:
        with pytest.raises(OSError, match=r"No space|too large"):
            tombstones.append(["2027-06-02 second\n"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, before)
    tombstones.append(["2027-06-02 second\n"])
    assert written(settings)[-1] == "2027-06-02 second"


def test_what_was_wished_beside_a_version_that_writes_none_is_written_by_the_worker(
    practice: PracticeSettings, settings: Any
) -> None:
    """That of before an update: it went on for a while, and wrote only to the database."""
    for fields in (
        {"state": State.WITHDRAWN},
        {"erasure_asked_at": NOW},
        {"kept_until": TODAY, "kept_because": "A complaint"},
        {},
    ):
        factories.consultation_request(**fields)
    jobs.scrub_if_due()
    assert len(written(settings)) == 3


def test_the_newest_counts_in_whatever_order_servers_wrote(
    user: User, settings: Any, since_backup: Since
) -> None:
    consultation = factories.consultation_request()
    begins = wishes.digest(consultation.invitation_uid)
    settings.TOMBSTONES_FILE.write_text(
        f"2027-06-01 {begins} 10 wish\n2027-06-01 {begins} 9 withdrawn=2027-06-01 wish\n"
    )
    assert "1 wishes honored" in command("erase_again")
    consultation.refresh_from_db()
    assert consultation.state == State.PENDING


def test_a_wish_made_while_another_is_written_is_written_too(
    practice: PracticeSettings, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    consultation, append = factories.consultation_request(), tombstones.append

    def made_meanwhile(lines: Any) -> None:
        append(lines)
        wishes.changed(consultation)

    wishes.changed(consultation)
    with monkeypatch.context() as patch:
        patch.setattr(tombstones, "append", made_meanwhile)
        wishes.write_missing()
    assert wishes.write_missing() == 1
    assert [line.split()[2] for line in written(settings)] == ["1", "2"]


def test_lines_of_many_writers_stay_whole(settings: Any) -> None:
    lines = [f"2027-06-01 {'x' * length} wish\n" for length in range(400)]
    with ThreadPoolExecutor(8) as pool:  # each with a descriptor of its own, as processes have
        list(pool.map(tombstones.append, ([line] for line in lines)))
    assert sorted(settings.TOMBSTONES_FILE.read_text().splitlines(True)) == sorted(lines)


# --- How the visitor may be reached -----------------------------------------------------------


@pytest.fixture
def reached(practice: PracticeSettings, as_therapist: Client) -> Callable[..., str]:
    def post(consultation: ConsultationRequest, **ticks: object) -> str:
        address = f"/admin/consultations/{consultation.pk}/reach/"
        seen = ReachForm(consultation=consultation).seen
        answer = as_therapist.post(address, {"seen": seen, **ticks}, follow=True)
        consultation.refresh_from_db()
        return " ".join(answer.content.decode().split())

    return post


def test_the_therapist_notes_how_somebody_wants_to_be_reached(
    reached: Callable[..., str], as_therapist: Client
) -> None:
    consultation = factories.consultation_request(phone=PHONE, text_ok=True, voicemail_ok=True)
    page = as_therapist.get(f"/admin/consultations/{consultation.pk}/").content.decode()
    assert "Save how to reach them" in page
    page = reached(consultation, text_ok="on", email_ok="on")
    assert "Texts are fine. No voicemail." in page
    assert "The practice (therapist@example.com) noted how to reach the visitor" in " ".join(
        page.split()
    )
    assert consultation.email
    reached(consultation, text_ok="on")
    assert consultation.email == ""


def test_nobody_is_left_without_any_way_to_reach_them(
    user: User, reached: Callable[..., str], as_therapist: Client
) -> None:
    consultation = factories.consultation_request(text_ok=True)
    address = f"/admin/consultations/{consultation.pk}/"
    page = as_therapist.get(address).content.decode()
    assert "Email is fine" not in page
    assert 'name="text_ok"' not in page
    reached(consultation)
    assert consultation.email
    assert consultation.text_ok
    with pytest.raises(transitions.NotAllowed):
        readdress.reach_by(consultation, user=user, email_ok=False)


def test_an_address_that_came_meanwhile_is_not_refused_by_an_older_page(
    reached: Callable[..., str],
) -> None:
    consultation = factories.consultation_request(email="", phone=PHONE)
    opened = ReachForm(consultation=consultation).seen
    ConsultationRequest.objects.update(email="them@example.org")
    assert "Nothing was saved" in reached(consultation, seen=opened, text_ok="on")
    assert consultation.email
    assert not consultation.text_ok


def test_a_refusal_is_not_undone_by_an_older_page(reached: Callable[..., str]) -> None:
    consultation = factories.consultation_request(phone=PHONE, text_ok=True, voicemail_ok=True)
    opened = ReachForm(consultation=consultation).seen
    reached(consultation, text_ok="on", email_ok="on")  # no voicemail, in another tab
    page = reached(consultation, seen=opened, voicemail_ok="on", email_ok="on")
    assert "Nothing was saved" in page
    assert not consultation.voicemail_ok


def test_a_letter_on_its_way_is_said_when_email_is_not_wanted_any_more(
    user: User, reached: Callable[..., str]
) -> None:
    consultation = factories.consultation_request(phone=PHONE)
    decisions.waitlist(
        consultation, user=user, words=emails.Draft("About you", "It may take weeks.")
    )
    page = reached(consultation)
    assert "Words to say</h2>" in page
    assert "It may take weeks." in page
    assert outbox.send_due() == 0
    assert timezone.now() - timedelta(1) < consultation.state_since


def test_the_therapist_notes_that_someone_else_may_see_it_and_takes_it_back(
    reached: Callable[..., str],
) -> None:
    """Also of a visitor who left no telephone number."""
    for phone in ("", PHONE):
        consultation = factories.consultation_request(phone=phone)
        ways = {"email_ok": "on", "text_ok": "on", "voicemail_ok": "on"}
        page = reached(consultation, discreet="on", **ways)
        assert consultation.discreet
        assert ("stay off, even if this is checked" in page) is bool(phone)
        assert ("No texts. No voicemail." in page) is bool(phone)
        page = reached(consultation, **ways)
        assert not consultation.discreet
        assert "Don't leave a voicemail" not in page
        assert ("Texts are fine. Voicemail is fine." in page) is bool(phone)
