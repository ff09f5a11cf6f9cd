"""People, and which packages they wrote."""

from __future__ import annotations

from orm import migrations, models


class Migration(migrations.Migration):
    """See above."""

    dependencies = [
        ("catalogue", "0003_description_is_summary"),
    ]

    operations = [
        migrations.CreateModel(
            name="Person",
            fields=[
                ("id", models.BigAutoField(verbose_name="ID", primary_key=True, auto_created=True)),
                ("name", models.CharField(max_length=200)),
                ("email", models.CharField(max_length=254, default="")),
            ],
            options={
                "verbose_name_plural": "people",
                "ordering": ["name", "email"],
                "db_table": "catalogue_person",
                "unique_together": {("name", "email")},
            },
        ),
        migrations.AddField(
            model_name="distribution",
            name="authors",
            field=models.ManyToManyField(to="catalogue.Person", related_name="distributions"),
        ),
    ]
