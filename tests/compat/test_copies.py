"""``connection.copy()``: one more connection, whose transactions are its owner's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import orm
from orm.compat.django import transaction
from orm.compat.django.connection import CopiedConnection
from orm.compat.django.connections import connection
from orm.errors import TransactionManagementError


@pytest.fixture(params=["sqlite", "postgresql"])
def copied(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    url = request.getfixturevalue("postgresql_url") if request.param == "postgresql" else f"sqlite:///{tmp_path}/a.db"
    orm.configure(url)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS copied")
        cursor.execute("CREATE TABLE copied (n integer)")
    made = connection.copy()
    yield made
    made.close()
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE copied")


def count() -> Any:
    with connection.cursor() as cursor:
        return cursor.execute("SELECT COUNT(*) FROM copied").fetchone()[0]


def insert(copied: CopiedConnection) -> None:
    with copied.cursor() as cursor:
        cursor.execute("INSERT INTO copied VALUES (%s)", [1])


def test_its_statements_commit_by_themselves(copied: CopiedConnection) -> None:
    insert(copied)
    assert count() == 1


def test_without_autocommit_its_rows_are_there_from_the_commit_on(copied: CopiedConnection) -> None:
    copied.set_autocommit(False)
    insert(copied)
    assert count() == 0
    copied.commit()
    assert count() == 1


def test_a_rollback_undoes_what_was_not_committed(copied: CopiedConnection) -> None:
    copied.set_autocommit(False)
    insert(copied)
    copied.commit()
    insert(copied)
    copied.rollback()
    copied.set_autocommit(True)
    assert (count(), copied.autocommit) == (1, True)


def test_closing_it_undoes_what_is_open(copied: CopiedConnection) -> None:
    copied.set_autocommit(False)
    insert(copied)
    copied.close()
    assert (count(), copied.autocommit) == (0, True)


def test_it_takes_no_part_in_the_transactions_of_models(copied: CopiedConnection) -> None:
    with transaction.atomic():
        assert connection.in_atomic_block
        with copied.cursor() as cursor:
            assert cursor.execute("SELECT COUNT(*) FROM copied").fetchone() == (0,)
        assert copied.autocommit


def test_outside_of_blocks_everything_is_committed_already(copied: CopiedConnection) -> None:
    transaction.commit()
    transaction.rollback()
    with transaction.atomic():
        for refused in (transaction.commit, transaction.rollback):
            with pytest.raises(TransactionManagementError, match="forbidden when an 'atomic' block is active"):
                refused()
