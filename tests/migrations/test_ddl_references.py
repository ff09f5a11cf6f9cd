"""Statements that know what they speak of: texts of their parts, renames, and what a schema editor makes of them."""

from __future__ import annotations

import pytest

import orm
from orm import models
from orm.compat.django.ddl_references import (
    Columns,
    ForeignKeyName,
    IndexColumns,
    IndexName,
    Reference,
    Statement,
    Table,
    TableColumns,
)
from tests.conftest import Run
from tests.migrations.looking import Look
from tests.migrations.things import model


def quote(name: str) -> str:
    return f'"{name}"'


def name_of(table: str, columns: list[str], suffix: str) -> str:
    return "_".join([table, *columns, suffix])


def test_columns_have_what_stands_behind_them() -> None:
    assert str(Columns("t", ["a", "b"], quote, ("", "DESC"))) == '"a", "b" DESC'
    assert str(IndexColumns("t", ["a", "b"], quote, ("DESC",), ("text_ops", ""))) == '"a" text_ops DESC, "b"'


def test_a_name_follows_its_table_and_columns() -> None:
    name = IndexName("t", ["a"], "idx", name_of)
    name.rename_table_references("t", "u")
    name.rename_column_references("u", "a", "b")
    assert (str(name), repr(name)) == ("u_b_idx", "<IndexName 'u_b_idx'>")


def test_the_name_of_a_foreign_key_speaks_of_both_tables() -> None:
    name = ForeignKeyName("t", ["a"], "u", ["b"], "_fk_%(to_table)s_%(to_column)s", name_of)
    name.rename_table_references("u", "v")
    name.rename_column_references("v", "b", "c")
    assert str(name) == "t_a__fk_v_c"
    assert (name.references_table("v"), name.references_column("v", "c"), name.references_table("u")) == (
        True, True, False,
    )  # fmt: skip


def test_a_statement_asks_its_parts() -> None:
    statement = Statement("CREATE INDEX %(name)s ON %(table)s", name="i", table=Table("t", quote))
    assert str(statement) == 'CREATE INDEX i ON "t"'
    assert (statement.references_table("t"), statement.references_column("t", "a")) == (True, False)
    statement.rename_table_references("t", "u")
    statement.rename_column_references("u", "a", "b")
    assert (str(statement), statement.references_index("u", "i")) == ('CREATE INDEX i ON "u"', False)


@pytest.mark.parametrize("reference", [Reference(), TableColumns("t", ["a"])])
def test_what_has_no_text_says_so(reference: Reference) -> None:
    with pytest.raises(NotImplementedError, match="converted to string"):
        str(reference)


def waiting() -> Statement:
    parts = {"table": Table("mt_thing", quote), "columns": Columns("mt_thing", ["name"], quote)}
    return Statement("CREATE INDEX mt_waited ON %(table)s (%(columns)s)", **parts)


async def test_a_statement_that_waits_runs_before_its_table_is_renamed(database: Run) -> None:
    thing = model("Thing", name=models.CharField(max_length=9))
    async with orm.schema_editor() as editor:
        await editor.acreate_model(thing)
        editor.deferred_sql.append(waiting())  # type: ignore[arg-type]  # programs' own statements
        await editor.aalter_db_table(thing, "mt_thing", "mt_renamed")
    assert "mt_waited" in str(Look(database).indexes("mt_renamed"))


async def test_a_statement_that_waits_goes_with_its_table(database: Run) -> None:
    thing = model("Thing", name=models.CharField(max_length=9))
    async with orm.schema_editor() as editor:
        await editor.acreate_model(thing)
        editor.deferred_sql.append(waiting())  # type: ignore[arg-type]  # programs' own statements
        await editor.adelete_model(thing)
    assert not Look(database).columns("mt_thing")
