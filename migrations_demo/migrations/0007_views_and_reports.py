"""How often a package was looked at, and what the legacy script reported."""

from __future__ import annotations

from orm import migrations, models


class Migration(migrations.Migration):
    """See above."""

    dependencies = [
        ("catalogue", "0006_drop_author_lines"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReportRun",
            fields=[
                ("id", models.BigAutoField(verbose_name="ID", primary_key=True, auto_created=True)),
                ("ran_at", models.DateTimeField()),
                ("title", models.CharField(max_length=200)),
                ("packages", models.IntegerField()),
                ("functions", models.IntegerField()),
                ("mean_length", models.DecimalField(max_digits=12, decimal_places=2)),
            ],
            options={
                "ordering": ["-ran_at"],
                "db_table": "catalogue_reportrun",
                "get_latest_by": "ran_at",
            },
        ),
        migrations.AddField(
            model_name="distribution",
            name="views",
            field=models.IntegerField(default=0),
        ),
    ]
