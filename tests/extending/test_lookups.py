"""Lookups of a program's own: they see the value they compare to, and may change it and its text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from orm.models import BigAutoField, CharField, F, Field, Lookup, Q, Transform
from orm.sql.lookups import Contains
from tests.extending.models import Owner


class Around(Lookup):
    """Puts wildcards around what process_rhs gives."""

    lookup_name = "around"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        lhs, params = self.process_lhs(compiler, connection)
        rhs, given = self.process_rhs(compiler, connection)
        return f"{lhs} LIKE {rhs}", [*params, *(f"%{value}%" for value in given)]


class Raised(Lookup):
    """Prepares its value itself."""

    lookup_name = "raised"

    def get_prep_lookup(self) -> str:
        return f"{self.rhs.upper()}%"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        lhs, params = self.process_lhs(compiler, connection)
        rhs, given = self.process_rhs(compiler, connection)
        return f"UPPER({lhs}) LIKE {rhs}", [*params, *given]


class Within(Lookup):
    """Takes a pair that its field knows nothing of."""

    lookup_name = "within"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        lhs, params = self.process_lhs(compiler, connection)
        return f"{lhs} BETWEEN %s AND %s", [*params, *self.rhs]


class Differs(Lookup):
    """Takes None for a value."""

    lookup_name = "differs"
    can_use_none_as_rhs = True

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        lhs, params = self.process_lhs(compiler, connection)
        if self.rhs is None:
            return f"{lhs} IS NOT NULL", params
        rhs, given = self.process_rhs(compiler, connection)
        return f"{lhs} <> {rhs}", [*params, *given]


class Lacks(Contains):
    """Turns a lookup of the library's round."""

    lookup_name = "lacks"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        sql, params = super().as_sql(compiler, connection)
        return f"NOT ({sql})", params


class Loud(Transform):
    """Goes for both sides of a comparison."""

    lookup_name = "loud"
    bilateral = True

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        sql, params = compiler.compile(self.lhs)
        return f"UPPER({sql})", params


class Initial(Lookup):
    """Looks at the value before it is written."""

    lookup_name = "initial"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        lhs, params = self.process_lhs(compiler, connection)
        if not self.rhs:
            return "1 = 1", []
        self.rhs = self.rhs[0]
        rhs, given = self.process_rhs(compiler, connection)
        return f"SUBSTR({lhs}, 1, 1) = {rhs}", [*params, *given]


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    given: list[tuple[Any, Any]] = [
        (CharField, Around), (CharField, Raised), (CharField, Lacks), (Field, Differs), (BigAutoField, Within),
        (CharField, Loud), (CharField, Initial),
    ]  # fmt: skip
    for cls, lookup in given:
        cls.register_lookup(lookup)
    yield
    for cls, lookup in given:
        cls._unregister_lookup(lookup)


async def owners() -> None:
    await Owner.objects.abulk_create([Owner(name=name) for name in ("Rex", "Tom", "Max")])


async def names(*conditions: Any, **lookups: Any) -> list[str]:
    return [
        name
        async for name in Owner.objects.filter(*conditions, **lookups).order_by("name").values_list("name", flat=True)
    ]


async def test_a_lookup_changes_the_value_it_is_given(database: Any) -> None:
    await owners()
    assert await names(name__around="e") == ["Rex"]
    assert await names(name__around="a") == ["Max"]


async def test_a_lookup_prepares_its_value(database: Any) -> None:
    await owners()
    assert await names(name__raised="t") == ["Tom"]


async def test_a_lookup_takes_what_its_field_does_not(database: Any) -> None:
    await owners()
    first = await Owner.objects.order_by("pk").afirst()
    assert first is not None
    assert await Owner.objects.filter(pk__within=(first.pk, first.pk + 1)).acount() == 2


async def test_a_lookup_takes_none(database: Any) -> None:
    await owners()
    assert await names(name__differs=None) == ["Max", "Rex", "Tom"]
    assert await names(name__differs="Rex") == ["Max", "Tom"]


async def test_a_lookup_made_from_one_of_the_library(database: Any) -> None:
    await owners()
    assert await names(name__lacks="e") == ["Max", "Tom"]


async def test_an_expression_on_the_right_is_compiled(database: Any) -> None:
    await owners()
    assert await names(name__differs=F("name")) == []


async def test_a_value_that_does_not_fit_is_refused_at_once(database: Any) -> None:
    with pytest.raises(ValueError, match="expected a number but got 'x'"):
        Owner.objects.filter(pk__differs="x")


async def test_such_conditions_are_combined(database: Any) -> None:
    await owners()
    assert await names(Q(name__around="e") | Q(name__raised="t")) == ["Rex", "Tom"]
    assert await names(~Q(name__around="e")) == ["Max", "Tom"]


async def test_a_query_with_one_is_part_of_another(database: Any) -> None:
    await owners()
    assert await names(pk__in=Owner.objects.filter(name__around="e")) == ["Rex"]


async def test_a_lookup_after_a_bilateral_transform_reads_its_value(database: Any) -> None:
    await owners()
    assert await names(name__loud__initial="rat") == ["Rex"]
    assert await names(name__loud__initial="") == ["Max", "Rex", "Tom"]
    assert await names(name__initial="rat") == []
