"""Lookups of texts that PostgreSQL alone has; importing this module registers them on fields that hold text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.models.fields import CharField, TextField
from orm.postgresql.search import SearchLookup, SearchVectorField
from orm.postgresql.trigrams import TrigramSimilar, TrigramStrictWordSimilar, TrigramWordSimilar
from orm.sql.lookups import Lookup
from orm.sql.transforms import Transform

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.nodes import Rendered

__all__ = [
    "PostgresOperatorLookup",
    "SearchLookup",
    "TrigramSimilar",
    "TrigramStrictWordSimilar",
    "TrigramWordSimilar",
    "Unaccent",
]


class PostgresOperatorLookup(Lookup):
    """Two sides with an operator between them, which a subclass names: ``postgres_operator = "@>"``."""

    postgres_operator: str | None = None

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        if not self.postgres_operator:
            raise NotImplementedError(f"{type(self).__name__} names no postgres_operator.")
        lhs, lhs_params = self.process_lhs(compiler, connection)
        rhs, rhs_params = self.process_rhs(compiler, connection)
        return f"{lhs} {self.postgres_operator} {rhs}", [*lhs_params, *rhs_params]


class Unaccent(Transform):
    """A text without accents, on both sides of a comparison; needs the extension ``unaccent``."""

    bilateral = True
    lookup_name = "unaccent"
    function = "UNACCENT"


for _field in (CharField, TextField):
    for _lookup in (SearchLookup, TrigramSimilar, TrigramStrictWordSimilar, TrigramWordSimilar, Unaccent):
        _field.register_lookup(_lookup)
SearchVectorField.register_lookup(SearchLookup)
