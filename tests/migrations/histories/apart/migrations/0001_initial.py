from orm import migrations, models


def fill(apps, schema_editor):
    owner = apps.get_model("apart", "Owner").objects.create(name="o")
    kind = apps.get_model("apart", "Pet")
    kind.objects.bulk_create([kind(name=f"p{number}", owner=owner) for number in range(30)])


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            "Owner",
            [("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=20))],
            options={"db_table": "mt_apart_owner"},
        ),
        migrations.CreateModel(
            "Pet",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("name", models.CharField(max_length=20)),
                ("owner", models.ForeignKey("apart.Owner", models.CASCADE)),
            ],
            options={"db_table": "mt_apart_pet"},
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
