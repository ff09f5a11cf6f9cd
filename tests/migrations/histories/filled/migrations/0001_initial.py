from orm import migrations, models


class Migration(migrations.Migration):
    initial = True

    operations = [
        migrations.CreateModel(
            "Row",
            [("id", models.BigAutoField(primary_key=True)), ("number", models.IntegerField(default=0))],
            options={"db_table": "mt_filled_row"},
        ),
    ]
