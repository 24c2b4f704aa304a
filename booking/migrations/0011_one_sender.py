import django.db.models.functions.datetime
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('booking', '0010_calendars_with_losses'),
    ]

    operations = [
        migrations.AlterField(
            model_name='outgoingemail',
            name='attempts',
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name='outgoingemail',
            name='last_error',
            field=models.CharField(blank=True, db_default='', default='', help_text='The kind of error alone', max_length=80),
        ),
        migrations.AlterField(
            model_name='outgoingemail',
            name='leased_until',
            field=models.DateTimeField(help_text='By the worker that sends it', null=True),
        ),
        migrations.AlterField(
            model_name='outgoingemail',
            name='next_try_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now),
        ),
    ]
