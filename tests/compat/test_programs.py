"""Programs of the kind that exists, run unchanged: what they print, and every row they leave, is what Django leaves.

``scripts/programs/*.txt`` is what Django 5.2 printed; each program ends by printing all its rows. Where Django is
installed in an environment of its own (``DJANGO_PYTHON`` names its interpreter), that is compared again.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests import servers
from tests.compat.test_scripts import run, settings_of

PROGRAMS = sorted((Path(__file__).parent / "scripts" / "programs").glob("*.py"))

each_program = pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)


def expected(program: Path) -> str:
    """What Django printed."""
    return program.with_suffix(".txt").read_text(encoding="utf-8")


@each_program
def test_on_sqlite(tmp_path: Path, program: Path) -> None:
    done = run(tmp_path, "-m", "orm", "run", str(program))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == expected(program)


@each_program
def test_on_postgresql(tmp_path: Path, program: Path, postgresql_url: str) -> None:
    with servers.scratch_database(postgresql_url) as url:  # its tables may have the names of other tests'
        done = run(tmp_path, "-m", "orm", "run", str(program), **settings_of(url))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == expected(program)


@pytest.mark.skipif("DJANGO_PYTHON" not in os.environ, reason="DJANGO_PYTHON names no interpreter with Django")
@each_program
def test_under_django(tmp_path: Path, program: Path) -> None:
    done = subprocess.run(
        [os.environ["DJANGO_PYTHON"], str(program)], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == expected(program)
