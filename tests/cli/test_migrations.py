"""The commands around migrations, on a project in a folder of its own."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import sqlite3
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.cli.test_cli import call

FIRST = """\
from orm import models


class Item(models.Model):
    name = models.CharField(max_length=50)
    cents = models.IntegerField(default=0)
"""
SECOND = FIRST.replace("name =", "title =") + "    note = models.TextField(null=True)\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.orm]\ndatabases = {default = "sqlite:///shop.db"}\ninstalled_apps = ["shop"]\n', encoding="utf-8"
    )
    (tmp_path / "shop" / "deep").mkdir(parents=True)
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "shop" / "models.py").write_text(FIRST, encoding="utf-8")
    return tmp_path


def orm(folder: Path, *arguments: str, status: int = 0) -> str:
    done = call(folder, "-m", "orm", *arguments)
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_a_history_from_below_the_projects_root(project: Path) -> None:
    below = project / "shop" / "deep"
    assert "Create model Item" in orm(below, "makemigrations", "shop")
    assert orm(below, "makemigrations").startswith("No changes detected")
    assert "Applying shop.0001_initial" in orm(below, "migrate")
    assert (project / "shop.db").exists()
    assert "agree" in orm(below, "diff")
    (project / "shop" / "models.py").write_text(SECOND, encoding="utf-8")
    assert "shop_item.title: missing column" in orm(below, "diff", status=1)
    orm(below, "makemigrations", "--check", status=1)
    made = json.loads(orm(below, "makemigrations", "--rename", "Item.name:title", "--json"))
    assert made[0]["operations"] == ["Rename field name on item to title", "Add field note to item"]
    assert json.loads(orm(below, "migrate", "--plan", "--json"))[0]["backwards"] is False
    orm(below, "migrate", "--check", status=1)
    orm(below, "migrate")
    assert "[X] 0002" in orm(below, "showmigrations")
    assert "agree" in orm(below, "diff")
    assert "DROP TABLE" in orm(below, "sqlmigrate", "shop", "0001", "--backwards")


def test_a_migration_without_a_default_needs_an_answer(project: Path) -> None:
    orm(project, "makemigrations", "shop")
    (project / "shop" / "models.py").write_text(FIRST + "    more = models.IntegerField()\n", encoding="utf-8")
    assert "not migrated" in orm(project, "makemigrations", status=3)


FOUR = """\
from orm import models


class Item(models.Model):
    one = models.CharField(max_length=50)
    two = models.CharField(max_length=50)
    three = models.CharField(max_length=50)
    four = models.CharField(max_length=50)
"""
FOUR_RENAMED = """\
from orm import models


class Item(models.Model):
    new_one = models.CharField(max_length=50, db_index=True)
    new_two = models.TextField(db_column="two")
    new_three = models.CharField(max_length=50, db_column="three")
    new_four = models.CharField(max_length=50)
"""


@pytest.mark.parametrize("place", ["sqlite", "postgresql"])
def test_renames_that_are_asked_for_keep_the_rows_whatever_else_changed(
    project: Path, request: pytest.FixtureRequest, place: str
) -> None:
    if place == "postgresql":
        url = request.getfixturevalue("postgresql_url")
        settings = f'[tool.orm]\ndatabases = {{default = "{url}"}}\ninstalled_apps = ["shop"]\n'
        (project / "pyproject.toml").write_text(settings, encoding="utf-8")
    (project / "shop" / "models.py").write_text(FOUR, encoding="utf-8")
    orm(project, "makemigrations", "shop")
    orm(project, "migrate")
    made = call(project, "-c", "import orm, shop.models as m; m.Item.objects.create(one=1, two=2, three=3, four=4)")
    assert made.returncode == 0, made.stderr
    (project / "shop" / "models.py").write_text(FOUR_RENAMED, encoding="utf-8")
    renames = [f"--rename=Item.{name}:new_{name}" for name in ("one", "two", "three", "four")]
    operations = json.loads(orm(project, "makemigrations", "shop", *renames, "--json"))[0]["operations"]
    assert sorted(operations) == [
        "Alter field new_one on item",
        "Alter field new_two on item",
        "Alter field three on item",
        "Rename field four on item to new_four",
        "Rename field one on item to new_one",
        "Rename field three on item to new_three",
        "Rename field two on item to new_two",
    ]
    orm(project, "migrate")
    assert "agree" in orm(project, "diff")
    program = "import orm, shop.models as m; print(*m.Item.objects.values_list()[0][1:])"
    assert call(project, "-c", program).stdout == "1 2 3 4\n"
    orm(project, "migrate", "shop", "zero", "--yes")


def test_a_model_is_renamed_as_asked_for_where_its_fields_changed_too(project: Path) -> None:
    orm(project, "makemigrations", "shop")
    changed = SECOND.replace("class Item", "class Thing").replace("max_length=50", "max_length=60")
    (project / "shop" / "models.py").write_text(changed, encoding="utf-8")
    renames = ("--rename", "Item:Thing", "--rename", "Item.name:title")
    made = json.loads(orm(project, "makemigrations", *renames, "--json"))
    assert made[0]["operations"] == [
        "Rename model Item to Thing",
        "Rename field name on thing to title",
        "Add field note to thing",
        "Alter field title on thing",
    ]
    orm(project, "migrate")
    assert "agree" in orm(project, "diff")


@pytest.mark.parametrize("rename", ["Item.foo:title", "Item:Thing"])
def test_a_rename_that_matches_nothing_is_named_and_nothing_is_written(project: Path, rename: str) -> None:
    orm(project, "makemigrations", "shop")
    (project / "shop" / "models.py").write_text(SECOND, encoding="utf-8")
    assert f"--rename {rename}: no model or field" in orm(project, "makemigrations", "--rename", rename, status=2)
    assert [one.name for one in (project / "shop" / "migrations").glob("0*.py")] == ["0001_initial.py"]


def test_a_column_is_not_renamed_to_a_many_to_many_field(project: Path) -> None:
    orm(project, "makemigrations", "shop")
    changed = FIRST.replace("name = models.CharField(max_length=50)", "others = models.ManyToManyField('self')")
    (project / "shop" / "models.py").write_text(changed, encoding="utf-8")
    said = orm(project, "makemigrations", "--rename", "Item.name:others", status=2)
    assert "shop.item.name can't be renamed to others" in said
    assert [one.name for one in (project / "shop" / "migrations").glob("0*.py")] == ["0001_initial.py"]


def test_a_rename_leaves_other_questions_to_be_answered(project: Path) -> None:
    orm(project, "makemigrations", "shop")
    changed = FIRST.replace("name =", "title =") + "    more = models.IntegerField()\n"
    (project / "shop" / "models.py").write_text(changed, encoding="utf-8")
    assert "'more'" in orm(project, "makemigrations", "--rename", "Item.name:title", status=3)
    assert [one.name for one in (project / "shop" / "migrations").glob("0*.py")] == ["0001_initial.py"]


def test_a_squash_has_no_transaction_where_an_operation_needs_none(project: Path, postgresql_url: str) -> None:
    settings = f'[tool.orm]\ndatabases = {{default = "{postgresql_url}"}}\ninstalled_apps = ["shop"]\n'
    (project / "pyproject.toml").write_text(settings, encoding="utf-8")
    orm(project, "makemigrations", "shop")
    better = FIRST.replace("max_length=50", "max_length=50, unique=True")
    (project / "shop" / "models.py").write_text(better, encoding="utf-8")
    orm(project, "makemigrations", "--name", "one")
    folder = project / "shop" / "migrations"
    text = (folder / "0002_one.py").read_text(encoding="utf-8")
    start = text.index("migrations.AlterField(")
    end = text.rindex("),\n    ]")
    whole = f"{text[:start]}migrations.BesideWriters({text[start:end]})" + text[end:]
    whole = whole.replace("    dependencies", "    atomic = False\n\n    dependencies", 1)
    (folder / "0002_one.py").write_text(whole, encoding="utf-8")
    orm(project, "squashmigrations", "shop", "0002", "--name", "all")
    text = (folder / "0001_all.py").read_text(encoding="utf-8")
    assert ("atomic = False" in text, "BesideWriters" in text) == (True, True)
    orm(project, "migrate")
    assert "agree" in orm(project, "diff")
    orm(project, "migrate", "shop", "zero", "--yes")


def test_a_function_keeps_the_transaction_of_its_migration_in_a_squash_that_has_none(project: Path) -> None:
    orm(project, "makemigrations", "shop")
    folder = project / "shop" / "migrations"
    work = """
def fail(apps, editor):
    apps.get_model("shop", "Item").objects.create(name="half")
    raise ValueError("half way")

def rest(apps, editor):
    pass
"""
    (project / "shop" / "work.py").write_text(work, encoding="utf-8")
    second = (
        HISTORY.replace("import migrations", "import migrations\nfrom shop import work") % "('shop', '0001_initial')"
    )
    within = second.replace("operations = []", "operations = [migrations.RunPython(work.fail)]")
    beside = second.replace("0001_initial", "0002_within").replace(
        "operations = []", "atomic = False\n    operations = [migrations.RunPython(work.rest)]"
    )
    (folder / "0002_within.py").write_text(within, encoding="utf-8")
    (folder / "0003_beside.py").write_text(beside, encoding="utf-8")
    orm(project, "squashmigrations", "shop", "0003", "--name", "all")
    text = (folder / "0001_all.py").read_text(encoding="utf-8")
    assert ("atomic = False" in text, text.count("atomic=True")) == (True, 1)
    done = call(project, "-m", "orm", "migrate")
    assert "half way" in done.stderr
    with sqlite3.connect(project / "shop.db") as session:
        assert session.execute("SELECT count(*) FROM shop_item").fetchone() == (0,)


def test_several_statements_keep_the_transaction_of_their_migration_in_a_squash_that_has_none(project: Path) -> None:
    orm(project, "makemigrations", "shop")
    folder = project / "shop" / "migrations"
    one = "migrations.RunSQL(\"INSERT INTO shop_item (name, cents) VALUES ('one', 1)\", '')"
    half = "INSERT INTO shop_item (name, cents) VALUES ('half', 1)"
    several = f"migrations.RunSQL(\"{half}; INSERT INTO nowhere VALUES (1)\", '')"
    history = HISTORY % "('shop', '0001_initial')"
    within = history.replace("operations = []", f"operations = [{one}, {several}]")
    beside = history.replace("0001_initial", "0002_within").replace(
        "operations = []", "atomic = False\n    operations = [migrations.RunSQL('SELECT 1', '')]"
    )
    (folder / "0002_within.py").write_text(within, encoding="utf-8")
    (folder / "0003_beside.py").write_text(beside, encoding="utf-8")
    orm(project, "squashmigrations", "shop", "0003", "--name", "all")
    text = (folder / "0001_all.py").read_text(encoding="utf-8")
    assert ("atomic = False" in text, text.count("atomic=True")) == (True, 1)
    printed = orm(project, "sqlmigrate", "shop", "0001_all").splitlines()
    told = [line for line in printed if line.startswith(("BEGIN", "INSERT", "SELECT", "COMMIT"))]
    assert told == [
        "INSERT INTO shop_item (name, cents) VALUES ('one', 1);",
        "BEGIN;", f"{half};", "INSERT INTO nowhere VALUES (1);", "COMMIT;",
        "SELECT 1;",
    ]  # fmt: skip
    assert "nowhere" in call(project, "-m", "orm", "migrate").stderr
    with sqlite3.connect(project / "shop.db") as session:
        assert session.execute("SELECT name FROM shop_item").fetchall() == [("one",)]


def test_rows_are_not_lost_unasked(project: Path) -> None:
    orm(project, "makemigrations", "shop")
    orm(project, "migrate")
    orm(project, "migrate", "shop", "zero")  # no rows, nothing to lose
    orm(project, "migrate")
    program = "import orm, shop.models as m; m.Item.objects.create(name='a')"
    assert call(project, "-c", program).returncode == 0
    assert "--yes" in orm(project, "migrate", "shop", "zero", status=2)
    orm(project, "migrate", "shop", "zero", "--yes")


def test_a_squash_takes_the_place_of_what_it_replaces(project: Path) -> None:
    orm(project, "makemigrations", "shop")
    (project / "shop" / "models.py").write_text(SECOND, encoding="utf-8")
    orm(project, "makemigrations", "--rename", "Item.name:title", "--name", "more")
    orm(project, "migrate", "shop", "0001")
    assert "from 3 operations to 1" in orm(project, "squashmigrations", "shop", "0002", "--name", "all")
    orm(project, "migrate")  # the old ones, since one of them is applied
    assert json.loads(orm(project, "showmigrations", "--json")) == [
        {"app": "shop", "name": "0001_all", "applied": True}
    ]
    assert "agree" in orm(project, "diff")


def test_what_is_wrong_is_a_sentence(project: Path) -> None:
    assert "does not have migrations" in orm(project, "migrate", "shop", "0001", status=2)
    assert "No installed app with label 'nothing'" in orm(project, "makemigrations", "nothing", status=2)
    assert "OLD:NEW" in orm(project, "makemigrations", "--rename", "a", status=2)


def test_lint_tells_what_breaks_running_code_and_safe_refuses_it(project: Path) -> None:
    orm(project, "makemigrations", "shop")
    assert orm(project, "lint") == "Nothing to object to.\n"
    orm(project, "migrate", "--safe")
    (project / "shop" / "models.py").write_text(SECOND, encoding="utf-8")
    orm(project, "makemigrations", "--rename", "Item.name:title", "shop")
    told = json.loads(orm(project, "lint", "--json", status=1))
    assert [(one["code"], one["operation"]) for one in told] == [("renamed-in-use", 1)]
    assert "Nothing was run" in orm(project, "migrate", "--safe", status=2)
    assert "[ ] 0002" in orm(project, "showmigrations")
    with (project / "pyproject.toml").open("a", encoding="utf-8") as settings:
        settings.write("production = true\n")
    assert "renamed-in-use" in orm(project, "migrate", status=2)
    orm(project, "migrate", "--no-safe")


def test_a_rename_is_written_anew_and_ends_after_the_release(project: Path) -> None:
    orm(project, "makemigrations", "shop")
    orm(project, "migrate")
    (project / "shop" / "models.py").write_text(FIRST.replace("name =", "title ="), encoding="utf-8")
    orm(project, "makemigrations", "--rename", "Item.name:title", "--name", "title")
    said = orm(project, "lint", "--fix", status=1)
    assert "Written: shop.0002_title_1_expand" in said and "shop.0002_title, operation 3: Remove field name" in said
    orm(project, "migrate", "--safe", "shop", "0002_title_3")
    assert "agree" not in orm(project, "diff", status=1)
    assert orm(project, "lint") == "Nothing to object to.\n"
    orm(project, "migrate", "--safe", "--yes")
    assert "agree" in orm(project, "diff")
    assert "No changes" in orm(project, "makemigrations", "--check")


def test_a_database_without_a_history_is_adopted(project: Path) -> None:
    made = call(project, "-c", "import shop.models, orm; orm.create_tables()")
    assert made.returncode == 0, made.stderr
    orm(project, "makemigrations", "shop")
    (project / "shop" / "models.py").write_text(SECOND, encoding="utf-8")
    said = orm(project, "migrate", "--adopt", status=2)
    assert "can't be adopted" in said and "shop_item.title: missing column" in said
    (project / "shop" / "models.py").write_text(FIRST, encoding="utf-8")
    assert "leave the name of the app away" in orm(project, "migrate", "shop", "--adopt", status=2)
    assert "FAKED" in orm(project, "migrate", "--adopt")
    assert "No migrations to apply" in orm(project, "migrate")
    assert "[X] 0001_initial" in orm(project, "showmigrations")


def test_check_says_where_the_database_differs_from_the_models(project: Path) -> None:
    said = orm(project, "check", status=1)
    assert "default: shop_item: missing table" in said and "is not what the models say" in said
    orm(project, "makemigrations", "shop")
    orm(project, "migrate")
    assert "missing" not in orm(project, "check")
    told = json.loads(orm(project, "check", "--json"))
    assert told["differences"] == {"default": []}
    assert {one["colour"] for one in told["databases"]} == {"awaitable", "blocking"}


def test_lint_writes_what_is_not_safe_anew(project: Path, postgresql_url: str) -> None:
    settings = f'[tool.orm]\ndatabases = {{default = "{postgresql_url}"}}\ninstalled_apps = ["shop"]\n'
    (project / "pyproject.toml").write_text(settings, encoding="utf-8")
    orm(project, "makemigrations", "shop")
    orm(project, "migrate")
    better = FIRST.replace("max_length=50", "max_length=50, db_index=True")
    (project / "shop" / "models.py").write_text(better, encoding="utf-8")
    orm(project, "makemigrations", "--name", "index")
    assert "index-blocks-writes" in orm(project, "lint", status=1)
    assert orm(project, "lint", "--count-rows") == "Nothing to object to.\n"
    with psycopg.connect(postgresql_url) as session:
        session.execute("INSERT INTO shop_item (name, cents) SELECT 'n', n FROM generate_series(1, 1000) AS n")
    assert "index-blocks-writes" in orm(project, "lint", "--count-rows", status=1)
    assert "orm lint --fix" in orm(project, "migrate", "--safe", status=2)
    with (project / "pyproject.toml").open("a", encoding="utf-8") as more:
        more.write("production = true\n")
    assert "Written" not in orm(project, "lint", "--no-fix", status=1)
    assert "Written: shop.0002_index" in orm(project, "lint")
    assert "atomic = False" in (project / "shop" / "migrations" / "0002_index.py").read_text(encoding="utf-8")
    orm(project, "migrate", "--safe")
    assert "agree" in orm(project, "diff")
    assert "No changes" in orm(project, "makemigrations", "--check")
    orm(project, "migrate", "shop", "zero", "--yes")


def test_lint_traces_the_locks_that_the_server_takes_on_an_empty_copy(project: Path, postgresql_url: str) -> None:
    settings = f'[tool.orm]\ndatabases = {{default = "{postgresql_url}"}}\ninstalled_apps = ["shop"]\n'
    (project / "pyproject.toml").write_text(settings, encoding="utf-8")
    orm(project, "makemigrations", "shop")
    orm(project, "migrate")
    with psycopg.connect(postgresql_url) as session:
        session.execute("INSERT INTO shop_item (name, cents) VALUES ('n', 1)")
    better = FIRST.replace("max_length=50", "max_length=50, db_index=True").replace("IntegerField", "BigIntegerField")
    (project / "shop" / "models.py").write_text(better, encoding="utf-8")
    orm(project, "makemigrations", "--name", "index")
    told = json.loads(orm(project, "lint", "--trace", "--json", status=1))
    assert {one["code"] for one in told["findings"]} == {"index-blocks-writes", "table-rewrite"}
    (rewritten,) = told["trace"]
    wanted = {"relation": "shop_item", "mode": "AccessExclusiveLock", "who_waits": "reads and writes wait"}
    assert wanted in rewritten["locks"] and rewritten["seconds"] > 0
    orm(project, "lint", "--fix", "--json")
    anew = json.loads(orm(project, "lint", "--trace", "--json"))["trace"]
    built, _ = (one for one in anew if one["statement"].startswith("CREATE INDEX CONCURRENTLY"))
    assert built["locks"] == [{"relation": "shop_item", "mode": "ShareUpdateExclusiveLock", "who_waits": ""}]
    assert "who waits" in orm(project, "lint", "--trace")
    with psycopg.connect(postgresql_url) as session:
        name = f"test_{postgresql_url.rpartition('/')[2]}_trace"
        assert session.execute("SELECT count(*) FROM pg_database WHERE datname = %s", [name]).fetchone() == (0,)
        assert session.execute("SELECT name, cents FROM shop_item").fetchall() == [("n", 1)]
    orm(project, "migrate", "shop", "zero", "--yes")


def test_lint_judges_for_the_version_of_a_server(project: Path, postgresql_url: str) -> None:
    settings = f'[tool.orm]\ndatabases = {{default = "{postgresql_url}"}}\ninstalled_apps = ["shop"]\n'
    (project / "pyproject.toml").write_text(settings, encoding="utf-8")
    orm(project, "makemigrations", "shop")
    orm(project, "migrate")
    orm(project, "makemigrations", "--empty", "shop", "--name", "build")
    build = """
from orm import migrations

class Migration(migrations.Migration):
    atomic = False
    dependencies = [("shop", "0001_initial")]
    operations = [migrations.RunSQL("CREATE INDEX CONCURRENTLY i ON shop_item (cents)", "DROP INDEX CONCURRENTLY i")]
"""
    (project / "shop" / "migrations" / "0002_build.py").write_text(build, encoding="utf-8")
    assert orm(project, "lint") == "Nothing to object to.\n"
    assert "[index-corrupts]" in orm(project, "lint", "--server-version", "14.2", status=1)
    assert orm(project, "lint", "--server-version", "14.4") == "Nothing to object to.\n"
    assert "a version is a number" in orm(project, "lint", "--server-version", "new", status=2)
    orm(project, "migrate", "shop", "zero", "--yes")


def test_a_database_that_shows_no_locks_is_not_traced(project: Path) -> None:
    orm(project, "makemigrations", "shop")
    assert "does not show which locks" in orm(project, "lint", "--trace", status=2)


def test_a_first_migration_that_nobody_asked_for_is_pointed_out(project: Path) -> None:
    for command in ("makemigrations", "migrate"):
        assert "shop has models and no migrations yet: `orm makemigrations shop` begins." in orm(project, command)


def test_a_change_without_a_migration_is_pointed_out_by_migrate(project: Path) -> None:
    orm(project, "makemigrations", "shop")
    assert "no migration holds" not in orm(project, "migrate")
    (project / "shop" / "models.py").write_text(SECOND, encoding="utf-8")
    assert "The models of shop have changes that no migration holds" in orm(project, "migrate")
    missing = call(project, "-c", "import orm, shop.models as m; m.Item.objects.filter(note=None).count()")
    assert "`orm makemigrations`, then `orm migrate`" in missing.stderr


def test_migrations_without_an_application_say_what_is_missing(project: Path) -> None:
    settings = project / "pyproject.toml"
    settings.write_text(settings.read_text().replace('"shop"]', "]"), encoding="utf-8")
    for command in ("makemigrations", "migrate"):
        assert 'installed_apps = ["shop"]' in orm(project, command)


def test_an_application_that_is_not_there_is_named(project: Path) -> None:
    settings = project / "pyproject.toml"
    settings.write_text(settings.read_text().replace('"shop"]', '"shopp"]'), encoding="utf-8")
    for command in ("makemigrations", "migrate", "showmigrations", "diff"):
        assert "installed_apps names 'shopp', and there is no package 'shopp'" in orm(project, command, status=2)


def test_models_that_are_declared_wrong_are_refused_before_a_file_is_written(project: Path) -> None:
    wrong = FIRST + '    parent = models.ForeignKey("Itm", on_delete=models.CASCADE, null=True)\n'
    (project / "shop" / "models.py").write_text(wrong, encoding="utf-8")
    assert "shop.Item.parent: (fields.E300)" in orm(project, "makemigrations", "shop", status=2)
    assert "shop.Item.parent: (fields.E300)" in orm(project, "check", status=1)
    assert not (project / "shop" / "migrations").exists()


def test_changes_can_be_taken_into_the_last_migration_until_it_is_applied(project: Path) -> None:
    assert "has no migration" in orm(project, "makemigrations", "shop", "--update", status=2)
    orm(project, "makemigrations", "shop")
    orm(project, "migrate")
    models = project / "shop" / "models.py"
    models.write_text(FIRST + "    note = models.TextField(null=True)\n", encoding="utf-8")
    assert "Cannot update applied migration 'shop.0001_initial'" in orm(
        project, "makemigrations", "shop", "--update", status=2
    )
    orm(project, "makemigrations", "shop")
    models.write_text(FIRST + "    note = models.TextField(default='')\n    size = models.IntegerField(null=True)\n")
    out = orm(project, "makemigrations", "--update")
    files = sorted(path.name for path in (project / "shop" / "migrations").glob("0*.py"))
    assert files == ["0001_initial.py", "0002_item_size_item_note.py"]
    assert "Deleted" in out
    assert "0002_item_note.py" in out
    assert "No changes detected" in orm(project, "makemigrations")
    orm(project, "migrate")
    assert "--merge and --empty make new ones" in orm(project, "makemigrations", "--update", "--merge", status=2)


def test_a_plan_shows_the_beginning_of_sql_and_of_docstrings(project: Path) -> None:
    orm(project, "makemigrations", "shop")
    orm(project, "makemigrations", "shop", "--empty", "--name", "words")
    path = project / "shop" / "migrations" / "0002_words.py"
    path.write_text(
        "from orm import migrations\n\n\ndef fill(apps, schema_editor):\n    'Fill in what is missing.'\n\n\n"
        "class Migration(migrations.Migration):\n    dependencies = [('shop', '0001_initial')]\n"
        "    operations = [migrations.RunSQL('SELECT 1'), migrations.RunPython(fill, migrations.RunPython.noop)]\n",
        encoding="utf-8",
    )
    out = orm(project, "migrate", "--plan")
    assert "Raw SQL operation -> SELECT 1" in out
    assert "-> Fill in what is missing." in out


HISTORY = """\
from orm import migrations


class Migration(migrations.Migration):
    dependencies = [%s]
    operations = []
"""
FIRST_ONE = "('shop', '0001_initial')"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"0002_a": HISTORY % "('shop', '0003_b')", "0003_b": HISTORY % "('shop', '0002_a')"}, "in a circle: take one"),
        ({"0002_a": HISTORY % FIRST_ONE, "0002_b": HISTORY % FIRST_ONE}, "orm makemigrations --merge"),
        ({"0002_a": HISTORY % "('nope', '0001')"}, "no installed app 'nope' has migrations"),
        ({"0002_a": HISTORY % "('shop', '0009_x')"}, "shop has 0001_initial, 0002_a. Mend the dependency"),
        ({"0002_a": HISTORY % "'shop'"}, "where a pair of app label and name belongs, like ('shop', '0001_initial')"),
        ({"0002_a": HISTORY[:60]}, "0002_a.py, line 4: '(' was never closed."),
        ({"0002_a": ""}, "has no Migration class: what is no migration belongs elsewhere"),
        ({"0002_a": "class Migration:\n    pass\n"}, "is to inherit from migrations.Migration"),
        ({"0002_a": (HISTORY % FIRST_ONE).replace("[]", "None")}, "operations is a list, not None"),
    ],
    ids=["circle", "two-leaves", "no-app", "no-migration", "no-pair", "half", "empty", "no-subclass", "no-list"],
)
def test_a_history_that_can_not_be_says_why_and_what_helps(project: Path, files: dict[str, str], said: str) -> None:
    orm(project, "makemigrations", "shop")
    for name, text in files.items():
        (project / "shop" / "migrations" / f"{name}.py").write_text(text, encoding="utf-8")
    assert said in orm(project, "migrate", status=2)
    assert not (project / "shop.db").exists() or "shop_item" not in (project / "shop.db").read_text("latin-1")


def test_a_database_that_is_newer_than_the_code_is_pointed_out(project: Path) -> None:
    orm(project, "makemigrations", "shop")
    later = project / "shop" / "migrations" / "0002_a.py"
    later.write_text(HISTORY % FIRST_ONE, encoding="utf-8")
    assert "newer" not in orm(project, "migrate")
    later.unlink()
    assert "newer than this code: it has shop.0002_a" in orm(project, "migrate")
    assert "shop.0001_initial can't be taken back" in orm(project, "migrate", "shop", "zero", "--yes", status=2)
    assert "No migrations to apply" in orm(project, "migrate")


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        ('AddField("Item", "code", models.IntegerField())', "There are rows without a value for code. Give the field"),
        ('RemoveField("Item", "nope")', "of shop.0002_a (Remove field nope from Item). The models before it have no"),
    ],
    ids=["no-value-for-rows", "no-such-field"],
)
def test_an_operation_that_can_not_be_says_what_helps(project: Path, operation: str, said: str) -> None:
    orm(project, "makemigrations", "shop")
    orm(project, "migrate")
    database = sqlite3.connect(project / "shop.db")
    with database:
        database.execute("INSERT INTO shop_item (name, cents) VALUES ('kept', 1)")
    database.close()
    text = HISTORY.replace("import migrations", "import migrations, models") % FIRST_ONE
    path = project / "shop" / "migrations" / "0002_a.py"
    path.write_text(text.replace("[]", f"[migrations.{operation}]"), encoding="utf-8")
    assert said in orm(project, "migrate", "--yes", status=2)
    assert "[ ] 0002_a" in orm(project, "showmigrations")


def test_the_name_of_a_squashed_migration_is_one_that_a_module_can_have(project: Path) -> None:
    orm(project, "makemigrations", "shop")
    assert "valid Python identifier" in orm(project, "squashmigrations", "shop", "0001", "--name", "a b", status=2)
    assert "There are 0001_initial." in orm(project, "squashmigrations", "shop", "0009", status=2)
    assert [one.name for one in (project / "shop" / "migrations").glob("0*.py")] == ["0001_initial.py"]


def at_terminal(folder: Path, answer: str, *arguments: str, **environment: str) -> tuple[int, str]:
    """Run ``orm ARGUMENTS`` at a terminal where somebody types an answer; the status, and what was shown."""
    here, there = pty.openpty()
    clean = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "NO_COLOR")}
    command = [sys.executable, "-m", "orm", *arguments]
    env = {**clean, "TERM": "xterm-256color", **environment}
    with subprocess.Popen(command, cwd=folder, env=env, stdin=there, stdout=there, stderr=there) as running:
        os.close(there)
        os.write(here, answer.encode())
        shown = b""
        with contextlib.suppress(OSError):  # so Linux says that the other end is closed
            while piece := os.read(here, 4096):
                shown += piece
    os.close(here)
    return running.returncode, shown.decode()


def test_a_terminal_is_asked_and_shown_colours(project: Path) -> None:
    orm(project, "makemigrations", "shop")
    orm(project, "migrate")
    (project / "shop" / "models.py").write_text(SECOND, encoding="utf-8")
    status, shown = at_terminal(project, "y\n", "makemigrations")
    assert (status, "~ Rename field name on item to title" in shown) == (0, True)
    assert "Was item.name renamed to item.title (a CharField)? [y/N]" in shown
    assert "\x1b[33m [ ] 0002" in at_terminal(project, "", "showmigrations")[1]
    assert "\x1b" not in at_terminal(project, "", "showmigrations", NO_COLOR="1")[1]
    assert "\x1b" not in orm(project, "showmigrations")
    status, shown = at_terminal(project, "", "migrate", "nope")
    assert (status, "\x1b[31m\x1b[1mError: \x1b[0mNo installed app" in shown) == (2, True)
