from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PracticeConfig(AppConfig):
    name = "practice"
    verbose_name = "The practice"

    def ready(self) -> None:
        from practice import checks, defaults  # noqa: F401  (checks register themselves)

        post_migrate.connect(defaults.make_site, sender=self)
