"""The first three in one, from ``orm squashmigrations catalogue 0003``; databases that have them go on as they are."""

from __future__ import annotations

from orm import migrations, models


class Migration(migrations.Migration):
    """See above."""

    replaces = [
        ("catalogue", "0001_initial"),
        ("catalogue", "0002_source_code"),
        ("catalogue", "0003_description_is_summary"),
    ]

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Classifier",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, verbose_name="ID")),
                ("text", models.CharField(max_length=300, unique=True)),
                ("topic", models.CharField(db_index=True, max_length=100)),
            ],
            options={
                "ordering": ["text"],
                "db_table": "catalogue_classifier",
            },
        ),
        migrations.CreateModel(
            name="Distribution",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                ("slug", models.SlugField(max_length=200, unique=True)),
                ("summary", models.TextField(default="")),
                ("license", models.CharField(default="", max_length=200)),
                ("home_page", models.CharField(default="", max_length=500)),
                ("author_lines", models.TextField(default="")),
                ("classifiers", models.ManyToManyField(related_name="distributions", to="catalogue.classifier")),
            ],
            options={
                "ordering": ["slug"],
                "db_table": "catalogue_distribution",
            },
        ),
        migrations.CreateModel(
            name="Version",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, verbose_name="ID")),
                ("number", models.CharField(max_length=100)),
                ("requires_python", models.CharField(default="", max_length=100)),
                ("location", models.CharField(max_length=1000)),
                ("installed_at", models.DateTimeField(null=True)),
                (
                    "distribution",
                    models.ForeignKey(on_delete=models.CASCADE, related_name="versions", to="catalogue.distribution"),
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
                ("id", models.BigAutoField(auto_created=True, primary_key=True, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                ("specifier", models.CharField(default="", max_length=300)),
                ("marker", models.CharField(default="", max_length=500)),
                ("extra", models.CharField(default="", max_length=100)),
                (
                    "target",
                    models.ForeignKey(
                        null=True, on_delete=models.SET_NULL, related_name="required_by", to="catalogue.distribution"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(on_delete=models.CASCADE, related_name="requirements", to="catalogue.version"),
                ),
            ],
            options={
                "ordering": ["extra", "name"],
                "db_table": "catalogue_requirement",
            },
        ),
        migrations.CreateModel(
            name="File",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, verbose_name="ID")),
                ("path", models.CharField(max_length=1000)),
                ("suffix", models.CharField(default="", max_length=50)),
                ("size", models.BigIntegerField(null=True)),
                ("digest", models.BinaryField(null=True)),
                ("version", models.ForeignKey(on_delete=models.CASCADE, related_name="files", to="catalogue.version")),
            ],
            options={
                "ordering": ["path"],
                "db_table": "catalogue_file",
            },
        ),
        migrations.CreateModel(
            name="Module",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, verbose_name="ID")),
                ("name", models.CharField(db_index=True, max_length=500)),
                ("lines", models.IntegerField(default=0)),
                ("summary", models.TextField(default="")),
                ("problem", models.CharField(default="", max_length=300)),
                ("file", models.OneToOneField(on_delete=models.CASCADE, related_name="module", to="catalogue.file")),
                (
                    "version",
                    models.ForeignKey(on_delete=models.CASCADE, related_name="modules", to="catalogue.version"),
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
                ("id", models.BigAutoField(auto_created=True, primary_key=True, verbose_name="ID")),
                ("name", models.CharField(db_index=True, max_length=200)),
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
                    models.ForeignKey(on_delete=models.CASCADE, related_name="functions", to="catalogue.module"),
                ),
            ],
            options={
                "ordering": ["module_id", "line"],
                "db_table": "catalogue_function",
            },
        ),
    ]
