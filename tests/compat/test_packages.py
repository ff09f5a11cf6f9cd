"""Packages of the Django world that are about data run unchanged: their models, managers and fields do what their
documentation shows, and print what they print under Django.

``scripts/packages/*.txt`` is what Django 5.2 printed. Where ``DJANGO_PYTHON`` names an interpreter that has Django,
that is compared again.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests import servers
from tests.compat.packages import why_not_installed
from tests.compat.test_scripts import run, settings_of

FOLDER = Path(__file__).parent / "scripts" / "packages"
PACKAGES = {
    "auditlog": ["django-auditlog==3.4.1", "python-dateutil==4.0.0", "six==1.17.0"],
    "autoslug": ["django-autoslug==1.9.9"],
    "dirtyfields": ["django-dirtyfields==1.9.9"],
    "eav": ["django-eav2==2.0.1"],
    "filters": ["django-filter==26.2"],
    "fsm": ["django-fsm-2==4.2.4"],
    "guardian": ["django-guardian==3.5.2"],
    "import_export": ["django-import-export==4.4.3", "tablib==3.10.0", "diff-match-patch==20241021"],
    "lifecycle": ["django-lifecycle==1.3.0"],
    "model_utils": ["django-model-utils==5.0.0"],
    "mptt": ["django-mptt==0.20.0", "django-js-asset==5.0.0"],
    "ordered_model": ["django-ordered-model==3.7.4"],
    "parler": ["django-parler==2.4"],
    "polymorphic": ["django-polymorphic==4.11.7"],
    "queryset_sequence": ["django-querysetsequence==0.18"],
    "rest_framework": ["djangorestframework==3.18.3"],
    "reversion": ["django-reversion==6.4.0"],
    "sequences": ["django-sequences==3.1"],
    "simple_history": ["django-simple-history==3.13.0"],
    "soft_delete": ["django-soft-delete==1.0.23"],
    "taggit": ["django-taggit==6.1.0"],
    "treebeard": ["django-treebeard==7.0.3"],
    "waffle": ["django-waffle==5.0.0"],
    "watson": ["django-watson==1.6.3"],
}

each_package = pytest.mark.parametrize("package", PACKAGES)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all of them, as far as they can be had."""
    folder = tmp_path_factory.mktemp("packages")
    if why_not_installed(folder, [name for names in PACKAGES.values() for name in names]):
        for names in PACKAGES.values():
            why_not_installed(folder, names)
    return folder


@pytest.fixture
def folder(everything: Path, package: str) -> Path:
    """That folder, with this package in it."""
    for wanted in PACKAGES[package]:
        name, _, version = wanted.replace("-", "_").partition("==")
        if not (everything / f"{name}-{version}.dist-info").exists():
            pytest.skip(f"{wanted} can't be had")
    return everything


def printed(tmp_path: Path, folder: Path, package: str, **environment: str) -> str:
    program = str(FOLDER / f"with_{package}.py")
    done = run(tmp_path, "-m", "orm", "run", program, PYTHONPATH=str(folder), **environment)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def expected(package: str) -> str:
    return (FOLDER / f"with_{package}.txt").read_text(encoding="utf-8")


@each_package
def test_on_sqlite(tmp_path: Path, folder: Path, package: str) -> None:
    assert printed(tmp_path, folder, package) == expected(package)


@each_package
def test_on_postgresql(tmp_path: Path, folder: Path, package: str, postgresql_url: str) -> None:
    with servers.scratch_database(postgresql_url) as url:
        assert printed(tmp_path, folder, package, **settings_of(url)) == expected(package)


@pytest.mark.skipif("DJANGO_PYTHON" not in os.environ, reason="DJANGO_PYTHON names no interpreter with Django")
@each_package
def test_under_django(tmp_path: Path, folder: Path, package: str) -> None:
    done = subprocess.run(
        [os.environ["DJANGO_PYTHON"], str(FOLDER / f"with_{package}.py")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == expected(package)
