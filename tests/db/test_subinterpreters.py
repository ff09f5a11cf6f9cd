"""A subinterpreter uses SQLite in blocking code, and can be ended: with an open block, too, and the process goes on."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.db.sessions import ROOT

INSIDE = """
import sys
sys.path[:] = {path!r}
import orm
from orm import models
orm.configure("sqlite:///{file}")
class Row(models.Model):
    number = models.IntegerField()
    class Meta:
        app_label = "sub"
orm.create_tables(Row)
with orm.atomic():
    Row.objects.create(number=1)
held = orm.atomic()
held.__enter__()
Row.objects.create(number=2)
"""
OUTSIDE = """
import sqlite3, sys
try:
    import _interpreters as interpreters
    interpreter = interpreters.create({kind!r})
except ImportError:
    import _xxsubinterpreters as interpreters
    interpreter = interpreters.create(isolated={kind!r} == "isolated")
failed = interpreters.run_string(interpreter, {inside!r})
assert failed is None, failed
interpreters.destroy(interpreter)
with sqlite3.connect({file!r}, timeout=5) as session:
    session.execute("INSERT INTO sub_row (number) VALUES (3)")
    print(session.execute("SELECT number FROM sub_row ORDER BY number").fetchall())
"""


@pytest.mark.parametrize("kind", ["legacy", "isolated"])
def test_a_subinterpreter_ends_and_its_open_block_with_it(tmp_path: Path, kind: str) -> None:
    if kind == "isolated" and sys.version_info < (3, 13):
        pytest.skip("sqlite3 and datetime can't be imported in isolated subinterpreters before Python 3.13")
    file = str(tmp_path / "sub.sqlite3")
    inside = textwrap.dedent(INSIDE).format(path=[str(ROOT), str(ROOT / "backends"), *sys.path], file=file)
    program = OUTSIDE.format(kind=kind, inside=inside, file=file)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False, cwd=ROOT
    )
    assert (done.returncode, done.stdout) == (0, "[(1,), (3,)]\n"), done.stderr
