"""Types as users see them, with no plugin: checked by mypy --strict and pyright, never run."""

from __future__ import annotations

import datetime
import decimal
import uuid
from dataclasses import dataclass
from typing import Any, assert_type

from orm import models
from orm.query.keyset import Page
from orm.query.queryset_blocking import QuerySet


class Shade(models.TextChoices):
    DARK = "d", "Dark"
    LIGHT = "l", "Light"


class Author(models.Model):
    name = models.CharField(max_length=100)
    nickname = models.CharField("nick", max_length=100, null=True)
    email = models.EmailField(unique=True)
    age = models.IntegerField(null=True, blank=True)
    rank = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True)
    score = models.FloatField()
    fee = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    born = models.DateField(null=True)
    joined = models.DateTimeField(auto_now_add=True)
    wakes = models.TimeField()
    pause = models.DurationField()
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    extra = models.JSONField(default=dict)
    picture = models.BinaryField(null=True)
    bio = models.TextField(blank=True)
    shade = models.CharField(max_length=1, choices=Shade.choices, default=Shade.DARK)


class Book(models.Model):
    title = models.CharField(max_length=200)
    author = models.ForeignKey(Author, on_delete=models.CASCADE)
    editor = models.ForeignKey(Author, on_delete=models.SET_NULL, null=True, related_name="edited")
    sequel: models.ForeignKey[Book | None] = models.ForeignKey("self", on_delete=models.SET_NULL, null=True)
    shelf = models.ForeignKey("Shelf", on_delete=models.PROTECT)
    tags = models.ManyToManyField("Tag")
    author_id: int

    class Meta:
        ordering = ["title"]


def fields(author: Author) -> None:
    assert_type(author.name, str)
    assert_type(author.nickname, str | None)
    assert_type(author.email, str)
    assert_type(author.age, int | None)
    assert_type(author.rank, int)
    assert_type(author.active, bool)
    assert_type(author.score, float)
    assert_type(author.fee, decimal.Decimal | None)
    assert_type(author.born, datetime.date | None)
    assert_type(author.joined, datetime.datetime)
    assert_type(author.wakes, datetime.time)
    assert_type(author.pause, datetime.timedelta)
    assert_type(author.key, uuid.UUID)
    assert_type(author.extra, Any)
    assert_type(author.picture, bytes | None)
    assert_type(author.bio, str)
    assert_type(Author.name.max_length, int | None)
    author.rank = models.F("rank") + 1
    author.age = None
    author.age = 3


class NoteManager(models.Manager["Note"]):
    def short(self) -> models.QuerySet[Note]:
        return self.filter(text="")


class Note(models.Model):
    text = models.TextField()

    objects = NoteManager()


def managers() -> None:
    assert_type(Note.objects.short().get(), Note)


def relations(book: Book) -> None:
    assert_type(book.author, Author)
    assert_type(book.editor, Author | None)
    assert_type(book.sequel, Book | None)
    assert_type(book.shelf, Any)
    assert_type(book.author_id, int)


async def awaitable(author: Author) -> None:
    assert_type(await Author.objects.aget(pk=1), Author)
    assert_type(await Author.objects.filter(age__gt=3).afirst(), Author | None)
    assert_type(await Author.objects.all(), list[Author])
    assert_type(await author, Author)
    await author.asave(update_fields=["name"])
    await author.arefresh_from_db()
    assert_type(await author.adelete(), tuple[int, dict[str, int]])
    async for found in Author.objects.order_by("name"):
        assert_type(found, Author)


def blocking(author: Author) -> None:
    assert_type(Author.objects.get(pk=1), Author)
    assert_type(Author.objects.first(), Author | None)
    assert_type(Author.objects.count(), int)
    author.save(force_insert=True)
    author.refresh_from_db(fields=["name"])
    assert_type(author.delete(), tuple[int, dict[str, int]])
    for found in Author.objects.exclude(name=""):
        assert_type(found, Author)


def choices() -> None:
    assert_type(Shade.DARK.label, str)
    assert_type(Shade.choices, list[tuple[Any, str]])


@dataclass
class Card:
    name: str


async def other_results() -> None:
    assert_type(Author.objects.into(Card), QuerySet[Card])
    assert_type(Author.objects.filter(rank=1).into(Card).first(), Card | None)
    assert_type(await Author.objects.into(Card), list[Card])
    assert_type(await Author.objects.apage(size=2), Page[Author])
    assert_type(await Author.objects.values_list("name"), list[tuple[Any]])
    assert_type(await Author.objects.filter(rank=1).values_list("name", "rank"), list[tuple[Any, Any]])
    assert_type(Author.objects.values_list("name", models.F("rank"), "pk").first(), tuple[Any, Any, Any] | None)
    assert_type(await Author.objects.values_list(), list[tuple[Any, ...]])
    assert_type(await Author.objects.values("name"), list[dict[str, Any]])
    assert_type(Author.objects.values_list("name", flat=True), QuerySet[Any])
    assert_type(await Author.objects.acopy_in([("a",)], fields=["name"]), int)
    assert_type(await Author.objects.acopy_out_csv(), bytes)
    assert_type([row async for row in Author.objects.acopy_out()], list[tuple[Any, ...]])
    assert_type(Author.objects.into(Card).page().items, list[Card])
