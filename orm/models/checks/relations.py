"""Checks that a relation makes of its declaration (Django's documentation, "Related fields")."""

from __future__ import annotations

import keyword
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from orm.checks.messages import CheckMessage, Error, Warning
from orm.db.routing import routes
from orm.models.on_delete import SET_DEFAULT, SET_NULL

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.models.fields.base import Field

Found = Iterator[CheckMessage]

RENAME = "Add or change a related_name or related_query_name argument for this field."


def relation_checks(field: Field) -> Found:
    """Check the names and the target of any relation."""
    yield from _related_name(field)
    yield from _query_name(field)
    yield from target_checks(field)
    yield from _clashes(field)


def target_checks(field: Field) -> Found:
    """Check that the model a relation leads to is there."""
    yield from _target_exists(field)
    yield from _target_is_swapped(field)


def _related_name(field: Field) -> Found:
    rel = field.remote_field
    name = rel.declared_related_name if rel.related_name is None else rel.related_name
    if name is None:
        return
    plain = name.rstrip("+")
    fits = (name.endswith("+") and not plain) or (plain.isidentifier() and not keyword.iskeyword(plain))
    if not fits and not name.endswith("+"):
        yield Error(
            f"The name '{name}' is invalid related_name for field {field.model._meta.object_name}.{field.name}",
            hint="Related name must be a valid Python identifier or end with a '+'",
            obj=field,
            id="fields.E306",
        )


def _query_name(field: Field) -> Found:
    rel = field.remote_field
    if rel.hidden:
        return
    name = rel.name
    if name.endswith("_"):
        yield Error(
            f"Reverse query name '{name}' must not end with an underscore.", hint=RENAME, obj=field, id="fields.E308"
        )
    if "__" in name:
        yield Error(f"Reverse query name '{name}' must not contain '__'.", hint=RENAME, obj=field, id="fields.E309")


def _target_name(target: Any) -> str:
    return target if isinstance(target, str) else str(target._meta.object_name)


def _target_exists(field: Field) -> Found:
    target = field.remote_field.model
    apps = field.model._meta.apps
    if isinstance(target, str):  # perhaps only since another model that the relation needs is missing
        label = target if "." in target else f"{field.model._meta.app_label}.{target}"
        found = apps.find(*label.split(".", 1))
        target = found if found is not None and not found._meta.auto_created and apps.offers(found) else target
    if isinstance(target, str) or not (apps.offers(target) or target._meta.swapped):
        yield Error(
            f"Field defines a relation with model '{_target_name(target)}', which is either not installed, or is "
            "abstract.",
            obj=field,
            id="fields.E300",
        )


def _target_is_swapped(field: Field) -> Found:
    target = field.remote_field.model
    if not isinstance(target, str) and target._meta.swapped:
        yield Error(
            f"Field defines a relation with the model '{target._meta.label}', which has been swapped out.",
            hint=f"Update the relation to point at 'settings.{target._meta.swappable}'.",
            obj=field,
            id="fields.E301",
        )


def _clashes(field: Field) -> Found:
    """Check that the other side has nothing else of the names this relation takes there."""
    rel = field.remote_field
    if isinstance(rel.model, str) or not hasattr(rel.model, "_meta") or field.model._meta.swapped:
        return
    other = rel.model._meta
    accessor, query_name, here = rel.accessor_name, rel.name, f"{field.model._meta.label}.{field.name}"
    for clash in (*other.fields, *other.many_to_many):
        there = f"{other.label}.{clash.name}"
        hint = f"Rename field '{there}', or add/change a related_name argument to the definition for field '{here}'."
        if accessor is not None and clash.name == accessor:
            said = f"Reverse accessor '{other.object_name}.{accessor}' for '{here}' clashes with field name '{there}'."
            yield Error(said, hint=hint, obj=field, id="fields.E302")
        if clash.name == query_name:
            said = f"Reverse query name for '{here}' clashes with field name '{there}'."
            yield Error(said, hint=hint, obj=field, id="fields.E303")
    for clash in other.all_related_objects:
        if clash.field is field or clash.hidden or clash.related_model._meta.swapped:
            continue
        there = f"{clash.related_model._meta.label}.{clash.field.name}"
        hint = f"Add or change a related_name argument to the definition for '{here}' or '{there}'."
        if accessor is not None and clash.accessor_name == accessor:
            said = (
                f"Reverse accessor '{other.object_name}.{accessor}' for '{here}' clashes with reverse accessor for "
                f"'{there}'."
            )
            yield Error(said, hint=hint, obj=field, id="fields.E304")
        if clash.accessor_name == query_name:
            said = f"Reverse query name for '{here}' clashes with reverse query name for '{there}'."
            yield Error(said, hint=hint, obj=field, id="fields.E305")


# -- foreign keys ------------------------------------------------------------------------------------------------------


def foreign_key_checks(field: Field) -> Found:
    """Check what a foreign key refers to, and what becomes of it."""
    if field.remote_field.field_name in (None, "pk"):
        yield from _composite_key(field, field.remote_field.model)
    yield from _target_field(field)
    rule = field.remote_field.on_delete
    if rule is SET_NULL and not field.null:
        yield Error(
            "Field specifies on_delete=SET_NULL, but cannot be null.",
            hint="Set null=True argument on the field, or change the on_delete rule.",
            obj=field,
            id="fields.E320",
        )
    if rule is SET_DEFAULT and not field.has_default():
        yield Error(
            "Field specifies on_delete=SET_DEFAULT, but has no default value.",
            hint="Set a default value, or change the on_delete rule.",
            obj=field,
            id="fields.E321",
        )
    if field.unique and not field.one_to_one:
        yield Warning(
            "Setting unique=True on a ForeignKey has the same effect as using a OneToOneField.",
            hint="ForeignKey(unique=True) is usually better served by a OneToOneField.",
            obj=field,
            id="fields.W342",
        )


def _target_field(field: Field) -> Found:
    rel = field.remote_field
    if isinstance(rel.model, str) or rel.field_name is None:
        return
    meta = rel.model._meta
    target = meta.fields_map.get(rel.field_name)
    if target is None:
        yield Error(
            f"The to_field '{rel.field_name}' doesn't exist on the related model '{meta.label}'.",
            obj=field,
            id="fields.E312",
        )
    elif not target.unique and not any(is_whole_key(one, (target.name,)) for one in meta.constraints):
        yield Error(
            f"'{meta.object_name}.{target.name}' must be unique because it is referenced by a foreign key.",
            hint=(
                "Add unique=True to this field or add a UniqueConstraint (without condition) in the model "
                "Meta.constraints."
            ),
            obj=field,
            id="fields.E311",
        )


def _composite_key(field: Field, model: type[AwaitableModel]) -> Found:
    """Check that a model has a key of one column, which a relation of this kind can hold."""
    if isinstance(model, str) or not getattr(model._meta.pk, "is_composite", False):
        return
    yield Error(
        f"Field defines a relation involving model '{model._meta.object_name}' which has a CompositePrimaryKey and "
        "such relations are not supported.",
        obj=field,
        id="fields.E347",
    )


def foreign_object_checks(field: Any) -> Found:
    """Check that the fields a ForeignObject equals exist, and that they stand for one row."""
    target = field.remote_field.model
    if isinstance(target, str):
        return
    meta = target._meta
    names = [meta.pk.name if name is None else name for name in field.to_fields]
    missing = [name for name in names if name not in meta.fields_map]
    for name in missing:
        said = f"The to_field '{name}' doesn't exist on the related model '{meta.label}'."
        yield Error(said, obj=field, id="fields.E312")
    if not missing and any(meta.fields_map[name].is_composite for name in names):
        yield from _composite_key(field, target)
        return
    if missing or not field.requires_unique_target:
        return
    equal = {part.name for name in names for part in _parts(meta.fields_map[name])}
    keys = [{field.name} for field in meta.fields if field.unique]
    keys += [{part.name for part in meta.pk_fields}, *map(set, meta.unique_together)]
    if any(key <= equal for key in keys) or any(is_whole_key(one, tuple(equal)) for one in meta.constraints):
        return
    listed = ", ".join(f"'{name}'" for name in names)
    yield Error(
        f"No subset of the fields {listed} on model '{meta.object_name}' is unique.",
        hint=(
            "Mark a single field as unique=True or add a set of fields to a unique constraint (via unique_together or "
            "a UniqueConstraint (without condition) in the model Meta.constraints)."
        ),
        obj=field,
        id="fields.E310",
    )


def _parts(field: Field) -> tuple[Any, ...]:
    return tuple(field.model._meta.pk_fields) if field.is_composite else (field,)


def is_whole_key(constraint: object, names: tuple[str, ...]) -> bool:
    """Whether a constraint makes exactly these fields unique, in every row."""
    fields = getattr(constraint, "fields", ())
    return bool(fields) and set(fields) <= set(names) and getattr(constraint, "condition", None) is None


# -- many-to-many ------------------------------------------------------------------------------------------------------


def many_to_many_checks(field: Field, from_model: type[AwaitableModel]) -> Found:
    """Check the options of a many-to-many field and the model it goes through."""
    yield from _options(field)
    for model in dict.fromkeys((from_model or field.model, field.remote_field.model)):
        yield from _composite_key(field, model)
    yield from _through(field, from_model)
    yield from _join_table(field)


def _options(field: Any) -> Found:
    rel = field.remote_field
    if field.unique:
        yield Error("ManyToManyFields cannot be unique.", obj=field, id="fields.E330")
    if field.null:
        yield Warning("null has no effect on ManyToManyField.", obj=field, id="fields.W340")
    if field.validators_given:
        yield Warning("ManyToManyField does not support validators.", obj=field, id="fields.W341")
    if rel.limit_choices_to and not isinstance(rel.through, str) and not field.auto_through:
        said = "limit_choices_to has no effect on ManyToManyField with a through model."
        yield Warning(said, obj=field, id="fields.W343")
    if rel.symmetrical and rel.related_name:
        said = 'related_name has no effect on ManyToManyField with a symmetrical relationship, e.g. to "self".'
        yield Warning(said, obj=field, id="fields.W345")
    if getattr(field, "db_comment", None):
        yield Warning("db_comment has no effect on ManyToManyField.", obj=field, id="fields.W346")


def _through(field: Any, from_model: type[AwaitableModel]) -> Found:
    rel = field.remote_field
    through = rel.through
    known = field.model._meta.apps.get_models(include_auto_created=True)
    if through is None or isinstance(through, str) or through not in known:
        if through is not None or not field.auto_through:
            name = through if isinstance(through, str) else _label(through)
            said = f"Field specifies a many-to-many relation through model '{name}', which has not been installed."
            yield Error(said, obj=field, id="fields.E331")
        return
    from_model = from_model or field.model
    target = rel.model
    if isinstance(target, str):
        return
    if rel.through_fields is None:
        yield from _foreign_keys_of_join_model(field, from_model, target, through)
    else:
        yield from _through_fields(field, from_model, target, through)


def _label(through: Any) -> str:
    return f"{through._meta.app_label}.{through.__name__}" if through is not None else "None"


def _keys_to(through: type[AwaitableModel], model: type[AwaitableModel]) -> list[Any]:
    return [
        key for key in through._meta.fields if key.is_relation and getattr(key.remote_field, "model", None) is model
    ]


def _foreign_keys_of_join_model(
    field: Field, from_model: type[AwaitableModel], target: type[AwaitableModel], through: type[AwaitableModel]
) -> Found:
    here, there, name = from_model._meta.object_name, target._meta.object_name, through._meta.object_name
    said = f"The model is used as an intermediate model by '{field}', but it "
    if from_model is target:
        count = len(_keys_to(through, from_model))
        if count > 2:
            yield Error(
                f"{said}has more than two foreign keys to '{here}', which is ambiguous. You must specify which two "
                "foreign keys Django should use via the through_fields keyword argument.",
                hint="Use through_fields to specify which two foreign keys Django should use.",
                obj=through,
                id="fields.E333",
            )
        if count == 0:
            yield Error(f"{said}does not have a foreign key to '{here}' or '{there}'.", obj=through, id="fields.E336")
        return
    sides = (("from", here, from_model, "fields.E334"), ("to", there, target, "fields.E335"))
    for word, label, model, identifier in sides:
        if len(_keys_to(through, model)) > 1:
            yield Error(
                f"{said}has more than one foreign key {word} '{label}', which is ambiguous. You must specify which "
                "foreign key Django should use via the through_fields keyword argument.",
                hint=(
                    f'If you want to create a recursive relationship, use ManyToManyField("self", through="{name}").'
                ),
                obj=field,
                id=identifier,
            )
    if not _keys_to(through, from_model) or not _keys_to(through, target):
        yield Error(f"{said}does not have a foreign key to '{here}' or '{there}'.", obj=through, id="fields.E336")


def _through_fields(
    field: Field, from_model: type[AwaitableModel], target: type[AwaitableModel], through: Any
) -> Found:
    names = field.remote_field.through_fields
    if len(names) < 2 or not names[0] or not names[1]:
        yield Error(
            "Field specifies 'through_fields' but does not provide the names of the two link fields that should be "
            f"used for the relation through model '{through._meta.label}'.",
            hint="Make sure you specify 'through_fields' as through_fields=('field1', 'field2')",
            obj=field,
            id="fields.E337",
        )
        return
    for name, model in zip(names[:2], (from_model, target), strict=True):
        keys = [key.name for key in _keys_to(through, model)]
        listed = ", ".join(f"'{key}'" for key in keys)
        label = model._meta.object_name
        hint = f"Did you mean one of the following foreign keys to '{label}': {', '.join(keys)}?" if listed else None
        found = through._meta.fields_map.get(name)
        if found is None:
            said = f"The intermediary model '{through._meta.label}' has no field '{name}'."
            yield Error(said, hint=hint, obj=field, id="fields.E338")
        elif not found.is_relation or found.remote_field.model is not model:
            said = f"'{through._meta.object_name}.{name}' is not a foreign key to '{label}'."
            yield Error(said, hint=hint, obj=field, id="fields.E339")


def _join_table(field: Field) -> Found:
    """Check that the join model's table is nobody else's."""
    through = field.remote_field.through
    if through is None or isinstance(through, str) or not through._meta.managed:
        return
    table = through._meta.db_table
    for model in field.model._meta.apps.get_models(include_auto_created=True):
        meta = model._meta
        if model is through or not meta.managed or meta.proxy or meta.db_table != table:
            continue
        if meta.concrete_model is through._meta.concrete_model:
            continue
        clash = meta.label
        if meta.auto_created:
            owners = [f for f in meta.auto_created._meta.many_to_many if f.remote_field.through is model]
            clash = f"{meta.auto_created._meta.label}.{owners[0].name}" if owners else clash
        said = f"The field's intermediary table '{table}' clashes with the table name of '{clash}'."
        if routes.active:
            yield Warning(
                said,
                hint=(
                    "You have configured settings.DATABASE_ROUTERS. Verify that the table of "
                    f"'{clash}' is correctly routed to a separate database."
                ),
                obj=field,
                id="fields.W344",
            )
        else:
            yield Error(said, obj=field, id="fields.E340")
