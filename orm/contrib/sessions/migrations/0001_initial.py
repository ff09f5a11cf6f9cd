"""The tables of ``sessions``, as they are today."""

from __future__ import annotations

import orm.contrib.sessions.models
from orm import migrations, models


class Migration(migrations.Migration):
    """Makes the tables."""

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Session",
            fields=[
                ("session_key", models.CharField("session key", max_length=40, primary_key=True)),
                ("session_data", models.TextField("session data")),
                ("expire_date", models.DateTimeField("expire date", db_index=True)),
            ],
            options={
                "db_table": "django_session",
                "verbose_name_plural": "sessions",
                "verbose_name": "session",
            },
            managers=[
                ("objects", orm.contrib.sessions.models.SessionManager()),
            ],
        ),
    ]
