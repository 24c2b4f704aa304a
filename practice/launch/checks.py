"""What the practice has not said yet."""

from django.core.checks import Tags, Warning

from practice import samples
from practice.environment.checking import Complaints, check
from practice.launch import checklist
from practice.launch.completeness import missing
from practice.models import PracticeSettings


@check(Tags.database, deploy=True)
def sample_is_gone() -> Complaints:
    if left := samples.standing():
        yield Warning(
            f"Sample content still stands. {'; '.join(left)}.",
            hint="`manage.py remove_sample_content` removes what nobody has changed.",
            id="practice.W002",
        )


@check(Tags.database, deploy=True)
def pages_say_something() -> Complaints:
    if silent := [page.title for page in checklist.silent_pages()]:
        yield Warning(
            f"Published without any text: {', '.join(silent)}.",
            hint="Write them, or unpublish them, in the admin.",
            id="practice.W009",
        )


@check(Tags.database)
def practice_is_complete() -> Complaints:
    for line in missing(PracticeSettings.objects.first() or PracticeSettings()):
        yield Warning(
            f"The practice still lacks: {line}.",
            hint="Settings, Practice in the admin.",
            id="practice.W003",
        )
