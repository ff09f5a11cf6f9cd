"""Models for tables that somebody else made: what is written, that it works, and that no name becomes code."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from orm.bridge import run as driven
from orm.db.registry import databases
from orm.migrations.drift import differences_of
from orm.migrations.inspected_names import class_name, field_name
from orm.migrations.inspected_source import source
from orm.migrations.inspecting_blocking import inspect
from orm.models.apps import apps

HOSTILE = [
    "a'b", 'a"b', "a\\", "a\nimport os\n", 'a"""; import os', "a'); import os #", "{a}", "%s", "a;--", "\u202eevil",
    "class", "None", "__init__", "_x_", "1st", "save", "pk", "objects", "Meta", "models", "RawSQL", "é", "表", " ", "#",
    "a b", "__import__('os').system('x')", "eval", "a.b", "lambda: 0",
]  # fmt: skip


def run(*statements: str) -> None:
    database = databases["default"]
    with database.connection() as connection:
        for sql in statements:
            connection.execute(sql)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def models_of(text: str) -> dict[str, Any]:
    """Run a module of models, and return them by name."""
    found: dict[str, Any] = {"__name__": "inspected.models"}
    apps.all_models.pop("inspected", None)
    exec(compile(text, "inspected", "exec"), found)
    return found


def test_models_are_written_for_tables(database: Any) -> None:
    run(
        "CREATE TABLE mt_author (id integer PRIMARY KEY, name varchar(20) NOT NULL UNIQUE, born date)",
        "CREATE TABLE mt_pair (a integer NOT NULL, b integer NOT NULL, PRIMARY KEY (a, b))",
        "CREATE TABLE mt_book (id integer PRIMARY KEY, author_id integer NOT NULL REFERENCES mt_author (id), "
        "second integer REFERENCES mt_author (id), by_name varchar(20) REFERENCES mt_author (name), "
        "only_id integer UNIQUE REFERENCES mt_author (id), parent_id integer REFERENCES mt_book (id), a integer, "
        "b integer, "
        "price numeric(6, 2), FOREIGN KEY (a, b) REFERENCES mt_pair (a, b), CONSTRAINT dear CHECK (price > 3), "
        "UNIQUE (a, author_id))",
        "CREATE INDEX mt_book_price ON mt_book (price, b DESC)",
        "CREATE VIEW mt_cheap AS SELECT id, price FROM mt_book",
    )
    text = source(inspect(wanted=lambda name: name.startswith("mt_"), views=True))
    for line in (
        "    name = models.CharField(max_length=20, unique=True)",
        "    born = models.DateField(blank=True, null=True)",
        "    pk = models.CompositePrimaryKey('a', 'b')",
        "    author = models.ForeignKey(MtAuthor, models.DO_NOTHING)",
        "    second = models.ForeignKey(MtAuthor, models.DO_NOTHING, related_name='mtbook_second_set', "
        "db_column='second', blank=True, null=True)",
        "    by_name = models.ForeignKey(MtAuthor, models.DO_NOTHING, to_field='name', "
        "related_name='mtbook_by_name_set', db_column='by_name', blank=True, null=True)",
        "    only = models.OneToOneField(MtAuthor, models.DO_NOTHING, related_name='mtbook_only_set', blank=True, "
        "null=True)",
        "    parent = models.ForeignKey('self', models.DO_NOTHING, blank=True, null=True)",
        "    price = models.DecimalField(max_digits=6, decimal_places=2, blank=True, null=True)",
        "    a_b = models.ForeignObject('MtPair', models.DO_NOTHING, from_fields=['a', 'b'], to_fields=['a', 'b'], "
        "related_name='mtbook_a_b_set')",
        "        unique_together = (('a', 'author'),)",
        "            models.Index(fields=['price', '-b'], name='mt_book_price'),",
        "        managed = False  # Created from a view.",
    ):
        assert line in text.splitlines(), text
    assert "# Check constraint dear: " in text
    models = models_of(text)
    author = models["MtAuthor"].objects.create(id=1, name="Ada")
    models["MtPair"].objects.create(a=1, b=2)
    models["MtBook"].objects.create(id=1, author=author, second=author, a=1, b=2, price=5)
    book = models["MtBook"].objects.select_related("author").get(a_b__b=2)
    assert (book.author.name, book.second_id, str(book.price)) == ("Ada", 1, "5.00")
    assert [row.id for row in models["MtCheap"].objects.all()] == [1]
    assert "    managed = False" not in source(inspect(tables=["mt_pair"]), managed=True)


def test_columns_that_are_computed(database: Any) -> None:
    run("CREATE TABLE mt_sums (id integer PRIMARY KEY, a integer, b integer GENERATED ALWAYS AS (a % 7) STORED)")
    text = source(inspect(tables=["mt_sums"]))
    assert "output_field=models.IntegerField(blank=True, null=True), db_persist=True)" in text
    made = models_of(text)["MtSums"].objects.create(id=1, a=9)
    assert made.b == 2


@pytest.mark.only(backend="postgresql")
def test_what_one_database_alone_has(database: Any) -> None:
    run(
        "DROP TYPE IF EXISTS mt_mood",
        "CREATE TYPE mt_mood AS ENUM ('sad', 'o''k')",
        "CREATE TABLE mt_moods (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, mood mt_mood, parts int[])",
        "COMMENT ON TABLE mt_moods IS 'How they\n'' feel'",
        "COMMENT ON COLUMN mt_moods.mood IS 'a feeling'",
    )
    text = source(inspect(tables=["mt_moods"]))
    assert " id = " not in text  # a model has it without being told
    assert "choices=[('sad', 'sad'), ('o\\'k', \"o'k\")]" in text.replace('("o\'k"', "('o\\'k'")
    assert "db_comment='a feeling')  # The column is of the enumerated type mt_mood." in text
    assert "parts = ArrayField(models.IntegerField(), blank=True, null=True)" in text
    assert 'db_table_comment = "How they\\n\' feel"' in text
    models_of(text)
    run("DROP TABLE mt_moods", "DROP TYPE mt_mood")


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_becomes_code(database: Any, name: str) -> None:
    table = f"mt_{name}"
    columns = [name, f"{name}_id", f"x{name}", f"{name}_"]
    parts = ", ".join(f"{quoted(column)} integer" for column in columns)
    run(
        f"CREATE TABLE {quoted(table)} ({parts}, CONSTRAINT {quoted('u' + name)} UNIQUE ({quoted(columns[0])}, "
        f"{quoted(columns[1])}), CONSTRAINT {quoted('c' + name)} CHECK ({quoted(columns[2])} > 0))",
        f"CREATE INDEX {quoted('i' + name)} ON {quoted(table)} ({quoted(columns[2])})",
        f"CREATE VIEW {quoted('mt_v' + name)} AS SELECT * FROM {quoted(table)}",
    )
    text = source(inspect(tables=[table, f"mt_v{name}"], views=True))
    tree = ast.parse(text)
    assert {type(node) for node in tree.body} == {ast.ImportFrom, ast.ClassDef}
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert all(one.startswith("models.") for one in called)
    assert all(ast.unparse(node.func.value) == "models" for node in ast.walk(tree)
               if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute))  # fmt: skip
    model = next(one for one in models_of(text).values() if getattr(one, "__name__", "") != "Model"
                 and isinstance(one, type) and one._meta.db_table == table)  # fmt: skip
    assert {field.column for field in model._meta.concrete_fields} == set(columns)
    assert list(model.objects.values_list()) == []


def test_a_foreign_key_beside_a_column_of_its_attribute_s_name(database: Any) -> None:
    run(
        "CREATE TABLE mt_a (id integer PRIMARY KEY)",
        "CREATE TABLE mt_b (id integer PRIMARY KEY, one_id integer, one integer REFERENCES mt_a (id), two_id integer "
        "REFERENCES mt_a (id), two integer)",
    )
    model = models_of(source(inspect(tables=["mt_a", "mt_b"])))["MtB"]
    assert {field.column for field in model._meta.concrete_fields} == {"id", "one_id", "one", "two_id", "two"}
    assert list(model.objects.values_list()) == []


def test_names_stay_apart() -> None:
    assert class_name("auth_user", ()) == "AuthUser"
    assert class_name("auth-user", {"AuthUser"}) == "AuthUser0"
    assert class_name("AUTH_USER", {"AUTHUser"}) == "AuthUser0"  # models are told apart without regard to case
    assert class_name("#", ()) == "Table"
    assert class_name("2020 sales", ()) == "Table2020Sales"
    assert field_name("author_id", (), relation=True) == ("author", [])
    assert field_name("x", {"x", "x_0"})[0] == "x_1"


@pytest.mark.only(backend="sqlite")
def test_types_by_their_short_names_and_tables_that_belong_to_others(database: Any) -> None:
    run(
        "CREATE TABLE mt_ints (id INTEGER PRIMARY KEY, size INT NOT NULL)",
        "CREATE VIRTUAL TABLE mt_words USING fts5 (body)",
    )
    try:
        drafts = inspect(wanted=lambda name: name.startswith("mt_"))
        assert [one.table for one in drafts] == ["mt_ints", "mt_words"]
        model = models_of(source(drafts, managed=True))["MtInts"]
        assert driven(differences_of([model], "default")) == []
    finally:
        run("DROP TABLE mt_words", "DROP TABLE mt_ints")


@pytest.mark.only(backend="postgresql")
def test_what_other_schemas_and_domains_have_and_who_numbers_rows(database: Any) -> None:
    run(
        "DROP SCHEMA IF EXISTS mt_other CASCADE",
        "DROP DOMAIN IF EXISTS mt_positive",
        "CREATE SCHEMA mt_other",
        "CREATE TABLE mt_other.mt_away (id integer PRIMARY KEY)",
        "CREATE TABLE mt_away (id integer PRIMARY KEY)",
        "CREATE DOMAIN mt_positive AS integer CHECK (VALUE > 0)",
        "CREATE TABLE mt_here (id integer PRIMARY KEY, away integer REFERENCES mt_other.mt_away (id), "
        "near integer REFERENCES mt_away (id), size mt_positive, number integer GENERATED BY DEFAULT AS IDENTITY)",
    )
    try:
        text = source(inspect(tables=["mt_away", "mt_here"]), managed=True)
        assert 'away = models.IntegerField(blank=True, null=True)  # It refers to "mt_other"."mt_away" (id)' in text
        near = "near = models.ForeignKey(MtAway, models.DO_NOTHING, db_column='near', blank=True, null=True, db_index=F"
        assert near in text
        assert "size = models.IntegerField(blank=True, null=True)  # The column is of the domain mt_positive." in text
        assert "number = models.IntegerField()  # The database numbers the rows here" in text
        found = models_of(text)
        assert driven(differences_of([found["MtAway"], found["MtHere"]], "default")) == []
    finally:
        run("DROP TABLE mt_here, mt_away", "DROP SCHEMA mt_other CASCADE", "DROP DOMAIN mt_positive")


def test_tables_that_are_not_there(database: Any) -> None:
    with pytest.raises(LookupError, match="no table 'mt_nothing'"):
        inspect(tables=["mt_nothing"])
