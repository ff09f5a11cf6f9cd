"""What a refused write says: which constraint, of which table, on which columns."""

from __future__ import annotations

from typing import Any

import pytest

from orm.db.registry import databases
from orm.errors import DatabaseError, IntegrityError
from tests.saving.models import Login, Node, Room


async def refusal(**values: Any) -> IntegrityError:
    with pytest.raises(IntegrityError) as caught:
        await Room.objects.acreate(**{"number": 9, "name": "z"} | values)
    return caught.value


async def test_a_unique_field_is_named(database: Any) -> None:
    await Room.objects.acreate(number=1, name="a)=(b")
    error = await refusal(name="a)=(b")
    assert (error.table, error.columns) == (Room._meta.db_table, ("name",))


async def test_columns_that_are_unique_together_are_named(database: Any) -> None:
    await Room.objects.acreate(number=9, name="a")
    error = await refusal()
    assert (error.table, error.columns) == (Room._meta.db_table, ("number", "floor"))


async def test_a_column_that_may_not_be_null_is_named(database: Any) -> None:
    error = await refusal(name=None)
    assert (error.constraint, error.table, error.columns) == (None, Room._meta.db_table, ("name",))


async def test_a_check_is_named(database: Any) -> None:
    error = await refusal(floor=100)
    assert (error.constraint, error.columns) == ("saving_low", ())


async def test_a_constraint_over_expressions_is_named_and_has_no_columns(database: Any) -> None:
    await Login.objects.acreate(name="a", email="ada@x.org")
    with pytest.raises(IntegrityError) as caught:
        await Login.objects.acreate(name="b", email="ADA@x.org")
    (constraint,) = [one.name for one in Login._meta.constraints if "mail" in one.name]
    assert (caught.value.constraint, caught.value.columns) == (constraint, ())


@pytest.mark.only(backend="postgresql")
async def test_the_column_of_a_row_that_refers_to_none_of_its_own_table_is_named(database: Any) -> None:
    with pytest.raises(IntegrityError) as caught:
        await Node.objects.acreate(parent_id=12345)
    assert caught.value.columns == ("parent_id",)
    parent = await Node.objects.acreate()
    await Node.objects.acreate(parent=parent)
    async with databases["default"].connection() as connection:
        with pytest.raises(IntegrityError) as caught:
            table = Node._meta.db_table
            await connection.aexecute(f"DELETE FROM {table} WHERE id = $1", [parent.pk])
    assert (caught.value.table, caught.value.columns) == (table, ())


async def test_a_missing_table_that_no_model_has_is_no_matter_of_migrations(database: Any) -> None:
    with pytest.raises(DatabaseError, match="no_such_place") as caught:
        await Room.objects.raw("SELECT * FROM no_such_place")
    assert "migrate" not in str(caught.value)
