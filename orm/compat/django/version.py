"""Which Django a script may take this for: the version whose documented behaviour the names follow."""

from __future__ import annotations

import re
import sys
from typing import Any

from orm.structures.pickled import FOLLOWED, FOLLOWED_KEY

__all__ = [
    "PY310",
    "PY311",
    "PY312",
    "PY313",
    "PY314",
    "PYPY",
    "VERSION",
    "get_complete_version",
    "get_docs_version",
    "get_main_version",
    "get_version",
    "get_version_tuple",
]

MAJOR, MINOR = map(int, FOLLOWED.split("."))
VERSION = (MAJOR, MINOR, 0, "final", 0)
LOOKUP_SEP = "__"
DJANGO_VERSION_PICKLE_KEY = FOLLOWED_KEY
PYPY = sys.implementation.name == "pypy"
PY310 = sys.version_info >= (3, 10)
PY311 = sys.version_info >= (3, 11)
PY312 = sys.version_info >= (3, 12)
PY313 = sys.version_info >= (3, 13)
PY314 = sys.version_info >= (3, 14)


def get_complete_version(version: Any = None) -> tuple[int, int, int, str, int]:
    """Return the version as a tuple of five; raise ``AssertionError`` for another."""
    given = VERSION if version is None else version
    assert len(given) == 5
    assert given[3] in ("alpha", "beta", "rc", "final")
    return given


def get_main_version(version: object = None) -> str:
    """Return major, minor and, unless it is zero, patch."""
    major, minor, patch, *_ = get_complete_version(version)
    return f"{major}.{minor}.{patch}" if patch else f"{major}.{minor}"


def get_version(version: object = None) -> str:
    """Return the version as text, as PEP 440 writes it."""
    *_, stage, number = get_complete_version(version)
    main = get_main_version(version)
    if stage == "final":
        return main
    if stage == "alpha" and number == 0:
        return f"{main}.dev0"
    return f"{main}{ {'alpha': 'a', 'beta': 'b', 'rc': 'rc'}[stage] }{number}"


def get_docs_version(version: object = None) -> str:
    """Return what the documentation's addresses have for the version."""
    major, minor, _, stage, _ = get_complete_version(version)
    return f"{major}.{minor}" if stage == "final" else "dev"


def get_version_tuple(version: str) -> tuple[int, ...]:
    """Return the numbers a version begins with."""
    numbers = []
    for part in re.split(r"[.]", version):
        found = re.match(r"\d+", part)
        if found is None:
            break
        numbers.append(int(found[0]))
        if found[0] != part:
            break
    return tuple(numbers)


__version__ = get_version()
