"""The project a command works on: the folder of the nearest pyproject.toml, or what --settings names.

Its root becomes the working folder, so that relative database files are its own, and goes onto the import path.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from orm import config
from orm.errors import ImproperlyConfigured


def enter(settings: str | None) -> Path:
    """Go to the project, and read its settings; return its root.

    Parameters: ``settings`` is a TOML file with ``[tool.orm]``, or the dotted name of a module of settings.

    Raises ``ImproperlyConfigured`` for settings that can't be read.
    """
    if settings is not None and settings.endswith(".toml"):
        path = Path(settings).resolve()
        if not path.is_file():
            raise ImproperlyConfigured(f"--settings: there is no file {settings}.")
        found = config.from_file(str(path))
        if not found:
            raise ImproperlyConfigured(f"--settings: {settings} has no table [tool.orm], or an empty one.")
        return _at(path.parent, found)
    root = find_root(Path.cwd())
    if settings is None:
        return _at(root or Path.cwd(), None)
    _on_path(root or Path.cwd())
    try:
        module = import_module(settings)
    except ImportError as error:
        raise ImproperlyConfigured(f"--settings: {settings} can't be imported: {error}") from error
    return _at(root or Path.cwd(), {name: value for name, value in vars(module).items() if name in config.KNOWN})


def find_root(start: Path) -> Path | None:
    """The folder of the nearest pyproject.toml from ``start`` upward; None where there is none."""
    for folder in (start, *start.parents):
        if (folder / config.PROJECT_FILE).is_file():
            return folder
    return None


def _at(root: Path, found: dict[str, Any] | None) -> Path:
    os.chdir(root)
    _on_path(root)
    if found is not None:
        config.configure(**found)
    return root


def _on_path(root: Path) -> None:
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
