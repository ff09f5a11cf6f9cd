"""Settings of one transaction: there in the block that sets them, and as they were around it once it is left."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from orm.bridge import run
from orm.db.database_blocking import Database
from orm.db.transactions.public import atomic
from orm.errors import DatabaseError, NotSupportedError
from tests.db.things import idle

HELD = "SELECT current_setting('app.tenant', true)"
HOSTILE = ["it's", "\\'; DROP TABLE things; --", "$1 %s", "né\n", ""]


async def aheld(db: Database) -> Any:
    """What the session holds as the tenant now; nothing and "" are one."""
    return (await db.fetch(HELD))[0][0] or None


def held(db: Database) -> Any:
    """The same in blocking code."""
    return run(db.fetch(HELD))[0][0] or None


@pytest.mark.asyncio
@pytest.mark.only(backend="postgresql")
async def test_they_end_with_the_transaction(db: Database) -> None:
    async with atomic(settings={"app.tenant": 5, "app.admin": True}):
        assert await aheld(db) == "5"
        assert (await db.fetch("SELECT current_setting('app.admin')"))[0][0] == "on"
        assert await asyncio.to_thread(held, db) == "5"
    assert await aheld(db) is None
    with pytest.raises(LookupError):
        async with atomic(settings={"app.tenant": 5}):
            raise LookupError
    assert await aheld(db) is None
    assert idle(db)


@pytest.mark.only(backend="postgresql")
def test_they_end_with_the_transaction_in_blocking_code(db: Database) -> None:
    @atomic(settings={"app.tenant": "a"})
    def inside() -> Any:
        return held(db)

    assert inside() == inside() == "a"
    assert held(db) is None
    assert idle(db)


@pytest.mark.only(backend="postgresql")
@pytest.mark.parametrize("savepoint", [True, False])
def test_a_nested_block_puts_back_what_was_around_it(db: Database, savepoint: bool) -> None:
    with atomic(settings={"app.tenant": 1}):
        with atomic(savepoint=savepoint, settings={"app.tenant": 2}):
            assert held(db) == "2"
        assert held(db) == "1"
    with atomic():
        with atomic(savepoint=savepoint, settings={"app.tenant": 2}):
            run(db.execute("INSERT INTO things VALUES (1, 1)"))
        assert held(db) is None
    assert run(db.fetch("SELECT count(*) FROM things"))[0][0] == 1


@pytest.mark.only(backend="postgresql")
def test_a_nested_block_that_fails_puts_it_back_too(db: Database) -> None:
    with atomic(settings={"app.tenant": 1}):
        with pytest.raises(LookupError), atomic(settings={"app.tenant": 2}):
            raise LookupError
        assert held(db) == "1"


@pytest.mark.only(backend="postgresql")
@pytest.mark.parametrize("value", HOSTILE)
def test_values_are_bound(db: Database, value: str) -> None:
    with atomic(settings={"app.tenant": value}):
        assert run(db.fetch(HELD))[0][0] == value


@pytest.mark.only(backend="postgresql")
def test_what_the_server_refuses_leaves_no_transaction(db: Database) -> None:
    with pytest.raises(DatabaseError, match="unrecognized configuration parameter"), atomic(settings={"tenant": 1}):
        pass
    with pytest.raises(DatabaseError, match="work_mem"), atomic(settings={"work_mem": "much"}):
        pass
    assert idle(db)


@pytest.mark.only(backend="postgresql")
def test_the_block_around_goes_on_after_a_refusal(db: Database) -> None:
    with atomic():
        with pytest.raises(DatabaseError), atomic(settings={"tenant": 1}):
            pass
        run(db.execute("INSERT INTO things VALUES (1, 1)"))
    assert run(db.fetch("SELECT count(*) FROM things"))[0][0] == 1
    assert idle(db)
    assert held(db) is None


@pytest.mark.parametrize(
    ("settings", "error", "text"),
    [
        ({"app.tenant'": 1}, ValueError, "is not the name of a setting"),
        ({"a; DROP": 1}, ValueError, "is not the name of a setting"),
        ({1: 1}, ValueError, "is not the name of a setting"),
        ({"app.tenant": None}, TypeError, "'app.tenant' is text, a number, True or False, not None"),
        ({"app.tenant": "a\0"}, ValueError, "can't hold a NUL character"),
        (["app.tenant"], TypeError, "settings are names and values"),
    ],
)
def test_what_is_refused(settings: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        atomic(settings=settings)


@pytest.mark.only(backend="sqlite")
def test_a_database_without_them_says_so(db: Database) -> None:
    with pytest.raises(NotSupportedError, match="SQLite's have none"), atomic(settings={"app.tenant": 1}):
        pass
    assert idle(db)
