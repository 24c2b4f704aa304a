from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BookingConfig(AppConfig):
    name = "booking"
    verbose_name = "Consultations"

    def ready(self) -> None:
        from anymail.signals import tracking
        from django.contrib.auth.signals import user_logged_in

        from booking import bounces, golive, permissions, samples, scrubbing, watching
        from booking.services import presence, retention
        from practice.clocks import written
        from practice.golive import asked
        from practice.samples import removed
        from practice.watched import watch
        from practice.watching import measured, reported

        watch("booking.AvailabilityRule", "booking.DateOverride")
        tracking.connect(bounces.learn)
        user_logged_in.connect(presence.note_sign_in)
        post_migrate.connect(permissions.let_therapists_review, sender=self)
        post_migrate.connect(scrubbing.keep_no_statistics, sender=self)
        measured.connect(watching.measure)
        reported.connect(watching.report)
        reported.connect(retention.report)
        written.connect(watching.newest_request)
        asked.connect(golive.steps)
        removed.connect(samples.remove_hours)
