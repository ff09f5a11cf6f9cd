from orm import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("filled", "0001_initial")]

    operations = [
        migrations.Backfill("Row", {"number": models.F("number") + 1}, where=models.Q(id__gt=5), batch=10),
    ]
