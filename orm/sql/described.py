"""What SQL and queries know of a model: its fields, and what is said of its table. The models themselves lie above.

``ModelField`` is the part of every field that a statement speaks of; ``ModelClass`` is a model as far as a query asks
it. Nothing here reads or checks a declaration.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from orm.late import late_module
from orm.sql.types import SQLType

if TYPE_CHECKING:
    from orm.sql import columns
    from orm.sql.hop import Hop
else:
    columns = late_module("orm.sql.columns")


class ModelField(SQLType):
    """A field of a model: an attribute of its instances and, if it is ``concrete``, a column of its table."""

    name: str = ""
    attname: str = ""
    """The attribute that holds the raw value: ``author_id`` for the relation ``author``."""
    column: str = ""
    primary_key: bool
    db_tablespace: str | None
    concrete: ClassVar[bool] = True
    is_relation: ClassVar[bool] = False
    many_to_one: ClassVar[bool | None] = None
    one_to_one: ClassVar[bool | None] = None
    many_to_many: ClassVar[bool | None] = None
    one_to_many: ClassVar[bool | None] = None
    """Which kind of relation it is; None for what is none."""
    auto: ClassVar[bool] = False
    """Whether the database numbers the rows."""
    generated: ClassVar[bool] = False
    """Whether the database computes the column from others, so that it is never written."""
    related_model: Any = None
    remote_field: Any = None

    @property
    def unique(self) -> bool:
        """Whether no two rows may hold the same value."""
        raise NotImplementedError

    @property
    def has_db_default(self) -> bool:
        """Whether the column has a DEFAULT of its own."""
        raise NotImplementedError

    @property
    def has_pre_save(self) -> bool:
        """Whether the field makes the value itself when it is written."""
        raise NotImplementedError

    def get_default(self) -> Any:
        """Return the value a new instance starts with."""
        raise NotImplementedError

    @property
    def value_field(self) -> SQLType:
        """The field whose values the column holds: this one, but for relations and computed columns."""
        return self

    @cached_property
    def cached_col(self) -> Any:
        """The column in the model's own table, as an expression (Django's name)."""
        return columns.Col(self.model._meta.db_table, self, self.value_field)

    def get_col(self, alias: str, output_field: SQLType | None = None) -> Any:
        """Return the column of the table called ``alias``, as an expression of the field's type or of another."""
        if output_field is not None and output_field is not self:
            return columns.Col(alias, self, output_field)
        own = alias == self.model._meta.db_table
        return self.cached_col if own else columns.Col(alias, self, self.value_field)

    def pre_save(self, instance: object, add: bool) -> Any:
        """Return the value about to be written; ``add`` tells an INSERT. It may be set on the instance."""
        raise NotImplementedError

    def value_from_object(self, instance: object) -> Any:
        """Return the raw value an instance holds."""
        raise NotImplementedError


class ModelOptions(Protocol):
    """``Model._meta``, as far as queries and tables' definitions ask it; ``orm.models.options`` says what each is."""

    label: str
    object_name: str
    db_table: str
    db_table_comment: str
    db_tablespace: str

    @property
    def pk(self) -> ModelField: ...
    @cached_property
    def pk_fields(self) -> Sequence[ModelField]: ...
    @cached_property
    def concrete_fields(self) -> Sequence[ModelField]: ...
    @cached_property
    def local_concrete_fields(self) -> Sequence[ModelField]: ...
    @cached_property
    def table_fields(self) -> Sequence[ModelField]: ...
    @cached_property
    def relation_fields(self) -> Sequence[Any]: ...
    @cached_property
    def names(self) -> Mapping[str, Any]: ...
    @cached_property
    def fields_map(self) -> Mapping[str, Any]: ...
    @property
    def ordering(self) -> Sequence[Any]: ...
    @property
    def get_latest_by(self) -> str | Sequence[str] | None: ...
    @property
    def virtual_names(self) -> frozenset[str]: ...
    @property
    def constraints(self) -> Sequence[Any]: ...
    @property
    def indexes(self) -> Sequence[Any]: ...
    @property
    def unique_together(self) -> Sequence[Sequence[str]]: ...
    @property
    def concrete_model(self) -> type[Any] | None: ...
    @property
    def parents(self) -> Mapping[type[Any], Any]: ...
    @cached_property
    def write_plan(self) -> Any: ...
    @cached_property
    def base_manager(self) -> Any: ...
    @property
    def has_custom_init(self) -> bool: ...
    @property
    def state_class(self) -> type[Any]: ...
    @property
    def goes_alone(self) -> bool: ...
    def get_field(self, field_name: str) -> Any: ...
    def hops_along(self, relation: object) -> Sequence[Hop]: ...
    def way_to(self, field: ModelField) -> Sequence[Hop]: ...


class ModelClass(Protocol):
    """A model, as far as a query asks it: the class itself, not its instances."""

    @property
    def _meta(self) -> ModelOptions: ...
    @property
    def __name__(self) -> str: ...
