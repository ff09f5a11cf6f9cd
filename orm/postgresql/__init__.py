"""What PostgreSQL has beyond other databases: fields, lookups, functions, aggregates, search.

Nothing else in the library imports this room; who uses it says ``from orm.postgresql import ArrayField``. Importing it
registers its lookups on the fields they belong to.
"""

from __future__ import annotations

from orm.postgresql.aggregates import (
    ArrayAgg,
    BitAnd,
    BitOr,
    BitXor,
    BoolAnd,
    BoolOr,
    Corr,
    CovarPop,
    JSONBAgg,
    RegrAvgX,
    RegrAvgY,
    RegrCount,
    RegrIntercept,
    RegrR2,
    RegrSlope,
    RegrSXX,
    RegrSXY,
    RegrSYY,
    StringAgg,
)
from orm.postgresql.arrays import ArrayField, ArraySubquery
from orm.postgresql.constraints import ExclusionConstraint
from orm.postgresql.functions import RandomUUID, TransactionNow
from orm.postgresql.hstore import HStoreField
from orm.postgresql.indexes import (
    BloomIndex,
    BrinIndex,
    BTreeIndex,
    GinIndex,
    GistIndex,
    HashIndex,
    OpClass,
    SpGistIndex,
)
from orm.postgresql.lookups import Unaccent
from orm.postgresql.ranges import (
    BigIntegerRangeField,
    DateRangeField,
    DateTimeRangeField,
    DecimalRangeField,
    IntegerRangeField,
    RangeBoundary,
    RangeField,
    RangeOperators,
)
from orm.postgresql.search import (
    Lexeme,
    SearchConfig,
    SearchHeadline,
    SearchQuery,
    SearchQueryField,
    SearchRank,
    SearchVector,
    SearchVectorField,
)
from orm.postgresql.trigrams import (
    TrigramDistance,
    TrigramSimilarity,
    TrigramStrictWordDistance,
    TrigramStrictWordSimilarity,
    TrigramWordDistance,
    TrigramWordSimilarity,
)
from orm.sql.ranges import DateRange, DateTimeRange, DateTimeTZRange, NumericRange, Range

__all__ = [
    "ArrayAgg",
    "ArrayField",
    "ArraySubquery",
    "BTreeIndex",
    "BigIntegerRangeField",
    "BitAnd",
    "BitOr",
    "BitXor",
    "BloomIndex",
    "BoolAnd",
    "BoolOr",
    "BrinIndex",
    "Corr",
    "CovarPop",
    "DateRange",
    "DateRangeField",
    "DateTimeRange",
    "DateTimeRangeField",
    "DateTimeTZRange",
    "DecimalRangeField",
    "ExclusionConstraint",
    "GinIndex",
    "GistIndex",
    "HStoreField",
    "HashIndex",
    "IntegerRangeField",
    "JSONBAgg",
    "Lexeme",
    "NumericRange",
    "OpClass",
    "RandomUUID",
    "Range",
    "RangeBoundary",
    "RangeField",
    "RangeOperators",
    "RegrAvgX",
    "RegrAvgY",
    "RegrCount",
    "RegrIntercept",
    "RegrR2",
    "RegrSXX",
    "RegrSXY",
    "RegrSYY",
    "RegrSlope",
    "SearchConfig",
    "SearchHeadline",
    "SearchQuery",
    "SearchQueryField",
    "SearchRank",
    "SearchVector",
    "SearchVectorField",
    "SpGistIndex",
    "StringAgg",
    "TransactionNow",
    "TrigramDistance",
    "TrigramSimilarity",
    "TrigramStrictWordDistance",
    "TrigramStrictWordSimilarity",
    "TrigramWordDistance",
    "TrigramWordSimilarity",
    "Unaccent",
]
