"""Pydantic schemas of models, and models as types of FastAPI's views, over HTTP."""

from __future__ import annotations

import asyncio
import datetime
import importlib
import sys
from decimal import Decimal
from typing import Any

import httpx
import pydantic
import pytest
from fastapi import FastAPI

import orm
from orm import models
from orm.contrib.pydantic import create_schema, patch_schema, read_schema
from orm.errors import FieldDoesNotExist, ValidationError


class Writer(models.Model):
    name = models.CharField(max_length=9)
    born = models.DateField(null=True)

    class Meta:
        app_label = "schemas"


class Tome(models.Model):
    title = models.CharField(max_length=9)
    pages = models.PositiveIntegerField(default=3)
    writer = models.ForeignKey(Writer, models.CASCADE, related_name="tomes")
    price = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    kind = models.CharField(max_length=3, choices=[("a", "A"), ("b", "B")], default="a")
    data = models.JSONField(default=dict)
    added = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "schemas"


class Draft(models.Model):
    scan = models.FileField(upload_to="scans")

    class Meta:
        app_label = "schemas"


def is_even(value: int) -> None:
    if value % 2:
        raise ValidationError("%(value)s is odd", params={"value": value})


class Member(models.Model):
    email = models.EmailField()
    seats = models.IntegerField(validators=[is_even])

    class Meta:
        app_label = "schemas"


WriterRead = read_schema(Writer)
TomeRead = read_schema(Tome, nested={"writer": WriterRead})
TomeCreate = create_schema(Tome)
TomePatch = patch_schema(Tome)
Shelf = read_schema(Writer, fields=["name"], nested={"tomes": read_schema(Tome, fields=["title"], name="Spine")})


@pytest.fixture(autouse=True)
def tables() -> Any:
    orm.configure("sqlite://:memory:?name=schemas")
    orm.create_tables(Writer, Tome)
    Tome.objects.all().delete()
    Writer.objects.all().delete()
    yield
    orm.databases["default"].terminate()


@pytest.fixture
def tome() -> Tome:
    ada = Writer.objects.create(name="Ada", born=datetime.date(1815, 12, 10))
    return Tome.objects.create(title="Notes", writer=ada, price=Decimal("9.50"))


# -- reading -----------------------------------------------------------------------------------------------------------


def test_every_column_is_read(tome: Tome) -> None:
    shown = TomeRead.model_validate(Tome.objects.get()).model_dump()
    assert shown.pop("added") == tome.added
    assert shown == {
        "id": tome.pk, "title": "Notes", "pages": 3, "writer_id": tome.writer_id, "price": Decimal("9.50"),
        "kind": "a", "data": {},
    }  # fmt: skip


def test_a_relation_is_shown_when_it_is_loaded(tome: Tome) -> None:
    shown = TomeRead.model_validate(Tome.objects.select_related("writer").get()).model_dump()
    assert shown["writer"] == {"id": tome.writer_id, "name": "Ada", "born": datetime.date(1815, 12, 10)}


def test_many_are_shown_when_they_were_prefetched(tome: Tome) -> None:
    assert Shelf.model_validate(Writer.objects.get()).model_dump() == {"name": "Ada"}
    writer = Writer.objects.prefetch_related("tomes").get()
    assert Shelf.model_validate(writer).model_dump() == {"name": "Ada", "tomes": [{"title": "Notes"}]}


def test_nothing_is_asked_of_the_database(tome: Tome) -> None:
    found = Tome.objects.get()
    with orm.capture_queries() as queries:
        TomeRead.model_validate(found)
    assert list(queries) == []


def test_a_file_that_was_looked_at_is_shown_by_its_name() -> None:
    draft = Draft(scan="scans/a.png")
    assert draft.scan.name == "scans/a.png"
    assert read_schema(Draft, fields=["scan"]).model_validate(draft).model_dump() == {"scan": "scans/a.png"}


def test_a_deferred_column_says_what_to_do(tome: Tome) -> None:
    with pytest.raises(pydantic.ValidationError, match="Tome.title is not loaded: leave it in the query"):
        TomeRead.model_validate(Tome.objects.defer("title").get())


@pytest.mark.parametrize("options", [{"fields": ["nmae"]}, {"exclude": ["nmae"]}, {"nested": {"nmae": WriterRead}}])
def test_a_name_the_model_does_not_have_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(FieldDoesNotExist, match="'nmae'"):
        read_schema(Tome, **options)


# -- writing -----------------------------------------------------------------------------------------------------------


def test_what_the_database_fills_in_is_not_asked_for() -> None:
    assert list(TomeCreate.model_fields) == ["title", "pages", "writer_id", "price", "kind", "data"]
    assert [name for name, field in TomeCreate.model_fields.items() if field.is_required()] == ["title", "writer_id"]


def test_a_row_is_made_of_what_was_given(tome: Tome) -> None:
    given = TomeCreate(title="New", writer_id=tome.writer_id)
    made = Tome.objects.create(**given.model_dump(exclude_unset=True))
    assert (made.pages, made.kind) == (3, "a")


def test_a_patch_changes_what_was_given(tome: Tome) -> None:
    Tome.objects.update(**TomePatch(price=None).model_dump(exclude_unset=True))
    tome.refresh_from_db()
    assert (tome.title, tome.price) == ("Notes", None)


@pytest.mark.parametrize(
    "wrong",
    [{"title": "far too long"}, {"pages": -1}, {"kind": "z"}, {"price": "12345.6"}, {"title": None}, {"ttle": "x"}],
    ids=str,
)
def test_the_columns_limits_are_the_schemas(wrong: dict[str, Any]) -> None:
    with pytest.raises(pydantic.ValidationError):
        TomePatch.model_validate(wrong)


def test_the_columns_validators_are_the_schemas() -> None:
    with pytest.raises(pydantic.ValidationError, match="Enter a valid email address"):
        create_schema(Member)(email="nobody", seats=2)
    with pytest.raises(pydantic.ValidationError, match="3 is odd"):
        patch_schema(Member)(seats=3)
    given = {"email": "ada@example.org", "seats": 2}
    assert create_schema(Member)(**given).model_dump() == given


# -- FastAPI -----------------------------------------------------------------------------------------------------------

app = FastAPI()


@app.get("/writers")
async def writers() -> list[Writer]:
    return await Writer.objects.all()


@app.post("/tomes")
async def add(given: TomeCreate) -> Tome:  # type: ignore[valid-type]
    tome = Tome(**given.model_dump(exclude_unset=True))  # type: ignore[attr-defined]
    await tome.asave()
    return tome


@app.get("/untyped")
async def untyped():  # type: ignore[no-untyped-def]
    writer = await Writer.objects.aget()
    await writer.asave()
    return writer


@app.post("/untyped")
async def untyped_new():  # type: ignore[no-untyped-def]
    return await Writer.objects.acreate(name="Ben", born=datetime.date(1900, 1, 1))


@app.get("/not-awaited")
async def not_awaited():  # type: ignore[no-untyped-def]
    return Writer.objects.filter(name="Ada").order_by("pk")[:3]


def ask(method: str, path: str, **options: Any) -> Any:
    async def asked() -> Any:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://tests") as client:
            return (await client.request(method, path, **options)).json()

    return asyncio.run(asked())


def test_a_view_may_return_models(tome: Tome) -> None:
    assert ask("GET", "/writers") == [{"id": tome.writer_id, "name": "Ada", "born": "1815-12-10"}]


def test_a_view_may_return_what_it_saved(tome: Tome) -> None:
    answer = ask("POST", "/tomes", json={"title": "New", "writer_id": tome.writer_id})
    assert answer["title"] == "New"
    assert answer["id"] == Tome.objects.get(title="New").pk


def test_a_view_without_a_type_shows_a_row_that_was_read_and_saved(tome: Tome) -> None:
    assert ask("GET", "/untyped") == {"id": tome.writer_id, "name": "Ada", "born": "1815-12-10"}


def test_a_view_without_a_type_says_what_to_do_with_a_new_row(tome: Tome) -> None:
    with pytest.raises(ValueError, match="say what is shown of it, by the view's return type"):
        ask("POST", "/untyped")


def test_a_view_without_a_type_that_returns_a_query_says_to_return_its_rows(tome: Tome) -> None:
    with pytest.raises(ValueError, match="return its rows, `return await query`"):
        ask("GET", "/not-awaited")


def test_openapi_describes_them() -> None:
    schemas = ask("GET", "/openapi.json")["components"]["schemas"]
    assert schemas["Writer"]["required"] == ["id", "name", "born"]
    assert schemas["TomeCreate"]["properties"]["title"] == {"type": "string", "maxLength": 9, "title": "Title"}
    assert schemas["TomeCreate"]["additionalProperties"] is False


def test_an_instance_is_not_made_from_a_body() -> None:
    with pytest.raises(pydantic.ValidationError, match=r"take a schema, such as create_schema\(Writer\)"):
        pydantic.TypeAdapter(Writer).validate_python({"name": "Ada"})


def test_what_is_not_installed_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydantic", None)
    monkeypatch.delitem(sys.modules, "orm.contrib.pydantic")
    with pytest.raises(ImportError, match=r"pip install duotone\[pydantic\]"):
        importlib.import_module("orm.contrib.pydantic")
