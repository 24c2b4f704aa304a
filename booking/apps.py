from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BookingConfig(AppConfig):
    name = "booking"
    verbose_name = "Consultations"

    def ready(self) -> None:
        from booking import permissions, samples, scrubbing
        from practice.samples import removed

        post_migrate.connect(permissions.let_therapists_review, sender=self)
        post_migrate.connect(scrubbing.keep_no_statistics, sender=self)
        removed.connect(samples.remove_hours)
