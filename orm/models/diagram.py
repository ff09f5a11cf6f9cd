"""The models as entities and relations, for whoever draws them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from orm.models.apps import apps
from orm.records import NamedTuple

ONE, MAYBE, MANY = "1", "0..1", "*"


class Attribute(NamedTuple):
    """A field of an entity: ``mark`` is PK, FK or nothing."""

    name: str
    kind: str
    mark: str = ""


class Entity(NamedTuple):
    """A model with a table, or one that stands for another's."""

    label: str
    app: str
    name: str
    attributes: tuple[Attribute, ...]


class Relation(NamedTuple):
    """A relation between two entities: how many rows of the near one a row of the far one has, and the other way."""

    near: str
    far: str
    name: str
    near_count: str
    far_count: str
    kind: str = "reference"
    """``reference``, ``many`` or ``inherits``."""


class Diagram(NamedTuple):
    """All of it."""

    entities: tuple[Entity, ...]
    relations: tuple[Relation, ...]

    def by_app(self) -> dict[str, list[Entity]]:
        """Return the entities of each app."""
        found: dict[str, list[Entity]] = {}
        for entity in self.entities:
            found.setdefault(entity.app, []).append(entity)
        return found


def diagram(labels: Collection[str] = ()) -> Diagram:
    """Return the models of some apps, or of all, with the relations between them."""
    models = [model for model in apps.get_models() if not labels or model._meta.app_label in labels]
    shown = {model._meta.label for model in models}
    relations = [one for model in models for one in _relations(model)]
    return Diagram(tuple(map(_entity, models)), tuple(one for one in relations if one.far in shown))


def _entity(model: Any) -> Entity:
    meta = model._meta
    attributes = []
    for field in meta.local_fields:
        if not field.concrete:
            continue
        key = field.primary_key or field in meta.pk_fields
        mark = "PK" if key else "FK" if field.is_relation else ""
        kind = field.target_field.get_internal_type() if field.is_relation else field.get_internal_type()
        attributes.append(Attribute(field.attname, kind.removesuffix("Field"), mark))
    return Entity(meta.label, meta.app_label, meta.object_name, tuple(attributes))


def _relations(model: Any) -> list[Relation]:
    meta = model._meta
    label = meta.label
    if meta.proxy:
        return [Relation(label, meta.concrete_model._meta.label, "proxy", ONE, ONE, "inherits")]
    links = set(meta.parents.values())
    found = []
    for field in meta.local_fields:
        target: Any = field.remote_field.model if field.is_relation and field.remote_field is not None else None
        if not isinstance(target, type):
            continue  # no relation, or one to a model that is not declared
        far = target._meta.label  # type: ignore[attr-defined]
        kind = "inherits" if field in links else "reference"
        near_count = MAYBE if field.unique else MANY
        found.append(Relation(label, far, field.name, near_count, MAYBE if field.null else ONE, kind))
    for field in meta.local_many_to_many:
        if field.remote_field.through._meta.auto_created:
            found.append(Relation(label, field.remote_field.model._meta.label, field.name, MANY, MANY, "many"))
    return found
