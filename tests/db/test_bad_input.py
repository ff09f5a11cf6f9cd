"""What can't work says so before any SQL, on both databases and in both colours."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from typing import Any

import pytest

import orm
from orm.bridge import portal, run
from orm.db.database_blocking import Database
from orm.db.registry import databases
from orm.db.transactions.public import atomic, in_atomic_block, independent, on_commit, set_rollback
from orm.db.url import PoolOptions
from orm.errors import (
    ConnectionDoesNotExist,
    ImproperlyConfigured,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    SynchronousOnlyOperation,
    TransactionManagementError,
)
from orm.models import IntegerField, Model
from orm.testing import rolled_back
from tests.db.things import Unsent, aadd, aids, idle

SERIES = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 50) SELECT n FROM s"
LONG = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 60000000) SELECT count(*) FROM s"
WITHIN = 20
CLOSED = (InterfaceError, OperationalError)

pytestmark = [pytest.mark.only(backend="sqlite"), pytest.mark.only(backend="postgresql")]


class Item(Model):
    n = IntegerField()

    class Meta:
        app_label = "tests_bad_input"
        db_table = "things"


async def enters(block: Any) -> None:
    async with block:
        raise AssertionError("it was entered")


def enters_blocking(block: Any) -> None:
    with block:
        raise AssertionError("it was entered")


async def arun(function: Callable[..., Any], *args: Any, **options: Any) -> None:
    await orm.arun_in_transaction(function, *args, **options)


# -- statements --------------------------------------------------------------------------------------------------------


class Lost(Model):
    letters = IntegerField()

    class Meta:
        app_label = "tests_bad_input"
        db_table = "lost_things"


@pytest.mark.parametrize(
    ("sql", "advice"),
    [
        ("SELECT n FROM lost_things", r"orm\.create_tables\(\) makes"),
        ("SELECT letters FROM things", "`orm makemigrations`"),
        ("SELECT n FROM nobodys_things", None),
        ("SELECT nobodys_column FROM things", None),
    ],
)
def test_migrations_are_advised_for_what_models_declare_alone(db: Database, sql: str, advice: str | None) -> None:
    with db.connection() as connection, pytest.raises(ProgrammingError) as caught:
        connection.fetch(sql)
    if advice is None:
        assert "orm" not in str(caught.value)
    else:
        caught.match(advice)


def test_a_placeholder_of_raw_sql_is_none_of_a_connection(db: Database) -> None:
    with db.connection() as connection, pytest.raises(ProgrammingError) as caught:
        connection.fetch("SELECT n FROM things WHERE n = %s", [1])
    assert caught.value.__notes__ == [
        f"On a connection() the placeholders are the database's own: write {db.dialect.placeholder(1)} for %s."
    ]


# -- aliases -----------------------------------------------------------------------------------------------------------

NO_ALIASES = [
    ("nope", r"connection 'nope' doesn't exist.*Known: default, replica"),
    ("repilca", "Did you mean replica"),
    ("", "''"),
]
NO_NAMES = [(3, "connection 3 doesn't exist"), (b"default", "b'default'")]


@pytest.fixture
def two(db: Database, url: str) -> Database:
    orm.configure({"default": url, "replica": url})
    return databases["default"]


@pytest.mark.parametrize(("alias", "says"), [*NO_ALIASES, *NO_NAMES])
def test_an_alias_that_does_not_exist(two: Database, alias: Any, says: str) -> None:
    def nothing() -> None:
        raise AssertionError("it was called")

    async def anothing() -> None:
        raise AssertionError("it was called")

    blocking: list[Callable[[], Any]] = [
        lambda: enters_blocking(atomic(alias)),
        lambda: enters_blocking(atomic(using=alias)),
        lambda: enters_blocking(independent(alias)),
        atomic(using=alias)(nothing),
        atomic(using=alias, retry=2)(nothing),
        lambda: orm.run_in_transaction(nothing, using=alias),
        lambda: on_commit(nothing, using=alias),
        lambda: in_atomic_block(alias),
        lambda: set_rollback(True, using=alias),
        lambda: databases[alias],
    ]
    awaitable: list[Callable[[], Awaitable[Any]]] = [
        lambda: enters(atomic(alias)),
        lambda: enters(independent(alias)),
        atomic(using=alias)(anothing),
        lambda: arun(anothing, using=alias),
    ]
    for call in blocking:
        with Unsent(two, ConnectionDoesNotExist, says):
            call()
    for acall in awaitable:
        with Unsent(two, ConnectionDoesNotExist, says):
            asyncio.run(acall())  # type: ignore[arg-type]
    assert idle(two)


@pytest.mark.parametrize(("alias", "says"), NO_ALIASES[:2])
def test_a_query_on_an_alias_that_does_not_exist(two: Database, alias: str, says: str) -> None:
    for call in (
        lambda: Item.objects.using(alias).count(),
        lambda: Item.objects.using(alias).create(n=1),
        lambda: Item(n=1).save(using=alias),
        lambda: asyncio.run(Item(n=1).asave(using=alias)),
        lambda: orm.create_tables(Item, using=alias),
    ):
        with Unsent(two, ConnectionDoesNotExist, says):
            call()


# -- limits ------------------------------------------------------------------------------------------------------------

NO_POOLS = [
    ("max_size=0", "max_size is 0; a pool needs room"),
    ("max_size=-1", "max_size is -1"),
    ("max_size=nan", "max_size is a number"),
    ("max_size=2.5", "max_size is a number"),
    ("min_size=-1", "min_size is -1"),
    ("min_size=6&max_size=5", "min_size is 6"),
    ("max_connections=-1", "max_connections is -1"),
    ("acquire_timeout=0", "acquire_timeout is 0"),
    ("acquire_timeout=nan", "acquire_timeout is nan"),
    ("acquire_timeout=-3", "acquire_timeout is -3"),
    ("acquire_timeout=inf", "acquire_timeout is inf; it is 1000000 seconds at most"),
    ("max_lifetime=0", "max_lifetime is 0"),
    ("idle_timeout=-1", "idle_timeout is -1"),
    ("health_check_after=nan", "health_check_after is nan"),
]


def refused_at_first_use(db: Database, says: str) -> None:
    """Each way of using the default database says what is wrong with its configuration."""
    for call in (
        lambda: databases["default"],
        lambda: enters_blocking(atomic()),
        lambda: Item.objects.count(),
        lambda: asyncio.run(enters(atomic())),
        lambda: asyncio.run(Item(n=1).asave()),
    ):
        with Unsent(db, ImproperlyConfigured, says):
            call()


@pytest.mark.parametrize(("options", "says"), NO_POOLS)
def test_a_pool_that_can_not_serve(db: Database, url: str, options: str, says: str) -> None:
    orm.configure({"default": f"{url.partition('?')[0]}?{options}"})
    refused_at_first_use(db, says)
    orm.configure(slow_query_seconds=None)  # another setting is not kept from being changed
    orm.configure({"default": url})
    assert run(aids(databases["default"])) == []
    databases["default"].terminate()


@pytest.mark.parametrize("given", [{"max_size": 0}, {"max_size": True}, {"max_size": 2.5}, {"acquire_timeout": "soon"}])
def test_a_pool_in_djangos_form(db: Database, given: dict[str, Any]) -> None:
    orm.configure({"default": {"ENGINE": "sqlite", "NAME": "x.db", "OPTIONS": given}})
    refused_at_first_use(db, next(iter(given)))
    with pytest.raises(ImproperlyConfigured, match="max_size is 0"):
        PoolOptions(max_size=0)


@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf, "1", True])
def test_limits_of_time(db: Database, value: Any) -> None:
    for name in ("statement_timeout", "lock_timeout"):
        with Unsent(db, (TypeError, ValueError), name):  # type: ignore[arg-type]
            atomic(**{name: value})
    with Unsent(db, (TypeError, ValueError), "timeout"):  # type: ignore[arg-type]
        Item.objects.timeout(value)


@pytest.mark.parametrize("value", [-1, True, 1.5, "3", None, math.nan])
def test_numbers_of_runs(db: Database, value: Any) -> None:
    with Unsent(db, (TypeError, ValueError), "retry is how many"):  # type: ignore[arg-type]
        atomic(retry=value)
    with Unsent(db, (TypeError, ValueError), "retry is how many"):  # type: ignore[arg-type]
        orm.run_in_transaction(lambda: None, retry=value)
    with Unsent(db, (TypeError, ValueError), "retry is how many"):  # type: ignore[arg-type]
        asyncio.run(orm.arun_in_transaction(lambda: None, retry=value))


@pytest.mark.parametrize("value", [0, -1, True, 1.5, "2", None])
def test_numbers_of_rows(db: Database, value: Any) -> None:
    async def astream() -> None:
        async with db.connection() as connection:
            with Unsent(db, (TypeError, ValueError), "chunk_size"):  # type: ignore[arg-type]
                async for _ in connection.astream(SERIES, chunk_size=value):
                    raise AssertionError

    asyncio.run(astream())
    with db.connection() as connection, Unsent(db, (TypeError, ValueError), "chunk_size"):  # type: ignore[arg-type]
        list(connection.stream(SERIES, chunk_size=value))
    assert idle(db)


# -- options of a block ------------------------------------------------------------------------------------------------


def test_an_isolation_that_does_not_exist(db: Database) -> None:
    with Unsent(db, TypeError, "isolation is the SQL name"):
        atomic(isolation=3)  # type: ignore[call-overload]
    with orm.capture_queries() as queries:
        with pytest.raises(ProgrammingError, match=r"unknown isolation level 'nope'; known: .*serializable"):
            enters_blocking(atomic(isolation="nope"))
        with pytest.raises(ProgrammingError, match="unknown isolation level 'nope'"):
            asyncio.run(enters(atomic(isolation="nope")))
        with pytest.raises(ProgrammingError, match="unknown isolation level 'nope'"), db.connection():
            enters_blocking(atomic(isolation="nope"))
    assert queries == []
    assert idle(db)


NESTED = [
    ({"isolation": "serializable"}, "outermost"),
    ({"read_only": True}, "outermost"),
    ({"lock_timeout": 1.0}, "outermost"),
    ({"durable": True}, "durable"),
    ({"durable": True, "savepoint": False}, "durable"),
]


@pytest.mark.parametrize("outer", [{}, {"durable": True}, {"read_only": True}, {"isolation": "serializable"}])
@pytest.mark.parametrize(("inner", "says"), NESTED)
def test_what_only_the_outermost_block_can_say(
    db: Database, outer: dict[str, Any], inner: dict[str, Any], says: str
) -> None:
    def nothing() -> None:
        raise AssertionError("it was called")

    async def anothing() -> None:
        raise AssertionError("it was called")

    def refusals() -> Iterator[Callable[[], Any]]:
        yield lambda: enters_blocking(atomic(**inner))
        yield atomic(**inner)(nothing)
        yield lambda: orm.run_in_transaction(
            nothing, **{k: v for k, v in inner.items() if k in ("durable", "isolation")}
        )

    async def arefusals() -> None:
        for call in (lambda: enters(atomic(**inner)), atomic(**inner)(anothing)):
            with Unsent(db, TransactionManagementError, says):
                await call()
            async with atomic():  # however deep
                with Unsent(db, TransactionManagementError, says):
                    await call()

    with atomic(**outer):
        for call in list(refusals())[: 3 if set(inner) & {"isolation"} or inner == {"durable": True} else 2]:
            with Unsent(db, TransactionManagementError, says):
                call()
            with atomic(), Unsent(db, TransactionManagementError, says):
                call()
        asyncio.run(arefusals())
        run(aids(db))

    async def awaitable() -> None:
        async with atomic(**outer):
            await arefusals()
            await asyncio.create_task(arefusals())
            await asyncio.to_thread(check_in_thread)
            await aids(db)

    def check_in_thread() -> None:
        with Unsent(db, TransactionManagementError, says):
            enters_blocking(atomic(**inner))

    asyncio.run(awaitable())
    assert idle(db)


def test_where_durable_is_at_home(db: Database) -> None:
    @atomic(durable=True)
    def inner(id: int) -> None:
        run(aadd(db, id))

    @atomic(durable=True)
    async def ainner(id: int) -> None:
        await aadd(db, id)

    async def awaitable() -> None:
        async with db.connection(), atomic(durable=True):
            await aadd(db, 3)
        async with atomic(read_only=True):
            await aids(db)
            async with independent():
                await ainner(4)

    inner(1)
    with db.connection(), atomic(durable=True), atomic():
        run(aadd(db, 2))
    asyncio.run(awaitable())
    assert run(aids(db)) == [1, 2, 3, 4]
    with rolled_back():
        inner(5)
        asyncio.run(ainner(6))
        with atomic(durable=True):
            run(aadd(db, 7))
            with Unsent(db, TransactionManagementError, "durable"):
                inner(8)
        assert run(aids(db)) == [1, 2, 3, 4, 5, 6, 7]
    assert run(aids(db)) == [1, 2, 3, 4]
    assert idle(db)


def test_retry_under_with(db: Database) -> None:
    for outer in (ExitStack, atomic):
        with outer():
            with Unsent(db, TypeError, "only a function can be run again"):
                enters_blocking(atomic(retry=3))
            with Unsent(db, TypeError, "only a function can be run again"):
                asyncio.run(enters(atomic(retry=3)))


@pytest.mark.parametrize("colour", ["awaitable", "blocking"])
def test_a_write_in_a_block_that_only_reads(db: Database, colour: str) -> None:
    async def awaitable(nested: bool) -> None:
        async with atomic(read_only=True):
            await aids(db)
            if nested:
                async with atomic():
                    await aadd(db, 1)
            await aadd(db, 1)

    def blocking(nested: bool) -> None:
        with atomic(read_only=True):
            run(aids(db))
            if nested:
                with atomic():
                    run(aadd(db, 1))
            run(aadd(db, 1))

    for nested in (False, True):
        with pytest.raises(OperationalError, match=r"read-?only"):
            if colour == "awaitable":
                asyncio.run(awaitable(nested))
            else:
                blocking(nested)
    run(aadd(db, 2))
    assert run(aids(db)) == [2], "the connection may write again"


@pytest.mark.parametrize("wrong", [3, None, "print", object()])
def test_what_is_no_function(db: Database, wrong: Any) -> None:
    with Unsent(db, TypeError, "must be a callable"):
        on_commit(wrong)
    with Unsent(db, TypeError, "takes a function"):
        orm.run_in_transaction(wrong)
    with Unsent(db, TypeError, "takes a function"):
        asyncio.run(orm.arun_in_transaction(wrong))
    with atomic(), Unsent(db, TypeError, "must be a callable"):
        on_commit(wrong)


def test_a_coroutine_is_no_function(db: Database) -> None:
    async def hook() -> None:
        raise AssertionError

    made = hook()
    with Unsent(db, TypeError, "must be a callable"):
        on_commit(made)  # type: ignore[arg-type]
    made.close()
    with Unsent(db, TypeError, "can't decorate the generator"):

        @atomic
        async def generator() -> Any:
            yield 1


# -- entering ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [atomic, "connection", independent])
def test_entered_twice(db: Database, make: Any) -> None:
    block = db.connection() if make == "connection" else make()

    async def twice() -> None:
        async with block:
            with Unsent(db, TransactionManagementError, "open already"):
                await enters(block)
        async with block:
            pass  # one after the other is fine

    for _ in range(2):
        with block:
            with Unsent(db, TransactionManagementError, "open already"):
                enters_blocking(block)
            with Unsent(db, TransactionManagementError, "open already"):
                asyncio.run(enters(block))
        asyncio.run(twice())
    with Unsent(db, TransactionManagementError, "not open"):
        block.__exit__(None, None, None)
    assert idle(db)


@pytest.mark.parametrize("make", [atomic, "connection"])
@pytest.mark.asyncio
async def test_shared_by_two_tasks(db: Database, make: Any) -> None:
    """The second is refused although the first is still waiting for BEGIN."""
    block = db.connection() if make == "connection" else make()

    async def uses(id: int) -> None:
        async with block:
            await aadd(db, id)
            await asyncio.sleep(0.01)

    first, second = await asyncio.gather(uses(1), uses(2), return_exceptions=True)
    assert first is None
    assert isinstance(second, TransactionManagementError) and "open already" in str(second)
    assert await aids(db) == [1]
    assert idle(db)


@pytest.mark.asyncio
async def test_a_block_that_could_not_be_entered_may_be_tried_again(db: Database) -> None:
    object.__setattr__(db.url.pool, "acquire_timeout", 0.05)
    blocks = [db.connection() for _ in range(db.url.pool.max_size)]
    async with AsyncExitStack() as stack:
        tasks = [asyncio.create_task(held(block, stack)) for block in blocks]
        await asyncio.gather(*tasks)
        one = atomic()
        with pytest.raises(OperationalError, match="No connection"):
            await enters(one)
    async with one:
        await aadd(db, 1)
    assert await aids(db) == [1]
    assert idle(db)


async def held(block: Any, stack: AsyncExitStack) -> None:
    await stack.enter_async_context(block)


@pytest.mark.asyncio
async def test_with_on_a_running_loop(db: Database) -> None:
    for block in (atomic(), db.connection()):
        with Unsent(db, SynchronousOnlyOperation, "async with"):
            enters_blocking(block)
        async with block:  # the refusal left nothing behind
            pass
    async with atomic():
        with Unsent(db, SynchronousOnlyOperation, "async with"):
            enters_blocking(atomic())
    assert idle(db)


def test_async_with_where_no_loop_runs(db: Database) -> None:
    """Driven by hand it is blocking code; a coroutine that really waits is found out, and its block rolled back."""

    async def works() -> None:
        async with atomic():
            await aadd(db, 1)

    async def waits() -> None:
        async with atomic():
            await aadd(db, 2)
            await asyncio.sleep(0)

    run(works())
    with pytest.raises(orm.errors.BridgeError, match="suspended"):
        run(waits())
    portal.run(works_on(db, 3))
    assert run(aids(db)) == [1, 3]
    assert not in_atomic_block()
    assert idle(db)


async def works_on(db: Database, id: int) -> None:
    async with atomic():
        await aadd(db, id)
        await asyncio.sleep(0)
