"""The catalogue as it began: packages, their versions, files and requirements; authors are lines of a text."""

from __future__ import annotations

from orm import migrations, models


class Migration(migrations.Migration):
    """See above."""

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Classifier",
            fields=[
                ("id", models.BigAutoField(verbose_name="ID", primary_key=True, auto_created=True)),
                ("text", models.CharField(max_length=300, unique=True)),
                ("topic", models.CharField(max_length=100, db_index=True)),
            ],
            options={
                "ordering": ["text"],
                "db_table": "catalogue_classifier",
            },
        ),
        migrations.CreateModel(
            name="Distribution",
            fields=[
                ("id", models.BigAutoField(verbose_name="ID", primary_key=True, auto_created=True)),
                ("name", models.CharField(max_length=200)),
                ("slug", models.SlugField(max_length=200, unique=True)),
                ("description", models.TextField(default="")),
                ("license", models.CharField(max_length=200, default="")),
                ("home_page", models.CharField(max_length=500, default="")),
                ("author_lines", models.TextField(default="")),
            ],
            options={
                "ordering": ["slug"],
                "db_table": "catalogue_distribution",
            },
        ),
        migrations.CreateModel(
            name="File",
            fields=[
                ("id", models.BigAutoField(verbose_name="ID", primary_key=True, auto_created=True)),
                ("path", models.CharField(max_length=1000)),
                ("suffix", models.CharField(max_length=50, default="")),
                ("size", models.BigIntegerField(null=True)),
                ("digest", models.BinaryField(null=True)),
            ],
            options={
                "ordering": ["path"],
                "db_table": "catalogue_file",
            },
        ),
        migrations.CreateModel(
            name="Version",
            fields=[
                ("id", models.BigAutoField(verbose_name="ID", primary_key=True, auto_created=True)),
                ("number", models.CharField(max_length=100)),
                ("requires_python", models.CharField(max_length=100, default="")),
                ("location", models.CharField(max_length=1000)),
                ("installed_at", models.DateTimeField(null=True)),
                (
                    "distribution",
                    models.ForeignKey(to="catalogue.Distribution", on_delete=models.CASCADE, related_name="versions"),
                ),
            ],
            options={
                "ordering": ["distribution_id", "number"],
                "db_table": "catalogue_version",
                "get_latest_by": "installed_at",
                "unique_together": {("distribution", "number", "location")},
            },
        ),
        migrations.CreateModel(
            name="Requirement",
            fields=[
                ("id", models.BigAutoField(verbose_name="ID", primary_key=True, auto_created=True)),
                ("name", models.CharField(max_length=200)),
                ("specifier", models.CharField(max_length=300, default="")),
                ("marker", models.CharField(max_length=500, default="")),
                ("extra", models.CharField(max_length=100, default="")),
                (
                    "target",
                    models.ForeignKey(
                        to="catalogue.Distribution", on_delete=models.SET_NULL, null=True, related_name="required_by"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(to="catalogue.Version", on_delete=models.CASCADE, related_name="requirements"),
                ),
            ],
            options={
                "ordering": ["extra", "name"],
                "db_table": "catalogue_requirement",
            },
        ),
        migrations.AddField(
            model_name="file",
            name="version",
            field=models.ForeignKey(to="catalogue.Version", on_delete=models.CASCADE, related_name="files"),
        ),
        migrations.AddField(
            model_name="distribution",
            name="classifiers",
            field=models.ManyToManyField(to="catalogue.Classifier", related_name="distributions"),
        ),
    ]
