"""Writing rows as they were read from a fixture: what an instance holds, into its own table only.

Neither ``save()`` of the model's own nor ``auto_now`` has a say. A row with the same key is replaced; an instance
without a key gets one. Many instances of one model are one statement where nobody listens to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from orm.db.registry import databases
from orm.db.transactions.public import atomic
from orm.models.neighbours import ORDER, anext_place
from orm.models.signals import post_save, pre_save
from orm.query.insert_instances import insert_many
from orm.query.insert_manner import Manner, Upsert, upsert_of

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.models.fields.base import Field


def is_watched(model: type[AwaitableModel]) -> bool:
    """Whether somebody wants to hear of each row that is written; of those of join models nobody is told."""
    return not model._meta.auto_created and bool(pre_save.has_listeners(model) or post_save.has_listeners(model))


async def write_raw(instances: Sequence[AwaitableModel], using: str) -> None:
    """Write instances of one model.

    Raises ``DatabaseError`` and its kin; nothing is written then.
    """
    model = type(instances[0])
    if not is_watched(model):
        await _write(model, instances, using)
        return
    async with atomic(using=using):
        for instance in instances:
            named = {"instance": instance, "raw": True, "using": using, "update_fields": None}
            await pre_save.asend(model, **named)
            created = not (instance._is_pk_set() and await _exists(model, instance.pk, using))
            await _write(model, [instance], using)
            await post_save.asend(model, created=created, **named)


async def _write(model: type[AwaitableModel], instances: Sequence[Any], using: str) -> None:
    plan = model._meta.write_plan
    keyed: dict[Any, Any] = {}
    keyless = []
    for instance in instances:
        held = instance.__dict__
        if plan.ordered is plan.model and held.get(ORDER) is None:
            held[ORDER] = await anext_place(instance, plan.ordered, using)
        if not instance._is_pk_set() and plan.key_has_default and not plan.composite:
            held[plan.key_attname] = plan.key.get_default()
        if instance._is_pk_set():
            keyed[instance.pk] = instance  # of two rows with one key the later stays
        else:
            keyless.append(instance)
    database = databases[using]
    groups: list[tuple[list[Any], Any, Upsert | None]] = []
    if keyed:
        groups.append((list(keyed.values()), plan.all, _replacing(plan, using)))
    if keyless:
        groups.append((keyless, plan.keyless, None))
    async with atomic(using=using, savepoint=len(groups) > 1):
        for group, columns, upsert in groups:
            await insert_many(plan.model, group, columns, database, Manner(upsert, None, upsert is None, True))
    for instance in instances:
        state = instance._state
        state.adding = False
        state.db = using


def _replacing(plan: Any, using: str) -> Upsert | None:
    """Return what is done with a row that has the key already: it is replaced."""
    keys = [field.name for field in plan.model._meta.pk_fields]
    others = [field.name for field in plan.keyless.fields]
    return upsert_of(plan.model, using, not others, bool(others), others or None, keys if others else None, None)


async def _exists(model: type[AwaitableModel], key: Field, using: str) -> bool:
    return bool(await model._meta.base_manager.using(using).filter(pk=key).aexists())
