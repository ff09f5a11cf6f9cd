"""``transaction.set_autocommit(False)``: transactions that the program ends itself, as with Django."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import orm
from orm.compat.django import transaction
from orm.compat.django.connections import connection
from orm.errors import IntegrityError, TransactionManagementError


@pytest.fixture(params=["sqlite", "postgresql"], autouse=True)
def manual(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    url = request.getfixturevalue("postgresql_url") if request.param == "postgresql" else f"sqlite:///{tmp_path}/a.db"
    orm.configure(url)
    execute("DROP TABLE IF EXISTS manual")
    execute("CREATE TABLE manual (n integer PRIMARY KEY)")
    transaction.set_autocommit(False)
    yield request.param
    transaction.rollback()
    transaction.set_autocommit(True)
    execute("DROP TABLE manual")


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def insert(number: int) -> None:
    execute(f"INSERT INTO manual VALUES ({number})")


def numbers() -> list[int]:
    with connection.cursor() as cursor:
        return [row[0] for row in cursor.execute("SELECT n FROM manual ORDER BY n").fetchall()]


def elsewhere() -> list[int]:
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.extend(numbers()))
    thread.start()
    thread.join()
    return found


def test_nothing_is_kept_before_commit() -> None:
    insert(1)
    assert (numbers(), elsewhere()) == ([1], [])
    transaction.commit()
    assert elsewhere() == [1]


def test_rollback_undoes_what_came_since_the_last_commit() -> None:
    insert(1)
    transaction.commit()
    insert(2)
    transaction.rollback()
    assert numbers() == [1]


def test_turning_autocommit_on_commits() -> None:
    insert(1)
    transaction.set_autocommit(True)
    transaction.rollback()
    assert (numbers(), transaction.get_autocommit()) == ([1], True)


def test_other_threads_commit_by_themselves() -> None:
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(transaction.get_autocommit()))
    thread.start()
    thread.join()
    assert (found, transaction.get_autocommit()) == ([True], False)


def test_a_thread_that_ends_leaves_nothing_open() -> None:
    def leave_it_open() -> None:
        transaction.set_autocommit(False)
        insert(1)

    thread = threading.Thread(target=leave_it_open)
    thread.start()
    thread.join()
    insert(1)
    transaction.commit()
    assert numbers() == [1]


def test_close_rolls_back_and_turns_autocommit_on() -> None:
    insert(1)
    connection.close()
    assert transaction.get_autocommit()
    insert(2)
    transaction.rollback()
    assert elsewhere() == [2]


def test_a_thread_that_shares_the_transaction_does_not_close_it() -> None:
    insert(1)
    thread = threading.Thread(target=contextvars.copy_context().run, args=(connection.close,))
    thread.start()
    thread.join()
    assert (numbers(), transaction.get_autocommit()) == ([1], False)


def test_close_inside_a_block_leaves_the_transaction_to_it() -> None:
    with transaction.atomic():
        insert(1)
        connection.close()
    transaction.commit()
    assert elsewhere() == [1]


def test_a_block_is_a_savepoint() -> None:
    insert(1)
    with pytest.raises(IntegrityError), transaction.atomic():
        assert connection.in_atomic_block
        insert(2)
        insert(1)
    assert (numbers(), connection.in_atomic_block) == ([1], False)


def test_a_block_that_ended_well_is_undone_by_rollback() -> None:
    with transaction.atomic(durable=True):
        insert(1)
    transaction.rollback()
    assert numbers() == []


def test_a_failed_statement_dooms_what_the_database_dooms(manual: str) -> None:
    insert(1)
    with pytest.raises(IntegrityError):
        insert(1)
    if manual == "sqlite":
        assert numbers() == [1]
    transaction.rollback()
    assert numbers() == []


def test_a_savepoint_by_hand() -> None:
    insert(1)
    name = transaction.savepoint()
    insert(2)
    transaction.savepoint_rollback(name)
    transaction.commit()
    assert numbers() == [1]


@pytest.mark.parametrize("end", [transaction.commit, transaction.rollback, lambda: transaction.set_autocommit(True)])
def test_a_block_is_not_ended_from_inside(end: Any) -> None:
    with transaction.atomic(), pytest.raises(TransactionManagementError, match="forbidden when an 'atomic' block"):
        end()


def test_hooks_wait_for_the_commit_and_are_given_in_blocks_only() -> None:
    called: list[str] = []
    with pytest.raises(TransactionManagementError, match="manual transaction management"):
        transaction.on_commit(lambda: called.append("outside"))
    with transaction.atomic():
        transaction.on_commit(lambda: called.append("inside"))
    assert called == []
    transaction.commit()
    assert called == ["inside"]


def test_there_is_no_flag_for_rollback_outside_of_blocks() -> None:
    with pytest.raises(TransactionManagementError, match="rollback flag"):
        transaction.set_rollback(True)
    with pytest.raises(TransactionManagementError, match="rollback flag"):
        transaction.get_rollback()


def test_an_error_marks_the_block_around_for_rollback() -> None:
    with transaction.atomic():
        insert(1)
        with pytest.raises(LookupError), transaction.mark_for_rollback_on_error():
            raise LookupError
        assert transaction.get_rollback()
    assert numbers() == []


def test_views_are_marked_for_the_databases_they_need_no_transaction_on() -> None:
    @transaction.non_atomic_requests(using="other")
    @transaction.non_atomic_requests
    def view() -> None: ...

    assert vars(view)["_non_atomic_requests"] == {"default", "other"}
