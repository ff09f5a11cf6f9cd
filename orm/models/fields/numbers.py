"""Numbers and truth: integers of every width, keys the database makes, floats, decimals, booleans.

To type checkers the integer fields are one class: they differ in width only, and aliases keep their overloaded
constructors in one place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from orm.config import settings
from orm.errors import ImproperlyConfigured, ValidationError
from orm.late import late_module
from orm.models.checks.late import field_checks
from orm.models.fields.base import Field, Validator
from orm.models.fields.validators import DecimalValidator, MaxValueValidator, MinValueValidator
from orm.sql import types
from orm.sql.types import INTEGER_RANGES

if TYPE_CHECKING:
    import decimal
    from typing import Literal, overload

    from typing_extensions import TypeVar, Unpack

    from orm.checks import messages
    from orm.checks.messages import CheckMessage
    from orm.db import registry
    from orm.models.fields.base import FieldOptions

    IntT = TypeVar("IntT", default=int)
    BoolT = TypeVar("BoolT", default=bool)
    FloatT = TypeVar("FloatT", default=float)
    DecT = TypeVar("DecT", default=decimal.Decimal)

    class DecimalOptions(FieldOptions, total=False):
        """Options of ``DecimalField``."""

        max_digits: int
        decimal_places: int

else:
    from typing import TypeVar

    from orm.late import decimal

    messages = late_module("orm.checks.messages")
    registry = late_module("orm.db.registry")

    IntT = TypeVar("IntT")
    BoolT = TypeVar("BoolT")
    FloatT = TypeVar("FloatT")
    DecT = TypeVar("DecT")


class IntegerField(Field[IntT]):
    """A whole number of 32 bits; the other integer fields differ in width, sign, or in who makes the value."""

    kind = "integer"
    description = "Integer"
    exact_type = int
    positive: ClassVar[bool] = False
    default_error_messages = {"invalid": "“%(value)s” value must be an integer."}

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: IntegerField[int],
            verbose_name: str | None = ...,
            *,
            null: Literal[False] = ...,
            **options: Unpack[FieldOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: IntegerField[int | None],
            verbose_name: str | None = ...,
            *,
            null: Literal[True],
            **options: Unpack[FieldOptions],
        ) -> None: ...
        @overload
        def __init__(self, verbose_name: str | None = ..., *, null: bool, **options: Unpack[FieldOptions]) -> None: ...
        def __init__(self, *args: object, **options: object) -> None: ...

    @cached_property
    def validators(self) -> list[Validator]:
        """The field's validators, and the limits of its width where they set none.

        Without ``same_everywhere`` the limits are those of the default database, if there is one.
        """
        own = super().validators
        low, high = self._limits()
        if not any(isinstance(known, MinValueValidator) for known in own):
            own.append(MinValueValidator(0 if self.positive else low))
        if not any(isinstance(known, MaxValueValidator) for known in own):
            own.append(MaxValueValidator(high))
        return own

    def _limits(self) -> tuple[int, int]:
        if settings.same_everywhere or registry.DEFAULT_DB_ALIAS not in registry.databases:
            return INTEGER_RANGES[self.kind]
        return registry.databases[registry.DEFAULT_DB_ALIAS].dialect.integer_range(self)

    def comparable_range(self) -> tuple[int, int]:
        """Without ``same_everywhere`` no number beyond the column's is put to the database, as in Django.

        That takes databases that are all in use, so that their columns are known.
        """
        made = registry.databases.made()
        if settings.same_everywhere or len(made) < len(settings.databases):
            return super().comparable_range()
        lows, highs = zip(*(database.dialect.integer_range(self) for database in made), strict=True)
        return 0 if self.positive else min(lows), max(highs)

    def own_checks(self, aliases: Iterable[str], from_model: object) -> Iterable[CheckMessage]:
        """A number has no length."""
        return field_checks.ignored_max_length(self)

    def db_check(self, column: str) -> str | None:
        """Positive fields hold no negative number."""
        return f"{column} >= 0" if self.positive else None


if TYPE_CHECKING:
    BigIntegerField = SmallIntegerField = IntegerField
    PositiveIntegerField = PositiveBigIntegerField = PositiveSmallIntegerField = IntegerField
    AutoField = BigAutoField = SmallAutoField = IntegerField
else:

    class BigIntegerField(IntegerField):
        """A whole number of 64 bits."""

        kind = "bigint"
        description = "Big (8 byte) integer"

    class SmallIntegerField(IntegerField):
        """A whole number of 16 bits."""

        kind = "smallint"
        description = "Small integer"

    class PositiveIntegerField(IntegerField):
        """A whole number from 0 to 2147483647."""

        positive = True
        description = "Positive integer"

    class PositiveBigIntegerField(BigIntegerField):
        """A whole number from 0 to 9223372036854775807."""

        positive = True
        description = "Positive big integer"

    class PositiveSmallIntegerField(SmallIntegerField):
        """A whole number from 0 to 32767."""

        positive = True
        description = "Positive small integer"

    class AutoField(IntegerField):
        """A key of 32 bits that the database makes."""

        auto = True
        description = "Integer"
        option_defaults = {"blank": True}

        def __init__(self, *args, **options):
            super().__init__(*args, **{"blank": True, **options})

        def check_declaration(self):
            """Only a primary key can be made by the database."""
            super().check_declaration()
            if not self.primary_key:
                raise ImproperlyConfigured(f"{self}: a {type(self).__name__} must have primary_key=True.")

        def own_checks(self, aliases, from_model):
            """Only a primary key can be made by the database."""
            yield from super().own_checks(aliases, from_model)
            if not self.primary_key:
                yield messages.Error("AutoFields must set primary_key=True.", obj=self, id="fields.E100")

        def validate(self, value, instance):
            """Whatever the database makes is valid."""

        def db_check(self, column):
            """The database makes the values, so there is nothing to check."""
            return

    class BigAutoField(AutoField):
        """A key of 64 bits that the database makes."""

        kind = "bigint"
        description = "Big (8 byte) integer"

    class SmallAutoField(AutoField):
        """A key of 16 bits that the database makes."""

        kind = "smallint"
        description = "Small integer"


class BooleanField(Field[BoolT]):
    """True or False."""

    kind = "boolean"
    prepares_as_it_reads = True
    description = "Boolean (Either True or False)"
    exact_type = bool
    default_error_messages = {
        "invalid": "“%(value)s” value must be either True or False.",
        "invalid_nullable": "“%(value)s” value must be either True, False, or None.",
    }

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: BooleanField[bool],
            verbose_name: str | None = ...,
            *,
            null: Literal[False] = ...,
            **options: Unpack[FieldOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: BooleanField[bool | None],
            verbose_name: str | None = ...,
            *,
            null: Literal[True],
            **options: Unpack[FieldOptions],
        ) -> None: ...
        @overload
        def __init__(self, verbose_name: str | None = ..., *, null: bool, **options: Unpack[FieldOptions]) -> None: ...
        def __init__(self, *args: object, **options: object) -> None: ...

    def what_is_invalid(self, value: object) -> tuple[str, str]:
        """None may be a value."""
        return "invalid_nullable" if self.null else "invalid", "invalid"

    def to_python(self, value: Any) -> Any:
        """The truth value; None, and what is empty like it, where that may be one."""
        if self.null and value in self.empty_values:
            return None
        if value is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid", params={"value": value})
        return super().to_python(value)

    def get_prep_value(self, value: Any) -> Any:
        """The truth value; without ``strict_values`` what is empty is NULL, where that may be one."""
        if type(value) is self.exact_type:
            return value
        if self.null and not types.strict_values and value in self.empty_values:
            return None
        return super().get_prep_value(value)

    @property
    def plain_prepare(self) -> bool:
        """As of other fields: what is done here before is about values that are no truth value."""
        plain = type(self).get_prep_value is BooleanField.get_prep_value and self.stores_prepared
        return plain and self.exact_type is not None

    @property
    def compared_preparer(self) -> Callable[[Any], Any]:
        """What makes a truth value that rows are looked for by: written, what is empty may stand for NULL."""
        return self._prepare_compared if self.null else self.get_prep_value

    def _prepare_compared(self, value: Any) -> Any:
        own = value is None or value not in self.empty_values
        return self.get_prep_value(value) if own else super().get_prep_value(value)

    def validate(self, value: Any, instance: Any) -> None:
        """Like the others, but False is a value, not blank."""
        if value is False and self.choices is None:
            return
        super().validate(value, instance)


class FloatField(Field[FloatT]):
    """A binary floating-point number of 64 bits."""

    kind = "float"
    description = "Floating point number"
    exact_type = float
    default_error_messages = {"invalid": "“%(value)s” value must be a float."}

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: FloatField[float],
            verbose_name: str | None = ...,
            *,
            null: Literal[False] = ...,
            **options: Unpack[FieldOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: FloatField[float | None],
            verbose_name: str | None = ...,
            *,
            null: Literal[True],
            **options: Unpack[FieldOptions],
        ) -> None: ...
        @overload
        def __init__(self, verbose_name: str | None = ..., *, null: bool, **options: Unpack[FieldOptions]) -> None: ...
        def __init__(self, *args: object, **options: object) -> None: ...


class DecimalField(Field[DecT]):
    """An exact decimal number.

    Parameters: ``max_digits`` digits in all, of which ``decimal_places`` after the point. Values are rounded to that
    many places (half to even) when they are stored; what they are compared to is the number given.
    """

    kind = "decimal"
    prepares_as_it_reads = True
    description = "Decimal number"
    option_defaults = {"max_digits": None, "decimal_places": None}
    default_error_messages = {"invalid": "“%(value)s” value must be a decimal number."}

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: DecimalField[decimal.Decimal],
            verbose_name: str | None = ...,
            *,
            null: Literal[False] = ...,
            **options: Unpack[DecimalOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: DecimalField[decimal.Decimal | None],
            verbose_name: str | None = ...,
            *,
            null: Literal[True],
            **options: Unpack[DecimalOptions],
        ) -> None: ...
        @overload
        def __init__(
            self, verbose_name: str | None = ..., *, null: bool, **options: Unpack[DecimalOptions]
        ) -> None: ...

    def __init__(
        self,
        verbose_name: str | None = None,
        name: str | None = None,
        max_digits: int | None = None,
        decimal_places: int | None = None,
        **options: Any,
    ) -> None:
        Field.__init__(self, verbose_name, name, **options)
        self.max_digits = max_digits
        self.decimal_places = decimal_places
        # A field of no model, as an expression's output_field, may leave its sizes open: then nothing is rounded.
        self._step = decimal.Decimal(1).scaleb(-decimal_places) if isinstance(decimal_places, int) else None
        self._context = decimal.Context(prec=max_digits) if isinstance(max_digits, int) and max_digits > 0 else None

    def own_checks(self, aliases: Iterable[str], from_model: object) -> Iterable[CheckMessage]:
        """Both sizes are needed, and must fit each other."""
        return () if self.is_unsized() else field_checks.decimal_checks(self)

    def check_declaration(self) -> None:
        """Both sizes are needed, and must fit each other."""
        super().check_declaration()
        digits, places = self.max_digits, self.decimal_places
        if self.is_unsized():
            return
        if not isinstance(digits, int) or not isinstance(places, int) or digits <= 0 or not 0 <= places <= digits:
            raise ImproperlyConfigured(
                f"{self} needs max_digits (above 0) and decimal_places (from 0 to max_digits), "
                f"for example max_digits=10, decimal_places=2; it has {digits!r} and {places!r}."
            )

    @cached_property
    def validators(self) -> list[Validator]:
        """The field's validators, and the sizes."""
        sizes = [] if self.is_unsized() else [DecimalValidator(self.max_digits, self.decimal_places)]
        return [*super().validators, *sizes]

    def is_unsized(self) -> bool:
        """Whether a class that says its column's type itself leaves both sizes to it: numbers are kept as given."""
        said = not type(self).db_type.__module__.startswith("orm.")
        return said and self.max_digits is None and self.decimal_places is None

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """The value rounded to ``decimal_places``; a number with too many digits is refused.

        Without ``same_everywhere`` both are left to the database.
        """
        given, value = value, super().get_db_prep_save(value, connection)
        if not isinstance(value, decimal.Decimal) or self._step is None or self._context is None:
            return value
        if not types.same_everywhere:
            return value
        _, digits, exponent = value.as_tuple()
        if exponent == -(self.decimal_places or 0) and len(digits) <= (self.max_digits or 0):
            return value
        try:
            return value.quantize(self._step, context=self._context)
        except decimal.InvalidOperation as problem:
            text = f"expected at most {self.max_digits} digits, {self.decimal_places} of them after the point"
            raise self.refusal(ValueError(text), given) from problem
