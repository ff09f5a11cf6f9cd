"""Rows as objects of other classes: each kind of class, where a field's value is from, what is refused at the call."""

from __future__ import annotations

import datetime
import enum
import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, NamedTuple, NewType, TypedDict

import pytest

import orm
from orm.errors import FieldError
from orm.models import Count, F, OuterRef, Sum, Value
from orm.models.functions import Concat
from tests.query.models import Author, Book, Counter

Title = NewType("Title", str)


class Level(enum.IntEnum):
    NONE = 0
    ONE = 1
    TWO = 2
    THREE = 3
    FOUR = 4


@dataclass
class Card:
    title: str
    pages: int
    price: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    pages: int
    title: Title
    price: Decimal | None = None
    made: list[int] = field(default_factory=list, init=False)


class Row(NamedTuple):
    title: str
    pages: float
    price: Any


class Mapped(TypedDict):
    title: str
    pages: int
    price: Decimal | None


@dataclass
class Named:
    author__name: str
    publisher__country__name: str | None


@dataclass
class Computed:
    name: str
    n: int
    total: int | None
    first: str | None


@dataclass
class Counted:
    key: str
    value: Level


EXPECTED: dict[type, Callable[[Book], Any]] = {
    Card: lambda book: Card(book.title, book.pages, book.price),
    Frozen: lambda book: Frozen(title=Title(book.title), pages=book.pages, price=book.price),
    Row: lambda book: Row(book.title, book.pages, book.price),
    Mapped: lambda book: {"title": book.title, "pages": book.pages, "price": book.price},
}


@pytest.mark.parametrize("cls", EXPECTED, ids=lambda cls: cls.__name__)
async def test_each_row_is_an_object_of_the_class(library: Any, cls: type[Any]) -> None:
    books = Book.objects.order_by("pk")
    found = await books.into(cls)
    assert found == [EXPECTED[cls](book) for book in await books]
    assert found[0] == await books.into(cls).afirst()
    assert [one async for one in books.into(cls).aiterator(chunk_size=2)] == found
    assert list(await books.into(cls).apage(size=3)) == found[:3]
    assert await books.into(cls)[1:3] == found[1:3]


async def test_a_class_of_msgspec(library: Any) -> None:
    msgspec = pytest.importorskip("msgspec")
    Struct = msgspec.defstruct("Struct", [("title", str), ("pages", int)])
    book = await Book.objects.order_by("pk").afirst()
    assert book is not None
    assert await Book.objects.order_by("pk").into(Struct).afirst() == Struct(title=book.title, pages=book.pages)


async def test_a_class_of_pydantic_runs_its_validators(library: Any) -> None:
    pydantic = pytest.importorskip("pydantic")
    Model = pydantic.create_model("Model", title=(str, pydantic.Field(alias="called")), pages=(int, ...))
    book = await Book.objects.order_by("pk").afirst()
    assert book is not None
    assert await Book.objects.order_by("pk").into(Model).afirst() == Model(called=book.title, pages=book.pages)
    strict = pydantic.create_model("Strict", pages=(int, pydantic.Field(lt=-5)))
    with pytest.raises(pydantic.ValidationError):
        await Book.objects.into(strict)


async def test_fields_across_relations(library: Any) -> None:
    expected = [
        Named(book.author.name, book.publisher.country.name if book.publisher and book.publisher.country else None)
        for book in await Book.objects.select_related("author", "publisher__country").order_by("pk")
    ]
    assert await Book.objects.order_by("pk").into(Named) == expected


async def test_fields_from_elsewhere(library: Any) -> None:
    first = Book.objects.filter(author=OuterRef("pk")).order_by("title").values("title")[:1]
    authors = Author.objects.annotate(n=Count("books")).order_by("pk")
    found = await authors.into(Computed, name=Concat(F("name"), Value("!")), total=Sum("books__pages"), first=first)
    assert [(one.name, one.n, one.total, one.first) for one in found] == [
        (author.name + "!", len(books), sum(b.pages for b in books) if books else None, min(b.title for b in books))
        if books
        else (author.name + "!", 0, None, None)
        for author in await Author.objects.prefetch_related("books").order_by("pk")
        for books in [list(author.books.all())]
    ]
    doubled = Book.objects.order_by("pk").into(Row, title="author__name", pages=F("pages") * 2)
    book = await Book.objects.select_related("author").order_by("pk").afirst()
    assert book is not None
    assert await doubled.afirst() == Row(book.author.name, book.pages * 2, book.price)


async def test_a_field_of_an_enumeration_holds_its_member(counters: list[Counter]) -> None:
    found = await Counter.objects.order_by("value").into(Counted)
    assert [one.value for one in found] == list(Level)
    await Counter.objects.acreate(key="beyond", value=77)
    with pytest.raises(ValueError, match="77"):
        await Counter.objects.into(Counted)


async def test_the_second_query_compiles_nothing(library: Any) -> None:
    await Book.objects.filter(pages__gt=1).into(Row, pages=F("pages") + 1)
    before = orm.query.shape.size()
    await Book.objects.filter(pages__gt=2).into(Row, pages=F("pages") + 3)
    assert orm.query.shape.size() == before


async def test_results_are_pickled(library: Any) -> None:
    queryset = Book.objects.order_by("pk").into(Card)
    await queryset
    assert await pickle.loads(pickle.dumps(queryset)) == await queryset


def declared(**fields: Any) -> type[Any]:
    return dataclass(type("Declared", (), {"__annotations__": fields}))


@pytest.mark.parametrize(
    ("cls", "message"),
    [
        (declared(pages=str), r"Declared.pages is said to hold str; the query gives int values for it"),
        (declared(price=Decimal), r"Declared.price is said to hold Decimal; the query may give None.*Decimal \| None"),
        (declared(title=int | None), r"Declared.title is said to hold int \| None; the query gives str values"),
        (declared(publisher__name=str), r"Declared.publisher__name .* may give None"),
        (declared(title=Literal[1]), r"the query gives str values"),
        (declared(published=datetime.datetime), r"the query gives .*date"),
        (declared(title="Nowhere"), r"The types of Declared can't be read: name 'Nowhere'"),
        (declared(), r"Declared has no fields"),
        (int, r"into\(\) takes a dataclass, a NamedTuple, a TypedDict"),
    ],
)
async def test_what_does_not_fit_is_refused_at_the_call(database: Any, cls: type[Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        Book.objects.into(cls)


async def test_names_that_are_none_are_refused_at_the_call(database: Any) -> None:
    with pytest.raises(FieldError, match=r"'titel' .*Did you mean 'title'\?.*into\(Declared, field=…\)"):
        Book.objects.into(declared(titel=str))
    with pytest.raises(TypeError, match=r"Card has no field 'page'. Did you mean 'pages'\?"):
        Book.objects.into(Card, page="pages")
    with pytest.raises(TypeError, match=r"into\(pages=…\) takes the name of a field or an expression, not 3"):
        Book.objects.into(Card, pages=3)
    with pytest.raises(TypeError, match="takes a class"):
        Book.objects.into("Card")  # type: ignore[arg-type]
