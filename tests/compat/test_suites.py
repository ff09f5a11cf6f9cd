"""The tests that a package from PyPI brings along pass on the legacy import, unchanged, as they do under Django."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.compat.packages import installed

PYTEST = ("-m", "orm", "run", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "project_tests")
PLUGINS = Path(__file__).parent / "scripts" / "suites"
MODEL_UTILS = "django-model-utils==5.0.0"
MODEL_UTILS_NEEDS = ("time-machine", "python-dateutil", "six")
MODEL_UTILS_LEFT_OUT = (
    "tests/test_managers/test_join_manager.py",  # Django 5.2 fails these as well
    # It reads `objects.all` before it listens for the warning of `get_queryset()`, which is asked there.
    "tests/test_models/test_softdeletable_model.py::SoftDeletableModelTests::test_deprecation_warning",
)
TREEBEARD = "django-treebeard==7.0.3"
TREEBEARD_OPTIONS = ("tests/test_treebeard.py", "-k", "not Form and not Admin")


def unpacked(folder: Path, source: str) -> Path:
    """Download a package's source and return its folder; skip the test where it can't be had."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-binary", ":all:", "--no-deps", "-d", str(folder)]
    done = subprocess.run([*pip, source], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the source of {source} can't be had: {done.stderr.strip().splitlines()[-1]}")
    [archive] = folder.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
    return archive.with_name(archive.name.removesuffix(".tar.gz"))


def run(project: Path, options: Sequence[str], *folders: Path, **environment: str) -> None:
    """Run a package's tests in a process of their own, which finds modules in these folders."""
    settings = {
        "PYTHONPATH": os.pathsep.join(map(str, (*folders, PLUGINS, project))),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    done = subprocess.run(
        [sys.executable, *PYTEST, *options],
        cwd=project,
        env={**os.environ, **settings, **environment},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_model_utils(tmp_path: Path) -> None:
    project = unpacked(tmp_path, MODEL_UTILS)
    options = ["tests", *(f"--deselect={name}" for name in MODEL_UTILS_LEFT_OUT)]
    run(project, options, installed(tmp_path / "needed", MODEL_UTILS_NEEDS), SQLITE="1")


@pytest.mark.slow
def test_treebeard_on_sqlite(tmp_path: Path) -> None:
    run(unpacked(tmp_path, TREEBEARD), TREEBEARD_OPTIONS)


@pytest.mark.slow
def test_treebeard_on_postgresql(tmp_path: Path, postgresql_url: str) -> None:
    """With its trees of the type ltree as well."""
    project = unpacked(tmp_path, TREEBEARD)
    server = urlsplit(postgresql_url)
    # The tests make a database, which two runs at once can't have under one name.
    (tmp_path / "elsewhere.py").write_text(
        "from tests.settings import *\n"
        f"DATABASES['default']['TEST'] = {{'NAME': {server.path.removeprefix('/') + '_trees'!r}}}\n"
    )
    run(
        project,
        TREEBEARD_OPTIONS,
        tmp_path,
        DJANGO_SETTINGS_MODULE="elsewhere",
        DATABASE_ENGINE="psql",
        DATABASE_USER_POSTGRES=server.username or "",
        DATABASE_PASSWORD=server.password or "",
        DATABASE_HOST=server.hostname or "",
        DATABASE_PORT_POSTGRES=str(server.port or ""),
    )
