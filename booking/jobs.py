"""What booking has the worker do, in this order."""

from django.utils import timezone

from booking.busy import sync
from booking.erasure import database_files, erasing, retention
from booking.ledger import tombstones, wishes
from booking.letters import outbox, weekly
from booking.services import counts, expiry, presence, unopened
from practice.models import PracticeSettings
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
    return "1 weekly mails owed"


JOBS = (
    Job(
        "send_queued_emails",
        outbox.send_due,
        "Sends the letters about requests that are owed.",
        "{} sent".format,
        is_mail=True,
        by_date=False,
    ),
    Job(
        "release_holds",
        expiry.end_reservations,
        "Frees times that were asked for and never answered.",
        "{} times freed".format,
    ),
    Job(
        "expire_offers",
        expiry.expire_offers,
        "Ends the offers that nobody answered in time.",
        "{} offers ended".format,
    ),
    Job(
        "queue_reminders",
        expiry.queue_reminders,
        "Promises the reminders whose moment has come.",
        "{} reminders owed".format,
    ),
    Job(
        "alert_unopened",
        unopened.alert_unopened,
        "Owes the second address a word on requests that nobody opened by half their promise.",
        "{} alerts owed".format,
    ),
    Job(
        "alert_untold",
        unopened.alert_untold,
        "Owes the second address a word on alerts that the practice does not get.",
        "{:d} alerts owed".format,
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
        "Tells the practice, once a day at most, of possible spam that it has not heard of.",
        "{:d} alerts owed".format,
    ),
    Job(
        "finish_erasures",
        erasing.finish_erasures,
        "Erases what waited for a cancellation to leave.",
        "{} erased".format,
        by_date=False,
    ),
    Job(
        "count_open_times",
        counts.count_open_times,
        "Counts the open times. Requests that nobody opened may reserve half of them.",
        "{} times can be reserved".format,
    ),
    Job(
        "forget_counts",
        counts.forget_counts,
        "Deletes what was counted against spam on days that are over.",
        "{} counts forgotten".format,
        seconds=600,
    ),
    Job(
        "send_weekly_mail",
        lambda: weekly.promise_if_due(timezone.now()),
        "Promises this week's mail to the therapist if it is due; --now one more, on any day.",
        "{:d} weekly mails owed".format,
        options={"now": owe_one_more},
        seconds=900,
    ),
    Job(
        "erase_old_requests",
        erase_old,
        "Erases what ended longer ago than it is kept; --dry-run only says how many.",
        say_erased,
        options={"dry_run": count_old},
        seconds=3600,
    ),
    Job(
        "scrub_database",
        scrub_if_due,
        "Takes what was erased out of the database's own files.",
        lambda done: "scrubbed" if done else "somebody was reading; to be tried again",
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
