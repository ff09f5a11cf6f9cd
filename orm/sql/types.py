"""What a column or an expression holds: a *kind*, and how any Python value becomes the canonical value of that kind.

``SQLType`` is the base of every model field, and stands alone for computed values (``Count`` gives an integer). The
``prepare_*`` functions are the one place that decides what input is acceptable; they raise ``TypeError`` or
``ValueError`` and never touch the database. What a driver is handed is the dialect's affair.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Hashable
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from orm.sql.registration import LookupOwner
from orm.text.dates import ZONE, parse_date, parse_datetime, parse_time
from orm.text.durations import parse_duration

if TYPE_CHECKING:
    import decimal
    import uuid

    from orm.sql.dialect import Dialect
    from orm.sql.expressions import Expression
else:
    from orm.late import decimal, uuid

UTC = datetime.UTC

# The zone in which naive datetimes are taken, or None when datetimes stay naive (USE_TZ = False). Set by orm.config.
default_zone: datetime.tzinfo | None = UTC

# The zone in which a column keeps the moments of datetimes that stay naive; None: it keeps them as they are.
kept_zone: datetime.tzinfo | None = None

# Whether a database whose values have no types of their own gives them those their columns were declared with.
declared_types = False

# Whether what would lose something, or only might mean something, is refused (the setting of that name).
strict_values = True

# Whether text is matched and decimals are stored in one way on every database (the setting of that name).
same_everywhere = True

Moment = TypeVar("Moment", datetime.date, datetime.time)

KINDS = (
    "smallint", "integer", "bigint", "boolean", "char", "text", "date", "time", "datetime", "duration", "decimal",
    "float", "uuid", "json", "binary", "address",
)  # fmt: skip
FIELD_NAMES = {
    "smallint": "SmallIntegerField", "integer": "IntegerField", "bigint": "BigIntegerField", "boolean": "BooleanField",
    "char": "CharField", "text": "TextField", "date": "DateField", "time": "TimeField", "datetime": "DateTimeField",
    "duration": "DurationField", "decimal": "DecimalField", "float": "FloatField", "uuid": "UUIDField",
    "json": "JSONField", "binary": "BinaryField", "address": "GenericIPAddressField",
}  # fmt: skip
TEXT_KINDS = frozenset({"char", "text"})
MOMENT_KINDS = frozenset({"date", "datetime", "time"})
INTEGER_RANGES = {
    "smallint": (-(2**15), 2**15 - 1),
    "integer": (-(2**31), 2**31 - 1),
    "bigint": (-(2**63), 2**63 - 1),
}
INTEGER_KINDS = frozenset(INTEGER_RANGES)
NUMBER_KINDS = INTEGER_KINDS | {"float"}
WRITTEN_AS_TEXT = NUMBER_KINDS | MOMENT_KINDS | {"address", "boolean", "decimal", "duration", "uuid"}
"""The kinds of which a text can be a value; a text beside JSON or bytes is no more than a text."""
LEAST, MOST = INTEGER_RANGES["bigint"]  # of whole numbers, in any column and any parameter


class OutOfRange(Exception):
    """A whole number that is compared to a column lies ``above`` or below everything a database can hold."""

    def __init__(self, above: bool) -> None:
        super().__init__(above)
        self.above = above


# Lookups and transforms by name: for every kind under None, for one kind under its name. Filled by these modules.
LOOKUP_MODULES = ("orm.sql.lookups", "orm.sql.json", "orm.sql.functions")
KIND_LOOKUPS: dict[str | None, dict[str, type]] = {None: {}, **{kind: {} for kind in KINDS}}
# A kind whose values have parts of any name (JSON keys) has a factory here: name -> transform factory.
KIND_KEY_TRANSFORMS: dict[str, Callable[[str], Callable[..., Any]]] = {}


def prepare_integer(value: object) -> int:
    """Return ``value`` as an int; whole while values are strict, so that nothing is cut off in silence."""
    if type(value) is int:
        return value
    if isinstance(value, (float, decimal.Decimal)) and strict_values and value % 1 != 0:
        raise ValueError(f"expected a whole number, got {value!r}")
    if isinstance(value, (int, str, float, decimal.Decimal)) or (isinstance(value, bytes) and not strict_values):
        return int(value)
    raise TypeError(f"a number is expected, not {type(value).__name__} {value!r}")


_BOOLEANS = {"True": True, "t": True, "1": True, "False": False, "f": False, "0": False}


def prepare_boolean(value: object) -> bool:
    """Return ``value`` as a bool; numbers that are 0 or 1 and Django's spellings are accepted."""
    if value is True or value is False:
        return bool(value)
    if isinstance(value, (int, float, decimal.Decimal)) and value in (0, 1):
        return bool(value)
    if isinstance(value, str) and value in _BOOLEANS:
        return _BOOLEANS[value]
    raise ValueError(f"expected True or False, got {value!r}")


def prepare_text(value: object) -> str:
    """Return ``value`` as a string."""
    if type(value) is str:
        return value
    if isinstance(value, str):
        return str.__str__(value)  # the text itself: str() of a str-based enum's member is its name
    if strict_values and isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError(f"expected text, got bytes {bytes(value)[:40]!r}; decode them first")
    return str(value)


def prepare_float(value: object) -> float:
    """Return ``value`` as a float."""
    if type(value) is float:
        return value
    if isinstance(value, (int, str, float, decimal.Decimal)) or (isinstance(value, bytes) and not strict_values):
        return float(value)
    raise TypeError(f"a number is expected, not {type(value).__name__} {value!r}")


def prepare_decimal(value: object) -> decimal.Decimal:
    """Return ``value`` as a finite Decimal. Floats go through their shortest spelling (0.1 is ``Decimal("0.1")``)."""
    if type(value) is not decimal.Decimal:
        if isinstance(value, float):
            value = repr(value)
        elif not isinstance(value, (int, str, decimal.Decimal)):
            raise ValueError(f"expected a decimal number, got {type(value).__name__} {value!r}")
        try:
            value = decimal.Decimal(value)
        except decimal.InvalidOperation:
            raise ValueError(f"expected a decimal number, got {value!r}") from None
    if not value.is_finite():
        raise ValueError(f"expected a finite decimal number, got {value!r}")
    result: decimal.Decimal = value
    return result


def prepare_date(value: object) -> datetime.date:
    """Return ``value`` as a date; ISO 8601 strings are read (2020-1-2 too), a datetime gives its date."""
    if type(value) is datetime.date:
        return value
    if isinstance(value, datetime.datetime):
        return (value.astimezone(default_zone) if default_zone and value.tzinfo else value).date()
    if isinstance(value, datetime.date):
        return value
    if isinstance(value, str):
        return _read(parse_date, value, "date")
    raise TypeError(f"expected a date, got {type(value).__name__} {value!r}")


def read_datetime(text: str) -> datetime.datetime:
    """Return the datetime that a text in ISO 8601 gives; a date is its midnight. Raises ``ValueError``."""
    found = parse_datetime(text)
    if found is None:
        found = datetime.datetime.combine(_read(parse_date, text, "datetime"), datetime.time())
    return found


def _read(parse: Callable[[str], Moment | None], text: str, what: str) -> Moment:
    found = parse(text)
    if found is None:
        raise ValueError(f"{text!r} is no {what} in ISO 8601")
    return found


def prepare_time(value: object) -> datetime.time:
    """Return ``value`` as a naive time; ISO 8601 strings are read.

    A zone in a string is refused with ``strict_values``, and left out without.
    """
    if isinstance(value, datetime.datetime):
        value = value.time()
    elif isinstance(value, str):
        text, value = value, _read(parse_time, value, "time")
        if strict_values and ZONE.search(text):
            raise ValueError(f"expected a time without zone, got {text!r}")
    elif not isinstance(value, datetime.time):
        raise TypeError(f"expected a time, got {type(value).__name__} {value!r}")
    if value.tzinfo is not None:
        raise ValueError(f"expected a time without zone, got {value!r}")
    result: datetime.time = value
    return result


def prepare_datetime(value: object) -> datetime.datetime:
    """Return ``value`` as a datetime: aware in UTC while zones are in use, naive otherwise.

    ISO 8601 strings and dates (midnight) are read. Naive input is taken in the configured zone. Where columns keep
    moments although datetimes are naive, an aware one is one of them already.
    """
    if isinstance(value, str):
        value = read_datetime(value)
    elif isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        value = datetime.datetime(value.year, value.month, value.day)
    elif not isinstance(value, datetime.datetime):
        raise TypeError(f"expected a datetime, got {type(value).__name__} {value!r}")
    moment: datetime.datetime = value
    if default_zone is None:
        if moment.tzinfo is not None and kept_zone is None:
            raise ValueError(f"expected a datetime without zone while use_tz is False, got {moment!r}")
        return moment
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=default_zone)
    return moment.astimezone(UTC)


def prepare_duration(value: object) -> datetime.timedelta:
    """Return ``value`` as a timedelta; text is read as ``DurationField`` reads it (3 days, 04:05:06; P3DT4H)."""
    if isinstance(value, datetime.timedelta):
        return value
    if isinstance(value, str):
        found = parse_duration(value) if value else None
        if found is None:
            raise ValueError(f"{value!r} is no length of time")
        return found
    raise TypeError(f"expected a timedelta, got {type(value).__name__} {value!r}")


def prepare_uuid(value: object) -> uuid.UUID:
    """Return ``value`` as a UUID; hexadecimal strings (with or without dashes) and 128-bit integers are read."""
    if isinstance(value, uuid.UUID):
        return value
    if isinstance(value, str):
        return uuid.UUID(value)
    if isinstance(value, int) and not (strict_values and isinstance(value, bool)):
        return uuid.UUID(int=value)
    raise ValueError(f"expected a UUID, got {type(value).__name__} {value!r}")


def prepare_binary(value: object) -> bytes:
    """Return ``value`` as bytes."""
    if type(value) is bytes:
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    raise TypeError(f"expected bytes, got {type(value).__name__} {value!r}")


def prepare_json(value: object) -> object:
    """Return ``value`` as it is; the dialect's encoder refuses what JSON can't hold."""
    return value


PREPARE: dict[str, Callable[[Any], Any]] = {
    "smallint": prepare_integer,
    "integer": prepare_integer,
    "bigint": prepare_integer,
    "boolean": prepare_boolean,
    "char": prepare_text,
    "text": prepare_text,
    "date": prepare_date,
    "time": prepare_time,
    "datetime": prepare_datetime,
    "duration": prepare_duration,
    "decimal": prepare_decimal,
    "float": prepare_float,
    "uuid": prepare_uuid,
    "json": prepare_json,
    "binary": prepare_binary,
    "address": prepare_text,
}

ITSELF: dict[Callable[[Any], Any], type] = {prepare_integer: int, prepare_text: str, prepare_float: float}
"""The type whose values a function gives back as they are."""
AS_IT_IS = {kind: ITSELF[prepare] for kind, prepare in PREPARE.items() if prepare in ITSELF}
"""The type whose values need no preparation, by kind: most values of a program are of it, and spare a call."""


class SQLType(LookupOwner):
    """The type of a column or of a computed value.

    Parameters: ``kind`` is one of ``KINDS``; the others refine it (lengths in characters, decimals in digits).
    """

    kind: str = "text"
    null: bool = True
    max_length: int | None = None
    max_digits: int | None = None
    decimal_places: int | None = None
    model: Any = None
    is_composite: ClassVar[bool] = False
    """Whether it is a key made of several columns, which are its ``fields``."""

    def __init__(self, kind: str, *, max_digits: int | None = None, decimal_places: int | None = None) -> None:
        self.kind = kind
        self.max_digits = max_digits
        self.decimal_places = decimal_places

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.kind}>"

    def get_prep_value(self, value: Any) -> Any:
        """Return the canonical Python value; ``None`` stays ``None``.

        Raises ``TypeError`` or ``ValueError`` for what can't be one.
        """
        if value is None or type(value) is AS_IT_IS.get(self.kind):
            return value
        prepare = PREPARE.get(self.kind)
        return value if prepare is None else prepare(value)

    def refusal(self, problem: Exception, value: object, field: object = None) -> Exception:
        """Return the error for a value that is none of this type: it names the ``field`` or what else it was for."""
        return type(problem)(f"{field}: {problem}")

    def sliced(self, expression: Expression, start: int, length: int | None) -> Any:
        """Return the part of a value from place ``start``, counted from 1, or None where there are no such parts."""
        return None

    def comparable_range(self) -> tuple[int, int]:
        """Return the least and the greatest whole number that a value of this type may equal."""
        return LEAST, MOST

    @property
    def takes_lists(self) -> bool:
        """Whether a list may be one value of this type."""
        return False

    def takes_bare(self, guessed: SQLType) -> bool:
        """Whether a bound value whose type nobody said is one of this type where it stands beside one.

        ``guessed`` is what it was taken for: ``TEXT``, ``JSON`` (a list or a dict), ``RANGE`` or any other type.
        """
        return guessed is TEXT and self.kind in WRITTEN_AS_TEXT

    def own_db_type(self, dialect: Dialect) -> str | None:
        """Return the column type that a field class of the application says itself; None where it says none."""
        return None

    @property
    def compared_preparer(self) -> Callable[[Any], Any]:
        """What makes a value canonical that this type is compared to."""
        return self.get_prep_value

    @property
    def stores_prepared(self) -> bool:
        """Whether what is stored is the canonical value, whatever the database."""
        return True

    def store_preparer(self, connection: object) -> Callable[[Any], Any]:
        """Return what prepares a value to be stored in one database."""
        return self.get_prep_value

    @property
    def compares_prepared(self) -> bool:
        """Whether what a column is compared to is the canonical value, whatever the database."""
        return True

    def compared(self, value: Any, connection: object) -> Any:
        """Return what a column of one database is compared to, of a canonical value."""
        return value

    def structure(self) -> Hashable:
        """Return what tells this type from others in a query's shape: itself when it belongs to a model."""
        if self.model is not None:
            return self
        return (type(self), self.kind, self.max_length, self.max_digits, self.decimal_places)

    # -- lookups ---------------------------------------------------------------------------------------------------

    def lookups(self) -> dict[str, type]:
        """Return every lookup and transform of this type by name, the most specific winning."""
        for name in LOOKUP_MODULES:
            import_module(name)
        found = {**KIND_LOOKUPS[None], **KIND_LOOKUPS.get(self.kind, {})}
        found.update(self.registered_lookups())
        return found

    get_lookups = lookups

    def lookup_named(self, name: str) -> type | None:
        """Return what ``lookups()`` has under one name, or None, and import no further modules than it takes to know.

        The functions are a hundred classes, which a query that compares columns to values needs nothing of.
        """
        own = self.registered_lookups().get(name)
        if own is not None:
            return own
        for module in LOOKUP_MODULES:
            import_module(module)
            found = KIND_LOOKUPS.get(self.kind, {}).get(name) or KIND_LOOKUPS[None].get(name)
            if found is not None:
                return found
        return None

    def get_lookup(self, name: str) -> type | None:
        """Return the Lookup class of that name, or None."""
        found = self.lookup_named(name)
        return found if found is not None and not getattr(found, "is_transform", False) else None

    def get_transform(self, name: str) -> Callable[..., Any] | None:
        """Return the Transform class (or factory) of that name, or None."""
        found = self.lookup_named(name)
        if found is not None and getattr(found, "is_transform", False):
            return found
        # Before the end of a path, the name of a lookup is a key like any other.
        factory = KIND_KEY_TRANSFORMS.get(self.kind)
        return factory(name) if factory is not None else None


# Makes the field of a kind, for what no column gives; set by the module of fields, which this one does not know.
field_maker: Callable[[str], SQLType] | None = None
_FIELDS: dict[str, SQLType] = {}


def as_field(found: SQLType) -> SQLType:
    """Return a type as programs know types: a computed one as the field of its kind, a field as it is."""
    name = FIELD_NAMES.get(found.kind) if type(found) is SQLType else None
    if name is None or field_maker is None:
        return found
    if found.decimal_places is not None or found.max_digits is not None:
        made = field_maker(name)
        made.max_digits, made.decimal_places = found.max_digits, found.decimal_places
        return made
    if name not in _FIELDS:
        _FIELDS[name] = field_maker(name)
    return _FIELDS[name]


UNKNOWN = SQLType("unknown")  # of SQL by hand: it is compared to whatever is given
RANGE = SQLType("range")  # of a range in Python, which does not say of which kind of range it is
SMALLINT = SQLType("smallint")
INTEGER = SQLType("integer")
BIGINT = SQLType("bigint")
BOOLEAN = SQLType("boolean")
TEXT = SQLType("text")
CHAR = SQLType("char")
DATE = SQLType("date")
TIME = SQLType("time")
DATETIME = SQLType("datetime")
DURATION = SQLType("duration")
DECIMAL = SQLType("decimal")
FLOAT = SQLType("float")
UUID = SQLType("uuid")
JSON = SQLType("json")
BINARY = SQLType("binary")
