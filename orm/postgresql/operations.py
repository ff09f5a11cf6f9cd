"""Operations of migrations that PostgreSQL has: indexes built beside writers, constraints validated later, extensions
and collations.

A database that has none of what an operation does is left alone by it, or gets the plain form: the same history runs
on every database. Building an index beside writers is refused inside a transaction, as PostgreSQL refuses it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from orm.db.transactions.public import in_atomic_block
from orm.errors import NotSupportedError
from orm.migrations.operation import OperationCategory
from orm.migrations.operation_blocking import Operation
from orm.migrations.operations.constraints import AddConstraint
from orm.migrations.operations.indexes import AddIndex, IndexOperation, RemoveIndex
from orm.migrations.operations.objects import DatabaseObject, Removal
from orm.models.constraints import CheckConstraint
from orm.sql.literals import literal

if TYPE_CHECKING:
    from orm.migrations.operation import AwaitableOperation
    from orm.migrations.state import ProjectState
    from orm.models.schema_editor import AwaitableSchemaEditor
    from orm.sql.dialect import Dialect
    from orm.structures.deconstruct import DeconstructedOperation

__all__ = [
    "AddConstraintNotValid",
    "AddIndexConcurrently",
    "BloomExtension",
    "BtreeGinExtension",
    "BtreeGistExtension",
    "CITextExtension",
    "CreateCollation",
    "CreateExtension",
    "CryptoExtension",
    "HStoreExtension",
    "RemoveCollation",
    "RemoveIndexConcurrently",
    "TrigramExtension",
    "UnaccentExtension",
    "ValidateConstraint",
]

PROVIDERS = ("libc", "icu", "builtin")
_LOCALE = re.compile(r"[\w@.=;-]+\Z", re.ASCII)


def _refuse_inside(operation: Operation, schema_editor: AwaitableSchemaEditor) -> None:
    """Raise NotSupportedError inside a transaction, where the database would wait for itself."""
    alias = schema_editor.connection.alias
    if schema_editor.dialect.capabilities.concurrent_indexes and in_atomic_block(alias):
        raise NotSupportedError(
            f"The {type(operation).__name__} operation cannot be executed inside a transaction (set atomic = False on "
            "the migration)."
        )


class AddIndexConcurrently(AddIndex):
    """Build an index while others write. The migration says ``atomic = False``."""

    atomic = False
    transactional = False
    concurrently = True

    def describe(self) -> str:
        fields = ", ".join(self.index.fields)
        return f"Concurrently create index {self.index.name} on field(s) {fields} of model {self.model_name}"

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        _refuse_inside(self, schema_editor)
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            await schema_editor.aadd_index(model, self.index, concurrently=True)

    async def backwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        _refuse_inside(self, schema_editor)
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            await schema_editor.aremove_index(model, self.index, concurrently=True)


class RemoveIndexConcurrently(RemoveIndex):
    """Drop an index while others write. The migration says ``atomic = False``."""

    atomic = False
    transactional = False
    concurrently = True

    def describe(self) -> str:
        return f"Concurrently remove index {self.name} from {self.model_name}"

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        _refuse_inside(self, schema_editor)
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            index = from_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
            await schema_editor.aremove_index(model, index, concurrently=True)

    async def backwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        _refuse_inside(self, schema_editor)
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            index = to_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
            await schema_editor.aadd_index(model, index, concurrently=True)


class AddConstraintNotValid(AddConstraint):
    """Add a check for rows to come, without reading those there are; ``ValidateConstraint`` does that later.

    Raises ``TypeError`` for another kind of constraint.
    """

    reads_rows = False

    def __init__(self, model_name: str, constraint: object) -> None:
        if not isinstance(constraint, CheckConstraint):
            raise TypeError("AddConstraintNotValid.constraint must be a check constraint.")
        super().__init__(model_name, constraint)

    def describe(self) -> str:
        return f"Create not valid constraint {self.constraint.name} on model {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"{super().migration_name_fragment}_not_valid"

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            await schema_editor.aadd_constraint(model, self.constraint, validated=False)


class ValidateConstraint(IndexOperation):
    """Check the rows there are against a constraint that was added without; others write meanwhile."""

    category = OperationCategory.ALTERATION
    option_name = "constraints"
    validates = True

    def __init__(self, model_name: str, name: str) -> None:
        self.model_name = model_name
        self.name = name

    def deconstruct(self) -> DeconstructedOperation:
        return type(self).__name__, [], {"model_name": self.model_name, "name": self.name}

    def describe(self) -> str:
        return f"Validate constraint {self.name} on model {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"{self.model_name_lower}_validate_{self.name.lower()}"

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Nothing: the constraint is there already."""

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            dialect = schema_editor.dialect
            table, name = dialect.quote(model._meta.db_table), dialect.quote(self.name)
            await schema_editor.apply(dialect.validate_constraint(table, name))

    async def backwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Nothing: what has been validated may stay so."""


class CreateExtension(DatabaseObject):
    """Add an extension to the database, unless it is there."""

    noun = "extension"

    def __init__(self, name: str, hints: dict[str, Any] | None = None) -> None:
        self.name = name
        self.hints = hints or {}

    def made(self, dialect: Dialect, model: object) -> list[Any]:
        return [dialect.create_extension(dialect.quote(self.name))]

    def dropped(self, dialect: Dialect, model: object) -> list[Any]:
        return [dialect.drop_extension(dialect.quote(self.name))]

    def describe(self) -> str:
        return f"Creates extension {self.name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"create_extension_{self.name}"


class _Named(CreateExtension):
    """An extension whose name the class knows."""

    extension: ClassVar[str]

    def __init__(self, hints: dict[str, Any] | None = None) -> None:
        super().__init__(self.extension, hints)


class BloomExtension(_Named):
    """Bloom filters as indexes."""

    extension = "bloom"


class BtreeGinExtension(_Named):
    """Plain values in GIN indexes."""

    extension = "btree_gin"


class BtreeGistExtension(_Named):
    """Plain values in GiST indexes."""

    extension = "btree_gist"


class CITextExtension(_Named):
    """Text without case."""

    extension = "citext"


class CryptoExtension(_Named):
    """Cryptographic functions."""

    extension = "pgcrypto"


class HStoreExtension(_Named):
    """Texts by key."""

    extension = "hstore"


class TrigramExtension(_Named):
    """Similarity of texts."""

    extension = "pg_trgm"


class UnaccentExtension(_Named):
    """Text without accents."""

    extension = "unaccent"


class CollationOperation(DatabaseObject):
    """An operation on a collation, which it can make and drop.

    Raises ``ValueError`` for a provider or locale that can't be one.
    """

    noun = "collation"

    def __init__(self, name: str, locale: str, *, provider: str = "libc", deterministic: bool = True) -> None:
        if provider not in PROVIDERS:
            raise ValueError(f"{provider!r} is no provider of collations: there are {', '.join(PROVIDERS)}.")
        if not _LOCALE.match(locale):
            raise ValueError(f"{locale!r} can't be the name of a locale.")
        self.name, self.locale = name, locale
        self.provider, self.deterministic = provider, deterministic

    def deconstruct(self) -> DeconstructedOperation:
        options: dict[str, Any] = {"name": self.name, "locale": self.locale}
        if self.provider != "libc":
            options["provider"] = self.provider
        if not self.deterministic:
            options["deterministic"] = False
        return type(self).__name__, [], options

    def made(self, dialect: Dialect, model: object) -> list[Any]:
        locale = literal(self.locale, dialect)
        return [dialect.create_collation(dialect.quote(self.name), locale, self.provider, self.deterministic)]

    def dropped(self, dialect: Dialect, model: object) -> list[Any]:
        return [dialect.drop_collation(dialect.quote(self.name))]


class CreateCollation(CollationOperation):
    """Make a collation."""

    def describe(self) -> str:
        return f"Create collation {self.name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"create_collation_{self.name.lower()}"

    def reduce(self, operation: AwaitableOperation, app_label: str) -> bool | list[AwaitableOperation]:
        same = isinstance(operation, RemoveCollation) and self.name == operation.name
        return [] if same else super().reduce(operation, app_label)


class RemoveCollation(Removal, CollationOperation):
    """Drop a collation; the arguments say how it is made again."""
