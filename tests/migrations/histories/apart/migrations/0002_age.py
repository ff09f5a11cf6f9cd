from orm import migrations, models
from orm.postgresql.operations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("apart", "0001_initial")]

    operations = [
        migrations.AddField("Pet", "age", models.IntegerField(null=True)),
        migrations.Backfill("Pet", {"age": 3}, batch=10),
        AddIndexConcurrently("Pet", models.Index(fields=["name"], name="mt_apart_pet_name")),
        migrations.AlterField("Pet", "age", models.IntegerField(default=3)),
        migrations.AddConstraint("Pet", models.CheckConstraint(condition=models.Q(age__gte=0), name="mt_apart_age")),
        migrations.RemoveConstraint("Pet", "mt_apart_age"),
    ]
