"""Each kind of query is compiled once: asked again with other values it compiles nothing.

What is compiled is counted, in the place where every statement becomes a plan. ``EACH_TIME`` are the kinds that are
compiled each time, and why.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from orm.models import (
    CTE,
    Case,
    CharField,
    Count,
    Exists,
    F,
    FilteredRelation,
    GenerateSeries,
    IntegerField,
    JSONElements,
    Matched,
    NotMatched,
    OuterRef,
    Prefetch,
    Q,
    Rows,
    Subquery,
    Sum,
    Value,
    When,
    Window,
)
from orm.models.functions import Coalesce, Length, RowNumber
from orm.query import plan
from orm.sql.statement_compiler import StatementCompiler
from tests.conftest import Run
from tests.query.models import Author, Book, Counter, Document, Review


def some(n: int) -> Any:
    """Rows that are given: two of them, whatever is in them."""
    return Rows({"word": CharField(max_length=9), "n": IntegerField()}, [(f"k{n}", n), ("k", n + 1)])


def tree(n: int) -> CTE:
    return CTE(
        "up",
        Author.objects.filter(age__gt=n).values("id", depth=Value(n)),
        recursive=lambda up: (
            Author.objects.with_cte(up, on={"id": "id"})
            .filter(up__depth__lt=n + 2)
            .values("id", depth=F("up__depth") + 1)
        ),
    )


def books() -> Any:
    return Book.objects.order_by("pk")


def of_author(n: int) -> Any:
    return Book.objects.filter(author=OuterRef("pk"), pages__gt=n).order_by("-pages")


KINDS: dict[str, Callable[[int], Any]] = {
    "filter": lambda n: list(books().filter(pages__gt=n, author__name=f"n{n}")),
    "exclude across many": lambda n: list(books().exclude(reviews__stars=n)),
    "in": lambda n: list(books().filter(pages__in=[n, n + 1])),
    "conditions": lambda n: list(books().filter(Q(pages=n) | ~Q(title__contains=f"{n}") ^ Q(in_print=True))),
    "get": lambda n: Book.objects.filter(pk__gt=-n).first(),
    "slice": lambda n: list(books()[n : n + 2]),
    "annotation": lambda n: list(books().annotate(x=F("pages") + n, y=Coalesce(Length("title"), n))),
    "case": lambda n: list(books().annotate(x=Case(When(pages__gt=n, then=Value(n)), default=Value(n + 1)))),
    "aggregate": lambda n: Book.objects.filter(pages__gt=n).aggregate(a=Sum("pages", filter=Q(pages__lt=n))),
    "groups": lambda n: list(Author.objects.annotate(c=Count("books", filter=Q(books__pages__gt=n))).filter(c__gt=n)),
    "values": lambda n: list(books().values("author__name").annotate(c=Count("pk")).filter(c__gte=n)),
    "subquery": lambda n: list(Author.objects.annotate(x=Subquery(of_author(n).values("title")[:1]))),
    "exists": lambda n: list(Author.objects.filter(Exists(of_author(n)))),
    "in a subquery": lambda n: list(books().filter(author__in=Author.objects.filter(age__gt=n))),
    "window": lambda n: list(books().annotate(p=Window(RowNumber(), partition_by="author")).filter(p__lte=n)),
    "filtered relation": lambda n: list(
        Author.objects.annotate(b=FilteredRelation("books", condition=Q(books__pages__gt=n))).filter(b__pages__lt=n)
    ),
    "json": lambda n: list(Document.objects.filter(**{f"data__k{n}": n})),
    "union": lambda n: list(books().filter(pages=n).union(Book.objects.filter(pages__gt=n))[: n + 1]),
    "cte": lambda n: list(Author.objects.with_cte(tree(n), on={"pk": "id"}).filter(up__depth__gt=n)),
    "sliced prefetch": lambda n: list(Author.objects.prefetch_related(Prefetch("books", books()[: n + 1]))),
    "given rows": lambda n: list(some(n).filter(n__gt=n).order_by("n")),
    "joined rows": lambda n: list(Counter.objects.join("g", some(n), on={"key": "word"}).filter(g__n__gt=n)),
    "among given rows": lambda n: list(Counter.objects.filter(key__in=some(n).values("word"))),
    "first of each": lambda n: list(Author.objects.join("top", of_author(n)[: n + 1], optional=True)),
    "series": lambda n: list(GenerateSeries(n, n + 3).filter(value__gt=n)),
    "elements": lambda n: list(Document.objects.join("e", JSONElements("data")).filter(e__value=n)),
    "create": lambda n: Counter.objects.create(key=f"new{n}", value=n),
    "bulk create": lambda n: Counter.objects.bulk_create([Counter(key=f"b{n}"), Counter(key=f"c{n}")]),
    "insert from": lambda n: Counter.objects.insert_from(some(n + 100).values(key=F("word")), ignore_conflicts=True),
    "update": lambda n: Book.objects.filter(pages=n).update(pages=F("pages") + n),
    "update from": lambda n: Counter.objects.join("g", some(n), on={"key": "word"}).update(value=F("g__n") + n),
    "update returning": lambda n: Book.objects.filter(pages=n).returning("pk").update(pages=n),
    "delete": lambda n: Review.objects.filter(stars=n).delete(),
    "delete joined": lambda n: Counter.objects.join("g", some(n), on={"key": "word"}).filter(g__n=n).delete(),
}
ON_POSTGRESQL: dict[str, Callable[[int], Any]] = {
    "merge": lambda n: Counter.objects.merge(
        some(n),
        on={"key": "word"},
        when=[
            Matched(Q(given__n=n)).update(value=n),
            NotMatched(Q(given__n__gt=n)).insert(key=F("given__word"), value=n),
        ],
    ),
}
EACH_TIME: dict[str, str] = {}


class Counted(StatementCompiler):
    """Counts how often it is made."""

    made = 0

    def __init__(self, *args: Any) -> None:
        Counted.made += 1
        super().__init__(*args)


@pytest.mark.parametrize("kind", KINDS)
def test_a_query_is_compiled_once(library: Any, database: Run, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    assert_compiled_once(KINDS[kind], kind, monkeypatch)


@pytest.mark.parametrize("kind", ON_POSTGRESQL)
@pytest.mark.only(backend="postgresql")
def test_a_query_of_postgresql_is_compiled_once(
    library: Any, database: Run, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    assert_compiled_once(ON_POSTGRESQL[kind], kind, monkeypatch)


def assert_compiled_once(ask: Callable[[int], Any], kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(1)
    monkeypatch.setattr(plan, "StatementCompiler", Counted)
    before = Counted.made
    ask(2)
    ask(3)
    assert (Counted.made == before) == (kind not in EACH_TIME)


def test_the_count_counts(library: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "StatementCompiler", Counted)
    before = Counted.made
    list(books().filter(pages__gt=1).annotate(one_more_name=F("pages") + 1))
    assert Counted.made == before + 1
