"""``sqlmigrate`` where no database says what its constraints are called."""

from __future__ import annotations

from pathlib import Path

import psycopg

from tests.cli.test_cli import call
from tests.cli.test_migrations import HISTORY, orm, project

__all__ = ["project"]

FIRST_TABLES = """
    migrations.CreateModel("Author", [
        ("code", models.CharField(max_length=9, primary_key=True)),
        ("mail", models.CharField(max_length=9, unique=True)),
        ("nick", models.CharField(max_length=9)),
        ("age", models.IntegerField(default=0)),
        ("rank", models.PositiveIntegerField(default=0)),
    ], options={"unique_together": {("nick", "mail")}}),
    migrations.CreateModel("A_name_of_a_model_that_is_too_long", [
        ("id", models.BigAutoField(primary_key=True)),
        ("another_name_that_is_too_long", models.IntegerField(unique=True)),
        ("author", models.ForeignKey("shop.Author", models.CASCADE)),
    ]),
"""
ALTERED_LATER = """
    migrations.AlterField("Author", "nick", models.CharField(max_length=9, unique=True)),
    migrations.AlterField("Author", "age", models.PositiveIntegerField(default=0)),
"""
ALL_DROPPED = """
    migrations.AlterField("Author", "nick", models.CharField(max_length=9)),
    migrations.AlterField("Author", "mail", models.CharField(max_length=9)),
    migrations.AlterField("Author", "age", models.IntegerField()),
    migrations.AlterField("Author", "rank", models.IntegerField()),
    migrations.AlterUniqueTogether("Author", set()),
    migrations.AlterField("A_name_of_a_model_that_is_too_long", "another_name_that_is_too_long", models.IntegerField()),
    migrations.AlterField("Author", "code", models.IntegerField(primary_key=True)),
    migrations.RemoveField("A_name_of_a_model_that_is_too_long", "author"),
    migrations.DeleteModel("Author"),
"""


def histories(project: Path, url: str, *written: str) -> None:
    """Write the operations of three migrations of a project on PostgreSQL."""
    settings = f'[tool.orm]\ndatabases = {{default = "{url}"}}\ninstalled_apps = ["shop"]\n'
    (project / "pyproject.toml").write_text(settings, encoding="utf-8")
    (project / "shop" / "migrations").mkdir()
    (project / "shop" / "migrations" / "__init__.py").touch()
    before = ""
    for name, operations in zip(("0001_a", "0002_b", "0003_c"), written, strict=True):
        text = HISTORY.replace("import migrations", "import migrations, models") % before
        path = project / "shop" / "migrations" / f"{name}.py"
        path.write_text(text.replace("operations = []", f"operations = [{operations}]"), encoding="utf-8")
        before = f"('shop', '{name}')"


NOWHERE = "postgresql://nobody@127.0.0.1:1/x"


def test_the_sql_of_migrations_without_a_server_is_what_the_server_would_be_told(
    project: Path, postgresql_url: str
) -> None:
    histories(project, postgresql_url, FIRST_TABLES, ALTERED_LATER, ALL_DROPPED)
    printed = []
    for arguments in (["0001"], ["0002"], ["0003"], ["0003", "--backwards"], ["0002", "--backwards"]):
        away = call(project, "-m", "orm", "sqlmigrate", "shop", *arguments, DATABASE_URL=NOWHERE)
        assert away.returncode == 0, away.stderr
        assert "by the rule of their names, because the database does not answer" in away.stderr
        printed.append(away.stdout)
    for arguments, alone in zip((["0001"], ["0002"], ["0003"]), printed, strict=False):
        assert orm(project, "sqlmigrate", "shop", *arguments) == alone
        orm(project, "migrate", "shop", *arguments, "--yes")
    assert orm(project, "sqlmigrate", "shop", "0003", "--backwards") == printed[3]
    orm(project, "migrate", "shop", "zero", "--yes")
    with psycopg.connect(postgresql_url, autocommit=True) as session:
        for text in printed:
            session.execute(text)
        session.execute("DROP TABLE shop_a_name_of_a_model_that_is_too_long, shop_author")


RENAMED_FIRST = """
    migrations.CreateModel("Shelf", [("code", models.CharField(max_length=9, primary_key=True))]),
    migrations.CreateModel("Author", [
        ("id", models.BigAutoField(primary_key=True)),
        ("mail", models.CharField(max_length=9, unique=True)),
        ("nick", models.CharField(max_length=9, db_index=True)),
        ("rank", models.PositiveIntegerField(default=0)),
        ("shelf", models.ForeignKey("shop.Shelf", models.CASCADE)),
        ("first", models.ForeignKey("shop.Author", models.CASCADE, null=True)),
        ("shelves", models.ManyToManyField("shop.Shelf", related_name="+")),
    ], options={"unique_together": {("nick", "mail")}}),
    migrations.CreateModel("Book", [
        ("id", models.BigAutoField(primary_key=True)),
        ("author", models.ForeignKey("shop.Author", models.CASCADE)),
        ("readers", models.ManyToManyField("shop.Author", related_name="+")),
        ("shelf", models.OneToOneField("shop.Shelf", models.CASCADE)),
    ]),
    migrations.AlterField("Author", "rank", models.PositiveIntegerField(default=0, unique=True)),
"""
RENAMED_THEN = """
    migrations.RenameModel("Author", "Writer"),
    migrations.AlterModelTable("Shelf", "shelves"),
    migrations.RenameField("Writer", "mail", "address"),
    migrations.RenameField("Writer", "shelf", "place"),
    migrations.RenameField("Shelf", "code", "number"),
    migrations.RenameField("Book", "readers", "lent"),
"""
RENAMED_DROPPED = """
    migrations.AlterField("Writer", "address", models.CharField(max_length=9)),
    migrations.AlterField("Writer", "nick", models.CharField(max_length=9)),
    migrations.AlterField("Writer", "rank", models.IntegerField()),
    migrations.AlterField("Writer", "first", models.ForeignKey(
        "shop.Writer", models.CASCADE, null=True, db_constraint=False)),
    migrations.AlterUniqueTogether("Writer", set()),
    migrations.AlterField("Book", "author", models.ForeignKey("shop.Writer", models.CASCADE, db_constraint=False)),
    migrations.AlterField("Book", "shelf", models.ForeignKey("shop.Shelf", models.CASCADE)),
    migrations.AlterField("Shelf", "number", models.TextField(primary_key=True)),
    migrations.AlterField("Writer", "id", models.CharField(max_length=9, primary_key=True)),
    migrations.RemoveField("Writer", "place"),
    migrations.RemoveField("Book", "lent"),
"""


def test_the_sql_of_taking_back_what_later_migrations_renamed_has_the_names_from_before(
    project: Path, postgresql_url: str
) -> None:
    renamed = 'migrations.RenameModel("Author", "Writer"),'
    histories(project, postgresql_url, FIRST_TABLES, ALTERED_LATER, renamed)
    away = call(project, "-m", "orm", "sqlmigrate", "shop", "0002", "--backwards", DATABASE_URL=NOWHERE)
    orm(project, "migrate", "shop", "--yes")
    later = call(project, "-m", "orm", "sqlmigrate", "shop", "0002", "--backwards")
    assert later.stdout == away.stdout
    assert "because the database is not where this migration begins" in later.stderr
    orm(project, "migrate", "shop", "0002", "--yes")
    assert orm(project, "sqlmigrate", "shop", "0002", "--backwards") == away.stdout
    orm(project, "migrate", "shop", "zero", "--yes")


def test_the_sql_without_a_server_knows_what_was_there_before_a_rename_by_its_earlier_name(
    project: Path, postgresql_url: str
) -> None:
    histories(project, postgresql_url, RENAMED_FIRST, RENAMED_THEN, RENAMED_DROPPED)
    printed = []
    for arguments in (["0001"], ["0002"], ["0003"], ["0003", "--backwards"], ["0002", "--backwards"]):
        away = call(project, "-m", "orm", "sqlmigrate", "shop", *arguments, DATABASE_URL=NOWHERE)
        assert away.returncode == 0, away.stderr
        printed.append(away.stdout)
    for number, alone in zip(("0001", "0002", "0003"), printed, strict=False):
        assert orm(project, "sqlmigrate", "shop", number).split(";") == alone.split(";")
        orm(project, "migrate", "shop", number, "--yes")
    orm(project, "migrate", "shop", "zero", "--yes")
    one, two, three, three_back, two_back = printed
    with psycopg.connect(postgresql_url, autocommit=True) as session:
        for texts, book in (((one, two, two_back), "readers"), ((one, two, three, three_back), "lent")):
            for text in texts:
                session.execute(text)
            writer, shelf = ("author", "shop_shelf") if book == "readers" else ("writer", "shelves")
            session.execute(f"DROP TABLE shop_book_{book}, shop_book, shop_{writer}_shelves, shop_{writer}, {shelf}")
