"""What is in a package's source: modules and functions."""

from __future__ import annotations

from orm import migrations, models


class Migration(migrations.Migration):
    """See above."""

    dependencies = [
        ("catalogue", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Module",
            fields=[
                ("id", models.BigAutoField(verbose_name="ID", primary_key=True, auto_created=True)),
                ("name", models.CharField(max_length=500, db_index=True)),
                ("lines", models.IntegerField(default=0)),
                ("summary", models.TextField(default="")),
                ("problem", models.CharField(max_length=300, default="")),
                ("file", models.OneToOneField(to="catalogue.File", on_delete=models.CASCADE, related_name="module")),
                (
                    "version",
                    models.ForeignKey(to="catalogue.Version", on_delete=models.CASCADE, related_name="modules"),
                ),
            ],
            options={
                "ordering": ["name"],
                "db_table": "catalogue_module",
            },
        ),
        migrations.CreateModel(
            name="Function",
            fields=[
                ("id", models.BigAutoField(verbose_name="ID", primary_key=True, auto_created=True)),
                ("name", models.CharField(max_length=200, db_index=True)),
                ("qualname", models.CharField(max_length=500)),
                ("line", models.IntegerField()),
                ("end_line", models.IntegerField()),
                ("arguments", models.IntegerField(default=0)),
                ("is_async", models.BooleanField(default=False)),
                ("is_method", models.BooleanField(default=False)),
                ("decorators", models.JSONField(default=list)),
                ("summary", models.TextField(default="")),
                (
                    "module",
                    models.ForeignKey(to="catalogue.Module", on_delete=models.CASCADE, related_name="functions"),
                ),
            ],
            options={
                "ordering": ["module_id", "line"],
                "db_table": "catalogue_function",
            },
        ),
    ]
