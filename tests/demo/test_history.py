"""The catalogue's history: with rows from before the split, forwards to the end, it comes to what the models say."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

from orm.migrations.state import ProjectState

ROOT = Path(__file__).parents[2]

PROGRAM = """
import sys
import orm
from migrations_demo.load import APP, back_and_forth
from orm.migrations.drift_blocking import drift

orm.configure(sys.argv[1], installed_apps=[], migration_modules={APP: "migrations_demo.migrations"})
orm.migrate(APP, "0007")
from migrations_demo.models import Distribution, File, Function, Module, Version

distribution = Distribution.objects.create(name="a", slug="a")
version = Version.objects.create(distribution=distribution, number="1", location="/")
file = File.objects.create(version=version, path="a.py")
module = Module.objects.create(file=file, version=version, name="a")
columns = "module_id, name, qualname, line, end_line, arguments, is_async, is_method, decorators, summary"
with orm.databases["default"].connection() as connection:
    values = f"{module.pk}, 'f', 'f', 3, 7, 0, 0, 0, '[]', ''"
    connection.execute(f"INSERT INTO catalogue_function ({columns}) VALUES ({values})")
orm.migrate(APP)
print([function.line_count for function in Function.objects.all()])
print([str(one) for one in drift() if one.table.startswith("catalogue")])
print(back_and_forth(), [function.line_count for function in Function.objects.all()])
"""


def test_the_history_ends_where_the_models_are(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'catalogue.sqlite3'}"
    done = subprocess.run([sys.executable, "-c", PROGRAM, url], cwd=ROOT, capture_output=True, text=True)
    told = [line for line in done.stdout.splitlines() if not line.startswith("  ")]
    assert told == ["[5]", "[]", "12 [5]"], done.stderr


def test_the_squash_makes_what_the_three_make_that_it_replaces() -> None:
    squashed = import_module("migrations_demo.migrations.0001_squashed_0003_description_is_summary").Migration
    names = [name for _, name in squashed.replaces]
    one, three = ProjectState(), ProjectState()
    squashed("squashed", "catalogue").mutate_state(one, preserve=False)
    for name in names:
        import_module(f"migrations_demo.migrations.{name}").Migration(name, "catalogue").mutate_state(
            three, preserve=False
        )
    assert one == three
    assert names == ["0001_initial", "0002_source_code", "0003_description_is_summary"]
