"""What ``from orm import models`` costs: nothing it does not need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from orm.late import LateModule

DEAR = ["asyncio", "inspect", "dataclasses", "importlib.metadata", "tomllib", "hashlib", "sqlite3", "psycopg"]
OTHERS = ["asyncio", "aiosqlite", "psycopg", "asyncpg", "orm_sqlite.awaitable", "orm_postgresql", "orm_mysql"]


def test_declaring_models_imports_nothing_dear() -> None:
    code = (
        "import sys; from orm import models\n"
        "class A(models.Model):\n    name = models.CharField(max_length=9)\n    class Meta:\n        app_label = 'x'\n"
        f"print([name for name in {DEAR!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/")
    assert done.stdout.strip() == "[]"


def test_a_blocking_script_on_sqlite_imports_nothing_of_the_other_colour_or_database(tmp_path: Path) -> None:
    code = (
        "import sys, orm; from orm import models\n"
        "class A(models.Model):\n    name = models.CharField(max_length=9)\n    class Meta:\n        app_label = 'x'\n"
        f"orm.configure('sqlite:///{tmp_path / 'a.db'}')\n"
        "orm.create_tables()\n"
        "with orm.atomic():\n    A.objects.create(name='a').save()\n"
        "assert [a.name for a in A.objects.filter(name__contains='a')] == ['a'] and A.objects.get(pk=1).delete()[0]\n"
        f"print([name for name in {OTHERS!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/")
    assert done.stdout.strip() == "[]"


def test_a_late_module_gives_the_modules_attributes() -> None:
    late = LateModule("string")
    assert "digits" not in vars(late)
    assert late.digits == "0123456789"
    assert "digits" in vars(late)
    with pytest.raises(AttributeError):
        late.nothing
