"""Tables with columns that no field makes by itself: what is drafted agrees with the database, so it can be adopted."""

from __future__ import annotations

import ast
import decimal
import re
from typing import Any

import pytest

from orm import migrations, models, schema_editor
from orm.bridge import run as driven
from orm.db.registry import databases
from orm.errors import IntegrityError, SuspiciousOperation
from orm.migrations.drift import differences_of
from orm.migrations.inspected_columns import can_be_said
from orm.migrations.inspected_source import source
from orm.migrations.inspecting import FieldDraft, TableDraft
from orm.migrations.inspecting_blocking import inspect
from orm.migrations.state import ModelState, ProjectState
from orm.migrations.writer import MigrationWriter
from orm.models.base_blocking import Model
from tests.migrations.test_inspecting import models_of, quoted, run

KEY = "id integer PRIMARY KEY"
OWN_TYPES = {
    "sqlite": [
        "TINYINT", "NVARCHAR(20)", "DOUBLE", "FLOAT", "NUMERIC", "", "TEXT(20)", "CHAR(10)", "TIMESTAMP", "BOOLEAN",
        "INT8", "JSON", "CHARACTER VARYING(30)", "MEDIUMINT UNSIGNED", "DECIMAL", "decimal(8, 3)",
    ],
    "postgresql": [
        "int[]", "varchar(20)[]", "numeric[]", "numeric(6,2)[]", "timestamptz[]", "money[]", "text[][]", "int4range",
        "int8range", "numrange", "tstzrange", "daterange", "tsrange", "int4range[]", "tsvector", "tsquery", "json",
        "money", "char(5)", "char", '"char"', "timestamp", "timestamp(3)", "timetz", "numeric", "cidr", "macaddr",
        "point", "bit(3)", "bit varying(4)", "xml", "interval day to second", "interval(3)", "real", "oid", "name",
    ],
}  # fmt: skip


def adopted(*tables: str) -> dict[str, Any]:
    """Draft models for tables, to be looked after by migrations, and see that they are what the database has."""
    found = models_of(source(inspect(tables=tables), managed=True))
    made = [one for one in found.values() if isinstance(one, type) and issubclass(one, Model) and one is not Model]
    managed = [one for one in made if one._meta.managed]
    assert [str(one) for one in driven(differences_of(managed, "default"))] == []
    return found


@pytest.mark.only(backend="sqlite")
@pytest.mark.parametrize("kind", OWN_TYPES["sqlite"])
def test_a_column_of_any_type_is_adopted_on_sqlite(database: Any, kind: str) -> None:
    run(f"CREATE TABLE mt_one ({KEY}, value {kind})")
    assert adopted("mt_one")["MtOne"]._meta.managed


@pytest.mark.only(backend="postgresql")
@pytest.mark.parametrize("kind", OWN_TYPES["postgresql"])
def test_a_column_of_any_type_is_adopted_on_postgresql(database: Any, kind: str) -> None:
    run(f"CREATE TABLE mt_one ({KEY}, value {kind})")
    model = adopted("mt_one")["MtOne"]
    assert model._meta.managed
    state = ModelState.from_model(model)  # what a migration would hold
    assert state.fields["value"].db_type(databases["default"].dialect)


INDEXES = [
    "CREATE INDEX i_lower ON mt_one (lower(name))",
    "CREATE INDEX i_mixed ON mt_one (lower(name) DESC, size DESC, (size + 1))",
    "CREATE INDEX i_some ON mt_one (size DESC, name) WHERE size > 3 AND name <> 'a%'",
    "CREATE INDEX i_both ON mt_one (upper(name)) WHERE size IS NOT NULL",
    "CREATE UNIQUE INDEX u_some ON mt_one (name) WHERE size IS NULL",
    "CREATE UNIQUE INDEX u_made ON mt_one (lower(name), size)",
    "CREATE UNIQUE INDEX u_both ON mt_one ((size * 2) DESC) WHERE (size > 0 OR name = 'x')",
]
OWN_INDEXES = {
    "sqlite": ["CREATE INDEX i_case ON mt_one (name COLLATE NOCASE DESC, lower(name) COLLATE NOCASE)"],
    "postgresql": [
        "CREATE INDEX i_more ON mt_one (size) INCLUDE (name) WHERE size > 1",
        "CREATE INDEX i_like ON mt_one (name varchar_pattern_ops) WHERE size > 1",
    ],
}


def definitions_of(table: str) -> dict[str, str]:
    """What the database has written of each index, but for the parentheses around it and the words it leaves out."""
    reader = databases["default"].backend.introspection
    assert reader is not None
    found = driven(reader.constraints(databases["default"].fetch, table))
    return {name: re.sub(r'[\s()"]|\bASC\b', "", one.definition).lower() for name, one in found.items() if one.index}


def test_indexes_of_expressions_and_with_conditions_are_adopted_and_made_again(database: Any) -> None:
    run("CREATE TABLE mt_one (id integer PRIMARY KEY, name varchar(9), size integer)")
    for statement in [*INDEXES, *OWN_INDEXES[databases["default"].backend.name]]:
        run(statement)
    before = definitions_of("mt_one")
    model = adopted("mt_one")["MtOne"]
    run("DROP TABLE mt_one")
    with schema_editor() as editor:
        editor.create_model(model)
    assert definitions_of("mt_one") == before


@pytest.mark.only(backend="postgresql")
@pytest.mark.parametrize("said", ['lower(name) COLLATE "C"', "lower(name) NULLS FIRST", "lower(name) text_pattern_ops"])
def test_an_index_that_says_more_of_its_parts_than_a_model_can_is_a_note(database: Any, said: str) -> None:
    run("CREATE TABLE mt_one (id integer PRIMARY KEY, name varchar(9))", f"CREATE INDEX i_more ON mt_one ({said})")
    text = source(inspect(tables=["mt_one"]), managed=True)
    assert "# Index i_more: CREATE INDEX" in text
    assert adopted("mt_one")["MtOne"]._meta.indexes == []


@pytest.mark.only(backend="postgresql")
def test_values_of_such_columns_are_read_and_written(database: Any) -> None:
    run(
        f"CREATE TABLE mt_one ({KEY}, parts int[], during int4range, code char(3), data json, naive timestamp, "
        "exact numeric, paid money, computed int[] GENERATED ALWAYS AS (ARRAY[id]) STORED)"
    )
    rows = adopted("mt_one")["MtOne"].objects
    exact = decimal.Decimal("1.0000000000000000000000000001")
    rows.create(id=1, parts=[1, 2], during=(1, 5), code="abc", data={"a": 1}, exact=exact, paid="3")
    row = rows.get(parts__contains=[2], during__contains=3, code="abc", exact=exact, paid="3")
    assert (row.parts, row.code, row.data, row.exact, row.computed) == ([1, 2], "abc", {"a": 1}, exact, [1])


def test_numbers_without_a_size_keep_their_digits(database: Any) -> None:
    run(f"CREATE TABLE mt_one ({KEY}, value numeric)")
    model = adopted("mt_one")["MtOne"]
    model.objects.create(id=1, value=decimal.Decimal("1.125"))
    row = model.objects.get(value=decimal.Decimal("1.125"))
    row.full_clean()
    assert str(row.value) == "1.125"
    assert model.check() == []


@pytest.mark.only(backend="postgresql")
def test_arrays_of_an_enumerated_type_have_choices(database: Any) -> None:
    run("DROP TYPE IF EXISTS mt_mood CASCADE", "CREATE TYPE mt_mood AS ENUM ('sad', 'o''k, \\ \"')")
    try:
        run(f"CREATE TABLE mt_one ({KEY}, moods mt_mood[])")
        model = adopted("mt_one")["MtOne"]
        field = model._meta.get_field("moods")
        model.objects.create(id=1, moods=["sad", None, "o'k, \\ \""])
        assert model.objects.get(moods__contains=["sad"]).moods == ["sad", None, "o'k, \\ \""]
        assert list(field.base_field.choices) == [("sad", "sad"), ("o'k, \\ \"", "o'k, \\ \"")]
        assert field.db_type(databases["default"].dialect) == "mt_mood[]"
    finally:
        run("DROP TABLE IF EXISTS mt_one", "DROP TYPE mt_mood")


def test_a_key_of_such_a_type_and_what_refers_to_it(database: Any) -> None:
    run(
        "CREATE TABLE mt_one (code char(3) PRIMARY KEY NOT NULL)",
        f"CREATE TABLE mt_two ({KEY}, code char(3) REFERENCES mt_one (code), "
        "other varchar(5) REFERENCES mt_one (code))",
    )
    found = adopted("mt_one", "mt_two")
    one = found["MtOne"].objects.create(code="abc")
    found["MtTwo"].objects.create(id=1, code=one, other_id="abc")
    assert found["MtTwo"].objects.get(code__code="abc").other == one


def test_a_table_without_a_key_does_not_keep_others_from_being_adopted(database: Any) -> None:
    run("CREATE TABLE mt_one (a integer, b text)", f"CREATE TABLE mt_two ({KEY})")
    text = source(inspect(tables=["mt_one", "mt_two"]), managed=True)
    assert "        managed = False  # The table has no key, which a table that migrations look after needs." in text
    found = adopted("mt_one", "mt_two")
    assert (found["MtOne"]._meta.managed, found["MtTwo"]._meta.managed) == (False, True)


def test_unique_columns_without_null_are_a_key(database: Any) -> None:
    run(
        "CREATE TABLE mt_one (a integer, b integer NOT NULL UNIQUE)",
        "CREATE TABLE mt_two (a integer NOT NULL, b integer NOT NULL, c text, UNIQUE (a, b))",
        "CREATE TABLE mt_three (a integer UNIQUE)",
    )
    found = adopted("mt_one", "mt_two", "mt_three")
    assert found["MtOne"]._meta.pk.name == "b"
    assert found["MtTwo"]._meta.pk.columns == ("a", "b")
    assert [found[name]._meta.managed for name in ("MtOne", "MtTwo", "MtThree")] == [True, True, False]


@pytest.mark.parametrize(
    ("kind", "default", "written"),
    [
        ("integer", "-3", "db_default=-3)"),
        ("varchar(10)", "'it''s'", 'db_default="it\'s")'),
        ("boolean", "true", "db_default=True)"),
        ("decimal(6, 2)", "1.50", "db_default='1.50')"),
        ("date", "'2020-01-01'", "db_default='2020-01-01')"),
        ("double precision", "1.5", "db_default=1.5)"),
        ("integer", "NULL", "null=True)"),
        ("integer", "(1 + 2)", "null=True)  # The column's default is "),
        ("date", "CURRENT_DATE", "null=True)  # The column's default is "),
        ("varchar(10)", "('a' || 'b')", "null=True)  # The column's default is "),
    ],
)
def test_plain_defaults_become_those_of_the_database(database: Any, kind: str, default: str, written: str) -> None:
    name = f"of_{kind.split('(')[0].replace(' ', '_')}"  # statements are prepared, and keep the types they met
    run(f"CREATE TABLE mt_one ({KEY}, {name} {kind} DEFAULT {default})")
    [line] = [line for line in source(inspect(tables=["mt_one"])).splitlines() if line.startswith(f"    {name} = ")]
    assert written in line
    model = adopted("mt_one")["MtOne"]
    run("INSERT INTO mt_one (id) VALUES (1)")
    if "db_default" in written:
        model.objects.create(id=2)
        assert model.objects.values_list(name).get(id=2) == model.objects.values_list(name).get(id=1)


def test_the_database_s_clock_is_a_default(database: Any) -> None:
    run(f"CREATE TABLE mt_one ({KEY}, made timestamp DEFAULT CURRENT_TIMESTAMP)")
    assert adopted("mt_one")["MtOne"].objects.create(id=1).made is not None


@pytest.mark.only(backend="postgresql")
def test_defaults_of_one_database_alone(database: Any) -> None:
    run(
        f"CREATE TABLE mt_one ({KEY}, u uuid DEFAULT gen_random_uuid(), t timestamptz DEFAULT now(), "
        "p int[] DEFAULT '{}', j jsonb DEFAULT '{\"a\": [-1]}', b bytea DEFAULT '\\x01')"
    )
    text = source(inspect(tables=["mt_one"]))
    for said in ("db_default=RandomUUID()", "db_default=TransactionNow()", "db_default=[]", "db_default={'a': [-1]}"):
        assert said in text
    assert "b = models.BinaryField(blank=True, null=True)  # The column's default is '\\x01'::bytea." in text
    made = adopted("mt_one")["MtOne"].objects.create(id=1)
    made.refresh_from_db()
    assert (made.p, made.j) == ([], {"a": [-1]})
    assert None not in (made.u, made.t)


@pytest.mark.only(backend="postgresql")
def test_the_name_of_a_type_stays_a_text(database: Any) -> None:
    name = '"a\'); import os # ""x"'
    run(f"DROP TYPE IF EXISTS {name}", f"CREATE TYPE {name} AS (a int)")
    try:
        run(f"CREATE TABLE mt_one ({KEY}, value {name})")
        tree = ast.parse(source(inspect(tables=["mt_one"]), managed=True))
        assert {type(node) for node in tree.body} == {ast.ImportFrom, ast.ClassDef}
        field = adopted("mt_one")["MtOne"]._meta.get_field("value")
        assert field.db_type(databases["default"].dialect) == name
    finally:
        run("DROP TABLE IF EXISTS mt_one", f"DROP TYPE {name}")


@pytest.mark.only(backend="sqlite")
@pytest.mark.parametrize("kind", ["[x); DROP TABLE mt_one; --]", "\"a' + f() + '\"", "[x /* y */]", "[a\nb]"])
def test_a_type_that_would_be_sql_is_left_to_the_database(database: Any, kind: str) -> None:
    run(f"CREATE TABLE mt_one ({KEY}, value {kind})")
    text = source(inspect(tables=["mt_one"]), managed=True)
    assert "managed = False  # Of the column value no field says the type: " in text
    assert "db_type" not in text
    models_of(text)


@pytest.mark.only(backend="postgresql")
@pytest.mark.parametrize("name", ['"a%s"', '"{lhs}"'])
def test_a_type_that_a_template_would_fill_in_is_left_to_the_database(database: Any, name: str) -> None:
    run(f"DROP TYPE IF EXISTS {name} CASCADE", f"CREATE TYPE {name} AS ENUM ('sad')")
    try:
        run(f"CREATE TABLE mt_one ({KEY}, mood {name})")
        model = adopted("mt_one")["MtOne"]
        assert not model._meta.managed
        model.objects.create(id=1, mood="sad")
        assert model.objects.get(mood="sad").mood == "sad"
    finally:
        run("DROP TABLE IF EXISTS mt_one", f"DROP TYPE {name}")


def test_names_of_types_are_words_sizes_and_quoted_names() -> None:
    assert all(map(can_be_said, ["numeric(3,-2)", 'public."a; b"', "int[]", "time with time zone", '"a""b"', ""]))
    assert not any(map(can_be_said, ["a;", "a'", '"a', "a--", "a/**/", "f(x)", "a\nb", "$1", "a%s"]))


def test_no_other_method_than_that_of_a_type_is_let_through() -> None:
    draft = TableDraft("t", "T", "table", fields=[FieldDraft("a", "a", "TextField(x=1)\n    def f(self): pass\n    b")])
    with pytest.raises(SuspiciousOperation):
        source([draft])


CHECKS = [
    "price > 3", "name <> 'it''s 100%'", "name NOT LIKE '%%s)%' AND price > 3",
    "name <> 'a\nb\"''; DROP TABLE mt_one; --'",
    "name <> '\\''); import os #'", "((price > 3) OR (price = 1))", "price >= 4 -- it's dear\n", "name <> '{a}?:b$1'",
]  # fmt: skip


@pytest.mark.parametrize("check", CHECKS)
def test_a_check_is_declared_and_outlives_the_table_s_changes(database: Any, check: str) -> None:
    run(f"CREATE TABLE mt_one ({KEY}, price integer, name text, CONSTRAINT dear CHECK ({check}))")
    model = adopted("mt_one")["MtOne"]
    assert [one.name for one in model._meta.constraints] == ["dear"]
    said = rules()
    remade(model)
    assert rules() == said
    adopted("mt_one")
    [name] = re.findall(r"name <> ('.*')", check, re.DOTALL) or ["'%s)'"]
    with pytest.raises(IntegrityError):
        run(f"INSERT INTO mt_one (id, price, name) VALUES (1, 2, {name})")
    model(id=1, price=2, name="x").full_clean()  # the database alone knows what it says
    model.objects.create(id=2, price=5, name="x")


@pytest.mark.parametrize("name", ['a"b', "a'b", "x); DROP TABLE mt_one; --", "a\nb", "{a}", " ", "__import__('os')"])
def test_names_of_checks_stay_texts(database: Any, name: str) -> None:
    run(f"CREATE TABLE mt_one ({KEY}, price integer, CONSTRAINT {quoted(name)} CHECK (price > 3))")
    model = adopted("mt_one")["MtOne"]
    assert [one.name for one in model._meta.constraints] == [name]
    remade(model)
    adopted("mt_one")


def test_a_check_whose_name_would_be_filled_in_is_a_note(database: Any) -> None:
    run(f"CREATE TABLE mt_one ({KEY}, price integer, CONSTRAINT {quoted('a%(class)s')} CHECK (price > 3))")
    assert "# Check constraint a%(class)s: " in source(inspect(tables=["mt_one"]), managed=True)
    assert adopted("mt_one")["MtOne"]._meta.constraints == []


@pytest.mark.only(backend="postgresql")
def test_a_check_that_does_not_hold_for_all_rows_is_a_note(database: Any) -> None:
    run(
        f"CREATE TABLE mt_one ({KEY}, price integer, CONSTRAINT own CHECK (price > 3) NO INHERIT)",
        "ALTER TABLE mt_one ADD CONSTRAINT later CHECK (price > 4) NOT VALID",
    )
    text = source(inspect(tables=["mt_one"]), managed=True)
    assert ("# Check constraint own: " in text, "# Check constraint later: " in text) == (True, True)
    assert adopted("mt_one")["MtOne"]._meta.constraints == []


@pytest.mark.only(backend="sqlite")
def test_checks_without_names_and_of_columns_outlive_a_table_that_is_built_anew(database: Any) -> None:
    run(
        f"CREATE TABLE mt_one ({KEY}, price integer CHECK (price > 3), name text CONSTRAINT named CHECK (name <> ''), "
        "CHECK (price < 9))"
    )
    model = adopted("mt_one")["MtOne"]
    remade(model)
    adopted("mt_one")
    for price, name in ((2, "'a'"), (10, "'a'"), (5, "''")):
        with pytest.raises(IntegrityError):
            run(f"INSERT INTO mt_one (id, price, name) VALUES (1, {price}, {name})")


def test_a_file_of_an_adopted_table_makes_the_same_checks(database: Any) -> None:
    run(f'CREATE TABLE mt_one ({KEY}, price integer, CONSTRAINT "it\'s" CHECK (price % 2 = 1))')
    model = adopted("mt_one")["MtOne"]
    said = rules()
    state = ModelState.from_model(model)
    create = migrations.CreateModel(state.name, list(state.fields.items()), state.options, state.bases, state.managers)
    migration = type("Migration", (migrations.Migration,), {"operations": [create]})("0001", "mt")
    text = MigrationWriter(migration).as_string()
    found: dict[str, Any] = {}
    exec(compile(text, "0001", "exec"), found)
    [again] = found["Migration"].operations
    made = ProjectState()
    again.state_forwards("mt", made)
    assert made.models["mt", "mtone"].options == state.options
    run("DROP TABLE mt_one")
    with schema_editor() as editor:
        editor.create_model(made.apps.get_model("mt", "MtOne"))
    assert rules() == said


@pytest.mark.only(backend="sqlite")
def test_an_expression_of_two_signs_computes_a_column(database: Any) -> None:
    run(f"CREATE TABLE mt_one ({KEY}, a text, b text GENERATED ALWAYS AS (a || '%' || [a]) STORED, c AS (id <= 1))")
    model = adopted("mt_one")["MtOne"]
    remade(model)
    assert model.objects.create(id=1, a="x").b == "x%x"


@pytest.mark.only(backend="postgresql")
@pytest.mark.parametrize("name", ["mt_mood", '"a\'); import os # ""x"'])
def test_a_column_of_an_enumerated_type_keeps_it(database: Any, name: str) -> None:
    run(f"DROP TYPE IF EXISTS {name} CASCADE", f"CREATE TYPE {name} AS ENUM ('sad', 'o''k')")
    try:
        run(f"CREATE TABLE mt_one ({KEY}, mood {name} NOT NULL)")
        model = adopted("mt_one")["MtOne"]
        field = model._meta.get_field("mood")
        assert field.db_type(databases["default"].dialect) == name
        assert list(field.choices) == [("sad", "sad"), ("o'k", "o'k")]
        model.objects.create(id=1, mood="o'k")
        assert model.objects.filter(mood__in=["o'k", "sad"]).get(mood="o'k").mood == "o'k"
        run("DROP TABLE mt_one")
        with schema_editor() as editor:
            editor.create_model(model)
        adopted("mt_one")
    finally:
        run("DROP TABLE IF EXISTS mt_one", f"DROP TYPE {name} CASCADE")


def rules() -> dict[str, str]:
    """Return the checks of the table by name, as the database says them, without blanks and brackets around."""
    found = driven(databases["default"].backend.introspection.constraints(databases["default"].fetch, "mt_one"))
    return {name: re.sub(r"[\s()]", "", one.condition) for name, one in found.items() if one.check}


def remade(model: Any) -> None:
    """Change columns, for which some databases build the table anew."""
    label, state = model._meta.app_label, ProjectState()
    state.add_model(ModelState.from_model(model))
    for change in (
        migrations.AddField("MtOne", "extra", models.IntegerField(default=7)),
        migrations.AlterField("MtOne", "extra", models.TextField(null=True)),
        migrations.RemoveField("MtOne", "extra"),
    ):
        after = state.clone()
        change.state_forwards(label, after)
        with schema_editor() as editor:
            change.database_forwards(label, editor, state, after)
        state = after
