"""Functions of texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from orm import errors
from orm.sql import types, zones
from orm.sql.calls import Func
from orm.sql.expressions import Value
from orm.sql.functions.comparison import Cast
from orm.sql.transforms import Transform
from orm.sql.types import SQLType

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.nodes import Rendered


def whole(value: object) -> object:
    """Return a number as a plain integer parameter, as functions that count characters want it."""
    return Value(value, output_field=types.INTEGER) if isinstance(value, int) else value


class _OfTexts(Func):
    """What functions of texts share: a list or a dict is no text, which each database would say in its own way."""

    def __init__(self, *expressions: Any, **extra: Any) -> None:
        for given in expressions:
            untyped = type(given) is Value and given._output_field is None
            value = given.value if untyped else given
            if isinstance(value, (list, tuple, dict, set, frozenset)):
                raise errors.FieldError(f"{type(self).__name__} takes texts, not {value!r}")
        super().__init__(*expressions, **extra)


class _Text(_OfTexts):
    def _infer_output_field(self) -> SQLType | None:
        return types.TEXT


FuncT = TypeVar("FuncT", bound=Func)


def _narrowed(call: FuncT, connection: Dialect) -> FuncT:
    """Return a call whose wide whole numbers are made integers, where a database tells the two apart."""
    if not connection.capabilities.typed_parameters:
        return call
    narrow: FuncT = call.copy()
    narrow.source_expressions = [
        Cast(item, types.INTEGER) if getattr(item.output_field_or_none, "kind", None) == "bigint" else item
        for item in call.source_expressions
    ]
    return narrow


class _Counting(_Text):
    """A function that counts characters or repetitions; sums of whole numbers are wider than what it takes."""

    takes_extra: ClassVar[bool] = False

    def as_sql(self, compiler: Compiler, connection: Dialect, **context: object) -> Rendered:
        return _Text.as_sql(_narrowed(self, connection), compiler, connection, **context)


class _TextTransform(_OfTexts, Transform):
    def _infer_output_field(self) -> SQLType | None:
        source: SQLType | None = self.lhs.output_field_or_none
        return source if source is not None and source.kind in types.TEXT_KINDS else types.TEXT


class Lower(_TextTransform):
    """The text in lower case."""

    function = "LOWER"
    lookup_name = "lower"


class Upper(_TextTransform):
    """The text in upper case."""

    function = "UPPER"
    lookup_name = "upper"


class Trim(_TextTransform):
    """The text without spaces around it."""

    function = "TRIM"
    lookup_name = "trim"


class LTrim(_TextTransform):
    """The text without leading spaces."""

    function = "LTRIM"
    lookup_name = "ltrim"


class RTrim(_TextTransform):
    """The text without trailing spaces."""

    function = "RTRIM"
    lookup_name = "rtrim"


class Reverse(_TextTransform):
    """The text backwards."""

    function = "REVERSE"
    lookup_name = "reverse"


class MD5(_TextTransform):
    """The MD5 digest of the text, in hexadecimal."""

    function = "MD5"
    lookup_name = "md5"


class _Digest(_TextTransform):
    takes_extra: ClassVar[bool] = False

    def as_sql(self, compiler: Compiler, connection: Any, **context: object) -> Rendered:
        sql, params = compiler.compile(self.lhs)
        return connection.digest(self.function, sql), params


class SHA1(_Digest):
    """The SHA-1 digest of the text, in hexadecimal; PostgreSQL needs the extension pgcrypto for it."""

    function = "SHA1"
    lookup_name = "sha1"


class SHA224(_Digest):
    """The SHA-224 digest of the text, in hexadecimal."""

    function = "SHA224"
    lookup_name = "sha224"


class SHA256(_Digest):
    """The SHA-256 digest of the text, in hexadecimal."""

    function = "SHA256"
    lookup_name = "sha256"


class SHA384(_Digest):
    """The SHA-384 digest of the text, in hexadecimal."""

    function = "SHA384"
    lookup_name = "sha384"


class SHA512(_Digest):
    """The SHA-512 digest of the text, in hexadecimal."""

    function = "SHA512"
    lookup_name = "sha512"


class Length(_OfTexts, Transform):
    """How many characters the text has."""

    function = "LENGTH"
    lookup_name = "length"

    def _infer_output_field(self) -> SQLType | None:
        return types.INTEGER


class Chr(_TextTransform):
    """The character with a code point."""

    function = "CHR"
    lookup_name = "chr"
    takes_extra: ClassVar[bool] = False

    def __init__(self, expression: Any, **extra: Any) -> None:
        super().__init__(whole(expression), **extra)

    def as_sql(self, compiler: Compiler, connection: Dialect, **context: object) -> Rendered:
        return _TextTransform.as_sql(_narrowed(self, connection), compiler, connection, **context)


class Ord(_OfTexts, Transform):
    """The code point of the first character."""

    function = "ASCII"
    lookup_name = "ord"

    def _infer_output_field(self) -> SQLType | None:
        return types.INTEGER


class Concat(_Text):
    """Texts one after the other; a null counts as empty, as in Django."""

    takes_extra = False

    def __init__(self, *expressions: Any, **extra: Any) -> None:
        if len(expressions) < 2:
            raise ValueError("Concat must take at least two expressions")
        super().__init__(*expressions, **extra)

    def as_sql(self, compiler: Compiler, connection: Dialect, **context: object) -> Rendered:
        parts: list[str] = []
        params: list[Any] = []
        for item in self.source_expressions:
            sql, found = compiler.compile_value(item)
            given = item.output_field_or_none
            sql = connection.as_text(zones.told_in_own_zone(sql, given, connection), given or types.UNKNOWN)
            parts.append(f"COALESCE({sql}, '')")
            params += found
        return f"({' || '.join(parts)})", params


class ConcatPair(Concat):
    """Two texts one after the other."""

    arity = 2


class Left(_Counting):
    """The first ``length`` characters."""

    function = "SUBSTR"

    def __init__(self, expression: Any, length: Any, **extra: Any) -> None:
        if isinstance(length, int) and length <= 0:
            raise ValueError("'length' must be greater than 0.")
        super().__init__(expression, whole(1), whole(length), **extra)


class Right(_Counting):
    """The last ``length`` characters."""

    function = "RIGHT"

    def __init__(self, expression: Any, length: Any, **extra: Any) -> None:
        if isinstance(length, int) and length <= 0:
            raise ValueError("'length' must be greater than 0.")
        super().__init__(expression, whole(length), **extra)


class Substr(_Counting):
    """``length`` characters from position ``pos``, counted from 1."""

    function = "SUBSTR"

    def __init__(self, expression: Any, pos: Any, length: object = None, **extra: Any) -> None:
        if isinstance(pos, int) and pos < 1:
            raise ValueError("'pos' must be greater than 0")
        rest = [] if length is None else [whole(length)]
        super().__init__(expression, whole(pos), *rest, **extra)


class LPad(_Counting):
    """The text filled up on the left to ``length`` characters."""

    function = "LPAD"

    def __init__(self, expression: Any, length: Any, fill_text: Any = None, **extra: Any) -> None:
        if isinstance(length, int) and length < 0:
            raise ValueError("'length' must be greater or equal to 0.")
        super().__init__(expression, whole(length), Value(" ") if fill_text is None else fill_text, **extra)


class RPad(LPad):
    """The text filled up on the right to ``length`` characters."""

    function = "RPAD"


class Repeat(_Counting):
    """The text ``number`` times."""

    function = "REPEAT"

    def __init__(self, expression: Any, number: Any, **extra: Any) -> None:
        if isinstance(number, int) and number < 0:
            raise ValueError("'number' must be greater or equal to 0.")
        super().__init__(expression, whole(number), **extra)


class Replace(_Text):
    """The text with every ``text`` in it replaced."""

    function = "REPLACE"

    def __init__(self, expression: Any, text: Any, replacement: Any = None, **extra: Any) -> None:
        super().__init__(expression, text, Value("") if replacement is None else replacement, **extra)


class StrIndex(_OfTexts):
    """Where a text first stands in another, counted from 1; 0 when it does not."""

    function = "STRPOS"
    arity = 2

    def _infer_output_field(self) -> SQLType | None:
        return types.INTEGER
