"""msgspec structs of models, and models as what a Litestar view returns, over HTTP."""

from __future__ import annotations

import datetime
import importlib
import json
import sys
from decimal import Decimal
from typing import Any

import msgspec
import pytest

import orm
from orm import models
from orm.contrib.msgspec import create_schema, encode_instance, from_instance, given, patch_schema, read_schema
from orm.errors import FieldDoesNotExist


class Poet(models.Model):
    name = models.CharField(max_length=9)
    born = models.DateField(null=True)

    class Meta:
        app_label = "structs"


class Poem(models.Model):
    title = models.CharField(max_length=9)
    lines = models.PositiveIntegerField(default=3)
    poet = models.ForeignKey(Poet, models.CASCADE, related_name="poems")
    price = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    rate = models.DecimalField(max_digits=3, decimal_places=2, default=1, choices=[(Decimal(1), "1")])
    kind = models.CharField(max_length=3, choices=[("a", "A"), ("b", "B")], default="a")
    data = models.JSONField(default=dict)
    scan = models.FileField(upload_to="scans", blank=True)
    added = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "structs"


class Member(models.Model):
    email = models.EmailField()

    class Meta:
        app_label = "structs"


PoetRead = read_schema(Poet)
PoemRead = read_schema(Poem, nested={"poet": PoetRead})
PoemCreate = create_schema(Poem)
PoemPatch = patch_schema(Poem)
Shelf = read_schema(Poet, fields=["name"], nested={"poems": read_schema(Poem, fields=["title"], name="Spine")})


@pytest.fixture(autouse=True)
def tables() -> Any:
    orm.configure("sqlite://:memory:?name=structs")
    orm.create_tables(Poet, Poem)
    Poem.objects.all().delete()
    Poet.objects.all().delete()
    yield
    orm.databases["default"].terminate()


@pytest.fixture
def poem() -> Poem:
    ada = Poet.objects.create(name="Ada", born=datetime.date(1815, 12, 10))
    return Poem.objects.create(title="Notes", poet=ada, price=Decimal("9.50"))


def shown(schema: Any, instance: models.Model) -> Any:
    return json.loads(msgspec.json.encode(from_instance(schema, instance)))


def decoded(schema: Any, **values: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(values), type=schema)


# -- reading -----------------------------------------------------------------------------------------------------------


def test_every_column_is_read(poem: Poem) -> None:
    found = shown(PoemRead, Poem.objects.get())
    assert datetime.datetime.fromisoformat(found.pop("added")) == poem.added
    assert found == {
        "id": poem.pk, "title": "Notes", "lines": 3, "poet_id": poem.poet_id, "price": "9.50", "rate": "1.00",
        "kind": "a", "data": {}, "scan": "",
    }  # fmt: skip


def test_a_relation_is_shown_when_it_is_loaded(poem: Poem) -> None:
    assert shown(PoemRead, Poem.objects.select_related("poet").get())["poet"] == {
        "id": poem.poet_id, "name": "Ada", "born": "1815-12-10",
    }  # fmt: skip


def test_many_are_shown_when_they_were_prefetched(poem: Poem) -> None:
    assert shown(Shelf, Poet.objects.get()) == {"name": "Ada"}
    assert shown(Shelf, Poet.objects.prefetch_related("poems").get()) == {"name": "Ada", "poems": [{"title": "Notes"}]}


def test_nothing_is_asked_of_the_database(poem: Poem) -> None:
    found = Poem.objects.get()
    with orm.capture_queries() as queries:
        from_instance(PoemRead, found)
    assert list(queries) == []


def test_a_file_that_was_looked_at_is_shown_by_its_name() -> None:
    poem = Poem(scan="scans/a.png")
    assert poem.scan.name == "scans/a.png"
    assert shown(read_schema(Poem, fields=["scan"]), poem) == {"scan": "scans/a.png"}


def test_a_deferred_column_says_what_to_do(poem: Poem) -> None:
    with pytest.raises(ValueError, match="Poem.title is not loaded: leave it in the query"):
        from_instance(PoemRead, Poem.objects.defer("title").get())


@pytest.mark.parametrize("options", [{"fields": ["nmae"]}, {"exclude": ["nmae"]}, {"nested": {"nmae": PoetRead}}])
def test_a_name_the_model_does_not_have_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(FieldDoesNotExist, match="'nmae'"):
        read_schema(Poem, **options)


def test_an_encoder_is_told_what_an_instance_is(poem: Poem) -> None:
    encoded = msgspec.json.encode([Poet.objects.get()], enc_hook=encode_instance)
    assert json.loads(encoded) == [{"id": poem.poet_id, "name": "Ada", "born": "1815-12-10"}]


def test_an_encoder_is_told_of_nothing_but_instances() -> None:
    with pytest.raises(NotImplementedError, match="object is not encoded here"):
        msgspec.json.encode(object(), enc_hook=encode_instance)


# -- writing -----------------------------------------------------------------------------------------------------------


def test_what_the_database_fills_in_is_not_asked_for() -> None:
    fields = msgspec.structs.fields(PoemCreate)
    names = ["title", "lines", "poet_id", "price", "rate", "kind", "data", "scan"]
    assert [field.name for field in fields] == names
    assert [field.name for field in fields if field.required] == ["title", "poet_id"]


def test_a_row_is_made_of_what_was_given(poem: Poem) -> None:
    made = Poem.objects.create(**given(decoded(PoemCreate, title="New", poet_id=poem.poet_id)))
    assert (made.lines, made.kind) == (3, "a")


def test_a_patch_changes_what_was_given(poem: Poem) -> None:
    Poem.objects.update(**given(decoded(PoemPatch, price=None)))
    poem.refresh_from_db()
    assert (poem.title, poem.price) == ("Notes", None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": "far too long"}, {"lines": -1}, {"kind": "z"}, {"price": "12345.6"}, {"price": "1.234"},
        {"rate": "1.5"}, {"title": None}, {"ttle": "x"}, {"poet_id": 2**63},
    ],
    ids=str,
)  # fmt: skip
def test_the_columns_limits_are_the_schemas(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        decoded(PoemPatch, **wrong)


def test_the_columns_validators_are_the_schemas() -> None:
    with pytest.raises(msgspec.ValidationError, match="Enter a valid email address"):
        decoded(create_schema(Member), email="nobody")
    assert decoded(create_schema(Member), email="ada@example.org").email == "ada@example.org"


# -- Litestar ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def client() -> Any:
    litestar = pytest.importorskip("litestar", reason="Litestar is not installed")
    params = pytest.importorskip("litestar.params")
    testing = pytest.importorskip("litestar.testing")

    @litestar.get("/poems")
    async def poems() -> list[Poem]:
        return await Poem.objects.all()

    @litestar.post("/poems")
    async def add(data: params.JSONBody[PoemCreate]) -> PoemRead:  # type: ignore[valid-type]
        poem = Poem(**given(data))
        await poem.asave()
        return from_instance(PoemRead, poem)

    # The names in the annotations are this module's, which a function's own locals are not.
    for handler in (poems, add):
        handler.signature_namespace = {**globals(), "params": params}
    with testing.TestClient(litestar.Litestar([poems, add], type_encoders={models.Model: encode_instance})) as opened:
        yield opened


def test_a_view_may_return_models(client: Any, poem: Poem) -> None:
    assert [one["title"] for one in client.get("/poems").json()] == ["Notes"]


def test_a_view_takes_and_gives_structs(client: Any, poem: Poem) -> None:
    answer = client.post("/poems", json={"title": "New", "poet_id": poem.poet_id})
    assert (answer.status_code, answer.json()["title"]) == (201, "New")
    assert client.post("/poems", json={"title": "New"}).status_code == 400


def test_openapi_describes_them(client: Any) -> None:
    schemas = client.get("/schema/openapi.json").json()["components"]["schemas"]
    assert schemas["PoemCreate"]["required"] == ["poet_id", "title"]
    assert schemas["PoemCreate"]["properties"]["title"] == {"type": "string", "maxLength": 9}


def test_what_is_not_installed_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "msgspec", None)
    monkeypatch.delitem(sys.modules, "orm.contrib.msgspec")
    with pytest.raises(ImportError, match=r"pip install duotone\[msgspec\]"):
        importlib.import_module("orm.contrib.msgspec")
