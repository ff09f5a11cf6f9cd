"""Whatever is wrongly given to a method is refused where it is taken: by an error that the library raises and words.

The methods are found by introspection, and each parameter of each is given what it can't be. What may come of it: the
value is taken (a flag may be anything, None is often "not said"), or an error of the library. What may not: an error
that Python raises somewhere inside (``'int' object has no attribute 'items'``), and one of the database's.
"""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NamedTuple

import pytest

import orm
from orm import Paginator
from orm.errors import DatabaseError, NotSupportedError
from orm.models import (
    CTE,
    Count,
    F,
    FilteredRelation,
    GenerateSeries,
    IntegerField,
    Prefetch,
    Q,
    QuerySet,
    RawSQL,
    RowRange,
    Rows,
    ValueRange,
    Window,
    prefetch_related_objects,
)
from orm.models.functions import Extract, Lag, NthValue, Ntile, Round
from tests.query.hostile import Undo
from tests.query.models import Author, Book, Country, Tag

pytestmark = [pytest.mark.only(backend="sqlite", colour="blocking")]

WRONG = [None, 5, -1, 1.5, "x", "", b"x", [], [5], [[]], {}, object(), int, lambda: None, Author, Author()]


@dataclass
class Card:
    """What into() fills."""

    id: int


class Call(NamedTuple):
    """A call that works: what is called, and its arguments."""

    target: Callable[..., Any]
    args: list[Any]
    kwargs: dict[str, Any]

    def run(self, args: list[Any], kwargs: dict[str, Any]) -> None:
        """Call it with these arguments and use what it gives; nothing of it is kept."""
        with suppress(Undo), orm.atomic():
            given = self.target(*args, **kwargs)
            if isinstance(given, QuerySet) or inspect.isgenerator(given):
                list(given)
            raise Undo

    def variations(self) -> Iterator[tuple[str, list[Any], dict[str, Any]]]:
        """Yield the name of each argument with the arguments around it, one of them wrong."""
        for place in range(len(self.args)):
            for wrong in WRONG:
                yield f"{place}={wrong!r}", [*self.args[:place], wrong, *self.args[place + 1 :]], self.kwargs
        for name in self.kwargs:
            for wrong in WRONG:
                yield f"{name}={wrong!r}", self.args, {**self.kwargs, name: wrong}


def call(target: Callable[..., Any], *args: Any, **kwargs: Any) -> Call:
    return Call(target, list(args), kwargs)


def is_raised_here(error: Exception) -> bool:
    """Whether a statement of the library raised it, and not Python in the middle of one."""
    at: TracebackType | None = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    assert at is not None
    return linecache.getline(at.tb_frame.f_code.co_filename, at.tb_lineno).strip().startswith("raise ")


def is_told(error: Exception) -> bool:
    """Whether an error says in the library's words what is wrong."""
    if isinstance(error, DatabaseError):
        return isinstance(error, NotSupportedError | ValueError)
    return type(error).__module__ == "orm.errors" or (
        isinstance(error, TypeError | ValueError) and is_raised_here(error)
    )


BY_HAND = ("extra(", "raw(", "RawSQL(")
"""Of SQL written by hand, and of what is bound to it, the database says what is wrong."""


def faults(calls: dict[str, Call]) -> list[str]:
    """Return the calls whose error is none that a person can read."""
    wrong = []
    for name, one in calls.items():
        one.run(one.args, one.kwargs)  # it works
        for what, args, kwargs in one.variations():
            try:
                one.run(args, kwargs)
            except Exception as error:
                told = is_told(error) or (isinstance(error, DatabaseError) and f"{name}(" in BY_HAND)
                if not told:
                    wrong.append(f"{name}({what}): {type(error).__name__}: {str(error)[:100]}")
    return wrong


@pytest.fixture
def book(library: Any) -> Book:
    """One of the books, with rows of all kinds around it."""
    return Book.objects.order_by("pk")[0]


NO_ARGUMENTS = {"all", "none", "reverse", "exists", "count", "first", "last", "delete", "arrow", "polars", "fetch_all"}
INNER = {"embedded", "query_structure", "value_type", "in_its_order"}
"""How a queryset becomes part of another."""
ELSEWHERE = {"as_manager", "copy_out", "copy_out_csv", "merge", "explain", "sql", "tag", "timeout", "get_or_create",
             "update_or_create", "create", "update"}  # fmt: skip
"""They take any value of a column, run on one database alone, or have tests of their own of what they refuse."""


def methods(book: Book) -> dict[str, Call]:
    """A call of each public method of a queryset."""
    rows, ordered = Book.objects.all(), Book.objects.order_by("pk")
    other = Tag.objects.values("id")
    return {
        "aggregate": call(ordered.aggregate, n=Count("pk")),
        "alias": call(ordered.alias, x=F("pages")),
        "annotate": call(ordered.annotate, x=F("pages")),
        "bulk_create": call(Country.objects.bulk_create, [Country(name="x")], 5, False, True, ["name"], ["name"]),
        "bulk_create with a condition": call(
            Country.objects.bulk_create, [], update_conflicts=True, update_fields=["name"], unique_fields=["name"],
            update_condition=Q(name="x"),
        ),
        "bulk_update": call(rows.bulk_update, [book], ["pages"], 5),
        "complex_filter": call(rows.complex_filter, {"pages": 1}),
        "contains": call(rows.contains, book),
        "copy_in": call(Country.objects.all().copy_in, [{"name": "x"}], fields=["name"]),
        "dates": call(rows.dates, "published", "year", "ASC"),
        "datetimes": call(rows.datetimes, "added", "year", "ASC"),
        "defer": call(rows.defer, "pages"),
        "difference": call(rows.difference, rows),
        "distinct": call(lambda name: [rows.distinct(name)], "pages"),  # not asked: SQLite has no DISTINCT ON
        "earliest": call(rows.earliest, "pages"),
        "exclude": call(rows.exclude, Q(pages=1)),
        "extra": call(rows.extra, {"one": "1"}, ["1 = %s"], [1], ["query_tag"], ["pages"], []),
        "fetch_mode": call(rows.fetch_mode, "one"),
        "filter": call(rows.filter, Q(pages=1)),
        "get": call(rows.get, Q(pk=book.pk)),
        "in_bulk": call(rows.in_bulk, [book.pk], field_name="pk"),
        "insert_from": call(Country.objects.all().insert_from, Tag.objects.values("name"), fields=["name"],
                            ignore_conflicts=True),
        "intersection": call(rows.intersection, rows),
        "into": call(rows.into, Card),
        "iterator": call(rows.iterator, 5),
        "join": call(rows.join, "others", other, {"pk": "id"}),
        "latest": call(rows.latest, "pages"),
        "only": call(rows.only, "pages"),
        "order_by": call(rows.order_by, "pages"),
        "page": call(ordered.page, after=None, before=None, size=5),
        "prefetch_related": call(rows.prefetch_related, "tags"),
        "raw": call(lambda *given: list(Book.objects.raw(*given)), "SELECT * FROM query_book WHERE pages = %s", [1],
                    {"id": "id"}, "default"),
        "returning": call(rows.returning, "pages"),
        "select_for_update": call(rows.select_for_update, False, False, ["self"], False),
        "select_related": call(rows.select_related, "author"),
        "union": call(rows.union, rows),
        "using": call(rows.using, "default"),
        "values": call(rows.values, "pages"),
        "values_list": call(rows.values_list, "pages"),
        "with_cte": call(rows.with_cte, CTE("others", other), {"pk": "id"}),
    }  # fmt: skip


def test_methods_of_querysets(book: Book) -> None:
    public = {
        name
        for name, found in inspect.getmembers(QuerySet, inspect.isfunction)
        if not name.startswith("_") and not inspect.iscoroutinefunction(found) and f"a{name}" != "aiterator"
    } - {name for name, _ in inspect.getmembers(QuerySet) if name.startswith("a") and hasattr(QuerySet, name[1:])}
    calls = methods(book)
    assert public - calls.keys() - NO_ARGUMENTS - INNER - ELSEWHERE == set(), "say how they are called"
    assert faults(calls) == []


def test_related_managers(book: Book) -> None:
    tag, author = Tag.objects.first(), book.author
    calls = {
        "add": call(book.tags.add, tag, through_defaults={}),
        "remove": call(book.tags.remove, tag),
        "set": call(book.tags.set, [tag], through_defaults={}),
        "create": call(lambda **given: book.tags.create(name="new", **given), through_defaults={}),
        "set of a foreign key": call(author.books.set, [book]),
        "add to a foreign key": call(author.books.add, book),
    }
    assert faults(calls) == []


def test_sources_and_pages(book: Book) -> None:
    rows, other = Book.objects.order_by("pk"), Tag.objects.values("id")

    def elided(*args: Any, **given: Any) -> list[Any]:
        return list(Paginator(rows, 5).get_elided_page_range(*args, **given))

    calls = {
        "CTE": call(lambda *given, **named: list(rows.with_cte(CTE(*given, **named), {"pk": "id"})), "others", other,
                    materialized=None),
        "Rows": call(lambda *given: list(Rows(*given)), {"x": IntegerField()}, [(1,)]),
        "GenerateSeries": call(lambda *given: list(GenerateSeries(*given)), 1, 3, 1),
        "Paginator": call(lambda *given: Paginator(*given).page(1), rows, 5, 0),
        "Paginator.get_elided_page_range": call(elided, 1, on_each_side=3, on_ends=2),
        "Prefetch": call(lambda *given: list(rows.prefetch_related(Prefetch(*given))), "tags", None, "found"),
        "prefetch_related_objects": call(prefetch_related_objects, [book]),
        "FilteredRelation": call(lambda *given, **named: list(rows.annotate(x=FilteredRelation(*given, **named))),
                                 "tags", condition=Q(tags__name="x")),
        "raw()[n]": call(lambda place: Book.objects.raw("SELECT * FROM query_book")[place], 0),
        "slice": call(lambda step: rows[::step], 1),
        "query": call(lambda query: setattr(Book.objects.all(), "query", query), rows.query),
    }  # fmt: skip
    missing = [fault for fault in faults(calls) if "is an invalid parameter to prefetch_related()" not in fault]
    # As of a list: there is no such row.
    assert [fault for fault in missing if "IndexError" not in fault] == []


def test_expressions(book: Book) -> None:
    def annotated(make: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *given, **named: list(Book.objects.annotate(x=make(*given, **named)).values("x"))

    def windowed(make: Callable[..., Any]) -> Callable[..., Any]:
        return annotated(lambda *given, **named: Window(make(*given, **named), order_by="pk"))

    def framed(make: Callable[..., Any]) -> Callable[..., Any]:
        return annotated(lambda *given: Window(Count("pk"), order_by="pk", frame=make(*given)))

    calls = {
        "Window": call(annotated(Window), Count("pk"), partition_by="pages", order_by="pk", frame=None),
        "RowRange": call(framed(RowRange), -1, 1, None),
        "ValueRange": call(framed(ValueRange), None, 0, None),
        "Lag": call(windowed(lambda offset: Lag("pages", offset)), 1),
        "NthValue": call(windowed(lambda nth: NthValue("pages", nth)), 1),
        "Ntile": call(windowed(Ntile), 2),
        "RawSQL": call(annotated(RawSQL), "1 + %s", [1], IntegerField()),
        "Round": call(annotated(lambda places: Round("price", places)), 1),
        "Extract": call(annotated(lambda part: Extract("added", part)), "year"),
    }
    assert faults(calls) == []


@pytest.mark.parametrize("size", [True, 1.5, "5"])
def test_a_number_of_rows_is_a_whole_number(size: Any) -> None:
    """On PostgreSQL it is part of a statement: ``FETCH FORWARD True`` was sent."""
    with pytest.raises(TypeError, match="chunk_size is a whole number of rows"):
        next(Book.objects.iterator(size))
