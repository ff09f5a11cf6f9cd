"""Rows beside a row: the next by a date, and the order that ``Meta.order_with_respect_to`` keeps.

``neighbour_methods`` puts these on the models that have them, in both forms. What they refuse: an instance that is not
saved. Twins are generated; import the blocking forms from ``neighbours_blocking``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from orm.late import late_module

if TYPE_CHECKING:
    from orm.db.transactions import public as transactions
    from orm.sql import conditions
else:
    transactions = late_module("orm.db.transactions.public")
    conditions = late_module("orm.sql.conditions")

TWINS = ("abeside_by", "abeside_in_order", "aset_order")

ORDER = "_order"
"""The column that holds a row's place."""


async def abeside_by(instance: Any, field: Any, is_next: bool, **lookups: Any) -> Any:
    """Return the row that comes next (or before) by a field, and by the key where values are equal.

    Raises: ValueError for an instance that is not saved, the model's DoesNotExist when there is none.
    """
    if None in [getattr(instance, key.attname) for key in instance._meta.pk_fields]:
        raise ValueError("get_next/get_previous cannot be used on unsaved objects.")
    operator, order = ("gt", "") if is_next else ("lt", "-")
    value = getattr(instance, field.attname)
    condition = conditions.Q(**{f"{field.name}__{operator}": value}) | conditions.Q(
        **{field.name: value, f"pk__{operator}": instance.pk}
    )
    rows = type(instance)._default_manager.using(instance._state.db).filter(**lookups).filter(condition)
    found = await rows.order_by(f"{order}{field.name}", f"{order}pk").afirst()
    if found is None:
        raise type(instance).DoesNotExist(f"{type(instance)._meta.object_name} matching query does not exist.")
    return found


async def abeside_in_order(instance: Any, is_next: bool) -> Any:
    """Return the row after (or before) an instance among those of the same ``order_with_respect_to``."""
    model = type(instance)
    relation = model._meta.order_with_respect_to
    operator, order = ("gt", "") if is_next else ("lt", "-")
    rows = model._default_manager.using(instance._state.db)
    rows = rows.filter(**relation.siblings_of(instance))
    place = model._base_manager.filter(pk=instance.pk).values(ORDER)[:1]  # as it is now, whatever the instance knows
    found = await rows.filter(**{f"{ORDER}__{operator}": place}).order_by(f"{order}{ORDER}").afirst()
    if found is None:
        raise model.DoesNotExist(f"{model._meta.object_name} matching query does not exist.")
    return found


def get_order(related: Any, model: type[Any]) -> Any:
    """Return the keys of the rows that refer to an instance, in their order, as a queryset."""
    relation = model._meta.order_with_respect_to
    rows = model._default_manager.using(related._state.db)
    rows = rows.filter(**relation.rows_referring_to(related)).order_by(ORDER)
    return rows.values_list("pk", flat=True)


async def aset_order(related: Any, model: type[Any], ids: Iterable[Any], using: str | None = None) -> None:
    """Give the rows that refer to an instance the order of a list of their keys."""
    relation = model._meta.order_with_respect_to
    alias = using or related._state.db
    rows = model._default_manager.using(alias)
    rows = rows.filter(**relation.rows_referring_to(related))
    async with transactions.atomic(using=alias, savepoint=False):
        for place, key in enumerate(ids):
            await rows.filter(pk=key).order_by().aupdate(**{ORDER: place})


async def anext_place(instance: Any, alias: str) -> int:
    """Return the place of a new row: after all that refer to the same row."""
    model = type(instance)._meta.order_with_respect_to.model
    relation = model._meta.order_with_respect_to
    rows = model._base_manager.using(alias).filter(**relation.siblings_of(instance))
    last = await rows.order_by(f"-{ORDER}").values_list(ORDER, flat=True).afirst()
    return 0 if last is None else last + 1
