"""Models as migrations know them: plain descriptions that operations change, and classes made of them when asked for.

``ProjectState`` is all models at one point of history. Its ``apps`` are real model classes in a registry of their own;
they are made when first asked for, and only those that a change may have reached are made again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from orm.errors import FieldDoesNotExist
from orm.migrations.exceptions import InvalidBasesError
from orm.migrations.model_state import ModelState, field_options, remade, without_default
from orm.migrations.references import ModelKey, model_key, references_in
from orm.models.applications import AppConfig
from orm.models.apps import Apps
from orm.models.apps import apps as global_apps
from orm.models.relations.resolve import SELF

if TYPE_CHECKING:
    from orm.models.fields.base import Field


class StateApps(Apps):
    """The registry of a state's models."""

    historical = True

    def __init__(self) -> None:
        super().__init__()
        self.real_models: list[Any] = []

    def forget(self, keys: Iterable[ModelKey]) -> None:
        """Take models out, to be made again."""
        for app_label, name in keys:
            models = self.all_models.get(app_label, {})
            models.pop(name, None)
            prefix = f"{name}_"
            for other in [one for one in models if one.startswith(prefix)]:
                owner = models[other]._meta.auto_created
                if owner and owner._meta.model_name == name:
                    del models[other]

    def clone(self) -> StateApps:
        """A registry of the same classes, to which changes can be made."""
        twin = StateApps()
        twin.all_models = {label: dict(models) for label, models in self.all_models.items()}
        twin.app_configs = dict(self.app_configs)
        twin.real_models = self.real_models
        return twin

    def clear_cache(self) -> None:
        """Nothing is cached here; for those who know the registry from elsewhere."""


class StateAppConfig(AppConfig):
    """An application of a state: its label, and its models."""

    path = ""

    def __init__(self, label: str, registry: StateApps) -> None:
        self.label = label
        super().__init__(label, None)
        self.apps = registry
        self.models = registry.all_models.get(label, {})


class ProjectState:
    """All models at one point of history.

    Parameters: ``models`` are model states by (app label, lower-case name); ``real_apps`` are labels of applications
    without migrations, whose models are taken as they are.
    """

    def __init__(
        self, models: Mapping[ModelKey, ModelState] | None = None, real_apps: Iterable[str] | None = None
    ) -> None:
        self.models: dict[ModelKey, ModelState] = dict(models or {})
        assert real_apps is None or isinstance(real_apps, (set, frozenset)), "real_apps must be a set of app labels"
        self.real_apps: set[str] = set(real_apps or ())
        self.is_delayed = False
        self._apps: StateApps | None = None
        self._stale: set[ModelKey] = set()
        self._gone: dict[ModelKey, ModelState] = {}
        """What removed models were: a history may repoint only afterwards what refers to them."""

    # -- changes ---------------------------------------------------------------------------------------------------

    def add_model(self, model_state: ModelState) -> None:
        """Take in a model."""
        key = model_state.app_label, model_state.name_lower
        self.models[key] = model_state
        self._gone.pop(key, None)
        self.reload_model(*key)

    def remove_model(self, app_label: str, model_name: str) -> None:
        """Take a model out."""
        key = app_label, model_name.lower()
        self._touch(key)
        self._gone[key] = self.models.pop(key).ghost()

    def rename_model(self, app_label: str, old_name: str, new_name: str) -> None:
        """Give a model another name, and have every field that refers to it do so by the new one."""
        old, new = (app_label, old_name.lower()), (app_label, new_name.lower())
        self._touch(old)
        renamed = self.models[old].clone()
        renamed.name = new_name
        touched = {old}
        for model_state, name, field, reference in list(references_in(self, old)):
            options = field_options(field)
            if reference.to is not None and options["to"] != SELF:
                options["to"] = f"{app_label}.{new_name}"
            if reference.through is not None:
                options["through"] = f"{app_label}.{new_name}"
            owner = renamed if (model_state.app_label, model_state.name_lower) == old else model_state
            owner.fields[name] = remade(field, options)
            touched.add((model_state.app_label, model_state.name_lower))
        for model_state in self.models.values():
            if any(isinstance(base, str) and model_key(base) == old for base in model_state.bases):
                model_state.bases = tuple(
                    f"{app_label}.{new_name.lower()}" if isinstance(base, str) and model_key(base) == old else base
                    for base in model_state.bases
                )
        order = list(self.models)
        del self.models[old]
        self.models[new] = renamed
        self.models = {key: self.models[key] for key in [new if one == old else one for one in order]}
        for key in touched - {old}:
            self._touch(key)
        self._touch(new)

    def alter_model_options(
        self, app_label: str, model_name: str, options: Mapping[str, Any], option_keys: Iterable[str] | None = None
    ) -> None:
        """Set options; those of ``option_keys`` that are not among them go."""
        model_state = self.models[app_label, model_name.lower()]
        model_state.options = {**model_state.options, **options}
        for key in option_keys or ():
            if key not in options:
                model_state.options.pop(key, False)
        self.reload_model(app_label, model_name)

    def remove_model_options(self, app_label: str, model_name: str, option_name: str, option_value: Any) -> None:
        """Take one value out of an option that is a set."""
        model_state = self.models[app_label, model_name.lower()]
        if option_name in model_state.options:
            model_state.options[option_name] = {
                tuple(one) for one in model_state.options[option_name] if tuple(one) != tuple(option_value)
            }
        self.reload_model(app_label, model_name)

    def alter_model_managers(self, app_label: str, model_name: str, managers: Iterable[tuple[str, object]]) -> None:
        """Set the managers."""
        self.models[app_label, model_name.lower()].managers = list(managers)
        self.reload_model(app_label, model_name)

    def _append(self, app_label: str, model_name: str, option: str, value: object) -> None:
        model_state = self.models[app_label, model_name.lower()]
        model_state.options[option] = [*model_state.options.get(option, []), value]
        self.reload_model(app_label, model_name)

    def _without(self, app_label: str, model_name: str, option: str, name: str) -> None:
        model_state = self.models[app_label, model_name.lower()]
        model_state.options[option] = [one for one in model_state.options.get(option, []) if one.name != name]
        self.reload_model(app_label, model_name)

    def add_index(self, app_label: str, model_name: str, index: object) -> None:
        """Add an index."""
        self._append(app_label, model_name, "indexes", index)

    def remove_index(self, app_label: str, model_name: str, index_name: str) -> None:
        """Remove the index of that name."""
        self._without(app_label, model_name, "indexes", index_name)

    def rename_index(self, app_label: str, model_name: str, old_index_name: str, new_index_name: str) -> None:
        """Give an index another name."""
        model_state = self.models[app_label, model_name.lower()]
        renamed = []
        for index in model_state.options.get("indexes", []):
            if index.name == old_index_name:
                index = index.clone()
                index.name = new_index_name
            renamed.append(index)
        model_state.options["indexes"] = renamed
        self.reload_model(app_label, model_name)

    def add_constraint(self, app_label: str, model_name: str, constraint: object) -> None:
        """Add a constraint."""
        self._append(app_label, model_name, "constraints", constraint)

    def remove_constraint(self, app_label: str, model_name: str, constraint_name: str) -> None:
        """Remove the constraint of that name."""
        self._without(app_label, model_name, "constraints", constraint_name)

    def alter_constraint(self, app_label: str, model_name: str, constraint_name: str, constraint: object) -> None:
        """Put a constraint in the place of the one of that name."""
        model_state = self.models[app_label, model_name.lower()]
        model_state.options["constraints"] = [
            constraint if one.name == constraint_name else one for one in model_state.options.get("constraints", [])
        ]
        self.reload_model(app_label, model_name)

    def add_field(
        self, app_label: str, model_name: str, name: str, field: Field, preserve_default: bool = True
    ) -> None:
        """Add a field; without ``preserve_default`` its default was for the rows that existed only."""
        if not preserve_default:
            field = without_default(field)
        self.models[app_label, model_name.lower()].fields[name] = field
        self.reload_model(app_label, model_name)

    def remove_field(self, app_label: str, model_name: str, name: str) -> None:
        """Remove a field."""
        self._touch((app_label, model_name.lower()))
        del self.models[app_label, model_name.lower()].fields[name]

    def alter_field(
        self, app_label: str, model_name: str, name: str, field: Field, preserve_default: bool = True
    ) -> None:
        """Put a field in the place of another of the same name."""
        if not preserve_default:
            field = without_default(field)
        self._touch((app_label, model_name.lower()))
        self.models[app_label, model_name.lower()].fields[name] = field
        self.reload_model(app_label, model_name)

    def rename_field(self, app_label: str, model_name: str, old_name: str, new_name: str) -> None:
        """Give a field another name, also where options and other fields name it.

        Raises ``FieldDoesNotExist``.
        """
        key = app_label, model_name.lower()
        model_state = self.models[key]
        if old_name not in model_state.fields:
            raise FieldDoesNotExist(f"{app_label}.{model_name} has no field named {old_name!r}")
        self._touch(key)
        model_state.fields = {new_name if name == old_name else name: one for name, one in model_state.fields.items()}
        for option in ("index_together", "unique_together"):
            groups = model_state.options.get(option)
            if groups:
                renamed = [tuple(new_name if name == old_name else name for name in group) for group in groups]
                model_state.options[option] = set(renamed) if isinstance(groups, (set, frozenset)) else renamed
        for name, one in model_state.fields.items():
            if getattr(one, "is_composite_key", False) and old_name in one.field_names:
                parts = [new_name if part == old_name else part for part in one.field_names]
                model_state.fields[name] = type(one)(*parts, **field_options(one))
            if "from_fields" in getattr(one, "option_defaults", ()) and old_name in one.from_fields:
                options = field_options(one)
                options["from_fields"] = _renamed(one.from_fields, old_name, new_name)
                model_state.fields[name] = remade(one, options)
        field = model_state.fields[new_name]
        for other_state, name, other, reference in list(references_in(self, key, old_name, field)):
            options = field_options(other)
            if reference.to is not None and options.get("to_field") == old_name:
                options["to_field"] = new_name
            if reference.through is not None and options.get("through_fields"):
                options["through_fields"] = tuple(
                    new_name if one == old_name else one for one in options["through_fields"]
                )
            if reference.to is not None and "to_fields" in options:
                options["to_fields"] = _renamed(options["to_fields"], old_name, new_name)
            other_state.fields[name] = remade(other, options)
            self._touch((other_state.app_label, other_state.name_lower))
        self.reload_model(app_label, model_name)

    @property
    def relations(self) -> dict[ModelKey, dict[ModelKey, dict[str, Any]]]:
        """For each model the models that refer to it, and by which fields."""
        found: dict[ModelKey, dict[ModelKey, dict[str, Any]]] = {}
        for key, model_state in self.models.items():
            for name, field in model_state.fields.items():
                remote = field.remote_field
                if remote is None:
                    continue
                target = model_key(remote.model, *key)
                found.setdefault(target, {}).setdefault(key, {})[name] = field
                through = getattr(remote, "through", None)
                if through is not None:
                    found.setdefault(model_key(through, *key), {}).setdefault(key, {})[name] = field
        return found

    # -- classes ---------------------------------------------------------------------------------------------------

    def reload_model(self, app_label: str, model_name: str, delay: bool = False) -> None:
        """Have a model made again, with those that are related to it. (``delay`` makes no difference: it is always put
        off until somebody asks for ``apps``.)
        """
        self._touch((app_label, model_name.lower()))

    def reload_models(self, models: Iterable[ModelKey], delay: bool = True) -> None:
        """Have several models made again."""
        for app_label, name in models:
            self._touch((app_label, name.lower()))

    def _touch(self, key: ModelKey) -> None:
        if self._apps is not None:
            self._stale |= self.related_to({key})

    def related_to(self, keys: set[ModelKey]) -> set[ModelKey]:
        """The models themselves and all that are related to them, over any number of relations, either way."""
        neighbours = self._neighbours()
        found: set[ModelKey] = set()
        waiting = list(keys)
        while waiting:
            key = waiting.pop()
            if key not in found:
                found.add(key)
                waiting.extend(neighbours.get(key, ()))
        return found

    def _neighbours(self) -> dict[ModelKey, set[ModelKey]]:
        found: dict[ModelKey, set[ModelKey]] = {}
        for key, model_state in self.models.items():
            for other in model_state.relations():
                found.setdefault(key, set()).add(other)
                found.setdefault(other, set()).add(key)
        return found

    @property
    def apps(self) -> StateApps:
        """The models as classes.

        Raises ``ValueError`` for relations to models that are not there, ``InvalidBasesError`` for bases that are not.
        """
        if self._apps is None:
            self._apps = StateApps()
            real = map(self._without_relations, self._real_models())
            self._make(self._apps, [*real, *self.models.values(), *self._ghosts()])
        elif self._stale:
            stale, self._stale = self._stale, set()
            self._apps.forget(stale)
            ghosts = [one for one in self._ghosts() if (one.app_label, one.name_lower) in stale]
            models = [model for model in self._real_models() if model_key(model._meta.label) in stale]
            real = map(self._without_relations, models)
            self._make(self._apps, [*real, *(one for key, one in self.models.items() if key in stale), *ghosts])
        return self._apps

    def whole_apps(self) -> StateApps:
        """The models as classes, those of applications without migrations with their relations too: all are there now.

        Raises what ``apps`` raises.
        """
        if not self.real_apps:
            return self.apps
        registry = StateApps()
        real = map(ModelState.from_model, self._real_models())
        self._make(registry, [*real, *self.models.values(), *self._ghosts()])
        return registry

    def _ghosts(self) -> list[ModelState]:
        """The removed models that others still refer to, or inherit from."""
        if not self._gone:
            return []
        named = {key for model_state in self.models.values() for key in model_state.relations()}
        return [ghost for key, ghost in self._gone.items() if key in named]

    @staticmethod
    def _without_relations(model: Any) -> ModelState:
        """A model of an application without migrations; its relations may lead to what comes later."""
        return ModelState.from_model(model, exclude_rels=True)

    def _real_models(self) -> list[Any]:
        if not self.real_apps:
            return []
        return [
            model
            for model in global_apps.get_models(include_swapped=True)
            if model._meta.app_label in self.real_apps
            and (model._meta.app_label, model._meta.model_name) not in self.models
        ]

    def _make(self, registry: StateApps, states: list[ModelState]) -> None:
        """Make classes, each after its bases."""
        waiting = states
        while waiting:
            left = []
            for model_state in waiting:
                try:
                    model_state.render(registry)
                except InvalidBasesError:
                    left.append(model_state)
            if len(left) == len(waiting):
                raise InvalidBasesError(
                    f"Cannot resolve bases for {left!r}\nThis can happen if you are inheriting "
                    "models from an app with migrations (e.g. contrib.auth) in an app with no migrations."
                )
            waiting = left
        for model in registry.get_models(include_swapped=True):
            label = model._meta.app_label
            registry.app_configs.setdefault(label, StateAppConfig(label, registry))
        self._complain_of_missing(registry)

    def _complain_of_missing(self, registry: StateApps) -> None:
        problems = []
        for label in registry.pending():
            target = model_key(label)
            for model_state, name, _field, _reference in references_in(self, target):
                where = f"{model_state.app_label}.{model_state.name}.{name}"
                reason = (
                    f"app {target[0]!r} doesn't provide model {target[1]!r}"
                    if target[0] in registry.all_models
                    else f"app {target[0]!r} isn't installed"
                )
                problems.append(f"The field {where} was declared with a lazy reference to '{label}', but {reason}.")
            problems += _join_models_to(registry, target, label)
        if problems:
            raise ValueError("\n".join(sorted(problems)))

    def clear_delayed_apps_cache(self) -> None:
        """Nothing is put off in a way that has to be cleared."""

    @property
    def concrete_apps(self) -> StateApps:
        """The same as ``apps``."""
        return self.apps

    def clone(self) -> ProjectState:
        """A state that can be changed without changing this one; classes are shared until they are made again."""
        twin = ProjectState(
            models={key: model_state.clone() for key, model_state in self.models.items()}, real_apps=self.real_apps
        )
        if self._apps is not None:
            twin._apps = self._apps.clone()
            twin._stale = set(self._stale)
        twin._gone = dict(self._gone)
        twin.is_delayed = self.is_delayed
        return twin

    @classmethod
    def from_apps(cls, apps: Apps) -> ProjectState:
        """The state of the models of a registry."""
        found = {}
        for model in apps.get_models(include_swapped=True):
            model_state = ModelState.from_model(model)
            found[model_state.app_label, model_state.name_lower] = model_state
        return cls(found)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, ProjectState)
            and self.models.keys() == other.models.keys()
            and self.real_apps == other.real_apps
            and all(model_state == other.models[key] for key, model_state in self.models.items())
        )

    __hash__ = None  # type: ignore[assignment]


def _join_models_to(registry: StateApps, target: ModelKey, label: str) -> list[str]:
    """What there is to say of join models, made for a relation, one end of which is not there."""
    return [
        f"The field {model._meta.label}.{field.name} was declared with a lazy reference to '{label}', but app "
        f"{target[0]!r} doesn't provide model {target[1]!r}."
        for model in registry.get_models(include_auto_created=True)
        if model._meta.auto_created
        for field in model._meta.local_fields
        if field.is_relation and isinstance(field.remote_field.model, str)
        and model_key(field.remote_field.model, model._meta.app_label) == target
    ]  # fmt: skip


def _renamed(names: Iterable[str | None], old: str, new: str) -> tuple[str | None, ...]:
    return tuple(new if name == old else name for name in names)
