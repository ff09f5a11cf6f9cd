"""Operators between two values: what may be one, of which type its result is, and what types are called in errors."""

from __future__ import annotations

from orm.late import late_pattern
from orm.sql import types
from orm.sql.types import SQLType
from orm.sql.zones import MOMENT_OF_DATE

_FAMILIES = {"smallint": "integer", "integer": "integer", "bigint": "integer", "char": "text", "text": "text"}


_WORDS = ("AND", "OR", "LIKE", "ILIKE", "AT TIME ZONE", "IS DISTINCT FROM", "IS NOT DISTINCT FROM", "IS", "IS NOT")
_KNOWN = frozenset({"+", "-", "*", "/", "%%", "^", "&", "|", "#", "<<", ">>", "||", *_WORDS})
_ARITHMETIC = frozenset({"+", "-", "*", "/", "%%", "^"})
_NO_NUMBERS = frozenset({"boolean", "json", "uuid", "binary"})
_SIGNS = late_pattern(r"(?:[-+*/<>=~!@#^&|?]|%%){1,63}")  # what PostgreSQL makes operators of


def checked_operator(connector: str) -> str:
    """Return an operator as it may stand between two expressions: signs, ``%%`` for a percent sign, or known words.

    Raises ``ValueError`` for any other text, and for one that would begin a comment.
    """
    if connector in _KNOWN:
        return connector
    if _SIGNS.fullmatch(connector) is None or any(mark in connector for mark in ("--", "/*", "*/")):
        raise ValueError(f"{connector!r} is no operator: that is one or more of + - * / %% ^ & | # < > = ~ ! @ ?")
    return connector


def family(kind: str) -> str:
    """Return the kind that stands for all that are computed with alike."""
    return _FAMILIES.get(kind, kind)


def field_name(sql_type: SQLType) -> str:
    """Return what the field of a type is called."""
    own = type(sql_type).__name__
    return own if own.endswith("Field") else types.FIELD_NAMES.get(sql_type.kind, sql_type.kind)


def type_of_operation(connector: str, lhs: SQLType, rhs: SQLType) -> SQLType | None:
    """Return the type of what an operator gives for two values; None where it has to be said."""
    kinds = {family(lhs.kind), family(rhs.kind)}
    if len(kinds) == 1:
        if kinds == {"decimal"}:
            return types.DECIMAL  # as many places as the result has, whatever those of the columns
        if kinds <= {"date", "datetime", "time"}:
            return types.DURATION if connector == "-" else None
        if kinds == {"text"} or (kinds <= _NO_NUMBERS and connector in _ARITHMETIC):
            return None  # text is joined by Concat
        if kinds == {"duration"} and connector not in "+-":
            return None
        return lhs if lhs.kind not in ("smallint", "integer") else types.BIGINT
    if kinds == {"date", "datetime"} and connector == "-":
        return types.DURATION
    if kinds <= {"integer", "float", "decimal"}:
        return types.DECIMAL if "decimal" in kinds and "float" not in kinds else types.FLOAT
    moments = kinds & {"date", "datetime", "time"}
    if "duration" in kinds and len(moments) == 1 and (connector == "+" or (connector == "-" and lhs.kind in moments)):
        of_date = MOMENT_OF_DATE if types.same_everywhere else types.DATETIME
        return {"time": types.TIME, "date": of_date}.get(moments.pop(), types.DATETIME)
    if "duration" in kinds and kinds & {"integer", "float", "decimal"} and (
        connector == "*" or (connector == "/" and lhs.kind == "duration")
    ):  # fmt: skip
        return types.DURATION
    return None
