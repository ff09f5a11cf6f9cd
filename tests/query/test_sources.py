"""What rows come from besides tables: rows that are given, functions of the database, and joined querysets."""

from __future__ import annotations

import datetime
import decimal
import random
import uuid
from typing import Any

import pytest

from orm.errors import DataError, FieldError, NotSupportedError
from orm.models import (
    CASCADE,
    CTE,
    BinaryField,
    BooleanField,
    CharField,
    Count,
    DateField,
    DateTimeField,
    DecimalField,
    DurationField,
    Exists,
    F,
    FloatField,
    ForeignKey,
    GenerateSeries,
    IntegerField,
    JSONElements,
    JSONField,
    JSONItems,
    Max,
    OuterRef,
    Q,
    Rows,
    Subquery,
    Sum,
    TableFunction,
    TextField,
    UUIDField,
    Value,
    functions,
)
from tests.conftest import Run
from tests.query import library as L
from tests.query.models import Author, Book, Counter, Document, Review

COLUMNS = {"word": CharField(max_length=20), "n": IntegerField(null=True)}


def given(*rows: Any) -> Rows:
    return Rows(COLUMNS, rows)


async def tuples(rows: Any, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await rows.values_list(*names)]


# -- rows that are given -----------------------------------------------------------------------------------------------


async def test_given_rows_are_asked_as_any_others(database: Run) -> None:
    rows = given(("a", 1), ("b", None), {"word": "c", "n": 3}, ("c", 3))
    assert await tuples(rows.order_by("word", "n"), "word", "n") == [("a", 1), ("b", None), ("c", 3), ("c", 3)]
    assert await tuples(rows.filter(n__gte=2), "word") == [("c",), ("c",)]
    assert await tuples(rows.exclude(n=1).order_by("word").distinct(), "word") == [("b",), ("c",)]
    assert await tuples(rows.filter(n=None), "word") == [("b",)]
    assert await rows.acount() == 4
    assert await rows.filter(word="c").aexists()
    assert not await rows.filter(word="d").aexists()
    assert await rows.aaggregate(total=Sum("n"), most=Max("word")) == {"total": 7, "most": "c"}
    groups = rows.values("word").annotate(times=Count("*")).order_by("word")
    assert [(row["word"], row["times"]) for row in await groups] == [("a", 1), ("b", 1), ("c", 2)]
    assert await tuples(rows.annotate(m=F("n") * 2).filter(m__gt=2).distinct(), "m") == [(6,)]
    assert len(await rows.union(rows)) == 3
    assert await tuples(rows.order_by("-word", "n")[1:3], "word") == [("c",), ("b",)]
    one = await rows.aget(word="a")
    assert (one.word, one.n) == ("a", 1)


async def test_no_rows_at_all(database: Run) -> None:
    rows = given()
    assert await tuples(rows, "word") == []
    assert await rows.acount() == 0
    assert await rows.aaggregate(total=Sum("n")) == {"total": None}


async def test_one_column(database: Run) -> None:
    rows = Rows({"n": IntegerField(null=True)}, [(2,), (None,), (2,)])
    assert sorted(await rows.values_list("n", flat=True), key=str) == [2, 2, None]
    assert await rows.exclude(n=1).acount() == 3
    assert await rows.values("n").distinct().acount() == 2


MOMENT = datetime.datetime(2024, 2, 29, 12, 30, 1, 250, tzinfo=datetime.UTC)
OF_EACH_TYPE: list[tuple[Any, Any]] = [
    (BooleanField(null=True), True),
    (DateField(null=True), datetime.date(2024, 2, 29)),
    (DateTimeField(null=True), MOMENT),
    (DurationField(null=True), datetime.timedelta(days=1, microseconds=3)),
    (DecimalField(max_digits=12, decimal_places=4, null=True), decimal.Decimal("12.3456")),
    (FloatField(null=True), 1.25),
    (UUIDField(null=True), uuid.UUID(int=7)),
    (JSONField(null=True), {"a": [1, None, "x"]}),
    (TextField(null=True), "it's %s {0} \" é"),
    (BinaryField(null=True), b"\x00\xff"),
]


@pytest.mark.parametrize(("field", "value"), OF_EACH_TYPE, ids=lambda item: type(item).__name__)
async def test_a_value_of_each_type_comes_back(database: Run, field: Any, value: Any) -> None:
    rows = Rows({"number": IntegerField(), "value": field}, [(1, value), (2, None)])
    found = await tuples(rows.order_by("number"), "value")
    assert [bytes(one) if isinstance(one, memoryview) else one for (one,) in found] == [value, None]
    if not isinstance(field, (JSONField, BinaryField)):
        assert await tuples(rows.filter(value=value), "number") == [(1,)]


async def test_given_rows_inside_other_queries(library: Any) -> None:
    notes = given((L.NOTES.title, 1), (L.books[1].title, 2), ("no such book", 3))
    titles = {L.NOTES.title, L.books[1].title}
    assert {b.title async for b in Book.objects.filter(title__in=notes.values("word"))} == titles
    assert {b.title async for b in Book.objects.filter(Exists(notes.filter(word=OuterRef("title"))))} == titles
    number = Subquery(notes.filter(word=OuterRef("title")).values("n"))
    found = await tuples(Book.objects.annotate(number=number).filter(number__isnull=False), "title", "number")
    assert sorted(found) == sorted([(L.NOTES.title, 1), (L.books[1].title, 2)])
    joined = Book.objects.with_cte(CTE("given", notes), on={"title": "word"})
    assert sorted(await tuples(joined, "title", "given__n")) == sorted(found)


async def test_given_rows_are_inserted(counters: Any) -> None:
    rows = given(("x", 7), ("y", None))
    assert await Counter.objects.ainsert_from(rows.exclude(n=None).values(key=F("word"), value=F("n"))) == 1
    assert (await Counter.objects.aget(key="x")).value == 7


async def test_rows_are_changed_to_what_is_given(counters: Any) -> None:
    rows = given(("k1", 10), ("k3", 30), ("none", 50))
    changed = Counter.objects.join("given", rows, on={"key": "word"})
    assert await changed.filter(given__n__lt=50).aupdate(value=F("value") + F("given__n"), note="changed") == 2
    found = await tuples(Counter.objects.order_by("key"), "key", "value", "note")
    assert found == [
        ("k0", 0, "n0"), ("k1", 11, "changed"), ("k2", 2, "n2"), ("k3", 33, "changed"), ("k4", 4, "n4"),
    ]  # fmt: skip
    back = await changed.returning("key", "value").aupdate(value=F("given__n"))
    assert sorted(map(tuple, back)) == [("k1", 10), ("k3", 30)]
    same = Counter.objects.with_cte(CTE("other", rows), on={"key": "word"})
    assert await same.aupdate(value=F("other__n") + 1) == 2
    assert sorted(await tuples(same, "value", "other__n")) == [(11, 10), (31, 30)]


async def test_rows_that_meet_given_ones_are_deleted(counters: Any) -> None:
    gone = Counter.objects.join("given", given(("k1", 1), ("k3", 0)), on={"key": "word"})
    assert (await gone.filter(value=F("given__n")).adelete())[0] == 1
    assert await tuples(Counter.objects.order_by("key"), "key") == [("k0",), ("k2",), ("k3",), ("k4",)]


async def test_what_given_rows_refuse(database: Run) -> None:
    with pytest.raises(ValueError, match="3 values for the columns word, n"):
        given(("a", 1, 2))
    with pytest.raises(ValueError, match="has word, and not word, n"):
        given({"word": "a"})
    with pytest.raises(TypeError, match="a tuple or a dict"):
        given("ab")
    with pytest.raises(ValueError, match="expected a number"):
        given(("a", "x"))
    with pytest.raises(FieldError, match="nothing"):
        given(("a", 1)).filter(nothing=1)
    for columns in ({}, {"a": 1}, {"a": ForeignKey(Book, on_delete=CASCADE)}, ["a"]):
        with pytest.raises(TypeError):
            Rows(columns, [])  # type: ignore[arg-type]
    for name in ("a b", "a__b", "", 'a"', "1", "pk"):
        with pytest.raises(ValueError, match="can't name a column"):
            Rows({name: IntegerField()}, [])
    rows = given(("a", 1))
    with pytest.raises(NotSupportedError, match="no table"):
        await rows.aupdate(n=1)
    with pytest.raises(NotSupportedError, match="no table"):
        await rows.adelete()
    with pytest.raises(NotSupportedError, match="no table"):
        await rows.acreate(word="b", n=2)
    with pytest.raises(NotSupportedError, match="no table"):
        await rows.abulk_create([])
    row = await rows.aget()
    with pytest.raises(NotSupportedError, match="no table"):
        await row.asave()


# -- functions ---------------------------------------------------------------------------------------------------------


async def test_a_series(database: Run) -> None:
    assert await tuples(GenerateSeries(1, 4), "value") == [(1,), (2,), (3,), (4,)]
    assert await tuples(GenerateSeries(10, 1, -4), "value") == [(10,), (6,), (2,)]
    assert await tuples(GenerateSeries(3, 1), "value") == []
    assert await GenerateSeries(1, 100).filter(value__gt=90).aaggregate(Sum("value")) == {"value__sum": 955}
    with pytest.raises(ValueError, match="other than 0"):
        GenerateSeries(1, 2, 0)


async def test_groups_that_nothing_belongs_to(library: Any) -> None:
    stars = Book.objects.filter(reviews__isnull=False).values("reviews__stars").annotate(times=Count("pk"))
    named = stars.values(star=F("reviews__stars"), how_many=F("times"))
    found = GenerateSeries(0, 5).join("given", named, on={"value": "star"}, optional=True)
    expected = [(n, sum(r.stars == n for b in L.books for r in b.reviews) or None) for n in range(6)]
    assert await tuples(found.order_by("value"), "value", "given__how_many") == expected


DOCUMENTS = {"list": [1, "two", None, True, {"x": 3}], "object": {"a": 1, "b": [2]}, "number": 5, "nothing": None}


@pytest.fixture
def documents(database: Run) -> None:
    for name, data in DOCUMENTS.items():
        Document.objects.create(name=name, data=data)


async def test_the_elements_of_json(documents: None) -> None:
    elements = Document.objects.join("item", JSONElements("data")).order_by("item__position")
    expected = [("list", position, value) for position, value in enumerate(DOCUMENTS["list"])]
    assert await tuples(elements, "name", "item__position", "item__value") == expected
    items = Document.objects.join("item", JSONItems("data")).order_by("item__key")
    assert await tuples(items, "name", "item__key", "item__value") == [("object", "a", 1), ("object", "b", [2])]
    assert await tuples(JSONElements([1, "a", 2.5]).filter(value="a"), "position") == [(1,)]
    has = Document.objects.filter(Exists(JSONElements("data").filter(value="two")))
    assert await tuples(has, "name") == [("list",)]
    last = Document.objects.join("last", JSONElements("data").order_by("-position")[:1], optional=True)
    found = await tuples(last.order_by("name"), "name", "last__position")
    assert found == [("list", 4), ("nothing", None), ("number", None), ("object", None)]


class Each(TableFunction):
    """SQLite's own json_each(), some of its columns."""

    function = "json_each"
    columns = {"key": TextField(), "type": TextField()}


class Words(TableFunction):
    function = "regexp_split_to_table"
    columns = {"word": TextField()}


@pytest.mark.only(backend="sqlite")
async def test_a_function_that_the_caller_names_on_sqlite(documents: None) -> None:
    assert await tuples(Each(Value('{"a": 1, "b": "x"}')).order_by("key"), "key", "type") == [
        ("a", "integer"),
        ("b", "text"),
    ]
    joined = Document.objects.filter(name="object").join("e", Each("data")).order_by("e__key")
    assert await tuples(joined, "e__key", "e__type") == [("a", "integer"), ("b", "array")]


@pytest.mark.only(backend="postgresql")
async def test_a_function_that_the_caller_names_on_postgresql(library: Any) -> None:
    words = Words(Value("b a b"), Value(" "))
    assert sorted(await tuples(words.values("word").annotate(n=Count("*")), "word", "n")) == [("a", 1), ("b", 2)]
    titles = Book.objects.join("w", Words("title", Value(" "))).filter(pk=L.NOTES.pk)
    assert sorted(await tuples(titles, "w__word")) == sorted((word,) for word in L.NOTES.title.split(" "))


async def test_a_series_for_each_row(library: Any) -> None:
    numbers = Book.objects.join("n", GenerateSeries(1, OuterRef("pages"))).filter(n__value__gt=2)
    assert await numbers.acount() == sum(max(0, book.pages - 2) for book in L.books)
    down = Book.objects.filter(pk=L.NOTES.pk).join("n", GenerateSeries(OuterRef("pages"), 1, -100))
    expected = [(value,) for value in range(L.NOTES.pages, 0, -100)]
    assert await tuples(down.order_by("-n__value"), "n__value") == expected
    none = Book.objects.join("n", GenerateSeries(OuterRef("pages"), -1))
    assert await none.acount() == 0


@pytest.mark.only(backend="sqlite")
async def test_a_series_for_each_row_is_not_as_long_as_a_column_likes(library: Any) -> None:
    last = OuterRef("pages") * 0 + 1_000_000
    notes = Book.objects.filter(pk=L.NOTES.pk)
    assert await notes.join("n", GenerateSeries(1, last)).acount() == 1_000_000
    for start, stop, step in ((0, last, 1), (last, 0, -1), (1, last * 1_000_000, 1), (1, last * 1_000_000, 2)):
        with pytest.raises(DataError, match="a million numbers"):
            await notes.join("n", GenerateSeries(start, stop, step)).acount()


async def test_a_step_that_is_0_in_some_row_is_an_error(library: Any) -> None:
    by_nothing = GenerateSeries(1, OuterRef("pages"), OuterRef("pages") - OuterRef("pages"))
    with pytest.raises(DataError, match="step"):
        await Book.objects.join("n", by_nothing).acount()
    with pytest.raises(DataError, match="step"):
        await Book.objects.filter(Exists(by_nothing)).acount()
    with pytest.raises(DataError, match="step"):
        await GenerateSeries(1, 3, Value(0)).acount()


async def test_a_step_that_is_null_gives_no_numbers(library: Any) -> None:
    nothing = functions.NullIf(OuterRef("pages"), OuterRef("pages"))
    assert await Book.objects.join("n", GenerateSeries(1, 3, nothing)).acount() == 0


async def test_what_functions_refuse(database: Run) -> None:
    with pytest.raises(ValueError, match="name of a function"):

        class Wrong(TableFunction):
            function = "f(1); --"
            columns = {"a": IntegerField()}

    with pytest.raises(TypeError, match="has columns"):

        class Bare(TableFunction):
            function = "f"

    with pytest.raises(FieldError, match="its own columns"):
        GenerateSeries(1, F("value"))
    with pytest.raises(ValueError, match="outer query"):
        await GenerateSeries(1, "pages").acount()


# -- joined querysets --------------------------------------------------------------------------------------------------


async def test_the_first_few_of_each_as_one_query(library: Any, queries: Any) -> None:
    longest = Book.objects.filter(author=OuterRef("pk")).order_by("-pages", "pk")
    expected = [
        (a.name, b.title) for a in L.authors for b in sorted(a.books, key=lambda b: (-b.pages, b.pk))[:2]
    ]  # fmt: skip
    with queries as sent:
        found = await tuples(
            Author.objects.join("top", longest[:2]).order_by("pk", "-top__pages", "top__id"), "name", "top__title"
        )
    assert found == expected
    assert len(sent) == 1
    kept = Author.objects.join("top", longest[:1], optional=True).order_by("pk")
    assert await tuples(kept, "name", "top__pages") == [
        (a.name, max((b.pages for b in a.books), default=None)) for a in L.authors
    ]
    second = Author.objects.join("top", longest[1:2]).order_by("pk")
    assert await tuples(second, "name", "top__title") == [
        (a.name, sorted(a.books, key=lambda b: (-b.pages, b.pk))[1].title) for a in L.authors if len(a.books) > 1
    ]
    assert await Author.objects.join("top", longest[:2]).acount() == len(expected)
    total = Author.objects.join("top", longest[:2]).values("name").annotate(pages=Sum("top__pages"))
    assert dict(await tuples(total, "name", "pages")) == {
        a.name: sum(sorted((b.pages for b in a.books), reverse=True)[:2]) for a in L.authors if a.books
    }


async def test_joined_rows_speak_of_what_was_joined_before(library: Any) -> None:
    others = Author.objects.filter(age__gt=OuterRef("author__age")).order_by("age", "pk")[:1]
    found = await tuples(Book.objects.join("older", others, optional=True).order_by("pk"), "title", "older__name")
    ages = sorted((a for a in L.authors if a.age is not None), key=lambda a: (a.age, a.pk))
    assert found == [
        (b.title, next((a.name for a in ages if b.author.age is not None and a.age > b.author.age), None))
        for b in L.books
    ]


async def test_joined_groups(library: Any) -> None:
    written = Book.objects.values("author").annotate(n=Count("pk"), most=Max("pages")).filter(n__gt=1)
    found = Author.objects.join("written", written, on={"pk": "author"}).filter(written__most__gt=0)
    assert sorted(await tuples(found, "name", "written__n")) == sorted(
        (a.name, len(a.books)) for a in L.authors if len(a.books) > 1 and max(b.pages for b in a.books) > 0
    )
    each = Book.objects.filter(author=OuterRef("pk")).values("author").annotate(n=Count("pk"))
    same = Author.objects.join("written", each, optional=True).order_by("pk")
    assert await tuples(same, "name", "written__n") == [(a.name, len(a.books) or None) for a in L.authors]


async def test_rows_stay_beside_joined_ones_of_which_there_can_be_none(library: Any) -> None:
    of_author = Book.objects.filter(author=OuterRef("pk")).values("author", "title").order_by("-pages")
    impossible = Book.objects.filter(pk__in=[])
    for rows, on in (
        (Book.objects.none().values("author", "title"), {"pk": "author"}),
        (impossible.values("author", "title"), {"pk": "author"}),
        (impossible.values("author", "title", n=Count("pk")), {"pk": "author"}),
        (impossible.values("author", "title").union(Book.objects.none().values("author", "title")), {"pk": "author"}),
        (of_author[:0], {}),
        (of_author.filter(pk__in=[])[:2], {}),
    ):
        kept = Author.objects.join("w", rows, on=on, optional=True)
        names = ("name", "w__author", "w__title")
        assert await tuples(kept.order_by("pk"), *names) == [(a.name, None, None) for a in L.authors]
        assert await kept.acount() == len(L.authors)
        assert await kept.filter(w__title="x").acount() == 0
        assert await Author.objects.join("w", rows, on=on).acount() == 0


async def test_rows_beside_joined_ones_of_which_there_can_be_none_are_changed(library: Any) -> None:
    kept = Author.objects.join("w", Book.objects.none().values("author"), on={"pk": "author"}, optional=True)
    assert await kept.aupdate(age=7) == len(L.authors)
    assert await kept.filter(age=7).returning("age").adelete() == [(7,)] * len(L.authors)


async def test_all_pairs(library: Any) -> None:
    pairs = Author.objects.join("n", GenerateSeries(1, 3))
    assert await pairs.acount() == 3 * len(L.authors)
    both = pairs.join("words", given(("a", 1), ("b", 2)), on={}).filter(Q(n__value=1) | Q(words__n=2))
    assert await both.acount() == 4 * len(L.authors)


async def test_joined_rows_inside_other_queries(library: Any) -> None:
    some = given((L.NOTES.title, 1))
    inner = Book.objects.join("given", some, on={"title": "word"}).filter(given__n=1)
    assert await tuples(Author.objects.filter(books__in=inner), "name") == [(L.NOTES.author.name,)]
    has = Author.objects.filter(Exists(inner.filter(author=OuterRef("pk"))))
    assert await tuples(has, "name") == [(L.NOTES.author.name,)]
    longest = Book.objects.filter(author=OuterRef("pk")).order_by("-pages", "pk")[:1]
    top = Author.objects.join("top", longest).filter(top__pages__gt=200)
    expected = {a.name for a in L.authors if any(b.pages > 200 for b in a.books)}
    assert {a.name async for a in Author.objects.filter(pk__in=top)} == expected
    assert {a.name async for a in top.union(Author.objects.none())} == expected


async def test_rows_are_updated_from_the_first_of_each(library: Any) -> None:
    longest = Book.objects.filter(author=OuterRef("pk")).order_by("-pages", "pk")[:1]
    await Author.objects.join("top", longest).aupdate(age=F("top__pages"))
    found = await tuples(Author.objects.filter(books__isnull=False).distinct().order_by("pk"), "name", "age")
    assert found == [(a.name, max(b.pages for b in a.books)) for a in L.authors if a.books]


async def test_what_joins_refuse(library: Any) -> None:
    rows = given(("a", 1))
    with pytest.raises(ValueError, match="two underscores"):
        Book.objects.join("a__b", rows)
    with pytest.raises(ValueError, match="has that name"):
        Book.objects.join("title", rows)
    with pytest.raises(ValueError, match="has that name"):
        Book.objects.join("r", rows).join("r", rows)
    with pytest.raises(FieldError, match="no column 'm'"):
        Book.objects.join("r", rows, on={"title": "m"})
    with pytest.raises(FieldError, match="no column 'm'"):
        Book.objects.join("r", rows).filter(r__m=1)
    with pytest.raises(TypeError, match="takes a queryset"):
        Book.objects.join("r", [1])
    with pytest.raises(NotSupportedError, match="after union"):
        Book.objects.union(Book.objects.all()).join("r", rows)
    with pytest.raises(TypeError, match="slice"):
        Book.objects.all()[:2].join("r", rows)


# -- many questions ----------------------------------------------------------------------------------------------------


def test_joined_slices_are_those_of_python(library: Any) -> None:
    rnd = random.Random(5)
    for _ in range(60):
        low, high = rnd.randrange(3), rnd.randrange(1, 5)
        least, optional = rnd.choice([0, 100, 250]), rnd.random() < 0.5
        books = Book.objects.filter(author=OuterRef("pk"), pages__gte=least).order_by("-pages", "pk")[low : low + high]
        asked = Author.objects.filter(age__gte=20).join("b", books, optional=optional)
        found = list(asked.order_by("pk", "-b__pages", "b__id").values_list("name", "b__title"))
        expected: list[tuple[str, str | None]] = []
        for author in L.authors:
            if author.age is None or author.age < 20:
                continue
            kept = sorted((b for b in author.books if b.pages >= least), key=lambda b: (-b.pages, b.pk))
            titles: list[str | None] = [b.title for b in kept[low : low + high]]
            expected += [(author.name, title) for title in titles or ([None] if optional else [])]
        assert found == expected, (low, high, least, optional)
        joined = functions.Coalesce("b__pages", 0)
        assert asked.aggregate(total=Sum(joined))["total"] == (
            sum(next(b.pages for b in L.books if b.title == title) for _, title in expected if title)
            if expected
            else None
        )


# -- deletions of joined rows ------------------------------------------------------------------------------------------

DELETED: dict[str, tuple[Any, Any]] = {
    "across a relation": (lambda: Review.objects.filter(book__author__name="Ada"), lambda r, b: b.author.name == "Ada"),
    "to the same table twice": (
        lambda: Review.objects.filter(book__author__books__pages__gt=200, stars__gte=2),
        lambda r, b: r.stars >= 2 and any(other.pages > 200 for other in b.author.books),
    ),
    "across what may be nothing": (
        lambda: Review.objects.filter(Q(book__publisher__name="Gallimard") | Q(stars=1)),
        lambda r, b: r.stars == 1 or (b.publisher is not None and b.publisher.name == "Gallimard"),
    ),
    "or": (
        lambda: Review.objects.filter(Q(book__pages__gt=200) | Q(stars=1)),
        lambda r, b: b.pages > 200 or r.stars == 1,
    ),
    "none": (lambda: Review.objects.filter(book__pages__in=[]), lambda r, b: False),
}


@pytest.mark.parametrize(("rows", "meets"), DELETED.values(), ids=DELETED)
async def test_rows_of_a_join_are_deleted(library: Any, rows: Any, meets: Any) -> None:
    doomed = [r for b in L.books for r in b.reviews if meets(r, b)]
    assert (await rows().adelete())[0] == len(doomed)
    left = sum(len(b.reviews) for b in L.books) - len(doomed)
    assert await Review.objects.acount() == left


@pytest.mark.only(backend="postgresql")
async def test_a_deletion_joins_where_the_database_can(library: Any, queries: Any) -> None:
    with queries as sent:
        await Review.objects.filter(book__author__name="Ada").returning("stars").adelete()
    assert " USING " in sent[-1]
    with queries as sent:
        await Review.objects.filter(Q(book__publisher__name="x") | Q(stars=1)).adelete()
    assert " IN (SELECT" in sent[-1]


async def test_excluding_by_a_column_of_joined_rows_keeps_what_is_null(library: Any) -> None:
    longest = Book.objects.filter(author=OuterRef("pk")).order_by("-pages", "pk")[:1]
    top = Author.objects.join("top", longest, optional=True)
    most = {a.name: max((b.pages for b in a.books), default=None) for a in L.authors}
    found = {a.name async for a in top.exclude(top__pages__gt=200)}
    assert found == {name for name, pages in most.items() if pages is None or pages <= 200}
    older = {a.name: a.age for a in L.authors}
    found = {a.name async for a in top.exclude(age__lt=F("top__pages"))}
    assert found == {n for n, pages in most.items() if pages is None or (age := older[n]) is None or age >= pages}
    found = {a.name async for a in top.exclude(top__pages__gt=F("age"))}
    assert found == {n for n, pages in most.items() if pages is None or (age := older[n]) is None or age >= pages}
