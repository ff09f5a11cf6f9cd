"""Authors are people now."""

from __future__ import annotations

from orm import migrations


class Migration(migrations.Migration):
    """See above."""

    dependencies = [
        ("catalogue", "0005_split_authors"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="distribution",
            name="author_lines",
        ),
    ]
