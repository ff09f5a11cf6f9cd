"""Any value a field accepts comes back equal, whichever colour writes it and whichever reads it."""

from __future__ import annotations

import datetime
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orm.errors import DataError
from tests.conftest import Run
from tests.properties.conftest import Waiter
from tests.query.models import Everything

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60)
ZONES = st.timedeltas(datetime.timedelta(hours=-23), datetime.timedelta(hours=23)).map(
    lambda offset: datetime.timezone(datetime.timedelta(minutes=offset // datetime.timedelta(minutes=1)))
)
MOMENTS = st.datetimes(datetime.datetime(2, 1, 1), datetime.datetime(9998, 12, 31), timezones=ZONES)
LONGEST = datetime.timedelta(days=100_000_000)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e15, 1e15, allow_subnormal=False) | TEXT,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(TEXT, inside, max_size=4),
    max_leaves=8,
)

FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "smallint": st.integers(-(2**15), 2**15 - 1),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "positive": st.integers(0, 2**31 - 1),
    "char": TEXT,
    "text": TEXT,
    "date": st.dates(),
    "time": st.times(),
    "datetime": MOMENTS,
    "duration": st.timedeltas(-LONGEST, LONGEST),
    "decimal": st.decimals(-(10**13), 10**13, places=6, allow_nan=False, allow_infinity=False),
    "float": st.floats(allow_nan=False),
    "uuid": st.uuids(),
    "json": JSON.filter(lambda value: value is not None),
    "binary": st.binary(max_size=80),
}
ROW = st.fixed_dictionaries({name: st.none() | strategy for name, strategy in FIELDS.items()})
ROWS = st.lists(ROW, min_size=1, max_size=4)
ENDS = [{**dict.fromkeys(FIELDS), "date": day} for day in (datetime.date.min, datetime.date.max)]
"""The first and the last day of the calendar, of which a driver makes something else."""


def compare(found: list[dict[str, Any]], rows: list[dict[str, Any]]) -> None:
    assert found == rows
    for got, given_row in zip(found, rows, strict=True):
        for name, value in given_row.items():
            assert name == "json" or isinstance(got[name], type(value)), name


@given(rows=ROWS)
@example(rows=ENDS)
def test_written_blocking_read_awaitable(database: Run, wait: Waiter, rows: list[dict[str, Any]]) -> None:
    keys = [row.pk for row in Everything.objects.bulk_create([Everything(**row) for row in rows])]

    async def read() -> list[dict[str, Any]]:
        return await Everything.objects.filter(pk__in=keys).order_by("pk").values(*FIELDS)

    compare(wait(read()), rows)


@given(rows=ROWS)
@example(rows=ENDS)
def test_written_awaitable_read_blocking(database: Run, wait: Waiter, rows: list[dict[str, Any]]) -> None:
    async def write() -> list[int]:
        return [(await Everything.objects.acreate(**row)).pk for row in rows]

    keys = wait(write())
    objects = list(Everything.objects.filter(pk__in=keys).order_by("pk"))
    compare([{name: getattr(item, name) for name in FIELDS} for item in objects], rows)


@given(row=ROW)
def test_found_by_any_of_its_values(database: Run, wait: Waiter, row: dict[str, Any]) -> None:
    key = Everything.objects.create(**row).pk
    for name, value in row.items():
        if name == "json":
            continue
        assert Everything.objects.filter(**{name: value}, pk=key).exists(), name
        if value is not None:
            assert Everything.objects.filter(**{f"{name}__in": [value]}, pk=key).exists(), name
            assert not Everything.objects.exclude(**{name: value}).filter(pk=key).exists(), name

    async def find() -> None:
        for name, value in row.items():
            assert name == "json" or await Everything.objects.filter(**{name: value}, pk=key).aexists(), name

    wait(find())


@given(before=ROW, after=ROW)
def test_updated_from_anything_to_anything(
    database: Run, wait: Waiter, before: dict[str, Any], after: dict[str, Any]
) -> None:
    item = Everything.objects.create(**before)
    Everything.objects.filter(pk=item.pk).update(**after)

    async def read() -> Any:
        return await Everything.objects.aget(pk=item.pk)

    fresh = wait(read())
    compare([{name: getattr(fresh, name) for name in FIELDS}], [after])
    for name, value in before.items():
        setattr(fresh, name, value)
    Everything.objects.bulk_update([fresh], list(FIELDS))
    compare(list(Everything.objects.filter(pk=item.pk).values(*FIELDS)), [before])


@given(pair=st.sampled_from(["integer", "bigint", "date", "time", "datetime", "duration", "decimal", "float"]).flatmap(
    lambda name: st.tuples(st.just(name), FIELDS[name], FIELDS[name])
))  # fmt: skip
def test_compared_as_python_compares(database: Run, pair: tuple[str, Any, Any]) -> None:
    name, stored, pivot = pair
    key = Everything.objects.create(**{name: stored}).pk
    one = Everything.objects.filter(pk=key)
    assert one.filter(**{f"{name}__lt": pivot}).exists() == (stored < pivot)
    assert one.filter(**{f"{name}__gte": pivot}).exists() == (stored >= pivot)
    assert one.filter(**{name: pivot}).exists() == (stored == pivot)


@given(text=TEXT, part=TEXT)
def test_text_lookups_take_any_text_literally(database: Run, text: str, part: str) -> None:
    key = Everything.objects.create(text=text).pk
    one = Everything.objects.filter(pk=key)
    assert one.filter(text__contains=part).exists() == (part in text)
    assert one.filter(text__startswith=part).exists() == text.startswith(part)
    assert one.filter(text__endswith=part).exists() == text.endswith(part)
    assert one.filter(text__contains=text[1:-1]).exists()


@given(value=st.floats(allow_nan=True))
@example(value=math.nan)
def test_floats_of_every_kind(database: Run, value: float) -> None:
    if math.isnan(value) and database.backend == "sqlite":
        with pytest.raises(DataError, match="can't be NaN"):
            Everything.objects.create(float=value)
        return
    found = Everything.objects.get(pk=Everything.objects.create(float=value).pk).float
    assert found == value or (math.isnan(value) and math.isnan(found))


@given(data=JSON.filter(lambda value: isinstance(value, dict) and value), chosen=st.randoms())
def test_json_keys_find_what_lies_under_them(database: Run, data: dict[str, Any], chosen: Any) -> None:
    stored = Everything.objects.create(json=data)
    one = Everything.objects.filter(pk=stored.pk)
    for key in data:
        if database.backend == "sqlite" and '"' in key:
            continue  # refused there, with a sentence: its paths can't spell it
        assert one.filter(json__has_key=key).exists(), key
