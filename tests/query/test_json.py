"""Looking into JSON: keys, indexes, containment and null, the same on every database that can."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

import orm
from orm.errors import NotSupportedError
from orm.models import (
    BooleanField,
    Count,
    DateField,
    DecimalField,
    F,
    FloatField,
    IntegerField,
    Q,
    TextField,
    Window,
)
from orm.models.functions import Cast, RowNumber
from orm.sql.json import KeyTextTransform, KeyTransform
from tests.query.models import Document, Priced

DOCUMENTS: dict[str, Any] = {
    "flat": {"kind": "a", "n": 1, "ok": True},
    "deep": {"kind": "b", "n": 2.5, "in": {"side": {"x": [10, 20, {"y": "z"}]}}},
    "text number": {"kind": "a", "n": "1"},
    "null inside": {"kind": None, "n": 0, "ok": False},
    "list": [1, 2, "three"],
    "number": 5,
    "empty": {},
    "nothing": None,
}


@pytest.fixture
def documents(database: Any) -> dict[str, Any]:
    Document.objects.bulk_create([Document(name=name, data=data) for name, data in DOCUMENTS.items()])
    return DOCUMENTS


CASES: list[tuple[dict[str, Any], set[str]]] = [
    ({"data__kind": "a"}, {"flat", "text number"}),
    ({"data__n": 1}, {"flat"}),
    ({"data__n": "1"}, {"text number"}),
    ({"data__n": 2.5}, {"deep"}),
    ({"data__n__gt": 1, "data__has_key": "in"}, {"deep"}),
    ({"data__n__lte": 1, "data__has_key": "ok"}, {"flat", "null inside"}),
    ({"data__ok": True}, {"flat"}),
    ({"data__ok": False}, {"null inside"}),
    ({"data__kind": None}, {"null inside"}),
    ({"data__kind__isnull": True}, {"list", "number", "empty", "nothing"}),
    ({"data__kind__isnull": False}, {"flat", "deep", "text number", "null inside"}),
    ({"data__in__side__x__0": 10}, {"deep"}),
    ({"data__in__side__x__2__y": "z"}, {"deep"}),
    ({"data__in__side": {"x": [10, 20, {"y": "z"}]}}, {"deep"}),
    ({"data__in__side__x": [10, 20, {"y": "z"}]}, {"deep"}),
    ({"data__0": 1}, {"list"}),
    ({"data__2": "three"}, {"list"}),
    ({"data__kind__in": ["a", "b"]}, {"flat", "deep", "text number"}),
    ({"data__n__in": [1, 2.5]}, {"flat", "deep"}),
    ({"data__kind__contains": "a"}, {"flat", "text number"}),
    ({"data__kind__icontains": "A"}, {"flat", "text number"}),
    ({"data__kind__startswith": "b"}, {"deep"}),
    ({"data__kind__iexact": "B"}, {"deep"}),
    ({"data__kind__regex": "^[ab]$"}, {"flat", "deep", "text number"}),
    ({"data__has_key": "kind"}, {"flat", "deep", "text number", "null inside"}),
    ({"data__has_key": KeyTransform("x", KeyTransform("side", KeyTransform("in", "data")))}, {"deep"}),
    ({"data__has_key": F("data__in__side__x__2__y")}, {"deep"}),
    ({"data__has_key": KeyTextTransform("ok", "data")}, {"flat", "null inside"}),
    ({"data__kind__in": [F("data__kind"), "c"]}, {"flat", "deep", "text number", "null inside"}),
    ({"data__n__in": [F("data__in__side__x__0"), 1]}, {"flat"}),
    ({"data__has_keys": ["kind", "ok"]}, {"flat", "null inside"}),
    ({"data__has_any_keys": ["ok", "in"]}, {"flat", "deep", "null inside"}),
    ({"data__in__side__has_key": "x"}, {"deep"}),
    ({"data": {}}, {"empty"}),
    ({"data": 5}, {"number"}),
    ({"data": [1, 2, "three"]}, {"list"}),
    ({"data": {"ok": True, "n": 1, "kind": "a"}}, {"flat"}),
    ({"data__isnull": True}, {"nothing"}),
    ({"data__missing": 1}, set()),
]


@pytest.mark.parametrize(("conditions", "expected"), CASES, ids=lambda v: str(v) if isinstance(v, dict) else "")
async def test_lookup(documents: Any, conditions: dict[str, Any], expected: set[str]) -> None:
    assert {d.name async for d in Document.objects.filter(**conditions)} == expected


@pytest.mark.parametrize(("conditions", "expected"), [
    ({"data__contains": {"kind": "a"}}, {"flat", "text number"}),
    ({"data__contains": {"in": {"side": {}}}}, {"deep"}),
    ({"data__contains": [2]}, {"list"}),
    ({"data__contained_by": {"kind": "a", "n": 1, "ok": True, "more": 2}}, {"flat", "empty"}),
])  # fmt: skip
async def test_containment(documents: Any, conditions: dict[str, Any], expected: set[str]) -> None:
    assert {d.name async for d in Document.objects.filter(**conditions)} == expected


async def test_exclude_a_key(documents: Any) -> None:
    """Whether rows without the key are part of it is left open, as Django documents; isnull asks for them."""
    found = {d.name async for d in Document.objects.exclude(data__kind="a")}
    assert "deep" in found
    assert not found & {"flat", "text number"}


async def test_exclude_a_key_or_its_absence(documents: Any) -> None:
    found = Document.objects.filter(~Q(data__kind="a") | Q(data__kind__isnull=True))
    assert {d.name async for d in found} == set(DOCUMENTS) - {"flat", "text number"}


async def test_values_of_a_key(documents: Any) -> None:
    found = {d["name"]: d["data__kind"] async for d in Document.objects.values("name", "data__kind")}
    assert found == {name: data.get("kind") if isinstance(data, dict) else None for name, data in DOCUMENTS.items()}


async def test_values_of_a_key_keep_their_types(documents: Any) -> None:
    found = {
        d["name"]: d["data__n"] async for d in Document.objects.filter(data__has_key="n").values("name", "data__n")
    }
    assert found == {"flat": 1, "deep": 2.5, "text number": "1", "null inside": 0}
    assert type(found["flat"]) is int


async def test_values_of_a_nested_key(documents: Any) -> None:
    found = await Document.objects.filter(name="deep").values_list("data__in__side__x", flat=True)
    assert found == [[10, 20, {"y": "z"}]]


async def test_order_by_a_key(documents: Any) -> None:
    found = [d.name async for d in Document.objects.filter(data__has_key="in").order_by("data__n")]
    assert found == ["deep"]


async def test_annotating_a_key(documents: Any) -> None:
    found = await Document.objects.annotate(kind=F("data__kind")).aget(name="deep")
    assert found.kind == "b"


async def test_key_as_json_and_as_text(documents: Any) -> None:
    queryset = Document.objects.annotate(one=KeyTransform("kind", "data"), other=KeyTextTransform("kind", "data"))
    found = await queryset.aget(name="deep")
    assert (found.one, found.other) == ("b", "b")


async def test_grouping_by_a_key(documents: Any) -> None:
    found = await Document.objects.filter(data__kind__in=["a", "b"]).values("data__kind").annotate(n=Count("pk"))
    assert {row["data__kind"]: row["n"] for row in found} == {"a": 2, "b": 1}


async def test_keys_with_awkward_names(database: Any) -> None:
    keys = ["a b", "a.b", "a'b", 'a"b', "a\\b", "$", "%s", "ü", "0x", "[0]"]
    await Document.objects.acreate(name="it", data={key: n for n, key in enumerate(keys)})
    for number, key in enumerate(keys):
        assert await Document.objects.filter(**{f"data__{key}": number}).acount() == 1
        assert await Document.objects.filter(data__has_key=key).acount() == 1
    assert await Document.objects.filter(data__has_keys=keys).acount() == 1


async def test_updating_json(documents: Any) -> None:
    await Document.objects.filter(name="empty").aupdate(data={"new": [1]})
    assert (await Document.objects.aget(data__new__0=1)).name == "empty"


async def test_large_integers_keep_their_digits(database: Any) -> None:
    await Document.objects.acreate(name="big", data={"n": 2**60 + 1})
    assert (await Document.objects.aget()).data == {"n": 2**60 + 1}


@pytest.mark.parametrize("made", [{1, 2}.copy, frozenset, lambda: range(3), lambda: iter([1]), lambda: iter([])])
@pytest.mark.parametrize("name", ["data", "data__n", "data__contains", "data__n__exact"])
async def test_what_json_does_not_have_is_no_list(documents: Any, name: str, made: Any) -> None:
    for known in ([1, 2], []):  # the shapes of lists are known by now
        assert await Document.objects.filter(**{name: known}).acount() == (name == "data__contains")
    with pytest.raises(TypeError, match="make .* a list"):
        Document.objects.filter(**{name: made()})


async def test_a_set_is_no_json_to_save(database: Any) -> None:
    with pytest.raises(TypeError, match=r"query\.Document\.data.*set"):
        await Document.objects.acreate(name="set", data={1, 2})


async def test_in_takes_any_items_under_a_key(documents: Any) -> None:
    for items in ({1, 0}, frozenset([1, 0]), [1, 0], range(2)):
        assert {d.name async for d in Document.objects.filter(data__n__in=items)} == {"flat", "null inside"}
    assert await Document.objects.filter(data__has_keys={"kind", "ok"}).acount() == 2
    assert await Document.objects.filter(data__n__in=set()).acount() == 0


@pytest.mark.only(backend="sqlite")
@pytest.mark.parametrize("lookup", ["contains", "contained_by"])
async def test_containment_is_refused_where_answers_of_django_are_wanted(database: Any, lookup: str) -> None:
    orm.configure(same_everywhere=False)
    try:
        with pytest.raises(NotSupportedError, match=f"{lookup} lookup is not supported on this database backend"):
            await Document.objects.filter(**{f"data__{lookup}": {"n": 1}}).acount()
    finally:
        orm.configure(same_everywhere=True)
    assert await Document.objects.filter(**{f"data__{lookup}": {"n": 1}}).acount() == 0


async def test_keys_one_below_the_other_lead_on_whatever_each_gives(documents: dict[str, Any]) -> None:
    side = KeyTextTransform("side", KeyTextTransform("in", "data"))
    found = Document.objects.annotate(x=KeyTextTransform(0, KeyTextTransform("x", side))).filter(x="10")
    assert await found.values_list("name", flat=True) == ["deep"]


async def test_excluding_json_null_leaves_out_what_has_no_such_key(documents: dict[str, Any]) -> None:
    assert {row.name async for row in Document.objects.exclude(data__kind=None)} == {"flat", "deep", "text number"}
    assert await Document.objects.exclude(data=None).acount() == len(documents) - 1


async def test_a_key_is_no_expression_of_another_kind(database: Any) -> None:
    with pytest.raises(TypeError, match="has_key takes a key, or a key transform"):
        Document.objects.filter(data__has_key=F("name"))


async def test_the_decoder_of_a_field_reads_the_databases_text(database: Any) -> None:
    row = await Priced.objects.acreate(prices={"a": 1.10, "b": [2.20]})
    again = await Priced.objects.aget(pk=row.pk)
    assert again.prices == {"a": Decimal("1.1"), "b": [Decimal("2.2")]}
    assert await Priced.objects.values_list("prices__a", flat=True).aget() == Decimal("1.1")
    assert (await Priced.objects.raw("SELECT * FROM query_priced"))[0].prices["b"] == [Decimal("2.2")]


async def test_numbers_under_a_key_are_put_in_order_as_numbers(database: Any) -> None:
    await Document.objects.abulk_create([Document(name=str(n), data={"n": n}) for n in (10, 9, 2.5)])
    rows = Document.objects.alias(under=F("data__n"))
    for ordered in (rows.order_by("data__n"), rows.order_by("under"), rows.order_by(F("data__n").asc())):
        assert [row.data["n"] async for row in ordered] == [2.5, 9, 10]
    numbered = rows.annotate(place=Window(RowNumber(), order_by="data__n")).order_by("place")
    assert [row.data["n"] async for row in numbered] == [2.5, 9, 10]


async def test_a_key_is_compared_to_no_value_that_json_does_not_have(documents: Any) -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        await Document.objects.filter(data__n__gt=Decimal(1)).acount()


@pytest.mark.only(backend="sqlite")
async def test_nothing_is_above_a_list_where_lists_have_no_order(documents: Any) -> None:
    with pytest.raises(NotSupportedError, match="no order of JSON's lists"):
        await Document.objects.filter(data__n__gt=[0]).acount()


@pytest.mark.only(backend="sqlite")
@pytest.mark.parametrize(
    ("data", "field", "value"),
    [
        (True, BooleanField(), True),
        (None, IntegerField(), None),
        ("4", IntegerField(), 4),
        ("1.5", FloatField(), 1.5),
        (1.5, DecimalField(max_digits=5, decimal_places=2), Decimal("1.50")),
        ("2024-01-02", DateField(), datetime.date(2024, 1, 2)),
        ("x", TextField(), '"x"'),
    ],
    ids=repr,
)
async def test_what_a_key_holds_is_cast(database: Any, data: Any, field: Any, value: Any) -> None:
    await Document.objects.acreate(name="one", data={"key": data})
    assert await Document.objects.values_list(Cast("data__key", field), flat=True).aget() == value
