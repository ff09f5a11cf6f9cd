"""Full-text search, as PostgreSQL has it.

    vector = SearchVector("title", weight="A") + SearchVector("body", weight="B")
    Entry.objects.annotate(rank=SearchRank(vector, SearchQuery("duck"))).order_by("-rank")
    Entry.objects.filter(body__search="duck")

Texts that are looked for are always bound, and so are the names of configurations; weights and kinds of search come
from closed sets. ``unaccent`` needs the extension of that name.
"""

from __future__ import annotations

import enum
from collections.abc import Hashable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from orm.errors import advised
from orm.models.fields import Field, FloatField
from orm.postgresql.arrays import ArrayField
from orm.postgresql.headline_options import options_text
from orm.postgresql.trigrams import (  # part of this module in Django
    TrigramDistance,
    TrigramSimilarity,
    TrigramStrictWordDistance,
    TrigramStrictWordSimilarity,
    TrigramWordDistance,
    TrigramWordSimilarity,
)
from orm.sql import types
from orm.sql.calls import Func, written
from orm.sql.expressions import Expression, Value
from orm.sql.lookups import Exact
from orm.sql.one_type import bound_as
from orm.sql.references import as_reference

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.nodes import Rendered
    from orm.sql.resolving import Resolver
    from orm.sql.types import SQLType
    from orm.structures.deconstruct import Deconstructed

__all__ = [
    "SearchConfig",
    "SearchHeadline",
    "SearchQuery",
    "SearchQueryField",
    "SearchRank",
    "SearchVector",
    "SearchVectorField",
    "TrigramDistance",
    "TrigramSimilarity",
    "TrigramStrictWordDistance",
    "TrigramStrictWordSimilarity",
    "TrigramWordDistance",
    "TrigramWordSimilarity",
]

WEIGHTS = ("A", "B", "C", "D")
CONFIGURATION = types.SQLType("regconfig")


class _SearchField(Field[str]):
    """What is written as a text, and is none."""

    def get_prep_value(self, value: Any) -> Any:
        return value if value is None or hasattr(value, "resolve_expression") else types.prepare_text(value)

    def takes_bare(self, guessed: SQLType) -> bool:
        """A text."""
        return guessed is types.TEXT


class SearchVectorField(_SearchField):
    """A text made ready for searching (``tsvector``), filled by the database or by ``update()`` with a vector."""

    kind = "tsvector"
    description = "Text ready for searching"


class SearchQueryField(_SearchField):
    """What is searched for (``tsquery``)."""

    kind = "tsquery"
    description = "What is searched for"


class SearchConfig(Expression):
    """The name of a text search configuration (``"english"``), or an expression that gives it."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        if not hasattr(config, "resolve_expression"):
            config = Value(types.prepare_text(config), output_field=CONFIGURATION)
        self.config = config

    @classmethod
    def from_parameter(cls, config: object) -> SearchConfig | None:
        """Return a configuration as such; None stays None, which is the database's default one."""
        return config if config is None or isinstance(config, cls) else cls(config)

    def deconstruct(self) -> Deconstructed:
        config = self.config
        return self._path, (config.value if isinstance(config, Value) else config,), {}

    def _infer_output_field(self) -> SQLType | None:
        return CONFIGURATION

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        sql, params = compiler.compile(self.config)
        named = self.config.output_field_or_none is CONFIGURATION  # a parameter of that type, and so a constant
        return (sql if named else f"{sql}::regconfig"), params


def _with_config(config: SearchConfig | None, compiler: Compiler) -> tuple[str, list[object]]:
    """Return the first argument of a text search function: the configuration and a comma, or nothing."""
    if config is None:
        return "", []
    sql, params = compiler.compile(config)
    return f"{sql}, ", list(params)


# -- vectors -----------------------------------------------------------------------------------------------------------


class SearchVectorCombinable(Expression):
    """What can be added to another vector."""

    config: SearchConfig | None

    def _infer_output_field(self) -> SQLType | None:
        return SearchVectorField()

    def _combine(self, other: object, operator: str, reversed_: bool) -> Any:
        if not isinstance(other, SearchVectorCombinable) or operator != "+":
            raise TypeError(
                f"SearchVector can only be combined with other SearchVector instances, got {type(other).__name__}."
            )
        first, second = (other, self) if reversed_ else (self, other)
        return CombinedSearchVector(first, second)


class SearchVector(SearchVectorCombinable):
    """Texts made ready for searching.

    Parameters:
        expressions: names of fields or expressions; what is no text is made one, NULL counts as empty.
        config: the text search configuration, a name or an expression; the database's default one without it.
        weight: one of A, B, C and D, for ``SearchRank``.
    """

    def __init__(self, *expressions: object, config: Any = None, weight: str | None = None) -> None:
        if not expressions:
            raise TypeError("SearchVector needs at least one field or expression.")
        if weight is not None and weight not in WEIGHTS:
            raise ValueError(f"The weight of a SearchVector is one of {', '.join(WEIGHTS)}, not {weight!r}.")
        super().__init__()
        self.expressions = [as_reference(item) for item in expressions]
        self.config = SearchConfig.from_parameter(config)
        self.weight = weight

    @classmethod
    def of_resolved(cls, expression: Expression, config: SearchConfig | None) -> SearchVector:
        """Return the vector of an expression that belongs to a query already."""
        made = cls(expression)
        made.expressions, made.config = [expression], config
        return made

    def deconstruct(self) -> Deconstructed:
        path, _, options = super().deconstruct()
        return path, tuple(map(written, self.expressions)), options

    def __repr__(self) -> str:
        shown = " || ' ' || ".join(map(repr, self.expressions))
        return f"{type(self).__name__}({shown})"

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        config, params = _with_config(self.config, compiler)
        parts: list[str] = []
        for item in self.expressions:
            sql, item_params = compiler.compile(item)
            field = item.output_field_or_none
            if field is None or field.kind not in types.TEXT_KINDS:
                sql = connection.cast(sql, types.TEXT)
            parts.append(f"COALESCE({sql}, '')")
            params += item_params
        joined = " || ' ' || ".join(parts)
        vector = f"to_tsvector({config}{joined})"
        return (f"setweight({vector}, '{self.weight}')" if self.weight is not None else vector), params


class CombinedSearchVector(SearchVectorCombinable):
    """Two vectors as one."""

    def __init__(self, first: SearchVectorCombinable, second: SearchVectorCombinable) -> None:
        super().__init__()
        self.first = first
        self.second = second
        self.config = first.config or second.config

    def __str__(self) -> str:
        return f"{self.first} || {self.second}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        first, first_params = compiler.compile(self.first)
        second, second_params = compiler.compile(self.second)
        return f"({first} || {second})", [*first_params, *second_params]


# -- queries -----------------------------------------------------------------------------------------------------------


class SearchType(enum.Enum):
    """How the text of a ``SearchQuery`` is read, by the function that reads it."""

    plain = "plainto_tsquery"
    phrase = "phraseto_tsquery"
    raw = "to_tsquery"
    websearch = "websearch_to_tsquery"


class SearchQueryCombinable(Expression):
    """What can be joined with another query by ``&`` and ``|``, and negated by ``~``."""

    config: SearchConfig | None

    def _infer_output_field(self) -> SQLType | None:
        return SearchQueryField()

    def _joined(self, other: object, operator: str, reversed_: bool = False) -> CombinedSearchQuery:
        if not isinstance(other, SearchQueryCombinable):
            raise TypeError(
                f"SearchQuery can only be combined with other SearchQuery instances, got {type(other).__name__}."
            )
        return CombinedSearchQuery(other, operator, self) if reversed_ else CombinedSearchQuery(self, operator, other)

    def __and__(self, other: object) -> CombinedSearchQuery:
        return self._joined(other, "&&")

    def __rand__(self, other: object) -> CombinedSearchQuery:
        return self._joined(other, "&&", reversed_=True)

    def __or__(self, other: object) -> CombinedSearchQuery:
        return self._joined(other, "||")

    def __ror__(self, other: object) -> CombinedSearchQuery:
        return self._joined(other, "||", reversed_=True)

    def __invert__(self) -> NegatedSearchQuery:
        return NegatedSearchQuery(self)


class SearchQuery(SearchQueryCombinable):
    """What is searched for.

    Parameters:
        value: the text, or an expression that gives it.
        config: the text search configuration; the database's default one without it.
        invert: look for texts that do not match.
        search_type: ``plain`` (all words, in any order), ``phrase`` (in this order), ``raw`` (PostgreSQL's own
            operators, which the text must get right) or ``websearch`` (quotes, ``or`` and ``-`` as search engines read
            them).

    Raises ``ValueError`` for another ``search_type``.
    """

    def __init__(
        self,
        value: Any,
        output_field: SQLType | None = None,
        *,
        config: Any = None,
        invert: bool = False,
        search_type: str = "plain",
    ) -> None:
        if search_type not in SearchType.__members__:
            raise ValueError(f"Unknown search_type argument {search_type!r}.")
        super().__init__(output_field)
        self.value = value if hasattr(value, "resolve_expression") else Value(value, output_field=types.TEXT)
        self.config = SearchConfig.from_parameter(config)
        self.invert = invert
        self.search_type = search_type

    @classmethod
    def of_resolved(cls, expression: Expression, config: SearchConfig | None) -> SearchQuery:
        """Return the query of an expression that belongs to a query of the database already."""
        made = cls("")
        made.value, made.config = expression, config
        return made

    def __str__(self) -> str:
        return f"~{self!r}" if self.invert else repr(self)

    def __repr__(self) -> str:
        config = [] if self.config is None else [self.config]
        return f"{type(self).__name__}({', '.join(map(repr, [*config, self.value]))})"

    def __invert__(self) -> Any:
        return type(self)(
            self.value, self._output_field, config=self.config, invert=not self.invert, search_type=self.search_type
        )

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        config, params = _with_config(self.config, compiler)
        sql, value_params = compiler.compile(self.value)
        call = f"{SearchType[self.search_type].value}({config}{sql})"
        return (f"!!({call})" if self.invert else call), [*params, *value_params]


MOST_OF_A_WORD = 2046


class Lexeme(SearchQueryCombinable):
    """One word as it is in the index, searched for exactly.

    Parameters:
        value: the word.
        prefix: words that begin like it are found, too.
        weight: only where the word has this weight: A, B, C or D.
    """

    def __init__(self, value: str, *, prefix: bool = False, weight: str | None = None) -> None:
        if not isinstance(value, str) or not value:
            raise ValueError("Lexeme value cannot be empty.")
        if len(value) > MOST_OF_A_WORD:
            raise ValueError(f"PostgreSQL's words have up to {MOST_OF_A_WORD} bytes, not {len(value)} characters.")
        if weight is not None and (not isinstance(weight, str) or weight.upper() not in WEIGHTS):
            raise ValueError(f"Weight must be one of {', '.join(WEIGHTS)}, not {weight!r}.")
        super().__init__()
        quoted = "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
        marks = ("*" if prefix else "") + (weight or "").upper()
        self.value = Value(f"{quoted}:{marks}" if marks else quoted, output_field=types.TEXT)
        self.config = None

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        sql, params = compiler.compile(self.value)
        return f"{sql}::tsquery", params


class CombinedSearchQuery(SearchQueryCombinable):
    """Two queries joined."""

    def __init__(self, first: SearchQueryCombinable, operator: str, second: SearchQueryCombinable) -> None:
        super().__init__()
        self.first = first
        self.operator = operator
        self.second = second
        self.config = first.config or second.config

    def __str__(self) -> str:
        return f"({self.first} {self.operator} {self.second})"

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        first, first_params = compiler.compile(self.first)
        second, second_params = compiler.compile(self.second)
        return f"({first} {self.operator} {second})", [*first_params, *second_params]


class NegatedSearchQuery(SearchQueryCombinable):
    """What matches where another query does not."""

    def __init__(self, query: SearchQueryCombinable) -> None:
        super().__init__()
        self.query = query
        self.config = query.config

    def __repr__(self) -> str:
        return f"~{self.query}"

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        sql, params = compiler.compile(self.query)
        return f"!!({sql})", params


# -- the search itself -------------------------------------------------------------------------------------------------


class SearchVectorExact(Exact):
    """Whether a vector matches a query, or a text that is read as one with the vector's configuration."""

    @classmethod
    def build(cls, lhs: Expression, kind: Hashable, value: object, query: Resolver) -> Expression:
        if kind is None:
            return super().build(lhs, kind, value, query)
        if not isinstance(kind, tuple):
            value = Value(value, output_field=types.TEXT)
        wanted = query.resolve_value(value, lhs)
        if not isinstance(wanted.output_field_or_none, SearchQueryField):
            wanted = SearchQuery.of_resolved(wanted, getattr(lhs, "config", None))
        return cls(lhs, wanted)

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        lhs, lhs_params = self.process_lhs(compiler, connection)
        rhs, rhs_params = self.process_rhs(compiler, connection)
        return f"{lhs} @@ {rhs}", [*lhs_params, *rhs_params]


SearchVectorField.register_lookup(SearchVectorExact)


class SearchLookup(SearchVectorExact):
    """Whether a text, made ready for searching, matches: ``body__search="duck"``."""

    lookup_name = "search"

    @classmethod
    def build(cls, lhs: Expression, kind: Hashable, value: object, query: Resolver) -> Expression:
        """As of a vector; there is nothing to search for in None."""
        if kind is None:
            raise advised(ValueError, "Cannot use None as a query value", " of search: use isnull=True")
        return super().build(lhs, kind, value, query)

    def process_lhs(self, compiler: Compiler, connection: Dialect, lhs: Expression | None = None) -> Rendered:
        vector = self.lhs
        if not isinstance(vector.output_field, SearchVectorField):
            vector = SearchVector.of_resolved(vector, getattr(self.rhs, "config", None))
        result: Rendered = compiler.compile(vector)
        return result


class _OfPlaces(Func):
    """A function whose arguments have types: a bare ``Value()`` is of that of its place."""

    @property
    def places(self) -> list[SQLType | None]:
        """The types of the first arguments; None for one that may be of any."""
        raise NotImplementedError(f"{type(self).__name__} must define places")

    def with_values_bound(self, query: Resolver) -> Self:
        """Return this with a bare ``Value()`` bound with the type of its place."""
        made = super().with_values_bound(query)
        given, places = made.source_expressions, self.places
        bound = [bound_as(item, made, field, query) for item, field in zip(given, places, strict=False)]
        made.source_expressions = [*bound, *given[len(places) :]]
        return made


class SearchRank(_OfPlaces):
    """How well a vector matches a query.

    Parameters:
        vector: a ``SearchVector``, an expression that gives one (``F("searchable")``), or the name of a field of text.
        query: a ``SearchQuery``, an expression that gives one, or the text to search for.
        weights: four numbers, for D, C, B and A, or an expression that gives them as an array.
        normalization: PostgreSQL's bit mask of what the rank is divided by ("12.3.3. Ranking Search Results"), a whole
            number or an expression.
        cover_density: rank by how near to each other the words are.
    """

    def __init__(
        self,
        vector: object,
        query: object,
        weights: Sequence[float] | Expression | None = None,
        normalization: object = None,
        cover_density: bool = False,
    ) -> None:
        arguments = [
            vector if hasattr(vector, "resolve_expression") else SearchVector(vector),
            query if hasattr(query, "resolve_expression") else SearchQuery(query),
        ]
        if weights is not None:
            arguments.insert(0, weights if isinstance(weights, Expression) else Value(_four(weights), _WEIGHTS_FIELD))
        if normalization is not None:
            computed = hasattr(normalization, "resolve_expression")
            arguments.append(normalization if computed else Value(normalization, types.INTEGER))
        super().__init__(*arguments)
        self.weighted = weights is not None
        self.cover_density = cover_density

    @property
    def places(self) -> list[SQLType | None]:
        return [*([_WEIGHTS_FIELD] if self.weighted else []), SearchVectorField(), SearchQueryField()]

    def _infer_output_field(self) -> SQLType | None:
        return FloatField()

    def as_sql(self, compiler: Compiler, connection: Dialect, **context: object) -> Rendered:
        compiled = [compiler.compile(item) for item in self.source_expressions]
        parts = [sql for sql, _ in compiled]
        if self.weighted:
            parts[0] = f"{parts[0]}::float4[]"
        if len(parts) > 2 + self.weighted:
            parts[-1] = f"({parts[-1]})::integer"
        function = "ts_rank_cd" if self.cover_density else "ts_rank"
        return f"{function}({', '.join(parts)})", [param for _, params in compiled for param in params]


_WEIGHTS_FIELD = ArrayField(FloatField())


def _four(weights: Sequence[float]) -> list[float]:
    """Return the weights of a rank. Raises ``TypeError`` for what is no list of numbers, ``ValueError`` for others."""
    if not isinstance(weights, (list, tuple)) or not all(isinstance(one, (int, float, Decimal)) for one in weights):
        raise TypeError(f"SearchRank's weights are a list of four numbers, not {weights!r}.")
    if len(weights) != 4:
        raise ValueError(f"SearchRank takes four weights, for D, C, B and A, not {weights!r}.")
    return list(weights)


class SearchHeadline(_OfPlaces):
    """The parts of a text that match, with the words marked.

    Parameters:
        expression: the text: a field's name or an expression.
        query: a ``SearchQuery``, an expression that gives one, or the text to search for.
        config: the text search configuration.
        start_sel, stop_sel: what stands before and after a word that matches.
        max_words, min_words, short_word, highlight_all, max_fragments, fragment_delimiter: as in PostgreSQL's
            documentation ("12.3.4. Highlighting Results").
    """

    def __init__(
        self,
        expression: object,
        query: object,
        *,
        config: Any = None,
        start_sel: str | None = None,
        stop_sel: str | None = None,
        max_words: int | None = None,
        min_words: int | None = None,
        short_word: int | None = None,
        highlight_all: bool | None = None,
        max_fragments: int | None = None,
        fragment_delimiter: str | None = None,
    ) -> None:
        wanted = query if hasattr(query, "resolve_expression") else SearchQuery(query, config=config)
        super().__init__(as_reference(expression), wanted)
        given = {
            "start_sel": start_sel,
            "stop_sel": stop_sel,
            "max_words": max_words,
            "min_words": min_words,
            "short_word": short_word,
            "highlight_all": highlight_all,
            "max_fragments": max_fragments,
            "fragment_delimiter": fragment_delimiter,
        }
        text = options_text({name: value for name, value in given.items() if value is not None})
        self.options = Value(text, output_field=types.TEXT) if text else None
        self.config = SearchConfig.from_parameter(config)

    @property
    def places(self) -> list[SQLType | None]:
        return [None, SearchQueryField()]

    def _infer_output_field(self) -> SQLType | None:
        return types.TEXT

    def as_sql(self, compiler: Compiler, connection: Dialect, **context: object) -> Rendered:
        config, params = _with_config(self.config, compiler)
        parts: list[str] = []
        for item in [*self.source_expressions, *([] if self.options is None else [self.options])]:
            sql, item_params = compiler.compile(item)
            parts.append(sql)
            params += item_params
        return f"ts_headline({config}{', '.join(parts)})", params
