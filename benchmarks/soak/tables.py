"""The soak's models, and what PostgreSQL has to do so that COMMIT is hit and not only statements.

The number of a write is the key of the row it leaves: see ``ledger``.
"""

from __future__ import annotations

from typing import Any, Final

import orm
from orm import models
from orm.bridge import run

ACCOUNTS: Final = 60
MONEY: Final = 1_000
"""What each account begins with. Transfers move it, so the sum never changes."""


class Account(models.Model):
    owner = models.CharField(max_length=40)
    balance = models.BigIntegerField()


class Transfer(models.Model):
    id = models.BigIntegerField(primary_key=True)
    source = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="outgoing")
    target = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="incoming")
    amount = models.IntegerField()


class Note(models.Model):
    """A row that may be changed and deleted later; those of a ``batch`` of so many came together and stay."""

    id = models.BigIntegerField(primary_key=True)
    author = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="notes")
    text = models.CharField(max_length=100)
    batch = models.BigIntegerField(default=0)
    size = models.IntegerField(default=0)
    changes = models.IntegerField(default=0)
    changed_by = models.BigIntegerField(default=0)


class Mark(models.Model):
    """What a transaction leaves whose effect is on another row: that it changed, or deleted, a note."""

    id = models.BigIntegerField(primary_key=True)
    kind = models.CharField(max_length=10)
    note = models.BigIntegerField(default=0)
    slow = models.BooleanField(default=False)


SERVER_OPTIONS: Final = (
    "-c synchronous_standby_names=nobody -c synchronous_commit=local -c deadlock_timeout=300ms -c max_connections=60"
    " -c full_page_writes=on"
)
"""Nobody ever answers as that standby: a transaction that asks for it (``LONE_COMMIT``) is committed, and not
acknowledged until its session is ended or its wait is. Without full pages in its log, PostgreSQL may lose rows when it
is killed while it writes a page: the kernel gives up such a write half way."""

LONE_COMMIT: Final = "SET LOCAL synchronous_commit = remote_write"

SLOW_COMMIT: Final = """
CREATE FUNCTION soak_dawdle() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_sleep(0.002 + random() * 0.008); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER soak_dawdle AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (new.slow) EXECUTE FUNCTION soak_dawdle();
"""
"""COMMIT takes some milliseconds after a slow mark, so that cuts and cancellations come in the middle of it."""


def table(model: type[Any]) -> str:
    """The name of a model's table."""
    name: str = model._meta.db_table
    return name


def make_tables() -> None:
    """Create the tables and the accounts in the default database."""
    orm.create_tables(Account, Transfer, Note, Mark)
    run(orm.databases["default"].execute_script(SLOW_COMMIT.format(table=table(Mark))))
    Account.objects.bulk_create([Account(owner=f"owner {number}", balance=MONEY) for number in range(ACCOUNTS)])
