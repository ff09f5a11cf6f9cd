"""``set_autocommit(False)`` while the server is away: no statement commits by itself meanwhile."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest

import orm
from orm.compat.django import transaction
from orm.compat.django.connection import LegacyConnection
from orm.compat.django.connections import connection
from orm.errors import DatabaseError, OperationalError, TransactionManagementError
from tests.relay import Relay


class Server:
    """A server that can be away for a while: it is reached through a relay."""

    def __init__(self, url: str) -> None:
        self._direct = url
        parts = urlsplit(url)
        self._at = (parts.hostname or "127.0.0.1", parts.port or 5432)
        self._relay = Relay(*self._at)
        self.port = self._relay.port
        self.url = parts._replace(netloc=f"{parts.username}@127.0.0.1:{self.port}").geturl()

    def committed(self) -> list[int]:
        """Read on a session of the test's own, past the relay."""
        with psycopg.connect(self._direct) as own:
            return [row[0] for row in own.execute("SELECT n FROM manual ORDER BY n")]

    def go_away(self) -> None:
        """End all sessions and take no new ones."""
        self._relay.close()

    def come_back(self) -> None:
        """Take sessions again."""
        self._relay = Relay(*self._at, at=self.port)


@pytest.fixture
def server(postgresql_url: str) -> Iterator[Server]:
    server = Server(postgresql_url)
    orm.configure(server.url)
    execute(connection, "DROP TABLE IF EXISTS manual")
    execute(connection, "CREATE TABLE manual (n integer PRIMARY KEY)")
    yield server
    transaction.set_autocommit(True)
    orm.databases["default"].terminate()  # what is idle may be a session from before the server was away
    execute(connection, "DROP TABLE manual")
    orm.databases["default"].terminate()
    server.go_away()


@pytest.fixture(params=["its own", "a copy"])
def manual(request: pytest.FixtureRequest, server: Server) -> Iterator[LegacyConnection]:
    manual = connection if request.param == "its own" else connection.copy()
    manual.set_autocommit(False)
    yield manual
    manual.close()


def execute(manual: LegacyConnection, sql: str) -> None:
    with manual.cursor() as cursor:
        cursor.execute(sql)


def insert(manual: LegacyConnection, number: int) -> None:
    execute(manual, f"INSERT INTO manual VALUES ({number})")


def lose(server: Server, manual: LegacyConnection) -> None:
    """Have a commit fail, and the transaction after it too."""
    insert(manual, 1)
    server.go_away()
    with pytest.raises(OperationalError):
        manual.commit()
    server.come_back()


def test_a_statement_is_refused_while_no_transaction_could_be_begun(server: Server, manual: LegacyConnection) -> None:
    lose(server, manual)
    with pytest.raises(TransactionManagementError, match=r"Autocommit is off .* would commit by itself") as caught:
        insert(manual, 2)
    assert isinstance(caught.value.__cause__, OperationalError)
    assert (manual.get_autocommit(), server.committed()) == (False, [])


def test_a_block_is_refused_too(server: Server) -> None:
    transaction.set_autocommit(False)
    lose(server, connection)
    with pytest.raises(TransactionManagementError, match="Autocommit is off"), transaction.atomic():
        pass
    assert not connection.in_atomic_block


def test_so_is_a_thread_that_shares_the_transactions(server: Server) -> None:
    transaction.set_autocommit(False)
    lose(server, connection)
    raised: list[BaseException] = []

    def write() -> None:
        try:
            insert(connection, 2)
        except DatabaseError as error:
            raised.append(error)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(write,))
    thread.start()
    thread.join()
    assert [type(error) for error in raised] == [TransactionManagementError]
    assert server.committed() == []


@pytest.mark.parametrize("again", ["commit", "rollback"])
def test_commit_and_rollback_begin_the_next_one(server: Server, manual: LegacyConnection, again: str) -> None:
    lose(server, manual)
    getattr(manual, again)()
    insert(manual, 2)
    assert server.committed() == []
    manual.commit()
    insert(manual, 3)
    manual.rollback()
    assert server.committed() == [2]


def test_commit_tells_for_as_long_as_the_server_is_away(server: Server, manual: LegacyConnection) -> None:
    server.go_away()
    for _ in range(3):
        with pytest.raises(OperationalError):
            manual.commit()
    server.come_back()
    manual.commit()
    insert(manual, 1)
    manual.rollback()
    assert server.committed() == []


def test_turning_autocommit_on_goes_on_without_transactions(server: Server, manual: LegacyConnection) -> None:
    lose(server, manual)
    manual.set_autocommit(True)
    insert(manual, 2)
    assert (manual.get_autocommit(), server.committed()) == (True, [2])


def test_autocommit_stays_on_where_the_first_transaction_could_not_be_begun(server: Server) -> None:
    server.go_away()
    with pytest.raises(OperationalError):
        transaction.set_autocommit(False)
    server.come_back()
    assert transaction.get_autocommit()
    insert(connection, 1)
    assert server.committed() == [1]
