"""Lookups of a program's own that read the value they compare to, as Django hands it to them.

The library's lookups know places of values, and one text serves every value. One that is written by hand may change
the value or the text with it (``params = [f"%{value}%" for value in rhs_params]``), so it is spelt for each query anew.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from orm.sql import types
from orm.sql.expressions import Expression
from orm.sql.python_types import type_of
from orm.sql.result_types import family

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.lookups import Lookup
    from orm.sql.nodes import Rendered
    from orm.sql.types import SQLType

_READING = frozenset({"process_rhs", "get_prep_lookup", "get_db_prep_lookup", "get_rhs_op", "prepare_rhs"})
_LIBRARY = ("orm.", "orm_")


def reads_value(cls: type) -> bool:
    """Return whether a program's own part of a class of lookups may look at the value."""
    own = [vars(base) for base in cls.__mro__ if base is not object and not base.__module__.startswith(_LIBRARY)]
    return any(name in _READING or name.startswith("as_") for names in own for name in names)


def as_stored(value: object, asked: SQLType, connection: Dialect) -> Rendered:
    """Return the place of a value compared to what is of type ``asked``, and the value as the database takes it.

    A value of another type than that, which a lookup has made of what it was given, is as it is in a cursor.
    """
    own = type_of(value)
    alike = own is None or family(own.kind) == family(asked.kind)
    adapt = connection.adapter(asked if alike or own is None else own)
    stored = value if value is None or adapt is None else adapt(value)
    return (connection.parameter(asked) if alike else "%s"), [stored]


class Held:
    """A lookup with its value, kept out of the query's tree: only its left side belongs there."""

    def __init__(self, lookup: Lookup) -> None:
        self.lookup = lookup


class ByHand(Expression):
    """The condition that such a lookup makes of a left side and a value."""

    conditional_kind = True

    def __init__(self, lookup: Lookup) -> None:
        super().__init__(types.BOOLEAN)
        self.lhs: Expression = lookup.lhs
        self.held = Held(lookup)

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        lookup = copy.copy(self.held.lookup)
        lookup.lhs = self.lhs
        return compiler.compile(lookup)

    def rejects_null(self) -> set[str]:
        return self.lhs.rejects_null() if self.held.lookup.rejects_nulls else set()
