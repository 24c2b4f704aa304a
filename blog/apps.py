from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BlogConfig(AppConfig):
    name = "blog"
    verbose_name = "Articles"

    def ready(self) -> None:
        from blog import defaults, samples
        from practice.pagecache.triggers import watch
        from practice.samples import removed

        post_migrate.connect(defaults.make_blog, sender=self)
        watch("blog.Topic")
        removed.connect(samples.remove_topics_and_picture)
