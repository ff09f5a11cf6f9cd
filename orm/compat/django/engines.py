"""Which engines DATABASES may name below ``django.db.backends``, and what is said of another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orm.errors import ImproperlyConfigured

PACKAGE = "django.db.backends."
ENGINES = ("mysql", "oracle", "postgresql", "sqlite3")


def unknown_engine(name: str) -> ImproperlyConfigured:
    """Return the error for what is no engine."""
    known = ", ".join(f"'{engine}'" for engine in ENGINES)
    return ImproperlyConfigured(
        f"'{name}' isn't an available database backend or couldn't be imported. Check the above exception. "
        f"To use one of the built-in backends, use 'django.db.backends.XXX', where XXX is one of:\n    {known}"
    )


def check_engines(databases: Mapping[str, Any]) -> None:
    """Raise ``ImproperlyConfigured`` for an engine of Django's that Django does not have."""
    for entry in databases.values():
        engine = str((entry or {}).get("ENGINE") or "")
        if engine.startswith(PACKAGE) and engine.removeprefix(PACKAGE).partition("_")[0] not in ENGINES:
            raise unknown_engine(engine)
