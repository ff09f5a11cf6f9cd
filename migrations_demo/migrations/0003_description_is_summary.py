"""The description has another name."""

from __future__ import annotations

from orm import migrations


class Migration(migrations.Migration):
    """See above."""

    dependencies = [
        ("catalogue", "0002_source_code"),
    ]

    operations = [
        migrations.RenameField(
            model_name="distribution",
            old_name="description",
            new_name="summary",
        ),
    ]
