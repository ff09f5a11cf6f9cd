"""What the migrations come to."""

from __future__ import annotations

from orm import models


class Item(models.Model):
    """A thing that is sold."""

    title = models.CharField(max_length=50)
    cents = models.IntegerField()

    class Meta:
        db_table = "mt_shop_item"
