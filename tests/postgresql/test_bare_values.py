"""A bare ``Value()`` of a list, a dict or a range is of the type of what it stands beside, as a literal is."""

from __future__ import annotations

import datetime
from typing import Any, NamedTuple

import pytest
from psycopg.types.range import Range as DriversRange

from orm.errors import FieldError
from orm.models import Case, F, Max, Value, When, Window
from orm.models.functions import Coalesce, Greatest, Lag, NullIf
from orm.postgresql import DateRange, DateTimeTZRange, NumericRange
from orm.sql.lookups import Exact
from tests.postgresql.models import Booking, Post

pytestmark = pytest.mark.only(backend="postgresql")

DAY = datetime.date(2024, 5, 1)
NOON = datetime.datetime(2024, 5, 1, 12, tzinfo=datetime.UTC)


class Column(NamedTuple):
    """A column, a value of it, and what shows that nothing was taken for another type."""

    model: Any
    name: str
    value: Any

    @property
    def rows(self) -> Any:
        return self.model.objects.order_by("pk")

    @property
    def bare(self) -> Value:
        return Value(self.value)

    @property
    def values(self) -> Any:
        return self.rows.values_list(self.name, flat=True)


COLUMNS = [
    Column(Post, "tags", ["a", "b"]),
    Column(Post, "scores", [1, 2]),
    Column(Post, "scores", []),
    Column(Post, "grid", [[1, 2], [3, 4]]),
    Column(Post, "extra", {"k": "v"}),
    Column(Post, "extra", {}),
    Column(Booking, "seats", NumericRange(1, 5)),
    Column(Booking, "seats", NumericRange(empty=True)),
    Column(Booking, "price", NumericRange(1, 2)),
    Column(Booking, "days", DateRange(DAY, None)),
    Column(Booking, "during", DateTimeTZRange(NOON, None)),
]


@pytest.fixture(params=COLUMNS, ids=lambda column: f"{column.name}-{column.value!r}")
def column(request: pytest.FixtureRequest, database: Any) -> Any:
    return request.param


async def test_it_is_compared_to_a_column(column: Column) -> None:
    made = await column.rows.acreate(**{column.name: column.value})
    assert await column.rows.filter(**{column.name: column.bare}).aget() == made
    assert await column.rows.filter(**{f"{column.name}__in": [column.bare]}).aget() == made
    assert await column.rows.filter(**{f"{column.name}__contains": column.bare}).aget() == made
    assert await column.rows.filter(**{f"{column.name}__contained_by": column.bare}).aget() == made
    assert await column.rows.filter(Exact(F(column.name), column.bare)).aget() == made
    assert await column.rows.filter(**{column.name: Case(When(pk__gt=0, then=column.bare))}).aget() == made
    assert await column.rows.annotate(given=column.bare).filter(**{column.name: F("given")}).acount() == 1


async def test_it_is_stored(column: Column) -> None:
    made = await column.rows.acreate(**{column.name: column.bare})
    await column.rows.abulk_create([column.model(**{column.name: column.bare}), column.model()])
    assert await column.values[:2] == [column.value, column.value]
    last = await column.rows.alast()
    setattr(last, column.name, column.bare)
    await column.rows.abulk_update([last], [column.name])
    assert await column.values.alast() == column.value
    setattr(made, column.name, Coalesce(NullIf(column.name, column.name), column.bare))
    await made.asave()
    assert await column.values.afirst() == column.value


async def test_an_update_sets_it(column: Column) -> None:
    await column.rows.acreate()
    for given in (
        column.bare,
        Coalesce(NullIf(column.name, column.name), column.bare),
        Case(When(pk=0, then=column.name), default=column.bare),
        Case(When(pk__gt=0, then=column.bare)),
        Case(When(pk__gt=0, then=Coalesce(column.bare, column.bare))),
    ):
        await column.rows.aupdate(**{column.name: given})
        assert await column.values == [column.value]


async def test_it_stands_in_for_a_column(column: Column) -> None:
    await column.rows.acreate(**{column.name: column.value})
    for expression in (
        Coalesce(column.name, column.bare),
        Greatest(column.name, column.bare),
        Case(When(pk=0, then=column.name), default=column.bare),
        Window(Lag(column.name, default=column.bare), order_by="pk"),
    ):
        assert await column.rows.annotate(given=expression).values_list("given", flat=True).aget() == column.value


async def test_it_is_the_default_of_an_aggregate(database: Any) -> None:
    assert await Post.objects.aaggregate(most=Max("tags", default=Value(["none"]))) == {"most": ["none"]}


async def test_each_query_of_a_shape_has_its_own_value(database: Any) -> None:
    for tags in (["a"], [], ["b", "c"]):
        made = await Post.objects.acreate(tags=tags)
        assert await Post.objects.filter(tags=Value(tags)).aget() == made


async def test_a_value_of_another_kind_is_refused_by_the_field(database: Any) -> None:
    with pytest.raises(TypeError, match=r"Post\.tags: an array is given as a list"):
        await Post.objects.filter(tags=Value({"a": "b"})).aexists()


async def test_a_range_of_a_drivers_class_and_a_text_are_ranges_beside_one(database: Any) -> None:
    made = await Booking.objects.acreate(seats=NumericRange(1, 5))
    assert await Booking.objects.filter(seats=Value(DriversRange(1, 5))).aget() == made
    assert await Booking.objects.filter(seats=Value("[1,5)")).aget() == made


async def test_a_range_holds_a_bare_value(database: Any) -> None:
    made = await Booking.objects.acreate(seats=(1, 5), days=(DAY, None), room=3)
    assert await Booking.objects.filter(seats__contains=Value(3), days__contains=Value(DAY)).aget() == made
    assert await Booking.objects.filter(room__contained_by=Value(NumericRange(1, 4))).aget() == made


async def test_a_range_beside_nothing_is_refused(database: Any) -> None:
    with pytest.raises(FieldError, match="which kind of range it is: give it an output_field"):
        await Booking.objects.annotate(given=Value(NumericRange(1, 5))).aget()


async def test_a_list_beside_json_stays_json(database: Any) -> None:
    await Post.objects.acreate(documents=[[1], {"a": 2}])
    assert await Post.objects.filter(documents__0=Value([1]), documents__1=Value({"a": 2})).aexists()
