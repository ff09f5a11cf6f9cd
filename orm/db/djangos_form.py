"""DATABASES as Django has them, told in this library's own form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orm.config import DEFAULT_ALIAS
from orm.db.url import MEMORY

# Keys of a database that say what a request or a driver's own cursor does: here they change nothing,
# whatever they are set to.
WITHOUT_EFFECT = frozenset({"ATOMIC_REQUESTS", "CONN_HEALTH_CHECKS", "DISABLE_SERVER_SIDE_CURSORS"})

# Options that say how Django's driver or its pool works: here values are bound by whoever runs the statement, and there
# is always a pool.
OPTIONS_WITHOUT_EFFECT = {"server_side_binding": (True, False), "pool": (True, False)}


def databases_in_core_form(value: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return DATABASES as ``orm.configure`` takes it; None for none.

    Databases in memory are as many as their aliases: Duotone's own settings tell them apart by the option ``name``.
    """
    found: dict[str, Any] = {}
    for alias, entry in value.items():
        if entry:
            found[alias] = {key: each for key, each in entry.items() if key not in WITHOUT_EFFECT}
            if entry.get("OPTIONS"):
                found[alias]["OPTIONS"] = _options(entry["OPTIONS"])
            if entry.get("NAME") == MEMORY and alias != DEFAULT_ALIAS:
                found[alias]["OPTIONS"] = {"name": alias, **(found[alias].get("OPTIONS") or {})}
    return found or None


def _options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return OPTIONS without those that change nothing here."""
    return {
        name: value
        for name, value in given.items()
        if not any(value is each for each in OPTIONS_WITHOUT_EFFECT.get(name, ()))
    }
