"""How ``import django...`` finds Duotone: a finder that makes the modules of ``surface`` when they are asked for.

Modules hold no lists of their own: a name is looked up in the Duotone modules that offer it, so that what
``orm.models`` gains is importable here the same day. What is not offered raises, for ``from ... import`` and for plain
attribute access alike, with a sentence that says what there is.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from orm.compat.django.names import Surface
from orm.compat.django.surface import SURFACES
from orm.errors import ImproperlyConfigured
from orm.text.spelling import similar

if TYPE_CHECKING:
    from importlib.abc import Loader
else:
    Loader = object  # what that module imports takes as long as all of this package

ROOT = "django"
SHOWN = 12
REMEDY = "It is provided by Duotone (orm.compat.django), not by Django"


class LegacyModule(ModuleType):
    """A module named as Django names it, whose contents are looked up in Duotone."""

    def __init__(self, name: str, surface: Surface) -> None:
        super().__init__(name, surface.describes)
        self.__dict__["_surface"] = surface

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return [each for each in self._surface.offered() if not each.startswith("_")]
        if name.startswith("__") and name not in self._surface.names:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        if f"{self.__name__}.{name}" in SURFACES:
            return importlib.import_module(f"{self.__name__}.{name}")
        found, value = self._surface.find(name)
        if not found:
            raise AttributeError(missing_name(self.__name__, name), name=name, obj=self)
        self.__dict__[name] = value
        return value

    def __setattr__(self, name: str, value: object) -> None:
        """A constant that a program sets is set where the library reads it."""
        super().__setattr__(name, value)
        if name.isupper() and name in self._surface.names:
            module, _, attribute = self._surface.names[name].partition(":")
            setattr(importlib.import_module(module), attribute, value)

    def __dir__(self) -> Iterable[str]:
        return sorted({*self.__dict__, *self._surface.offered(), *_children(self.__name__)})


class LegacyFinder(Loader):
    """Finds ``django`` and everything below it, and says so where something isn't offered."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module of the surface; None for what is not below ``django``.

        Raises ``ModuleNotFoundError`` with a sentence for a module, or a name of a module, that is not offered.
        """
        if fullname != ROOT and not fullname.startswith(f"{ROOT}."):
            return None
        if fullname not in SURFACES:
            # The import system comes here for `from django.db.models import X` too, after it missed X. The error keeps
            # its `name` empty: one that names X would be replaced by Python's own, shorter sentence.
            raise ModuleNotFoundError(_not_offered(fullname))
        spec = ModuleSpec(fullname, self, origin="orm.compat.django", is_package=True)
        spec.submodule_search_locations = []
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the empty module."""
        module = LegacyModule(spec.name, SURFACES[spec.name])
        module.__file__ = __file__  # an application has a folder; that of these has nothing in it but this
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Import what declares models; everything else the module looks up when it is asked for."""
        SURFACES[module.__name__].load()


FINDER = LegacyFinder()


def install() -> None:
    """Make ``import django`` and its modules for the ORM come from Duotone, in this process. Twice is once.

    Raises ``ImproperlyConfigured`` when real Django is loaded already: its classes can't be told from ours any more.
    """
    if FINDER in sys.meta_path:
        return
    loaded = sys.modules.get(ROOT)
    if loaded is not None:
        raise ImproperlyConfigured(
            f"Django itself is already imported (from {getattr(loaded, '__file__', None) or 'an unknown place'}). Call "
            "orm.compat.django.install() before anything imports it, or leave the call out and use Django's ORM."
        )
    sys.meta_path.insert(0, FINDER)


def uninstall() -> None:
    """Undo ``install``: forget the modules, so that the next ``import django`` finds what is really there."""
    if FINDER in sys.meta_path:
        sys.meta_path.remove(FINDER)
    for name, module in list(sys.modules.items()):
        if isinstance(module, LegacyModule):
            del sys.modules[name]


def missing_name(module: str, name: str) -> str:
    """Return the sentence for a name that a module of the surface does not offer: with the near ones, or some."""
    there = [*SURFACES[module].offered(), *_children(module)]
    near = similar(name, there)
    shown = f"Near it: {', '.join(near)}." if near else f"There are: {', '.join(there[:SHOWN]) or 'no names'}."
    return f"{module} has no {name} here. {REMEDY}, for scripts that use its ORM. {shown}"


def _not_offered(fullname: str) -> str:
    parent, _, name = fullname.rpartition(".")
    if parent in SURFACES:
        module_like = name.islower() and _children(parent) and not similar(name, SURFACES[parent].offered())
        if not module_like:
            return missing_name(parent, name)
    known = parent
    while known not in SURFACES:
        known = known.rpartition(".")[0]
    there = ", ".join(f"{known}.{child}" for child in _children(known)) or ", ".join(_top_level())
    # Programs that look for a module in every application go by how Python begins.
    return f"No module named {fullname!r} here. {REMEDY}, for scripts that use its ORM. There are: {there}."


def _children(module: str) -> list[str]:
    return sorted(name.rpartition(".")[2] for name in SURFACES if name.rpartition(".")[0] == module)


def _top_level() -> list[str]:
    return sorted(name for name in SURFACES if name.count(".") <= 2)
