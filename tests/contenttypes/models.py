"""Models that refer to rows of any model, and some they refer to."""

from __future__ import annotations

from typing import Any

from orm import models
from orm.contrib.contenttypes import ContentType, GenericForeignKey, GenericRelation

LIBRARY = (ContentType,)
"""Models of the library itself, whose tables are made with the others."""


class Tagged(models.Model):
    word = models.CharField(max_length=20)
    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE)
    object_id = models.PositiveIntegerField()
    target = GenericForeignKey()

    class Meta:
        ordering = ["word"]


class Animal(models.Model):
    name = models.CharField(max_length=20)
    tags: Any = GenericRelation(Tagged, related_query_name="animal")


class Lion(Animal):
    mane = models.BooleanField(default=True)


class Beast(Animal):
    class Meta:
        proxy = True


class Keeper(models.Model):
    name = models.CharField(max_length=20)


class Stone(models.Model):
    name = models.CharField(max_length=20)
    keeper = models.ForeignKey(Keeper, on_delete=models.CASCADE, null=True)
    tags: Any = GenericRelation("Tagged")


class Note(models.Model):
    """Its columns have other names, and it may refer to nothing."""

    text = models.CharField(max_length=20)
    kind = models.ForeignKey(ContentType, on_delete=models.CASCADE, null=True)
    key = models.CharField(max_length=20, null=True)
    about = GenericForeignKey("kind", "key", for_concrete_model=False)


class Noted(models.Model):
    name = models.CharField(max_length=20)
    notes: Any = GenericRelation(Note, "key", "kind", for_concrete_model=False, related_query_name="noted")


class Post(models.Model):
    title = models.CharField(max_length=20)
    answers: Any = GenericRelation("Reply")


class Reply(models.Model):
    """Ordered with respect to whatever it answers."""

    text = models.CharField(max_length=20)
    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE)
    object_id = models.PositiveIntegerField()
    to = GenericForeignKey()

    class Meta:
        order_with_respect_to = "to"


class Valued(Tagged):
    """A tag whose reference is in the table of its parent."""

    value = models.IntegerField(default=0)


class Gem(models.Model):
    name = models.CharField(max_length=20)
    worth: Any = GenericRelation(Valued, related_query_name="gem")
