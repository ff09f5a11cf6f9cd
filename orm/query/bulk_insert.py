"""What ``QuerySet.abulk_create`` does: the rows of many instances, in all the tables that they lie in.

Nothing here calls ``save()`` or sends its signals. What this module refuses: conflicts and columns to return where the
rows lie in several tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from orm.db.registry import databases
from orm.db.transactions.public import atomic
from orm.errors import NotSupportedError
from orm.query.insert_instances import insert, insert_many
from orm.query.insert_manner import Manner, Upsert, Wanted
from orm.query.instance_rows import give_parent_key
from orm.structures.arguments import check_number

if TYPE_CHECKING:
    from orm.db.database_blocking import Database


async def bulk_insert(
    model: Any,
    instances: list[Any],
    *,
    using: str,
    batch_size: int | None,
    upsert: Upsert | None,
    wanted: Wanted | None = None,
) -> None:
    """What ``QuerySet.abulk_create`` does; ``wanted`` is what comes back of each row that was written."""
    check_number("batch_size", batch_size, "Batch size must be a positive integer.")
    for instance in instances:
        if not isinstance(instance, model._meta.concrete_model):
            raise TypeError(f"bulk_create() of {model._meta.object_name} takes its instances, not {instance!r}")
    if not instances:
        return
    plan = model._meta.write_plan
    for field in plan.virtual:
        for instance in instances:
            await field.asettle(instance, using, "bulk_create")
    database = databases[using]
    if plan.parents:
        _refuse_over_tables(model, upsert, wanted)
        await _insert_over_tables(plan, instances, database, batch_size)
    else:
        # Rows that exist and are left alone don't come back, and nothing tells which ones did.
        take = upsert is None or (bool(upsert.conflict.assignments) and not _untold(upsert))
        later: list[Callable[[], None]] = []
        await _insert_table(plan, instances, database, Manner(upsert, batch_size, take, False, wanted, later))
        for give in later:
            give()
        if wanted is not None:
            wanted.put_in_order(instances)
    for instance in instances:
        state = instance._state
        state.adding = not instance._is_pk_set()  # its row may be there, but nothing tells which one it is
        state.db = using


def _refuse_over_tables(model: Any, upsert: Upsert | None, wanted: Wanted | None) -> None:
    """Refuse what bulk_create() can't do where the rows of a model lie in several tables."""
    if upsert is not None:
        raise NotSupportedError(
            f"{model._meta.label} inherits over several tables, so bulk_create() can't ignore or update on "
            "conflicts: they may be in any of them."
        )
    if wanted is not None:
        raise NotImplementedError(
            f"{model.__name__} lies in several tables: returning() is about columns of one, and the instances that "
            "bulk_create() is given get their keys"
        )


async def _insert_over_tables(plan: Any, instances: list[Any], database: Database, batch_size: int | None) -> None:
    """Insert instances whose rows lie in several tables; where one is refused, none keeps a key."""
    keyless = [instance for instance in instances if instance.__dict__.get(plan.key_attname) is None]
    try:
        async with atomic(using=database.alias, savepoint=False):
            await _insert_tables(plan, instances, database, batch_size)
    except BaseException:
        _forget_keys(plan, keyless)
        raise


def _forget_keys(plan: Any, instances: Iterable[object]) -> None:
    """Take from instances the keys of their rows in all tables, which are not there."""
    for instance in instances:
        instance.__dict__[plan.key_attname] = None
    for parent, _ in plan.parents:
        _forget_keys(parent, instances)


async def _insert_tables(plan: Any, instances: list[object], database: Database, batch_size: int | None) -> None:
    """Insert the rows of the tables that a model inherits from, and then its own; each link gets its parent's key."""
    for parent, link in plan.parents:
        for instance in instances:
            give_parent_key(parent, link, instance.__dict__)
        await _insert_tables(parent, instances, database, batch_size)
        for instance in instances:
            instance.__dict__[link.attname] = instance.__dict__[parent.key_attname]
    if database.dialect.capabilities.returning:
        await _insert_table(plan, instances, database, Manner(batch_size=batch_size))
        return
    for instance in instances:  # the keys that the next table needs come back one at a time
        columns = plan.all if instance.__dict__.get(plan.key_attname) is not None else plan.keyless
        await insert(plan.model, instance, columns, using=database.alias)


def _untold(upsert: Upsert) -> bool:
    return upsert.conflict.condition is not None and not upsert.told_by


async def _insert_table(plan: Any, instances: list[object], database: Database, manner: Manner) -> None:
    """Insert the rows of one table: those that have a key, and those whose key the database makes."""
    for attname in plan.files:
        for instance in instances:
            await getattr(instance, attname).acommit()
    key, name, defaulted = plan.key, plan.key_attname, plan.key.has_default()
    keyed: list[Any] = list(instances) if plan.composite else []
    keyless: list[Any] = []
    for instance in () if plan.composite else instances:
        held = instance.__dict__
        value = held.get(name)
        if value is None and defaulted:
            value = held[name] = key.get_default()
        (keyless if value is None else keyed).append(instance)
    groups = [(group, columns) for group, columns in ((keyed, plan.all), (keyless, plan.keyless)) if group]
    if len(groups) == 1:
        await insert_many(plan.model, *groups[0], database, manner)
        return
    async with atomic(using=database.alias, savepoint=False):
        for group, columns in groups:
            await insert_many(plan.model, group, columns, database, manner)
