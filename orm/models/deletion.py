"""Deleting rows and what their relations demand: the ``on_delete`` rules, carried out by the library.

What nobody needs to look at goes with one statement for each table (``orm.models.unseen``). The rest is looked up first
(who refers to these rows, and who to those), then refused or done: in batches, dependants first, with its signals. A
row spread over several tables goes from each, the child's first. One statement needs no transaction; more run in one.
What this module refuses: deleting rows that PROTECT or RESTRICT guards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from orm.config import DEFAULT_ALIAS
from orm.db.registry import databases
from orm.db.routing import routes
from orm.db.transactions.public import atomic
from orm.errors import ProtectedError, RestrictedError
from orm.late import late_module
from orm.models.fetching import part_of
from orm.models.on_delete import CASCADE, PROTECT, OnDelete, rule_that_changes_fields
from orm.models.open_batches import batch_of, open_batches
from orm.models.own_rules import Told
from orm.models.signals import post_delete, pre_delete
from orm.models.unseen import Doomed, Unseen, has_dependants, is_watched, referring_rels, set_value, unseen, unseen_by
from orm.query.delete_instances import delete_equal, delete_having
from orm.query.queryset_blocking import QuerySet
from orm.query.relation_loaders import batches, fetch_in
from orm.sql.columns import Col
from orm.sql.conditions import Where
from orm.sql.expressions import Slot
from orm.sql.lookups import Lookup

if TYPE_CHECKING:
    from orm.bridge import crossing
    from orm.models.base import AwaitableModel
    from orm.models.fields.base import Field
else:
    crossing = late_module("orm.bridge.crossing")

Deleted = tuple[int, dict[str, int]]


class Collector:
    """What one deletion comes to. Fill it with ``collect``, then ``delete``."""

    def __init__(self, using: str, origin: object, keep_parents: bool = False) -> None:
        self.using = using
        self.origin = origin
        self.keep_parents = keep_parents
        self.origin_name = ""
        """The name of the model whose instances were to be deleted."""
        self.instances: dict[type[Any], dict[Any, Any]] = {}
        """Instances to delete, by model and key; models in the order they were reached."""
        self.blind: dict[Any, list[Any]] = {}
        """Rows to delete unseen, with what refers to them: by foreign key, the values of that key."""
        self.updates: dict[tuple[Any, Any], list[Any]] = {}
        """Rows that get another value: by foreign key and its rule, the present values of that key."""
        self.own_updates: list[tuple[Any, OnDelete, list[Any]]] = []
        """Rows that a function which is a rule gives another value: a field, its rule, the keys of the rows."""
        self.unseen_rows: list[Any] = []
        """Rows to delete unseen, with what refers to them, as querysets."""
        self.before: dict[type[Any], dict[type[Any], None]] = {}
        """For each model, those whose rows must go first."""
        self.protected: dict[Any, list[Any]] = {}
        self.restricted: dict[Any, list[Any]] = {}

    # -- looking up ---------------------------------------------------------------------------------------------------

    async def collect(self, found: Iterable[object]) -> None:
        """Take in instances of one model, and whatever their deletion concerns."""
        found = list(found)
        if found:
            self.origin_name = type(found[0]).__name__
        todo: list[tuple[list[Any], bool, Any]] = [(found, False, None)]
        """Instances, whether these are parents' parts of rows already here, and what brought the deletion to them."""
        while todo:
            instances, is_part, root = todo.pop()
            new = self._take(instances)
            if not new:
                continue
            cls = type(new[0])
            model = cls._meta.concrete_model
            further: list[tuple[list[Any], bool, Any]] = []
            for parent, link in model._meta.parents.items():
                if link is not None and not self.keep_parents:
                    self.before.setdefault(parent, {})[model] = None
                    further.append(([part_of(instance, parent) for instance in new], True, root))
            for rel in referring_rels(model):
                if rel.parent_link and is_part:
                    continue  # the rows that these are parts of are here already
                referring = await self._follow(rel, new, root or rel.field)
                if referring:
                    self.before.setdefault(model, {})[rel.related_model] = None
                    further.append((referring, False, root or rel.field))
            # No constraint of the database binds these, so they go as they were reached.
            for dependants in [] if is_part else await self._dependants(cls, new):
                further.append((dependants, False, root))
            todo += reversed(further)

    def _take(self, found: list[Any]) -> list[Any]:
        if not found:
            return []
        known = self.instances.setdefault(type(found[0])._meta.concrete_model, {})
        new = {instance.pk: instance for instance in found if instance.pk not in known}
        known.update(new)
        return list(new.values())

    async def _dependants(self, cls: type[Any], instances: Sequence[object]) -> list[list[Any]]:
        """Return the instances that the model's own fields say go with these; note the rows nobody needs to see."""
        found = []
        for field in cls._meta.private_fields if has_dependants(cls) else ():
            if not hasattr(field, "bulk_related_objects"):
                continue
            for batch in batches(self.using, instances):
                rows = field.bulk_related_objects(batch, self.using)
                if isinstance(rows, QuerySet) and self._blindly(unseen(rows.model)):
                    self.unseen_rows.append(rows.order_by())
                    continue
                going = list(await self._narrowed(rows) if isinstance(rows, QuerySet) else rows)
                if going:
                    found.append(going)
        return found

    async def _follow(self, rel: Any, instances: Sequence[object], root: object) -> list[Any]:
        """Apply one relation's rule to the rows that refer to ``instances``; return those that must go as well.

        ``root`` is the foreign key by which the deletion came here, in whose name rows are guarded.
        """
        field, model, rule = rel.field, rel.related_model, rel.rule
        if not field.concrete:
            if rule.sets_value:
                raise rule_that_changes_fields(str(field), rule)
            return self._guard(field, root, rule, await self._referring_by_several(field, instances))
        keys = [key for instance in instances if (key := getattr(instance, field.target_attname)) is not None]
        if not keys:
            return []
        if rule == CASCADE and self._blindly(unseen_by(field)):
            self.blind.setdefault(field, []).extend(keys)
            return []
        if rule.sets_value:  # nobody needs to see these rows, so they are not loaded
            self.updates.setdefault((field, rule), []).extend(keys)
            return []
        if rule.is_own:
            return await self._follow_function(field, root, rule, keys)
        return self._guard(field, root, rule, await fetch_in(self._rows(model), field.attname, keys))

    async def _follow_function(self, field: Any, root: object, rule: OnDelete, keys: list[object]) -> list[Any]:
        """Ask a function that is a rule about the rows that refer to ``keys``; return those that must go as well."""
        going: list[Any] = []
        for batch in batches(self.using, dict.fromkeys(keys)):
            rows = field.model._base_manager.using(self.using).filter(**{f"{field.attname}__in": batch})
            told = Told(self.using, self.origin)
            try:
                await crossing.call(rule.value, told, field, rows, self.using)
            except ProtectedError as error:
                self.protected.setdefault(root, []).extend(error.protected_objects)
            except RestrictedError as error:
                self.restricted.setdefault(field, []).extend(error.restricted_objects)
            for said, found in told.ruled:
                going += self._guard(field, root, said, found)
            going += told.going
            self.own_updates += told.updates
        return going

    async def _referring_by_several(self, field: Any, instances: Sequence[object]) -> list[Any]:
        """Return the rows that refer to instances by several columns at once."""
        names = [near.attname for near in field.local_related_fields]
        found: list[Any] = []
        for batch in batches(self.using, dict.fromkeys(map(field.target_values_of, instances))):
            found += await self._rows(field.model).filter(field.condition(batch, names))
        return found

    def _guard(self, field: object, root: object, rule: OnDelete, referring: list[Any]) -> list[Any]:
        """Return referring rows that go as well; note those that a rule guards."""
        if not referring or rule == CASCADE:
            return referring
        if rule == PROTECT:
            self.protected.setdefault(root, []).extend(referring)
        else:
            self.restricted.setdefault(field, []).extend(referring)
        return []

    @staticmethod
    def _blindly(plan: Unseen | None) -> bool:
        """Whether rows that were not looked at go with all that refers to them, as a plan says."""
        return plan is not None and not (plan.own or plan.restricting or plan.watched)

    def _rows(self, model: type[AwaitableModel]) -> Any:
        return self._narrowed(model._base_manager.using(self.using))

    @staticmethod
    def _narrowed(rows: Any) -> Any:
        """Return rows with the columns a deletion needs: all, where somebody will see the instances."""
        model = rows.model
        needed: set[str] = set()
        for part in (model, *model._meta.all_parents):
            meta = part._meta
            if is_watched(part) or meta.has_custom_init:
                return rows
            needed.update((meta.pk.attname, *(field.attname for field in meta.relation_fields)))
            for rel in referring_rels(part):
                needed.update(far.attname for far in rel.field.foreign_related_fields)
        return rows.only(*sorted(needed))

    def check(self) -> None:
        """Refuse the deletion where a rule says so.

        Raises ``ProtectedError`` or ``RestrictedError``, which name the foreign keys and hold the referring instances.
        """
        if self.protected:
            names = ", ".join(f"'{field.model.__name__}.{field.name}'" for field in self.protected)
            raise ProtectedError(
                f"Cannot delete some instances of model {self.origin_name!r} because they are referenced "
                f"through protected foreign keys: {names}.",
                {instance for found in self.protected.values() for instance in found},
            )
        left = {field: rest for field, found in self.restricted.items() if (rest := self._staying(field, found))}
        if left:
            names = ", ".join(f"'{field.model.__name__}.{field.name}'" for field in left)
            raise RestrictedError(
                f"Cannot delete some instances of model {self.origin_name!r} because they are referenced through "
                f"restricted foreign keys: {names}.",
                {instance for found in left.values() for instance in found},
            )

    def _staying(self, guarded: Any, found: list[Any]) -> list[object]:
        """Return the referring instances that this deletion does not take with it by another way."""
        model = guarded.model
        going = self.instances.get(model._meta.concrete_model, {})
        return [instance for instance in found if instance.pk not in going]

    # -- doing it -----------------------------------------------------------------------------------------------------

    async def delete(self) -> Deleted:
        """Carry it out; return how many rows went, in all and by model's label."""
        self.check()
        models = self._in_order()
        for model in models:
            self.instances[model] = in_order_of_keys(self.instances[model])
        statements = (
            2 * len(self.blind)
            + 2 * len(self.unseen_rows)
            + len(self.updates)
            + len(self.own_updates)
            + sum(1 for model in models if self.instances[model])
        )
        if statements > 1 or any(map(self._watched, models)):
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
        """Return the models, dependants first, else as they were reached; those that depend on each other come last, in
        the opposite order.
        """
        ordered: list[type[Any]] = []
        visited: set[type[Any]] = set()
        waiting = list(self.instances)
        while waiting:
            left = []
            for model in waiting:
                if self.before.get(model, {}).keys() <= visited:
                    visited.add(model)
                    ordered.append(model)
                else:
                    left.append(model)
            if len(left) == len(waiting):
                break
            waiting = left

        def visit(model: type[AwaitableModel]) -> None:
            if model in visited:
                return
            visited.add(model)
            for dependant in self.before.get(model, ()):
                visit(dependant)
            if model in self.instances:
                ordered.append(model)

        for model in waiting:
            visit(model)
        return ordered

    async def _carry_out(self, models: list[type[AwaitableModel]]) -> Counter[str]:
        counts: Counter[str] = Counter()
        await self._tell(pre_delete, models)
        for model, fields in self._blind_models().items():
            for field in fields:
                for batch in batches(self.using, dict.fromkeys(self.blind[field])):
                    rows = model._base_manager.using(self.using).order_by().filter(**{f"{field.attname}__in": batch})
                    await self._delete_unseen(unseen_by(field), rows, counts)
        for rows in self.unseen_rows:
            await self._delete_unseen(unseen(rows.model), rows, counts)
        for (field, rule), keys in self.updates.items():
            await self._set(field, rule, keys)
        for field, rule, keys in self.own_updates:
            for batch in batches(self.using, keys):
                rows = field.model._base_manager.using(self.using).filter(pk__in=batch)
                await set_value(field, rule, rows)
        for model in models:
            for cls, keys in self._keys_by_class(model).items():
                number = 0
                for batch in batches(self.using, keys):
                    number += await delete_having(model, model._meta.pk, batch, using=self.using)
                if number:
                    counts[cls._meta.label] += number
            await self._tell(post_delete, [model], reverse=True)
        return counts

    async def _delete_unseen(self, plan: Unseen | None, rows: object, counts: Counter[str]) -> None:
        assert plan is not None
        await Doomed(plan, self.using, None, rows).carry_out(counts)

    def _keys_by_class(self, model: type[AwaitableModel]) -> dict[type[AwaitableModel], list[Any]]:
        """Return the keys of a model's instances by the class these are of: it, or a proxy that they were read as."""
        found: dict[type[Any], list[Any]] = {}
        for key, instance in self.instances[model].items():
            found.setdefault(type(instance), []).append(key)
        return found

    def _watched(self, model: type[AwaitableModel]) -> bool:
        return is_watched(model) or any(map(is_watched, self._keys_by_class(model)))

    def _blind_models(self) -> dict[type[AwaitableModel], list[Any]]:
        """Return the foreign keys of the rows that go unseen, by their model."""
        found: dict[type[Any], list[Any]] = {}
        for field in self.blind:
            found.setdefault(field.model, []).append(field)
        return found

    async def _set(self, field: Field, rule: OnDelete, keys: list[object]) -> None:
        """Give the referring rows their new value."""
        rows = field.model._base_manager.using(self.using)
        for batch in batches(self.using, dict.fromkeys(keys)):
            await set_value(field, rule, rows.filter(**{f"{field.attname}__in": batch}))

    async def _tell(self, signal: Any, models: list[type[AwaitableModel]], reverse: bool = False) -> None:
        if not signal.receivers:
            return
        for model in models:
            instances = [] if model._meta.auto_created else list(self.instances[model].values())
            for instance in reversed(instances) if reverse else instances:
                await signal.asend(type(instance), instance=instance, using=self.using, origin=self.origin)


async def adelete_instance(instance: Any, using: str | None = None, keep_parents: bool = False) -> Deleted:
    """What ``Model.adelete`` does: delete one instance's row and what its relations demand; its key becomes None.

    ``keep_parents`` leaves the rows in the tables of parents. Returns how many rows went, in all and by model's label.
    Raises ``ValueError`` for an instance without a key, ``ProtectedError`` and ``RestrictedError``.
    """
    cls, meta, held = type(instance), instance._meta, instance.__dict__
    model, key = meta.concrete_model, meta.pk.attname
    # An instance that was read from the default database has no state before somebody looks at it.
    alias = using or (instance._state.db if "_state" in held else None) or DEFAULT_ALIAS
    batch = batch_of(alias) if open_batches else None
    if held.get(key) is None and not instance._is_pk_set():
        if batch is None or not batch.holds(instance):
            raise ValueError(f"{meta.object_name} object can't be deleted because its {key} attribute is set to None.")
        await batch.aflush()  # its row is inserted, and then it has a key
    if routes.active:
        alias = await routes.for_writing(using, type(instance), {"instance": instance})
        batch = batch_of(alias) if open_batches else None
    if batch is not None and not keep_parents and await batch.take_delete(instance):
        return 1, {meta.label: 1}
    plan = unseen(model)
    if plan is None or ((pre_delete.receivers or post_delete.receivers) and (plan.watched or is_watched(cls))):
        collector = Collector(alias, instance, keep_parents)
        await collector.collect([instance])
        return await collector.delete()
    if plan.statements == 1:
        number = await delete_equal(model, meta.pk, getattr(instance, key), using=alias, kept=plan.kept)
        deleted = number, ({meta.label: number} if number else {})
    else:
        keys = {name: [getattr(instance, name)] for name in plan.targets}
        if plan.fits_one_statement and databases[alias].dialect.capabilities.changing_ctes:
            deleted = _deleted(await plan.delete(keys, alias), cls)
        else:
            async with atomic(using=alias, savepoint=False):
                deleted = _deleted(await plan.delete(keys, alias), cls)
    setattr(instance, key, None)
    return deleted


adelete_instance.__qualname__ = "AwaitableModel.adelete"  # by which delete() is refused where it would block a loop


async def adelete_instances(instances: Sequence[Any], *, using: str) -> Deleted:
    """Delete the rows of several instances of one model, as ``adelete_instance`` does one's."""
    cls = type(instances[0])
    model, key = cls._meta.concrete_model, cls._meta.pk.attname
    plan = unseen(model)
    if plan is None or ((pre_delete.receivers or post_delete.receivers) and (plan.watched or is_watched(cls))):
        collector = Collector(using, instances)
        await collector.collect(instances)
        return await collector.delete()
    counts: Counter[str] = Counter()
    async with atomic(using=using, savepoint=False):
        if plan.statements == 1:
            for batch in batches(using, [getattr(instance, key) for instance in instances]):
                counts[model._meta.label] += await delete_having(model, model._meta.pk, batch, using=using)
        else:
            keys = {name: [getattr(instance, name) for instance in instances] for name in plan.targets}
            counts = await plan.delete(keys, using)
    for instance in instances:
        setattr(instance, key, None)
    return _deleted(counts, cls)


def in_order_of_keys(instances: dict[Any, Any]) -> dict[Any, Any]:
    """Return instances in the order of their keys, for signals and locks; as they came where keys can't be compared."""
    try:
        return dict(sorted(instances.items(), key=itemgetter(0)))
    except TypeError:
        return instances


def _deleted(counts: Counter[str], cls: type[Any]) -> Deleted:
    """Return how many rows went, in all and by label: those of the model of ``cls`` by its label, also of a proxy."""
    label = cls._meta.concrete_model._meta.label
    return sum(counts.values()), {cls._meta.label if key == label else key: number for key, number in counts.items()}


async def adelete_queryset(queryset: Any) -> Deleted:
    """Delete the rows of a queryset and what their relations demand: what ``QuerySet.adelete`` does.

    Returns how many rows went, in all and by model's label. Raises ``ProtectedError`` and ``RestrictedError``.
    """
    cls = queryset.model
    model = cls._meta.concrete_model
    using = queryset.db
    plan = unseen(model)
    if plan is None or plan.watched or is_watched(cls):
        collector = Collector(using, queryset)
        await collector.collect(await queryset.order_by().select_related(None))
        return await collector.delete()
    if plan.statements == 1:
        number = await queryset._araw_delete(using)
        return number, ({cls._meta.label: number} if number else {})
    return await _delete_unseen(plan, queryset.using(using).order_by().select_related(None), using)


async def _delete_unseen(plan: Unseen, rows: Any, using: str) -> Deleted:
    """Delete a queryset's rows and what refers to them: by its conditions, or by the keys that they find."""
    async with atomic(using=using, savepoint=False):
        if not plan.own and _says_the_same_later(rows._shape.select):
            counts: Counter[str] = Counter()
            await Doomed(plan, using, None, rows).carry_out(counts)
            return _deleted(counts, rows.model)
        found = await rows.values_list(*plan.targets)
        keys = {name: [row[at] for row in found] for at, name in enumerate(plan.targets)}
        return _deleted(await plan.delete(keys, using) if found else Counter(), rows.model)


def _says_the_same_later(select: Any) -> bool:
    """Whether a query finds the same rows after others are gone: it only compares its own columns to values."""
    if len(select.joins) > 1 or not select.is_plain or select.annotations or select.filtered:
        return False
    pending: list[Any] = list(select.where.nodes) if select.where is not None else []
    for node in pending:
        if isinstance(node, Where):
            pending.extend(node.nodes)
        elif not (isinstance(node, Lookup) and all(isinstance(part, (Col, Slot)) for part in node.children())):
            return False
    return True
