"""What the practice has not said yet."""

from django.core.checks import Tags

from practice import samples
from practice.environment.checking import Complaints, check
from practice.launch import checklist
from practice.launch.completeness import missing
from practice.models import PracticeSettings

REMOVE = "`manage.py remove_sample_content` removes what no one has changed."
WRITE = "Write them or unpublish them in the admin."


@check("practice.W002", REMOVE, tag=Tags.database, deploy=True)
def sample_is_gone() -> Complaints:
    if left := samples.standing():
        yield f"Some sample content is still there. {'; '.join(left)}."


@check("practice.W009", WRITE, tag=Tags.database, deploy=True)
def pages_say_something() -> Complaints:
    if silent := [page.title for page in checklist.silent_pages()]:
        yield f"Published without any text: {', '.join(silent)}."


@check("practice.W003", "Fill it in under Settings, Practice in the admin.", tag=Tags.database)
def practice_is_complete() -> Complaints:
    for line in missing(PracticeSettings.objects.first() or PracticeSettings()):
        yield f"The practice's settings are missing: {line}."
