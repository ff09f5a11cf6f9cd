"""How alike texts are, by the groups of three letters they share: the functions and lookups of ``pg_trgm``.

    Entry.objects.annotate(likeness=TrigramSimilarity("title", "duk")).filter(likeness__gt=0.3)

The text that is looked for is always bound. The extension ``pg_trgm`` has to be installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.models.fields import FloatField
from orm.sql import types
from orm.sql.calls import Func
from orm.sql.expressions import Expression, Value
from orm.sql.lookups import Lookup
from orm.sql.references import as_reference

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.nodes import Rendered
    from orm.sql.types import SQLType


__all__ = [
    "TrigramDistance",
    "TrigramSimilarity",
    "TrigramStrictWordDistance",
    "TrigramStrictWordSimilarity",
    "TrigramWordDistance",
    "TrigramWordSimilarity",
]


def _text(value: object) -> object:
    return value if hasattr(value, "resolve_expression") else Value(value, output_field=types.TEXT)


class _Trigram(Func):
    """A measure between a text of the row and a given one; the given text is bound."""

    given_first = False

    def __init__(self, expression: object, string: object) -> None:
        row, given = as_reference(expression), _text(string)
        super().__init__(*((given, row) if self.given_first else (row, given)))

    def _infer_output_field(self) -> SQLType | None:
        return FloatField()


class TrigramSimilarity(_Trigram):
    """How alike two texts are, from 0 to 1."""

    function = "SIMILARITY"


class TrigramDistance(_Trigram):
    """How unlike two texts are: 1 less ``TrigramSimilarity``."""

    template = "(%(expressions)s)"
    arg_joiner = " <-> "


class _WordTrigram(_Trigram):
    given_first = True

    def __init__(self, string: object, expression: object) -> None:
        super().__init__(expression, string)


class TrigramWordSimilarity(_WordTrigram):
    """How alike a text is to the most similar part of the row's."""

    function = "WORD_SIMILARITY"


class TrigramStrictWordSimilarity(_WordTrigram):
    """How alike a text is to the most similar whole words of the row's."""

    function = "STRICT_WORD_SIMILARITY"


class TrigramWordDistance(_WordTrigram):
    """1 less ``TrigramWordSimilarity``."""

    template = "(%(expressions)s)"
    arg_joiner = " <<-> "


class TrigramStrictWordDistance(_WordTrigram):
    """1 less ``TrigramStrictWordSimilarity``."""

    template = "(%(expressions)s)"
    arg_joiner = " <<<-> "


class _TrigramLookup(Lookup):
    operator = ""

    @classmethod
    def value_type(cls, lhs: Expression) -> SQLType:
        return types.TEXT

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        lhs, lhs_params = self.process_lhs(compiler, connection)
        rhs, rhs_params = self.process_rhs(compiler, connection)
        return f"{lhs} {self.operator} {rhs}", [*lhs_params, *rhs_params]


class TrigramSimilar(_TrigramLookup):
    """Whether two texts are alike, by ``pg_trgm.similarity_threshold``."""

    lookup_name = "trigram_similar"
    operator = "%%"


class TrigramWordSimilar(_TrigramLookup):
    """Whether a part of the text is like the given one, by ``pg_trgm.word_similarity_threshold``."""

    lookup_name = "trigram_word_similar"
    operator = "%%>"


class TrigramStrictWordSimilar(_TrigramLookup):
    """Whether whole words of the text are like the given one, by ``pg_trgm.strict_word_similarity_threshold``."""

    lookup_name = "trigram_strict_word_similar"
    operator = "%%>>"
