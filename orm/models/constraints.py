"""Rules a table keeps: ``UniqueConstraint`` and ``CheckConstraint``, for ``Meta.constraints``."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from orm.bridge import run
from orm.bridge.crossing import call
from orm.config import DEFAULT_ALIAS, settings
from orm.errors import ImproperlyConfigured, NotSupportedError, ValidationError
from orm.models.conditions import columns_named, index_part, schema_sql
from orm.models.declarations import one_form
from orm.models.meeting import meets, with_sources
from orm.models.validation import computes_taken, is_taken
from orm.sql import ddl
from orm.sql.conditions import Q
from orm.sql.references import F, names_in
from orm.sql.schema import Statement
from orm.structures.deprecation import RemovedInDjango60Warning, warn
from orm.structures.public_names import public_path

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.models.schema_editor import AwaitableSchemaEditor
    from orm.sql.dialect import Dialect
    from orm.structures.deconstruct import Deconstructed


class Deferrable(enum.Enum):
    """When a unique constraint is checked: at the end of the transaction, or at once unless told otherwise."""

    DEFERRED = "deferred"
    IMMEDIATE = "immediate"

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}.{self.name}"


class BaseConstraint:
    """What constraints share.

    Parameters: ``name`` is the constraint's name in the database (in an abstract model it may hold ``%(app_label)s``
    and ``%(class)s``); ``violation_error_message`` and ``violation_error_code`` are for validation.
    """

    default_violation_error_message: ClassVar[str] = "Constraint “%(name)s” is violated."

    def __new__(cls, *args: object, **options: object) -> Self:
        self = super().__new__(cls)
        self._declared = (args, options)
        return self

    _declared: tuple[tuple[Any, ...], dict[str, Any]]
    field_names: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    is_total_unique: bool = False
    """Whether every row has values of its own in ``field_names``."""

    def __init__(
        self, *, name: str, violation_error_message: str | None = None, violation_error_code: str | None = None
    ) -> None:
        if not isinstance(name, str) or not name:
            raise ImproperlyConfigured(f"A {type(self).__name__} needs a name=, by which it can be dropped again.")
        self.name = name
        self.violation_error_message = (
            self.default_violation_error_message if violation_error_message is None else violation_error_message
        )
        self.violation_error_code = violation_error_code

    def for_model(self, placeholders: Mapping[str, str]) -> Self:
        """This constraint for one model: the same, or a copy with the placeholders of its name filled in."""
        if "%" not in self.name:
            return self
        args, options = self._declared
        return type(self)(*args, **{**options, "name": ddl.named_for_model(self.name, placeholders)})

    def deconstruct(self) -> Deconstructed:
        """Import path, positional and keyword arguments that declare this constraint again."""
        args, options = self._declared
        _, told = one_form((), options, fields=tuple)
        return public_path(type(self)), args, told

    def clone(self) -> Self:
        """A constraint declared the same way."""
        args, options = self._declared
        return type(self)(*args, **options)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BaseConstraint) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash((type(self), self.name))

    def __repr__(self) -> str:
        shown = [*self._parts_shown()]
        if self.violation_error_code is not None:
            shown.append(f"violation_error_code={self.violation_error_code!r}")
        if self.violation_error_message != self.default_violation_error_message:
            shown.append(f"violation_error_message={self.violation_error_message!r}")
        return f"<{type(self).__qualname__}: {' '.join(shown)}>"

    def _parts_shown(self) -> Iterator[str]:
        """Yield what ``repr()`` tells of the rule itself."""
        yield f"name={self.name!r}"

    def get_violation_error_message(self) -> str:
        """What is said of an instance that breaks the rule."""
        return str(self.violation_error_message) % {"name": self.name}

    def violation(self) -> ValidationError:
        """The error for an instance that breaks the rule."""
        return ValidationError(self.get_violation_error_message(), code=self.violation_error_code)

    def table_clause(self, model: type[AwaitableModel], dialect: Dialect) -> str | None:
        """What stands for this constraint in CREATE TABLE; None when it is an index instead."""
        raise NotImplementedError(
            f"This method must be implemented by a subclass. {type(self).__name__} does not say how it is declared."
        )

    def index_statement(self, model: type[AwaitableModel], dialect: Dialect, if_not_exists: bool) -> str | None:
        """The CREATE UNIQUE INDEX that stands for this constraint; None when CREATE TABLE holds it."""
        return None

    def create_sql(self, model: type[AwaitableModel], schema_editor: AwaitableSchemaEditor) -> Statement | None:
        """The statement that adds the constraint; None where the database can't have it."""
        dialect = schema_editor.dialect
        statement = self.index_statement(model, dialect, False)
        if statement is None:
            clause = self.table_clause(model, dialect)
            if clause is None:
                return None
            statement = ddl.finished(dialect.add_constraint(dialect.quote(model._meta.db_table), clause))
        columns = columns_named(
            model,
            [*self.field_names, *self.include],
            *getattr(self, "expressions", ()),
            getattr(self, "condition", None),
        )
        return Statement.about(statement, model._meta.db_table, columns)

    def remove_sql(self, model: type[AwaitableModel], schema_editor: AwaitableSchemaEditor) -> str:
        """The statement that drops the constraint."""
        dialect = schema_editor.dialect
        table, name = dialect.quote(model._meta.db_table), dialect.quote(self.name)
        if self.index_statement(model, dialect, False) is not None:
            return ddl.finished(dialect.drop_index(table, name))
        return ddl.finished(dialect.drop_constraint(table, name))

    async def avalidate(
        self, model: type[AwaitableModel], instance: AwaitableModel, exclude: frozenset[str], using: str
    ) -> None:
        """Check ``instance``, where that can be done ahead.

        Raises ``ValidationError``.
        """
        if type(self).validate is BaseConstraint.validate:
            raise NotImplementedError(
                f"This method must be implemented by a subclass. {type(self).__name__} does not validate."
            )
        await call(self.validate, model, instance, exclude, using)

    def validate(
        self,
        model: Any,
        instance: Any,
        exclude: Iterable[str] | None = None,
        using: str = DEFAULT_ALIAS,
    ) -> None:
        """Check ``instance``, where that can be done ahead. Blocking form of :meth:`avalidate`.

        Parameters: constraints on the fields in ``exclude`` are not checked.

        Raises ``ValidationError``.
        """
        run(self.avalidate(model, instance, frozenset(exclude or ()), using))


class CheckConstraint(BaseConstraint):
    """A condition every row meets (or leaves open with a NULL).

    Parameters: ``condition`` is a Q or an expression over this table's columns; ``check`` is its older name.
    """

    def __init__(self, *, condition: object = None, check: object = None, name: str, **options: Any) -> None:
        super().__init__(name=name, **options)
        if condition is not None and check is not None:
            raise TypeError(f"CheckConstraint {name!r}: check= is the older name of condition=, give one of the two.")
        if check is not None:
            warn("CheckConstraint.check is deprecated in favor of `.condition`.", RemovedInDjango60Warning)
        self.condition: Any = condition if check is None else check
        if not getattr(self.condition, "conditional", False):
            raise TypeError(
                f"CheckConstraint.condition must be a Q instance or boolean expression. {name!r} has {self.condition!r}"
            )

    def deconstruct(self) -> Deconstructed:
        path, args, options = super().deconstruct()
        options.pop("check", None)
        return path, args, {**options, "condition": self.condition}

    def _parts_shown(self) -> Iterator[str]:
        yield f"condition={self.condition}"
        yield f"name={self.name!r}"

    def table_clause(self, model: type[AwaitableModel], dialect: Dialect) -> str | None:
        """``CONSTRAINT name CHECK (...)``."""
        return f"CONSTRAINT {dialect.quote(self.name)} CHECK ({schema_sql(model, self.condition, dialect)})"

    async def avalidate(
        self, model: type[AwaitableModel], instance: AwaitableModel, exclude: frozenset[str], using: str
    ) -> None:
        """Judge the condition on the instance's values. What it says of other tables is left to the database."""
        if exclude & with_sources(Q(self.condition).referenced_base_fields, model):
            return
        if not await meets(self.condition, instance, using, if_open=True):
            raise self.violation()


class UniqueConstraint(BaseConstraint):
    """No two rows (that meet ``condition``) have the same values.

    Parameters: ``fields`` are names, or ``expressions`` what is compared instead; ``condition`` limits the rows;
    ``deferrable`` moves the check to the end of the transaction; ``nulls_distinct=False`` makes NULLs equal;
    ``include`` are names of fields whose columns the index carries along; ``opclasses`` are, for each field, the
    operator class it is indexed with, where the database has those.

    Raises ``ImproperlyConfigured``, ``TypeError`` or ``ValueError`` for options that exclude each other.
    """

    def __init__(
        self,
        *expressions: Any,
        fields: Iterable[str] = (),
        name: str | None = None,
        condition: Any = None,
        deferrable: Deferrable | None = None,
        nulls_distinct: bool | None = None,
        include: Sequence[str] | None = None,
        opclasses: Sequence[str] = (),
        **options: Any,
    ) -> None:
        if name is None:
            raise ValueError("A unique constraint must be named.")
        super().__init__(name=name, **options)
        for option, given in (("fields", fields), ("include", include), ("opclasses", opclasses)):
            if not isinstance(given, (tuple, list, type(None))) and (option != "fields" or isinstance(given, str)):
                raise TypeError(f"UniqueConstraint.{option} must be a list or tuple. {name!r} has {given!r}")
        self.fields = tuple(fields)
        self.field_names = self.fields
        self.expressions = tuple(F(one) if isinstance(one, str) else one for one in expressions)
        if not self.fields and not self.expressions:
            raise ValueError("At least one field or expression is required to define a unique constraint.")
        if self.fields and self.expressions:
            raise ValueError("UniqueConstraint.fields and expressions are mutually exclusive.")
        if condition is not None and not getattr(condition, "conditional", False):
            raise ValueError(f"UniqueConstraint.condition must be a Q instance. {name!r} has {condition!r}")
        if deferrable is not None:
            if not isinstance(deferrable, Deferrable):
                raise TypeError("UniqueConstraint.deferrable must be a Deferrable instance.")
            undeferrable = {
                "conditions": condition, "include fields": include, "opclasses": opclasses, "expressions": expressions,
            }  # fmt: skip
            for what, given in undeferrable.items():
                if given:
                    raise ValueError(f"UniqueConstraint with {what} cannot be deferred.")
        if nulls_distinct is not None and not isinstance(nulls_distinct, bool):
            raise TypeError("UniqueConstraint.nulls_distinct must be a bool.")
        if opclasses and self.expressions:
            raise ValueError("UniqueConstraint.opclasses cannot be used with expressions. Use OpClass() instead.")
        if opclasses and len(opclasses) != len(self.fields):
            raise ValueError(
                "UniqueConstraint.fields and UniqueConstraint.opclasses must have the same number of elements."
            )
        self.include = tuple(include or ())
        self.opclasses = tuple(map(ddl.operator_class, opclasses))
        self.condition = condition
        self.deferrable = deferrable
        self.nulls_distinct = nulls_distinct
        self.is_total_unique = bool(self.fields) and condition is None

    def _parts_shown(self) -> Iterator[str]:
        yield f"fields={self.fields!r}" if self.fields else f"expressions={self.expressions!r}"
        yield f"name={self.name!r}"
        if self.condition is not None:
            yield f"condition={self.condition}"
        if self.deferrable is not None:
            yield f"deferrable={self.deferrable}"
        if self.include:
            yield f"include={self.include!r}"
        if self.opclasses:
            yield f"opclasses={list(map(str, self.opclasses))!r}"
        if self.nulls_distinct is not None:
            yield f"nulls_distinct={self.nulls_distinct!r}"

    def deconstruct(self) -> Deconstructed:
        args, options = one_form(*self._declared, fields=tuple)
        return public_path(type(self)), args, options

    def _nulls(self, dialect: Dialect) -> str:
        if self.nulls_distinct is None:
            return ""
        if not dialect.capabilities.nulls_not_distinct:
            if self.nulls_distinct:
                return ""  # what such a database does anyway
            raise NotSupportedError(f"{dialect.name} always takes NULLs as distinct: leave nulls_distinct=False out.")
        return " NULLS DISTINCT" if self.nulls_distinct else " NULLS NOT DISTINCT"

    def _beyond(self, dialect: Dialect) -> bool:
        """Whether it says what the database can't do, and is left out of it: system checks warn of that."""
        can = dialect.capabilities
        equal_nulls = self.nulls_distinct is False and not can.nulls_not_distinct
        carries = bool(self.include) and not can.covering_indexes
        return (equal_nulls or carries) and not settings.strict_models

    @property
    def _needs_index(self) -> bool:
        """Whether only an index can say it: a constraint has no condition, expressions and the like."""
        return bool(self.condition is not None or self.expressions or self.include or self.opclasses)

    def table_clause(self, model: Any, dialect: Dialect) -> str | None:
        """``CONSTRAINT name UNIQUE (...)``, where a constraint can say it."""
        if self._needs_index or self._beyond(dialect):
            return None
        columns = ddl.columns_of(model, self.fields, dialect)
        when = ""
        if self.deferrable is not None:
            if not dialect.capabilities.deferrable_unique:
                if not settings.strict_models:
                    return None  # system checks warn of it
                raise NotSupportedError(f"{dialect.name} can't defer unique constraints: leave deferrable= out.")
            when = f" DEFERRABLE INITIALLY {self.deferrable.name}"
        return f"CONSTRAINT {dialect.quote(self.name)} UNIQUE{self._nulls(dialect)} ({columns}){when}"

    def index_statement(self, model: Any, dialect: Dialect, if_not_exists: bool) -> str | None:
        """The unique index that can say what a constraint can't: a condition, expressions, columns carried along."""
        if not self._needs_index or self._beyond(dialect):
            return None
        if self.include and not dialect.capabilities.covering_indexes:
            raise NotSupportedError(f"{dialect.name}'s indexes carry no other columns along: leave include= out.")
        parts = ddl.index_columns(model, self.fields, self.opclasses, dialect)
        parts += [index_part(model, one, dialect) for one in self.expressions]
        condition = schema_sql(model, self.condition, dialect) if self.condition is not None else None
        return ddl.create_index(
            model, self.name, ", ".join(parts), dialect, unique=True, include=self.include, tail=self._nulls(dialect),
            condition=condition, if_not_exists=if_not_exists,
        )  # fmt: skip

    async def avalidate(
        self, model: type[AwaitableModel], instance: AwaitableModel, exclude: frozenset[str], using: str
    ) -> None:
        """Look for another row with the same values.

        Expressions that name a column in a way only the database follows (inside a condition) are left to it.
        """
        named = (*self.fields, *(name for one in self.expressions for name in names_in(one)))
        if exclude & with_sources(named, model):
            return
        if self.condition is not None:
            if exclude & with_sources(Q(self.condition).referenced_base_fields, model):
                return
            if not await meets(self.condition, instance, using, if_open=False):
                return
        distinct = self.nulls_distinct is not False
        if self.expressions:
            if await computes_taken(instance, self.expressions, self.condition, distinct, model):
                raise self.violation()
            return
        if await is_taken(instance, self.fields, self.condition, distinct, model):
            usual = self.violation_error_message == self.default_violation_error_message
            if self.condition is None and usual:
                raise instance.unique_error_message(model, self.fields)
            raise self.violation()
