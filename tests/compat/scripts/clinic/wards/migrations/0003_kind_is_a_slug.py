from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("wards", "0002_kind")]

    operations = [
        migrations.AlterField("ward", "kind", models.SlugField(default="general")),
        migrations.RunSQL(
            ["UPDATE wards_ward SET name = 'The last' WHERE code = 'Z'"],
            ["UPDATE wards_ward SET name = 'Last' WHERE code = 'Z'"],
        ),
    ]
