"""Questions that people bring from Django, and what they are used to hear."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import pytest

import orm
from orm import databases
from orm.errors import FieldError, NotSupportedError, ValidationError
from orm.models import (
    Avg,
    BooleanField,
    CharField,
    Count,
    DecimalField,
    ExpressionWrapper,
    F,
    FloatField,
    Func,
    IntegerField,
    Lookup,
    Max,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Transform,
    Value,
    Window,
)
from orm.models.functions import Length, Mod, Pi, RowNumber, Trim, TruncDate
from orm.sql.handwritten import RawSQL
from orm.sql.operations import Operations
from tests.query import library as L
from tests.query.answers import named, names, titled, titles
from tests.query.models import Author, Book, Counter, Everything, Store, Tag


async def test_exclude_on_a_related_manager_speaks_of_the_row_that_joins(library: Any) -> None:
    """The rows of the model that the relation goes through, not any other of the same book."""
    mall = await Store.objects.aget(name="Mall")
    found = await titles(mall.books.exclude(stock__quantity__lt=4))
    assert found == titled(b for b in L.books if b.stores.get("Mall", 0) >= 4)


async def test_a_wrapped_condition_is_compared_as_a_whole(library: Any) -> None:
    thick = ExpressionWrapper(Q(pages__gt=100), output_field=BooleanField())
    assert await titles(Book.objects.annotate(thick=thick).filter(thick=True)) == titled(
        b for b in L.books if b.pages > 100
    )


@pytest.mark.parametrize(("shift", "expected"), [("bitleftshift", 24), ("bitrightshift", 1)])
async def test_numbers_are_shifted_by_bits(database: Any, shift: str, expected: int) -> None:
    await Everything.objects.acreate(integer=6)
    await Everything.objects.aupdate(integer=getattr(F("integer"), shift)(2))
    assert (await Everything.objects.aget()).integer == expected


async def test_what_has_no_type_is_compared_to_anything(library: Any) -> None:
    rows = Author.objects.annotate(word=RawSQL("%s", ["x"]))
    assert await rows.filter(word="x").acount() == len(L.authors)
    assert not await rows.filter(word="y").aexists()


async def test_an_annotation_that_names_itself_is_found_with_a_lookup(library: Any) -> None:
    rows = Author.objects.alias(Sum("books__pages")).filter(books__pages__sum__gt=300)
    assert await names(rows) == named(a for a in L.authors if sum(b.pages for b in a.books) > 300)
    counted = Author.objects.annotate(Count("books")).filter(Q(books__count__gt=1) | Q(pk=L.GINA.pk))
    assert await names(counted) == named(a for a in L.authors if len(a.books) > 1 or a is L.GINA)


async def test_an_alias_takes_an_annotation_out_of_the_result(library: Any) -> None:
    author = await Author.objects.annotate(one=Value(1)).alias(one=F("one")).afirst()
    assert author is not None
    assert not hasattr(author, "one")


async def test_a_transform_brings_values_of_its_own(library: Any) -> None:
    class Mod7(Mod, Transform):  # type: ignore[misc]
        arity = None

        def __init__(self, expression: Any) -> None:
            super().__init__(expression, 7)

    field = IntegerField()
    field.register_lookup(Mod7, "mod7")
    rows = Author.objects.annotate(total=Sum("books__pages", output_field=field, default=0)).order_by(
        "total__mod7", "pk"
    )
    expected = sorted(L.authors, key=lambda a: (sum(b.pages for b in a.books) % 7, a.pk))
    assert [a.name async for a in rows] == [a.name for a in expected]


async def test_a_text_transform_has_what_its_field_has(library: Any) -> None:
    field = Author._meta.get_field("name")
    type(field).register_lookup(Trim)
    type(field).register_lookup(Length)
    try:
        rows = Author.objects.annotate(size=F("name__trim__length")).filter(size__gt=4)
        assert await names(rows) == named(a for a in L.authors if len(a.name) > 4)
    finally:
        type(field)._unregister_lookup(Trim)
        type(field)._unregister_lookup(Length)


async def test_a_default_has_all_its_digits(library: Any) -> None:
    nothing = Book.objects.filter(pages__lt=0)
    found = await nothing.aaggregate(value=Sum("price", default=Pi()))
    assert round(found["value"], 6) == decimal.Decimal("3.141593")


async def test_a_decimal_that_comes_of_a_float_is_a_decimal(library: Any) -> None:
    found = await Book.objects.aaggregate(value=Sum("price", filter=Q(pages__lt=0), default=Avg("pages") / 10.0))
    assert isinstance(found["value"], decimal.Decimal)
    assert round(found["value"], 3) == round(decimal.Decimal(sum(b.pages for b in L.books)) / len(L.books) / 10, 3)


async def test_names_that_expressions_have_in_rows_are_numbered(library: Any) -> None:
    counted = Count("pk")
    rows = Tag.objects.annotate(pk__count1=counted).values_list(counted, "pk__count1", named=True)
    first = await rows.afirst()
    assert first._fields == ("pk__count2", "pk__count1")


async def test_columns_by_hand_come_first_where_a_row_has_all(library: Any) -> None:
    tags = Tag.objects.extra(select={"twice": "query_tag.id * 2"}).annotate(Count("books"))
    row = await tags.values_list(named=True).afirst()
    assert row._fields == ("twice", "id", "name", "books__count")


async def test_different_rows_exist_where_any_do(library: Any) -> None:
    rows = Book.objects.distinct()
    assert await rows.aexists()
    assert not await rows.filter(pages__lt=0).aexists()


async def test_only_text_is_cut(library: Any) -> None:
    assert await Author.objects.annotate(part=F("name")[1:][:2]).filter(part="da").aexists()
    with pytest.raises(NotSupportedError, match="This field does not support slicing"):
        Author.objects.annotate(part=F("age")[:2])


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (Max(Value(1)), FieldError, r"Aggregate functions are not allowed in this query \(value=Max\(Value\(1\)\)\)"),
        (Window(RowNumber()), FieldError, "Window expressions are not allowed in this query"),
        (F("value") + 1, ValueError, "can only be used to update, not to insert"),
    ],
)
async def test_a_new_row_has_no_other_rows_values(database: Any, value: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        await Counter.objects.acreate(key="a", value=value)
    assert not await Counter.objects.aexists()


async def test_an_aggregate_orders_rows_by_its_name(library: Any) -> None:
    with pytest.raises(FieldError, match=r"without also including it in annotate\(\) is not allowed: Avg\(F\(pages"):
        Book.objects.values("author").order_by(Avg("pages"))


async def test_a_lookup_of_ones_own_gets_typed_values(library: Any) -> None:
    class Between(Lookup):
        lookup_name = "between"

        def as_sql(self, compiler: Any, connection: Any) -> Any:
            lhs, lhs_params = self.process_lhs(compiler, connection)
            rhs, rhs_params = self.process_rhs(compiler, connection)
            return f"{lhs} BETWEEN {rhs} - 1 AND {rhs} + 1", [*lhs_params, *rhs_params, *rhs_params]

    field = Author._meta.get_field("age")
    field.register_lookup(Between)
    try:
        assert await names(Author.objects.filter(age__between=37)) == named(a for a in L.authors if a.age == 36)
    finally:
        field._unregister_lookup(Between)


async def test_a_query_by_hand_is_shown_with_its_values(library: Any) -> None:
    rows = Author.objects.raw("SELECT * FROM query_author WHERE name = %s", ["Ada"])
    assert repr(rows) == "<RawQuerySet: SELECT * FROM query_author WHERE name = Ada>"


async def test_outer_columns_are_grouped_by(library: Any) -> None:
    inner = Book.objects.annotate(whose=OuterRef("pk")).values("whose").annotate(n=Count("pk")).values("n")
    rows = Author.objects.annotate(n=Subquery(inner))
    assert {author.n async for author in rows} == {len(L.books)}


def test_backends_answer_for_expressions_by_hand(database: Any) -> None:
    ops = Operations(databases["default"].dialect)
    assert ops.limit_offset_sql(None, 1) == "LIMIT 1"
    assert ops.limit_offset_sql(2, 5) == "LIMIT 3 OFFSET 2"
    assert ops.force_no_ordering() == []
    sql, params = ops.date_extract_sql("year", "born", (1,))
    assert "born" in sql
    assert params == (1,)
    with pytest.raises(ValueError, match="Invalid lookup type"):
        ops.date_extract_sql("year FROM x); --", "born")


async def test_a_subquery_about_one_of_many_rows_groups_by_its_value(library: Any) -> None:
    """Two of an author's books for which it says the same are one group."""
    same: Any = Author.objects.filter(pk=OuterRef("pk"), books__title=OuterRef("books__title")).values("pk")
    rows = Author.objects.annotate(own=Subquery(same)).annotate(n=Count("books"))
    assert await rows.acount() == await Author.objects.acount()


def test_rows_that_meet_a_condition_are_counted_by_a_field() -> None:
    with pytest.raises(ValueError, match="Star cannot be used with filter. Please specify a field."):
        Count("*", filter=Q(age=40))


async def test_an_annotation_may_hide_a_method_of_the_program_but_none_of_all_models(
    library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Author, "shout", lambda self: self.name.upper(), raising=False)
    rows = Author.objects.annotate(shout=Value("x"))
    assert {author.shout async for author in rows} == {"x"}  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="would hide"):
        Author.objects.annotate(asave=Value("x"))


def test_names_are_replaced_in_expressions() -> None:
    moment = Value(datetime.datetime(2025, 3, 1, 14, 10))
    assert (F("x") + F("y")).replace_expressions({F("x"): moment}) == moment + F("y")
    assert F("x__date").replace_expressions({F("x"): moment}) == TruncDate(moment)
    assert F("x__nothing").replace_expressions({F("x"): moment}) == F("x__nothing")
    with pytest.raises(NotImplementedError, match="pair of lookup and value"):
        Q(x=1).replace_expressions({F("x"): moment})


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (Value("a"), CharField), (Value(1), IntegerField), (Value(1.5), FloatField), (Length("name"), IntegerField),
        (Count("*"), IntegerField), (Value(decimal.Decimal("1.5")), DecimalField),
    ],
)  # fmt: skip
def test_what_is_computed_has_a_field_of_its_kind(expression: Any, expected: type) -> None:
    assert isinstance(expression.output_field, expected)


def test_the_class_of_an_expression_may_be_told_what_it_holds() -> None:
    count: Any = Func("name", function="COUNT")
    count.contains_aggregate = True
    assert count.contains_aggregate
    assert not Func("name", function="COUNT").contains_aggregate


async def test_arguments_of_save_that_have_no_name_are_taken_with_a_warning(library: Any) -> None:
    author = await Author.objects.afirst()
    assert author is not None
    with pytest.warns(DeprecationWarning, match="Passing positional arguments to a?save"):
        await author.asave(False, False, None, ["name"])
    with pytest.warns(DeprecationWarning), pytest.raises(TypeError, match="multiple values for argument"):
        await author.asave(False, force_insert=True)
    with pytest.warns(DeprecationWarning), pytest.raises(TypeError, match="takes from 1 to 5 positional"):
        await author.asave(False, False, None, None, None)


async def test_a_relations_rows_and_how_they_are_sorted_out(library: Any) -> None:
    books = [book async for book in Book.objects.order_by("pk")]
    author = await Author.objects.filter(books__isnull=False).afirst()
    relation: Any = Book.author
    rows, key, near, single, name, _ = relation.get_prefetch_querysets(books)
    assert {key(row) for row in [row async for row in rows]} == {near(book) for book in books} - {None}
    assert (single, name) == (True, "author")
    rows, key, near, single, name, _ = author.books.get_prefetch_querysets([author], [Book.objects.all()])  # type: ignore[union-attr]
    assert {key(row) for row in [row async for row in rows]} == {near(author)}
    assert (single, name) == (False, "books")
    with pytest.raises(ValueError, match="length of 1"):
        relation.get_prefetch_querysets(books, [])
    with pytest.warns(DeprecationWarning, match="get_prefetch_querysets"):
        relation.get_prefetch_queryset(books)


async def test_no_number_beyond_a_column_is_put_to_the_database_where_djangos_answers_are_wanted(
    database: Any, queries: Any
) -> None:
    await Everything.objects.acreate(smallint=7, positive=7)
    beyond = databases["default"].dialect.integer_range(Everything._meta.get_field("smallint"))[1] + 1
    asked = {"smallint": beyond, "smallint__gt": beyond, "positive": -1, "positive__lt": -1}
    orm.configure(same_everywhere=False)
    try:
        for lookup, value in asked.items():
            with queries as sent:
                assert await Everything.objects.filter(**{lookup: value}).acount() == 0
            assert not sent, lookup
        assert await Everything.objects.filter(smallint__lt=beyond, positive__gt=-1).acount() == 1
    finally:
        orm.configure(same_everywhere=True)


async def test_a_text_is_the_list_of_its_characters_where_djangos_answers_are_wanted(database: Any) -> None:
    for name in ("a", "b", "c", "ab"):
        await Author.objects.acreate(name=name)
    orm.configure(strict_values=False)
    for text, found in (("ab", {"a", "b"}), ("", set()), ("cab", {"a", "b", "c"})):
        assert {author.name async for author in Author.objects.filter(name__in=text)} == found
        assert await Author.objects.exclude(name__in=text).acount() == 4 - len(found)
    with pytest.raises(TypeError, match="takes a list or a queryset, not 5"):
        Author.objects.filter(name__in=5)


async def test_an_empty_text_is_no_truth_value_but_null_where_djangos_answers_are_wanted(database: Any) -> None:
    """Written only: rows are looked for by what is a truth value."""
    with pytest.raises(ValidationError, match="True, False, or None"):
        await Everything.objects.acreate(boolean="")
    orm.configure(strict_values=False)
    row = await Everything.objects.acreate(boolean="")
    assert (await Everything.objects.aget(pk=row.pk)).boolean is None
    await Everything.objects.aupdate(boolean=True)
    await Everything.objects.aupdate(boolean="")
    assert await Everything.objects.filter(boolean=None).acount() == 1
    none: list[Any] = ["", [], ()]
    for empty in none:
        with pytest.raises((TypeError, ValidationError)):
            await Everything.objects.filter(boolean=empty).acount()


@pytest.mark.only(backend="sqlite")
async def test_a_computed_decimal_has_15_digits_at_most_where_djangos_answers_are_wanted(library: Any) -> None:
    exact = decimal.Decimal("0.333333333333333") * 4 + decimal.Decimal("10000")
    total = Sum(Value(exact, output_field=DecimalField(max_digits=30, decimal_places=20)))
    orm.configure(same_everywhere=False)
    found = await Author.objects.filter(pk=await Author.objects.values_list("pk", flat=True).afirst()).aaggregate(
        t=total
    )
    assert found == {"t": decimal.Decimal("10001.3333333333")}


@pytest.mark.only(backend="sqlite")
async def test_a_sum_of_two_types_is_compared_as_what_the_database_makes_of_it(library: Any) -> None:
    assert not await Author.objects.filter(name__in=[F("age") + "1)) OR ((1==1"]).aexists()
