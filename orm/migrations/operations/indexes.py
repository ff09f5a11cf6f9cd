"""Operations on indexes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from orm.migrations.operation import OperationCategory
from orm.migrations.operation_blocking import Operation
from orm.models.indexes import Index
from orm.sql import ddl

if TYPE_CHECKING:
    from orm.migrations.operation import AwaitableOperation
    from orm.migrations.state import ProjectState
    from orm.models.schema_editor import AwaitableSchemaEditor
    from orm.structures.deconstruct import DeconstructedOperation


class IndexOperation(Operation):
    """An operation on an index (or constraint) of the model ``model_name``."""

    option_name = "indexes"
    transactional = True
    model_name: str
    concurrently: ClassVar[bool] = False
    """Whether others write meanwhile."""
    reads_rows: ClassVar[bool] = True
    """Whether the rows there are have to meet a constraint at once."""
    validates: ClassVar[bool] = False
    """Whether rows are checked that were left alone when the constraint came."""

    @property
    def model_name_lower(self) -> str:
        """The model's name, as it is a key."""
        return self.model_name.lower()

    def references_model(self, name: str, app_label: str) -> bool:
        return name.lower() == self.model_name_lower

    def reduce(self, operation: Any, app_label: str) -> bool | list[AwaitableOperation]:
        reduced = super().reduce(operation, app_label)
        return reduced or not operation.references_model(self.model_name, app_label)


class RemovalByName(IndexOperation):
    """Removes the index (or constraint) of that name."""

    category = OperationCategory.REMOVAL

    def __init__(self, model_name: str, name: str) -> None:
        self.model_name = model_name
        self.name = name

    def deconstruct(self) -> DeconstructedOperation:
        return type(self).__name__, [], {"model_name": self.model_name, "name": self.name}

    @property
    def migration_name_fragment(self) -> str:
        return f"remove_{self.model_name_lower}_{self.name.lower()}"


class AddIndex(IndexOperation):
    """Add an index, which needs a name."""

    category = OperationCategory.ADDITION

    def __init__(self, model_name: str, index: object) -> None:
        self.model_name = model_name
        if not isinstance(index, Index):
            raise TypeError(f"AddIndex takes an Index, not {index!r}.")
        if not index.name:
            raise ValueError(
                f"Indexes passed to AddIndex operations require a name argument. {index!r} doesn't have one."
            )
        self.index = index

    def deconstruct(self) -> DeconstructedOperation:
        return type(self).__name__, [], {"model_name": self.model_name, "index": self.index}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.add_index(app_label, self.model_name_lower, self.index)

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            await schema_editor.aadd_index(model, self.index)

    async def backwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            await schema_editor.aremove_index(model, self.index)

    def describe(self) -> str:
        if self.index.expressions:
            shown = ", ".join(str(one) for one in self.index.expressions)
            return f"Create index {self.index.name} on {shown} on model {self.model_name}"
        fields = ", ".join(self.index.fields)
        return f"Create index {self.index.name} on field(s) {fields} of model {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"{self.model_name_lower}_{self.index.name.lower()}"

    def reduce(self, operation: object, app_label: str) -> bool | list[AwaitableOperation]:
        if isinstance(operation, RemoveIndex) and self.index.name == operation.name:
            return []
        if isinstance(operation, RenameIndex) and self.index.name == operation.old_name:
            index = self.index.clone()
            index.name = operation.new_name
            return [type(self)(model_name=self.model_name, index=index)]
        return super().reduce(operation, app_label)


class RemoveIndex(RemovalByName):
    """Remove the index of that name."""

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.remove_index(app_label, self.model_name_lower, self.name)

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            index = from_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
            await schema_editor.aremove_index(model, index)

    async def backwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            index = to_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
            await schema_editor.aadd_index(model, index)

    def describe(self) -> str:
        return f"Remove index {self.name} from {self.model_name}"


class RenameIndex(IndexOperation):
    """Give an index another name; ``old_fields`` instead of ``old_name`` stand for an index nobody named."""

    category = OperationCategory.ALTERATION

    def __init__(
        self,
        model_name: str,
        new_name: str,
        old_name: str | None = None,
        old_fields: Iterable[str] | None = None,
    ) -> None:
        if not old_name and not old_fields:
            raise ValueError("RenameIndex requires one of old_name and old_fields arguments to be set.")
        if old_name and old_fields:
            raise ValueError("RenameIndex.old_name and old_fields are mutually exclusive.")
        self.model_name = model_name
        self.new_name = new_name
        self.old_name = old_name
        self.old_fields = old_fields

    @property
    def old_name_lower(self) -> str:
        """The old name, for comparing."""
        return str(self.old_name).lower()

    @property
    def new_name_lower(self) -> str:
        """The new name, for comparing."""
        return self.new_name.lower()

    def deconstruct(self) -> DeconstructedOperation:
        options: dict[str, Any] = {"model_name": self.model_name, "new_name": self.new_name}
        if self.old_name:
            options["old_name"] = self.old_name
        if self.old_fields:
            options["old_fields"] = self.old_fields
        return type(self).__name__, [], options

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        if self.old_fields:
            index = Index(fields=list(self.old_fields), name=self.new_name)
            state.add_index(app_label, self.model_name_lower, index)
            state.remove_model_options(app_label, self.model_name_lower, "index_together", tuple(self.old_fields))
        else:
            state.rename_index(app_label, self.model_name_lower, str(self.old_name), self.new_name)

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        before = from_state.apps.get_model(app_label, self.model_name)
        if self.old_fields:
            new: Any = Index(fields=list(self.old_fields), name=self.new_name)
            columns = [ddl.column_of(before, name) for name in self.old_fields]
            names = await schema_editor.names_of(before._meta.db_table, columns, index=True, unique=False)
            if len(names) != 1:
                raise ValueError(
                    f"Found wrong number ({len(names)}) of indexes for {before._meta.db_table}({', '.join(columns)})."
                )
            old: Any = Index(fields=list(self.old_fields), name=names[0])
        else:
            new = to_state.models[app_label, self.model_name_lower].get_index_by_name(self.new_name)
            old = from_state.models[app_label, self.model_name_lower].get_index_by_name(str(self.old_name))
        if old.name != new.name:
            await schema_editor.arename_index(model, old, new)

    async def backwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if self.old_fields:
            return  # the index had a name nobody gave; it keeps the one it has
        turned = type(self)(self.model_name, str(self.old_name), self.new_name)
        await turned.forwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        if self.old_name:
            return f"Rename index {self.old_name} on {self.model_name} to {self.new_name}"
        fields = tuple(self.old_fields or ())
        return f"Rename unnamed index for {fields} on {self.model_name} to {self.new_name}"

    @property
    def migration_name_fragment(self) -> str:
        if self.old_name:
            return f"rename_{self.old_name_lower}_{self.new_name_lower}"
        fields = "_".join(self.old_fields or ())
        return f"rename_{self.model_name_lower}_{fields}_{self.new_name_lower}"

    def reduce(self, operation: object, app_label: str) -> bool | list[AwaitableOperation]:
        if (
            isinstance(operation, RenameIndex)
            and self.model_name_lower == operation.model_name_lower
            and operation.old_name
            and self.new_name_lower == operation.old_name_lower
        ):
            return [RenameIndex(self.model_name, operation.new_name, self.old_name, self.old_fields)]
        return super().reduce(operation, app_label)
