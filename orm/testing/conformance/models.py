"""Models over a backend: what an application does first, in both colours.

The cases are written with the awaitable forms. In blocking colour they are driven by hand, so they run exactly what the
blocking forms run.
"""

from __future__ import annotations

import asyncio
import datetime
import decimal
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

import pytest

from orm import errors, models
from orm.bridge.drive import drive
from orm.config import configure, settings
from orm.db.contract import Backend
from orm.db.registry import databases, register_backend
from orm.db.transactions.public import atomic
from orm.models.schema import acreate_tables, adrop_tables
from orm.testing.conformance.harness import AWAITABLE, Conformance

UTC = datetime.UTC


class Author(models.Model):
    """Somebody who writes."""

    name = models.CharField(max_length=60, unique=True)
    age = models.IntegerField(null=True)
    books: models.RelatedManager[Book]

    class Meta:
        app_label = "conformance"
        ordering = ["name"]


class Tag(models.Model):
    """A word on books."""

    word = models.CharField(max_length=30)
    books: models.ManyRelatedManager[Book]

    class Meta:
        app_label = "conformance"


class Book(models.Model):
    """Something written, with a column of each kind."""

    title = models.CharField(max_length=100)
    text = models.TextField(default="")
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")
    price = models.DecimalField(max_digits=10, decimal_places=2, default=decimal.Decimal("0"))
    rating = models.FloatField(null=True)
    in_print = models.BooleanField(default=True)
    published = models.DateField(null=True)
    seen = models.DateTimeField(null=True)
    opens = models.TimeField(null=True)
    reading_time = models.DurationField(null=True)
    key = models.UUIDField(null=True)
    data = models.JSONField(null=True)
    cover = models.BinaryField(null=True)
    tags = models.ManyToManyField(Tag, related_name="books")

    class Meta:
        app_label = "conformance"


MODELS = (Author, Tag, Book)

Case = Callable[[Any], Awaitable[None]]


def case(function: Case) -> Callable[..., None]:
    """Make a coroutine method a test in both colours, on fresh tables."""

    async def inside(self: object) -> None:
        await adrop_tables(*MODELS, if_exists=True)
        await acreate_tables(*MODELS)
        try:
            await function(self)
        finally:
            await adrop_tables(*MODELS, if_exists=True)

    def test(self: object, colour: str, library: None) -> None:
        if colour == AWAITABLE:
            asyncio.run(inside(self))
        else:
            drive(inside(self))

    for name in ("__name__", "__qualname__", "__doc__", "__module__"):
        setattr(test, name, getattr(function, name))
    return test


class ModelConformance(Conformance):
    """A small library over the backend."""

    @pytest.fixture
    def library(self, backend: Backend, url: str) -> Iterator[None]:
        """Point the default alias at the backend under test, and back."""
        before: Mapping[str, Any] = dict(settings.databases)
        register_backend(backend)
        configure(databases={"default": url})
        yield
        drive(databases["default"].aclose())
        configure(databases=before)

    @case
    async def test_create_get_save_delete(self) -> None:
        ada = await Author.objects.acreate(name="Ada", age=36)
        assert ada.pk is not None
        found = await Author.objects.aget(pk=ada.pk)
        assert (found.name, found.age) == ("Ada", 36)
        found.age = 37
        await found.asave()
        await ada.arefresh_from_db()
        assert ada.age == 37
        await ada.adelete()
        with pytest.raises(Author.DoesNotExist):
            await Author.objects.aget(name="Ada")

    @case
    async def test_every_kind_of_value(self) -> None:
        given: dict[str, Any] = {
            "title": "Ärger & 'Co' 100%",
            "text": "long" * 5000,
            "price": decimal.Decimal("12345678.90"),
            "rating": 4.25,
            "in_print": False,
            "published": datetime.date(1843, 9, 1),
            "seen": datetime.datetime(2024, 2, 29, 12, 30, 15, 123456, tzinfo=UTC),
            "opens": datetime.time(9, 30, 0, 5),
            "reading_time": datetime.timedelta(days=2, seconds=5, microseconds=7),
            "key": uuid.UUID("9f1b0c6e-7f1e-4b7a-8f35-0d0a5a3c9e21"),
            "data": {"notes": ["G", None, {"deep": 1.5}], "on": True},
            "cover": b"\x00\xff\x01",
        }
        ada = await Author.objects.acreate(name="Ada")
        written = await Book.objects.acreate(author=ada, **given)
        read = await Book.objects.aget(pk=written.pk)
        for name, value in given.items():
            assert getattr(read, name) == value, name
            if name != "data":
                assert await Book.objects.filter(**{name: value}).acount() == 1, name
                assert await Book.objects.filter(**{f"{name}__in": [value]}).acount() == 1, name
        assert read.seen is not None
        assert read.seen.utcoffset() == datetime.timedelta()

    @case
    async def test_filters_order_and_slices(self) -> None:
        await Author.objects.abulk_create([Author(name=f"a{number:02}", age=number) for number in range(20)])
        adults = Author.objects.filter(age__gte=5).exclude(age__in=[7, 8])
        assert await adults.acount() == 13
        assert [a.name async for a in adults.order_by("-age")[:3]] == ["a19", "a18", "a17"]
        assert [a.name async for a in adults.order_by("age")[1:3]] == ["a06", "a09"]
        assert await Author.objects.filter(name__startswith="a1", name__icontains="A").acount() == 10
        assert await Author.objects.filter(age__isnull=True).aexists() is False
        assert [row async for row in Author.objects.filter(age__lt=2).values_list("name", "age")] == [
            ("a00", 0),
            ("a01", 1),
        ]
        first = await Author.objects.afirst()
        last = await Author.objects.alast()
        assert first is not None and last is not None
        assert (first.name, last.name) == ("a00", "a19")

    @case
    async def test_relations(self) -> None:
        ada, bob = await Author.objects.acreate(name="Ada"), await Author.objects.acreate(name="Bob")
        engine = await Book.objects.acreate(title="Engine", author=ada)
        notes = await Book.objects.acreate(title="Notes", author=ada)
        await Book.objects.acreate(title="Other", author=bob)
        red, blue = await Tag.objects.acreate(word="red"), await Tag.objects.acreate(word="blue")
        await engine.tags.aadd(red, blue)
        await notes.tags.aadd(blue)
        assert [b.title async for b in ada.books.order_by("title")] == ["Engine", "Notes"]
        assert [a.name async for a in Author.objects.filter(books__tags__word="red")] == ["Ada"]
        assert sorted([b.title async for b in blue.books.all()]) == ["Engine", "Notes"]
        found = await Book.objects.select_related("author").aget(title="Other")
        assert found.author.name == "Bob"
        authors = [a async for a in Author.objects.prefetch_related("books__tags")]
        words = {b.title: sorted(t.word for t in b.tags.all()) for a in authors for b in a.books.all()}
        assert words == {"Engine": ["blue", "red"], "Notes": ["blue"], "Other": []}
        await engine.tags.aremove(red)
        assert await engine.tags.acount() == 1
        await blue.adelete()
        assert await Book.objects.filter(tags__isnull=False).acount() == 0

    @case
    async def test_aggregates(self) -> None:
        ada, bob = await Author.objects.acreate(name="Ada"), await Author.objects.acreate(name="Bob")
        for price in ("1.10", "2.20", "3.30"):
            await Book.objects.acreate(title=price, author=ada, price=decimal.Decimal(price), rating=float(price))
        await Book.objects.acreate(title="x", author=bob, price=decimal.Decimal("10"))
        total = await Book.objects.aaggregate(
            n=models.Count("pk"), total=models.Sum("price"), top=models.Max("price"), mean=models.Avg("rating")
        )
        assert (total["n"], total["total"], total["top"]) == (4, decimal.Decimal("16.60"), decimal.Decimal("10.00"))
        assert total["mean"] == pytest.approx(2.2)
        counted = Author.objects.annotate(n=models.Count("books")).filter(n__gt=1)
        assert [(a.name, a.n) async for a in counted] == [("Ada", 3)]  # type: ignore[attr-defined]

    @case
    async def test_bulk_work(self) -> None:
        made = await Author.objects.abulk_create([Author(name=f"n{number}", age=number) for number in range(300)])
        if not databases["default"].dialect.capabilities.returning:
            made = [author async for author in Author.objects.order_by("pk")]
        assert len({author.pk for author in made}) == 300
        for author in made:
            author.age = (author.age or 0) + 1000
        await Author.objects.abulk_update(made, ["age"])
        assert await Author.objects.filter(age__gte=1000).acount() == 300
        by_key = await Author.objects.ain_bulk([made[3].pk, made[5].pk])
        assert {author.name for author in by_key.values()} == {"n3", "n5"}
        assert await Author.objects.filter(age__lt=1010).aupdate(age=models.F("age") + 1) == 10
        count, _ = await Author.objects.filter(age__gte=1200).adelete()
        assert count == 100

    @case
    async def test_get_or_create(self) -> None:
        ada, created = await Author.objects.aget_or_create(name="Ada", defaults={"age": 1})
        again, created_again = await Author.objects.aget_or_create(name="Ada", defaults={"age": 2})
        assert (created, created_again, ada.pk == again.pk, again.age) == (True, False, True, 1)
        changed, created = await Author.objects.aupdate_or_create(name="Ada", defaults={"age": 3})
        assert (changed.age, created) == (3, False)

    @case
    async def test_transactions(self) -> None:
        with pytest.raises(ZeroDivisionError):
            async with atomic():
                await Author.objects.acreate(name="gone")
                raise ZeroDivisionError
        async with atomic():
            await Author.objects.acreate(name="kept")
            assert await Author.objects.acount() == 1
        assert [a.name async for a in Author.objects.all()] == ["kept"]
        if not databases["default"].dialect.capabilities.savepoints:
            return
        async with atomic():
            await Author.objects.acreate(name="outer")
            with pytest.raises(errors.IntegrityError):
                async with atomic():
                    await Author.objects.acreate(name="inner")
                    await Author.objects.acreate(name="kept")
        assert [a.name async for a in Author.objects.all()] == ["kept", "outer"]

    @case
    async def test_streams(self) -> None:
        await Author.objects.abulk_create([Author(name=f"n{number:03}") for number in range(250)])
        names = [author.name async for author in Author.objects.order_by("name").aiterator(chunk_size=100)]
        assert names == [f"n{number:03}" for number in range(250)]

    @case
    async def test_violations(self) -> None:
        await Author.objects.acreate(name="Ada")
        with pytest.raises(errors.IntegrityError):
            await Author.objects.acreate(name="Ada")
        with pytest.raises(errors.IntegrityError):
            await Author.objects.abulk_create([Author(name="new"), Author(name="Ada")])
        assert await Author.objects.acount() == 1
