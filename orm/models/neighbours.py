"""Rows beside a row: the next by a date, and the order that ``Meta.order_with_respect_to`` keeps.

``neighbour_methods`` puts these on the models that have them, in both forms. What they refuse: an instance that is not
saved. Twins are generated; import the blocking forms from ``neighbours_blocking``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from orm.db.routing import routes
from orm.late import late_module

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.models.fields.base import Field
    from orm.sql import conditions
else:
    conditions = late_module("orm.sql.conditions")

TWINS = ("abeside_by", "abeside_in_order", "aset_order")

ORDER = "_order"
"""The column that holds a row's place."""


async def abeside_by(instance: AwaitableModel, field: Field, is_next: bool, **lookups: object) -> Any:
    """Return the row that comes next (or before) by a field, and by the key where values are equal.

    Raises ``ValueError`` for an instance that is not saved, the model's ``DoesNotExist`` when there is none.
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


async def abeside_in_order(instance: AwaitableModel, is_next: bool) -> Any:
    """Return the row after (or before) an instance among those of the same ``order_with_respect_to``."""
    model = _ordered(type(instance))
    relation = model._meta.order_with_respect_to
    operator, order = ("gt", "") if is_next else ("lt", "-")
    rows = model._default_manager.using(instance._state.db)
    rows = rows.filter(**relation.siblings_of(instance))
    place = model._base_manager.filter(pk=instance.pk).values(ORDER)[:1]  # as it is now, whatever the instance knows
    found = await rows.filter(**{f"{ORDER}__{operator}": place}).order_by(f"{order}{ORDER}").afirst()
    if found is None:
        raise model.DoesNotExist(f"{model._meta.object_name} matching query does not exist.")
    return found


def get_order(related: object, model: type[AwaitableModel]) -> Any:
    """Return the keys of the rows that refer to an instance, in their order, as a queryset."""
    rows = model._default_manager.using(_alias_for("to_read", model, related))
    rows = rows.filter(**model._meta.order_with_respect_to.rows_referring_to(related)).order_by(ORDER)
    return rows.values_list("pk", flat=True)


async def aset_order(
    related: object, model: type[AwaitableModel], ids: Iterable[object], using: str | None = None
) -> None:
    """Give the rows that refer to an instance the order of a list of their keys."""
    rows = model._default_manager.using(using or _alias_for("to_write", model, related))
    rows = rows.filter(**model._meta.order_with_respect_to.rows_referring_to(related))
    await rows.abulk_update([model(pk=key, _order=place) for place, key in enumerate(ids)], [ORDER])


def _alias_for(purpose: str, model: type[AwaitableModel], related: Any) -> str | None:
    """Return where rows that refer to an instance are read or written: as routers say, or where that is from."""
    alias: str | None = getattr(routes, purpose)(model, {"instance": related}) if routes.active else related._state.db
    return alias


def _ordered(model: type[AwaitableModel]) -> Any:
    """Return the model, or the parent, that declares the order."""
    return model if model._meta.order_with_respect_to else model._meta.write_plan.ordered


def takes_a_place(instance: AwaitableModel, adding: bool, inserted: object) -> bool:
    """Whether a row that is saved gets a place: a new one, also a copy of one that was read, and one ``inserted`` with
    a key of its own; a row that may be there under its key keeps the place that the instance holds.
    """
    held = vars(instance)
    key = held.get(instance._meta.pk.attname)
    return key is None or (adding and (bool(inserted) or held.get(ORDER) is None))


async def anext_place(instance: AwaitableModel, model: type[AwaitableModel], alias: str) -> int:
    """Return the place of a new row of ``model``: after all that refer to the same row."""
    relation = model._meta.order_with_respect_to
    rows = model._base_manager.using(alias).filter(**relation.siblings_of(instance))
    last = await rows.order_by(f"-{ORDER}").values_list(ORDER, flat=True).afirst()
    return 0 if last is None else last + 1
