"""Which models came, went, were renamed, and changed their options: the first half of detecting changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orm.migrations import operations as ops
from orm.migrations.dependencies import SETTING, Dependency, Detected, Kind, of_relation
from orm.migrations.describing import without_targets
from orm.migrations.model_state import ModelState
from orm.migrations.questioner import MigrationQuestioner
from orm.migrations.references import ModelKey, model_key, references_in
from orm.migrations.state import ProjectState

if TYPE_CHECKING:
    from orm.migrations.operation import AwaitableOperation
    from orm.models.fields.base import Field

FieldKey = tuple[str, str, str]

ADDED_LATER = frozenset({"indexes", "constraints", "unique_together", "index_together", "order_with_respect_to"})
"""Options of a model that operations of their own give it, once its relations are there."""


class ModelDetector:
    """Compares two states, model by model. Subclasses go on with fields and rules.

    ``generated`` collects what is found, by app.
    """

    def __init__(
        self, from_state: ProjectState, to_state: ProjectState, questioner: MigrationQuestioner | None = None
    ) -> None:
        self.from_state = from_state
        self.to_state = to_state
        self.questioner = questioner or MigrationQuestioner()
        self.existing_apps = {app for app, _ in from_state.models}
        self.generated: dict[str, list[Detected]] = {}
        self.renamed_models: dict[ModelKey, str] = {}
        """New keys of renamed models, with their old names."""
        self.renamed_labels: dict[str, str] = {}
        """Old labels of renamed models, with their new ones."""
        self.renamed_fields: dict[FieldKey, str] = {}

    def add(
        self, app_label: str, operation: AwaitableOperation, dependencies: Any = (), beginning: bool = False
    ) -> None:
        """Keep an operation for an app."""
        one = Detected(operation, tuple(dict.fromkeys(dependencies)))
        into = self.generated.setdefault(app_label, [])
        into.insert(0, one) if beginning else into.append(one)

    # -- which models ----------------------------------------------------------------------------------------------

    def sort_out(self, convert_apps: Any) -> None:
        """Tell the models of both states apart: plain, proxy and unmanaged ones."""
        self.old_models: set[ModelKey] = set()
        self.old_proxies: set[ModelKey] = set()
        self.old_unmanaged: set[ModelKey] = set()
        self.new_models: set[ModelKey] = set()
        self.new_proxies: set[ModelKey] = set()
        self.new_unmanaged: set[ModelKey] = set()
        old = (self.old_models, self.old_proxies, self.old_unmanaged)
        new = (self.new_models, self.new_proxies, self.new_unmanaged)
        for state, (plain, proxies, unmanaged) in ((self.from_state, old), (self.to_state, new)):
            for key, model_state in state.models.items():
                if not model_state.options.get("managed", True):
                    unmanaged.add(key)
                elif key[0] not in self.from_state.real_apps or (
                    state is self.to_state and convert_apps and key[0] in convert_apps
                ):
                    (proxies if model_state.options.get("proxy") else plain).add(key)

    def old_name(self, key: ModelKey) -> str:
        """The name a model had before, in lower case or as it was written."""
        return self.renamed_models.get(key, key[1])

    def old_state(self, key: ModelKey) -> ModelState:
        """A kept model as it was."""
        return self.from_state.models[key[0], self.old_name(key).lower()]

    # -- renamed models --------------------------------------------------------------------------------------------

    def find_renamed_models(self) -> None:
        """Ask of each model that came whether it is one that went: told so, or with the same fields."""
        for key in sorted(self.new_models - self.old_models - self.old_unmanaged):
            app_label, _ = key
            model_state = self.to_state.models[key]
            fields = without_targets(model_state.fields)
            for old_key in sorted(self.old_models - self.new_models - self.new_unmanaged):
                if old_key[0] != app_label:
                    continue
                old_state = self.from_state.models[old_key]
                told = self.questioner.renames.of_model(app_label, old_state.name, model_state.name)
                if told is False or not (
                    told
                    or (
                        fields == without_targets(old_state.fields)
                        and self.questioner.ask_rename_model(old_state, model_state)
                    )
                ):
                    continue
                self.add(
                    app_label, ops.RenameModel(old_state.name, model_state.name), self._needs_of_rename(old_key, key)
                )
                self.renamed_models[key] = old_state.name
                self.renamed_labels[f"{app_label}.{old_state.name_lower}"] = f"{app_label}.{model_state.name_lower}"
                self.old_models.remove(old_key)
                self.old_models.add(key)
                break

    def _needs_of_rename(self, old_key: ModelKey, key: ModelKey) -> list[Dependency]:
        """A rename waits for what the model refers to, and for what referred to it by its old name: on a new database
        that would have nothing to refer to.
        """
        old_fields = self.from_state.models[old_key].fields
        needs = []
        for name, field in self.to_state.models[key].fields.items():
            if name in old_fields and field.is_relation and field.remote_field is not None:
                needs += self.needs_of_relation(*key, field, self.to_state)
        # Two that refer to each other may both be renamed, so neither waits for the other's new name.
        needs = [one if one.app_label == SETTING else one._replace(kind=Kind.STAY) for one in needs]
        for other, _name, _field, _found in references_in(self.from_state, old_key):
            needs.append(Dependency(other.app_label, other.name_lower, None, Kind.STAY))
        needs += [Dependency(*other, None, Kind.STAY) for other in self._standing_on(old_key)]
        return needs

    def _standing_on(self, key: ModelKey) -> list[ModelKey]:
        """The old models that have a model for a base."""
        return [
            other_key
            for other_key, other in self.from_state.models.items()
            if any(isinstance(base, str) and "." in base and model_key(base) == key for base in other.bases)
        ]

    # -- created and deleted models --------------------------------------------------------------------------------

    def needs_of_relation(self, app_label: str, model_name: str, field: Field, state: ProjectState) -> list[Dependency]:
        """What a field that refers to others waits for: the models it refers to."""
        found = []
        setting = getattr(field, "swappable_setting", None)
        if setting is not None:
            found.append(Dependency(SETTING, setting, None, Kind.CREATE))
        else:
            found.append(of_relation(model_key(field.remote_field.model, app_label, model_name)))
        through = getattr(field.remote_field, "through", None)
        if through is not None:
            found.append(of_relation(model_key(through, app_label, model_name)))
        return found

    def find_created_models(self) -> None:
        """Create the models that came: first without what refers to others, which then follows."""
        there = self.old_models | self.old_unmanaged
        plain = sorted(self.new_models - there, key=self._swappable_first, reverse=True)
        unmanaged = sorted(self.new_unmanaged - there, key=self._swappable_first, reverse=True)
        for key in [*plain, *unmanaged]:
            self._create(key)

    def _swappable_first(self, key: ModelKey) -> tuple[str, str]:
        """Swappable models come first, since other apps may wait for them."""
        model_state = self.to_state.models[key]
        names = {base if isinstance(base, str) else base.__name__ for base in model_state.bases}
        if "swappable" in model_state.options or names & {"AbstractUser", "AbstractBaseUser"} or (
            key[0].lower() == "auth" and key[1] == "user"
        ):  # fmt: skip
            return ("___" + key[0], "___" + key[1])
        return key

    def _create(self, key: ModelKey) -> None:
        app_label, model_name = key
        model_state = self.to_state.models[key]
        later = _relations_added_later(model_state)
        options = {name: given for name, given in model_state.options.items() if name not in ADDED_LATER}
        needs = [Dependency(app_label, model_name, None, Kind.REMOVE)]
        needs += self._needs_of_bases(app_label, model_name, model_state)
        target = next(
            (field.remote_field.model for field in model_state.fields.values() if _refers_by_key(field)), None
        )
        if target is not None:
            needs.append(of_relation(model_key(target, app_label, model_name)))
        fields = [(name, field) for name, field in model_state.fields.items() if name not in later]
        create = ops.CreateModel(model_state.name, fields, options, model_state.bases, model_state.managers)
        self.add(app_label, create, needs, beginning=True)
        # The table of an unmanaged model is somebody else's, and so are its columns and indexes.
        if model_state.options.get("managed", True):
            self._add_parts(key, model_state.options, later)
            self._repoint_former_proxy(key)

    def _add_parts(self, key: ModelKey, options: Mapping[str, Any], relations: Mapping[str, Any]) -> None:
        """Add what a new model gets once it is there: relations, and what may be about these."""
        app_label, model_name = key
        for name, field in sorted(relations.items()):
            needs = self.needs_of_relation(app_label, model_name, field, self.to_state)
            self.add(app_label, ops.AddField(model_name, name, field), [*needs, Dependency(*key, None, Kind.CREATE)])
        if order_with_respect_to := options.get("order_with_respect_to"):
            self.add(
                app_label,
                ops.AlterOrderWithRespectTo(model_name, order_with_respect_to),
                [Dependency(*key, order_with_respect_to, Kind.CREATE), of_relation(key)],
            )
        needs = [Dependency(*key, name, Kind.CREATE) for name in sorted(relations)] + [of_relation(key)]
        for index in options.get("indexes", ()):
            self.add(app_label, ops.AddIndex(model_name, index), needs)
        for constraint in options.get("constraints", ()):
            self.add(app_label, ops.AddConstraint(model_name, constraint), needs)
        if unique_together := options.get("unique_together"):
            self.add(app_label, ops.AlterUniqueTogether(model_name, unique_together), needs)

    def _needs_of_bases(self, app_label: str, model_name: str, model_state: ModelState) -> list[Dependency]:
        """A model waits for its bases, and for the removal of what a base and it both have."""
        found = []
        for base in model_state.bases:
            if not isinstance(base, str) or "." not in base:
                continue
            base_key = model_key(base)
            found.append(of_relation(base_key))
            old_base, new_base = self.from_state.models.get(base_key), self.to_state.models.get(base_key)
            if old_base is not None and new_base is not None:
                gone = set(old_base.fields) & set(model_state.fields) - set(new_base.fields)
                found += [Dependency(*base_key, name, Kind.REMOVE) for name in sorted(gone)]
        return found

    def _repoint_former_proxy(self, key: ModelKey) -> None:
        """A proxy that becomes a model of its own has foreign keys to another table from now on."""
        if key not in self.old_proxies:
            return
        for model_state, name, field, found in list(references_in(self.to_state, key)):
            if found.to is None:
                continue
            self.add(
                model_state.app_label,
                ops.AlterField(model_state.name, name, field),
                [of_relation(key)],
            )

    def find_created_proxies(self) -> None:
        """Create the proxies that came."""
        for key in sorted(self.new_proxies - self.old_proxies):
            app_label, model_name = key
            model_state = self.to_state.models[key]
            needs = [Dependency(app_label, model_name, None, Kind.REMOVE)]
            needs += [
                of_relation(model_key(base)) for base in model_state.bases if isinstance(base, str) and "." in base
            ]
            self.add(
                app_label,
                ops.CreateModel(model_state.name, [], model_state.options, model_state.bases, model_state.managers),
                needs,
            )

    def find_deleted_models(self) -> None:
        """Delete the models that went, after what refers to others and to them."""
        left = self.new_models | self.new_unmanaged  # whose table is kept by others now is only an option's change
        gone = [*sorted(self.old_models - left), *sorted(self.old_unmanaged - left)]
        for key in gone:
            self._delete(key)

    def _delete(self, key: ModelKey) -> None:
        app_label, model_name = key
        model_state = self.from_state.models[key]
        related = [
            name
            for name, field in model_state.fields.items()
            if field.remote_field is not None
            and (field.remote_field.model or getattr(field.remote_field, "through", None))
        ]
        if model_state.options.get("managed", True):
            if model_state.options.get("unique_together"):
                self.add(app_label, ops.AlterUniqueTogether(model_name, None))
            if model_state.options.get("index_together"):
                self.add(app_label, ops.AlterIndexTogether(model_name, None))
            for name in sorted(related):
                self.add(app_label, ops.RemoveField(model_name, name))
        needs = []
        for other, name, _field, _found in references_in(self.from_state, key):
            other_key = other.app_label, other.name_lower
            if other_key == key:
                continue
            needs.append(Dependency(*other_key, name, Kind.REMOVE))
            needs.append(Dependency(*other_key, name, Kind.ALTER))
        for other_key in self._standing_on(key):
            if other_key not in self.to_state.models:
                needs.append(Dependency(*other_key, None, Kind.REMOVE))
        needs += [Dependency(*key, name, Kind.REMOVE) for name in sorted(related)]
        self.add(app_label, ops.DeleteModel(model_state.name), needs)

    def find_deleted_proxies(self) -> None:
        """Delete the proxies that went."""
        for key in sorted(self.old_proxies - self.new_proxies):
            self.add(key[0], ops.DeleteModel(self.from_state.models[key].name))

    # -- options ---------------------------------------------------------------------------------------------------

    @property
    def kept(self) -> set[ModelKey]:
        """The plain models that are in both states, by their new keys."""
        return self.old_models & self.new_models

    def find_altered_options(self) -> None:
        """Options that the database does not see."""
        kept = (
            self.kept
            | (self.old_proxies & self.new_proxies)
            | (self.old_unmanaged & self.new_unmanaged)
            | (self.old_unmanaged & self.new_models)
            | (self.old_models & self.new_unmanaged)
        )
        for key in sorted(kept):
            keys = ops.AlterModelOptions.ALTER_OPTION_KEYS
            old = {name: value for name, value in self.old_state(key).options.items() if name in keys}
            new = {name: value for name, value in self.to_state.models[key].options.items() if name in keys}
            if old != new:
                self.add(key[0], ops.AlterModelOptions(key[1], new))

    def find_altered_managers(self) -> None:
        """Managers that migrations know."""
        for key in sorted(self.kept):
            new = self.to_state.models[key].managers
            if described(self.old_state(key).managers) != described(new):
                self.add(key[0], ops.AlterModelManagers(key[1], new))

    def find_altered_order(self) -> None:
        """``order_with_respect_to``."""
        for key in sorted(self.kept):
            old = self.old_state(key).options.get("order_with_respect_to")
            new = self.to_state.models[key].options.get("order_with_respect_to")
            if old != new:
                needs = [Dependency(*key, new, Kind.CREATE)] if new else []
                self.add(key[0], ops.AlterOrderWithRespectTo(key[1], new), needs)

    def find_altered_tables(self) -> None:
        """Names of tables."""
        for key in sorted(self.kept | (self.old_unmanaged & self.new_unmanaged)):
            old = self.old_state(key).options.get("db_table")
            new = self.to_state.models[key].options.get("db_table")
            if old != new:
                self.add(key[0], ops.AlterModelTable(key[1], new))

    def find_altered_comments(self) -> None:
        """Comments of tables."""
        for key in sorted(self.kept | (self.old_unmanaged & self.new_unmanaged)):
            old = self.old_state(key).options.get("db_table_comment")
            new = self.to_state.models[key].options.get("db_table_comment")
            if old != new:
                self.add(key[0], ops.AlterModelTableComment(key[1], new))


def _refers_by_key(field: Field[Any]) -> bool:
    """Whether a field is a key that refers to another model, which has to be there first: it is part of the table."""
    return bool(field.primary_key and field.remote_field is not None and field.remote_field.model)


def _relations_added_later(model_state: ModelState) -> dict[str, Any]:
    """Return the relations that are added once the model is there, since models may refer to each other in a circle."""
    found = {}
    for name, field in model_state.fields.items():
        remote = field.remote_field
        if remote is None:
            continue
        ordinary = remote.model and not field.primary_key and not getattr(remote, "parent_link", False)
        if ordinary or getattr(remote, "through", None):
            found[name] = field
    return found


def described(managers: Any) -> list[tuple[object, object]]:
    """Managers as plain data."""
    return [(name, manager.deconstruct() if hasattr(manager, "deconstruct") else manager) for name, manager in managers]
