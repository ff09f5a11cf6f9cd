"""What operations on a whole model share, and the one that ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orm.migrations.operation import OperationCategory
from orm.migrations.operation_blocking import Operation

if TYPE_CHECKING:
    from orm.migrations.operation import AwaitableOperation
    from orm.migrations.state import ProjectState
    from orm.models.schema_editor import AwaitableSchemaEditor
    from orm.structures.deconstruct import DeconstructedOperation


class ModelOperation(Operation):
    """An operation on the model ``name``."""

    transactional = True

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def name_lower(self) -> str:
        """The model's name, as it is a key."""
        return self.name.lower()

    def references_model(self, name: str, app_label: str) -> bool:
        return name.lower() == self.name_lower

    def reduce(self, operation: Any, app_label: str) -> bool | list[AwaitableOperation]:
        return super().reduce(operation, app_label) or self.can_reduce_through(operation, app_label)

    def can_reduce_through(self, operation: AwaitableOperation, app_label: str) -> bool:
        """Whether this can change places with another operation."""
        return not operation.references_model(self.name, app_label)


class DeleteModel(ModelOperation):
    """Delete a model and its table."""

    category = OperationCategory.REMOVAL

    def deconstruct(self) -> DeconstructedOperation:
        return type(self).__name__, [], {"name": self.name}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.remove_model(app_label, self.name_lower)

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = from_state.apps.get_model(app_label, self.name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            await schema_editor.adelete_model(model)

    async def backwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = to_state.apps.get_model(app_label, self.name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            await schema_editor.acreate_model(model)

    def references_model(self, name: str, app_label: str) -> bool:
        return True  # what refers to a model that goes can't be told any more

    def describe(self) -> str:
        return f"Delete model {self.name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"delete_{self.name_lower}"
