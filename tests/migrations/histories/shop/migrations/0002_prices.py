from orm import migrations, models


async def fill(apps, schema_editor):
    Item = apps.get_model("shop", "Item")
    await Item.objects.acreate(name="made by a coroutine", cents=1)


def empty(apps, schema_editor):
    apps.get_model("shop", "Item").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]

    operations = [
        migrations.AddField("Item", "cents", models.IntegerField(default=0), preserve_default=False),
        migrations.RunPython(fill, empty),
        migrations.RunPython(
            lambda apps, editor: apps.get_model("shop", "Item").objects.create(name="made", cents=2),
            migrations.RunPython.noop,
        ),
    ]
