from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('booking', '0009_wishes'),
    ]

    operations = [
        migrations.AddField(
            model_name='busyfeed',
            name='accepted',
            field=models.JSONField(editable=False, help_text='Warnings in spite of which it is used as it is', null=True),
        ),
        migrations.AddField(
            model_name='busyfeed',
            name='own_addresses',
            field=models.CharField(blank=True, db_default='', default='', max_length=500),
        ),
    ]
