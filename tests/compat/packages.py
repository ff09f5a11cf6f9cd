"""Packages from PyPI in a folder of their own, without the Django that some of them would bring along."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest


def why_not_installed(folder: Path, wanted: Iterable[str]) -> str | None:
    """Install packages into a folder; return why they can't be had, or None."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), *wanted]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    return done.stderr.strip().splitlines()[-1] if done.returncode else None


def installed(folder: Path, wanted: Iterable[str]) -> Path:
    """Install packages into a folder and return it; skip the test where they can't be had."""
    problem = why_not_installed(folder, wanted)
    if problem is not None:
        pytest.skip(f"the packages can't be had: {problem}")
    return folder
