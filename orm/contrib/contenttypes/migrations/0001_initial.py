"""The tables of ``contenttypes``, as they are today."""

from __future__ import annotations

import orm.contrib.contenttypes.models
import orm.contrib.contenttypes.objects_blocking
from orm import migrations, models


class Migration(migrations.Migration):
    """Makes the tables."""

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="ContentType",
            fields=[
                ("id", models.AutoField(verbose_name="ID", primary_key=True, auto_created=True)),
                ("app_label", models.CharField(max_length=100)),
                ("model", models.CharField("python model class name", max_length=100)),
            ],
            options={
                "db_table": "django_content_type",
                "verbose_name_plural": "content types",
                "verbose_name": "content type",
                "unique_together": {("app_label", "model")},
            },
            bases=(orm.contrib.contenttypes.objects_blocking.ObjectsOfType, models.Model),
            managers=[
                ("objects", orm.contrib.contenttypes.models.ContentTypeManager()),
            ],
        ),
    ]
