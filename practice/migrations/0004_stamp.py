from django.db import migrations, models

from practice.pagecache.triggers import remove


class Migration(migrations.Migration):

    dependencies = [
        ('practice', '0003_production'),
    ]

    operations = [
        migrations.CreateModel(
            name='Stamp',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('value', models.CharField(max_length=32)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        # The triggers are made after every migration; going back, they go first.
        migrations.RunPython(migrations.RunPython.noop, remove),
    ]
