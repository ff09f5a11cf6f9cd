"""Operations that PostgreSQL has, and what the same history does on a database without them."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

import orm
from orm import migrations, models
from orm.errors import IntegrityError, NotSupportedError
from orm.migrations.state import ProjectState
from orm.postgresql import operations
from tests.conftest import Run
from tests.migrations.looking import Look

INDEX = models.Index(fields=["name"], name="mt_thing_name_index")
SMALL = models.CheckConstraint(condition=models.Q(size__lt=10), name="mt_thing_small")


async def applied(state: ProjectState, *found: Any, atomic: bool = True) -> ProjectState:
    for operation in found:
        after = state.clone()
        operation.state_forwards("mt", after)
        async with orm.schema_editor(atomic=atomic) as editor:
            await operation.adatabase_forwards("mt", editor, state, after)
        state = after
    return state


async def things() -> ProjectState:
    fields = [
        ("id", models.BigAutoField(primary_key=True)),
        ("name", models.TextField()),
        ("size", models.IntegerField()),
    ]
    return await applied(ProjectState(), migrations.CreateModel("Thing", fields))


async def test_an_index_is_built_beside_writers_and_dropped(database: Run) -> None:
    state = await things()
    add = operations.AddIndexConcurrently("Thing", INDEX)
    state = await applied(state, add, atomic=False)
    assert INDEX.name in Look(database).indexes("mt_thing")
    state = await applied(state, operations.RemoveIndexConcurrently("Thing", INDEX.name), atomic=False)
    assert INDEX.name not in Look(database).indexes("mt_thing")


@pytest.mark.only(backend="postgresql")
async def test_it_is_refused_inside_a_transaction(database: Run) -> None:
    state = await things()
    with pytest.raises(NotSupportedError, match=r"AddIndexConcurrently .* inside a transaction \(set atomic = False"):
        await applied(state, operations.AddIndexConcurrently("Thing", INDEX))


@pytest.mark.only(backend="postgresql")
async def test_what_a_failed_build_left_is_cleared_away(database: Run) -> None:
    state = await things()
    thing = state.apps.get_model("mt", "Thing")
    for _ in range(2):
        await thing.objects.acreate(name="same", size=1)
    unique = f'CREATE UNIQUE INDEX CONCURRENTLY "{INDEX.name}" ON mt_thing (name)'
    with psycopg.connect(database.url, autocommit=True) as session, pytest.raises(psycopg.errors.UniqueViolation):
        session.execute(unique)
    assert not Look(database).constraints("mt_thing")[INDEX.name].valid
    await applied(state, operations.AddIndexConcurrently("Thing", INDEX), atomic=False)
    assert Look(database).constraints("mt_thing")[INDEX.name].valid


async def test_a_constraint_holds_for_new_rows_and_is_validated_later(database: Run) -> None:
    state = await things()
    await state.apps.get_model("mt", "Thing").objects.acreate(name="old", size=5)
    state = await applied(state, operations.AddConstraintNotValid("Thing", SMALL))
    with pytest.raises(IntegrityError):
        await state.apps.get_model("mt", "Thing").objects.acreate(name="new", size=50)
    assert Look(database).constraints("mt_thing")[SMALL.name].valid == (database.backend == "sqlite")
    await applied(state, operations.ValidateConstraint("Thing", SMALL.name))
    assert Look(database).constraints("mt_thing")[SMALL.name].valid


@pytest.mark.only(backend="postgresql")
async def test_rows_that_break_it_are_seen_when_it_is_validated(database: Run) -> None:
    state = await things()
    await state.apps.get_model("mt", "Thing").objects.acreate(name="old", size=50)
    state = await applied(state, operations.AddConstraintNotValid("Thing", SMALL))
    with pytest.raises(IntegrityError):
        await applied(state, operations.ValidateConstraint("Thing", SMALL.name))


def test_only_a_check_can_wait() -> None:
    with pytest.raises(TypeError, match="must be a check constraint"):
        operations.AddConstraintNotValid("Thing", models.UniqueConstraint(fields=["name"], name="u"))


async def test_an_extension_comes_and_goes(database: Run) -> None:
    state = await applied(ProjectState(), operations.BloomExtension())
    if database.backend == "postgresql":
        assert Look(database).rows("SELECT 1 FROM pg_extension WHERE extname = 'bloom'") == [(1,)]
    async with orm.schema_editor() as editor:
        await operations.BloomExtension().adatabase_backwards("mt", editor, state, state)
    if database.backend == "postgresql":
        assert Look(database).rows("SELECT 1 FROM pg_extension WHERE extname = 'bloom'") == []


async def test_a_collation_comes_and_goes(database: Run) -> None:
    made = operations.CreateCollation("mt_plain", "und-u-ks-level2", provider="icu", deterministic=False)
    state = await applied(ProjectState(), made)
    if database.backend == "postgresql":
        assert Look(database).rows("SELECT collisdeterministic FROM pg_collation WHERE collname = 'mt_plain'") == [
            (False,)
        ]
    await applied(state, operations.RemoveCollation("mt_plain", "und-u-ks-level2", provider="icu", deterministic=False))
    if database.backend == "postgresql":
        assert Look(database).rows("SELECT 1 FROM pg_collation WHERE collname = 'mt_plain'") == []


@pytest.mark.parametrize(("locale", "provider"), [("x') --", "libc"), ("de", "libc, deterministic = false")])
def test_what_names_no_locale_or_provider_is_refused(locale: str, provider: str) -> None:
    with pytest.raises(ValueError, match="provider|locale"):
        operations.CreateCollation("mt_plain", locale, provider=provider)


def test_they_are_written_as_they_are_declared() -> None:
    made = operations.CreateCollation("mt_plain", "de", provider="icu")
    assert made.deconstruct() == ("CreateCollation", [], {"name": "mt_plain", "locale": "de", "provider": "icu"})
    assert operations.HStoreExtension().deconstruct()[0] == "HStoreExtension"
