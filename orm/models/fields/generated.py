"""``GeneratedField``: a column that the database computes from others of its row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from orm.checks.messages import CheckMessage, Error, Warning
from orm.db.registry import databases
from orm.errors import ImproperlyConfigured
from orm.models.conditions import schema_sql
from orm.models.fields.base import Field
from orm.models.fields.not_provided import NOT_PROVIDED
from orm.sql.expressions import as_expression
from orm.sql.references import F, names_in

if TYPE_CHECKING:
    from orm.sql.dialect import Dialect

REFUSED = {"default": "a default", "db_default": "a database default"}


class GeneratedField(Field[Any]):
    """A value that the database computes whenever its row is written; never written by a program.

    Parameters:
        expression: of other fields of the row; neither of relations nor of other rows.
        output_field: the field that says what kind of value it is.
        db_persist: whether the value is stored (True), or computed when it is read (False), where the database can.

    An instance that was not saved has no value yet; after an UPDATE it is read when it is asked for. Raises
    ``ValueError`` for options that make no sense for it, ``TypeError`` for an ``output_field`` that is none.
    """

    generated = True
    description = "Computed by the database"
    option_defaults: ClassVar[Mapping[str, Any]] = {
        "editable": False,
        "blank": True,
        **dict.fromkeys(("expression", "output_field", "db_persist"), NOT_PROVIDED),
    }

    def __init__(
        self, *, expression: object, output_field: Field[Any], db_persist: bool | None = None, **options: Any
    ) -> None:
        if options.setdefault("editable", False):
            raise ValueError("GeneratedField cannot be editable.")
        if not options.setdefault("blank", True):
            raise ValueError("GeneratedField must be blank.")
        for option, noun in REFUSED.items():
            if options.get(option, NOT_PROVIDED) is not NOT_PROVIDED:
                raise ValueError(f"GeneratedField cannot have {noun}.")
        if db_persist not in (True, False):
            raise ValueError("GeneratedField.db_persist must be True or False.")
        if not isinstance(output_field, Field):
            raise TypeError(f"GeneratedField.output_field must be a field, not {output_field!r}.")
        super().__init__(**options)
        self.expression = F(expression) if isinstance(expression, str) else as_expression(expression)
        self.output_field = output_field
        self.db_persist = db_persist
        # The value's kind is that of the field it stands for.
        self.kind = output_field.kind
        self.max_length = output_field.max_length
        self.max_digits = output_field.max_digits
        self.decimal_places = output_field.decimal_places
        if "base_field" in vars(output_field):  # of an array's elements
            self.base_field = vars(output_field)["base_field"]

    def given_option(self, option: str) -> Any:
        """As any field's; a length is that of the field it stands for."""
        return None if option == "max_length" else super().given_option(option)

    @cached_property
    def referenced_fields(self) -> frozenset[str]:
        """The names of the fields it is computed from."""
        return frozenset(name.split("__")[0] for name in names_in(self.expression))

    def expression_sql(self, dialect: Dialect) -> str:
        """The expression as text of the schema."""
        return schema_sql(self.model, self.expression, dialect)

    def db_type(self, connection: Dialect) -> str:
        return self.output_field.db_type(connection)

    def db_parameters(self, connection: Dialect) -> dict[str, str | None]:
        """As any field's, with the collation of the field it stands for."""
        found = super().db_parameters(connection)
        collation = getattr(self.output_field, "db_collation", None)
        return found | ({"collation": collation} if collation else {})

    def get_internal_type(self) -> str:
        return self.output_field.get_internal_type()

    @property
    def value_field(self) -> Any:
        return self.output_field

    def comparable_range(self) -> tuple[int, int]:
        """As of the field it stands for."""
        return self.output_field.comparable_range()

    def get_prep_value(self, value: Any) -> Any:
        return self.output_field.get_prep_value(value)

    def to_python(self, value: Any) -> Any:
        return self.output_field.to_python(value)

    @property
    def from_db_value(self) -> Any:
        """What the field it stands for reads values with, where it has something of its own."""
        return getattr(self.output_field, "from_db_value", None)

    def get_default(self) -> Any:
        """There is none: the database says what it is."""
        return None

    def validate(self, value: Any, instance: Any) -> None:
        """Whatever the database computes is valid."""

    def lookups(self) -> dict[str, type]:
        return {**super().lookups(), **self.output_field.lookups()}

    def lookup_named(self, name: str) -> type | None:
        return self.output_field.lookup_named(name) or super().lookup_named(name)

    def __get__(self, instance: Any, owner: Any) -> Any:
        if instance is not None and instance._state.adding:
            raise AttributeError("Cannot read a generated field from an unsaved model.")
        return super().__get__(instance, owner)

    # -- checks --------------------------------------------------------------------------------------------------------

    def own_checks(self, aliases: Iterable[str], from_model: object) -> Iterable[CheckMessage]:
        """What the database can, and what is wrong with the field it stands for."""
        for alias in aliases:
            dialect = databases[alias].dialect
            required = self.model._meta.required_db_features
            wanted = "supports_stored_generated_columns" if self.db_persist else "supports_virtual_generated_columns"
            if not self.db_persist and not dialect.capabilities.virtual_columns and wanted not in required:
                yield Error(
                    f"{dialect.display_name} does not support non-persisted GeneratedFields.",
                    hint="Set db_persist=True on the field.",
                    obj=self,
                    id="fields.E221",
                )
        self.output_field.set_attributes_from_name(self.name)
        self.output_field.model = self.model
        found = self.output_field.check(databases=aliases)
        for serious, kind, identifier, noun in ((True, Error, "E223", "errors"), (False, Warning, "W224", "warnings")):
            said = [message for message in found if message.is_serious() is serious]
            if said:
                listed = "\n    ".join(f"{message.msg} ({message.id})" for message in said)
                text = f"GeneratedField.output_field has {noun}:\n    {listed}"
                yield kind(text, obj=self, id=f"fields.{identifier}")

    def check_declaration(self) -> None:
        """Refuse an expression that names other tables."""
        super().check_declaration()
        if any("__" in name for name in names_in(self.expression) if name.split("__")[0] in self._relations()):
            raise ImproperlyConfigured(f"{self} is computed from its own row: {self.expression!r} names another table.")

    def _relations(self) -> set[str]:
        return {field.name for field in self.model._meta.local_fields if field.is_relation}
