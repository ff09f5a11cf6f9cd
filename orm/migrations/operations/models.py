"""Operations on a whole model: create, rename, and change its table, options and managers.

``creation`` has the rules by which a creation takes in what comes after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from orm.migrations.model_state import ModelState
from orm.migrations.operation import OperationCategory
from orm.migrations.operations import creation
from orm.migrations.operations.model_base import DeleteModel, ModelOperation
from orm.migrations.references import model_key, refers
from orm.models import schema_joins
from orm.models.base_blocking import Model
from orm.models.managers import BaseManager, Manager
from orm.models.meta import normalise_together
from orm.models.relations.join_model import join_table_name

if TYPE_CHECKING:
    from orm.migrations.operation import AwaitableOperation
    from orm.migrations.state import ProjectState, StateApps
    from orm.models.base import AwaitableModel
    from orm.models.schema_editor import AwaitableSchemaEditor
    from orm.structures.deconstruct import DeconstructedOperation

__all__ = [
    "AlterIndexTogether",
    "AlterModelManagers",
    "AlterModelOptions",
    "AlterModelTable",
    "AlterModelTableComment",
    "AlterOrderWithRespectTo",
    "AlterUniqueTogether",
    "CreateModel",
    "DeleteModel",
    "RenameModel",
]


class CreateModel(ModelOperation):
    """Create a model and its table.

    Parameters: ``fields`` are pairs of name and field; ``bases`` classes or labels of models; ``managers`` pairs of
    name and manager.

    Raises ``ValueError`` for two fields, bases or managers of one name.
    """

    category = OperationCategory.ADDITION
    serialization_expand_args = ("fields", "options", "managers")

    def __init__(
        self,
        name: str,
        fields: Iterable[tuple[str, Any]],
        options: Mapping[str, Any] | None = None,
        bases: Iterable[Any] | None = None,
        managers: Iterable[tuple[str, object]] | None = None,
    ) -> None:
        self.fields = list(fields)
        self.options = dict(options or {})
        self.bases = tuple(bases) if bases else (Model,)
        self.managers = _pairs_of_managers(managers or [])
        super().__init__(name)
        _refuse_twice("fields", [name for name, _ in self.fields])
        _refuse_twice("bases", [_label_of(base) for base in self.bases])
        _refuse_twice("managers", [name for name, _ in self.managers])

    def deconstruct(self) -> DeconstructedOperation:
        options: dict[str, Any] = {"name": self.name, "fields": self.fields}
        if self.options:
            options["options"] = self.options
        if self.bases and self.bases != (Model,):
            options["bases"] = self.bases
        if self.managers and self.managers != [("objects", Manager())]:
            options["managers"] = self.managers
        return type(self).__name__, [], options

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.add_model(
            ModelState(app_label, self.name, list(self.fields), dict(self.options), tuple(self.bases), self.managers)
        )

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = to_state.apps.get_model(app_label, self.name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            await schema_editor.acreate_model(model)

    async def backwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = from_state.apps.get_model(app_label, self.name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            await schema_editor.adelete_model(model)

    def describe(self) -> str:
        return f"Create {'proxy ' if self.options.get('proxy', False) else ''}model {self.name}"

    @property
    def migration_name_fragment(self) -> str:
        return self.name_lower

    def references_model(self, name: str, app_label: str) -> bool:
        target = app_label, name.lower()
        if target[1] == self.name_lower:
            return True
        for base in self.bases:
            is_model = isinstance(base, str) or (hasattr(base, "_meta") and not base._meta.abstract)
            if is_model and model_key(base, app_label) == target:
                return True
        return any(refers((app_label, self.name_lower), field, target) is not None for _, field in self.fields)

    def reduce(self, operation: Any, app_label: str) -> bool | list[AwaitableOperation]:
        if isinstance(operation, DeleteModel):
            if self.name_lower == operation.name_lower and not self.options.get("proxy", False):
                return []
        elif isinstance(operation, RenameModel):
            if self.name_lower == operation.old_name_lower:
                return [self.like(name=operation.new_name)]
        else:
            taken = self._take(operation)
            if taken is not None:
                return [taken]
        return super().reduce(operation, app_label)

    def _take(self, operation: AwaitableOperation) -> CreateModel | None:
        """This creation with a later operation on the same model taken in; None where it is about something else."""
        same = self.name_lower == getattr(operation, "model_name_lower", getattr(operation, "name_lower", None))
        if not same:
            return None
        if isinstance(operation, AlterModelOptions):
            options = {**self.options, **operation.options}
            for key in operation.ALTER_OPTION_KEYS:
                if key not in operation.options:
                    options.pop(key, None)
            return self.like(options=options)
        if isinstance(operation, AlterModelManagers):
            return self.like(managers=operation.managers)
        if isinstance(operation, AlterModelTable):
            return self.like(options={**self.options, "db_table": operation.table})
        if isinstance(operation, AlterModelTableComment):
            return self.like(options={**self.options, "db_table_comment": operation.table_comment})
        if isinstance(operation, AlterTogetherOptionOperation):
            return self.like(options={**self.options, operation.option_name: operation.option_value})
        if isinstance(operation, AlterOrderWithRespectTo):
            return self.like(options={**self.options, "order_with_respect_to": operation.order_with_respect_to})
        fields, changed = creation.take_field(self.fields, self.options, operation)
        if changed is None:
            fields, changed = self.fields, creation.take_rule(self.options, operation)
        return None if changed is None else self.like(fields=fields, options=changed)

    def like(self, **changed: Any) -> CreateModel:
        """A creation that differs in what is given."""
        given = {
            "name": self.name,
            "fields": self.fields,
            "options": self.options,
            "bases": self.bases,
            "managers": self.managers,
        }
        return CreateModel(**{**given, **changed})


def _pairs_of_managers(given: Iterable[tuple[str, object]]) -> list[tuple[str, object]]:
    pairs = list(given)
    for pair in pairs:
        if len(pair) != 2 or not isinstance(pair[1], BaseManager):
            raise TypeError(f"managers are pairs of a name and a manager, and {pair!r} is none.")
    return pairs


def _refuse_twice(what: str, names: list[str]) -> None:
    seen = set()
    for name in names:
        if name in seen:
            raise ValueError(f"Found duplicate value {name} in CreateModel {what} argument.")
        seen.add(name)


def _label_of(base: Any) -> str:
    return str(base._meta.label_lower) if hasattr(base, "_meta") else str(base).lower()


class RenameModel(ModelOperation):
    """Give a model another name, its table too where nothing else names that, and join tables and columns that are
    called after it.
    """

    category = OperationCategory.ALTERATION

    def __init__(self, old_name: str, new_name: str) -> None:
        self.old_name = old_name
        self.new_name = new_name
        super().__init__(old_name)

    @property
    def old_name_lower(self) -> str:
        """The old name, as it is a key."""
        return self.old_name.lower()

    @property
    def new_name_lower(self) -> str:
        """The new name, as it is a key."""
        return self.new_name.lower()

    def deconstruct(self) -> DeconstructedOperation:
        return type(self).__name__, [], {"old_name": self.old_name, "new_name": self.new_name}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.rename_model(app_label, self.old_name, self.new_name)

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        await _rename(self, app_label, schema_editor, (from_state, self.old_name), (to_state, self.new_name))

    async def backwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        await _rename(self, app_label, schema_editor, (from_state, self.new_name), (to_state, self.old_name))

    def references_model(self, name: str, app_label: str) -> bool:
        return name.lower() in (self.old_name_lower, self.new_name_lower)

    def describe(self) -> str:
        return f"Rename model {self.old_name} to {self.new_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"rename_{self.old_name_lower}_{self.new_name_lower}"

    def reduce(self, operation: Any, app_label: str) -> bool | list[AwaitableOperation]:
        if isinstance(operation, RenameModel) and self.new_name_lower == operation.old_name_lower:
            return [RenameModel(self.old_name, operation.new_name)]
        # Not ModelOperation's: it is the new name that has to be left alone.
        reduced = super(ModelOperation, self).reduce(operation, app_label)
        return reduced or not operation.references_model(self.new_name, app_label)


async def _rename(
    operation: RenameModel,
    app_label: str,
    schema_editor: AwaitableSchemaEditor,
    old: tuple[Any, str],
    new: tuple[Any, str],
) -> None:
    """Rename a model's table, repoint what refers to it, and rename its own join tables."""
    old_model, new_model = old[0].apps.get_model(app_label, old[1]), new[0].apps.get_model(app_label, new[1])
    if not operation.allow_migrate_model(schema_editor.connection.alias, new_model):
        return
    old_table, new_table = old_model._meta.db_table, new_model._meta.db_table
    if old_table != new_table:
        await schema_editor.aalter_db_table(new_model, old_table, new_table)
    for old_rel in old_model._meta.all_related_objects:
        other = old_rel.related_model
        if other._meta.auto_created or old_rel.field.model._meta.proxy:
            continue
        key = (app_label, new[1].lower()) if other is old_model else (other._meta.app_label, other._meta.model_name)
        owner = new[0].apps.get_model(*key)
        to_field = owner._meta.get_field(old_rel.field.name)
        if not old_rel.field.many_to_many:
            await schema_editor.aalter_field(owner, old_rel.field, to_field)
    await _rename_join_tables(schema_editor, old_model, new_model, new[0].apps)


async def _rename_join_tables(
    schema_editor: AwaitableSchemaEditor,
    old_model: type[AwaitableModel],
    new_model: type[AwaitableModel],
    new_apps: StateApps,
) -> None:
    """The join tables of the model's own fields, and of others' that have a column called after it."""
    own = zip(old_model._meta.local_many_to_many, new_model._meta.local_many_to_many, strict=True)
    pairs = list(own)
    for rel in old_model._meta.all_related_objects:
        if rel.field.many_to_many and rel.related_model is not old_model:
            # Not of the model's own registry: states share classes, and that one may be of a later state.
            owner = new_apps.get_model(rel.related_model._meta.label_lower)
            pairs.append((rel.field, owner._meta.get_field(rel.field.name)))
    for old_field, new_field in pairs:
        if old_field.remote_field.through._meta.auto_created and new_field.remote_field.through._meta.auto_created:
            await schema_joins.alter_join_table(schema_editor, old_field, new_field)


class ModelOptionOperation(ModelOperation):
    """An operation on an option of a model: the last one counts. Back is the same way, between the states swapped."""

    async def backwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        await self.forwards(app_label, schema_editor, from_state, to_state)

    def reduce(self, operation: object, app_label: str) -> bool | list[AwaitableOperation]:
        if isinstance(operation, (type(self), DeleteModel)) and self.name_lower == operation.name_lower:
            return [operation]
        return super().reduce(operation, app_label)


class AlterModelTable(ModelOptionOperation):
    """Give a model's table another name; None is the name it has by itself."""

    category = OperationCategory.ALTERATION

    def __init__(self, name: str, table: str | None) -> None:
        self.table = table
        super().__init__(name)

    def deconstruct(self) -> DeconstructedOperation:
        return type(self).__name__, [], {"name": self.name, "table": self.table}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.alter_model_options(app_label, self.name_lower, {"db_table": self.table})

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        new = to_state.apps.get_model(app_label, self.name)
        if not self.allow_migrate_model(schema_editor.connection.alias, new):
            return
        old = from_state.apps.get_model(app_label, self.name)
        await schema_editor.aalter_db_table(new, old._meta.db_table, new._meta.db_table)
        pairs = zip(old._meta.local_many_to_many, new._meta.local_many_to_many, strict=True)
        for old_field, new_field in pairs:
            through = new_field.remote_field.through
            if through._meta.auto_created:
                await schema_editor.aalter_db_table(through, join_table_name(old_field), join_table_name(new_field))

    def describe(self) -> str:
        return f"Rename table for {self.name} to {self.table if self.table is not None else '(default)'}"

    @property
    def migration_name_fragment(self) -> str:
        return f"alter_{self.name_lower}_table"


class AlterModelTableComment(ModelOptionOperation):
    """Change the comment of a model's table."""

    category = OperationCategory.ALTERATION

    def __init__(self, name: str, table_comment: str | None) -> None:
        self.table_comment = table_comment
        super().__init__(name)

    def deconstruct(self) -> DeconstructedOperation:
        return type(self).__name__, [], {"name": self.name, "table_comment": self.table_comment}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.alter_model_options(app_label, self.name_lower, {"db_table_comment": self.table_comment})

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        new = to_state.apps.get_model(app_label, self.name)
        if self.allow_migrate_model(schema_editor.connection.alias, new):
            old = from_state.apps.get_model(app_label, self.name)
            await schema_editor.aalter_db_table_comment(new, old._meta.db_table_comment, new._meta.db_table_comment)

    def describe(self) -> str:
        return f"Alter {self.name} table comment"

    @property
    def migration_name_fragment(self) -> str:
        return f"alter_{self.name_lower}_table_comment"


class AlterTogetherOptionOperation(ModelOptionOperation):
    """An operation on groups of fields."""

    category = OperationCategory.ALTERATION
    option_name = ""

    def __init__(self, name: str, option_value: object) -> None:
        if option_value:
            option_value = {tuple(group) for group in normalise_together(option_value, name)}
        setattr(self, self.option_name, option_value)
        super().__init__(name)

    @property
    def option_value(self) -> Any:
        """The groups."""
        return getattr(self, self.option_name)

    def deconstruct(self) -> DeconstructedOperation:
        return type(self).__name__, [], {"name": self.name, self.option_name: self.option_value}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.alter_model_options(app_label, self.name_lower, {self.option_name: self.option_value})

    def groups(self, state: ProjectState, app_label: str) -> Any:
        """The groups as a state has them."""
        return state.models[app_label, self.name_lower].options.get(self.option_name) or set()

    def references_field(self, model_name: str, name: str, app_label: str) -> bool:
        return self.references_model(model_name, app_label) and (
            not self.option_value or any(name in fields for fields in self.option_value)
        )

    def describe(self) -> str:
        count = len(self.option_value or "")
        return f"Alter {self.option_name} for {self.name} ({count} constraint(s))"

    @property
    def migration_name_fragment(self) -> str:
        return f"alter_{self.name_lower}_{self.option_name}"

    def can_reduce_through(self, operation: AwaitableOperation, app_label: str) -> bool:
        if isinstance(operation, AlterTogetherOptionOperation) and type(operation) is not type(self):
            return True
        return super().can_reduce_through(operation, app_label)


class AlterUniqueTogether(AlterTogetherOptionOperation):
    """Change which groups of fields are unique together."""

    option_name = "unique_together"

    def __init__(self, name: str, unique_together: object) -> None:
        super().__init__(name, unique_together)

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = to_state.apps.get_model(app_label, self.name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            await schema_editor.aalter_unique_together(
                model, self.groups(from_state, app_label), self.groups(to_state, app_label)
            )


class AlterIndexTogether(AlterTogetherOptionOperation):
    """Change which groups of fields have an index, in migrations from before ``Meta.indexes``."""

    option_name = "index_together"

    def __init__(self, name: str, index_together: object) -> None:
        super().__init__(name, index_together)

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = to_state.apps.get_model(app_label, self.name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            await schema_editor.aalter_index_together(
                model, self.groups(from_state, app_label), self.groups(to_state, app_label)
            )


class AlterOrderWithRespectTo(ModelOptionOperation):
    """Order a model's rows by the row they refer to, with a column ``_order``; or no more."""

    category = OperationCategory.ALTERATION
    option_name = "order_with_respect_to"

    def __init__(self, name: str, order_with_respect_to: str | None) -> None:
        self.order_with_respect_to = order_with_respect_to
        super().__init__(name)

    def deconstruct(self) -> DeconstructedOperation:
        return type(self).__name__, [], {"name": self.name, "order_with_respect_to": self.order_with_respect_to}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.alter_model_options(app_label, self.name_lower, {"order_with_respect_to": self.order_with_respect_to})

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        new = to_state.apps.get_model(app_label, self.name)
        if not self.allow_migrate_model(schema_editor.connection.alias, new):
            return
        old = from_state.apps.get_model(app_label, self.name)
        was, becomes = old._meta.order_with_respect_to, new._meta.order_with_respect_to
        if was and not becomes:
            await schema_editor.aremove_field(old, old._meta.get_field("_order"))
        elif becomes and not was:
            field = new._meta.get_field("_order")
            field.default = 0
            await schema_editor.aadd_field(old, field)

    def references_field(self, model_name: str, name: str, app_label: str) -> bool:
        return self.references_model(model_name, app_label) and (
            self.order_with_respect_to is None or name == self.order_with_respect_to
        )

    def describe(self) -> str:
        return f"Set order_with_respect_to on {self.name} to {self.order_with_respect_to}"

    @property
    def migration_name_fragment(self) -> str:
        return f"alter_{self.name_lower}_order_with_respect_to"


class AlterModelOptions(ModelOptionOperation):
    """Change options that the database does not see."""

    category = OperationCategory.ALTERATION

    ALTER_OPTION_KEYS = (
        "base_manager_name",
        "default_manager_name",
        "default_related_name",
        "get_latest_by",
        "managed",
        "ordering",
        "permissions",
        "default_permissions",
        "select_on_save",
        "verbose_name",
        "verbose_name_plural",
    )
    """The options that are meant; those that are not given are unset."""

    def __init__(self, name: str, options: Mapping[str, Any]) -> None:
        self.options = dict(options)
        super().__init__(name)

    def deconstruct(self) -> DeconstructedOperation:
        return type(self).__name__, [], {"name": self.name, "options": self.options}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.alter_model_options(app_label, self.name_lower, self.options, self.ALTER_OPTION_KEYS)

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Nothing: the database does not see these options."""

    def describe(self) -> str:
        return f"Change Meta options on {self.name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"alter_{self.name_lower}_options"


class AlterModelManagers(ModelOptionOperation):
    """Change a model's managers."""

    category = OperationCategory.ALTERATION
    serialization_expand_args = ("managers",)

    def __init__(self, name: str, managers: Iterable[tuple[str, object]]) -> None:
        self.managers = _pairs_of_managers(managers)
        super().__init__(name)

    def deconstruct(self) -> DeconstructedOperation:
        return type(self).__name__, [self.name, self.managers], {}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.alter_model_managers(app_label, self.name_lower, self.managers)

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Nothing: the database has no managers."""

    async def backwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Nothing: the database has no managers."""

    def describe(self) -> str:
        return f"Change managers on {self.name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"alter_{self.name_lower}_managers"
