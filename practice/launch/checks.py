"""What the practice has not said yet."""

from django.core.checks import Tags, Warning, register

from practice import samples
from practice.environment.checking import Messages, readable
from practice.launch import checklist
from practice.launch.completeness import missing
from practice.models import PracticeSettings


@register(Tags.database, deploy=True)
def sample_is_gone(app_configs: object, databases: object = None, **kwargs: object) -> Messages:
    if not databases or not (left := readable(samples.standing)):
        return []
    return [
        Warning(
            f"Sample content still stands. {'; '.join(left)}.",
            hint="`manage.py remove_sample_content` removes what nobody has changed.",
            id="practice.W002",
        )
    ]


@register(Tags.database, deploy=True)
def pages_say_something(
    app_configs: object, databases: object = None, **kwargs: object
) -> Messages:
    def titles() -> list[str]:
        return [page.title for page in checklist.silent_pages()]

    if not databases or not (silent := readable(titles)):
        return []
    return [
        Warning(
            f"Published without any text: {', '.join(silent)}.",
            hint="Write them, or unpublish them, in the admin.",
            id="practice.W009",
        )
    ]


@register(Tags.database)
def practice_is_complete(
    app_configs: object, databases: object = None, **kwargs: object
) -> Messages:
    def lines() -> list[str]:
        return missing(PracticeSettings.objects.first() or PracticeSettings())

    if not databases:
        return []
    return [
        Warning(
            f"The practice still lacks: {line}.",
            hint="Settings, Practice in the admin.",
            id="practice.W003",
        )
        for line in readable(lines)
    ]
