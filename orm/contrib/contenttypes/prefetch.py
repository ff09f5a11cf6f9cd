"""Prefetching along generic relations: what a generic key refers to, model by model, and the rows that refer to one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from orm.contrib.contenttypes.models import ContentType
from orm.query.prefetch import Prefetch
from orm.query.relation_loaders import Loader, ManyLoader, fetch_in, on


class GenericPrefetch(Prefetch):
    """A path that ends in a generic key, with a queryset for each model it may refer to.

    Parameters: ``lookup`` is the path, ``querysets`` are those to use for the models they are of, ``to_attr`` names an
    attribute that gets the instance instead.
    """

    def __init__(self, lookup: str, querysets: Iterable[object], to_attr: str | None = None) -> None:
        super().__init__(lookup, None, to_attr)
        self.querysets = [Prefetch(lookup, queryset).queryset for queryset in querysets]


class GenericForeignKeyLoader(Loader):
    """Loads what generic keys refer to: one query for each model among them."""

    single = True
    of_any_model = True

    def held(self, instance: Any) -> Any:
        return instance.__dict__[self.name] if self.relation.is_cached(instance) else None

    def lacking(self, instances: Sequence[Any]) -> Sequence[Any]:
        ct, key = self.relation.ct_attname, self.relation.fk_attname
        known = [one for one in instances if getattr(one, ct) is not None and getattr(one, key) is not None]
        return [one for one in known if self.held(one) is None]

    async def load_each(
        self, instances: Sequence[Any], querysets: Sequence[Any], to_attr: str | None, using: str | None
    ) -> list[Any]:
        """Load the relation for the instances; ``querysets`` are those to use for the models they are of."""
        field = self.relation
        by_type: dict[Any, list[Any]] = {}
        for instance in instances:
            by_type.setdefault(getattr(instance, field.ct_attname), []).append(instance)
        chosen = {queryset.model: queryset for queryset in querysets}
        if len(chosen) < len(querysets):
            raise ValueError(
                f"Only one queryset is allowed for each content type. {self.name} is given several of one model."
            )
        found: list[Any] = []
        for number, group in by_type.items():
            kind = await ContentType.objects.db_manager(using).aget_for_id(number)
            model = kind.model_class()
            if model is None:
                continue
            rows = chosen.get(model)
            if rows is None:
                rows = on(model._base_manager, using)
            elif rows._using is None:
                rows = rows.using(using)
            convert = model._meta.pk.to_python
            keys = {convert(getattr(instance, field.fk_attname)) for instance in group}
            by_key = {related.pk: related for related in await fetch_in(rows, "pk", keys)}
            for instance in group:
                related = by_key.get(convert(getattr(instance, field.fk_attname)))
                instance.__dict__[to_attr or self.name] = related
            found += by_key.values()
        return found


class GenericRelationLoader(ManyLoader):
    """Loads the rows that refer to each of the instances by a generic key."""

    def __init__(self, relation: Any, name: str) -> None:
        super().__init__(relation, name)
        self.near = relation.model._meta.pk.attname

    async def load(self, instances: Sequence[Any], queryset: Any, to_attr: str | None) -> list[Any]:
        relation = self.relation
        attname = relation.object_field.attname
        groups = self.groups(instances)
        chosen = queryset.filter(**relation.type_condition(instances[0]._meta.concrete_model, instances[0]._state.db))
        found = await fetch_in(chosen, attname, groups)
        convert = relation.model._meta.pk.to_python
        for related in found:
            groups[convert(related.__dict__[attname])].append(related)
        found = self.cut(queryset, groups, found)
        self.give(instances, groups, to_attr)
        return found
