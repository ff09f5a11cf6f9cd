"""Operations on constraints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orm.migrations.operation import OperationCategory
from orm.migrations.operations.indexes import IndexOperation, RemovalByName
from orm.models.constraints import BaseConstraint

if TYPE_CHECKING:
    from orm.migrations.operation import AwaitableOperation
    from orm.migrations.state import ProjectState
    from orm.models.schema_editor import AwaitableSchemaEditor
    from orm.structures.deconstruct import DeconstructedOperation


def checked_constraint(given: object) -> BaseConstraint:
    """What was given, which has to be a constraint. Raises ``TypeError``."""
    if not isinstance(given, BaseConstraint):
        raise TypeError(f"An operation on a constraint takes one, not {given!r}.")
    return given


class AddConstraint(IndexOperation):
    """Add a constraint."""

    category = OperationCategory.ADDITION
    option_name = "constraints"

    def __init__(self, model_name: str, constraint: object) -> None:
        self.model_name = model_name
        self.constraint = checked_constraint(constraint)

    def deconstruct(self) -> DeconstructedOperation:
        return type(self).__name__, [], {"model_name": self.model_name, "constraint": self.constraint}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.add_constraint(app_label, self.model_name_lower, self.constraint)

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            await schema_editor.aadd_constraint(model, self.constraint)

    async def backwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            await schema_editor.aremove_constraint(model, self.constraint)

    def describe(self) -> str:
        return f"Create constraint {self.constraint.name} on model {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"{self.model_name_lower}_{self.constraint.name.lower()}"

    def reduce(self, operation: Any, app_label: str) -> bool | list[AwaitableOperation]:
        same = (
            isinstance(operation, (RemoveConstraint, AlterConstraint))
            and self.model_name_lower == operation.model_name_lower
            and self.constraint.name == operation.name
        )
        if same:
            if isinstance(operation, RemoveConstraint):
                return []
            return [AddConstraint(self.model_name, operation.constraint)]
        return super().reduce(operation, app_label)


class RemoveConstraint(RemovalByName):
    """Remove the constraint of that name."""

    option_name = "constraints"

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.remove_constraint(app_label, self.model_name_lower, self.name)

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            constraint = from_state.models[app_label, self.model_name_lower].get_constraint_by_name(self.name)
            await schema_editor.aremove_constraint(model, constraint)

    async def backwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            constraint = to_state.models[app_label, self.model_name_lower].get_constraint_by_name(self.name)
            await schema_editor.aadd_constraint(model, constraint)

    def describe(self) -> str:
        return f"Remove constraint {self.name} from model {self.model_name}"


class AlterConstraint(IndexOperation):
    """Change what only validation in Python sees of a constraint: the database is left alone."""

    category = OperationCategory.ALTERATION
    option_name = "constraints"

    def __init__(self, model_name: str, name: str, constraint: object) -> None:
        self.model_name = model_name
        self.name = name
        self.constraint = checked_constraint(constraint)

    def deconstruct(self) -> DeconstructedOperation:
        options = {"model_name": self.model_name, "name": self.name, "constraint": self.constraint}
        return type(self).__name__, [], options

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.alter_constraint(app_label, self.model_name_lower, self.name, self.constraint)

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Nothing: the database does not see the change."""

    async def backwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Nothing: the database does not see the change."""

    def describe(self) -> str:
        return f"Alter constraint {self.name} on {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"alter_{self.model_name_lower}_{self.constraint.name.lower()}"

    def reduce(self, operation: object, app_label: str) -> bool | list[AwaitableOperation]:
        if (
            isinstance(operation, (AlterConstraint, RemoveConstraint))
            and self.model_name_lower == operation.model_name_lower
            and self.name == operation.name
        ):
            return [operation]
        return super().reduce(operation, app_label)
