"""``connection_created``: receivers of either kind prepare a new connection before anybody gets it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import orm
from orm.errors import TransactionManagementError
from orm.models.signals import connection_created

SET = {"sqlite": "PRAGMA cache_size=-1234", "postgresql": "SET application_name = 'prepared'"}
ASK = {"sqlite": "PRAGMA cache_size", "postgresql": "SHOW application_name"}
PREPARED = {"sqlite": -1234, "postgresql": "prepared"}


@pytest.fixture(autouse=True)
def nobody_listens() -> Iterator[None]:
    yield
    connection_created.receivers = []


async def asked() -> Any:
    """What a connection that is opened now says."""
    database = orm.databases["default"]
    await database.aclose()
    async with database.connection() as connection:
        found = (await connection.afetch(ASK[database.backend.name]))[0][0]
    await database.aclose()
    return found


async def test_a_plain_receiver_prepares_it(database: Any) -> None:
    def prepare(sender: Any, connection: Any, **named: Any) -> None:
        connection.execute(SET[connection.vendor])

    connection_created.connect(prepare)
    assert await asked() == PREPARED[database.backend]
    connection_created.disconnect(prepare)
    assert await asked() != PREPARED[database.backend]


async def test_an_async_receiver_prepares_it(database: Any) -> None:
    told: list[Any] = []

    class Receiver:
        async def __call__(self, sender: Any, connection: Any, **named: Any) -> None:
            await connection.aexecute_script(SET[connection.vendor])
            told.append((connection.alias, (await connection.afetch(ASK[connection.vendor]))[0][0]))

    receiver = Receiver()
    connection_created.connect(receiver)
    assert await asked() == PREPARED[database.backend]
    assert told == [("default", PREPARED[database.backend])]


async def test_a_receiver_may_not_leave_a_transaction_open(database: Any) -> None:
    def begins(sender: Any, connection: Any, **named: Any) -> None:
        connection.execute("BEGIN")

    connection_created.connect(begins)
    with pytest.raises(TransactionManagementError, match="left a transaction open"):
        await asked()
    connection_created.receivers = []
    assert await asked() is not None


async def test_what_a_receiver_asks_on_another_connection_is_told_to_nobody(database: Any) -> None:
    told: list[str] = []

    def asks(sender: Any, connection: Any, **named: Any) -> None:
        told.append(connection.alias)
        if len(told) < 5:
            with orm.databases["default"].connection() as other:
                other.execute(SET[connection.vendor])

    connection_created.connect(asks)
    await asked()
    assert told == ["default"]
