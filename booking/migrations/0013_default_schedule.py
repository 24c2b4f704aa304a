from django.core.management.color import no_style
from django.db import migrations


def give_to_the_default(apps, schema_editor):
    """A site's one schedule is the default, and what is on file belongs to it. A new site's is made
    on first use.
    """
    Schedule = apps.get_model("booking", "Schedule")
    requests = apps.get_model("booking", "ConsultationRequest").objects.all()
    schedule = Schedule.objects.order_by("pk").first()
    if schedule is None and not requests.exists():
        return
    schedule = schedule or Schedule()
    schedule.is_default = True
    schedule.save()
    requests.update(schedule=schedule)
    # The version before numbered it by hand, of which PostgreSQL's own counting does not know.
    for statement in schema_editor.connection.ops.sequence_reset_sql(no_style(), [Schedule]):
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [("booking", "0012_schedules_of_therapists")]

    operations = [migrations.RunPython(give_to_the_default, migrations.RunPython.noop)]
