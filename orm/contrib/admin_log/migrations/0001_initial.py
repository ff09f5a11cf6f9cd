"""The table of ``admin``, as it is today."""

from __future__ import annotations

import orm.contrib.admin_log.models
from orm import migrations, models
from orm.contrib.auth.current import user_model_label
from orm.sql.zones import now


class Migration(migrations.Migration):
    """Makes the table."""

    initial = True

    dependencies = [
        migrations.swappable_dependency(user_model_label()),
        ("contenttypes", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="LogEntry",
            fields=[
                ("id", models.AutoField(verbose_name="ID", primary_key=True, auto_created=True)),
                ("action_time", models.DateTimeField("action time", default=now, editable=False)),
                ("object_id", models.TextField("object id", blank=True, null=True)),
                ("object_repr", models.CharField("object repr", max_length=200)),
                (
                    "action_flag",
                    models.PositiveSmallIntegerField(
                        "action flag", choices=[(1, "Addition"), (2, "Change"), (3, "Deletion")]
                    ),
                ),
                ("change_message", models.TextField("change message", blank=True)),
                (
                    "content_type",
                    models.ForeignKey(
                        to="contenttypes.ContentType",
                        on_delete=models.SET_NULL,
                        verbose_name="content type",
                        blank=True,
                        null=True,
                    ),
                ),
                ("user", models.ForeignKey(to=user_model_label(), on_delete=models.CASCADE, verbose_name="user")),
            ],
            options={
                "db_table": "django_admin_log",
                "verbose_name_plural": "log entries",
                "verbose_name": "log entry",
                "ordering": ["-action_time"],
            },
            managers=[
                ("objects", orm.contrib.admin_log.models.LogEntryManager()),
            ],
        ),
    ]
