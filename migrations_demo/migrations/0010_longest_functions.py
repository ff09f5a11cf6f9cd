"""An index of the longest functions, built while others write."""

from __future__ import annotations

from orm import migrations, models
from orm.postgresql.operations import AddIndexConcurrently


class Migration(migrations.Migration):
    """See above."""

    atomic = False

    dependencies = [
        ("catalogue", "0009_fill_lengths"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="function",
            index=models.Index(fields=["-line_count"], name="catalogue_longest_function"),
        ),
    ]
