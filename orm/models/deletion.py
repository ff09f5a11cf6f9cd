"""Deleting rows and what their relations demand: the ``on_delete`` rules, carried out by the library.

First everything is looked up (who refers to these rows, and who to those), then refused or done: rows nobody watches go
with one ``DELETE ... WHERE`` each, the others in batches, dependants first, with their signals. One statement needs no
transaction; more run in one. What this module refuses: deleting rows that PROTECT or RESTRICT guards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from orm.bridge import crossing
from orm.db.transactions.public import atomic
from orm.errors import ProtectedError, RestrictedError
from orm.models.on_delete import CASCADE, DO_NOTHING, PROTECT, SET_DEFAULT, SET_NULL, OnDelete
from orm.models.signals import post_delete, pre_delete
from orm.query.delete_instances import delete_having
from orm.query.prefetch import batches, fetch_in

Deleted = tuple[int, dict[str, int]]


def referring_rels(model: type[Any]) -> list[Any]:
    """Return the far sides of foreign keys that refer to a model and whose rule is the library's affair."""
    return [
        rel
        for rel in model._meta.all_related_objects
        if not rel.many_to_many and rel.on_delete is not None and rel.on_delete != DO_NOTHING
    ]


def is_watched(model: type[Any]) -> bool:
    """Whether deletions of a model send signals to anybody."""
    return pre_delete.has_listeners(model) or post_delete.has_listeners(model)


def can_delete_blindly(model: type[Any]) -> bool:
    """Whether rows of a model can go without having been looked at: nobody listens, and nothing refers to them."""
    return not is_watched(model) and not referring_rels(model)


class Collector:
    """What one deletion comes to. Fill it with ``collect``, then ``delete``."""

    def __init__(self, using: str, origin: Any) -> None:
        self.using = using
        self.origin = origin
        self.instances: dict[type[Any], dict[Any, Any]] = {}
        """Instances to delete, by model and key; models in the order they were reached."""
        self.blind: dict[tuple[type[Any], Any], list[Any]] = {}
        """Rows to delete unseen: by model and foreign key, the values of that key."""
        self.updates: dict[tuple[Any, Any], list[Any]] = {}
        """Rows that get another value: by foreign key and its rule, the present values of that key."""
        self.before: dict[type[Any], set[type[Any]]] = {}
        """For each model, those whose rows must go first."""
        self.protected: dict[Any, list[Any]] = {}
        self.restricted: dict[Any, list[Any]] = {}

    # -- looking up ---------------------------------------------------------------------------------------------------

    async def collect(self, found: Iterable[Any]) -> None:
        """Take in instances of one model, and whatever their deletion concerns."""
        todo = [list(found)]
        while todo:
            new = self._take(todo.pop())
            if not new:
                continue
            model = type(new[0])._meta.concrete_model
            for rel in referring_rels(model):
                found_there = await self._follow(rel, new)
                if found_there:
                    self.before.setdefault(model, set()).add(rel.related_model)
                    todo.append(found_there)

    def _take(self, found: list[Any]) -> list[Any]:
        if not found:
            return []
        known = self.instances.setdefault(type(found[0])._meta.concrete_model, {})
        new = {instance.pk: instance for instance in found if instance.pk not in known}
        known.update(new)
        return list(new.values())

    async def _follow(self, rel: Any, instances: Sequence[Any]) -> list[Any]:
        """Apply one relation's rule to the rows that refer to ``instances``; return those that must go as well."""
        field, model, rule = rel.field, rel.related_model, rel.on_delete
        keys = [key for instance in instances if (key := getattr(instance, field.target_attname)) is not None]
        if not keys:
            return []
        if rule == CASCADE and can_delete_blindly(model):
            self.blind.setdefault((model, field), []).extend(keys)
            return []
        if rule.sets_value:  # nobody needs to see these rows, so they are not loaded
            self.updates.setdefault((field, rule), []).extend(keys)
            return []
        referring = await fetch_in(self._rows(model), field.attname, keys)
        if not referring or rule == CASCADE:
            return referring
        if rule == PROTECT:
            self.protected.setdefault(field, []).extend(referring)
        else:
            self.restricted.setdefault(field, []).extend(referring)
        return []

    def _rows(self, model: type[Any]) -> Any:
        """Return a model's rows with the columns a deletion needs: all, where somebody will see the instances."""
        rows = model._base_manager.using(self.using)
        meta = model._meta
        if is_watched(model) or meta.has_custom_init:
            return rows
        needed = {meta.pk.attname, *(field.attname for field in meta.relation_fields)}
        needed.update(rel.field.target_attname for rel in referring_rels(model))
        return rows.only(*sorted(needed))

    def check(self) -> None:
        """Refuse the deletion where a rule says so.

        Raises ``ProtectedError`` or ``RestrictedError``, which name the foreign keys and hold the referring instances.
        """
        if self.protected:
            names = ", ".join(f"'{field.model.__name__}.{field.name}'" for field in self.protected)
            raise ProtectedError(
                f"Cannot delete some instances of model {self._names(self.protected)} because they are referenced "
                f"through protected foreign keys: {names}.",
                {instance for found in self.protected.values() for instance in found},
            )
        left = {field: rest for field, found in self.restricted.items() if (rest := self._staying(field, found))}
        if left:
            names = ", ".join(f"'{field.model.__name__}.{field.name}'" for field in left)
            raise RestrictedError(
                f"Cannot delete some instances of model {self._names(left)} because they are referenced through "
                f"restricted foreign keys: {names}.",
                {instance for found in left.values() for instance in found},
            )

    @staticmethod
    def _names(guarded: Iterable[Any]) -> str:
        return ", ".join(sorted({f"'{field.related_model.__name__}'" for field in guarded}))

    def _staying(self, guarded: Any, found: list[Any]) -> list[Any]:
        """Return the referring instances that this deletion does not take with it by another way."""
        model = guarded.model
        going = self.instances.get(model._meta.concrete_model, {})
        unseen = [(field, set(keys)) for (other, field), keys in self.blind.items() if other is model]
        return [
            instance
            for instance in found
            if instance.pk not in going and not any(getattr(instance, f.attname) in keys for f, keys in unseen)
        ]

    # -- doing it -----------------------------------------------------------------------------------------------------

    async def delete(self) -> Deleted:
        """Carry it out; return how many rows went, in all and by model's label."""
        self.check()
        models = self._in_order()
        statements = len(self.blind) + len(self.updates) + sum(1 for model in models if self.instances[model])
        if statements > 1 or any(map(is_watched, models)):
            async with atomic(using=self.using, savepoint=False):
                counts = await self._carry_out(models)
        else:
            counts = await self._carry_out(models)
        for model in models:
            attname = model._meta.pk.attname
            for instance in self.instances[model].values():
                setattr(instance, attname, None)
        return sum(counts.values()), dict(counts)

    def _in_order(self) -> list[type[Any]]:
        """Return the models, dependants first; those that depend on each other stay as they were reached, reversed."""
        ordered: list[type[Any]] = []
        visited: set[type[Any]] = set()

        def visit(model: type[Any]) -> None:
            if model in visited:
                return
            visited.add(model)
            for dependant in self.before.get(model, ()):
                visit(dependant)
            if model in self.instances:
                ordered.append(model)

        for model in self.instances:
            visit(model)
        return ordered

    async def _carry_out(self, models: list[type[Any]]) -> Counter[str]:
        counts: Counter[str] = Counter()
        await self._tell(pre_delete, models)
        for (model, field), keys in self.blind.items():
            self._count(counts, model, await delete_having(model, field, list(dict.fromkeys(keys)), using=self.using))
        for (field, rule), keys in self.updates.items():
            await self._set(field, rule, keys)
        for model in models:
            keys = list(self.instances[model])
            self._count(counts, model, await delete_having(model, model._meta.pk, keys, using=self.using))
        await self._tell(post_delete, models)
        return counts

    @staticmethod
    def _count(counts: Counter[str], model: type[Any], number: int) -> None:
        if number:
            counts[model._meta.label] += number

    async def _set(self, field: Any, rule: OnDelete, keys: list[Any]) -> None:
        """Give the referring rows their new value: NULL, the default, or what SET says."""
        value: Any = None
        if rule == SET_DEFAULT:
            value = field.get_default()
        elif rule != SET_NULL:
            value = await crossing.call(rule.value) if callable(rule.value) else rule.value
        rows = field.model._base_manager.using(self.using)
        for batch in batches(self.using, dict.fromkeys(keys)):
            await rows.filter(**{f"{field.attname}__in": batch}).aupdate(**{field.name: value})

    async def _tell(self, signal: Any, models: list[type[Any]]) -> None:
        for model in models:
            if signal.has_listeners(model) and not model._meta.auto_created:
                for instance in list(self.instances[model].values()):
                    await signal.asend(model, instance=instance, using=self.using, origin=self.origin)


async def adelete_instance(instance: Any, *, using: str) -> Deleted:
    """Delete one instance's row and what its relations demand; its key becomes None.

    Returns how many rows went, in all and by model's label. Raises ``ProtectedError`` and ``RestrictedError``.
    """
    model = type(instance)._meta.concrete_model
    if can_delete_blindly(model):
        meta = model._meta
        number = await delete_having(model, meta.pk, [instance.pk], using=using)
        setattr(instance, meta.pk.attname, None)
        return number, ({meta.label: number} if number else {})
    collector = Collector(using, instance)
    await collector.collect([instance])
    return await collector.delete()


async def adelete_queryset(queryset: Any) -> Deleted:
    """Delete the rows of a queryset and what their relations demand: what ``QuerySet.adelete`` does.

    Returns how many rows went, in all and by model's label. Raises ``ProtectedError`` and ``RestrictedError``.
    """
    model = queryset.model
    using = queryset.db
    if can_delete_blindly(model._meta.concrete_model):
        number = await queryset._raw_delete(using)
        return number, ({model._meta.label: number} if number else {})
    collector = Collector(using, queryset)
    await collector.collect(await queryset.order_by().select_related(None))
    return await collector.delete()
