"""Models of the kinds that programs written for Django have: keys of their own, managers that show a part, proxies."""

from __future__ import annotations

from typing import Any

from orm import models
from orm.contrib.contenttypes import ContentType, GenericForeignKey
from orm.models.managers import Manager

LIBRARY = (ContentType,)
"""Models of the library itself, whose tables are made with the others."""


class Plate:
    """What a car's plate says, as an object."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plate) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __str__(self) -> str:
        return self.text


class PlateField(models.CharField):
    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Plate | None:
        return None if value is None else Plate(value)

    def to_python(self, value: Any) -> Any:
        return value if value is None or isinstance(value, Plate) else Plate(value)

    def get_prep_value(self, value: Any) -> Any:
        return value.text if isinstance(value, Plate) else value


class Car(models.Model):
    plate = PlateField(max_length=10, primary_key=True)
    maker = models.CharField(max_length=20, null=True, unique=True)


class Driver(models.Model):
    name = models.CharField(max_length=20)
    car = models.ForeignKey(Car, models.CASCADE, null=True, related_name="drivers")
    make = models.ForeignKey(Car, models.SET_NULL, to_field="maker", null=True, related_name="fans")


class PublicManager(Manager):
    def get_queryset(self) -> Any:
        return super().get_queryset().filter(public=True)


class Topic(models.Model):
    word = models.CharField(max_length=20, unique=True)


class Page(models.Model):
    title = models.CharField(max_length=20, unique=True)
    public = models.BooleanField(default=True)
    topic = models.ForeignKey(Topic, models.SET_NULL, null=True, related_name="pages")
    topics = models.ManyToManyField(Topic, related_name="all_pages")
    keywords = models.ManyToManyField(Topic, through="Keyword", related_name="described")

    objects = PublicManager()
    every = Manager()

    class Meta:
        ordering = ["title"]


class Keyword(models.Model):
    """Joins by what the rows are called, not by their keys."""

    page = models.ForeignKey(Page, models.CASCADE, to_field="title")
    topic = models.ForeignKey(Topic, models.CASCADE, to_field="word")


class Person(models.Model):
    name = models.CharField(max_length=20)


class Member(Person):
    class Meta:
        proxy = True


class Note(models.Model):
    about = models.ForeignKey(Member, models.CASCADE, related_name="notes")


class Question(models.Model):
    text = models.CharField(max_length=20)


class Answer(models.Model):
    text = models.CharField(max_length=20)
    question = models.ForeignKey(Question, models.CASCADE)

    class Meta:
        order_with_respect_to = "question"


class Verdict(Answer):
    final = models.BooleanField(default=False)


class Writer(models.Model):
    name = models.CharField(max_length=20)

    class Meta:
        ordering = ["-pk"]


class Article(models.Model):
    headline = models.CharField(max_length=20)
    writer = models.ForeignKey(Writer, models.CASCADE)

    class Meta:
        ordering = ["writer", "headline"]


def nobody() -> Any:
    """The key of the user who stands for all that are gone, made at need."""
    return User.objects.get_or_create(name="nobody")[0].pk


class User(models.Model):
    name = models.CharField(max_length=20)


class Comment(models.Model):
    user = models.ForeignKey(User, models.SET(nobody))


class Cash:
    """An amount of money, as an object."""

    def __init__(self, cents: int) -> None:
        self.cents = cents

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cash) and other.cents == self.cents

    def __hash__(self) -> int:
        return hash(self.cents)


class CashField(models.IntegerField):
    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Cash | None:
        return None if value is None else Cash(int(value))

    def get_prep_value(self, value: Any) -> Any:
        return value.cents if isinstance(value, Cash) else value


class Payment(models.Model):
    amount = CashField()


class Label(models.Model):
    kind = models.ForeignKey(ContentType, models.CASCADE)
    key = models.PositiveIntegerField()
    target = GenericForeignKey("kind", "key")
