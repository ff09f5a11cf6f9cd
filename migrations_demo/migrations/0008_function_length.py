"""Functions know how long they are; rows that are there get it in the next migration."""

from __future__ import annotations

from orm import migrations, models


class Migration(migrations.Migration):
    """See above."""

    dependencies = [
        ("catalogue", "0007_views_and_reports"),
    ]

    operations = [
        migrations.AddField(
            model_name="function",
            name="line_count",
            field=models.IntegerField(null=True),
        ),
    ]
