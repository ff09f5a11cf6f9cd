"""The rows that the query tests ask about, as plain Python objects linked to each other.

Tests compute what they expect from these with ordinary comprehensions, so an expectation never depends on the SQL.
``store()`` writes the same rows to the default database.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.query import models

FIRST_PK = 1_000_000
"""Far from what a new database's sequences will give, so that rows a test creates don't collide."""

UTC = datetime.UTC


@dataclass(eq=False)
class Row:
    """Something with a primary key; compared by identity, since it stands for one row."""

    pk: int = 0


@dataclass(eq=False)
class Country(Row):
    name: str = ""


@dataclass(eq=False)
class Publisher(Row):
    name: str = ""
    country: Country | None = None
    founded: int | None = None
    books: list[Book] = field(default_factory=list)


@dataclass(eq=False)
class Author(Row):
    name: str = ""
    age: int | None = None
    born: datetime.date | None = None
    rating: float | None = None
    active: bool = True
    country: Country | None = None
    motto: str | None = None
    books: list[Book] = field(default_factory=list)
    edited: list[Book] = field(default_factory=list)


@dataclass(eq=False)
class Review(Row):
    reviewer: str = ""
    stars: int = 0
    book: Book = None  # type: ignore[assignment]  # set below, as soon as there is one


@dataclass(eq=False)
class Book(Row):
    title: str = ""
    author: Author = field(default_factory=Author)
    editor: Author | None = None
    publisher: Publisher | None = None
    pages: int = 0
    price: Decimal | None = None
    published: datetime.date | None = None
    added: datetime.datetime | None = None
    in_print: bool = True
    tags: list[str] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    stores: dict[str, int] = field(default_factory=dict)


def _numbered(rows: list[Any]) -> list[Any]:
    for number, row in enumerate(rows):
        row.pk = FIRST_PK + number
    return rows


def _by(reviewer: str, stars: int) -> Review:
    return Review(reviewer=reviewer, stars=stars)


def _at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=UTC)


# fmt: off
UK, FRANCE, JAPAN, EMPTY_LAND = countries = _numbered([
    Country(name="United Kingdom"), Country(name="France"), Country(name="Japan"), Country(name="Nowhere"),
])

PENGUIN, GALLIMARD, ORPHAN_PRESS, DORMANT = publishers = _numbered([
    Publisher(name="Penguin", country=UK, founded=1935),
    Publisher(name="Gallimard", country=FRANCE, founded=1911),
    Publisher(name="Orphan Press", country=None, founded=None),
    Publisher(name="Dormant", country=JAPAN, founded=1980),
])

ADA, BASHO, CAMUS, DORIS, EMIL, FELIX, GINA = authors = _numbered([
    Author(name="Ada", age=36, born=datetime.date(1815, 12, 10), rating=4.5, country=UK, motto="Compute!"),
    Author(name="Bashō", age=50, born=datetime.date(1644, 1, 1), rating=None, country=JAPAN, motto=""),
    Author(name="Camus", age=46, born=datetime.date(1913, 11, 7), rating=4.0, country=FRANCE, active=False),
    Author(name="Doris", age=None, born=None, rating=3.25, country=None, motto="100% _sure_"),
    Author(name="Emil", age=36, born=datetime.date(1990, 2, 28), rating=None, country=UK),
    Author(name="Felix", age=24, born=datetime.date(2000, 2, 29), rating=1.5, country=FRANCE, active=False),
    Author(name="Gina", age=None, born=datetime.date(1990, 2, 28), rating=0.0, country=None),
])
"""Emil edits and writes nothing in print; Felix only edits; Gina does neither."""

friendships = [(ADA, BASHO), (ADA, CAMUS), (DORIS, EMIL)]

books: list[Book] = _numbered([
    Book(title="Notes on the Engine", author=ADA, editor=CAMUS, publisher=PENGUIN, pages=66, price=Decimal("12.50"),
         published=datetime.date(1843, 9, 1), added=_at("2020-01-01T00:00:00"), tags=["science", "classic"],
         reviews=[_by("Ann", 5), _by("Bob", 4), _by("Emil", 2)], stores={"Corner": 3, "Mall": 10}),
    Book(title="Letters", author=ADA, editor=FELIX, publisher=PENGUIN, pages=310, price=Decimal("9.99"),
         published=datetime.date(1853, 3, 31), added=_at("2020-12-31T23:59:59.999999"), tags=["classic"],
         reviews=[_by("Ann", 1)], stores={"Mall": 1}),
    Book(title="The Narrow Road", author=BASHO, editor=None, publisher=None, pages=180, price=None,
         published=datetime.date(1702, 6, 1), added=_at("2021-02-28T12:30:15.000001"),
         tags=["poetry", "travel", "classic"],
         reviews=[_by("Bob", 5), _by("Bob", 5), _by("Ann", 3)]),
    Book(title="L'Étranger", author=CAMUS, editor=CAMUS, publisher=GALLIMARD, pages=159, price=Decimal("8.10"),
         published=datetime.date(1942, 5, 19), added=_at("2020-02-29T06:07:08"), tags=["novel", "classic"],
         reviews=[_by("Camus", 5), _by("Cleo", 2)], stores={"Corner": 0}),
    Book(title="La Peste", author=CAMUS, editor=FELIX, publisher=GALLIMARD, pages=310, price=Decimal("12.50"),
         published=datetime.date(1947, 6, 10), added=None, tags=["novel"], reviews=[],
         stores={"Corner": 7, "Kiosk": 2}),
    Book(title="100% Cotton_wool", author=DORIS, editor=EMIL, publisher=ORPHAN_PRESS, pages=0, price=Decimal("0.00"),
         published=None, added=_at("2022-07-04T18:00:00"), in_print=False, tags=[],
         reviews=[_by("Doris", 4)], stores={"Mall": 4}),
    Book(title="100 Cottons", author=DORIS, editor=None, publisher=PENGUIN, pages=99, price=Decimal("3.00"),
         published=datetime.date(2001, 1, 1), added=_at("2022-07-04T18:00:00"), tags=["novel", "travel"],
         reviews=[_by("Cleo", 3), _by("Ann", 3)]),
    Book(title="A \"quoted\" \\back\\slash; DROP TABLE", author=EMIL, editor=ADA, publisher=None, pages=7,
         price=Decimal("99999.99"),
         published=datetime.date(2001, 1, 1), added=_at("1999-12-31T23:00:00"), in_print=False, tags=["science"],
         reviews=[], stores={}),
])

# fmt: on

(NOTES, LETTERS, ROAD, ETRANGER, PESTE, COTTON, COTTONS, QUOTED) = books
TITLES = [book.title for book in books]
TAGS = ["science", "classic", "poetry", "travel", "novel", "unused"]
STORES = ["Corner", "Mall", "Kiosk", "Shut"]

for _book in books:
    _book.author.books.append(_book)
    if _book.editor is not None:
        _book.editor.edited.append(_book)
    if _book.publisher is not None:
        _book.publisher.books.append(_book)
    for _review in _book.reviews:
        _review.book = _book

reviews: list[Review] = _numbered([review for book in books for review in book.reviews])


def pk_of(row: Row | None) -> int | None:
    """The primary key, or None for no row."""
    return None if row is None else row.pk


def save() -> None:
    """Write every row to the default database, with blocking code."""
    models.Country.objects.bulk_create([models.Country(pk=row.pk, name=row.name) for row in countries])
    models.Publisher.objects.bulk_create(
        [
            models.Publisher(pk=row.pk, name=row.name, country_id=pk_of(row.country), founded=row.founded)
            for row in publishers
        ]
    )
    models.Author.objects.bulk_create(
        [
            models.Author(
                pk=row.pk,
                name=row.name,
                age=row.age,
                born=row.born,
                rating=row.rating,
                active=row.active,
                country_id=pk_of(row.country),
            )
            for row in authors
        ]
    )
    models.Profile.objects.bulk_create(
        [models.Profile(author_id=row.pk, motto=row.motto) for row in authors if row.motto is not None]
    )
    models.Author.friends.through.objects.bulk_create(
        [
            models.Author.friends.through(from_author_id=left.pk, to_author_id=right.pk)
            for one, other in friendships
            for left, right in ((one, other), (other, one))
        ]
    )
    models.Tag.objects.bulk_create([models.Tag(pk=FIRST_PK + n, name=name) for n, name in enumerate(TAGS)])
    models.Book.objects.bulk_create(
        [
            models.Book(
                pk=row.pk,
                title=row.title,
                author_id=row.author.pk,
                editor_id=pk_of(row.editor),
                publisher_id=pk_of(row.publisher),
                pages=row.pages,
                price=row.price,
                published=row.published,
                added=row.added,
                in_print=row.in_print,
            )
            for row in books
        ]
    )
    models.Book.tags.through.objects.bulk_create(
        [
            models.Book.tags.through(book_id=row.pk, tag_id=FIRST_PK + TAGS.index(name))
            for row in books
            for name in row.tags
        ]
    )
    models.Review.objects.bulk_create(
        [models.Review(pk=row.pk, book_id=row.book.pk, reviewer=row.reviewer, stars=row.stars) for row in reviews]
    )
    models.Store.objects.bulk_create([models.Store(pk=FIRST_PK + n, name=name) for n, name in enumerate(STORES)])
    models.Stock.objects.bulk_create(
        [
            models.Stock(store_id=FIRST_PK + STORES.index(name), book_id=row.pk, quantity=quantity)
            for row in books
            for name, quantity in row.stores.items()
        ]
    )
