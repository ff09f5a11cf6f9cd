"""Statements about a table in forms that let others go on writing to it.

They are the library's own statements, so their shape is known: names are quoted, one statement does one thing. What
has no such form comes back as it is.
"""

from __future__ import annotations

import hashlib
import re

NAME = r'"(?:[^"]|"")+"'
TABLE = rf"{NAME}(?:\.{NAME})?"
_INDEX = re.compile(rf"CREATE (UNIQUE )?INDEX ({NAME}) ON (.*)", re.DOTALL)
_RULE = re.compile(rf"ALTER TABLE ({TABLE}) ADD CONSTRAINT ({NAME}) (CHECK|FOREIGN KEY) (.*)", re.DOTALL)
_UNIQUE = re.compile(rf"ALTER TABLE ({TABLE}) ADD CONSTRAINT ({NAME}) (UNIQUE|PRIMARY KEY) (\(.*\))", re.DOTALL)
_DROP = re.compile(rf"DROP INDEX (IF EXISTS )?({NAME})")
_NOT_NULL = re.compile(rf"ALTER TABLE ({TABLE}) ALTER COLUMN ({NAME}) SET NOT NULL")

Form = tuple[str | None, str]
"""The name of the index or constraint a statement makes, if it makes one, and the statement."""


def forms_of(statement: str) -> list[Form]:
    """What to run, one after the other and each on its own, in place of a statement."""
    text = statement.rstrip().rstrip(";")
    if found := _INDEX.fullmatch(text):
        unique, name, rest = found.groups("")
        return [(plain(name), f"CREATE {unique}INDEX CONCURRENTLY {name} ON {rest}")]
    if found := _RULE.fullmatch(text):
        table, name, kind, rest = found.groups()
        added = f"ALTER TABLE {table} ADD CONSTRAINT {name} {kind} {rest} NOT VALID"
        return [(plain(name), added), (None, f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")]
    if (found := _UNIQUE.fullmatch(text)) and text.endswith(")"):
        table, name, kind, columns = found.groups()
        index = f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} {columns}"
        return [
            (plain(name), index),
            (plain(name), f"ALTER TABLE {table} ADD CONSTRAINT {name} {kind} USING INDEX {name}"),
        ]
    if found := _DROP.fullmatch(text):
        return [(None, f"DROP INDEX CONCURRENTLY IF EXISTS {found[2]}")]
    if found := _NOT_NULL.fullmatch(text):
        table, column = found.groups()
        name = f'"orm_not_null_{hashlib.blake2b(f"{table}{column}".encode(), digest_size=6).hexdigest()}"'
        return [
            (plain(name), f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IS NOT NULL) NOT VALID"),
            (None, f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}"),
            (None, text),
            (None, f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}"),
        ]
    return [(None, text)]


def plain(name: str) -> str:
    """A name without its quotes."""
    return name[1:-1].replace('""', '"')
