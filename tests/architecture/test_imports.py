"""What ``from orm import models`` costs: nothing it does not need."""

from __future__ import annotations

import subprocess
import sys

import pytest

from orm.late import LateModule

DEAR = ["asyncio", "inspect", "dataclasses", "importlib.metadata", "tomllib", "hashlib", "sqlite3", "psycopg"]


def test_declaring_models_imports_nothing_dear() -> None:
    code = (
        "import sys; from orm import models\n"
        "class A(models.Model):\n    name = models.CharField(max_length=9)\n    class Meta:\n        app_label = 'x'\n"
        f"print([name for name in {DEAR!r} if name in sys.modules])"
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
