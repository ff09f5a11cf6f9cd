"""What operations share: they change the state, the database (both ways, in either colour) and each other.

An operation of one's own subclasses ``Operation`` and defines ``state_forwards`` and either ``database_forwards`` and
``database_backwards`` or their awaitable forms; the missing form is made. ``describe`` is what people read.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, ClassVar, Self

from orm.bridge.overrides import complete
from orm.db.registry import databases
from orm.db.routing import routes
from orm.errors import ProgrammingError

if TYPE_CHECKING:
    from orm.migrations.state import ProjectState
    from orm.models.base import AwaitableModel
    from orm.models.schema_editor import AwaitableSchemaEditor
    from orm.structures.deconstruct import DeconstructedOperation


class OperationCategory(enum.StrEnum):
    """What an operation does, in one character."""

    ADDITION = "+"
    REMOVAL = "-"
    ALTERATION = "~"
    PYTHON = "p"
    SQL = "s"
    MIXED = "?"


class AwaitableOperation:
    """One step of a migration. Its arguments are kept, so that a file can be written from it."""

    NOT_TWINNED: ClassVar[tuple[str, ...]] = ("forwards", "backwards")

    reversible = True
    """Whether it can be taken back."""
    reduces_to_sql = True
    """Whether ``sqlmigrate`` can show all of it."""
    atomic = False
    """Whether it needs a transaction of its own in a migration that has none."""
    transactional: bool = False
    """Whether it may run in a transaction whatever the migration says: it is known to do what it does in one piece."""
    elidable = False
    """Whether squashing may leave it out."""
    serialization_expand_args: ClassVar[tuple[str, ...] | list[str]] = ()
    category: OperationCategory | None = None

    _constructor_args: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: object, **options: object) -> Self:
        self = object.__new__(cls)
        self._constructor_args = (args, options)
        return self

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        complete(cls)

    def deconstruct(self) -> DeconstructedOperation:
        """The class's name, and the arguments that make the operation again."""
        args, options = self._constructor_args
        return type(self).__name__, list(args), dict(options)

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change the state as this operation changes the models."""
        raise NotImplementedError("subclasses of Operation must provide a state_forwards() method")

    async def adatabase_forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Change the database."""
        await self.forwards(app_label, schema_editor, from_state, to_state)

    async def adatabase_backwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Take the change of the database back; ``from_state`` is the state with it, ``to_state`` the one without."""
        await self.backwards(app_label, schema_editor, from_state, to_state)

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """What ``adatabase_forwards`` does, for the library's own operations."""
        raise NotImplementedError("subclasses of Operation must provide a database_forwards() method")

    async def backwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """What ``adatabase_backwards`` does, for the library's own operations."""
        raise NotImplementedError("subclasses of Operation must provide a database_backwards() method")

    def describe(self) -> str:
        """A sentence about what this does."""
        return f"{type(self).__name__}: {self._constructor_args}"

    def formatted_description(self) -> str:
        """The sentence, after the sign of its category."""
        category = self.category or OperationCategory.MIXED
        return f"{category.value} {self.describe()}"

    def remedy(self, error: Exception) -> str | None:
        """A sentence on what to do about an error that came while this was run; None where nothing is known."""
        if isinstance(error, ProgrammingError) and "already exists" in str(error):
            return (
                "A table that got another name keeps its indexes and constraints under their earlier names, and one of "
                "those may be what is there. Rename it in an operation before this one, RunSQL('ALTER INDEX old_name "
                "RENAME TO new_name'), or drop it and create it anew where the database has no such statement."
            )
        return None

    @property
    def migration_name_fragment(self) -> str | None:
        """What a migration's name may be made of; None for nothing."""
        return None

    def references_model(self, name: str, app_label: str) -> bool:
        """Whether this may touch or name a model; wrongly True only stops an optimization."""
        return True

    def references_field(self, model_name: str, name: str, app_label: str) -> bool:
        """Whether this may touch or name a field of a model."""
        return self.references_model(model_name, app_label)

    def allow_migrate_model(self, connection_alias: str, model: Any) -> bool:
        """Whether a model has a table of its own to be kept in a database, as it and the routers say."""
        return can_migrate(model, connection_alias) and routes.allow_migrate_model(connection_alias, model)

    def reduce(self, operation: AwaitableOperation, app_label: str) -> bool | list[AwaitableOperation]:
        """What this and a later operation come to.

        A list of operations to stand in their place; True where they may change places; False where they may not.
        """
        if self.elidable:
            return [operation]
        if operation.elidable:
            return [self]
        return False

    def __repr__(self) -> str:
        args, options = self._constructor_args
        shown = "".join(f" {one!r}," for one in args).removesuffix(",") if args else ""
        named = "".join(f" {name}={value!r}," for name, value in options.items()).removesuffix(",")
        return f"<{type(self).__name__}{shown}{',' if shown and named else ''}{named}>"


def can_migrate(model: type[AwaitableModel], alias: str) -> bool:
    """Whether a model has a table that migrations keep, in a database of this kind."""
    meta = model._meta
    if meta.proxy or meta.swapped or not meta.managed:
        return False
    vendor = getattr(meta, "required_db_vendor", None)
    return not vendor or vendor == databases[alias].backend.name
