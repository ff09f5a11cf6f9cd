"""The lengths of the functions there are, some thousand rows at a time."""

from __future__ import annotations

from orm import migrations, models


class Migration(migrations.Migration):
    """See above."""

    atomic = False

    dependencies = [
        ("catalogue", "0008_function_length"),
    ]

    operations = [
        migrations.Backfill(
            "function",
            {"line_count": models.F("end_line") - models.F("line") + 1},
            where=models.Q(line_count__isnull=True),
            batch=2000,
        ),
    ]
