"""What every field is: a typed column declaration, and the descriptor that makes ``author.name`` a ``str``.

At run time a plain field is a non-data descriptor, so an instance's own ``__dict__`` wins and reading a loaded value
costs nothing; only a value that was not loaded reaches ``__get__``. Fields know nothing about SQL text: the dialect
turns ``kind`` and the size attributes into a column type.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self

from orm.config import settings
from orm.errors import ImproperlyConfigured, ValidationError
from orm.late import late_module
from orm.models.checks.late import field_checks
from orm.models.fetching import unloaded_value
from orm.models.fields.choices import declared_choices, display_method
from orm.models.fields.column_types import ColumnTypes
from orm.models.fields.description import KEPT_AS, told_options
from orm.models.fields.not_provided import NOT_PROVIDED
from orm.models.fields.reading import OwnReading
from orm.models.fields.validators import EMPTY_VALUES
from orm.models.fields.wrong_options import options_taken, refuse_wrong_options, unknown_options
from orm.sql import types
from orm.structures.choices import flatten_choices
from orm.structures.lazy import made
from orm.structures.public_names import public_path

if TYPE_CHECKING:
    from typing import TypedDict, overload

    from typing_extensions import TypeVar

    from orm.checks.messages import CheckMessage
    from orm.models.base import AwaitableModel
    from orm.models.fields.choices import ChoicesArgument
    from orm.sql import calls, references
    from orm.sql.expressions import Expression
    from orm.sql.references import F
    from orm.structures.deconstruct import DeconstructedField

    T = TypeVar("T", default=Any)

    class FieldOptions(TypedDict, total=False):
        """Options every field takes besides ``null``."""

        name: str | None
        primary_key: bool
        unique: bool
        blank: bool
        db_index: bool
        default: Any
        db_default: Any
        editable: bool
        choices: ChoicesArgument | None
        help_text: str
        db_column: str | None
        validators: Iterable[Callable[[Any], object]]
        error_messages: Mapping[str, str] | None
        auto_created: bool
        serialize: bool
        unique_for_date: str | None
        unique_for_month: str | None
        unique_for_year: str | None
        db_tablespace: str | None
        db_comment: str | None
else:
    from typing import TypeVar

    calls = late_module("orm.sql.calls")
    references = late_module("orm.sql.references")

    T = TypeVar("T")

Validator = Callable[[Any], object]


BLANK_CHOICE: tuple[tuple[str, str], ...] = (("", "---------"),)
"""What stands in a menu for no choice."""


_places = itertools.count()
"""The order of declaration. A number on the class would have the interpreter forget, with every field that is made,
what it knows about all classes of fields, which was a fifth of the time of a model of nine fields. Python 3.13 forgets
for good after a thousand times.
"""


class Field(OwnReading, ColumnTypes, Generic[T]):
    """A column of a model.

    Parameters (all but ``null`` have Django's meaning): ``verbose_name``, ``name``, ``primary_key``, ``unique``,
    ``blank``, ``null``, ``db_index``, ``default`` (a value or a callable), ``db_default`` (a value or an
    expression, the column's DEFAULT: an unsaved instance holds the value, or a ``DatabaseDefault``), ``editable``,
    ``choices``, ``help_text``, ``db_column``, ``db_tablespace``, ``db_comment``, ``serialize``, ``unique_for_date``,
    ``unique_for_month`` and ``unique_for_year`` (names of date fields), ``validators``, ``error_messages``.

    A field of your own gives ``kind`` (one of the kinds in ``orm.sql.types``), and overrides ``get_prep_value``,
    ``from_db_value`` or ``to_python`` where its Python values differ from that kind's.
    """

    hidden: ClassVar[bool] = False
    """Whether the field is no part of the model's API; only the far sides of relations may be."""
    hops: tuple[Any, ...] = ()
    creation_counter: int = 0
    """A field's place in the order of declaration."""
    keeps_files: ClassVar[bool] = False
    """Whether a value may have to be kept in a storage before its row is written (``acommit()`` of the value)."""
    empty_strings_allowed: ClassVar[bool] = False
    empty_values: Sequence[Any] = [*EMPTY_VALUES]
    """Values that ``blank`` is about, and that no validator sees."""
    description: ClassVar[str] = "Field"
    descriptor_class: ClassVar[Any] = None
    """What makes the model's attribute of the field; without it the field itself is the attribute."""
    default_validators: ClassVar[list[Validator]] = []
    default_error_messages: ClassVar[dict[str, str]] = {
        "invalid_choice": "Value %(value)r is not a valid choice.",
        "null": "This field cannot be null.",
        "blank": "This field cannot be blank.",
        "unique": "%(model_name)s with this %(field_label)s already exists.",
        "unique_for_date": "%(field_label)s must be unique for %(date_field_label)s %(lookup_type)s.",
        "invalid": "“%(value)s” value is not valid.",
    }

    option_defaults: ClassVar[Mapping[str, Any]] = {
        **dict.fromkeys(("verbose_name", "max_length", "choices", "db_column", "db_comment", "db_tablespace")),
        **dict.fromkeys(("unique_for_date", "unique_for_month", "unique_for_year")),
        **dict.fromkeys(("primary_key", "unique", "blank", "null", "db_index", "auto_created"), False),
        **dict.fromkeys(("default", "db_default"), NOT_PROVIDED),
        **dict.fromkeys(("editable", "serialize"), True),
        "help_text": "",
        "validators": [],
        "error_messages": {},
    }
    """Options this class takes besides those of its bases, and what each is where nobody gives it."""

    if not TYPE_CHECKING:

        def __class_getitem__(cls, item):
            """The class itself: what it holds is of interest to type checkers only."""
            return cls

    model: type[AwaitableModel]
    _declared: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: Any, **options: Any) -> Self:
        self = super().__new__(cls)
        taken = options_taken(cls)  # type: ignore[arg-type]  # mypy looks for the hash of a field, not of a class
        if taken is not None and not options.keys() <= taken:
            raise unknown_options(cls, options, taken)
        self._declared = (args, options)  # what clone() repeats, whatever a subclass did to its signature
        return self

    def __init__(
        self,
        verbose_name: str | None = None,
        name: str | None = None,
        primary_key: bool = False,
        max_length: int | None = None,
        unique: bool = False,
        blank: bool = False,
        null: bool = False,
        db_index: bool = False,
        default: object = NOT_PROVIDED,
        editable: bool = True,
        choices: ChoicesArgument | None = None,
        help_text: str = "",
        db_column: str | None = None,
        validators: Iterable[Validator] = (),
        error_messages: Mapping[str, str] | None = None,
        db_default: object = NOT_PROVIDED,
        auto_created: bool = False,
        serialize: bool = True,
        unique_for_date: str | None = None,
        unique_for_month: str | None = None,
        unique_for_year: str | None = None,
        db_tablespace: str | None = None,
        db_comment: str | None = None,
    ) -> None:
        if choices is not None and isinstance(choices, Iterator):
            choices = list(choices)  # they are walked by the check below, and again wherever they are shown
        if settings.strict_models and (primary_key or db_default is not NOT_PROVIDED or choices is not None):
            refuse_wrong_options(primary_key, null, db_default, choices)
        self.name = name or ""
        self.declared_verbose_name = verbose_name
        self.verbose_name = verbose_name or ""
        self.primary_key = primary_key
        if max_length is not None:
            self.max_length = max_length
        self._unique = unique
        self.blank = blank
        self.null = null
        self.db_index = db_index
        self.default = default
        self.db_default = db_default
        self.editable = editable
        self.choices = choices
        self.help_text = help_text
        self.db_column = db_column
        self.error_messages_given = dict(error_messages or {})
        self.validators_given = list(validators)
        self.auto_created = auto_created
        self.serialize = serialize
        self.unique_for_date = unique_for_date
        self.unique_for_month = unique_for_month
        self.unique_for_year = unique_for_year
        self.db_tablespace = db_tablespace
        self.db_comment = db_comment
        self.creation_counter = next(_places)

    # -- descriptor ----------------------------------------------------------------------------------------------------

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: Any) -> Self: ...
        @overload
        def __get__(self, instance: AwaitableModel, owner: Any) -> T: ...
        def __get__(self, instance: Any, owner: Any) -> Any: ...
        def __set__(self, instance: AwaitableModel, value: T | Expression | F) -> None: ...
    else:

        def __get__(self, instance, owner):
            if instance is None:
                return self
            # A subclass's annotation of a loaded value never gets here: the instance's __dict__ wins.
            if not hasattr(instance, "_meta"):  # held by another class: an expression's output_field, a test's field
                return self
            held = instance.__dict__
            if self.attname in held:  # asked by a descriptor that somebody put in this one's place
                return held[self.attname]
            return unloaded_value(instance, self)

    # -- names ---------------------------------------------------------------------------------------------------------

    def get_attname(self) -> str:
        """The attribute that holds the raw value."""
        return self.name

    def set_attributes_from_name(self, name: str) -> None:
        """Derive ``attname``, ``column`` and ``verbose_name`` from the name the field was declared under."""
        self.name = self.name or name
        self.attname = self.get_attname()
        self.column = self.db_column or self.attname if self.concrete else ""
        if not self.verbose_name:
            self.verbose_name = self.name.replace("_", " ")

    def contribute_to_class(
        self, cls: type[AwaitableModel], name: str, private_only: bool = False, **options: object
    ) -> None:
        """Take a place in ``cls``: in its ``_meta``, as a descriptor, with ``get_<name>_display`` for choices.

        ``private_only`` puts it among the private fields, which are no part of a row by themselves.
        """
        self.set_attributes_from_name(name)
        self.model = cls
        if settings.strict_models:
            self.check_declaration()
        if private_only:
            cls._meta.add_private_field(self)
        else:
            cls._meta.add_field(self)
        if self.concrete:
            descriptor = self.descriptor_class
            setattr(cls, self.attname, self if descriptor is None else descriptor(self))
        display = f"get_{self.name}_display"
        if self.choices is not None and display not in vars(cls):
            setattr(cls, display, display_method(self))

    system_check_deprecated_details: ClassVar[Mapping[str, str] | None] = None
    system_check_removed_details: ClassVar[Mapping[str, str] | None] = None

    def check(self, **options: Any) -> list[CheckMessage]:
        """What is wrong with the declaration.

        Parameters: ``databases`` are aliases of databases that must be able to hold the column.
        """
        aliases = options.get("databases") or ()
        return [*field_checks.check(self, aliases), *self.own_checks(aliases, options.get("from_model"))]

    def own_checks(self, aliases: Iterable[str], from_model: object) -> Iterable[CheckMessage]:
        """What this class of field checks besides; ``from_model`` is the model whose check this is part of."""
        return ()

    def check_declaration(self) -> None:
        """Refuse options that contradict each other; subclasses add theirs.

        Raises ``ImproperlyConfigured`` naming the field and what to change.
        """
        if self.max_length is not None and (
            isinstance(self.max_length, bool) or not isinstance(self.max_length, int) or self.max_length <= 0
        ):
            raise ImproperlyConfigured(f"{self}: max_length must be a positive whole number, not {self.max_length!r}.")

    def clone(self) -> Self:
        """A field declared the same way, belonging to no model yet."""
        args, options = self._declared
        copy = type(self)(*args, **options)
        copy.creation_counter = self.creation_counter
        copy._choices = self._choices  # an iterator that was given for them is used up
        return copy

    def deconstruct(self) -> DeconstructedField:
        """Name (None before it has one), import path, positional and keyword arguments that declare this field again.

        Options that are what they would be anyway are left out.
        """
        as_usual = type(self).given_option is Field.given_option
        return self.name or None, public_path(type(self)), [], told_options(self, as_usual)

    def given_option(self, option: str) -> Any:
        """What one of the options in ``option_defaults`` was given as."""
        return getattr(self, KEPT_AS.get(option, option))

    # -- properties ----------------------------------------------------------------------------------------------------

    @property
    def unique(self) -> bool:
        """Whether no two rows may hold the same value."""
        return self._unique or self.primary_key

    @unique.setter
    def unique(self, unique: bool) -> None:
        self._unique = unique

    @property
    def choices(self) -> Any:
        """Choices as pairs of value and label; of a function, what it gives now."""
        return self._choices

    @choices.setter
    def choices(self, choices: ChoicesArgument | None) -> None:
        self._choices = None if choices is None else declared_choices(choices)

    @property
    def flatchoices(self) -> list[tuple[Any, Any]]:
        """Choices as pairs, groups opened up."""
        return list(flatten_choices(self.choices))

    def get_choices(
        self, include_blank: bool = True, blank_choice: Iterable[tuple[Any, Any]] = BLANK_CHOICE
    ) -> list[tuple[Any, Any]]:
        """Choices as a menu shows them, below ``blank_choice`` unless they have a blank one or don't want it."""
        choices: list[tuple[Any, Any]] = list(self.choices or ())
        blank = not include_blank or any(value in (None, "") for value, _ in self.flatchoices)
        return choices if blank else [*blank_choice, *choices]

    @property
    def error_messages(self) -> dict[str, str]:
        """Messages by code: the class's, then those given to this field."""
        messages: dict[str, str] = {}
        for cls in reversed(type(self).__mro__):
            messages.update(vars(cls).get("default_error_messages", {}))
        messages.update(self.error_messages_given)
        return messages

    @cached_property
    def validators(self) -> list[Validator]:
        """What ``run_validators`` runs: the class's validators, then this field's."""
        return [*self.default_validators, *self.validators_given]

    # -- values --------------------------------------------------------------------------------------------------------

    @property
    def has_db_default(self) -> bool:
        """Whether the column has a DEFAULT of its own."""
        return self.db_default is not NOT_PROVIDED

    def has_default(self) -> bool:
        """Whether ``default`` was given."""
        return self.default is not NOT_PROVIDED

    def get_default(self) -> Any:
        """The value a new instance starts with."""
        if self.default is not NOT_PROVIDED:
            return self.default() if callable(self.default) else self.default
        if self.db_default is not NOT_PROVIDED:
            computed = hasattr(self.db_default, "resolve_expression")
            return calls.DatabaseDefault(self.db_default, self) if computed else self.db_default
        return "" if self.empty_strings_allowed and not self.null else None

    def get_prep_value(self, value: Any) -> Any:
        """The canonical value for the database.

        Raises ``TypeError`` or ``ValueError`` naming the model, the field and the value; ``InvalidValue``, which is a
        ValidationError too, for text and numbers that are no such value.
        """
        if value is None or type(value) is self.exact_type or hasattr(value, "resolve_expression"):
            return value
        if self.has_own_reading:
            return self.to_python(made(value))
        try:
            return super().get_prep_value(made(value))
        except (TypeError, ValueError, ArithmeticError) as problem:
            raise self.refusal(problem, value) from problem

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """The value for one database (``connection`` is its dialect); ``prepared`` says it is canonical already."""
        return value if prepared else self.get_prep_value(value)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """The value to be stored in one database."""
        if hasattr(value, "resolve_expression"):
            return value
        return self.get_db_prep_value(value, connection, prepared=False)

    @property
    def field(self) -> Self:
        """The field itself: ``Order.status`` is the field, and programs of Django's ask ``Order.status.field``."""
        return self

    @property
    def stores_prepared(self) -> bool:
        """Whether what is stored is the canonical value, whatever the database."""
        return type(self).get_db_prep_save is Field.get_db_prep_save and self.compares_prepared

    def store_preparer(self, connection: object) -> Validator:
        """What prepares a value to be stored in one database."""
        return self.get_prep_value if self.stores_prepared else partial(self.get_db_prep_save, connection=connection)

    @property
    def compares_prepared(self) -> bool:
        """Whether what a column is compared to is the canonical value, whatever the database."""
        return type(self).get_db_prep_value is Field.get_db_prep_value

    def compared(self, value: Any, connection: object) -> Any:
        """What a column of one database is compared to, of a canonical value."""
        return self.get_db_prep_value(value, connection, prepared=True)

    def to_python(self, value: Any) -> Any:
        """The value as Python sees it, from input such as a string.

        Raises ``ValidationError`` with the field's ``invalid`` message, or the one that says more.
        """
        if value is None:
            return None
        try:
            return super().get_prep_value(value)
        except (TypeError, ValueError, ArithmeticError) as problem:
            key, code = self.what_is_invalid(value)
            raise ValidationError(self.error_messages[key], code=code, params={"value": value}) from problem

    def pre_save(self, instance: Any, add: bool) -> Any:
        """The value about to be written; ``add`` tells an INSERT. May set it on the instance (``auto_now``)."""
        return getattr(instance, self.attname)

    @property
    def has_pre_save(self) -> bool:
        """Whether this class of field makes the value itself when it is written."""
        return type(self).pre_save is not Field.pre_save

    @property
    def takes_lists(self) -> bool:
        """Whether a list may be one value: a field of a user's own that prepares its values says what one means."""
        return self.has_own_reading or not type(self).get_prep_value.__module__.startswith("orm.")

    @property
    def plain_prepare(self) -> bool:
        """Whether a value of exactly ``exact_type`` is canonical as it is."""
        plain = type(self).get_prep_value is Field.get_prep_value and self.stores_prepared
        return plain and self.exact_type is not None

    def value_from_object(self, instance: Any) -> Any:
        """The raw value the instance holds."""
        return getattr(instance, self.attname)

    def save_form_data(self, instance: Any, data: Any) -> None:
        """Set a cleaned value on the instance."""
        setattr(instance, self.name, data)

    def value_to_string(self, instance: Any) -> str:
        """The value as text, for serialising."""
        return str(self.value_from_object(instance))

    def formfield(self, **options: object) -> Any:
        """Refuse: there are no forms here. Raises ``NotImplementedError``."""
        raise NotImplementedError(f"{self} has no form field: forms are no part of this library.")

    # -- validation ----------------------------------------------------------------------------------------------------

    def validate(self, value: Any, instance: Any) -> None:
        """Check choices, null and blank.

        Raises ``ValidationError``.
        """
        if not self.editable:
            return
        if self.choices is not None and value not in self.empty_values:
            if any(value == choice for choice, _ in self.flatchoices):
                return
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice", params={"value": value})
        if value is None and not self.null:
            raise ValidationError(self.error_messages["null"], code="null")
        if not self.blank and value in self.empty_values:
            raise ValidationError(self.error_messages["blank"], code="blank")

    def run_validators(self, value: Any) -> None:
        """Run the validators and raise what they found, together.

        Raises ``ValidationError``.
        """
        if value in self.empty_values:
            return
        problems: list[ValidationError] = []
        for validator in self.validators:
            try:
                validator(value)
            except ValidationError as problem:
                given = self.error_messages_given.get(getattr(problem, "code", None) or "")
                if given is not None:
                    problem.message = given
                problems += problem.flat()
        if problems:
            raise ValidationError(problems)

    def clean(self, value: Any, instance: Any) -> Any:
        """Convert and validate; return the converted value.

        Raises ``ValidationError``.
        """
        value = self.to_python(value)
        self.validate(value, instance)
        self.run_validators(value)
        return value

    # -- identity ------------------------------------------------------------------------------------------------------

    def __lt__(self, other: object) -> bool:
        return self._place() < other._place() if isinstance(other, Field) else NotImplemented

    def _place(self) -> tuple[bool, int, str]:
        """Where fields come in order: those the library made, then as declared; copies by the label of their model."""
        model: Any = vars(self).get("model")
        return not self.auto_created, self.creation_counter, model._meta.label_lower if model is not None else ""

    def __str__(self) -> str:
        model: Any = vars(self).get("model")
        return f"{model._meta.label}.{self.name}" if model is not None else self.name or type(self).__name__

    def __repr__(self) -> str:
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return f"<{path}: {self.name}>" if self.name else f"<{path}>"

    def __reduce__(self) -> tuple[object, ...]:
        model: Any = vars(self).get("model")
        if model is None:
            return _rebuild_field, (type(self), *self._declared)
        return _field_of, (model, self.name)

    def __copy__(self) -> Self:
        """Another field with the same attributes, still of the same model: what is set on one is not on the other."""
        other = object.__new__(type(self))
        vars(other).update(vars(self))
        return other

    def __deepcopy__(self, memo: object) -> Self:
        return self


def _rebuild_field(cls: type[Field[Any]], args: tuple[Any, ...], options: dict[str, Any]) -> Field[Any]:
    return cls(*args, **options)


def _field_of(model: type[AwaitableModel], name: str) -> object:
    return model._meta.get_field(name)


def _computed_field(name: str) -> types.SQLType:
    """Return the field that stands for a computed type, by the name of its class."""
    made: types.SQLType = getattr(import_module("orm.models.fields"), name)()
    return made


types.field_maker = _computed_field
