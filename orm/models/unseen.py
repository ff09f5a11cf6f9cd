"""Rows that a deletion takes with it without anybody having looked at them.

Where nobody listens to deletions and no rule guards a row, all that refers to some rows, directly or through other
rows, goes with one statement for each table: ``DELETE FROM page WHERE book_id IN (SELECT id FROM book WHERE author_id
IN (...))``. How a model's relations add up to such statements is worked out once for each model, until a relation is
added anywhere. What can't go unseen is for ``orm.models.deletion``: rows that PROTECT or RESTRICT guards, rows spread
over several tables, and models that refer to each other in a circle (one that refers to itself can).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from orm.bridge import crossing
from orm.db.registry import databases
from orm.epoch import Reason, epoch
from orm.models.on_delete import CASCADE, RESTRICT, SET_DEFAULT, SET_NULL, OnDelete
from orm.models.signals import post_delete, pre_delete
from orm.query.builder import Builder
from orm.query.change_query import delete_rows
from orm.query.delete_instances import delete_having
from orm.query.plan import Plan, statement_plan
from orm.query.relation_loaders import batches
from orm.query.shape import root
from orm.query.steps import filter_rows
from orm.sql.conditions import Q
from orm.sql.delete import Delete, DeleteByKey, DeleteTogether, DoomedKeys

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.models.fields.base import Field
    from orm.query.delete_instances import OneDelete
    from orm.sql.described import ModelField
    from orm.sql.dialect import Dialect

_plans: dict[type[Any], Unseen | None] = {}
_plans_of_parts: dict[Any, Unseen | None] = {}


epoch.listen(_plans.clear, Reason.FIELDS)  # a relation may have been added somewhere
epoch.listen(_plans_of_parts.clear, Reason.FIELDS)


def referring_rels(model: type[Any]) -> list[Any]:
    """Return the far sides of foreign keys that refer to a model's table and whose rule is the library's affair."""
    return [
        rel
        for rel in model._meta.concrete_model._meta.local_related
        if not rel.many_to_many and (rule := rel.rule) is not None and not rule.by_database
    ]


def has_dependants(model: type[Any]) -> bool:
    """Whether a model's own fields say what goes with its rows, by Django's hook for that: generic relations do."""
    return any(hasattr(field, "bulk_related_objects") for field in model._meta.private_fields)


def is_watched(model: type[AwaitableModel]) -> bool:
    """Whether deletions of a model send signals to anybody; join models made by the library send none."""
    if not (pre_delete.receivers or post_delete.receivers) or model._meta.auto_created:
        return False
    return pre_delete.has_listeners(model) or post_delete.has_listeners(model)


class _Seen(Exception):
    """Rows of some model have to be looked at."""


class Unseen:
    """What goes, or changes, together with rows of ``base``: the models in ``order`` (dependants first).

    ``reached`` holds, for each of them, the foreign keys by which its rows are found and the model each refers to;
    ``sets`` the foreign keys that get another value. ``own`` are the base's foreign keys to itself. ``restricting``
    tells that a model among them refers to another with RESTRICT, for which it matters which rows go.

    Parameters: ``link`` is the field by which rows of ``base`` are parts of rows that go anyway, and lead to them.
    """

    def __init__(self, base: type[Any], link: Any = None) -> None:
        self.base = base
        self.order: list[type[Any]] = []
        self.reached: dict[type[Any], list[tuple[Any, type[Any]]]] = {}
        self.sets: list[tuple[Any, OnDelete, type[Any]]] = []
        self.own: list[Any] = []
        self._visit(base, [base], link)
        self.models = (base, *self.order)
        self.restricting = any(
            field.remote_field.rule == RESTRICT for model in self.models for field in model._meta.relation_fields
        )
        targets = [field.target_attname for fields in self.reached.values() for field, to in fields if to is base]
        targets += [field.target_attname for field in self.own]
        targets += [field.target_attname for field, _, to in self.sets if to is base]
        self.targets = tuple(dict.fromkeys([base._meta.pk.attname, *targets]))
        """The base's columns that others refer to, its key first."""
        self.fits_one_statement = len(self.targets) == 1 and not (self.sets or base._meta.pk.is_composite)
        """Whether one row, and all that refers to it, is found by its key alone."""
        self.statements = len(self.models) + len(self.sets) + bool(self.own)
        self.kept: dict[Dialect, OneDelete] = {}
        """The DELETE of one row of the base, see ``delete_equal``."""

    def _visit(self, model: type[AwaitableModel], way: list[type[Any]], link: object) -> None:
        if has_dependants(model) or any(other not in (None, link) for other in model._meta.parents.values()):
            raise _Seen  # of another table goes a part that nothing leads to from here
        for rel in referring_rels(model):
            field, child, rule = rel.field, rel.related_model, rel.rule
            if not field.concrete:
                raise _Seen
            if rule.sets_value:
                self.sets.append((field, rule, model))
            elif rule != CASCADE or (child in way and not child is model is self.base):
                raise _Seen
            elif child is self.base:
                self.own.append(field)
            else:
                known = child in self.reached
                self.reached.setdefault(child, []).append((field, model))
                if not known:
                    self._visit(child, [*way, child], field if rel.parent_link else None)
                    self.order.append(child)

    @property
    def watched(self) -> bool:
        """Whether somebody listens to the deletion of one of the models."""
        return bool(pre_delete.receivers or post_delete.receivers) and any(map(is_watched, self.models))

    async def delete(self, keys: dict[str, list[Any]], using: str) -> Counter[str]:
        """Delete the base's rows with these values of the columns in ``targets``, and what refers to them.

        Returns how many rows went, by model's label.
        """
        counts: Counter[str] = Counter()
        database = databases[using]
        if self.fits_one_statement and len(keys[self.targets[0]]) == 1:
            await self._delete_by_key(keys[self.targets[0]][0], database, counts)
            return counts
        if self.own:
            keys = await self._with_own(keys, using)
        for batch in _in_batches(keys, self.targets, using):
            await Doomed(self, using, batch, None).carry_out(counts)
        return counts

    async def _delete_by_key(self, key: Any, database: Any, counts: Counter[str]) -> None:
        """Delete one row and all that refers to it, with one statement where the database can."""
        base, dialect = self.base, database.dialect
        plans: list[Plan] = root(base).compiled((self, dialect), self._compiled, key, dialect)
        values = (base._meta.pk.get_prep_value(key),)
        models = (*self.order, base)
        if dialect.capabilities.changing_ctes:
            [plan] = plans
            [numbers] = await database.fetch(plan.sql or "", plan.parameters(values))
        else:
            numbers = [await database.execute(plan.sql or "", plan.parameters(values)) for plan in plans]
        for model, number in zip(models, numbers, strict=True):
            _add(counts, model, number)

    def _compiled(self, key: Any, dialect: Dialect) -> list[Plan]:
        """Compile the DELETE of each model, or all as one; whatever ``key`` is, its slot is what is compiled."""
        meta = self.base._meta
        together = dialect.capabilities.changing_ctes
        doomed = DoomedKeys(meta.pk, self.own, not together) if self.own else None
        rows = Doomed(self, "", {meta.pk.attname: doomed or [key]}, None)
        parts = tuple(rows.statement(model) for model in (*self.order, self.base))
        if not together:
            return [statement_plan(part, dialect) for part in parts]
        return [statement_plan(DeleteTogether(table=meta.db_table, keys=doomed, parts=parts), dialect)]

    async def _with_own(self, keys: dict[str, list[object]], using: str) -> dict[str, list[object]]:
        """Return the keys with those of the base's rows that refer to them, and so on; the furthest first."""
        pk = self.targets[0]
        known, found, last = set(keys[pk]), {name: list(values) for name, values in keys.items()}, keys
        while last[pk]:
            rows: dict[Any, tuple[Any, ...]] = {}
            for batch in _in_batches(last, self.targets, using):
                condition = Q()
                for field in self.own:
                    condition |= _among(field, batch[field.target_attname])
                referring = self.base._base_manager.using(using).order_by().filter(condition)
                rows.update((row[0], row) for row in await referring.values_list(*self.targets) if row[0] not in known)
            known.update(rows)
            last = {name: [row[at] for row in rows.values()] for at, name in enumerate(self.targets)}
            for name in self.targets:
                found[name] = last[name] + found[name]
        return found


class Doomed:
    """Rows of an ``Unseen``'s base that go: those with ``keys`` (values by target column), or those of a queryset."""

    def __init__(self, plan: Unseen, using: str, keys: dict[str, Any] | None, rows: Any) -> None:
        self.plan = plan
        self.using = using
        self.keys = keys
        self.rows = rows

    async def carry_out(self, counts: Counter[str]) -> None:
        """Change and delete; add how many rows went to ``counts``."""
        plan = self.plan
        for field, rule, to in plan.sets:
            rows = field.model._base_manager.using(self.using).filter(self._referring(field, to))
            await set_value(field, rule, rows)
        for model in plan.order:
            _add(counts, model, await self._delete(model))
        base = plan.base
        if self.keys is not None:
            _add(counts, base, await delete_having(base, base._meta.pk, self.keys[plan.targets[0]], using=self.using))
        else:
            _add(counts, base, await self.rows._araw_delete())

    def statement(self, model: type[AwaitableModel]) -> DeleteByKey:
        """Return the DELETE of a model's rows that go, the key of the first being the value of every slot."""
        builder = Builder(root(model).select)
        if model is self.plan.base:
            assert self.keys is not None
            condition = _among(model._meta.pk, self.keys[self.plan.targets[0]])
        else:
            condition = Q()
            for field, to in self.plan.reached[model]:
                condition |= self._referring(field, to)
        filter_rows(builder, False, (condition,), {})
        delete_rows(builder)
        made = builder.statement
        assert isinstance(made, Delete)
        return DeleteByKey(table=made.table, where=made.where, joined=made.joined)

    async def _delete(self, model: type[AwaitableModel]) -> int:
        reached = self.plan.reached[model]
        if len(reached) == 1 and self.keys is not None and reached[0][1] is self.plan.base:
            field = reached[0][0]
            return await delete_having(model, field, self.keys[field.target_attname], using=self.using)
        return int(await self._rows_of(model)._araw_delete())

    def _rows_of(self, model: type[AwaitableModel]) -> Any:
        """Return the rows of a model that go, as a queryset."""
        if model is self.plan.base and self.keys is None:
            return self.rows
        condition = Q()
        if model is self.plan.base:
            assert self.keys is not None
            condition = _among(model._meta.pk, self.keys[self.plan.targets[0]])
        else:
            for field, to in self.plan.reached[model]:
                condition |= self._referring(field, to)
        return model._base_manager.using(self.using).order_by().filter(condition)

    def _referring(self, field: Any, to: type) -> Q:
        """Return the condition that a foreign key refers to one of the rows of ``to`` that go."""
        if to is self.plan.base and self.keys is not None:
            return _among(field, self.keys[field.target_attname])
        return Q(**{f"{field.attname}__in": self._rows_of(to).values(field.target_attname)})


def _among(field: Field, values: Sequence[Any] | DoomedKeys) -> Q:
    """Return the condition that a foreign key has one of the values, or one of the rows of an expression."""
    if isinstance(values, DoomedKeys):
        return Q((f"{field.attname}__in", values))
    if len(values) == 1:  # an equality, which is quicker than a list of one
        return Q((field.attname, values[0]))
    return Q((f"{field.attname}__in", list(values)))


def _add(counts: Counter[str], model: type[AwaitableModel], number: int) -> None:
    if number:
        counts[model._meta.label] += number


def _in_batches(keys: dict[str, list[object]], targets: tuple[str, ...], using: str) -> list[dict[str, list[object]]]:
    """Return the keys in parts that one statement can take."""
    sizes = [len(batch) for batch in batches(using, keys[targets[0]])]
    if len(sizes) == 1:
        return [keys]
    found, start = [], 0
    for size in sizes:
        found.append({name: values[start : start + size] for name, values in keys.items()})
        start += size
    return found


async def value_of(field: Field, rule: OnDelete) -> Any:
    """Return what a rule sets a foreign key to: NULL, the default, or what SET says."""
    if rule == SET_NULL:
        return None
    if rule == SET_DEFAULT:
        return field.get_default()
    return await crossing.call(rule.value) if callable(rule.value) else rule.value


async def set_value(field: Field, rule: OnDelete, rows: Any) -> None:
    """Give rows what a rule sets their foreign key to. A function that says it is not called for no rows at all: it may
    make the row that it gives.
    """
    if callable(rule.value) and not await rows.aexists():
        return
    await rows.aupdate(**{field.name: await value_of(field, rule)})


def unseen_by(field: ModelField) -> Unseen | None:
    """Return how the rows go unseen that a foreign key leads to; as ``unseen``, with the rows they may be parts of."""
    if not field.remote_field.parent_link:
        return unseen(field.model)
    if field not in _plans_of_parts:
        try:
            _plans_of_parts[field] = Unseen(field.model, field)
        except _Seen:
            _plans_of_parts[field] = None
    return _plans_of_parts[field]


def unseen(model: type[AwaitableModel]) -> Unseen | None:
    """Return how rows of a model go unseen; None where some rows have to be looked at, even if nobody listens."""
    try:
        return _plans[model]  # as nearly always
    except KeyError:
        pass
    plan: Unseen | None
    try:
        plan = Unseen(model)
    except _Seen:
        plan = None
    _plans[model] = plan
    return plan
