from django.db import migrations, models


def divide(apps, schema_editor):
    Ward = apps.get_model("wards", "Ward")
    Ward.objects.using(schema_editor.connection.alias).filter(code__startswith="B").update(kind="surgery")
    Ward.objects.create(code="Z", name="Last", kind="none", beds=0)


def forget(apps, schema_editor):
    apps.get_model("wards", "Ward").objects.filter(code="Z").delete()


class Migration(migrations.Migration):
    dependencies = [("wards", "0001_initial")]

    operations = [
        migrations.AddField("ward", "kind", models.CharField(max_length=10, default="?")),
        migrations.RunPython(divide, forget),
    ]
