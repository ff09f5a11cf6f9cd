"""The models that the query tests ask about: a small book trade, chosen for its awkward corners.

Several relations between the same two models, a model related to itself, many-to-many with and without a model of its
own, one-to-one, nullable columns everywhere a query could trip over NULL, and one model for each rule of ``on_delete``.
"""

from __future__ import annotations

import datetime
import decimal
import json
import uuid
from typing import Any

from orm import models


class Country(models.Model):
    name = models.CharField(max_length=60, unique=True)

    class Meta:
        app_label = "query"
        ordering = ["name"]


class Publisher(models.Model):
    name = models.CharField(max_length=100)
    country = models.ForeignKey(Country, models.SET_NULL, null=True, related_name="publishers")
    founded = models.IntegerField(null=True)

    class Meta:
        app_label = "query"


class Author(models.Model):
    name = models.CharField(max_length=100)
    age = models.IntegerField(null=True)
    born = models.DateField(null=True)
    rating = models.FloatField(null=True)
    active = models.BooleanField(default=True)
    country = models.ForeignKey(Country, models.SET_NULL, null=True, related_name="authors")
    friends = models.ManyToManyField("self")

    class Meta:
        app_label = "query"

    def __str__(self) -> str:
        return self.name


class Profile(models.Model):
    author = models.OneToOneField(Author, models.CASCADE, related_name="profile")
    motto = models.TextField(default="")

    class Meta:
        app_label = "query"


class Tag(models.Model):
    name = models.CharField(max_length=40, unique=True)

    class Meta:
        app_label = "query"
        ordering = ["name"]


class Book(models.Model):
    title = models.CharField(max_length=200)
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")
    editor = models.ForeignKey(Author, models.SET_NULL, null=True, related_name="edited")
    publisher = models.ForeignKey(Publisher, models.SET_NULL, null=True, related_name="books")
    pages = models.IntegerField(default=0)
    price = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    published = models.DateField(null=True)
    added = models.DateTimeField(null=True)
    in_print = models.BooleanField(default=True)
    tags = models.ManyToManyField(Tag, related_name="books")

    class Meta:
        app_label = "query"
        get_latest_by = "published"

    def __str__(self) -> str:
        return self.title


class Review(models.Model):
    book = models.ForeignKey(Book, models.CASCADE, related_name="reviews")
    reviewer = models.CharField(max_length=100)
    stars = models.IntegerField()
    text = models.TextField(default="")

    class Meta:
        app_label = "query"


class Store(models.Model):
    name = models.CharField(max_length=100)
    books = models.ManyToManyField(Book, through="Stock", related_name="stores")

    class Meta:
        app_label = "query"


class Stock(models.Model):
    store = models.ForeignKey(Store, models.CASCADE, related_name="stock")
    book = models.ForeignKey(Book, models.CASCADE, related_name="stock")
    quantity = models.IntegerField(default=0)

    class Meta:
        app_label = "query"


class Category(models.Model):
    name = models.CharField(max_length=60)
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")

    class Meta:
        app_label = "query"


class Counter(models.Model):
    """Something with unique columns, for get_or_create and for conflicts."""

    key = models.CharField(max_length=50, unique=True)
    value = models.IntegerField(default=0)
    note = models.CharField(max_length=50, default="", db_column="remark")
    left = models.IntegerField(null=True)
    right = models.IntegerField(null=True)

    class Meta:
        app_label = "query"
        unique_together = [("left", "right")]


class Stamped(models.Model):
    label = models.CharField(max_length=50)
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "query"


class Document(models.Model):
    name = models.CharField(max_length=50)
    data = models.JSONField(null=True)

    class Meta:
        app_label = "query"


class ExactNumbers(json.JSONDecoder):
    """Reads fractions as they are written."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "parse_float": decimal.Decimal})


class Priced(models.Model):
    prices = models.JSONField(decoder=ExactNumbers)

    class Meta:
        app_label = "query"


class Keyed(models.Model):
    """A primary key that the program makes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    label = models.CharField(max_length=50, default="")

    class Meta:
        app_label = "query"


class Everything(models.Model):
    """One column of each type."""

    boolean = models.BooleanField(null=True)
    smallint = models.SmallIntegerField(null=True)
    integer = models.IntegerField(null=True)
    bigint = models.BigIntegerField(null=True)
    positive = models.PositiveIntegerField(null=True)
    char = models.CharField(max_length=200, null=True)
    text = models.TextField(null=True)
    slug = models.SlugField(null=True)
    email = models.EmailField(null=True)
    url = models.URLField(null=True)
    date = models.DateField(null=True)
    time = models.TimeField(null=True)
    datetime = models.DateTimeField(null=True)
    duration = models.DurationField(null=True)
    decimal = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    float = models.FloatField(null=True)
    uuid = models.UUIDField(null=True)
    json = models.JSONField(null=True)
    binary = models.BinaryField(null=True)

    class Meta:
        app_label = "query"


class Defaults(models.Model):
    count = models.IntegerField(default=7)
    price = models.DecimalField(max_digits=6, decimal_places=2, default=decimal.Decimal("1.50"))
    day = models.DateField(default=datetime.date(2020, 2, 29))
    items = models.JSONField(default=list)

    class Meta:
        app_label = "query"


# -- one model for each rule of on_delete ------------------------------------------------------------------------------


def stand_in() -> int | None:
    """The owner that ``SET(stand_in)`` puts in place: the one named so."""
    return STAND_IN.get("pk")


STAND_IN: dict[str, int] = {}


class Machine(models.Model):
    name = models.CharField(max_length=10)
    address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        app_label = "query"


class Owner(models.Model):
    name = models.CharField(max_length=50)

    class Meta:
        app_label = "query"


class Cascading(models.Model):
    owner = models.ForeignKey(Owner, models.CASCADE, related_name="cascading")

    class Meta:
        app_label = "query"


class CascadingDeeper(models.Model):
    cascading = models.ForeignKey(Cascading, models.CASCADE, related_name="deeper")

    class Meta:
        app_label = "query"


class Protecting(models.Model):
    owner = models.ForeignKey(Owner, models.PROTECT, related_name="protecting")

    class Meta:
        app_label = "query"


class Restricting(models.Model):
    """Refuses to lose its owner, unless it goes itself with its group."""

    owner = models.ForeignKey(Owner, models.RESTRICT, related_name="restricting")
    cascading = models.ForeignKey(Cascading, models.CASCADE, null=True, related_name="restricting")

    class Meta:
        app_label = "query"


class Nulling(models.Model):
    owner = models.ForeignKey(Owner, models.SET_NULL, null=True, related_name="nulling")

    class Meta:
        app_label = "query"


class Defaulting(models.Model):
    owner = models.ForeignKey(Owner, models.SET_DEFAULT, null=True, default=None, related_name="defaulting")

    class Meta:
        app_label = "query"


class Setting(models.Model):
    owner = models.ForeignKey(Owner, models.SET(stand_in), null=True, related_name="setting")

    class Meta:
        app_label = "query"


class Indifferent(models.Model):
    owner = models.ForeignKey(Owner, models.DO_NOTHING, related_name="indifferent")

    class Meta:
        app_label = "query"
