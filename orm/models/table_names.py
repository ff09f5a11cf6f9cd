"""The names of tables that nobody named, as long as they may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.config import DEFAULT_ALIAS, settings
from orm.late import late_module

if TYPE_CHECKING:
    from orm.db import registry
    from orm.sql import identifiers
else:
    registry = late_module("orm.db.registry")
    identifiers = late_module("orm.sql.identifiers")

LONGEST = 63
"""What every database in wide use takes (PostgreSQL, by bytes)."""


def table_name(name: str) -> str:
    """Return the name of a table, one that is too long cut, with a digest at its end.

    With ``same_everywhere`` it is the same for every database; else the default database says how long it may be.
    """
    if len(name) <= LONGEST:
        return name
    if settings.same_everywhere:
        return identifiers.truncate_name(name, LONGEST)
    limit = registry.databases[DEFAULT_ALIAS].dialect.capabilities.max_identifier_length
    return identifiers.truncate_name(name, limit)
