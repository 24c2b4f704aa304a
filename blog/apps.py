from typing import Any

from django.apps import AppConfig
from django.core.management import call_command
from django.db.models.signals import post_migrate


class BlogConfig(AppConfig):
    name = "blog"
    verbose_name = "Articles"

    def ready(self) -> None:
        from blog import defaults, samples
        from practice.pagecache.triggers import show
        from practice.samples import loaded, removed

        post_migrate.connect(defaults.make_blog, sender=self)
        show("blog.Topic")
        loaded.connect(load_sample)
        removed.connect(samples.remove_topics_and_picture)


def load_sample(**kwargs: Any) -> None:
    """Receiver of `practice.samples.loaded`."""
    call_command("load_sample_blog")
