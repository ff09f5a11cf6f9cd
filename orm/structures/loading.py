"""Modules and their members by dotted path."""

from __future__ import annotations

import copy
from importlib import import_module
from types import ModuleType
from typing import Any

from orm.late import late_module

importlib_util: Any = late_module("importlib.util")


def import_string(dotted_path: str) -> Any:
    """Return the member that ``package.module.name`` means.

    Raises ``ImportError`` for a path without a dot, a module that is not there, or a module without the name.
    """
    module, dot, name = dotted_path.rpartition(".")
    if not dot:
        raise ImportError(f"{dotted_path} doesn't look like a module path")
    try:
        return getattr(import_module(module), name)
    except AttributeError as error:
        raise ImportError(f'Module "{module}" does not define a "{name}" attribute/class') from error


def module_has_submodule(package: ModuleType, module_name: str) -> bool:
    """Return whether a package has a module of that name, without importing it."""
    if not hasattr(package, "__path__"):
        return False
    try:
        return importlib_util.find_spec(f"{package.__name__}.{module_name}") is not None
    except (ModuleNotFoundError, AttributeError):
        return False  # a part of the name before the last is no package


def module_dir(module: ModuleType) -> str:
    """Return the folder a module lies in; raise ``ValueError`` where there is none, or several."""
    paths = list(getattr(module, "__path__", ()))
    if len(paths) == 1:
        return str(paths[0])
    file = getattr(module, "__file__", None)
    if file is None:
        raise ValueError(f"Cannot determine directory containing {module}")
    return str(file).rpartition("/")[0]


def import_submodules(packages: list[str], *names: str, register_to: Any = None) -> None:
    """Import the named modules of each package that has them.

    Parameters: ``register_to`` has a ``_registry``, which gets back what it held where an import fails.
    """
    for package in packages:
        for name in names:
            if not module_has_submodule(import_module(package), name):
                continue
            before = copy.copy(register_to._registry) if register_to is not None else None
            try:
                import_module(f"{package}.{name}")
            except Exception:
                if register_to is not None:
                    register_to._registry = before
                raise
