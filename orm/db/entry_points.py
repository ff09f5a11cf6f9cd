"""Which object an installed package offers under a name: what ``importlib.metadata`` tells, read directly.

That module brings parsers of e-mail, archives and tables along, which take as long to import as all the rest that a
first connection needs. What is not found in plain folders (packages in archives) is looked for there all the same.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from orm.late import imports

DESCRIPTIONS = (".dist-info", ".egg-info")


def entry_points(group: str, wanted: str) -> dict[str, str]:
    """Return what installed packages offer in a group, ``module:attribute`` by name.

    Where ``wanted`` is not among it in the folders of ``sys.path``, everything is asked of ``importlib.metadata``.
    """
    found: dict[str, str] = {}
    seen: set[str] = set()
    for folder in sys.path:
        try:
            names = os.listdir(folder or os.curdir)
        except OSError:
            continue
        for name in names:
            package = name.partition("-")[0]
            if name.endswith(DESCRIPTIONS) and package not in seen:
                seen.add(package)  # of a package that is there twice the first is meant, as when it is imported
                found |= declared_in(os.path.join(folder, name, "entry_points.txt"), group)
    if wanted in found:
        return found
    metadata = imports.module("importlib.metadata")
    return {entry.name: entry.value for entry in metadata.entry_points(group=group)}


def declared_in(path: str, group: str) -> dict[str, str]:
    """Return the entries of a group in one ``entry_points.txt``; none where there is no such file."""
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except OSError:
        return {}
    found: dict[str, str] = {}
    inside = False
    for line in map(str.strip, lines):
        if line.startswith("["):
            inside = line == f"[{group}]"
        elif inside and "=" in line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            found[name.strip()] = value.strip()
    return found


def load(value: str) -> Any:
    """Return the object that an entry names: ``module:attribute``, perhaps with extras in brackets behind it.

    Raises ``ImportError``, ``AttributeError``.
    """
    module, _, attributes = value.partition("[")[0].strip().partition(":")
    found: Any = imports.module(module.strip())
    for name in filter(None, attributes.strip().split(".")):
        found = getattr(found, name)
    return found
