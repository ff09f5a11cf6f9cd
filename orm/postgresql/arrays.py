"""Arrays: a column that holds a list, with its lookups and transforms.

    class Post(models.Model):
        tags = ArrayField(models.CharField(max_length=40), default=list)

    Post.objects.filter(tags__contains=["async"], tags__len__lt=5, tags__0="python")

What this module refuses: arrays of relations, a mutable default that all instances would share, and lists that are no
lists.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from orm.checks.messages import CheckMessage, Error
from orm.config import settings
from orm.errors import FieldError, ImproperlyConfigured, ValidationError
from orm.models.checks.fields import shared_default_checks
from orm.models.fields import Field, IntegerField
from orm.models.fields.not_provided import NOT_PROVIDED
from orm.postgresql.validators import ArrayMaxLengthValidator
from orm.sql import types
from orm.sql.conditions import EMPTY, LIST
from orm.sql.expressions import ComparedSlot, Expression, Null, Slot
from orm.sql.lookups import Exact, In, Lookup
from orm.sql.nodes import Node, Rendered
from orm.sql.one_type import right_bound
from orm.sql.select import SubSelect
from orm.sql.subqueries import Subquery
from orm.sql.transforms import Transform

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.resolving import Resolver
    from orm.sql.types import SQLType

__all__ = ["ArrayField", "ArraySubquery", "IndexTransform", "SliceTransform"]


class ArrayField(Field[list[Any]]):
    """A list of values of one kind.

    Parameters:
        base_field: the field each element is one of; any but a relation. Another ``ArrayField`` makes lists of lists,
            which the database wants to be rectangular.
        size: how many elements there may be at most; checked by validation, PostgreSQL itself ignores it.

    Raises ``ImproperlyConfigured`` for a relation as ``base_field`` and for a list as ``default``, ``TypeError`` for a
    size that is no whole number.
    """

    kind = "array"
    option_defaults: ClassVar[Mapping[str, Any]] = {"base_field": NOT_PROVIDED, "size": None}
    empty_strings_allowed = False
    default_error_messages: ClassVar[dict[str, str]] = {
        "item_invalid": "Item %(nth)s in the array did not validate:",
        "nested_array_mismatch": "Nested arrays must have the same length.",
        "invalid": "“%(value)s” value must be a list.",
    }

    def __init__(self, base_field: Field[Any], size: int | None = None, **options: Any) -> None:
        if not isinstance(base_field, Field):
            raise ImproperlyConfigured(f"ArrayField takes a field for its elements, not {base_field!r}.")
        if settings.strict_models and base_field.is_relation:
            raise ImproperlyConfigured("Base field for array cannot be a related field.")
        if size is not None and (not isinstance(size, int) or isinstance(size, bool)):
            raise TypeError(f"ArrayField(size={size!r}): the size is a whole number of elements, or None.")
        if settings.strict_models and isinstance(options.get("default", NOT_PROVIDED), list):
            raise ImproperlyConfigured(
                f"default={options['default']!r} would be shared by all instances; give a callable: default=list."
            )
        self.base_field = base_field
        self.size = size
        super().__init__(**options)

    @property
    def description(self) -> str:  # type: ignore[override]
        """What the column holds, for people."""
        return f"Array of {self.base_field.description}"

    def set_attributes_from_name(self, name: str) -> None:
        """Also: the elements' field is called as this one, so that its errors say where they are from."""
        super().set_attributes_from_name(name)
        self.base_field.set_attributes_from_name(name)

    def contribute_to_class(
        self, cls: type[AwaitableModel], name: str, private_only: bool = False, **options: object
    ) -> None:
        """Also: the elements' field belongs to the same model."""
        super().contribute_to_class(cls, name, private_only, **options)
        self.base_field.model = self.model

    def own_checks(self, aliases: Iterable[str], from_model: object) -> Iterable[CheckMessage]:
        """Also: what the elements' field finds, and that it is no relation."""
        yield from shared_default_checks(self, "`list` instead of `[]`")
        if self.base_field.is_relation:
            yield Error("Base field for array cannot be a related field.", obj=self, id="postgres.E002")
            return
        found = self.base_field.check(databases=aliases)
        if found:
            listed = "\n    ".join(f"{one.msg} ({one.id})" for one in found)
            yield Error(f"Base field for array has errors:\n    {listed}", obj=self, id="postgres.E001")

    def structure(self) -> Hashable:
        return self if vars(self).get("model") is not None else (type(self), self.size, self.base_field.structure())

    def given_option(self, option: str) -> Any:
        """As any field's; the elements' field is cloned, so that it belongs to no model."""
        return self.base_field.clone() if option == "base_field" else super().given_option(option)

    @cached_property
    def validators(self) -> list[Any]:
        """The field's validators, and its size."""
        own = super().validators
        return own if self.size is None else [*own, ArrayMaxLengthValidator(self.size)]

    # -- values --------------------------------------------------------------------------------------------------------

    def get_prep_value(self, value: Any) -> Any:
        if value is None or hasattr(value, "resolve_expression"):
            return value
        if not isinstance(value, (list, tuple)):
            raise TypeError(f"{self}: an array is given as a list or tuple, not as {value!r}.")
        prepare = self.base_field.get_prep_value
        return [prepare(item) for item in value]

    def takes_bare(self, guessed: SQLType) -> bool:
        """A list."""
        return guessed is types.JSON

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """The list for one database: each element as the elements' field gives it."""
        given = value if prepared else self.get_prep_value(value)
        if not isinstance(given, (list, tuple)) or self.base_field.compares_prepared:
            return given
        return [self.base_field.get_db_prep_value(item, connection, prepared=True) for item in given]

    @property
    def compares_prepared(self) -> bool:
        own = type(self).get_db_prep_value is not ArrayField.get_db_prep_value
        return not own and self.base_field.compares_prepared

    @property
    def from_db_value(self) -> Any:
        """What reads a list whose elements' field has a ``from_db_value`` of its own; None where it has none."""
        return None if getattr(self.base_field, "from_db_value", None) is None else self._elements_from_db

    def _elements_from_db(self, value: Any, expression: object, connection: object) -> object:
        if value is None:
            return None
        read = self.base_field.from_db_value  # type: ignore[attr-defined]
        return [read(item, expression, connection) for item in value]

    def to_python(self, value: Any) -> Any:
        """A list, also from its JSON text."""
        if isinstance(value, str):
            value = json.loads(value)
        if value is None:
            return None
        if not isinstance(value, (list, tuple)):
            raise ValidationError(self.error_messages["invalid"], code="invalid", params={"value": value})
        return [self.base_field.to_python(item) for item in value]

    def value_to_string(self, instance: Any) -> str:
        """The list as JSON text, each element as its own field writes it."""
        values = self.value_from_object(instance)
        if values is None:
            return json.dumps(None)
        carrier = _Carrier(self.base_field.attname)
        texts: list[Any] = []
        for item in values:
            carrier.hold(item)
            texts.append(None if item is None else self.base_field.value_to_string(carrier))
        return json.dumps(texts)

    # -- validation ----------------------------------------------------------------------------------------------------

    def validate(self, value: Any, instance: Any) -> None:
        """Also: each element meets its own field, and lists inside are of one length."""
        super().validate(value, instance)
        self._each(value, lambda item: self.base_field.validate(item, instance))
        if isinstance(self.base_field, ArrayField) and len({len(item) for item in value if item is not None}) > 1:
            raise ValidationError(self.error_messages["nested_array_mismatch"], code="nested_array_mismatch")

    def run_validators(self, value: Any) -> None:
        """Also: each element meets its own field's validators."""
        super().run_validators(value)
        self._each(value, self.base_field.run_validators)

    def _each(self, values: Any, check: Any) -> None:
        problems: list[ValidationError] = []
        for position, item in enumerate(values or ()):
            try:
                check(item)
            except ValidationError as problem:
                prefix = self.error_messages["item_invalid"] % {"nth": position + 1}
                for one in problem.flat():
                    params = {**(one.params or {}), "nth": position + 1}
                    problems.append(ValidationError(f"{prefix} {one.text()}", code="item_invalid", params=params))
        if problems:
            raise problems[0] if len(problems) == 1 else ValidationError(problems)

    # -- lookups -------------------------------------------------------------------------------------------------------

    def sliced(self, expression: Expression, start: int, length: int | None) -> Expression:
        """The elements from place ``start``, counted from 1: what ``F("tags")[:2]`` is."""
        return SliceTransform(start, None if length is None else start + length - 1, expression)

    def get_transform(self, name: str) -> Any:
        """Also: ``tags__0`` is the first element, ``tags__0_2`` the first two."""
        found = super().get_transform(name)
        if found is not None:
            return found
        start, underscore, end = name.partition("_")
        if not start.isdecimal() or not start.isascii() or len(start) > 9:
            return None
        if not underscore:
            return IndexTransformFactory(int(start), self.base_field)
        if not end.isdecimal() or not end.isascii() or len(end) > 9:
            return None
        return SliceTransformFactory(int(start), int(end))


def array_of(element: SQLType) -> ArrayField:
    """Return the type of an array of computed values."""
    field = types.as_field(element)
    if not isinstance(field, Field):
        raise FieldError(f"There is no field for arrays of {field!r}: give the expression an output_field.")
    return ArrayField(field.clone())


class _Carrier:
    """An object with one attribute, for asking the elements' field how it writes a value."""

    def __init__(self, attname: str) -> None:
        self.attname = attname

    def hold(self, value: object) -> None:
        """Take the next element."""
        setattr(self, self.attname, value)


class ArraySubquery(Subquery):
    """All rows of a queryset of one column, as an array."""

    template = "ARRAY(%(subquery)s)"

    def resolve_expression(
        self,
        query: Resolver,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Expression:
        found = query.embed_value(self.queryset, self._text, self._output_field, ordered=True)
        if self._output_field is None:
            return type(found)(found.select, self._text, array_of(found.output_field))
        return found


class ArrayLiteral(Expression):
    """``ARRAY[…]`` of expressions, cast to an array's type."""

    def __init__(self, items: Sequence[Any], output_field: SQLType) -> None:
        super().__init__(output_field)
        self.items = tuple(items)

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        parts = [compiler.compile(item) for item in self.items]
        inside = ", ".join(sql for sql, _ in parts)
        params = [param for _, item_params in parts for param in item_params]
        return connection.cast(f"ARRAY[{inside}]", self.output_field), params


def _listed(lhs: Any, value: Iterable[object], query: Any) -> ArrayLiteral:
    """Return a list with expressions among its items as one expression."""
    field = lhs.output_field
    items: list[Any] = []
    for item in value:
        if item is None:
            items.append(Null(field.base_field))
        elif isinstance(item, Node):
            items.append(query.resolve_value(item, lhs))
        else:
            items.append(ComparedSlot(query.take_slot(item, field.base_field.get_prep_value), field.base_field))
    return ArrayLiteral(items, field)


def _resolved(lhs: Expression, value: object, query: Resolver) -> Expression:
    return query.resolve_value(value, lhs)


class _ArrayComparison(Lookup):
    """An operator between two arrays."""

    operator = ""

    @classmethod
    def build(cls, lhs: Expression, kind: Hashable, value: Any, query: Resolver) -> Expression:
        if isinstance(kind, tuple):
            if kind[0] is list:
                return cls(lhs, _listed(lhs, value, query))
            if not isinstance(value, Node):
                return cls(lhs, query.embed_value(value, cls.rows_template, lhs.output_field))
        built: Any = super().build(lhs, kind, value, query)
        if type(built.rhs) is Slot:
            built.rhs = ComparedSlot(built.rhs.index, lhs.output_field, bare=built.rhs.bare)
        return built  # type: ignore[no-any-return]

    rows_template: ClassVar[str] = "ARRAY(%(subquery)s)"

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        lhs, lhs_params = self.process_lhs(compiler, connection)
        rhs, rhs_params = self.process_rhs(compiler, connection)
        if not isinstance(self.rhs, Slot):
            rhs = connection.cast(rhs, self.lhs.output_field)
        return f"{lhs} {self.operator} {rhs}", [*lhs_params, *rhs_params]


@ArrayField.register_lookup
class ArrayContains(_ArrayComparison):
    """Whether an array has all elements of another."""

    lookup_name = "contains"
    operator = "@>"


@ArrayField.register_lookup
class ArrayContainedBy(_ArrayComparison):
    """Whether all elements of an array are among another's."""

    lookup_name = "contained_by"
    operator = "<@"


@ArrayField.register_lookup
class ArrayOverlap(_ArrayComparison):
    """Whether two arrays share an element; the other may be a queryset of one column, of arrays or of elements."""

    lookup_name = "overlap"
    operator = "&&"

    @classmethod
    def build(cls, lhs: Expression, kind: Hashable, value: object, query: Any) -> Expression:
        if isinstance(kind, tuple) and kind[0] is not list and not isinstance(value, Node):
            rows: SubSelect = query.embed_value(value, "ARRAY(%(subquery)s)", None)
            column = rows.output_field_or_none
            if column is not None and column.kind == "array":
                rows.template = "ARRAY(SELECT UNNEST(r.a) FROM (%(subquery)s) AS r(a))"
            return cls(lhs, SubSelect(rows.select, rows.template, lhs.output_field))
        return super().build(lhs, kind, value, query)


@ArrayField.register_lookup
class ArrayExact(Exact):
    """Whether two arrays are the same: elements, order and length."""

    @classmethod
    def build(cls, lhs: Expression, kind: Hashable, value: Any, query: Resolver) -> Expression:
        if kind in (LIST, EMPTY):
            return cls(lhs, cls.slot(lhs, value, query))
        if isinstance(kind, tuple) and kind[0] is list:
            return cls(lhs, _listed(lhs, value, query))
        return super().build(lhs, kind, value, query)


@ArrayField.register_lookup
class ArrayIn(In):
    """Whether an array is one of several."""

    @classmethod
    def build(cls, lhs: Expression, kind: Hashable, value: Any, query: Resolver) -> Expression:
        if isinstance(kind, tuple) and kind[0] is list:
            lists = (list, tuple)
            items = [(_listed if isinstance(i, lists) else _resolved)(lhs, i, query) for i in value]
            return right_bound(cls(lhs, items), query)
        return super().build(lhs, kind, value, query)


@ArrayField.register_lookup
class ArrayLen(Transform):
    """How many elements an array has; 0 for an empty one."""

    lookup_name = "len"

    def _infer_output_field(self) -> SQLType | None:
        return IntegerField()

    def as_sql(self, compiler: Compiler, connection: Dialect, **context: object) -> Rendered:
        sql, params = compiler.compile(self.lhs)
        # An empty array has no dimension, and so no length along one; CARDINALITY counts the elements of all.
        return f"COALESCE(ARRAY_LENGTH({sql}, 1), CARDINALITY({sql}))", [*params, *params]


class IndexTransform(Transform):
    """One element.

    Parameters: ``index`` is its place, counted from 1 as the database does; ``base_field`` is the elements' field, or
    its class. In a lookup's path (``tags__0``) elements are counted from 0.
    """

    lookup_name = "index"

    def __init__(self, index: int, base_field: Any, expression: object) -> None:
        super().__init__(expression)
        self.index = _place(index)
        self.base_field = base_field() if isinstance(base_field, type) else base_field

    def _infer_output_field(self) -> SQLType | None:
        found: SQLType = self.base_field
        return found

    def as_sql(self, compiler: Compiler, connection: Dialect, **context: object) -> Rendered:
        sql, params = compiler.compile(self.lhs)
        if not sql.endswith("]"):
            sql = f"({sql})"
        return f"{sql}[{self.index}]", params


def _place(number: object) -> int:
    """Return the place of an element, which becomes SQL. Raises ``TypeError`` for anything but a whole number."""
    if type(number) is not int:
        raise TypeError(f"The place of an array's element is a whole number, not {number!r}.")
    return number


class IndexTransformFactory:
    """Makes the transform for an index named in a lookup path."""

    def __init__(self, index: int, base_field: Field[Any]) -> None:
        self.index = index
        self.base_field = base_field

    def __call__(self, expression: Expression) -> IndexTransform:
        return IndexTransform(self.index + 1, self.base_field, expression)


class SliceTransform(Transform):
    """The elements from place ``start``, counted from 1, to place ``end``, both included; None leaves that side open.

    In a lookup's path (``tags__0_2``) it is as slices are in Python.
    """

    lookup_name = "slice"

    def __init__(self, start: int | None, end: int | None, expression: object) -> None:
        super().__init__(expression)
        self.start = None if start is None else _place(start)
        self.end = None if end is None else _place(end)

    def _infer_output_field(self) -> SQLType | None:
        found: SQLType = self.lhs.output_field
        return found

    def as_sql(self, compiler: Compiler, connection: Dialect, **context: object) -> Rendered:
        sql, params = compiler.compile(self.lhs)
        bounds = ":".join("" if bound is None else str(bound) for bound in (self.start, self.end))
        return f"({sql})[{bounds}]", params


class SliceTransformFactory:
    """Makes the transform for a slice named in a lookup path."""

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end

    def __call__(self, expression: Expression) -> SliceTransform:
        return SliceTransform(self.start + 1, self.end, expression)
