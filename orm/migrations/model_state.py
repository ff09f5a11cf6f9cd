"""One model as migrations know it: its name, fields, options, bases and managers, and the class made of them."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from orm.migrations.exceptions import InvalidBasesError
from orm.migrations.references import ModelKey, model_key
from orm.models.apps import Apps
from orm.models.base_blocking import Model
from orm.models.indexes import Index
from orm.models.managers import Manager
from orm.models.meta import META_DEFAULTS, normalise_together
from orm.models.neighbour_methods import OrderWrt
from orm.models.relations.resolve import SELF

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.models.fields.base import Field

OPTION_NAMES = (*(name for name in META_DEFAULTS if name not in ("apps", "app_label")), "index_together")


class ModelState:
    """One model: names, fields, options, bases and managers. Options that are not given are not there.

    Parameters: ``fields`` are pairs of name and field (or a dict), each bound to no model and naming others by label;
    ``bases`` are classes or labels of models; ``managers`` are pairs of name and manager.

    Raises ``ValueError`` for a field that belongs to a model, or names a class, and for an index without a name.
    """

    def __init__(
        self,
        app_label: str,
        name: str,
        fields: Any,
        options: Mapping[str, object] | None = None,
        bases: Iterable[object] | None = None,
        managers: Iterable[tuple[str, object]] | None = None,
    ) -> None:
        self.app_label = app_label
        self.name = name
        self.fields: dict[str, Any] = dict(fields)
        self.options: dict[str, Any] = dict(options or {})
        self.options.setdefault("indexes", [])
        self.options.setdefault("constraints", [])
        self.bases: tuple[Any, ...] = tuple(bases) if bases else (Model,)
        self.managers: list[tuple[str, Any]] = list(managers or [])
        for field_name, field in self.fields.items():
            if "model" in vars(field):
                raise ValueError(f'ModelState.fields cannot be bound to a model - "{field_name}" is.')
            relation = field.remote_field
            if field.is_relation and relation is not None and hasattr(relation.model, "_meta"):
                raise ValueError(
                    f'Model fields in "ModelState.fields" cannot refer to a model class - '
                    f'"{self.app_label}.{self.name}.{field_name}.to" does. Use a string reference instead.'
                )
            if field.many_to_many and relation is not None and hasattr(relation.through, "_meta"):
                raise ValueError(
                    f'Model fields in "ModelState.fields" cannot refer to a model class - '
                    f'"{self.app_label}.{self.name}.{field_name}.through" does. Use a string reference instead.'
                )
        for index in self.options["indexes"]:
            if not isinstance(index, Index):
                raise TypeError(f"{self.label}: Meta.indexes is a list of them, and {index!r} is none.")
            if not index.name:
                raise ValueError(f"Indexes passed to ModelState require a name attribute. {index!r} doesn't have one.")

    @property
    def name_lower(self) -> str:
        """The name in lower case, as it is a key."""
        return self.name.lower()

    @property
    def label(self) -> str:
        """``app.Model``."""
        return f"{self.app_label}.{self.name}"

    def relations(self) -> set[ModelKey]:
        """The models this one names: targets, join models and bases."""
        found = set()
        for field in self.fields.values():
            if field.is_relation and field.remote_field is not None:
                found.add(model_key(field.remote_field.model, self.app_label, self.name))
                through = getattr(field.remote_field, "through", None)
                if through is not None:
                    found.add(model_key(through, self.app_label, self.name))
        found.update(model_key(base) for base in self.bases if isinstance(base, str))
        return found

    def get_field(self, field_name: str) -> Any:
        """The field of that name; ``_order`` is that of ``order_with_respect_to``."""
        if field_name == "_order":
            field_name = self.options.get("order_with_respect_to") or field_name
        return self.fields[field_name]

    def get_index_by_name(self, name: str) -> Any:
        """The index of that name; raises ValueError."""
        for index in self.options["indexes"]:
            if index.name == name:
                return index
        raise ValueError(f"No index named {name} on model {self.name}")

    def get_constraint_by_name(self, name: str) -> Any:
        """The constraint of that name; raises ValueError."""
        for constraint in self.options["constraints"]:
            if constraint.name == name:
                return constraint
        raise ValueError(f"No constraint named {name} on model {self.name}")

    @classmethod
    def from_model(cls, model: type[AwaitableModel], exclude_rels: bool = False) -> ModelState:
        """The state of a model class; ``exclude_rels`` leaves out fields that refer to others."""
        meta = model._meta
        fields = []
        options = _options_of(model, exclude_rels)
        for field in meta.local_fields:
            if field.is_relation and exclude_rels:
                continue
            if isinstance(field, OrderWrt) and (exclude_rels or "order_with_respect_to" in options):
                continue
            fields.append((field.name, _described(field, meta)))
        if not exclude_rels:
            fields += [(field.name, _described(field, meta)) for field in meta.local_many_to_many]
        return cls(
            meta.app_label, meta.object_name, fields, options, _bases_of(model), _managers_of(model),
        )  # fmt: skip

    def construct_managers(self) -> Iterable[tuple[str, Any]]:
        """Yield (name, manager) with managers of the model's own, in order of declaration."""
        for name, manager in sorted(self.managers, key=lambda pair: pair[1].creation_counter):
            fresh = manager.again()
            fresh.creation_counter = manager.creation_counter
            yield name, fresh

    def clone(self) -> ModelState:
        """A state that can be changed without changing this one."""
        twin = object.__new__(ModelState)
        twin.app_label, twin.name = self.app_label, self.name
        twin.fields = dict(self.fields)
        twin.options = dict(self.options)
        twin.bases = self.bases
        twin.managers = list(self.managers)
        return twin

    def ghost(self) -> ModelState:
        """The table that others refer to, when the model is gone: its key and plain columns, and its name."""
        parts = {part for field in self.fields.values() if getattr(field, "is_composite_key", False)
                 for part in field.field_names}  # fmt: skip
        kept = {
            name: field for name, field in self.fields.items()
            if not field.is_relation or field.primary_key or name in parts
        }  # fmt: skip
        options = {name: value for name, value in self.options.items() if name in ("db_table", "swappable")}
        return ModelState(self.app_label, self.name, kept, options)

    def render(self, apps: Apps) -> Any:
        """Make the class, in a registry.

        Raises ``InvalidBasesError`` while a base has not been made.
        """
        options = {"app_label": self.app_label, "apps": apps, **self.options}
        options = {name: value for name, value in options.items() if name != "index_together"}
        meta = type("Meta", (), options)
        try:
            bases = tuple(apps.get_model(*model_key(base)) if isinstance(base, str) else base for base in self.bases)
        except LookupError:
            raise InvalidBasesError(f"Cannot resolve one or more bases from {self.bases!r}") from None
        body: dict[str, Any] = {name: field.clone() for name, field in self.fields.items()}
        # In the state's order: a field that a later file changed stays where it was.
        counters = sorted(field.creation_counter for field in body.values())
        for field, counter in zip(body.values(), counters, strict=True):
            field.creation_counter = counter
        body["Meta"] = meta
        body["__module__"] = "__fake__"
        body.update(self.construct_managers())
        declare: Any = type(Model)
        model = declare(self.name, bases, body)
        model._meta.index_together = tuple(map(tuple, self.options.get("index_together") or ()))
        return model

    def __repr__(self) -> str:
        return f"<ModelState: '{self.label}'>"

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, ModelState)
            and self.app_label == other.app_label
            and self.name == other.name
            and self.fields.keys() == other.fields.keys()
            and all(
                field.deconstruct()[1:] == other.fields[name].deconstruct()[1:] for name, field in self.fields.items()
            )
            and self.options == other.options
            and self.bases == other.bases
            and self.managers == other.managers
        )

    __hash__ = None  # type: ignore[assignment]


# -- descriptions ------------------------------------------------------------------------------------------------------


def field_options(field: Field) -> dict[str, Any]:
    """The arguments that declare a field again, all by keyword where the field says them so."""
    return dict(field.deconstruct()[3])


def remade(field: Field, options: Mapping[str, Any]) -> Any:
    """A field of the same class with other options."""
    return type(field)(*field.deconstruct()[2], **options)


def without_default(field: Field) -> Any:
    """The same field without its default, which was for rows that existed."""
    options = field_options(field)
    options.pop("default", None)
    return remade(field, options)


def _described(field: Any, meta: Any) -> Any:
    """A field declared as this one, bound to nothing, naming models by label."""
    try:
        _, _, args, options = field.deconstruct()
        for name in ("to", "through"):
            value = options.get(name)
            if hasattr(value, "_meta"):
                options[name] = value._meta.label
            elif isinstance(value, str) and value != SELF and "." not in value:
                options[name] = f"{meta.app_label}.{value}"
        if getattr(field.remote_field, "symmetrical", False):
            options["to"] = SELF  # by its label it would be a relation that has two directions
        return type(field)(*args, **options)
    except TypeError as problem:
        raise TypeError(f"Couldn't reconstruct field {field.name} on {meta.label}: {problem}") from problem


def _options_of(model: type[AwaitableModel], exclude_rels: bool) -> dict[str, object]:
    meta = model._meta
    options: dict[str, Any] = {}
    for name in OPTION_NAMES:
        if name not in meta.original_attrs:
            continue
        value = meta.original_attrs[name]
        if name in ("unique_together", "index_together"):
            options[name] = set(normalise_together(value, meta.label))
        elif name == "indexes":
            indexes = [index.clone() for index in meta.indexes]
            for index in indexes:
                if not index.name:
                    index.set_name_with_model(model)
            options[name] = indexes
        elif name == "constraints":
            options[name] = [constraint.clone() for constraint in meta.constraints]
        else:
            options[name] = value
    if exclude_rels:
        for name in ("unique_together", "index_together", "order_with_respect_to"):
            options.pop(name, None)
    elif options.get("order_with_respect_to") in {field.name for field in meta.private_fields}:
        options.pop("order_with_respect_to")  # the state has no such field, but the column of the order
    elif "order_with_respect_to" in options:
        options.pop("ordering", None)
    return options


def _bases_of(model: type[AwaitableModel]) -> tuple[object, ...]:
    """The bases as a migration names them: models by label, abstract ones replaced by what they inherit from."""
    flat: list[Any] = []

    def flatten(cls: type[AwaitableModel]) -> None:
        for base in cls.__bases__:
            if hasattr(base, "_meta") and base._meta.abstract:
                flatten(base)
            else:
                flat.append(base)

    flatten(model)
    named = []
    for base in sorted(set(flat), key=model.__mro__.index):
        named.append(base._meta.label_lower if hasattr(base, "_meta") else base)
    if not any(isinstance(base, str) or issubclass(base, Model) for base in named):
        named.append(Model)
    return tuple(named)


def _managers_of(model: type[AwaitableModel]) -> list[tuple[str, Any]]:
    meta = model._meta
    managers: list[tuple[str, Any]] = []
    names = set()
    shim: Any = None
    for manager in meta.managers:
        if manager.name in names:
            continue
        if manager.use_in_migrations:
            new = copy.copy(manager)
            new.creation_counter = manager.creation_counter
        elif manager is meta.base_manager or manager is meta.default_manager:
            new = Manager()
            new.model = manager.model
            new.name = manager.name
            if manager is meta.default_manager:
                shim = new
        else:
            continue
        names.add(manager.name)
        managers.append((manager.name, new))
    if managers == [("objects", shim)] and shim is not None:
        return []
    return managers
