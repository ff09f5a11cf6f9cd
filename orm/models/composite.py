"""``CompositePrimaryKey``: several columns that are the primary key together.

``pk`` of an instance is the tuple of their values. In conditions ``pk`` is compared with tuples, or with a subquery of
as many columns; it is one row value for the database. It has no column itself, and no foreign key holds it in one:
``ForeignObject`` refers to a model with such a key.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from orm.checks.messages import CheckMessage, Error
from orm.config import settings
from orm.errors import EmptyResultSet, ImproperlyConfigured, ValidationError
from orm.models.fields.base import Field
from orm.sql.columns import Col
from orm.sql.conditions import EMPTY, ITEMS, LIST, NO_ITEMS, Where, kind_of
from orm.sql.expressions import Slot
from orm.sql.lookups import In, IsNull, Lookup
from orm.sql.nodes import Param, Rendered
from orm.sql.references import Outer
from orm.sql.tuples import bound_row

if TYPE_CHECKING:
    from orm.sql.dialect import Dialect
    from orm.sql.expressions import Expression
    from orm.sql.resolving import Resolver
    from orm.structures.deconstruct import DeconstructedField

Prepare = Callable[[Any], Any]


class CompositeValue:
    """The attribute ``pk`` of a model with a composite key: a tuple, read from and written to the key's fields."""

    def __init__(self, field: CompositePrimaryKey) -> None:
        self.field = field

    @cached_property
    def attnames(self) -> tuple[str, ...]:
        """The attributes that hold the key's values."""
        return tuple(field.attname for field in self.field.fields)

    def __get__(self, instance: object, owner: object = None) -> Any:
        if instance is None:
            return self
        return tuple([getattr(instance, name) for name in self.attnames])

    def __set__(self, instance: object, value: object) -> None:
        names = self.attnames
        if value is None:
            value = (None,) * len(names)
        if not isinstance(value, (list, tuple)):
            raise ValueError(f"'pk' must be a list or a tuple. ({self.field} is given {value!r}.)")
        if len(value) != len(names):
            raise ValueError(f"'pk' must have {len(names)} elements. ({self.field} is given {value!r}.)")
        values = value
        for name, one in zip(names, values, strict=True):
            setattr(instance, name, one)


class CompositePrimaryKey(Field[Any]):
    """The primary key of a model, made of several of its fields, which are named.

    It must be called ``pk``: ``pk = CompositePrimaryKey("tenant_id", "number")``.
    """

    concrete: ClassVar[bool] = False
    is_composite: ClassVar[bool] = True
    is_composite_key: ClassVar[bool] = True
    compared_name = "pk"
    kind = "row"
    option_defaults: ClassVar[Mapping[str, Any]] = {"primary_key": True, "editable": False, "blank": True}
    class_lookups: ClassVar[dict[str, Any]] = {}

    def __init__(self, *args: str, **options: Any) -> None:
        if not args or not all(isinstance(name, str) and name for name in args) or len(set(args)) < len(args):
            raise ValueError("CompositePrimaryKey args must be unique strings.")
        if len(args) < 2:
            raise ValueError("CompositePrimaryKey must include at least two fields.")
        for option, what in (("default", "default"), ("db_default", "database default"), ("db_column", "db_column")):
            if options.get(option) is not None:
                raise ValueError(f"CompositePrimaryKey cannot have a {what}.")
        if options.setdefault("editable", False):
            raise ValueError("CompositePrimaryKey cannot be editable.")
        if not options.setdefault("primary_key", True):
            raise ValueError("CompositePrimaryKey must be a primary key.")
        if not options.setdefault("blank", True):
            raise ValueError("CompositePrimaryKey must be blank.")
        super().__init__(**options)
        self.field_names = args

    def deconstruct(self) -> DeconstructedField:
        """As any field's, with the names of its fields."""
        name, path, _, options = super().deconstruct()
        return name, path, list(self.field_names), options

    def contribute_to_class(self, cls: type[Any], name: str, private_only: bool = False, **options: object) -> None:
        """Become the key of ``cls``."""
        if name != "pk" and settings.strict_models:
            raise ImproperlyConfigured(f"{cls.__name__}.{name}: 'CompositePrimaryKey' must be named 'pk'.")
        super().contribute_to_class(cls, name, private_only, **options)
        setattr(cls, name, CompositeValue(self))

    def own_checks(self, aliases: Iterable[str], from_model: object) -> Iterable[CheckMessage]:
        """What it is called."""
        if self.name != "pk":
            yield Error("'CompositePrimaryKey' must be named 'pk'.", obj=self, id="fields.E013")

    @cached_property
    def fields(self) -> tuple[Any, ...]:
        """The fields the key is made of."""
        meta = self.model._meta
        return tuple(meta.get_field(name) for name in self.field_names)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns the key is made of."""
        return tuple(field.column for field in self.fields)

    def db_type(self, connection: Dialect) -> Any:
        """No column of its own."""
        return None

    def get_prep_value(self, value: Any) -> Any:
        """Return a tuple of canonical values. Raises ``ValueError`` for what is no tuple of as many values."""
        if value is None or hasattr(value, "resolve_expression"):
            return value
        if hasattr(value, "_meta"):
            value = value.pk
        fields = self.fields
        if not isinstance(value, (tuple, list)):
            raise ValueError(f"'pk' must be a tuple or a list: {self} is compared with {value!r}.")
        if len(value) != len(fields):
            raise ValueError(f"'pk' must have {len(fields)} elements: {self} is compared with {value!r}.")
        return tuple(field.get_prep_value(one) for field, one in zip(fields, value, strict=True))

    def to_python(self, value: Any) -> Any:
        """Return a tuple of the fields' values. Raises ``ValidationError``."""
        if value is None:
            return None
        try:
            return tuple(field.to_python(one) for field, one in zip(self.fields, value, strict=True))
        except (TypeError, ValueError) as problem:
            raise ValidationError(self.error_messages["invalid"], code="invalid", params={"value": value}) from problem

    def validate(self, value: Any, instance: Any) -> None:
        """Nothing of its own to check: its fields are checked each by itself."""

    def get_default(self) -> None:
        """A key without a column has no default."""

    def pre_save(self, instance: Any, add: bool) -> Any:
        """Return the tuple of values."""
        return instance.pk


class Part:
    """Takes one value of a tuple (the tuple in a place of a list, where ``row`` is given) and adapts it."""

    def __init__(self, position: int, adapter: Callable[[Any], Any] | None, row: int | None = None) -> None:
        self.position = position
        self.adapter = adapter
        self.row = row

    def __call__(self, value: Any) -> Any:
        if self.row is not None:
            value = value[self.row]
        one = value[self.position]
        return one if one is None or self.adapter is None else self.adapter(one)


def row_of(slot: int, fields: Sequence[Field], connection: Any, row: int | None = None) -> tuple[str, list[Any]]:
    """Return ``(%s, %s)`` for a tuple that waits in a slot, with its parameters."""
    parts = [connection.parameter(field) for field in fields]
    params = [
        Param(slot, Part(position, connection.comparison_adapter(field), row)) for position, field in enumerate(fields)
    ]
    return f"({', '.join(parts)})", params


class OneKey:
    """Prepares what a key is compared to: a tuple of as many values, or an instance. Raises ``ValueError``."""

    def __init__(self, field: Any, lookup_name: str) -> None:
        self.field = field
        self.lookup_name = lookup_name

    def check(self, value: Any) -> None:
        """Refuse what is no key. Raises ``ValueError``."""
        what, size = f"{self.lookup_name!r} lookup of {self.field.compared_name!r} must", len(self.field.fields)
        if hasattr(value, "_meta"):
            return
        is_row = isinstance(value, (tuple, list))
        if not is_row and self.field.is_composite_key:
            raise ValueError(f"{what} be a tuple or a list (got {value!r})")
        if not is_row or len(value) != size:
            raise ValueError(f"{what} have {size} elements (got {value!r})")

    def __call__(self, value: object) -> Any:
        self.check(value)
        return self.field.get_prep_value(value)


class RowComparison(Lookup):
    """A comparison of a composite key with a tuple, an expression of as many columns, or a subquery."""

    operator: ClassVar[str]

    @classmethod
    def build(cls, lhs: Any, kind: Hashable, value: Any, query: Any) -> Expression:
        if kind is None:
            if cls is not RowExact:
                raise ValueError(f"Cannot use None with the {cls.lookup_name} lookup: use isnull=True or exact")
            return RowIsNull(lhs, True)
        if isinstance(kind, tuple) and kind[0] is not list:
            return cls(lhs, cls._expression(lhs, value, query))
        one_key = OneKey(lhs.output_field, cls.lookup_name)
        if isinstance(kind, tuple):
            one_key.check(value)
            return cls(lhs, bound_row(lhs.parts, value, query))
        return cls(lhs, Slot(query.take_slot(value, one_key), lhs.output_field, bare=True))

    @classmethod
    def _expression(cls, lhs: Expression, value: object, query: Resolver) -> Expression:
        """Return a right side that is another key, of this query or the one around it, or a queryset."""
        compared: Any = lhs.output_field
        if cls is not RowExact and not compared.is_composite_key:
            raise ValueError(f"{cls.lookup_name!r} doesn't support multi-column subqueries.")
        found = query.resolve_value(value, lhs)
        if not isinstance(found, (Col, Outer)) and not hasattr(found, "as_rows"):
            raise ValueError(
                f"{cls.lookup_name!r} subquery lookup of 'pk' only supports OuterRef and QuerySet objects (received "
                f"{type(value).__name__!r}), F('pk') and tuples."
            )
        return found

    def as_sql(self, compiler: Any, connection: Any) -> Rendered:
        lhs, params = self.process_lhs(compiler, connection)
        if isinstance(self.rhs, Col) and not self.rhs.is_key_of_several:
            raise ValueError(
                "Composite field lookups only work with composite expressions. "
                f"{self.lhs.target} is compared with {self.rhs.target}."
            )
        if isinstance(self.rhs, Slot):
            rhs, found = row_of(self.rhs.index, self.lhs.output_field.fields, connection)
        else:
            rhs, found = compiler.compile(self.rhs)
        return f"{lhs} {self.operator} {rhs}", [*params, *found]


class RowExact(RowComparison):
    """Equality in every column."""

    lookup_name = "exact"
    operator = "="


class RowGreater(RowComparison):
    """Order by the first column that differs."""

    lookup_name = "gt"
    operator = ">"


class RowGreaterOrEqual(RowComparison):
    lookup_name = "gte"
    operator = ">="


class RowLess(RowComparison):
    lookup_name = "lt"
    operator = "<"


class RowLessOrEqual(RowComparison):
    lookup_name = "lte"
    operator = "<="


class EachKey:
    """Prepares each tuple of a list, leaving out those with None, which equal nothing in SQL."""

    def __init__(self, field: Any) -> None:
        self.field = field

    def __call__(self, rows: Any) -> list[Any]:
        what, size = f"'in' lookup of {self.field.compared_name!r} must", len(self.field.fields)
        values = [row for row in rows if not hasattr(row, "_meta")]
        if self.field.is_composite_key and not all(isinstance(row, (tuple, list)) for row in values):
            raise ValueError(f"{what} be a collection of tuples or lists (got {rows!r})")
        if not all(isinstance(row, (tuple, list)) and len(row) == size for row in values):
            raise ValueError(f"{what} have {size} elements each (got {rows!r})")
        prepared = map(self.field.get_prep_value, rows)
        # No row equals one with NULL in it; left in, it would make NOT IN unknown for every row.
        return [row for row in prepared if None not in row]


class RowIn(In):
    """Membership of a composite key in a list of tuples, or in the rows of a subquery."""

    @classmethod
    def build(cls, lhs: Any, kind: Hashable, value: Any, query: Any) -> Expression:
        if isinstance(kind, tuple) and kind[0] is list:
            return Where([RowExact.build(lhs, kind_of(row, []), row, query) for row in value], "OR")
        if isinstance(kind, tuple) or kind in (EMPTY, NO_ITEMS):
            return super().build(lhs, kind, value, query)
        if kind not in (LIST, ITEMS):
            name = lhs.output_field.compared_name
            raise ValueError(f"'in' lookup of {name!r} must be a tuple or a list (got {value!r})")
        slot = query.take_slot(value, EachKey(lhs.output_field))
        query.mark_list(slot)
        return cls(lhs, Slot(slot, lhs.output_field, bare=True))

    def as_sql(self, compiler: Any, connection: Any) -> Rendered:
        if not isinstance(self.rhs, Slot):
            return super().as_sql(compiler, connection)
        lhs, params = self.process_lhs(compiler, connection)
        count = compiler.list_length(self.rhs.index)
        if not count:
            raise EmptyResultSet
        rows, found = [], list(params)
        for number in range(count):
            sql, more = row_of(self.rhs.index, self.lhs.output_field.fields, connection, number)
            rows.append(sql)
            found += more
        return f"{lhs} IN (VALUES {', '.join(rows)})", found


class RowIsNull(IsNull):
    """Whether a column of the key is NULL, which in a table's own row none is."""

    @classmethod
    def build(cls, lhs: Any, kind: Hashable, value: object, query: Any) -> Any:
        if isinstance(kind, tuple) and hasattr(value, "query_structure"):
            raise ValueError("'isnull' doesn't support multi-column subqueries.")
        return super().build(lhs, kind, value, query)

    def as_sql(self, compiler: Any, connection: Any) -> Rendered:
        quote = connection.quote
        word = "NULL" if self.rhs is True else "NOT NULL"
        parts = [f"{quote(self.lhs.alias)}.{quote(column)} IS {word}" for column in self.lhs.target.columns]
        return f"({(' OR ' if self.rhs is True else ' AND ').join(parts)})", []


CompositePrimaryKey.class_lookups = {
    cls.lookup_name: cls for cls in (RowExact, RowGreater, RowGreaterOrEqual, RowLess, RowLessOrEqual, RowIn, RowIsNull)
}
