"""Range fields: a column that holds all values between two bounds.

    class Booking(models.Model):
        room = models.IntegerField()
        during = DateTimeRangeField()

    Booking.objects.filter(during__overlap=DateTimeTZRange(start, end), during__contains=moment)

Values are the classes of ``orm.sql.ranges``; a list or tuple of two is taken as the bounds ``[)``, and a text as
PostgreSQL writes ranges: ``"[1,10)"``, ``"empty"``.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, ClassVar

from orm.errors import ImproperlyConfigured, InvalidValue, ValidationError
from orm.models.fields import (
    BigIntegerField,
    BooleanField,
    DateField,
    DateTimeField,
    DecimalField,
    Field,
    FloatField,
    IntegerField,
    SmallIntegerField,
)
from orm.sql import types
from orm.sql.calls import Func
from orm.sql.expressions import Expression, Slot
from orm.sql.lookups import Lookup
from orm.sql.one_type import ConvertedSlot, bound_as, guessed_type
from orm.sql.ranges import BOUNDS, DateRange, DateTimeTZRange, NumericRange, Range, is_range, is_range_text
from orm.sql.transforms import Transform

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.nodes import Rendered
    from orm.sql.resolving import Resolver
    from orm.sql.types import SQLType

__all__ = [
    "BigIntegerRangeField",
    "DateRangeField",
    "DateTimeRangeField",
    "DecimalRangeField",
    "IntegerRangeField",
    "RangeBoundary",
    "RangeField",
    "RangeOperators",
]


class RangeOperators(enum.StrEnum):
    """The operators of ranges, for exclusion constraints."""

    EQUAL = "="
    NOT_EQUAL = "<>"
    CONTAINS = "@>"
    CONTAINED_BY = "<@"
    OVERLAPS = "&&"
    FULLY_LT = "<<"
    FULLY_GT = ">>"
    NOT_LT = "&>"
    NOT_GT = "&<"
    ADJACENT_TO = "-|-"


class RangeBoundary(Expression):
    """The ``bounds`` argument of a range function such as ``TsTzRange``.

    Parameters: ``inclusive_lower`` and ``inclusive_upper`` say which bounds belong to the range.
    """

    def __init__(self, inclusive_lower: bool = True, inclusive_upper: bool = False) -> None:
        super().__init__()
        self.lower = "[" if inclusive_lower else "("
        self.upper = "]" if inclusive_upper else ")"

    def _infer_output_field(self) -> SQLType | None:
        return types.TEXT

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        return f"'{self.lower}{self.upper}'", []


class RangeField(Field[Range]):
    """What the range fields share; a subclass names the field of its bounds and the class of its values.

    Parameters: ``default_bounds``, for fields whose bounds are not whole (decimals and datetimes), are those of a range
    given as a list or tuple; one of ``[)``, ``(]``, ``()`` and ``[]``.
    """

    base_field_class: ClassVar[type[Field[Any]]]
    range_type: ClassVar[type[Range]]
    takes_bounds: ClassVar[bool] = False
    option_defaults = {"default_bounds": "[)"}
    empty_strings_allowed = False
    default_error_messages: ClassVar[dict[str, str]] = {"invalid": "“%(value)s” value must be a range."}

    def __init__(self, *args: Any, default_bounds: str = "[)", **options: Any) -> None:
        if default_bounds != "[)" and not self.takes_bounds:
            raise TypeError(
                f"Cannot use 'default_bounds' with {type(self).__name__}: PostgreSQL writes such ranges as [) anyway."
            )
        if default_bounds not in BOUNDS:
            raise ImproperlyConfigured("default_bounds must be one of '[)', '(]', '()', or '[]'.")
        super().__init__(*args, **options)
        self.default_bounds = default_bounds
        self.base_field: Field[Any] = self.base_field_class(null=True)

    def set_attributes_from_name(self, name: str) -> None:
        """Also: the bounds' field is called as this one, so that its errors say where they are from."""
        super().set_attributes_from_name(name)
        self.base_field.set_attributes_from_name(name)

    # -- values --------------------------------------------------------------------------------------------------------

    def get_prep_value(self, value: Any) -> Any:
        if value is None or hasattr(value, "resolve_expression"):
            return value
        if isinstance(value, str):
            value = self._read(value)
        if isinstance(value, (list, tuple)) and len(value) == 2:
            return self.range_type(self._bound(value[0]), self._bound(value[1]), self.default_bounds)
        if is_range(value):
            found = self.range_type.of(value)
            if found.isempty:
                return found
            return self.range_type(self._bound(found.lower), self._bound(found.upper), found.bounds or "[)")
        raise TypeError(
            f"{self}: a range is given as a {self.range_type.__name__}, two bounds or a text such as [1,10), not as "
            f"{value!r}."
        )

    def takes_bare(self, guessed: SQLType) -> bool:
        """A range, its text, or its two bounds."""
        return guessed in (types.RANGE, types.TEXT, types.JSON)

    def _read(self, text: str) -> Range:
        try:
            return self.range_type.read(text)
        except ValueError as error:
            raise InvalidValue(f"{self}: {error}", code="invalid") from None

    def _bound(self, value: object) -> Any:
        return None if value is None else self.base_field.get_prep_value(value)

    def element_or_range(self, value: object) -> Any:
        """A range as it is; one value as the range that holds nothing else. What ``contains`` is asked for."""
        if isinstance(value, (list, tuple)) or is_range(value) or is_range_text(value):
            return self.get_prep_value(value)
        only = self._bound(value)
        return self.range_type(only, only, "[]")

    def to_python(self, value: Any) -> Any:
        """A range, also from two bounds or the JSON text that ``value_to_string`` writes."""
        if isinstance(value, str):
            held = json.loads(value)
            for side in ("lower", "upper"):
                if side in held:
                    held[side] = self.base_field.to_python(held[side])
            return self.range_type(**held)
        if isinstance(value, (list, tuple)):
            if len(value) != 2:
                raise ValidationError(self.error_messages["invalid"], code="invalid", params={"value": value})
            return self.range_type(value[0], value[1], self.default_bounds)
        return value

    def value_to_string(self, instance: Any) -> str:
        """The range as JSON text."""
        value = self.value_from_object(instance)
        if value is None:
            return json.dumps(None)
        if value.isempty:
            return json.dumps({"empty": True})
        sides = {"lower": value.lower, "upper": value.upper}
        texts = {side: None if bound is None else str(bound) for side, bound in sides.items()}
        return json.dumps({"bounds": value.bounds, **texts})


class IntegerRangeField(RangeField):
    """A range of whole numbers of 32 bits. PostgreSQL keeps it as ``[lower, upper)``, whatever the bounds were."""

    kind = "int4range"
    description = "Range of integers"
    base_field_class = IntegerField
    range_type = NumericRange


class BigIntegerRangeField(RangeField):
    """A range of whole numbers of 64 bits."""

    kind = "int8range"
    description = "Range of big integers"
    base_field_class = BigIntegerField
    range_type = NumericRange


class DecimalRangeField(RangeField):
    """A range of decimal numbers."""

    kind = "numrange"
    description = "Range of decimals"
    base_field_class = DecimalField
    range_type = NumericRange
    takes_bounds = True


class DateTimeRangeField(RangeField):
    """A range of datetimes."""

    kind = "tstzrange"
    description = "Range of timestamps"
    base_field_class = DateTimeField
    range_type = DateTimeTZRange
    takes_bounds = True


class DateRangeField(RangeField):
    """A range of dates. PostgreSQL keeps it as ``[lower, upper)``, whatever the bounds were."""

    kind = "daterange"
    description = "Range of dates"
    base_field_class = DateField
    range_type = DateRange


class _RangeComparison(Lookup):
    """An operator between two ranges."""

    operator = ""

    @classmethod
    def build(cls, lhs: Expression, kind: Hashable, value: object, query: Resolver) -> Expression:
        if kind is None or isinstance(kind, tuple):
            return super().build(lhs, kind, value, query)
        return cls(lhs, Slot(query.take_slot(value, cls.prepared(lhs.output_field)), lhs.output_field, bare=True))

    @classmethod
    def prepared(cls, field: Any) -> Callable[[Any], Any]:
        """Return what prepares the other side's value."""
        prepare: Callable[[Any], Any] = field.get_prep_value
        return prepare

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        lhs, lhs_params = self.process_lhs(compiler, connection)
        rhs, rhs_params = self.process_rhs(compiler, connection)
        return f"{lhs} {self.operator} {rhs}", [*lhs_params, *rhs_params]


@RangeField.register_lookup
class RangeExact(_RangeComparison):
    """Whether two ranges are the same."""

    lookup_name = "exact"
    operator = "="

    @classmethod
    def build(cls, lhs: Any, kind: Hashable, value: object, query: Resolver) -> Expression:
        if kind is None:
            return lhs.output_field.get_lookup("isnull")(lhs, True)  # type: ignore[no-any-return]
        return super().build(lhs, kind, value, query)


@RangeField.register_lookup
class RangeContains(_RangeComparison):
    """Whether a range holds a value, or all of another range."""

    lookup_name = "contains"
    operator = "@>"

    @classmethod
    def build(cls, lhs: Expression, kind: Hashable, value: object, query: Resolver) -> Expression:
        """As of any comparison; a bound value whose type nobody said is a range or what may lie in one."""
        made: Any = super().build(lhs, kind, value, query)
        if guessed_type(made.rhs) is not None:
            made.rhs = ConvertedSlot(made.rhs.index, lhs.output_field, cls.prepared(lhs.output_field))
        return made  # type: ignore[no-any-return]

    @classmethod
    def prepared(cls, field: Any) -> Callable[[Any], Any]:
        prepare: Callable[[Any], Any] = field.element_or_range
        return prepare


@RangeField.register_lookup
class RangeContainedBy(_RangeComparison):
    """Whether all of a range lies in another."""

    lookup_name = "contained_by"
    operator = "<@"


@RangeField.register_lookup
class RangeOverlap(_RangeComparison):
    """Whether two ranges share a value."""

    lookup_name = "overlap"
    operator = "&&"


@RangeField.register_lookup
class FullyLessThan(_RangeComparison):
    """Whether all of a range lies below another."""

    lookup_name = "fully_lt"
    operator = "<<"


@RangeField.register_lookup
class FullyGreaterThan(_RangeComparison):
    """Whether all of a range lies above another."""

    lookup_name = "fully_gt"
    operator = ">>"


@RangeField.register_lookup
class NotLessThan(_RangeComparison):
    """Whether nothing of a range lies below another."""

    lookup_name = "not_lt"
    operator = "&>"


@RangeField.register_lookup
class NotGreaterThan(_RangeComparison):
    """Whether nothing of a range lies above another."""

    lookup_name = "not_gt"
    operator = "&<"


@RangeField.register_lookup
class AdjacentTo(_RangeComparison):
    """Whether two ranges touch and share nothing."""

    lookup_name = "adjacent_to"
    operator = "-|-"


class _Bound(Transform):
    def _infer_output_field(self) -> SQLType | None:
        found: SQLType = self.lhs.output_field.base_field
        return found


@RangeField.register_lookup
class RangeStartsWith(_Bound):
    """The lower bound."""

    lookup_name = "startswith"
    function = "lower"


@RangeField.register_lookup
class RangeEndsWith(_Bound):
    """The upper bound."""

    lookup_name = "endswith"
    function = "upper"


class _Question(Transform):
    def _infer_output_field(self) -> SQLType | None:
        return BooleanField()


@RangeField.register_lookup
class IsEmpty(_Question):
    """Whether nothing lies in the range."""

    lookup_name = "isempty"
    function = "isempty"


@RangeField.register_lookup
class LowerInclusive(_Question):
    """Whether the lower bound belongs to the range."""

    lookup_name = "lower_inc"
    function = "LOWER_INC"


@RangeField.register_lookup
class LowerInfinite(_Question):
    """Whether there is no lower bound."""

    lookup_name = "lower_inf"
    function = "LOWER_INF"


@RangeField.register_lookup
class UpperInclusive(_Question):
    """Whether the upper bound belongs to the range."""

    lookup_name = "upper_inc"
    function = "UPPER_INC"


@RangeField.register_lookup
class UpperInfinite(_Question):
    """Whether there is no upper bound."""

    lookup_name = "upper_inf"
    function = "UPPER_INF"


# -- a plain column inside a range -------------------------------------------------------------------------------------


class ValueContainedBy(Lookup):
    """Whether a plain value lies in a range: ``age__contained_by=NumericRange(18, 30)``."""

    lookup_name = "contained_by"
    range_field: ClassVar[type[RangeField]]
    column: ClassVar[str] = "{}"
    """What the column's SQL becomes, to be of the type of the range's bounds."""

    @classmethod
    def build(cls, lhs: Expression, kind: Hashable, value: object, query: Resolver) -> Expression:
        field = cls.range_field()
        if isinstance(kind, tuple):
            return cls(lhs, bound_as(query.resolve_value(value, lhs), lhs, field, query))
        return cls(lhs, Slot(query.take_slot(value, field.get_prep_value), field))

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        lhs, lhs_params = self.process_lhs(compiler, connection)
        rhs, rhs_params = self.process_rhs(compiler, connection)
        return f"{self.column.format(lhs)} <@ {rhs}", [*lhs_params, *rhs_params]


@DateField.register_lookup
class DateContainedBy(ValueContainedBy):
    """Whether a date lies in a range of dates."""

    range_field = DateRangeField


@DateTimeField.register_lookup
class DateTimeContainedBy(ValueContainedBy):
    """Whether a datetime lies in a range of datetimes."""

    range_field = DateTimeRangeField


@IntegerField.register_lookup
class IntegerContainedBy(ValueContainedBy):
    """Whether a whole number lies in a range of whole numbers."""

    range_field = IntegerRangeField


@SmallIntegerField.register_lookup
class SmallIntegerContainedBy(IntegerContainedBy):
    """Whether a small whole number lies in a range of whole numbers."""

    column = "{}::integer"


@BigIntegerField.register_lookup
class BigIntegerContainedBy(ValueContainedBy):
    """Whether a large whole number lies in a range of large whole numbers."""

    range_field = BigIntegerRangeField


@FloatField.register_lookup
@DecimalField.register_lookup
class NumberContainedBy(ValueContainedBy):
    """Whether a number lies in a range of decimals."""

    range_field = DecimalRangeField
    column = "{}::numeric"


# -- ranges made in the database ---------------------------------------------------------------------------------------


class TsTzRange(Func):
    """A range of datetimes made of expressions: ``TsTzRange("start", "end", RangeBoundary())``."""

    function = "TSTZRANGE"

    def _infer_output_field(self) -> SQLType | None:
        return DateTimeRangeField()
