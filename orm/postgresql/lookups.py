"""Lookups of texts that PostgreSQL alone has; importing this module registers them on fields that hold text."""

from __future__ import annotations

from orm.models.fields import CharField, TextField
from orm.postgresql.search import SearchLookup, SearchVectorField
from orm.postgresql.trigrams import TrigramSimilar, TrigramStrictWordSimilar, TrigramWordSimilar
from orm.sql.transforms import Transform

__all__ = [
    "SearchLookup",
    "TrigramSimilar",
    "TrigramStrictWordSimilar",
    "TrigramWordSimilar",
    "Unaccent",
]


class Unaccent(Transform):
    """A text without accents, on both sides of a comparison; needs the extension ``unaccent``."""

    bilateral = True
    lookup_name = "unaccent"
    function = "UNACCENT"


for _field in (CharField, TextField):
    for _lookup in (SearchLookup, TrigramSimilar, TrigramStrictWordSimilar, TrigramWordSimilar, Unaccent):
        _field.register_lookup(_lookup)
SearchVectorField.register_lookup(SearchLookup)
