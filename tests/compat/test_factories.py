"""Programs that make their rows with model_bakery and factory_boy run unchanged, and print what Django makes of them.

``scripts/factories/*.txt`` is what Django 5.2 printed. Where ``DJANGO_PYTHON`` names an interpreter that has Django and
both packages, that is compared again.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests import servers
from tests.compat.packages import installed
from tests.compat.test_scripts import run, settings_of

FOLDER = Path(__file__).parent / "scripts" / "factories"
PACKAGES = {"bakery": "model-bakery>=1.20", "factory_boy": "factory-boy>=3.3"}

each_program = pytest.mark.parametrize("program", PACKAGES)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages and without Django, which one of them would bring along."""
    return installed(tmp_path_factory.mktemp("packages"), [*PACKAGES.values(), "faker"])


def printed(tmp_path: Path, packages: Path, program: str, **environment: str) -> str:
    done = run(tmp_path, "-m", "orm", "run", str(FOLDER / f"{program}.py"), PYTHONPATH=str(packages), **environment)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def expected(program: str) -> str:
    return (FOLDER / f"{program}.txt").read_text(encoding="utf-8")


@each_program
def test_on_sqlite(tmp_path: Path, packages: Path, program: str) -> None:
    assert printed(tmp_path, packages, program) == expected(program)


@each_program
def test_on_postgresql(tmp_path: Path, packages: Path, program: str, postgresql_url: str) -> None:
    with servers.scratch_database(postgresql_url) as url:  # its tables may have the names of other tests'
        assert printed(tmp_path, packages, program, **settings_of(url)) == expected(program)


@pytest.mark.skipif("DJANGO_PYTHON" not in os.environ, reason="DJANGO_PYTHON names no interpreter with Django")
@each_program
def test_under_django(tmp_path: Path, program: str) -> None:
    script = str(FOLDER / f"{program}.py")
    done = subprocess.run(
        [os.environ["DJANGO_PYTHON"], script], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    if "No module named" in done.stderr:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == expected(program)
