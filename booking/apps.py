from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BookingConfig(AppConfig):
    name = "booking"
    verbose_name = "Consultations"

    def ready(self) -> None:
        from anymail.signals import tracking
        from django.contrib.auth.signals import user_logged_in
        from wagtail.permissions import register_permission_policy

        from booking import jobs, launch, monitoring, permissions, samples
        from booking.erasure import database_files, honoring, retention
        from booking.letters import bounces
        from booking.services import presence
        from practice.backups import restored
        from practice.http.private import Place, declare
        from practice.launch.checklist import asked
        from practice.monitoring import measured, reported
        from practice.pagecache.triggers import show
        from practice.samples import loaded, removed
        from practice.worker.clocks import JUDGED_BY
        from practice.worker.jobs import register

        register(*jobs.JOBS)
        declare(
            Place("/consultation/", of_visitors=True, begins_public=True, key_at="manage/"),
            Place("/calendar/", of_visitors=True, key_at=""),
        )
        show("booking.AvailabilityRule", "booking.DateOverride")
        for name in ("Reply", "Referral"):
            model = self.get_model(name)
            register_permission_policy(model, permissions.ReviewPolicy(model))
        tracking.connect(bounces.learn)
        user_logged_in.connect(presence.note_sign_in)
        post_migrate.connect(permissions.let_therapists_review, sender=self)
        post_migrate.connect(database_files.keep_no_statistics, sender=self)
        measured.connect(monitoring.measure)
        reported.connect(monitoring.report)
        reported.connect(retention.report)
        JUDGED_BY[self.get_model("ConsultationRequest")] = "received_at"
        asked.connect(launch.items)
        restored.connect(honoring.do_again)
        loaded.connect(samples.load_hours)
        removed.connect(samples.remove_hours)
