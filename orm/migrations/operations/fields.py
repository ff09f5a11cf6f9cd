"""Operations on one field: add, remove, alter and rename it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from orm.errors import IntegrityError, ProgrammingError, SchemaMismatch
from orm.migrations.describing import value_is_field
from orm.migrations.operation import OperationCategory
from orm.migrations.operation_blocking import Operation
from orm.migrations.operations.model_base import DeleteModel
from orm.migrations.references import refers
from orm.models.fields.not_provided import NOT_PROVIDED

if TYPE_CHECKING:
    from orm.migrations.operation import AwaitableOperation
    from orm.migrations.state import ProjectState
    from orm.models.fields.base import Field
    from orm.models.schema_editor import AwaitableSchemaEditor
    from orm.structures.deconstruct import DeconstructedOperation


class FieldOperation(Operation):
    """An operation on the field ``name`` of the model ``model_name``."""

    transactional = True

    def __init__(self, model_name: str, name: str, field: Field | None = None) -> None:
        self.model_name = model_name
        self.name = name
        self.field = field

    @property
    def model_name_lower(self) -> str:
        """The model's name, as it is a key."""
        return self.model_name.lower()

    @property
    def name_lower(self) -> str:
        """The field's name, for comparing."""
        return self.name.lower()

    def is_same_model_operation(self, operation: Any) -> bool:
        """Whether another operation is about a field of the same model."""
        return bool(self.model_name_lower == operation.model_name_lower)

    def is_same_field_operation(self, operation: Any) -> bool:
        """Whether another operation is about the same field."""
        return self.is_same_model_operation(operation) and self.name_lower == operation.name_lower

    def references_model(self, name: str, app_label: str) -> bool:
        if name.lower() == self.model_name_lower:
            return True
        if self.field is None:
            return False
        return refers((app_label, self.model_name_lower), self.field, (app_label, name.lower())) is not None

    def references_field(self, model_name: str, name: str, app_label: str) -> bool:
        if model_name.lower() == self.model_name_lower:
            if name == self.name:
                return True
            if self.field is not None and name in (getattr(self.field, "from_fields", None) or ()):
                return True
        if self.field is None:
            return False
        owner, target = (app_label, self.model_name_lower), (app_label, model_name.lower())
        return refers(owner, self.field, target, name) is not None

    def reduce(self, operation: Any, app_label: str) -> bool | list[AwaitableOperation]:
        return super().reduce(operation, app_label) or not operation.references_field(
            self.model_name, self.name, app_label
        )


class FieldGivenOperation(FieldOperation):
    """An operation that brings a field.

    Parameters: without ``preserve_default`` the field's default is for the rows there are, and not kept.
    """

    field: Any

    def __init__(self, model_name: str, name: str, field: Field, preserve_default: bool = True) -> None:
        if not value_is_field(field):
            raise TypeError(f"{type(self).__name__} takes a field, not {field!r}.")
        self.preserve_default = preserve_default
        super().__init__(model_name, name, field)

    def remedy(self, error: Exception) -> str | None:
        """Where rows have no value for a column that may not be NULL, say where one may come from; and how a join
        table becomes a model's.
        """
        field = self.field
        if isinstance(error, SchemaMismatch) and field.many_to_many:
            return (
                f"To keep its rows, give the model that {self.name} goes through the join table (Meta.db_table), "
                "and put its CreateModel and this operation into SeparateDatabaseAndState(state_operations=[...]): the "
                "table is there. Or remove the field first, and add it in a migration after that."
            )
        if isinstance(error, ProgrammingError) and re.search(r"cannot (?:be )?cast", str(error)):
            return (
                f"The database can't convert {self.name} from its old type to the new one. Add a field of the new type "
                "beside it, fill that with Backfill or RunPython (of a key, also where others refer to it), and "
                "remove the old one and rename the new one in a migration after that."
            )
        given = field.null or field.has_default() or field.has_db_default
        if given or not isinstance(error, IntegrityError) or "null" not in str(error).lower():
            return super().remedy(error)
        return (
            f"There are rows without a value for {self.name}. Give the field a default or a db_default; or let it be "
            "null=True first, fill the rows, and take NULL away in a migration after that."
        )

    def deconstruct(self) -> DeconstructedOperation:
        options: dict[str, Any] = {"model_name": self.model_name, "name": self.name, "field": self.field}
        if self.preserve_default is not True:
            options["preserve_default"] = self.preserve_default
        return type(self).__name__, [], options


def is_implied(model: Any, name: str) -> bool:
    """Whether a model has a field although its state names none: the link to its parent, which its bases bring."""
    return any(field.name == name and field.auto_created for field in model._meta.parents.values() if field)


class AddField(FieldGivenOperation):
    """Add a field."""

    category = OperationCategory.ADDITION

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.add_field(app_label, self.model_name_lower, self.name, self.field, self.preserve_default)

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            before = from_state.apps.get_model(app_label, self.model_name)
            field = model._meta.get_field(self.name)
            if is_implied(before, self.name):
                return
            if not self.preserve_default:
                field.default = self.field.default
            await schema_editor.aadd_field(before, field)
            if not self.preserve_default:
                field.default = NOT_PROVIDED

    async def backwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            await schema_editor.aremove_field(model, model._meta.get_field(self.name))

    def describe(self) -> str:
        return f"Add field {self.name} to {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"{self.model_name_lower}_{self.name_lower}"

    def reduce(self, operation: object, app_label: str) -> bool | list[AwaitableOperation]:
        if isinstance(operation, FieldOperation) and self.is_same_field_operation(operation):
            if isinstance(operation, AlterField):
                return [AddField(self.model_name, operation.name, operation.field)]
            if isinstance(operation, RemoveField):
                return []
            if isinstance(operation, RenameField):
                return [AddField(self.model_name, operation.new_name, self.field)]
        return super().reduce(operation, app_label)


class RemoveField(FieldOperation):
    """Remove a field."""

    category = OperationCategory.REMOVAL

    def __init__(self, model_name: str, name: str) -> None:
        super().__init__(model_name, name)

    def deconstruct(self) -> DeconstructedOperation:
        return type(self).__name__, [], {"model_name": self.model_name, "name": self.name}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.remove_field(app_label, self.model_name_lower, self.name)

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            if is_implied(to_state.apps.get_model(app_label, self.model_name), self.name):
                return
            await schema_editor.aremove_field(model, model._meta.get_field(self.name))

    async def backwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            before = from_state.apps.get_model(app_label, self.model_name)
            if is_implied(before, self.name):
                return
            await schema_editor.aadd_field(before, model._meta.get_field(self.name))

    def describe(self) -> str:
        return f"Remove field {self.name} from {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"remove_{self.model_name_lower}_{self.name_lower}"

    def reduce(self, operation: object, app_label: str) -> bool | list[AwaitableOperation]:
        if isinstance(operation, DeleteModel) and operation.name_lower == self.model_name_lower:
            return [operation]
        return super().reduce(operation, app_label)


class AlterField(FieldGivenOperation):
    """Put a field of the same name in the place of another."""

    category = OperationCategory.ALTERATION

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.alter_field(app_label, self.model_name_lower, self.name, self.field, self.preserve_default)

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            before = from_state.apps.get_model(app_label, self.model_name)
            old, new = before._meta.get_field(self.name), model._meta.get_field(self.name)
            if not self.preserve_default:
                new.default = self.field.default
            await schema_editor.aalter_field(before, old, new)
            if not self.preserve_default:
                new.default = NOT_PROVIDED

    async def backwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        await self.forwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return f"Alter field {self.name} on {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"alter_{self.model_name_lower}_{self.name_lower}"

    def reduce(self, operation: object, app_label: str) -> bool | list[AwaitableOperation]:
        if isinstance(operation, (AlterField, RemoveField)) and self.is_same_field_operation(operation):
            return [operation]
        if (
            isinstance(operation, RenameField)
            and self.is_same_field_operation(operation)
            and self.field.db_column is None
        ):
            return [operation, AlterField(self.model_name, operation.new_name, self.field)]
        return super().reduce(operation, app_label)


class RenameField(FieldOperation):
    """Give a field another name, and its column too unless ``db_column`` names that."""

    category = OperationCategory.ALTERATION

    def __init__(self, model_name: str, old_name: str, new_name: str) -> None:
        self.old_name = old_name
        self.new_name = new_name
        super().__init__(model_name, old_name)

    @property
    def old_name_lower(self) -> str:
        """The old name, for comparing."""
        return self.old_name.lower()

    @property
    def new_name_lower(self) -> str:
        """The new name, for comparing."""
        return self.new_name.lower()

    def deconstruct(self) -> DeconstructedOperation:
        options = {"model_name": self.model_name, "old_name": self.old_name, "new_name": self.new_name}
        return type(self).__name__, [], options

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.rename_field(app_label, self.model_name_lower, self.old_name, self.new_name)

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        await self._rename(app_label, schema_editor, from_state, to_state, self.old_name, self.new_name)

    async def backwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        await self._rename(app_label, schema_editor, from_state, to_state, self.new_name, self.old_name)

    async def _rename(
        self,
        app_label: str,
        schema_editor: AwaitableSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
        old: str,
        new: str,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            before = from_state.apps.get_model(app_label, self.model_name)
            await schema_editor.aalter_field(before, before._meta.get_field(old), model._meta.get_field(new))

    def describe(self) -> str:
        return f"Rename field {self.old_name} on {self.model_name} to {self.new_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"rename_{self.old_name_lower}_{self.model_name_lower}_{self.new_name_lower}"

    def references_field(self, model_name: str, name: str, app_label: str) -> bool:
        return self.references_model(model_name, app_label) and name.lower() in (
            self.old_name_lower,
            self.new_name_lower,
        )

    def reduce(self, operation: Any, app_label: str) -> bool | list[AwaitableOperation]:
        if (
            isinstance(operation, RenameField)
            and self.is_same_model_operation(operation)
            and self.new_name_lower == operation.old_name_lower
        ):
            return [RenameField(self.model_name, self.old_name, operation.new_name)]
        # Not FieldOperation's: both names have to be left alone, and it looks at one.
        return Operation.reduce(self, operation, app_label) or not (
            operation.references_field(self.model_name, self.old_name, app_label)
            or operation.references_field(self.model_name, self.new_name, app_label)
        )
