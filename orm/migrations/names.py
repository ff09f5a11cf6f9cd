"""What constraints are called after a history: a table or column that is renamed keeps them under their earlier names.

Names follow from the rule for what a table was made with; what this keeps is where they do not: what came to a column
later, and what was there before a rename. Only renames look at models as classes, so that long histories are followed
quickly. Of what ``RunSQL`` makes nothing is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from orm.db.registry import databases
from orm.migrations.operations.beside_writers import BesideWriters
from orm.migrations.operations.fields import AlterField, RemoveField, RenameField
from orm.migrations.operations.models import AlterModelTable, AlterUniqueTogether, CreateModel, DeleteModel, RenameModel
from orm.migrations.operations.special import SeparateDatabaseAndState
from orm.models.schema_declared import ALTERED, DeclaredSchema, Place
from orm.sql import ddl

if TYPE_CHECKING:
    from orm.migrations.graph import Key
    from orm.migrations.loader_blocking import MigrationLoader
    from orm.migrations.state import ProjectState
    from orm.sql.dialect import Dialect

INDEXES = (ddl.PLAIN_INDEX, ddl.PATTERN_INDEX)
RENAMES = (AlterModelTable, RenameField, RenameModel)


def names_of(loader: MigrationLoader, key: Key, alias: str) -> list[Mapping[Place, str]]:
    """The names that the rule would not give, before a migration and after each of its operations."""
    history = _History(loader.project_state((), at_end=False), databases[alias].dialect)
    for label, name in loader.graph.forwards_plan(key)[:-1]:
        for operation in loader.graph.nodes[label, name].operations:
            history.follow(operation, label)
    found: list[Mapping[Place, str]] = [dict(history.names)]
    for operation in loader.graph.nodes[key].operations:
        history.follow(operation, key[0])
        found.append(dict(history.names))
    return found


class _History:
    """Follows operations; ``names`` are those that the rule would not give."""

    def __init__(self, state: ProjectState, dialect: Dialect) -> None:
        self.state, self.dialect = state, dialect
        self.names: dict[Place, str] = {}

    def follow(self, operation: Any, label: str) -> None:
        """Take an operation into the state and the names."""
        if isinstance(operation, BesideWriters):
            operation = operation.operation
        if isinstance(operation, SeparateDatabaseAndState):
            self._apart(operation, label)
            return
        old: Any = None
        if isinstance(operation, (AlterField, AlterUniqueTogether)):
            old = self.state.models[label, _model_of(operation)]
            old = (
                old.fields[operation.name] if isinstance(operation, AlterField) else old.options.get("unique_together")
            )
        renames = isinstance(operation, RENAMES) or (
            isinstance(operation, AlterField) and old.db_column != operation.field.db_column
        )
        before = self.state.clone() if renames else None
        operation.state_forwards(label, self.state)
        if before is not None:
            self._rename(operation, label, before)
        if isinstance(operation, AlterField):
            self._alter(operation, label, old)
        elif isinstance(operation, AlterUniqueTogether):
            kept = {tuple(group) for group in old or ()} & {tuple(group) for group in operation.option_value or ()}
            self._forget(label, operation.name_lower, lambda one: one.what == "uniq" and one.fields not in kept)
        elif isinstance(operation, RemoveField):
            self._forget(label, operation.model_name_lower, lambda one: operation.name in one.fields)
        elif isinstance(operation, (CreateModel, DeleteModel)):
            self._forget(label, operation.name_lower, lambda one: True)

    def _apart(self, operation: Any, label: str) -> None:
        """What is done to the database has names; what is done to the state leaves them as they are."""
        whole = self.state
        self.state = whole.clone()
        for one in operation.database_operations:
            self.follow(one, label)
        self.state = whole
        for one in operation.state_operations:
            one.state_forwards(label, self.state)

    def _forget(self, label: str, model: str, gone: Callable[[Place], bool]) -> None:
        for one in [one for one in self.names if one[:2] == (label, model) and gone(one)]:
            del self.names[one]

    # -- columns that change ---------------------------------------------------------------------------------------

    def _alter(self, operation: Any, label: str, old: Any) -> None:
        """What a column loses is forgotten; what it gets later, ALTER TABLE names."""
        new, model = operation.field, operation.model_name_lower
        was, comes = self._brought(old), self._brought(new)
        own = [one for one in self.names if one[:3] == (label, model, (operation.name,))]
        for one in own:
            if one.what in ("pk", "unique", "check") and was.get(one.what) != comes.get(one.what):
                del self.names[one]
        for what, said in comes.items():
            if was.get(what) != said:
                self.names[Place(label, model, (operation.name,), what)] = ALTERED
        if (old.db_index, old.unique) != (new.db_index, new.unique):
            self._forget(label, model, lambda one: one.fields == (operation.name,) and one.what in INDEXES)
        if self._typed(old) != self._typed(new):
            again = {"fk"} if self._pattern(old) == self._pattern(new) else {"fk", ddl.PATTERN_INDEX}
            self._forget(label, model, lambda one: one.fields == (operation.name,) and one.what in again)
            self._forget_referring(label, model, operation.name, again)

    def _brought(self, field: Any) -> dict[str, object]:
        """The constraints that a field's column brings, each with what it says."""
        if field.many_to_many or not field.concrete:
            return {}
        brought: dict[str, object] = {}
        if field.primary_key:
            brought["pk"] = True
        elif field.unique:
            brought["unique"] = True
        check = None if field.is_relation else field.column_check("x", self.dialect)
        return brought if check is None else {**brought, "check": check}

    @staticmethod
    def _typed(field: Any) -> object:
        """What has to be the same for keys to stay: type, size and what is referred to."""
        _, path, args, options = field.deconstruct()
        said = ("to", "to_field", "db_constraint", "db_collation", "max_length", "max_digits", "decimal_places")
        return "" if field.is_relation else path, args, {name: options[name] for name in said if name in options}

    def _pattern(self, field: Any) -> str | None:
        return None if field.is_relation else self.dialect.pattern_index(field)

    def _forget_referring(self, label: str, model: str, name: str, again: set[str]) -> None:
        """Forget names on columns that refer to one whose type changes: keys and such indexes are made again."""
        if not any(one.what in again for one in self.names):
            return
        target = self.state.apps.get_model(label, model)
        for rel in target._meta.all_related_objects:
            if not rel.field.many_to_many and rel.field.target_field.name == name:
                meta = rel.field.model._meta
                for what in again:
                    self.names.pop(Place(meta.app_label, meta.model_name, (rel.field.name,), what), None)

    # -- renames ---------------------------------------------------------------------------------------------------

    def _rename(self, operation: Any, label: str, before: ProjectState) -> None:
        """Keep the names that there were for the places that they are at now."""
        models = before.apps.get_models(include_auto_created=True)
        schema = DeclaredSchema(models, self.dialect, dict(self.names))
        after = DeclaredSchema(self.state.apps.get_models(include_auto_created=True), self.dialect, {})
        kept: dict[Place, str] = {}
        seen = set()
        for old, new, fields in self._pairs(operation, label, before):
            seen.add(old)
            meta = new._meta
            for place, name, _ in schema.placed(old):
                now = tuple(fields.get(one, one) for one in place.fields)
                kept[Place(meta.app_label, meta.model_name, now, place.what)] = name
                self.names.pop(place, None)
        for model in schema.models.values():
            if model not in seen:
                kept.update((place, name) for place, name, info in schema.placed(model) if info.foreign_key is not None)
        again = self._made_again(operation, label, before)
        for model in after.models.values():
            for place, rule, info in after.placed(model):
                if place in kept and (kept[place] == rule or (info.foreign_key and info.foreign_key[0] == again)):
                    del kept[place]
                    self.names.pop(place, None)
        self.names.update(kept)

    def _made_again(self, operation: Any, label: str, before: ProjectState) -> str | None:
        """The table whose foreign keys are made again, with their new names: that of a renamed model."""
        if not isinstance(operation, RenameModel):
            return None
        table: str = self.state.apps.get_model(label, operation.new_name)._meta.db_table
        return None if before.apps.get_model(label, operation.old_name)._meta.db_table == table else table

    def _pairs(self, operation: Any, label: str, before: ProjectState) -> Iterator[tuple[Any, Any, dict[str, str]]]:
        """Models before and after, with the names of fields that change: the operation's, and join tables."""
        was = before.apps.get_model(label, _model_of(operation))
        renamed = isinstance(operation, RenameModel)
        now = self.state.apps.get_model(label, operation.new_name if renamed else _model_of(operation))
        fields = {operation.old_name: operation.new_name} if isinstance(operation, RenameField) else {}
        yield was, now, fields
        joins = [(one, now._meta.get_field(fields.get(one.name, one.name))) for one in was._meta.local_many_to_many]
        if renamed:
            for rel in was._meta.all_related_objects:
                if rel.field.many_to_many and rel.related_model is not was:
                    owner = self.state.apps.get_model(rel.related_model._meta.label_lower)
                    joins.append((rel.field, owner._meta.get_field(rel.field.name)))
        for old, new in joins:
            through = old.remote_field.through
            if through._meta.auto_created and new.remote_field.through._meta.auto_created:
                ends = {old.m2m_field_name(): new.m2m_field_name()}
                ends[old.m2m_reverse_field_name()] = new.m2m_reverse_field_name()
                yield through, new.remote_field.through, ends


def _model_of(operation: Any) -> str:
    """The model that an operation is about, as it is a key."""
    return str(getattr(operation, "model_name", None) or operation.name).lower()
