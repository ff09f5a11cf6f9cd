"""Inheritance over several tables: the fields that link a model's table to its parents', and which of them is its key.

A child's row has its own columns in its own table, and in each parent's table a row with the inherited ones; a
one-to-one link holds the parent's key. What is refused: a field that has the name of a link made here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orm.errors import FieldError
from orm.models.on_delete import CASCADE
from orm.models.relations.foreign_key import OneToOneField
from orm.models.relations.resolve import target_key

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel


def link_parents(cls: type[AwaitableModel]) -> None:
    """Give a model a link to each parent that has a table; the first is its key, unless it declares one.

    Raises ``FieldError`` when a declared field has the name of a link.
    """
    meta = cls._meta
    for base in cls.__bases__:
        other = getattr(base, "_meta", None)
        if other is None:
            continue
        if other.abstract:  # its link has been copied, like all of its fields
            for parent, link in other.parents.items():
                copied = next((field for field in meta.local_fields if field.name == link.name), None)
                if copied is not None and parent not in meta.parents:
                    meta.add_parent(parent, copied)
            continue
        parent = other.concrete_model
        if parent not in meta.parents:
            meta.add_parent(parent, _declared_link(cls, parent) or _made_link(cls, parent))
    if meta.pk is None and meta.parents and not meta.abstract:
        meta.make_key(next(iter(meta.parents.values())))


def _declared_link(cls: type[AwaitableModel], parent: Any) -> object:
    """The field of the class that says ``parent_link=True`` about a parent."""
    keys = (parent, (parent._meta.app_label, parent._meta.object_name))
    for field in cls._meta.local_fields:
        if field.one_to_one and field.remote_field.parent_link:
            key = target_key(cls, field.remote_field.model, field)
            if getattr(getattr(key, "_meta", None), "concrete_model", key) in keys:
                return field
    return None


def _made_link(cls: type[AwaitableModel], parent: Any) -> object:
    name = f"{parent._meta.model_name}_ptr"
    if any(field.name == name for field in cls._meta.local_fields):
        raise FieldError(
            f"Auto-generated field {name!r} in class {cls.__name__!r} for parent_link to base class "
            f"{parent.__name__!r} clashes with declared field of the same name."
        )
    link: Any = OneToOneField(parent, on_delete=CASCADE, parent_link=True, auto_created=True)
    link.contribute_to_class(cls, name)
    return link
