"""What booking has the worker do, in this order."""

from django.utils import timezone

from booking.busy import sync
from booking.erasure import database_files, erasing, retention
from booking.ledger import tombstones, wishes
from booking.letters import outbox, weekly
from booking.services import counts, expiry, presence, unopened
from practice.models import PracticeSettings
from practice.monitoring import counted
from practice.worker.jobs import Job


def erase_old() -> int:
    return retention.erase_old(PracticeSettings.load().today())


def say_erased(erased: int) -> str:
    stopped = retention.stopped(PracticeSettings.load().today())
    if stopped is None:
        return f"{erased} erased"
    return (
        f"{erased} erased\n{stopped.number} at once is a lot, so they wait until "
        f"{stopped.until:%Y-%m-%d}. Check the date, and how long requests are kept."
    )


def count_old() -> str:
    return f"{retention.over_by(PracticeSettings.load().today()).count()} to be erased"


def scrub_if_due() -> None:
    """By night, since PostgreSQL locks each table while it is written anew."""
    write_missing()
    now = timezone.now()
    if database_files.is_due(now, now.astimezone(PracticeSettings.load().zone).hour):
        database_files.scrub()


def scrub() -> bool:
    write_missing()
    return database_files.scrub()


def write_missing() -> None:
    tombstones.write_missing()
    wishes.count_uncounted()
    wishes.write_missing()


def owe_one_more() -> str:
    weekly.promise()
    return "1 weekly email queued"


JOBS = (
    Job(
        "send_queued_emails",
        outbox.send_due,
        "Sends the emails about requests that are due.",
        "{} sent".format,
        is_mail=True,
        by_date=False,
    ),
    Job(
        "release_holds",
        expiry.end_reservations,
        "Frees reserved times that got no reply in time.",
        "{} times freed".format,
    ),
    Job(
        "expire_offers",
        expiry.expire_offers,
        "Ends the offers that got no reply in time.",
        "{} offers ended".format,
    ),
    Job(
        "queue_reminders",
        expiry.queue_reminders,
        "Queues the reminders that are due.",
        "{} reminders queued".format,
    ),
    Job(
        "alert_unopened",
        unopened.alert_unopened,
        "Alerts the second address to requests still unopened at half the promised time.",
        "{} alerts queued".format,
    ),
    Job(
        "alert_untold",
        unopened.alert_untold,
        "Tells the second address about alerts that the practice doesn't get.",
        "{:d} alerts queued".format,
        by_date=False,
    ),
    Job(
        "note_absence",
        presence.note_absence,
        "Closes the form while a reply is late and nobody has signed in for five working days.",
        lambda closed: "The form is closed" if closed else "Nothing to do",
    ),
    Job(
        "alert_quarantine",
        unopened.alert_quarantine,
        "Tells the practice, once a day at most, about new possible spam.",
        "{:d} alerts queued".format,
    ),
    Job(
        "finish_erasures",
        erasing.finish_erasures,
        "Erases what waited until a cancellation had gone out.",
        "{} erased".format,
        by_date=False,
    ),
    Job(
        "count_open_times",
        counts.count_open_times,
        "Counts the open times. Requests no one has opened can hold at most half of them.",
        "{} times can be reserved".format,
    ),
    Job(
        "forget_counts",
        counts.forget_counts,
        "Deletes past days' counts against spam.",
        "{} counts deleted".format,
        seconds=600,
    ),
    Job(
        "send_weekly_mail",
        lambda: weekly.promise_if_due(timezone.now()),
        "Queues the therapist's weekly email if it's due; --now queues one more, any day.",
        lambda queued: f"{counted(int(queued), 'weekly email')} queued",
        options={"now": owe_one_more},
        seconds=900,
    ),
    Job(
        "erase_old_requests",
        erase_old,
        "Erases requests past the time they are kept; --dry-run only counts them.",
        say_erased,
        options={"dry_run": count_old},
        seconds=3600,
    ),
    Job(
        "scrub_database",
        scrub_if_due,
        "Removes what was erased from the database's own files.",
        lambda done: "scrubbed" if done else "the database was in use; it tries again later",
        by_hand=scrub,
        by_turns=True,
        seconds=900,
        by_date=False,
    ),
    Job(
        "read_busy_feeds",
        lambda: sync.read_next(timezone.now()),
        "Reads the therapist's other calendars.",
        "{} calendars read".format,
        by_hand=lambda: sync.read_all(timezone.now()),
        is_slow=True,
    ),
)
