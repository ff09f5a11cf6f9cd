"""Models with columns that PostgreSQL alone has."""

from __future__ import annotations

from orm import models
from orm.models import Q
from orm.models.functions import Lower
from orm.postgresql import (
    ArrayField,
    BrinIndex,
    BTreeIndex,
    DateRangeField,
    DateTimeRangeField,
    DecimalRangeField,
    ExclusionConstraint,
    GinIndex,
    GistIndex,
    HashIndex,
    HStoreField,
    IntegerRangeField,
    OpClass,
    RangeOperators,
    SearchVectorField,
    SpGistIndex,
)


class Post(models.Model):
    title = models.CharField(max_length=100)
    body = models.TextField(default="")
    tags = ArrayField(models.CharField(max_length=40), default=list)
    scores = ArrayField(models.IntegerField(null=True), null=True, size=4)
    prices = ArrayField(models.DecimalField(max_digits=8, decimal_places=2), null=True)
    grid = ArrayField(ArrayField(models.IntegerField()), null=True)
    words = ArrayField(ArrayField(models.CharField(max_length=10)), null=True)
    moments = ArrayField(models.DateTimeField(), null=True)
    documents = ArrayField(models.JSONField(), null=True)
    extra = HStoreField(null=True)
    searchable = SearchVectorField(null=True)
    likes = models.IntegerField(default=0)
    rating = models.FloatField(null=True)
    published = models.BooleanField(default=True)

    class Meta:
        indexes = [GinIndex(fields=["tags"], fastupdate=False), GinIndex(fields=["searchable"])]


class Booking(models.Model):
    room = models.IntegerField(default=1)
    seats = IntegerRangeField(null=True)
    price = DecimalRangeField(null=True)
    days = DateRangeField(null=True)
    during = DateTimeRangeField(null=True, default_bounds="[]")
    day = models.DateField(null=True)
    amount = models.FloatField(null=True)


class Reservation(models.Model):
    room = models.IntegerField()
    during = DateTimeRangeField(null=True)
    cancelled = models.BooleanField(default=False)
    name = models.CharField(max_length=40, default="")

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="no_double_booking",
                expressions=[("during", RangeOperators.OVERLAPS), ("room", RangeOperators.EQUAL)],
                condition=Q(cancelled=False),
            )
        ]
        indexes = [
            GistIndex(fields=["during"], fillfactor=80, buffering=True),
            BTreeIndex(fields=["name"], name="by_name", opclasses=["varchar_pattern_ops"], include=["room"]),
            BTreeIndex(OpClass(Lower("name"), name="varchar_pattern_ops"), name="by_lower", deduplicate_items=False),
            HashIndex(fields=["room"], fillfactor=70),
            BrinIndex(fields=["room"], pages_per_range=4, autosummarize=True),
            SpGistIndex(fields=["during"], name="by_space", condition=Q(cancelled=False)),
        ]
