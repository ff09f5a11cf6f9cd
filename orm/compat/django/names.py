"""``Surface``: one module below ``django``, and which Duotone modules its names come from.

A surface names sources, not names: every public name of a source is offered. Only what is called otherwise here, or
lives in this package, is written down one by one.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from orm.compat.django.web_names import NAMES
from orm.records import NamedTuple

HERE = "orm.compat.django"
OURS = ("orm", "orm.")
MACHINERY = ("orm.late", "orm.records", "typing")
"""Where names come from that a module has for itself: what is imported late, records, type variables."""
CLASSES_AND_FUNCTIONS = (type, FunctionType, BuiltinFunctionType, MethodType)


class Surface(NamedTuple):
    """One module below ``django``.

    Parameters: ``sources`` are modules whose public names it offers, the first that has a name winning; ``names`` maps
    further names to ``module:attribute`` (a module alone is ``module:``); ``web`` are those that can be named only.
    With ``loads`` the sources are imported when the module is: they declare models.
    """

    describes: str
    sources: tuple[str, ...] = ()
    names: Mapping[str, str] = {}
    web: str = ""
    loads: bool = False

    def find(self, name: str) -> tuple[bool, Any]:
        """Return whether ``name`` is offered, and what it is."""
        if name in self.names:
            module, _, attribute = self.names[name].partition(":")
            found = importlib.import_module(module)
            return True, getattr(found, attribute) if attribute else found
        for source in self.sources:
            if name in public_names(source):
                return True, getattr(importlib.import_module(source), name)
        if self.web and name in NAMES[self.web].all():
            return True, NAMES[self.web].make(self.web, name)
        return False, None

    def load(self) -> None:
        """Import the sources, where that declares models."""
        for source in self.sources if self.loads else ():
            importlib.import_module(source)

    def offered(self) -> list[str]:
        """Return every name the module offers."""
        named = NAMES[self.web].all() if self.web else ()
        return sorted({*self.names, *named, *(name for source in self.sources for name in public_names(source))})


@cache
def public_names(source: str) -> frozenset[str]:
    """Return a module's public names: its ``__all__``, else the library's classes, functions and constants in it."""
    module = importlib.import_module(source)
    declared = getattr(module, "__all__", None)
    if declared is not None:
        return frozenset(declared)
    return frozenset(name for name, value in vars(module).items() if not name.startswith("_") and _is_ours(name, value))


def _is_ours(name: str, value: object) -> bool:
    written = isinstance(value, CLASSES_AND_FUNCTIONS)
    home = getattr(value if written else type(value), "__module__", "")
    if isinstance(value, ModuleType) or home in MACHINERY or name == "TYPE_CHECKING":
        return False
    return home.startswith(OURS) or (name.isupper() and not written)


def own(module: str, *given: str, **renamed: str) -> dict[str, str]:
    """Return names that live in a module of this package, some of them called otherwise here."""
    return of(f"{HERE}.{module}", *given, **renamed)


def of(source: str, *given: str, **renamed: str) -> dict[str, str]:
    """Return names of one module, some of them called otherwise here."""
    return {name: f"{source}:{name}" for name in given} | {name: f"{source}:{own}" for name, own in renamed.items()}
