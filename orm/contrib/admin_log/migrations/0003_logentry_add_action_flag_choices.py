"""Nothing to do: the first migration makes the tables as they are today. Projects depend on the name."""

from __future__ import annotations

from orm import migrations


class Migration(migrations.Migration):
    """A name in the history."""

    dependencies = [("admin", "0002_logentry_remove_auto_add")]
