"""``Index``, for ``Meta.indexes``, and the expressions that only stand in indexes and constraints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from orm.late import hashlib
from orm.models.conditions import columns_named, index_part, schema_sql
from orm.models.declarations import one_form
from orm.sql import ddl
from orm.sql.calls import Func
from orm.sql.nodes import Rendered
from orm.sql.references import F
from orm.sql.schema import Statement
from orm.structures.public_names import public_path

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.models.schema_editor import AwaitableSchemaEditor
    from orm.sql.compiler import Compiler
    from orm.sql.described import ModelClass
    from orm.sql.dialect import Dialect
    from orm.structures.deconstruct import Deconstructed


class Index:
    """An index on columns or expressions.

    Parameters:
        fields: names, with ``-`` in front for descending order; or ``expressions`` are given instead.
        name: the index's name in the database; needed with expressions, a condition, ``opclasses`` and ``include``.
        condition: a Q that limits the index to some rows.
        opclasses: for each field, the operator class it is indexed with, where the database has those.
        include: names of fields whose columns the index carries along, where the database can.
        db_tablespace: where the index is stored, where the database has tablespaces.

    Raises ``ValueError`` for options that do not go together.
    """

    suffix = "idx"
    max_name_length = 30
    """The longest name that every database takes; one that is made is no longer."""
    method: ClassVar[str | None] = None
    """How the database builds it (``gin``); None: its usual way."""

    def __new__(cls, *args: Any, **options: Any) -> Self:
        self = super().__new__(cls)
        self._declared = (args, options)
        return self

    _declared: tuple[tuple[Any, ...], dict[str, Any]]

    def __init__(
        self,
        *expressions: object,
        fields: Iterable[str] = (),
        name: str | None = None,
        db_tablespace: str | None = None,
        opclasses: Sequence[str] = (),
        condition: object = None,
        include: Sequence[str] | None = None,
    ) -> None:
        for option, given in (("fields", fields), ("opclasses", opclasses), ("include", include)):
            if isinstance(given, str):
                raise ValueError(f"Index.{option} must be a list or tuple. It is the text {given!r}")
        self.fields = tuple(fields)
        self.expressions = tuple(F(one) if isinstance(one, str) else one for one in expressions)
        self.opclasses = tuple(map(ddl.operator_class, opclasses))
        self.include = tuple(include or ())
        self.db_tablespace = db_tablespace
        self.condition = condition
        self.name = name or ""
        self._check()

    def _check(self) -> None:
        if not self.fields and not self.expressions:
            raise ValueError("At least one field or expression is required to define an index.")
        if self.fields and self.expressions:
            raise ValueError("Index.fields and expressions are mutually exclusive.")
        if not all(isinstance(field, str) for field in self.fields):
            raise ValueError("Index.fields must contain only strings with field names.")
        if self.condition is not None and not getattr(self.condition, "conditional", False):
            raise ValueError(f"Index.condition must be a Q instance, not {self.condition!r}.")
        if self.opclasses and self.expressions:
            raise ValueError("Index.opclasses cannot be used with expressions. Use OpClass() instead.")
        if self.opclasses and len(self.opclasses) != len(self.fields):
            raise ValueError("Index.fields and Index.opclasses must have the same number of elements.")
        if not self.name:
            needs = {
                "An index must be named to use expressions.": self.expressions,
                "An index must be named to use opclasses.": self.opclasses,
                "An index must be named to use condition.": self.condition is not None,
                "A covering index must be named.": self.include,
            }
            for said, given in needs.items():
                if given:
                    raise ValueError(said)

    @property
    def field_names(self) -> tuple[str, ...]:
        """Names of the indexed fields, without their direction."""
        return tuple(name.removeprefix("-") for name in self.fields)

    @property
    def fields_orders(self) -> list[tuple[str, str]]:
        """Names of the indexed fields, each with ``DESC`` or nothing."""
        return [(name.removeprefix("-"), "DESC" if name.startswith("-") else "") for name in self.fields]

    def for_model(self, placeholders: Mapping[str, str]) -> Self:
        """This index for one model: the same, or a copy with the placeholders of its name filled in."""
        if "%" not in self.name:
            return self
        args, options = self._declared
        return type(self)(*args, **{**options, "name": ddl.named_for_model(self.name, placeholders)})

    def deconstruct(self) -> Deconstructed:
        """Import path, positional and keyword arguments that declare this index again."""
        args, options = one_form(*self._declared, fields=list)
        if self.name:
            options["name"] = self.name
        return public_path(type(self)), args, options

    def clone(self) -> Self:
        """An index declared the same way, under the name this one has."""
        _, args, options = self.deconstruct()
        return type(self)(*args, **options)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Index) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash((type(self), self.fields, self.name))

    def __repr__(self) -> str:
        shown = [f"fields={list(self.fields)!r}" if self.fields else f"expressions={self.expressions!r}"]
        if self.name:
            shown.append(f"name={self.name!r}")
        if self.db_tablespace is not None:
            shown.append(f"db_tablespace={self.db_tablespace!r}")
        if self.condition is not None:
            shown.append(f"condition={self.condition}")
        if self.include:
            shown.append(f"include={self.include!r}")
        if self.opclasses:
            shown.append(f"opclasses={list(map(str, self.opclasses))!r}")
        return f"<{type(self).__qualname__}: {' '.join(shown)}>"

    def name_for(self, model: type[AwaitableModel], dialect: Dialect) -> str:
        """The index's name in the database."""
        return self.name or self.name_on(model)

    def name_on(self, model: type[AwaitableModel]) -> str:
        """The name an index without one gets: of its table, its first column and a digest, at most 30 characters.

        The same as Django's, so that a migration of either finds the index.
        """
        table = model._meta.db_table.replace('"', "").rpartition(".")[2]
        columns = [ddl.column_of(model, name) for name in self.field_names]
        directed = [
            ("-" if name.startswith("-") else "") + column for name, column in zip(self.fields, columns, strict=True)
        ]
        digest = hashlib.md5("".join([table, *directed, self.suffix]).encode(), usedforsecurity=False).hexdigest()
        name = f"{table[:11]}_{columns[0][:7]}_{digest[:6]}_{self.suffix}"
        return f"D{name[1:]}" if name[0] == "_" or name[0].isdigit() else name

    def set_name_with_model(self, model: type[AwaitableModel]) -> None:
        """Take the name that an index without one gets."""
        self.name = self.name_on(model)

    def storage(self) -> list[str]:
        """Parameters of the index's method, as SQL text; subclasses that have some give them."""
        return []

    def tablespace_for(self, model: type[AwaitableModel]) -> str | None:
        """Where the index is stored, if it says so or is of one field that does."""
        names = self.field_names
        field: Any = model._meta.get_field(names[0]) if len(names) == 1 and not self.db_tablespace else None
        return self.db_tablespace if field is None else ddl.index_tablespace(field)

    def create_statement(
        self, model: Any, dialect: Dialect, if_not_exists: bool = False, concurrently: bool = False
    ) -> str:
        """CREATE INDEX."""
        condition = schema_sql(model, self.condition, dialect) if self.condition is not None else None
        return ddl.create_index(
            model, self.name_for(model, dialect), ", ".join(self._parts(model, dialect)), dialect, method=self.method,
            include=self.include, storage=self.storage(), tablespace=self.tablespace_for(model), condition=condition,
            if_not_exists=if_not_exists, concurrently=concurrently,
        )  # fmt: skip

    def create_sql(
        self, model: type[AwaitableModel], schema_editor: AwaitableSchemaEditor, using: str = ""
    ) -> Statement:
        """The statement that creates the index; ``using`` names another method of building it, as a checked word."""
        if using and not using.strip().removeprefix("USING ").strip().isidentifier():
            raise ValueError(f"using={using!r} is no name of a method that builds indexes.")
        statement = self.create_statement(model, schema_editor.dialect)
        table = ddl.finished(schema_editor.dialect.quote(model._meta.db_table))
        method = using.strip().removeprefix("USING ").strip()
        statement = statement.replace(f" ON {table} ", f" ON {table} USING {method} ", 1) if method else statement
        columns = columns_named(model, [*self.fields, *self.include], *self.expressions, self.condition)
        return Statement.about(statement, model._meta.db_table, columns)

    def remove_sql(self, model: type[AwaitableModel], schema_editor: AwaitableSchemaEditor) -> str:
        """The statement that drops the index."""
        dialect = schema_editor.dialect
        name = dialect.quote(self.name_for(model, dialect))
        return ddl.finished(dialect.drop_index(dialect.quote(model._meta.db_table), name))

    def _parts(self, model: ModelClass, dialect: Dialect) -> list[str]:
        """What is indexed: columns with their operator class and direction, or expressions."""
        if self.expressions:
            return [index_part(model, one, dialect) for one in self.expressions]
        return ddl.index_columns(model, self.fields, self.opclasses, dialect)


class OpClass(Func):
    """An expression with the operator class it is indexed with: ``OpClass(Lower("name"), name="varchar_pattern_ops")``.

    Raises ``ValueError`` for a ``name`` that is no plain name.
    """

    constraint_validation_compatible = False
    stands_alone = True
    """No parentheses are put around it."""

    def __init__(self, expression: object, name: str) -> None:
        super().__init__(expression)
        self.name = ddl.operator_class(name)

    def as_sql(self, compiler: Compiler, connection: Any, **context: object) -> Rendered:
        sql, params = compiler.compile(self.source_expressions[0])
        return f"({sql}) {self.name}", params
