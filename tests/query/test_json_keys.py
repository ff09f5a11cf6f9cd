"""JSON keys are values: whatever their text, they find exactly their rows, and queries of any keys share a shape."""

from __future__ import annotations

import gc
import pickle
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from orm.errors import FieldDoesNotExist, FieldError
from orm.models import CTE, Count, F, Q
from orm.query import shape
from orm.query.key_names import KeyName
from orm.sql.json import KT, KeyTransform
from tests.counting import Queries
from tests.query.models import Document

KEYS = [
    "plain", "a b", "a.b", "a'b", "''", 'a"b', '"', '""', "a\\b", "\\", "\\'", '\\"', "$", "$.a", "%s", "%",
    "%%", "%(a)s", "ü", "\\u00fc", "0x", "[0]", "a[0]", "#", "[#-1]", "{}", "{a}", "{0}", "}", ",", ";",
    "'; DROP TABLE x; --", "-- ", "/*", "*/", "\n", "\r\n", "\t", "\x01", "\x1f", "\x7f", "\u2028", "\u202e",
    "\u200b", "😀", "`", "]", "[", "NULL", "null", "true", "-", "+1", "1.5", "1e3", "007", "²", "９", "1" * 5000,
    "x" * 100_000, "$1", ":a", "?", "?|", "@>", "->", "E'\\'",
]  # fmt: skip


@pytest.fixture
def keyed(database: Any) -> list[str]:
    Document.objects.bulk_create(
        [Document(name=str(number), data={key: {"n": number}}) for number, key in enumerate(KEYS)]
    )
    return KEYS


async def test_a_key_of_any_text_finds_its_row(keyed: list[str]) -> None:
    for number, key in enumerate(keyed):
        name = f"data__{key}__n"
        for found in (
            Document.objects.filter(**{name: number}),
            Document.objects.filter(Q(**{name: number}) & Q(**{f"{name}__gte": number})),
            Document.objects.filter(**{f"data__{key}": {"n": number}}),
            Document.objects.filter(**{f"data__{key}__isnull": False}),
            Document.objects.filter(**{f"data__{key}__has_key": "n"}),
            Document.objects.filter(**{f"data__{key}__has_keys": ["n"], f"{name}__in": [number, -1]}),
            Document.objects.filter(data__has_key=key),
            Document.objects.filter(data__has_keys=[key]),
            Document.objects.filter(data__has_any_keys=[key, "not there"]),
            Document.objects.annotate(found=F(name)).filter(found=number),
            Document.objects.annotate(found=KeyTransform(key, "data")).filter(found__n=number),
            Document.objects.filter(data__has_key=key).annotate(found=KT(name)).filter(found=str(number)),
        ):
            assert await found.values_list("name", flat=True) == [str(number)], (key, str(found.query))


async def test_a_key_of_any_text_gives_its_value(keyed: list[str]) -> None:
    for number, key in enumerate(keyed):
        name = f"data__{key}__n"
        rows = Document.objects.filter(name=str(number))
        assert await rows.values(name).aget() == {name: number}
        assert await rows.values_list(name, flat=True).aget() == number
        assert await rows.annotate(found=F(name)).values_list("found", flat=True).aget() == number
        assert await rows.values(name).annotate(n=Count("pk")).aget() == {name: number, "n": 1}


async def test_a_key_of_any_text_orders(keyed: list[str]) -> None:
    for number, key in enumerate(keyed):
        rows = Document.objects.filter(**{f"data__{key}__isnull": False}) | Document.objects.filter(name="none")
        assert await rows.order_by(f"-data__{key}__n", "name").values_list("name", flat=True) == [str(number)]


async def test_excluding_a_key_of_any_text(keyed: list[str]) -> None:
    for key in keyed:
        assert await Document.objects.exclude(data__has_key=key).acount() == len(keyed) - 1


async def test_updating_from_a_key_of_any_text(keyed: list[str]) -> None:
    for number, key in enumerate(keyed[:40]):
        changed = Document.objects.filter(**{f"data__{key}__n": number})
        assert await changed.aupdate(name=KT(f"data__{key}__n")) == 1


@pytest.mark.only(backend="postgresql")
async def test_a_key_with_nul_is_refused(database: Any) -> None:
    with Queries() as sent, pytest.raises(ValueError, match="NUL"):
        await Document.objects.filter(**{"data__a\0b": 1})
    with Queries() as sent, pytest.raises(ValueError, match="NUL"):
        await Document.objects.filter(data__has_key="a\0b")
    assert not sent


@pytest.mark.only(backend="sqlite")
async def test_a_key_with_nul(database: Any) -> None:
    await Document.objects.acreate(name="it", data={"a\0b": 1})
    assert await Document.objects.filter(**{"data__a\0b": 1}).acount() == 1


async def test_negative_indexes(database: Any) -> None:
    await Document.objects.acreate(name="it", data=[1, [2, 3]])
    assert await Document.objects.filter(**{"data__-1__-2": 2}).acount() == 1
    assert await Document.objects.values_list("data__-2", flat=True).aget() == 1


async def test_a_text_is_no_list_and_a_list_has_no_keys(database: Any) -> None:
    await Document.objects.abulk_create([Document(name="text", data="abc"), Document(name="list", data=["abc", "0"])])
    assert await Document.objects.filter(**{'data__0__"': "a"}).acount() == 0
    assert await Document.objects.filter(data__0__isnull=False).values_list("name", flat=True) == ["list"]
    assert await Document.objects.filter(data__has_key="0").acount() == 0
    assert await Document.objects.filter(data__has_key="abc").acount() == 0
    assert await Document.objects.filter(data__has_any_keys=["0", "abc"]).acount() == 0


async def test_keys_and_lookups_of_one_name(database: Any) -> None:
    await Document.objects.acreate(name="it", data={"contains": {"exact": {"a": 1}}, "isnull": 2})
    assert await Document.objects.filter(data__contains__exact={"exact": {"a": 1}}).acount() == 1
    assert await Document.objects.filter(data__contains={"isnull": 2}).acount() == 1
    assert await Document.objects.filter(data__contains__exact__exact={"a": 1}).acount() == 1
    assert await Document.objects.annotate(x=F("data__isnull")).filter(x=2, data__isnull=False).acount() == 1
    assert await Document.objects.annotate(x=F("data__contains")).filter(x__exact__a=1).acount() == 1


async def test_one_shape_for_all_keys(database: Any) -> None:
    await Document.objects.acreate(name="it", data={})

    async def ask(key: str) -> None:
        await Document.objects.filter(**{f"data__{key}__more": 1}).order_by(f"data__{key}", f"-data__{key}__x")
        await Document.objects.filter(Q(**{f"data__{key}__gt": 1}) | Q(data__has_key=key), data__has_keys=[key, "b"])
        await Document.objects.annotate(x=F(f"data__{key}")).alias(y=KT(f"data__{key}")).filter(y="1").afirst()
        await Document.objects.annotate(n=Count("pk", filter=Q(**{f"data__{key}": 1}))).aaggregate(Count("n"))

    await ask("first")
    before = shape.size()
    for key in ("second", "third", "a__b__c", "-1", "7__x"):
        await ask(key)
    assert shape.size() == before


async def test_names_that_share_a_key_and_names_that_do_not(database: Any) -> None:
    """Two names of a step may hold the same path or different ones: that is part of the shape."""
    await Document.objects.acreate(name="it", data={"a": 1, "b": 2})
    for first, second, expected in (("a", "a", 1), ("a", "b", 0), ("b", "b", 1), ("b", "a", 0)):
        rows = Document.objects.filter(**{f"data__{first}": F(f"data__{second}")})
        assert await rows.acount() == expected, (first, second)


async def test_one_shape_for_all_keys_that_are_chosen(database: Any) -> None:
    await Document.objects.acreate(name="it", data={"first": 1})

    async def ask(key: str) -> list[Any]:
        name = f"data__{key}"
        return [
            await Document.objects.values(name, "name"),
            await Document.objects.values_list(name, named=True) if key.isidentifier() else None,
            await Document.objects.values_list(name, flat=True),
            await Document.objects.values(name).annotate(n=Count("pk")).order_by(name),
            await Document.objects.values(name).aget(),
            await Document.objects.values(name).afirst(),
            [row async for row in Document.objects.values(name).aiterator()],
            await Document.objects.aaggregate(n=Count(name)),
            await Document.objects.annotate(x=F("data")).values(f"x__{key}"),
        ]

    first = await ask("first")
    before = shape.size()
    for key in ("second", "third", "a__b__c", "-1", "7__x"):
        rows, _, _, grouped, one, same, streamed, _, annotated = await ask(key)
        assert rows == [{f"data__{key}": None, "name": "it"}]
        assert grouped == [{f"data__{key}": None, "n": 1}]
        assert one == same == streamed[0] == {f"data__{key}": None}
        assert annotated == [{f"x__{key}": None}]
    assert shape.size() == before
    assert first[0] == [{"data__first": 1, "name": "it"}]
    assert first[1][0].data__first == 1


async def test_columns_of_keys_are_found_by_name_in_other_queries(database: Any) -> None:
    rows = [Document(name=str(number), data={"a": number % 2, "b": 9 - number}) for number in range(4)]
    await Document.objects.abulk_create(rows)
    for first, second in (("a", "b"), ("b", "a")):
        names = (f"data__{first}", f"data__{second}")
        chosen = Document.objects.values(*names)
        both = chosen.union(Document.objects.values(*names))
        for name in names:
            found = [row[name] for row in await both.order_by(name)]
            assert found == sorted(found)
        assert await chosen.distinct().aaggregate(n=Count(names[0])) == {"n": 4}
        assert list(CTE("chosen", chosen).columns) == list(names)
        part = await chosen.order_by("name")[1:3]
        assert part == [{f"data__{key}": rows[number].data[key] for key in (first, second)} for number in (1, 2)]
        again = Document.objects.all()
        again.query = pickle.loads(pickle.dumps(chosen.filter(name="1").query))
        assert await again == [{f"data__{key}": rows[1].data[key] for key in (first, second)}]


@pytest.mark.only(backend="sqlite")
@pytest.mark.parametrize(
    ("key", "found"),
    [("\0", ["nul"]), ("", ["empty"]), ("a", ["plain"]), ("a\0b", ["inside"]), ("a\0c", []), ("\\u0000", ["escape"])],
)
async def test_the_character_nul_is_part_of_a_key(database: Any, key: str, found: list[str]) -> None:
    keys = {"nul": "\0", "empty": "", "plain": "a", "inside": "a\0b", "escape": "\\u0000"}
    await Document.objects.abulk_create(
        [Document(name="null"), Document(name="list", data=["\0"])]
        + [Document(name=name, data={each: 1}) for name, each in keys.items()]
    )
    for condition in (
        {"data__has_key": key},
        {"data__has_keys": [key]},
        {"data__has_any_keys": [key, "not there"]},
        {f"data__{key}": 1},
    ):
        assert await Document.objects.filter(**condition).values_list("name", flat=True) == found
    assert await Document.objects.filter(data__has_keys=[key, "not there"]).acount() == 0


REQUESTS: list[Callable[[Any, int], Any]] = [
    lambda documents, n: documents.filter(**{f"data__k{n}__{n}": n}).order_by(f"data__o{n}").first(),
    lambda documents, n: documents.filter(data__has_key=f"k{n}").first(),
    lambda documents, n: documents.filter(pk__in=range(n % 300)).first(),
    lambda documents, n: documents.filter(name__in=[str(item) for item in range(n % 300)]).first(),
    lambda documents, n: documents.values(f"data__k{n}").first(),
    lambda documents, n: documents.values_list(f"data__k{n}__x", flat=True).filter(**{f"data__k{n}": 1}).first(),
    lambda documents, n: documents.aggregate(n=Count(f"data__k{n}")),
]
REFUSED: list[Callable[[Any, int], Any]] = [
    lambda documents, n: documents.filter(**{f"k{n}": 1}),
    lambda documents, n: documents.filter(**{f"name__k{n}": 1}),
    lambda documents, n: documents.exclude(**{f"pk__k{n}__exact": 1}),
    lambda documents, n: documents.filter(F(f"k{n}")),
    lambda documents, n: documents.order_by(f"-k{n}"),
    lambda documents, n: documents.values(f"name__k{n}"),
    lambda documents, n: documents.annotate(x=F(f"k{n}")),
    lambda documents, n: documents.only(f"k{n}"),
    lambda documents, n: documents.select_related(f"k{n}"),
]
KINDS = len(REQUESTS) + len(REFUSED)


def ask_for_anything(number: int) -> None:
    """Ask with a key, a lookup, a name or a length that no request before had: another kind of request each time."""
    documents = Document.objects.all()
    kind = number % KINDS
    if kind < len(REQUESTS):
        REQUESTS[kind](documents, number)
        return
    with pytest.raises((FieldError, FieldDoesNotExist, TypeError)):
        REFUSED[kind - len(REQUESTS)](documents, number)


def grown_by(first: int, last: int) -> int:
    """Return how many bytes are held after requests with ever new names, and no more shapes."""
    for number in range(first):
        ask_for_anything(number)
    shapes = shape.size()
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(first, last):
            ask_for_anything(number)
        gc.collect()
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert shape.size() == shapes
    return grown


@pytest.mark.only(colour="blocking")
def test_memory_is_flat_however_many_keys_are_asked_for(database: Any) -> None:
    assert grown_by(6_000, 12_000) < 300_000


@pytest.mark.slow
@pytest.mark.only(backend="sqlite", colour="blocking")
def test_memory_is_flat_over_100_000_requests(database: Any) -> None:
    assert grown_by(6_000, 106_000) < 300_000


async def test_what_lies_under_a_key_is_among_the_values_of_a_query(database: Any) -> None:
    await Document.objects.abulk_create(
        [Document(name=str(n), data=data) for n, data in enumerate([{"a": 1}, {"a": 2}, {"b": 1}, {"b": [2]}])]
    )
    others = Document.objects.values("data__b")
    assert [d.name async for d in Document.objects.filter(data__a__in=others)] == ["0"]
    assert [d.name async for d in Document.objects.filter(data__a__in=others.filter(name="3"))] == []


async def test_iexact_none_is_a_key_that_is_not_there(database: Any) -> None:
    for name, data in (("null", {"a": None}), ("none", {}), ("text", {"a": "x"})):
        await Document.objects.acreate(name=name, data=data)
    assert [d.name async for d in Document.objects.filter(data__a__iexact=None)] == ["none"]


async def test_an_object_has_all_of_no_keys_and_none_of_them(database: Any) -> None:
    for name, data in (("empty", {}), ("full", {"a": 1}), ("nothing", None)):
        await Document.objects.acreate(name=name, data=data)
    every, some = Document.objects.filter(data__has_keys=[]), Document.objects.filter(data__has_any_keys=[])
    assert sorted([d.name async for d in every]) == ["empty", "full"]
    assert [d.name async for d in some] == []


@pytest.mark.parametrize(("before", "after"), [(["data"], ["year"]), (["author", "data"], []), ([], ["a", "b"])])
def test_a_name_that_depends_on_values_is_the_same_after_pickling(before: list[str], after: list[str]) -> None:
    name = KeyName.made(before, 0, after)
    again = pickle.loads(pickle.dumps(name))
    assert (again, again.before, again.slot, again.after) == (name, name.before, name.slot, name.after)
    assert again.whole([["k", 3]]) == "__".join([*before, "k", "3", *after])
