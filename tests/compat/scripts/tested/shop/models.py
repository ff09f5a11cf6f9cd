from django.db import models


class Item(models.Model):
    name = models.CharField(max_length=20, unique=True)
    price = models.IntegerField(default=1)

    def __str__(self):
        return self.name


class Line(models.Model):
    item = models.ForeignKey(Item, on_delete=models.CASCADE)
