import django.db.models.functions.datetime
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('practice', '0010_deleted_pages'),
    ]

    operations = [
        migrations.AddField(
            model_name='owedlink',
            name='attempts',
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='owedlink',
            name='given_up_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='owedlink',
            name='last_error',
            field=models.CharField(blank=True, db_default='', default='', help_text='The kind of error alone', max_length=80),
        ),
        migrations.AddField(
            model_name='owedlink',
            name='lease',
            field=models.UUIDField(help_text='One for all alerts that leave as one letter', null=True),
        ),
        migrations.AddField(
            model_name='owedlink',
            name='next_try_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now),
        ),
        migrations.AddField(
            model_name='testletter',
            name='attempts',
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='testletter',
            name='given_up_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='testletter',
            name='last_error',
            field=models.CharField(blank=True, db_default='', default='', help_text='The kind of error alone', max_length=80),
        ),
        migrations.AddField(
            model_name='testletter',
            name='lease',
            field=models.UUIDField(help_text='One for all alerts that leave as one letter', null=True),
        ),
        migrations.AddField(
            model_name='testletter',
            name='next_try_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now),
        ),
    ]
