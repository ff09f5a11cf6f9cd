"""Methods that a model gets for its dates and for ``Meta.order_with_respect_to``, in both forms.

``get_next_by_FOO`` and ``get_previous_by_FOO``, ``get_next_in_order`` and ``get_previous_in_order``, and on the model
that orders ``get_RELATED_order`` and ``set_RELATED_order``.
"""

from __future__ import annotations

from functools import partial, partialmethod
from typing import TYPE_CHECKING, Any

from orm.models.fields.numbers import IntegerField
from orm.models.neighbours import ORDER, abeside_by, abeside_in_order, aset_order, get_order
from orm.models.neighbours_blocking import beside_by, beside_in_order, set_order

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.models.fields.base import Field
    from orm.models.relations.rels import ForeignObjectRel


class OrderWrt(IntegerField[Any]):
    """The place of a row among those that refer to the same row, kept in the column ``_order``."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options["name"] = ORDER
        options["editable"] = False
        super().__init__(*args, **options)


def add_date_methods(cls: type[AwaitableModel], field: Field) -> None:
    """Put ``get_next_by_FOO`` and ``get_previous_by_FOO`` on a model, for a date that may not be null."""
    for word, is_next in (("next", True), ("previous", False)):
        for prefix, form in (("", beside_by), ("a", abeside_by)):
            name = f"{prefix}get_{word}_by_{field.name}"
            if name not in vars(cls):
                setattr(cls, name, partialmethod(form, field, is_next))


def add_order(cls: type[AwaitableModel], name: str) -> None:
    """Carry out ``order_with_respect_to``: a column for the place, the methods, and the order itself.

    Raises ``FieldDoesNotExist`` for a name that is no field.
    """
    meta = cls._meta
    relation = meta.get_field(name)
    meta.order_with_respect_to = relation
    if not any(field.name == ORDER for field in meta.fields):
        OrderWrt().contribute_to_class(cls, ORDER)
    meta.ordering = (ORDER,)
    for word, is_next in (("next", True), ("previous", False)):
        setattr(cls, f"get_{word}_in_order", partialmethod(beside_in_order, is_next))
        setattr(cls, f"aget_{word}_in_order", partialmethod(abeside_in_order, is_next))
    if relation.remote_field is not None:  # a generic key has no one model; its generic relations add the methods
        meta.apps.lazy(partial(add_order_of, cls), _target_of(relation, cls))


def _target_of(relation: ForeignObjectRel, cls: type[AwaitableModel]) -> Any:
    target = relation.remote_field.model
    if not isinstance(target, str):
        return target
    if target == "self":
        return (cls._meta.app_label, cls._meta.object_name)
    label, _, model_name = target.rpartition(".")
    return (label or cls._meta.app_label, model_name)


def add_order_of(cls: type[AwaitableModel], target: type[AwaitableModel]) -> None:
    """Put ``get_RELATED_order`` and ``set_RELATED_order`` on the model that orders rows of ``cls``."""
    name = cls._meta.model_name
    setattr(target, f"get_{name}_order", partialmethod(get_order, cls))
    setattr(target, f"set_{name}_order", partialmethod(set_order, cls))
    setattr(target, f"aset_{name}_order", partialmethod(aset_order, cls))
