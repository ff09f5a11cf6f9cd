"""Modules of the standard library that are dear to import and often not needed, imported at their first use.

A blocking script never needs ``asyncio``, which takes as long to import as the rest of the library. Nothing here may be
used while a module is being imported, or the saving is lost.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


class LateModule:
    """Stands for a module; imports it when an attribute is first asked for, and keeps what it gave."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __getattr__(self, name: str) -> Any:
        value = getattr(import_module(self.__name__), name)
        setattr(self, name, value)
        return value


class LateLogger:
    """Stands for a logger; imports ``logging`` when there is something to say."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module("logging").getLogger(self.__name__), name)


asyncio: Any = LateModule("asyncio")
difflib: Any = LateModule("difflib")
hashlib: Any = LateModule("hashlib")
inspect: Any = LateModule("inspect")
ipaddress: Any = LateModule("ipaddress")
random: Any = LateModule("random")
signals: Any = LateModule("_signal")  # what ``signal`` wraps: without the names, at a tenth of the time
tomllib: Any = LateModule("tomllib")
urls: Any = LateModule("urllib.parse")
