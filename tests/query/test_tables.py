"""arrow() and polars(): results as tables, with the types of the fields."""

from __future__ import annotations

import json
import sys
import uuid
from decimal import Decimal
from typing import Any

import pytest

from orm.errors import DataError
from orm.models import Avg, Count, F, Sum
from orm.query import tables
from tests.query.models import Author, Book, Document, Everything
from tests.query.test_copying import EMPTY, WHOLE

pyarrow: Any = pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install duotone[arrow]")
polars: Any = pytest.importorskip("polars", reason="polars is not installed: pip install duotone[polars]")

AS_ARROW = {
    "boolean": "bool", "smallint": "int16", "integer": "int32", "bigint": "int64", "positive": "int32",
    "char": "string", "text": "string", "slug": "string", "email": "string", "url": "string", "date": "date32[day]",
    "time": "time64[us]", "datetime": "timestamp[us, tz=UTC]", "duration": "duration[us]",
    "decimal": "decimal128(20, 6)", "float": "double", "uuid": "extension<arrow.uuid>", "json": "string",
    "binary": "binary",
}  # fmt: skip


async def test_arrow_has_the_types_of_the_fields() -> None:
    table = await Everything.objects.values(*WHOLE).aarrow()
    assert {field.name: str(field.type) for field in table.schema} == AS_ARROW
    assert table.num_rows == 0


async def test_arrow_has_the_values_and_nulls() -> None:
    await Everything.objects.acopy_in([WHOLE, EMPTY])
    whole, empty = (await Everything.objects.order_by("pk").values(*WHOLE).aarrow()).to_pylist()
    assert json.loads(whole.pop("json")) == WHOLE["json"]
    assert whole == {name: value for name, value in WHOLE.items() if name != "json"}
    assert empty == EMPTY


async def test_polars_has_the_types_of_the_fields_and_the_values() -> None:
    await Everything.objects.acopy_in([WHOLE, EMPTY])
    frame = await Everything.objects.order_by("pk").values(*WHOLE).apolars()
    assert frame.schema["datetime"] == polars.Datetime("us", "UTC")
    assert frame.schema["decimal"] == polars.Decimal(20, 6)
    assert (frame.schema["smallint"], frame.schema["uuid"]) == (polars.Int16, polars.String)
    whole, empty = frame.to_dicts()
    assert json.loads(whole.pop("json")) == WHOLE["json"]
    assert uuid.UUID(whole.pop("uuid")) == WHOLE["uuid"]
    assert whole == {name: value for name, value in WHOLE.items() if name not in ("json", "uuid")}
    assert empty == EMPTY


async def test_a_table_of_no_rows_has_its_columns() -> None:
    assert (await Everything.objects.all().aarrow()).column_names == ["id", *WHOLE]
    assert (await Everything.objects.none().apolars()).columns == ["id", *WHOLE]


async def test_instances_are_their_columns(library: Any) -> None:
    table = await Book.objects.order_by("pk").aarrow()
    assert table.column("title").to_pylist() == [book.title for book in library.books]
    assert table.column("author_id").to_pylist() == [book.author.pk for book in library.books]


async def test_annotations_and_groups_are_columns(library: Any) -> None:
    counted = Author.objects.annotate(n=Count("books"), half=F("age") / 2).order_by("pk").values("name", "n", "half")
    table = await counted.aarrow()
    assert table.column("n").to_pylist() == [len(author.books) for author in library.authors]
    grouped = Book.objects.values("author__name").annotate(total=Sum("price"), mean=Avg("pages"))
    frame = await grouped.order_by("author__name").apolars()
    assert frame.columns == ["author__name", "total", "mean"]
    prices: dict[str, Any] = {}
    for book in library.books:
        known = prices.setdefault(book.author.name, None)
        prices[book.author.name] = known if book.price is None else (known or Decimal(0)) + book.price
    assert dict(zip(frame["author__name"], frame["total"], strict=True)) == prices


async def test_what_is_computed_of_numbers_is_as_wide_as_it_comes() -> None:
    numbers = {"integer": 2**31 - 1, "decimal": Decimal("99999999999999.999999")}
    assert await Everything.objects.acopy_in([numbers, numbers]) == 2
    sums = Everything.objects.values("char").annotate(a=Sum("integer"), b=Sum("decimal"), c=Sum("bigint"))
    table = await sums.values("a", "b", "c").aarrow()
    assert table.to_pylist() == [{"a": 2**32 - 2, "b": 2 * numbers["decimal"], "c": None}]
    assert (await sums.values("a", "b").apolars()).row(0) == (2**32 - 2, 2 * numbers["decimal"])
    nothing = await Everything.objects.none().annotate(b=Sum("decimal")).values("b").aarrow()
    assert str(nothing.schema.field("b").type) == "decimal128(38, 6)"


async def test_columns_are_those_of_values_list_in_their_order(library: Any) -> None:
    table = await Book.objects.order_by("pk").values_list("pages", "title").aarrow()
    assert table.column_names == ["pages", "title"]
    assert (await Book.objects.values_list("pages", flat=True).aarrow()).column_names == ["pages"]


async def test_json_keys_are_json_texts() -> None:
    await Document.objects.acreate(name="a", data={"k": [1, "x"], "n": 5})
    table = await Document.objects.values("data__k", "data__n").aarrow()
    [found] = table.to_pylist()
    assert [json.loads(value) for value in found.values()] == [[1, "x"], 5]


async def test_rows_come_in_parts(library: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "PART", 2)
    names = [author.name for author in library.authors]
    assert (await Author.objects.order_by("pk").aarrow()).column("name").to_pylist() == names
    assert (await Author.objects.order_by("pk").apolars())["name"].to_list() == names
    slowly = Author.objects.order_by("pk").annotate(sum=Sum("books__price"))
    assert len((await slowly.apolars())["sum"]) == len(names)


@pytest.mark.only(backend="sqlite")
async def test_a_value_that_its_type_can_t_hold_names_the_column(database: Any) -> None:
    await Everything.objects.acreate(bigint=2**40)
    await Everything.objects.aupdate(integer=F("bigint"))
    with pytest.raises(DataError, match="'integer'"):
        await Everything.objects.all().aarrow()
    with pytest.raises(DataError, match="'integer'"):
        await Everything.objects.all().apolars()


@pytest.mark.parametrize(("form", "module"), [("arrow", "pyarrow"), ("polars", "polars")])
def test_without_the_package_the_extra_is_named(
    database: Any, monkeypatch: pytest.MonkeyPatch, form: str, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=rf"pip install duotone\[{form}\]"):
        getattr(Book.objects.all(), form)()


async def test_columns_are_those_that_only_and_defer_left(library: Any) -> None:
    books = Book.objects.annotate(n=Count("tags"))
    assert (await books.only("title").aarrow()).column_names == ["id", "title", "n"]
    assert "title" not in (await books.defer("title", "author__name").apolars()).columns
    assert "author_id" in (await books.defer("title", "author__name").apolars()).columns
