"""What column a field is: its type on each database, and the condition every value of it keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from orm.late import late_module
from orm.sql.described import ModelField

if TYPE_CHECKING:
    from orm.models import fields
    from orm.sql.dialect import Dialect
else:
    fields = late_module("orm.models.fields")


class ColumnTypes(ModelField):
    """The part of a field that says what its column is; what it asks, ``dialect``, is that of a database."""

    db_column: str | None
    column_class: ClassVar[str | None] = None
    """The class that decides what the column is, where the class itself only says what is valid."""

    def get_attname(self) -> str:
        """The attribute that holds the raw value."""
        raise NotImplementedError(f"{type(self).__name__} has no attribute.")

    def get_internal_type(self) -> str:
        """The name of the class that decides what the column is, as Django's introspection uses it.

        Of a class of the application it is that of the library's class it is made from, if there is one; what such a
        class says here itself decides what its columns are.
        """
        bases = (cls for cls in type(self).__mro__ if cls.__module__.startswith("orm."))
        base = next((cls for cls in bases if cls.__name__ != "Field"), type(self))
        return base.column_class if issubclass(base, ColumnTypes) and base.column_class else base.__name__

    def internal_field(self) -> ColumnTypes | None:
        """The field whose column this one has, where a class of the application names another by
        ``get_internal_type()``; None where its column is its own.
        """
        if type(self).get_internal_type.__module__.startswith("orm."):
            return None
        name = self.get_internal_type()
        if name == ColumnTypes.get_internal_type(self) or name not in fields.__all__:
            return None
        cls: Any = getattr(fields, name)
        sizes = ("max_digits", "decimal_places") if name == "DecimalField" else ("max_length",)
        made: ColumnTypes = cls(**{size: getattr(self, size, None) for size in sizes})
        return made

    def db_type(self, connection: Dialect) -> str:
        """The column type on a connection's database; override it for a type that this has no kind for."""
        other = self.internal_field()
        return str(connection.column_type(self if other is None else other))

    def rel_db_type(self, connection: Dialect) -> str:
        """The type of a column there that refers to this one; override it with ``db_type``."""
        return connection.referring_type(self.db_type(connection))

    def cast_db_type(self, connection: Dialect) -> str:
        """The type's name inside CAST."""
        return self.own_db_type(connection) or str(connection.cast_type(self))

    def db_parameters(self, connection: Dialect) -> dict[str, str | None]:
        """The column's ``type`` there, the condition it keeps, ``check``, and a text's ``collation``.

        None stands for a condition or a collation it has not.
        """
        found = {
            "type": self.db_type(connection),
            "check": self.column_check(connection.quote(self.column), connection),
        }
        return found | ({"collation": vars(self)["db_collation"]} if "db_collation" in vars(self) else {})

    def get_attname_column(self) -> tuple[str, str]:
        """The attribute that holds the raw value, and the name of the column."""
        attname = self.get_attname()
        return attname, self.db_column or attname

    def own_db_type(self, dialect: Dialect) -> str | None:
        """The column type on ``dialect`` that a class of the application says itself; None where it says none."""
        inherited = type(self).db_type.__module__.startswith("orm.")
        return None if inherited and self.internal_field() is None else self.db_type(dialect)

    def db_check(self, column: str) -> str | None:
        """A condition every value of the column keeps, in terms of the quoted ``column``; None for most fields."""
        return None

    def column_check(self, column: str, dialect: Dialect) -> str | None:
        """``db_check``, or what ``dialect`` has to be told besides about the quoted ``column``."""
        other = self.internal_field()
        return self.db_check(column) if other is None else other.column_check(column, dialect)
