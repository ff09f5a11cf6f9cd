"""The catalogue's history: with rows from before the split, forwards to the end, it comes to what the models say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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
    assert done.stdout.splitlines() == ["[5]", "[]", "12 [5]"], done.stderr
