"""The join model of a ManyToManyField that names none: two foreign keys, unique together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orm.models.on_delete import CASCADE
from orm.models.relations.foreign_key import ForeignKey
from orm.models.table_names import table_name

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.models.base_blocking import Model
    from orm.models.relations.many_to_many import ManyToManyField


def join_table_name(field: ManyToManyField[Any]) -> str:
    """Return the join table's name: the owner's table and the field's name, shortened when it must be."""
    if field.db_table:
        return field.db_table
    return table_name(f"{field.model._meta.db_table}_{field.name}")


def make_join_model(field: ManyToManyField[Any], target: type[AwaitableModel] | tuple[str, str]) -> type[Model]:
    """Declare and return the join model, called ``Book_authors`` for ``Book.authors``.

    Parameters: ``target`` is a model, or the app label and the name of one that is still to be declared.
    """
    owner = field.model
    meta = owner._meta
    target_name = target[1].lower() if isinstance(target, tuple) else target._meta.model_name
    near, far = meta.model_name, target_name
    if near == far:
        near, far = f"from_{near}", f"to_{far}"
    name = f"{meta.object_name}_{field.name}"
    options = type(
        "Meta",
        (),
        {
            "app_label": meta.app_label,
            "apps": meta.apps,
            "db_table": join_table_name(field),
            "db_tablespace": meta.db_tablespace,
            "managed": meta.managed,
            "unique_together": ((near, far),),
            "verbose_name": f"{meta.model_name}-{target_name} relationship",
        },
    )
    keys = {
        end: ForeignKey(
            model,
            on_delete=CASCADE,
            related_name=f"{name}_{end}+",
            db_constraint=field.remote_field.db_constraint,
            db_tablespace=field.db_tablespace,
        )
        for end, model in ((near, owner), (far, ".".join(target) if isinstance(target, tuple) else target))
    }
    for key in keys.values():
        key.end_of = field
    declare: Any = type(owner)
    root = owner._root_model
    model: type[Model] = declare(name, (root,), {"__module__": owner.__module__, "Meta": options, **keys})
    model._meta.auto_created = owner
    return model
