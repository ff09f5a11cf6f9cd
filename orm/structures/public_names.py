"""Where the library offers its classes and functions, as a program names them: not where they happen to be defined.

The setting ``migration_imports`` gives its modules other names: the migrations of a program that imports ``django``
import ``django``, too.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from typing import Any

from orm.config import settings

PUBLIC = ("orm.models", "orm.models.functions", "orm.models.fields.validators")
"""Modules that offer names of several others."""


def import_name(module: str) -> str:
    """What files call one of the library's modules: its own name, or the one the settings give it."""
    return str(settings.migration_imports.get(module, module))


@cache
def offering_modules(offered: Any) -> tuple[str, ...]:
    """The modules that offer one of the library's classes or functions, the widest first; none for anything else."""
    if not offered.__module__.startswith("orm."):
        return ()
    above = offered.__module__.split(".")
    around = [".".join(above[:depth]) for depth in range(2, len(above) + 1)]
    models = f"{around[-2]}.models"  # an application's, which is not imported for this: that would declare them
    known = {**{module: import_module(module) for module in (*PUBLIC, *around)}, models: sys.modules.get(models)}
    return tuple(name for name, module in known.items() if getattr(module, offered.__name__, None) is offered)


def offering_module(offered: Any) -> str | None:
    """The module that a program gets one of the library's classes or functions from; None for what is not offered.

    Where the settings have an entry for this one alone, that entry: ``module:name``.
    """
    if not offered.__module__.startswith("orm."):
        return None  # the settings also name what others offer through the library's modules
    modules = offering_modules(offered)
    known = settings.migration_imports
    single = f"{offered.__module__}:{offered.__name__}"
    if single in known and modules[:1] != ("orm.models",):
        return single
    return next((module for module in modules if module in known), modules[0] if modules else None)


def imported_from(module: str, name: str) -> tuple[str, str]:
    """What a file imports to have a name that ``offering_module`` found, and what it is called there."""
    path, _, other = import_name(module).partition(":")
    return path, other or name


def public_path(offered: Any) -> str:
    """The dotted path of a class or function, by which it can be imported."""
    module = offering_module(offered)
    if module is None:
        return f"{offered.__module__}.{offered.__qualname__}"
    return ".".join(imported_from(module, offered.__name__))
