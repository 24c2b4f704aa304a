from django.db import migrations, models

import practice.models.settings


class Migration(migrations.Migration):

    dependencies = [
        ('practice', '0004_stamp'),
    ]

    # What a new row begins with, and what a field's hint says, is known here alone: no table
    # changes, and no row.
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='practicesettings',
                    name='time_zone',
                    field=models.CharField(default=practice.models.settings.time_zone_of_the_install, max_length=64, validators=[practice.models.settings.validate_time_zone]),
                ),
                migrations.AlterField(
                    model_name='practicesettings',
                    name='office_address',
                    field=models.TextField(blank=True, help_text='Leave empty for telehealth alone: the foot of each page then says “Sessions by video and telephone”.'),
                ),
            ],
        ),
    ]
