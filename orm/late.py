"""Modules that are imported at their first use: slow ones of the standard library and others, and ours for querying.

A blocking script never needs ``asyncio``, which takes as long to import as the rest of the library; a program that
declares models and prints its help asks no database. A module that uses one of these while it is itself being imported
loses what was saved. docs/decisions/0008 has the measurements.
"""

from __future__ import annotations

import os
import re
import sys
import threading
import weakref
from collections.abc import Callable, Collection, Mapping
from importlib import import_module
from threading import get_ident
from time import monotonic, sleep
from types import ModuleType
from typing import Any, ClassVar, cast

FORKS_WITHIN = 5.0
"""Seconds that a fork waits for the imports of other threads."""


class Import:
    """One import that a thread is in; it is gone when the thread is out of it, however that comes."""

    __slots__ = ("__weakref__",)


class Imports:
    """The late imports that are under way; a fork waits for those of other threads.

    Python would leave their locks in the child as they are, and whoever imports the same module there would wait for a
    thread that does not exist, without end. What this class leaves alone: imports of the program's own.
    """

    told_before_logging: ClassVar[bool | None] = None
    """Whether forks are told to us before they are to ``logging``; None while they are not at all."""

    def __init__(self) -> None:
        self._gate = threading.RLock()
        self._under_way: dict[int, weakref.ref[Import]] = {}
        self._forking: int | None = None

    def module(self, name: str) -> ModuleType:
        """Import a module."""
        here = get_ident()
        if self._is_in_one(here):
            return import_module(name)  # a fork waits for the one around it
        mark = Import()
        self._hear_of_forks()
        with self._gate:
            self._under_way[here] = weakref.ref(mark)
        try:
            return import_module(name)
        finally:
            self._under_way.pop(here, None)

    def _is_in_one(self, thread: int) -> bool:
        mark = self._under_way.get(thread)
        return mark is not None and mark() is not None

    def _hear_of_forks(self) -> None:
        """Ask to be told of forks, and again when ``logging`` has: who asked last is told first.

        It would have locked something by then that an import may need to come to its end.
        """
        before_logging = "logging" in sys.modules
        if self.told_before_logging is not before_logging:
            Imports.told_before_logging = before_logging
            os.register_at_fork(before=self.pause, after_in_parent=self.go_on, after_in_child=self.start_over_in_child)

    def pause(self) -> None:
        """Let no other thread begin one, and wait for the end of those that have begun."""
        here = get_ident()
        until = monotonic() + FORKS_WITHIN
        self._gate.acquire()
        if self._forking == here:
            self._gate.release()  # told a second time
            return
        self._forking = here
        while any(thread != here and self._is_in_one(thread) for thread in list(self._under_way)):
            if monotonic() > until:
                return
            sleep(0.001)

    def go_on(self) -> None:
        """Let threads import again. Told once more, or of a fork that began before this was asked for, do nothing."""
        if self._forking == get_ident():
            self._forking = None
            self._gate.release()

    def start_over_in_child(self) -> None:
        """In a forked child no other thread exists."""
        self.__init__()  # type: ignore[misc]


imports = Imports()


def late_module(name: str) -> Any:
    """Return a stand-in for a module, which imports it when an attribute is first asked for and keeps each attribute.

    The stand-in is a module with a ``__getattr__`` (PEP 562), since the interpreter reads a module's attributes in 7
    ns; those of an object whose class has a ``__getattr__`` take it 23. Type checkers are shown the import::

        if TYPE_CHECKING:
            from orm.models import deletion
        else:
            deletion = late_module("orm.models.deletion")
    """
    stand_in = ModuleType(name)

    def __getattr__(attribute: str) -> Any:
        value = getattr(imports.module(name), attribute)
        setattr(stand_in, attribute, value)
        return value

    setattr(stand_in, "__getattr__", __getattr__)  # noqa: B010
    return stand_in


def late_names(
    package: str, homes: Mapping[str, str], modules: Collection[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the ``__getattr__`` and ``__dir__`` of a package whose public names are imported when they are asked for.

    Parameters: ``homes`` says which module has each name; ``modules`` are submodules that are names themselves. The
    package shows type checkers and editors the same names as imports under ``if TYPE_CHECKING:``.
    """

    def __getattr__(name: str) -> Any:
        if name in homes:
            found = getattr(imports.module(homes[name]), name)
        elif name in modules:
            found = imports.module(f"{package}.{name}")
        else:
            said = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(said, name=name, obj=sys.modules[package])  # so Python says what is near
        setattr(sys.modules[package], name, found)
        return found

    def __dir__() -> list[str]:
        return sorted({*vars(sys.modules[package]), *homes, *modules})

    return __getattr__, __dir__


class LateLogger:
    """Stands for a logger; imports ``logging`` when there is something to say."""

    called: ClassVar[dict[str, str]] = {}
    """Names of the library's loggers that go by another one, where a program listens for that (``django.db``)."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    before_first: ClassVar[list[Callable[[], None]]] = []
    """What a program's settings say of logging, to be done once, before the first record."""

    def __getattr__(self, name: str) -> Any:
        if self.before_first:
            self.before_first.pop()()
        return getattr(imports.module("logging").getLogger(self.called.get(self.__name__, self.__name__)), name)


class LateMade:
    """Stands for an object of a class without arguments, whose module is imported when something is asked of it.

    Made by ``late_made()``. Each attribute that is asked for is kept.
    """

    def __init__(self, module: str, name: str) -> None:
        self._home = module, name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what copies and pickles ask for is not the object's to give
            raise AttributeError(name)
        module, of = self._home
        value = getattr(getattr(imports.module(module), of)(), name)
        setattr(self, name, value)
        return value


def late_made(module: str, name: str) -> Any:
    """Return a stand-in for an object of a class, whose module is imported when something is asked of the object."""
    return LateMade(module, name)


class LatePattern:
    """Stands for a regular expression; compiles it for the first text, and keeps each method that is asked for.

    The library has fifty, which take 0.1 to 0.5 ms each; a program needs a few of them. Made by ``late_pattern()``.
    """

    def __init__(self, text: str, flags: int) -> None:
        self.pattern = text
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what copies and pickles ask for is not the pattern's to give
            raise AttributeError(name)
        value = getattr(re.compile(self.pattern, self._flags), name)
        setattr(self, name, value)
        return value


def late_pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """Return a stand-in for a regular expression of a module, which is compiled when it is first used."""
    return cast("re.Pattern[str]", LatePattern(text, flags))


asyncio: Any = late_module("asyncio")
decimal: Any = late_module("decimal")
difflib: Any = late_module("difflib")
hashlib: Any = late_module("hashlib")
inspect: Any = late_module("inspect")
ipaddress: Any = late_module("ipaddress")
json: Any = late_module("json")
metadata: Any = late_module("importlib.metadata")
random: Any = late_module("random")
signals: Any = late_module("_signal")  # what ``signal`` wraps: without the names, at a tenth of the time
sqlparse: Any = late_module("sqlparse")
tomllib: Any = late_module("tomllib")
urls: Any = late_module("urllib.parse")
uuid: Any = late_module("uuid")
