"""What programs ask ``django.db.connection`` besides cursors: savepoints, tables, types, and what expressions ask."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import orm
from orm import models
from orm.compat.django.connection import LegacyConnection
from orm.compat.django.connections import connection, connections
from orm.db.transactions.public import atomic
from orm.errors import DatabaseError, TransactionManagementError


class Parcel(models.Model):
    name = models.CharField(max_length=20)

    class Meta:
        app_label = "compat_connection"


class Slip(models.Model):
    parcel = models.ForeignKey(Parcel, models.CASCADE)

    class Meta:
        app_label = "compat_connection"


@pytest.fixture(params=["sqlite", "postgresql"], autouse=True)
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    url = request.getfixturevalue("postgresql_url") if request.param == "postgresql" else f"sqlite:///{tmp_path}/a.db"
    orm.configure(url, same_everywhere=False)  # text is matched as Django does it
    orm.create_tables(Parcel, Slip)
    yield request.param
    orm.drop_tables(Slip, Parcel)
    orm.configure(url)


def names() -> list[str]:
    return list(Parcel.objects.order_by("pk").values_list("name", flat=True))


def test_savepoints_undo_and_keep() -> None:
    with atomic():
        undone = connection.savepoint()
        Parcel.objects.create(name="a")
        connection.savepoint_rollback(undone)
        kept = connection.savepoint()
        Parcel.objects.create(name="b")
        connection.savepoint_commit(kept)
    assert names() == ["b"]
    assert connection.savepoint() is None


def test_what_may_not_be_in_a_block_is_refused_there() -> None:
    connection.validate_no_atomic_block()
    with (
        atomic(),
        pytest.raises(TransactionManagementError, match="This is forbidden when an 'atomic' block is active"),
    ):
        connection.validate_no_atomic_block()


def test_a_block_that_will_be_rolled_back_is_broken() -> None:
    with atomic():
        connection.validate_no_broken_transaction()
        connection.set_rollback(True)
        with pytest.raises(TransactionManagementError, match="An error occurred in the current transaction"):
            connection.validate_no_broken_transaction()


def test_a_temporary_connection_is_a_cursor() -> None:
    with connection.temporary_connection() as cursor:
        assert cursor.execute("SELECT 1").fetchone() == (1,)


def test_the_key_of_an_inserted_row(backend: str) -> None:
    with connection.cursor() as cursor:
        if backend == "postgresql":
            assert not hasattr(cursor, "lastrowid")
            return
        assert cursor.lastrowid is None
        cursor.execute("INSERT INTO compat_connection_parcel (name) VALUES (%s)", ["a"])
        assert cursor.lastrowid == Parcel.objects.get().pk
        cursor.execute("UPDATE compat_connection_parcel SET name = 'b'")
        assert cursor.lastrowid == Parcel.objects.get().pk


def test_wrappers_are_told_of_connection_and_cursor() -> None:
    told: dict[str, Any] = {}

    def hear(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        told.update(context)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(hear):
        names()
    assert told["connection"] is connection
    assert told["cursor"].db is connection


def test_sequences_of_all_models(backend: str) -> None:
    found = {
        one["table"]: one for one in connection.introspection.sequence_list() if "compat_connection" in one["table"]
    }
    assert {table: one["column"] for table, one in found.items()} == {
        "compat_connection_parcel": "id",
        "compat_connection_slip": "id",
    }
    if backend == "postgresql":
        assert found["compat_connection_slip"]["name"] == "compat_connection_slip_id_seq"


def test_a_missing_table_is_the_databases_own_error() -> None:
    with pytest.raises(DatabaseError, match="nowhere"):
        connection.introspection.get_table_description(None, "nowhere")


def test_keys_go_on_after_those_given(backend: str) -> None:
    Parcel.objects.create(pk=50, name="a")
    with connection.cursor() as cursor:
        for sql in connection.ops.sequence_reset_sql(None, [Parcel]):
            cursor.execute(sql)
    assert Parcel.objects.create(name="b").pk == 51


def test_tables_are_emptied_with_what_refers_to_them() -> None:
    Slip.objects.create(parcel=Parcel.objects.create(name="a"))
    statements = connection.ops.sql_flush(None, ["compat_connection_parcel"], reset_sequences=True, allow_cascade=True)
    connection.ops.execute_sql_flush(statements)
    assert (Slip.objects.count(), names()) == (0, [])
    assert Parcel.objects.create(name="b").pk == 1


def test_types_of_columns(backend: str) -> None:
    types = connection.data_types
    assert types["CharField"] % {"max_length": 9} == "varchar(9)"
    assert types["GenericIPAddressField"] == ("inet" if backend == "postgresql" else "char(39)")
    assert types["UUIDField"] == ("uuid" if backend == "postgresql" else "char(32)")


class Begins(models.Lookup):
    """A lookup of a program that spells its SQL with what the connection tells."""

    lookup_name = "begins"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        lhs, params = self.process_lhs(compiler, connection)
        rhs, further = self.process_rhs(compiler, connection)
        lhs = connection.ops.lookup_cast("startswith", self.lhs.output_field.get_internal_type()) % lhs
        return f"{lhs} {connection.operators['startswith'] % rhs}", [*params, *further]


class Month(models.Func):
    """A moment's month, spelt so."""

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        sql, params = compiler.compile(self.source_expressions[0])
        return connection.ops.datetime_trunc_sql("month", sql, tuple(params), "UTC")


def test_lookups_spell_themselves_with_the_connections_words() -> None:
    Parcel.objects.create(name="abc")
    models.CharField.register_lookup(Begins)
    try:
        assert Parcel.objects.filter(name__begins="ab%").count() == 1
    finally:
        models.CharField._unregister_lookup(Begins)


def test_moments_are_cut_by_the_connections_words() -> None:
    Parcel.objects.create(name="abc")
    moment = models.Value(datetime.datetime(2024, 5, 6, tzinfo=datetime.UTC), output_field=models.DateTimeField())
    cut = Month(moment, output_field=models.DateTimeField())
    found = Parcel.objects.annotate(cut=cut).values_list("cut", flat=True).get()
    assert found == datetime.datetime(2024, 5, 1, tzinfo=datetime.UTC)


def test_values_as_they_are_bound() -> None:
    ops = connection.ops
    assert ops.adapt_datefield_value(datetime.date(2024, 1, 2)) == datetime.date(2024, 1, 2)
    assert ops.adapt_timefield_value(datetime.time(1, 2)) == datetime.time(1, 2)
    assert ops.adapt_decimalfield_value(Decimal("1.5"), 5, 2) == Decimal("1.50")
    assert ops.adapt_ipaddressfield_value("") is None


def test_a_script_is_split() -> None:
    assert connection.ops.prepare_sql_script("SELECT 1; -- one\nSELECT ';';") == ["SELECT 1;", "SELECT ';';"]


def test_threads_may_share_a_connection_whether_a_program_says_so_or_not() -> None:
    connection.inc_thread_sharing()
    connection.inc_thread_sharing()
    assert connection.allow_thread_sharing
    connection.dec_thread_sharing()
    connection.dec_thread_sharing()
    assert not connection.allow_thread_sharing
    with pytest.raises(RuntimeError, match="Cannot decrement the thread sharing count below zero"):
        connection.dec_thread_sharing()
    connection.validate_thread_sharing()


def test_each_thread_has_objects_of_its_own_for_the_same_databases() -> None:
    there: list[Any] = []
    thread = threading.Thread(target=lambda: there.append(connections["default"]))
    thread.start()
    thread.join()
    assert there[0] is not connections["default"]
    assert there[0].database is connections["default"].database
    assert connections["default"] is connection


def test_the_servers_version_is_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[object] = []
    fresh = LegacyConnection("default")
    monkeypatch.setattr(fresh, "check_database_version_supported", lambda: checked.append(1))
    fresh.init_connection_state()
    fresh.init_connection_state()
    assert len(checked) == 1
