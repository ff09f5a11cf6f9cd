"""The tables of ``sites``, as they are today."""

from __future__ import annotations

import orm.contrib.sites.models
from orm import migrations, models


class Migration(migrations.Migration):
    """Makes the tables."""

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Site",
            fields=[
                ("id", models.AutoField(verbose_name="ID", primary_key=True, auto_created=True)),
                (
                    "domain",
                    models.CharField(
                        "domain name", max_length=100, validators=[orm.contrib.sites.models.simple_domain], unique=True
                    ),
                ),
                ("name", models.CharField("display name", max_length=50)),
            ],
            options={
                "db_table": "django_site",
                "verbose_name_plural": "sites",
                "verbose_name": "site",
                "ordering": ["domain"],
            },
            managers=[
                ("objects", orm.contrib.sites.models.SiteManager()),
            ],
        ),
    ]
