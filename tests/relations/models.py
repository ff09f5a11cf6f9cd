"""Models for the tests of relations: every kind of relation, every on_delete rule, managers of several kinds."""

from __future__ import annotations

import uuid
from typing import Any

from orm import models
from orm.errors import ProtectedError
from orm.models.managers import Manager


class Country(models.Model):
    name = models.CharField(max_length=40)
    code = models.CharField(max_length=2, unique=True)


class LivingManager(Manager):
    """Shows the living only, and can do something of its own."""

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(living=True)

    def named(self, name: str) -> Any:
        return self.filter(name=name)


class Author(models.Model):
    name = models.CharField(max_length=40)
    country = models.ForeignKey(Country, on_delete=models.SET_NULL, null=True, to_field="code", related_name="authors")
    mentor = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="pupils")
    friends = models.ManyToManyField("self")
    follows = models.ManyToManyField("self", symmetrical=False, related_name="followers")
    living = models.BooleanField(default=True)

    objects = Manager()
    alive = LivingManager()

    def __str__(self) -> str:
        return self.name


class Profile(models.Model):
    author = models.OneToOneField(Author, on_delete=models.CASCADE)
    text = models.TextField(default="")


class BookQuerySet(models.QuerySet):
    """A queryset with a method of its own, for ``from_queryset``."""

    def cheap(self) -> Any:
        return self.filter(price__lt=10)

    def cheapest_first(self) -> Any:
        return self.order_by("price")


class Book(models.Model):
    title = models.CharField(max_length=80)
    price = models.IntegerField(default=20)
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="books")
    editor = models.ForeignKey(Author, on_delete=models.SET_NULL, null=True, blank=True, related_name="edited")
    tags = models.ManyToManyField("Tag", related_name="books")
    translators = models.ManyToManyField(Author, through="Translation", related_name="translated")

    objects = BookQuerySet.as_manager()

    def __str__(self) -> str:
        return self.title


class Tag(models.Model):
    name = models.CharField(max_length=20, unique=True)

    def __str__(self) -> str:
        return self.name


class Translation(models.Model):
    book = models.ForeignKey(Book, on_delete=models.CASCADE, related_name="translations")
    translator = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="+")
    checker = models.ForeignKey(Country, on_delete=models.PROTECT, null=True)
    language = models.CharField(max_length=10, default="en")


class Loan(models.Model):
    book = models.ForeignKey(Book, on_delete=models.PROTECT)
    reader = models.CharField(max_length=20, default="")


class Shelf(models.Model):
    name = models.CharField(max_length=20)
    room = models.ForeignKey("Room", on_delete=models.CASCADE)


class Room(models.Model):
    name = models.CharField(max_length=20)


class Copy(models.Model):
    shelf = models.ForeignKey(Shelf, on_delete=models.RESTRICT)
    room = models.ForeignKey(Room, on_delete=models.CASCADE)


def unknown_country() -> str:
    return "??"


class City(models.Model):
    name = models.CharField(max_length=20)
    country = models.ForeignKey(Country, on_delete=models.SET(unknown_country), to_field="code", related_name="cities")
    twin = models.ForeignKey(Country, on_delete=models.SET_DEFAULT, default=None, null=True, related_name="twins")


class Award(models.Model):
    winner = models.ForeignKey(Author, on_delete=models.CASCADE, limit_choices_to={"living": True}, related_name="+")


class Question(models.Model):
    text = models.CharField(max_length=20)


class Answer(models.Model):
    text = models.CharField(max_length=20)
    question = models.ForeignKey(Question, on_delete=models.CASCADE)
    given = models.DateField()

    class Meta:
        order_with_respect_to = "question"
        select_on_save = True


class Twig(models.Model):
    """Refers to itself by a key and by a join, and its keys are no numbers."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True)
    friends = models.ManyToManyField("self")


class Leaf(models.Model):
    twig = models.ForeignKey(Twig, on_delete=models.CASCADE)


class Licence(models.Model):
    """Its key is a foreign key."""

    author = models.OneToOneField(Author, on_delete=models.CASCADE, primary_key=True)


class Stamp(models.Model):
    licence = models.ForeignKey(Licence, on_delete=models.CASCADE, related_name="stamps")


def drafts_go(collector: Any, field: Any, sub_objs: Any, using: str) -> None:
    """A rule of one's own: what is finished stays, without a reference."""
    models.CASCADE(collector, field, sub_objs.filter(draft=True), using)
    models.SET_NULL(collector, field, sub_objs.filter(draft=False), using)


def signed_stay(collector: Any, field: Any, sub_objs: Any, using: str) -> None:
    """One that refuses some rows, and gives the others another value by hand."""
    signed = list(sub_objs.filter(signed=True))
    if signed:
        raise ProtectedError("signed", set(signed))
    collector.add_field_update(field, None, sub_objs)


class Folder(models.Model):
    name = models.CharField(max_length=20)


class Letter(models.Model):
    folder = models.ForeignKey(Folder, on_delete=drafts_go, null=True)
    draft = models.BooleanField()


class Enclosure(models.Model):
    letter = models.ForeignKey(Letter, on_delete=models.CASCADE)


class Contract(models.Model):
    folder = models.ForeignKey(Folder, on_delete=signed_stay, null=True)
    signed = models.BooleanField(default=False)
