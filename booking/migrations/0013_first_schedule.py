from django.core.management.color import no_style
from django.db import migrations


def give_to_the_first(apps, schema_editor):
    """Every site has a schedule from here on, and what is on file belongs to the first."""
    Schedule = apps.get_model("booking", "Schedule")
    ConsultationRequest = apps.get_model("booking", "ConsultationRequest")
    first = Schedule.objects.order_by("pk").first() or Schedule.objects.create()
    ConsultationRequest.objects.filter(schedule=None).update(schedule=first)
    # The version before numbered it by hand, of which PostgreSQL's own counting does not know.
    for statement in schema_editor.connection.ops.sequence_reset_sql(no_style(), [Schedule]):
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [("booking", "0012_schedules_of_therapists")]

    operations = [migrations.RunPython(give_to_the_first, migrations.RunPython.noop)]
