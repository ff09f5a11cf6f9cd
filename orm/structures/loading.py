"""Modules and their members by dotted path."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable
from importlib import import_module
from importlib.machinery import all_suffixes
from types import ModuleType
from typing import Any

from orm.late import late_module

importlib_util: Any = late_module("importlib.util")
pkgutil: Any = late_module("pkgutil")


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


def plain_modules(folders: Iterable[str]) -> list[str]:
    """Return the names of the modules in the folders of a package that are no packages themselves, in order.

    A folder is listed here, since ``pkgutil`` imports ``inspect`` for that, and all it needs: as long as reading fifty
    migrations takes. What is no folder (a part of an archive) is left to it.
    """
    found: set[str] = set()
    for folder in folders:
        if not os.path.isdir(folder):
            found.update(name for _, name, is_package in pkgutil.iter_modules([folder]) if not is_package)
            continue
        with os.scandir(folder) as entries:
            names = {entry.name for entry in entries}
        for name in names:
            suffix = next((known for known in all_suffixes() if name.endswith(known)), None)
            plain = name[: -len(suffix)] if suffix else ""
            if plain not in ("", "__init__") and "." not in plain:
                in_its_place = os.path.join(folder, plain, "__init__.py")
                if plain not in names or not os.path.exists(in_its_place):
                    found.add(plain)
    return sorted(found)


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
