"""Authors were lines of a text, a name and an address on each; from now on they are people, each once."""

from __future__ import annotations

from typing import Any

from orm import migrations


def split(apps: Any, schema_editor: Any) -> None:
    """Make a person of each line, and tie it to the distribution."""
    person, distribution = apps.get_model("catalogue", "Person"), apps.get_model("catalogue", "Distribution")
    for one in distribution.objects.exclude(author_lines=""):
        for line in one.author_lines.splitlines():
            name, _, email = line.partition("\t")
            one.authors.add(person.objects.get_or_create(name=name, email=email)[0])


def join(apps: Any, schema_editor: Any) -> None:
    """Write the people back as lines."""
    distribution = apps.get_model("catalogue", "Distribution")
    for one in distribution.objects.prefetch_related("authors"):
        one.author_lines = "".join(f"{author.name}\t{author.email}\n" for author in one.authors.all())
        one.save(update_fields=["author_lines"])


class Migration(migrations.Migration):
    """A data migration, in blocking code."""

    dependencies = [("catalogue", "0004_people")]

    operations = [migrations.RunPython(split, join)]
