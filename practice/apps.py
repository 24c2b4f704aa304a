from importlib import import_module
from typing import Any

from django.apps import AppConfig, apps
from django.core.signals import request_started
from django.db.backends.signals import connection_created
from django.db.models.signals import m2m_changed, post_migrate, post_save, pre_delete, pre_save
from django.utils.autoreload import autoreload_started

CHECKED = ("accounts", "backups", "encryption", "environment", "launch", "mail", "website")


class PracticeConfig(AppConfig):
    name = "practice"
    verbose_name = "The practice"

    def ready(self) -> None:
        from allauth.account.signals import authentication_step_completed
        from allauth.usersessions.models import UserSession
        from django.contrib.auth.models import Group
        from django.contrib.auth.signals import user_logged_in
        from wagtail.models import UploadedFile

        from practice.accounts import sessions
        from practice.deletion import deleted_pages, log_entries
        from practice.environment import site_url
        from practice.http import outage, private
        from practice.jurisdiction import zone_data
        from practice.media import forms
        from practice.models import PracticeSettings, ReaderPage, User
        from practice.monitoring import measured, own, reported
        from practice.pagecache import triggers
        from practice.website import initial_data
        from practice.worker import connections

        for room in CHECKED:
            import_module(f"practice.{room}.checks")  # where checks register themselves
        register_jobs()
        private.declare(private.Place(private.ADMIN), private.Place("/account/", keys_within=True))
        site_url.lead_wagtail()
        log_entries.lead_wagtail()
        connection_created.connect(connections.note_file)
        request_started.connect(connections.close_if_moved)
        request_started.connect(zone_data.refresh)
        measured.connect(own.measure)
        reported.connect(own.report)
        post_migrate.connect(initial_data.make_site, sender=self)
        post_migrate.connect(triggers.install, sender=self)
        pre_save.connect(forms.strip_waiting_picture, sender=UploadedFile)
        user_logged_in.connect(sessions.note_start)
        authentication_step_completed.connect(sessions.renew)
        post_save.connect(sessions.end_when_shut, sender=User)
        pre_delete.connect(log_entries.keep_name, sender=User)
        for model in apps.get_models():
            if issubclass(model, ReaderPage):
                pre_delete.connect(deleted_pages.keep_for_a_month, sender=model)
        m2m_changed.connect(sessions.end_when_less, sender=User.groups.through)
        pre_delete.connect(sessions.end_with_group, sender=Group)
        post_save.connect(outage.note_change, sender=PracticeSettings)
        pre_save.connect(sessions.keep_little, sender=UserSession)
        autoreload_started.connect(watch_style_sheets)


def watch_style_sheets(sender: Any, **kwargs: Any) -> None:
    """`runserver` starts again when a style sheet changes: each process reads them once."""
    from practice.website import theme

    sender.watch_dir(theme.FOLDER, "*.css")


def register_jobs() -> None:
    """What practice itself has the worker do, in this order."""
    from django.core.management import call_command
    from django.utils import timezone
    from wagtail.management.commands import publish_scheduled

    from practice.accounts import letters, purge
    from practice.deletion import deleted_pages
    from practice.mail import proof
    from practice.monitoring import counted
    from practice.worker.connections import optimize
    from practice.worker.jobs import Job, register

    register(
        Job(
            "send_account_links",
            letters.send_due,
            "Sends the sign-in links that people asked for.",
            "Sent: {}".format,
            is_mail=True,
            by_date=False,
        ),
        Job(
            "send_test_letter",
            proof.send_due,
            "Sends the test email that was asked for in the admin.",
            lambda sent: f"{counted(sent, 'test email')} sent",
            is_mail=True,
            by_date=False,
        ),
        Job(
            "publish_scheduled",
            lambda: call_command(publish_scheduled.Command(), verbosity=0),
            "Publishes pages and takes them down at their set times.",
            by_turns=True,
        ),
        Job(
            "forget_old_sessions",
            purge.forget_old,
            "Removes old sign-ins and old counts of wrong passwords.",
            "Done.".format,
            seconds=600,
        ),
        Job(
            "forget_deleted_pages",
            lambda: deleted_pages.forget_old(timezone.now()),
            "Deletes for good the pages that were deleted 30 days ago.",
            "{} pages deleted for good".format,
            seconds=3600,
        ),
        Job(
            "optimize_database",
            optimize,
            "Updates the statistics that SQLite plans queries with.",
            seconds=86_400,
            by_date=False,
        ),
    )
