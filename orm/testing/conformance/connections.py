"""The rules of ``orm.db.contract``, one case each."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest

from orm import errors
from orm.db.contract import Connection, WrittenAnswer
from orm.sql.parameters import written
from orm.testing.conformance.harness import Conformance, Room, awaitable_case, blocking_case, case

SLOW = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 200000000) SELECT COUNT(*) FROM n"
PROMPT = 3.0
"""Seconds within which an interrupted statement has ended."""

COLUMNS = "id integer NOT NULL PRIMARY KEY, name varchar(40) NOT NULL"


class ConnectionConformance(Conformance):
    """What every connection does, and what it leaves behind."""

    # -- statements -------------------------------------------------------------------------------------------------

    @case
    async def test_colour_is_declared(self, room: Room) -> None:
        connection = await room.connect()
        assert connection.awaitable is room.driver.awaitable
        assert connection.is_usable
        assert not connection.in_transaction

    @case
    async def test_fetch_returns_all_rows_by_position(self, room: Room) -> None:
        connection, table = await _people(room, 3)
        rows = await connection.fetch(*room.finish(f"SELECT id, name FROM {table} ORDER BY id"))
        assert [(row[0], row[1]) for row in rows] == [(1, "person 1"), (2, "person 2"), (3, "person 3")]
        assert len(rows[0]) == 2

    @case
    async def test_fetch_takes_parameters_in_order(self, room: Room) -> None:
        connection, table = await _people(room, 5)
        found = await room.fetch(connection, f"SELECT id FROM {table} WHERE name = %s OR id = %s", "person 2", 4)
        assert sorted(found) == [(2,), (4,)]

    @case
    async def test_fetch_without_matches_is_empty(self, room: Room) -> None:
        connection, table = await _people(room, 1)
        assert len(await connection.fetch(f"SELECT id FROM {table} WHERE id > 100")) == 0

    @case
    async def test_fetch_named_knows_the_columns(self, room: Room) -> None:
        connection, table = await _people(room, 1)
        names, rows = await connection.fetch_named(f"SELECT id AS number, name FROM {table}")
        assert list(names) == ["number", "name"]
        assert [tuple(row) for row in rows] == [(1, "person 1")]

    @case
    async def test_run_written_takes_a_programs_statement(self, room: Room) -> None:
        connection, table = await _people(room, 3)

        async def run(sql: str, params: Any, gives_rows: bool) -> WrittenAnswer:
            return await connection.run_written(written(room.dialect, sql, params, gives_rows))

        answer = await run(f"SELECT id, 100 %% %s AS rest FROM {table} WHERE id > %s ORDER BY id", [7, 1], True)
        assert (list(answer.names), [tuple(row) for row in answer.rows]) == (["id", "rest"], [(2, 2), (3, 2)])
        assert answer.affected == 2
        answer = await run(f"UPDATE {table} SET name = %(name)s WHERE id > 1", {"name": "it's \\ %s"}, False)
        assert (list(answer.names), list(answer.rows), answer.affected) == ([], [], 2)
        answer = await run(f"SELECT name FROM {table} WHERE id = 2 AND %s IS NULL", [None], True)
        assert [tuple(row) for row in answer.rows] == [("it's \\ %s",)]

    @case
    async def test_fetch_gives_what_insert_returns(self, room: Room) -> None:
        room.need("returning")
        connection, table = await _people(room, 0)
        sql = f"INSERT INTO {table} (id, name) VALUES (%s, %s), (%s, %s) RETURNING id, name"
        assert sorted(await room.fetch(connection, sql, 1, "a", 2, "b")) == [(1, "a"), (2, "b")]
        other = await room.connect()
        assert await room.fetch(other, f"SELECT COUNT(*) FROM {table}") == [(2,)], "the insert was not committed"

    @case
    async def test_execute_counts_affected_rows(self, room: Room) -> None:
        connection, table = await _people(room, 4)
        assert await room.execute(connection, f"UPDATE {table} SET name = %s WHERE id > %s", "x", 1) == 3
        assert await room.execute(connection, f"DELETE FROM {table} WHERE id = %s", 1) == 1
        assert await room.execute(connection, f"DELETE FROM {table} WHERE id = %s", 1) == 0

    @case
    async def test_percent_sign_is_no_parameter(self, room: Room) -> None:
        connection = await room.connect()
        assert await room.fetch(connection, "SELECT '100%%', CAST(%s AS varchar(9))", "%s %d") == [("100%", "%s %d")]

    @case
    async def test_execute_many_runs_once_for_each_row(self, room: Room) -> None:
        connection, table = await _people(room, 0)
        sql, _ = room.finish(f"INSERT INTO {table} (id, name) VALUES (%s, %s)", (None, None))
        count = await connection.execute_many(sql, ((number, f"n{number}") for number in range(50)))
        assert count in (50, -1)
        assert await room.fetch(connection, f"SELECT COUNT(*), MAX(id) FROM {table}") == [(50, 49)]
        assert not connection.in_transaction

    @case
    async def test_execute_many_is_all_or_nothing(self, room: Room) -> None:
        connection, table = await _people(room, 3)
        sql, _ = room.finish(f"INSERT INTO {table} (id, name) VALUES (%s, %s)", (None, None))
        with pytest.raises(errors.IntegrityError):
            await connection.execute_many(sql, [(10, "new"), (11, "new"), (1, "taken")])
        assert await room.fetch(connection, f"SELECT COUNT(*) FROM {table}") == [(3,)]
        assert not connection.in_transaction

    @case
    async def test_execute_script_runs_every_statement(self, room: Room) -> None:
        connection, table = await _people(room, 0)
        await connection.execute_script(
            f"INSERT INTO {table} (id, name) VALUES (1, 'a;b'); -- not; here\n"
            f"INSERT INTO {table} (id, name) VALUES (2, 'it''s');\n"
        )
        assert await room.fetch(connection, f"SELECT name FROM {table} ORDER BY id") == [("a;b",), ("it's",)]

    @case
    async def test_execute_script_leaves_an_open_transaction_open(self, room: Room) -> None:
        connection, table = await _people(room, 0)
        await connection.begin()
        await connection.execute_script(f"INSERT INTO {table} (id, name) VALUES (1, 'a');")
        assert connection.in_transaction
        await connection.rollback()
        assert await room.fetch(connection, f"SELECT COUNT(*) FROM {table}") == [(0,)]

    @case
    async def test_ping(self, room: Room) -> None:
        connection = await room.connect()
        await connection.ping()
        assert not connection.in_transaction

    # -- streams ----------------------------------------------------------------------------------------------------

    @case
    async def test_stream_yields_chunks(self, room: Room) -> None:
        connection, table = await _people(room, 25)
        sql, params = room.finish(f"SELECT id FROM {table} WHERE id > %s ORDER BY id", (0,))
        chunks = [[row[0] for row in rows] async for rows in connection.stream(sql, params, 10)]
        assert chunks == [list(range(1, 11)), list(range(11, 21)), list(range(21, 26))]
        assert not connection.in_transaction

    @case
    async def test_stream_of_nothing_yields_nothing(self, room: Room) -> None:
        connection, table = await _people(room, 0)
        assert [rows async for rows in connection.stream(f"SELECT id FROM {table}", (), 10)] == []

    @case
    async def test_closed_stream_frees_the_connection(self, room: Room) -> None:
        connection, table = await _people(room, 25)
        stream = connection.stream(f"SELECT id FROM {table}", (), 10)
        async for _ in stream:
            break
        await stream.aclose()
        assert not connection.in_transaction
        assert await room.execute(connection, f"DELETE FROM {table}") == 25

    @case
    async def test_stream_keeps_the_callers_transaction(self, room: Room) -> None:
        connection, table = await _people(room, 25)
        await connection.begin()
        await room.execute(connection, f"DELETE FROM {table} WHERE id > %s", 12)
        total = 0
        async for rows in connection.stream(f"SELECT id FROM {table}", (), 10):
            total += len(rows)
        assert total == 12
        assert connection.in_transaction
        await connection.rollback()
        assert await room.fetch(connection, f"SELECT COUNT(*) FROM {table}") == [(25,)]

    @case
    async def test_stream_of_wrong_sql(self, room: Room) -> None:
        connection = await room.connect()
        with pytest.raises(errors.ProgrammingError):
            async for _ in connection.stream("SELECT id FROM conformance_nowhere", (), 10):
                pass
        assert connection.is_usable
        assert not connection.in_transaction

    # -- transactions -----------------------------------------------------------------------------------------------

    @case
    async def test_committed_rows_are_seen_by_others_and_not_before(self, room: Room) -> None:
        connection, table = await _people(room, 1)
        other = await room.connect()
        await connection.begin()
        assert connection.in_transaction
        await room.execute(connection, f"INSERT INTO {table} (id, name) VALUES (%s, %s)", 2, "new")
        assert await room.fetch(other, f"SELECT COUNT(*) FROM {table}") == [(1,)]
        await connection.commit()
        assert not connection.in_transaction
        assert await room.fetch(other, f"SELECT COUNT(*) FROM {table}") == [(2,)]

    @case
    async def test_rolled_back_rows_are_gone(self, room: Room) -> None:
        connection, table = await _people(room, 1)
        await connection.begin()
        await room.execute(connection, f"DELETE FROM {table}")
        await connection.rollback()
        assert not connection.in_transaction
        assert await room.fetch(connection, f"SELECT COUNT(*) FROM {table}") == [(1,)]

    @case
    async def test_savepoints(self, room: Room) -> None:
        room.need("savepoints")
        connection, table = await _people(room, 0)
        create, release, undo = room.dialect.savepoint("s 1")
        insert = f"INSERT INTO {table} (id, name) VALUES (%s, 'x')"
        await connection.begin()
        await room.execute(connection, insert, 1)
        await connection.execute(create)
        await room.execute(connection, insert, 2)
        await connection.execute(undo)
        await connection.execute(release)
        await connection.execute(create)
        await room.execute(connection, insert, 3)
        await connection.execute(release)
        await connection.commit()
        assert await room.fetch(connection, f"SELECT id FROM {table} ORDER BY id") == [(1,), (3,)]

    @case
    async def test_read_only_transaction_refuses_writes(self, room: Room) -> None:
        connection, table = await _people(room, 2)
        await connection.begin(read_only=True)
        assert await room.fetch(connection, f"SELECT COUNT(*) FROM {table}") == [(2,)]
        with pytest.raises(errors.DatabaseError):
            await room.execute(connection, f"DELETE FROM {table}")
        await connection.rollback()
        assert await room.execute(connection, f"DELETE FROM {table}") == 2

    @case
    async def test_isolation_levels(self, room: Room) -> None:
        connection, table = await _people(room, 1)
        try:
            await connection.begin(isolation="serializable")
        except errors.NotSupportedError:
            pytest.skip("one level of isolation, which is not serializable")
        assert await room.fetch(connection, f"SELECT COUNT(*) FROM {table}") == [(1,)]
        await connection.commit()

    @case
    async def test_unknown_isolation_is_refused(self, room: Room) -> None:
        connection = await room.connect()
        with pytest.raises((errors.ProgrammingError, errors.NotSupportedError)):
            await connection.begin(isolation="read; DROP TABLE x")
        assert not connection.in_transaction

    # -- errors -----------------------------------------------------------------------------------------------------

    @case
    async def test_errors_are_translated(self, room: Room) -> None:
        connection, table = await _people(room, 1)
        wrong: list[tuple[str, type[errors.Error]]] = [
            (f"INSERT INTO {table} (id, name) VALUES (1, 'twice')", errors.IntegrityError),
            (f"INSERT INTO {table} (id, name) VALUES (2, NULL)", errors.IntegrityError),
            ("SELECT * FROM conformance_nowhere", errors.ProgrammingError),
            (f"SELECT nothing_of_the_kind FROM {table}", errors.ProgrammingError),
            ("SELEC 1", errors.ProgrammingError),
        ]
        for sql, expected in wrong:
            for call in (connection.fetch, connection.execute):
                with pytest.raises(expected) as caught:
                    await call(sql)
                assert caught.value.__cause__ is not None, "the driver's own exception is lost"
                assert str(caught.value)
        assert connection.is_usable
        assert not connection.in_transaction
        assert await room.fetch(connection, f"SELECT COUNT(*) FROM {table}") == [(1,)]

    @case
    async def test_error_in_a_transaction_leaves_it_to_be_rolled_back(self, room: Room) -> None:
        connection, table = await _people(room, 1)
        await connection.begin()
        await room.execute(connection, f"INSERT INTO {table} (id, name) VALUES (%s, 'x')", 2)
        with pytest.raises(errors.IntegrityError):
            await room.execute(connection, f"INSERT INTO {table} (id, name) VALUES (%s, 'x')", 1)
        if connection.in_transaction:  # some databases have ended it by themselves
            await connection.rollback()
        assert connection.is_usable
        assert await room.fetch(connection, f"SELECT COUNT(*) FROM {table}") == [(1,)]

    # -- the end ----------------------------------------------------------------------------------------------------

    @case
    async def test_closed_connection_refuses_work(self, room: Room) -> None:
        connection = await room.connect()
        await connection.close()
        await connection.close()
        assert not connection.is_usable
        assert not connection.in_transaction
        with pytest.raises(errors.Error):
            await connection.fetch("SELECT 1")

    @case
    async def test_closing_rolls_back(self, room: Room) -> None:
        connection, table = await _people(room, 1)
        await connection.begin()
        await room.execute(connection, f"DELETE FROM {table}")
        await connection.close()
        other = await room.connect()
        assert await room.fetch(other, f"SELECT COUNT(*) FROM {table}") == [(1,)]

    @case
    async def test_terminate_from_another_thread(self, room: Room) -> None:
        connection, table = await _people(room, 1)
        await connection.begin()
        await room.execute(connection, f"DELETE FROM {table}")
        thread = threading.Thread(target=connection.terminate)
        thread.start()
        thread.join(PROMPT)
        assert not thread.is_alive()
        assert not connection.is_usable
        connection.terminate()
        await connection.close()
        other = await room.connect()
        assert await room.fetch(other, f"SELECT COUNT(*) FROM {table}") == [(1,)]

    @blocking_case
    async def test_terminate_ends_a_running_statement(self, room: Room) -> None:
        connection = await room.connect()
        timer = threading.Timer(0.3, connection.terminate)
        timer.start()
        began = time.monotonic()
        with pytest.raises(errors.Error):
            await connection.fetch(SLOW)
        assert time.monotonic() - began < PROMPT
        assert not connection.is_usable
        timer.join()

    @awaitable_case
    async def test_cancelled_statement_leaves_the_connection_clean_or_unusable(self, room: Room) -> None:
        connection = await room.connect()
        began = time.monotonic()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(connection.fetch(SLOW), 0.3)
        assert time.monotonic() - began < PROMPT
        if connection.is_usable:
            assert not connection.in_transaction
            assert await room.fetch(connection, "SELECT 1") == [(1,)]

    @awaitable_case
    async def test_cancelled_write_in_a_transaction_can_be_rolled_back(self, room: Room) -> None:
        connection, table = await _people(room, 1)
        await connection.begin()
        await room.execute(connection, f"DELETE FROM {table}")
        with pytest.raises(asyncio.TimeoutError):
            slow = f"INSERT INTO {table} (id, name) SELECT 9, CAST(({SLOW}) AS varchar(40))"
            await asyncio.wait_for(connection.execute(slow), 0.3)
        if connection.is_usable:
            if connection.in_transaction:
                await connection.rollback()
            assert await room.fetch(connection, f"SELECT COUNT(*) FROM {table}") == [(1,)]

    @awaitable_case
    async def test_cancellation_at_any_moment(self, room: Room) -> None:
        """Begin, write and end a transaction, cancelled after any number of steps of the loop: never a torn state."""
        connection, table = await _people(room, 0)
        for steps in range(40):
            if not connection.is_usable:
                connection = await room.connect()
            task = asyncio.ensure_future(_one_transaction(room, connection, table, steps))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait({task})
            if connection.is_usable and connection.in_transaction:
                await connection.rollback()
        if connection.is_usable:
            assert await room.fetch(connection, "SELECT 1") == [(1,)]
            found = await room.fetch(connection, f"SELECT name, COUNT(*) FROM {table} GROUP BY name")
            assert all(count == 2 for _, count in found), "half a transaction was kept"

    @awaitable_case
    async def test_connections_work_side_by_side(self, room: Room) -> None:
        _, table = await _people(room, 20)
        connections = [await room.connect() for _ in range(4)]

        async def read(connection: Connection) -> int:
            total = 0
            for number in range(1, 21):
                found = await room.fetch(connection, f"SELECT id FROM {table} WHERE id = %s", number)
                total += found[0][0]
            return total

        assert await asyncio.gather(*map(read, connections)) == [210] * 4

    @blocking_case
    async def test_one_connection_may_move_between_threads(self, room: Room) -> None:
        connection, table = await _people(room, 3)
        found: list[Any] = []

        def elsewhere() -> None:
            coroutine = room.fetch(connection, f"SELECT COUNT(*) FROM {table}")
            try:
                coroutine.send(None)
            except StopIteration as done:
                found.append(done.value)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        assert found == [[(3,)]]


async def _people(room: Room, count: int) -> tuple[Connection, str]:
    connection = await room.connect()
    table = await room.table(connection, COLUMNS)
    for number in range(1, count + 1):
        await room.execute(connection, f"INSERT INTO {table} (id, name) VALUES (%s, %s)", number, f"person {number}")
    return connection, table


async def _one_transaction(room: Room, connection: Connection, table: str, number: int) -> None:
    await connection.begin()
    for half in (1, 2):
        sql = f"INSERT INTO {table} (id, name) VALUES (%s, %s)"
        await room.execute(connection, sql, 2 * number + half, f"n{number}")
    await connection.commit()
