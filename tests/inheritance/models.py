"""Models that inherit over several tables: a chain, several parents, a declared link, a proxy, relations."""

from __future__ import annotations

from typing import Any

from orm import models


class Owner(models.Model):
    name = models.CharField(max_length=20)


class Tag(models.Model):
    word = models.CharField(max_length=20)


class Place(models.Model):
    name = models.CharField(max_length=20)
    address = models.CharField(max_length=40, default="")
    code = models.CharField(max_length=5, null=True, blank=True, unique=True)
    owner = models.ForeignKey(Owner, on_delete=models.CASCADE, null=True, related_name="places")
    tags = models.ManyToManyField(Tag, related_name="places")

    class Meta:
        ordering = ["name"]


class Restaurant(Place):
    stars = models.IntegerField(default=0)
    chef = models.ForeignKey(Owner, on_delete=models.SET_NULL, null=True, related_name="kitchens")


class Trattoria(Restaurant):
    gnocchi = models.BooleanField(default=False)


class Listed(Restaurant):
    class Meta:
        proxy = True
        ordering = ["-stars"]


class Eager(Place):
    """Loads all that is deferred at once, in the one form that is written."""

    class Meta:
        proxy = True

    def refresh_from_db(self, using: str | None = None, fields: Any = None, from_queryset: Any = None) -> None:
        if fields is not None:
            fields = self.get_deferred_fields()
        super().refresh_from_db(using, fields, from_queryset)


class Hall(Place):
    """Its link is declared, and is not its key."""

    number = models.CharField(max_length=5, primary_key=True)
    place = models.OneToOneField(Place, on_delete=models.CASCADE, parent_link=True, related_name="as_hall")


class Bird(models.Model):
    name = models.CharField(max_length=20)


class Eagle(Bird):
    span = models.IntegerField(default=0)


class Review(models.Model):
    text = models.CharField(max_length=20)
    place = models.ForeignKey(Place, on_delete=models.CASCADE, related_name="reviews")
    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, null=True, related_name="praise")


class Named(models.Model):
    named_id = models.AutoField(primary_key=True)
    name = models.CharField(max_length=20)


class Priced(models.Model):
    priced_id = models.AutoField(primary_key=True)
    price = models.IntegerField(default=0)


class Ware(Named, Priced):
    weight = models.IntegerField(default=0)


class Body(models.Model):
    name = models.CharField(max_length=20)


class Winged(Body):
    body_of_wings = models.OneToOneField(Body, on_delete=models.CASCADE, parent_link=True)
    wings = models.IntegerField(default=2)


class Finned(Body):
    body_of_fins = models.OneToOneField(Body, on_delete=models.CASCADE, parent_link=True)
    fins = models.IntegerField(default=3)


class FlyingFish(Winged, Finned):
    """Reaches one table by two ways, which the names of the links have to tell apart."""

    winged = models.OneToOneField(Winged, on_delete=models.CASCADE, parent_link=True, primary_key=True)
    finned = models.OneToOneField(Finned, on_delete=models.CASCADE, parent_link=True)
