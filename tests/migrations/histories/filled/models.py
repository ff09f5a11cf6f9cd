from orm import models


class Row(models.Model):
    number = models.IntegerField(default=0)

    class Meta:
        db_table = "mt_filled_row"
