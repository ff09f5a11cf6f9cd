"""Checks of generic keys and relations, and of models' names, which a content type must be able to hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from orm.checks.messages import CheckMessage, Error
from orm.checks.registry import Tags, register
from orm.contrib.contenttypes.models import ContentType
from orm.errors import FieldDoesNotExist
from orm.models.apps import apps
from orm.models.checks.relations import target_checks

if TYPE_CHECKING:
    from orm.models.fields.base import Field
    from orm.models.options import Options

Found = Iterator[CheckMessage]


def generic_key_checks(key: Any) -> Found:
    """Check the name of a generic key and the two fields it stands on."""
    yield from _name(key)
    meta = key.model._meta
    if not _has(meta, key.fk_field):
        said = f"The GenericForeignKey object ID references the nonexistent field '{key.fk_field}'."
        yield Error(said, obj=key, id="contenttypes.E001")
    where = f"{meta.object_name}.{key.ct_field}"
    if not _has(meta, key.ct_field):
        said = f"The GenericForeignKey content type references the nonexistent field '{where}'."
        yield Error(said, obj=key, id="contenttypes.E002")
        return
    field = meta.get_field(key.ct_field)
    hint = f"GenericForeignKeys must use a ForeignKey to 'contenttypes.ContentType' as the '{key.ct_field}' field."
    if not field.many_to_one or not field.concrete:
        yield Error(f"'{where}' is not a ForeignKey.", hint=hint, obj=key, id="contenttypes.E003")
    elif field.remote_field.model is not ContentType:
        said = f"'{where}' is not a ForeignKey to 'contenttypes.ContentType'."
        yield Error(said, hint=hint, obj=key, id="contenttypes.E004")


def generic_relation_checks(relation: Any) -> Found:
    """Check the name of a generic relation, and that its model has a generic key on the fields it names."""
    yield from _name(relation)
    yield from target_checks(relation)
    target = relation.remote_field.model
    if not isinstance(target, str) and not target._meta.swapped and relation.generic_key is None:
        yield Error(
            f"The GenericRelation defines a relation with the model '{target._meta.label}', but that model does not "
            "have a GenericForeignKey.",
            obj=relation,
            id="contenttypes.E004",
        )


def _name(field: Field) -> Found:
    if field.name.endswith("_"):
        yield Error("Field names must not end with an underscore.", obj=field, id="fields.E001")


def _has(meta: Options, name: str) -> bool:
    try:
        meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True


@register(Tags.models)
def check_model_name_lengths(app_configs: Sequence[Any] | None = None, **options: object) -> list[CheckMessage]:
    """Check that the column of content types can hold every model's name."""
    longest = ContentType._meta.get_field("model").max_length
    models = apps.get_models() if app_configs is None else [one for app in app_configs for one in app.get_models()]
    return [
        Error(
            f"Model names must be at most {longest} characters (got {len(model._meta.object_name)}).",
            obj=model,
            id="contenttypes.E005",
        )
        for model in models
        if len(model._meta.object_name) > longest
    ]
