"""Which fields, indexes and constraints came, went, were renamed or changed: the second half of detecting changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from orm.migrations import operations as ops
from orm.migrations.dependencies import Dependency, Kind
from orm.migrations.describing import opened
from orm.migrations.detected_models import FieldKey, ModelDetector
from orm.migrations.model_state import field_options, remade
from orm.migrations.references import ModelKey, model_key
from orm.migrations.renames import RenameError
from orm.models.fields.not_provided import NOT_PROVIDED
from orm.records import NamedTuple

if TYPE_CHECKING:
    from orm.models.fields.base import Field

ONLY_IN_PYTHON = frozenset({"violation_error_code", "violation_error_message"})
"""Options of constraints that the database does not see."""


class Rules(NamedTuple):
    """What became of a model's indexes or constraints."""

    added: list[Any]
    removed: list[Any]
    changed: list[tuple[Any, Any]]
    """Pairs of old and new: renamed indexes, or constraints that changed in Python only."""


class FieldDetector(ModelDetector):
    """Compares the fields and rules of models that are in both states."""

    def prepare_fields(self) -> None:
        """List the fields of kept models in both states, under the models' new names."""
        self.old_fields: set[FieldKey] = set()
        self.new_fields: set[FieldKey] = set()
        for key in self.kept:
            self.old_fields |= {(*key, name) for name in self.old_state(key).fields}
            self.new_fields |= {(*key, name) for name in self.to_state.models[key].fields}

    def _old_field(self, key: FieldKey) -> Any:
        return self.old_state(key[:2]).get_field(self.renamed_fields.get(key, key[2]))

    def _new_field(self, key: FieldKey) -> Any:
        return self.to_state.models[key[:2]].get_field(key[2])

    # -- renamed fields --------------------------------------------------------------------------------------------

    def find_renamed_fields(self) -> None:
        """Ask of each field that came whether it is one that went: told so, or declared alike."""
        self.renames: list[tuple[FieldKey, str]] = []
        self.settled: set[FieldKey] = set()
        """Fields that are altered before they are renamed."""
        for key in sorted(self.new_fields - self.old_fields):
            field = self._new_field(key)
            new = opened(field)
            for old_key in sorted(self.old_fields - self.new_fields):
                if old_key[:2] != key[:2]:
                    continue
                old_field = self.old_state(old_key[:2]).get_field(old_key[2])
                old = self._with_new_targets(opened(old_field))
                column = old_field.db_column or column_named(old_field, old_key[2])
                alike = old == new or (old[:2] == new[:2] and {**old[2], "db_column": column} == new[2])
                told = self._told_rename(key, old_key[2], old_field, field)
                if told or (told is None and alike and self.questioner.ask_rename(key[1], old_key[2], key[2], field)):
                    if alike and old_field.db_column != field.db_column:
                        self.settled.add(key)
                    self.renames.append((key, old_key[2]))
                    self.old_fields.remove(old_key)
                    self.old_fields.add(key)
                    self.renamed_fields[key] = old_key[2]
                    break
        self.questioner.renames.refuse_unmatched()  # before a question about what came instead

    def _told_rename(self, key: FieldKey, old_name: str, old: Field, new: Field) -> bool | None:
        """Whether a rename was told (see ``ToldRenames``).

        Raises ``RenameError`` for one that would lose what is there.
        """
        told = self.questioner.renames.of_field(key[0], (key[1], self.old_name(key[:2])), old_name, key[2])
        if told and bool(old.many_to_many) != bool(new.many_to_many):
            raise RenameError(
                f"{key[0]}.{key[1]}.{old_name} can't be renamed to {key[2]}: only one of them is many-to-many. Nothing "
                "was written."
            )
        return told

    def _with_new_targets(self, description: Any) -> Any:
        path, args, options = description
        target = options.get("to")
        if isinstance(target, str) and target.lower() in self.renamed_labels:
            options = {**options, "to": self.renamed_labels[target.lower()]}
        return path, args, options

    def add_renamed_fields(self) -> None:
        """Rename; a field that keeps its column by naming it gets that first."""
        for key, old_name in self.renames:
            field = self._new_field(key)
            if key in self.settled:
                self.add(key[0], ops.AlterField(key[1], old_name, field))
            self.add(key[0], ops.RenameField(key[1], old_name, key[2]))

    # -- added, removed and altered fields -------------------------------------------------------------------------

    def find_added_fields(self) -> None:
        """Add the fields that came."""
        for key in sorted(self.new_fields - self.old_fields):
            self._add_field(key)

    def _add_field(self, key: FieldKey) -> None:
        field = self._new_field(key)
        needs = [Dependency(*key, Kind.REMOVE)]
        if field.remote_field is not None and field.remote_field.model:
            needs += self.needs_of_relation(key[0], key[1], field, self.to_state)
        if getattr(field, "generated", False):
            needs += [Dependency(key[0], key[1], name, Kind.CREATE) for name in generated_from(field)]
        needs += self._needs_of_key(key, field)
        moment = hasattr(field, "auto_now")
        keeps = (
            field.null
            or field.has_default()
            or field.has_db_default
            or field.many_to_many
            or field.auto
            or getattr(field, "generated", False)
            or (field.blank and field.empty_strings_allowed)
            or (moment and field.auto_now)
        )
        if not keeps:
            if moment and field.auto_now_add:
                default = self.questioner.ask_auto_now_add_addition(key[2], key[1])
            else:
                default = self.questioner.ask_not_null_addition(key[2], key[1])
            field = with_default(field, default)
        if field.unique and field.has_default() and callable(field.default):
            self.questioner.ask_unique_callable_default_addition(key[2], key[1])
        self.add(key[0], ops.AddField(key[1], key[2], field, preserve_default=bool(keeps)), needs)

    def find_removed_fields(self) -> None:
        """Remove the fields that went, once no option names them."""
        for key in sorted(self.old_fields - self.new_fields):
            self._remove_field(key)

    def _remove_field(self, key: FieldKey) -> None:
        needs = [
            Dependency(*key, Kind.REMOVE_ORDER_WRT),
            Dependency(*key, Kind.ALTER_FOO_TOGETHER),
        ]
        self.add(key[0], ops.RemoveField(key[1], key[2]), needs)

    def find_altered_fields(self) -> None:
        """Alter the fields that differ; one that begins or ends to be many-to-many is removed and added."""
        for key in sorted((self.old_fields & self.new_fields) - self.settled):
            old, new = self._old_field(key), self._new_field(key)
            if opened(old) == self._as_before(key, new):
                continue
            if bool(old.many_to_many) != bool(new.many_to_many):  # None, of a field that is no relation, is no, too
                self._remove_field(key)
                self._add_field(key)
                continue
            self._alter_field(key, old, new)

    def _alter_field(self, key: FieldKey, old: Field, new: Field) -> None:
        needs: list[Dependency] = []
        if new.remote_field is not None and new.remote_field.model:
            needs += self.needs_of_relation(key[0], key[1], new, self.to_state)
            needs += self._needs_of_target_field(key, new)
        needs += self._needs_of_key(key, new)
        preserve_default = True
        if (
            old.null
            and not new.null
            and not new.has_default()
            and not new.has_db_default
            and not new.many_to_many
            and not getattr(new, "generated", False)
        ):
            default = self.questioner.ask_not_null_alteration(key[2], key[1])
            if default is not NOT_PROVIDED:
                new = with_default(new, default)
                preserve_default = False
        self.add(key[0], ops.AlterField(key[1], key[2], new, preserve_default=preserve_default), needs)

    def _needs_of_key(self, key: FieldKey, field: Field) -> list[Dependency]:
        """A primary key waits until no other field is one: a table has one at most."""
        if not field.primary_key:
            return []
        others = (one for one in self.old_fields & self.new_fields if one[:2] == key[:2] and one != key)
        return [Dependency(*one, Kind.ALTER) for one in sorted(others) if self._old_field(one).primary_key]

    def _needs_of_target_field(self, key: FieldKey, new: Field) -> list[Dependency]:
        """A foreign key waits for the field it points at to be what it says."""
        named = getattr(new.remote_field, "field_name", None)
        if not named:
            return []
        target = model_key(new.remote_field.model, key[0], key[1])
        return [Dependency(*target, named, Kind.ALTER)]

    def _as_before(self, key: FieldKey, new: Field) -> Any:
        """The new field, with what it refers to under the names from before the renames."""
        path, args, options = opened(new)
        old = self._old_field(key)
        remote = new.remote_field
        if remote is None or not remote.model:
            return path, args, options
        before = opened(old)[2]
        target = model_key(remote.model, key[0], key[1])
        if (target in self.renamed_models and "to" in before and self._was(before["to"], key, target)) or (
            "to" in before and _same_label(options.get("to"), before["to"], key)
        ):
            options = {**options, "to": before["to"]}
        named = options.get("to_field")
        if named is not None and self.renamed_fields.get((*target, named)) == before.get("to_field", ""):
            options = {**options, "to_field": before["to_field"]}
        through = getattr(remote, "through", None)
        if through is not None and "through" in before:
            joined = model_key(through, key[0], key[1])
            if joined in self.renamed_models and self._was(before["through"], key, joined):
                options = {**options, "through": before["through"]}
            names = options.get("through_fields")
            if names:
                renamed = tuple(self.renamed_fields.get((*joined, name), name) for name in names)
                if before.get("through_fields") and renamed == tuple(before["through_fields"]):
                    options = {**options, "through_fields": before["through_fields"]}
        return path, args, options

    def _was(self, label: object, key: FieldKey, new: ModelKey) -> bool:
        """Whether a label named, before, the model that now has the key ``new``."""
        return model_key(label, key[0], self.old_name(key[:2])) == (new[0], self.renamed_models[new].lower())

    # -- groups of fields ------------------------------------------------------------------------------------------

    def _groups(self) -> Iterator[tuple[ModelKey, set[Any], set[Any], list[Dependency]]]:
        """Kept models with their old groups (under new names of fields) and new groups, and what the new ones need."""
        for key in sorted(self.kept):
            new_names = {old: name[2] for name, old in self.renamed_fields.items() if name[:2] == key}
            old = {
                tuple(new_names.get(name, name) for name in group)
                for group in self.old_state(key).options.get("unique_together") or ()
            }
            model_state = self.to_state.models[key]
            new = {tuple(group) for group in model_state.options.get("unique_together") or ()}
            needs: list[Dependency] = []
            if old != new:
                for name in sorted({name for group in new for name in group}):
                    field = model_state.get_field(name)
                    if (*key, name) in self.new_fields - self.old_fields:
                        needs.append(Dependency(*key, name, Kind.CREATE))
                    if field.remote_field is not None and field.remote_field.model:
                        needs += self.needs_of_relation(*key, field, self.to_state)
            yield key, old, new, needs

    def find_removed_groups(self) -> None:
        """Take away the groups that are no longer unique together, before fields go."""
        for key, old, new, needs in self._groups():
            kept = new & old
            if kept != old and (kept or old):
                self.add(key[0], ops.AlterUniqueTogether(key[1], kept), needs)

    def find_added_groups(self) -> None:
        """Add the groups that are unique together from now on, after fields came; and, for whoever reads the file, say
        again those whose fields were renamed, as Django does.
        """
        for key, old, new, needs in self._groups():
            renamed = {name[2] for name in self.renamed_fields if name[:2] == key}
            if new - old or any(renamed.intersection(group) for group in new):
                self.add(key[0], ops.AlterUniqueTogether(key[1], new), needs)

    # -- indexes and constraints -----------------------------------------------------------------------------------

    def find_changed_rules(self) -> None:
        """Compare the indexes and constraints of kept models."""
        self.index_changes: dict[ModelKey, Rules] = {}
        self.constraint_changes: dict[ModelKey, Rules] = {}
        for key in sorted(self.kept):
            old, new = self.old_state(key).options, self.to_state.models[key].options
            added = [one for one in new.get("indexes", []) if one not in old.get("indexes", [])]
            removed = [one for one in old.get("indexes", []) if one not in new.get("indexes", [])]
            self.index_changes[key] = self._pair(added, removed, self._renamed_index)
            added = [one for one in new.get("constraints", []) if one not in old.get("constraints", [])]
            removed = [one for one in old.get("constraints", []) if one not in new.get("constraints", [])]
            self.constraint_changes[key] = self._pair(added, removed, _only_in_python)

    @staticmethod
    def _pair(added: list[object], removed: list[object], same: Any) -> Rules:
        """Pair what went with what came where they come to the same in the database."""
        rules = Rules(list(added), list(removed), [])
        for new in added:
            for old in list(rules.removed):
                if same(old, new):
                    rules.added.remove(new)
                    rules.removed.remove(old)
                    rules.changed.append((old, new))
                    break
        return rules

    @staticmethod
    def _renamed_index(old: Any, new: Any) -> bool:
        (old_path, old_args, old_options), (path, args, options) = old.deconstruct(), new.deconstruct()
        old_options.pop("name", None)
        options.pop("name", None)
        return bool((old_path, old_args, old_options) == (path, args, options) and old.name != new.name)

    def find_removed_rules(self) -> None:
        """Take away constraints and indexes, before fields go."""
        for key, rules in self.constraint_changes.items():
            for constraint in rules.removed:
                self.add(key[0], ops.RemoveConstraint(key[1], constraint.name))
        for key, rules in self.index_changes.items():
            for index in rules.removed:
                self.add(key[0], ops.RemoveIndex(key[1], index.name))

    def find_renamed_indexes(self) -> None:
        """Rename indexes."""
        for key, rules in self.index_changes.items():
            for old, new in rules.changed:
                self.add(key[0], ops.RenameIndex(key[1], new_name=new.name, old_name=old.name))

    def find_added_rules(self) -> None:
        """Add indexes and constraints, after fields came."""
        for key, rules in self.index_changes.items():
            for index in rules.added:
                self.add(key[0], ops.AddIndex(key[1], index), self._needs_of_rules(key))
        for key, rules in self.constraint_changes.items():
            for constraint in rules.added:
                self.add(key[0], ops.AddConstraint(key[1], constraint), self._needs_of_rules(key))
        for key, rules in self.constraint_changes.items():
            for _, new in rules.changed:
                self.add(key[0], ops.AlterConstraint(key[1], new.name, new), self._needs_of_rules(key))

    def _needs_of_rules(self, key: ModelKey) -> list[Dependency]:
        """An expression may follow any relation of the model, so its rules wait for all of them, as in Django."""
        needs: list[Dependency] = []
        for field in self.to_state.models[key].fields.values():
            if field.remote_field is not None and field.remote_field.model:
                needs += self.needs_of_relation(*key, field, self.to_state)
        return needs


def column_named(field: Field, name: str) -> str:
    """The column that a field has under a name, where it does not name one itself."""
    named = field.clone()
    named.set_attributes_from_name(name)
    return str(named.column)


def with_default(field: Field, default: object) -> Any:
    """The same field with a default."""
    return remade(field, {**field_options(field), "default": default})


def generated_from(field: Field) -> list[str]:
    """The names of the fields that a generated field is computed from."""
    return sorted({one.split("__")[0] for one in getattr(field, "referenced_fields", ())})


def _same_label(one: object, other: object, key: FieldKey) -> bool:
    """Whether two labels name the same model."""
    if not (isinstance(one, str) and isinstance(other, str)):
        return False
    return model_key(one, key[0], key[1]) == model_key(other, key[0], key[1])


def _only_in_python(old: Any, new: Any) -> bool:
    """Whether a constraint changed in nothing that the database sees."""
    (old_path, old_args, old_options), (path, args, options) = old.deconstruct(), new.deconstruct()
    for name in ONLY_IN_PYTHON:
        old_options.pop(name, None)
        options.pop(name, None)
    return bool((old_path, old_args, old_options) == (path, args, options))
