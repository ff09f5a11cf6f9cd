from orm import migrations


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_prices")]

    operations = [migrations.RenameField("Item", "name", "title")]
