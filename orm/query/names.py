"""From names to columns: where a name such as ``author__name__lower`` leads, and the joins on the way there.

A name's first part is an annotation, a filtered relation or a field of the model. What it is not raises ``FieldError``
with the nearest names.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from orm.errors import FieldError, advised
from orm.late import inspect, late_module
from orm.sql.columns import Col, Column
from orm.sql.conditions import Where
from orm.sql.expressions import Slot
from orm.sql.handwritten import ExtraColumn
from orm.sql.hop import Hop
from orm.sql.lookups import Exact
from orm.sql.path import Path
from orm.sql.result_types import field_name
from orm.sql.select import Join, Select, moved
from orm.sql.types import SQLType
from orm.structures.attributes import PREFETCHED
from orm.text.spelling import did_you_mean, did_you_mean_of, similar

if TYPE_CHECKING:
    from orm.sql import json as json_paths
    from orm.sql.described import ModelClass, ModelField
    from orm.sql.expressions import Expression
    from orm.sql.json import KeyPath, PathItem
else:
    json_paths = late_module("orm.sql.json")

RELATION_LOOKUPS = ("exact", "in", "gt", "gte", "lt", "lte", "isnull", "range")
"""How the key of a related object may be compared; anything else is meant for one of its fields."""


class RelatedValue(SQLType):
    """The key of a related model as a filter's right side: a value, or an instance of that model."""

    def __init__(self, field: Any, model: Any, name: str) -> None:
        super().__init__(field.kind)
        self.field = field
        self.related = model
        self.name = name
        self.model = model

    def get_prep_value(self, value: Any) -> Any:
        if hasattr(value, "_meta"):
            if not isinstance(value, self.related) and not issubclass(self.related, value._meta.concrete_model):
                raise advised(
                    ValueError,
                    f'Cannot query "{value}": Must be "{self.related.__name__}" instance.',
                    f" {self.name} is compared to a {self.related.__name__}, not to {value!r}",
                )
            if not value._is_pk_set():
                raise advised(
                    ValueError,
                    "Model instances passed to related filters must be saved.",
                    f" {self.name} is compared to an unsaved {self.related.__name__}: save it first",
                )
            value = self._compared(value)
        return self.field.compared_preparer(value)

    @property
    def compares_prepared(self) -> bool:
        return bool(self.field.compares_prepared)

    def compared(self, value: Any, connection: object) -> Any:
        return self.field.compared(value, connection)

    def _compared(self, instance: Any) -> Any:
        """Return the value of an instance that the column holds; a join table's column holds what it refers to by."""
        field = self.field
        if field.is_relation and isinstance(instance, field.related_model._meta.concrete_model):
            return getattr(instance, instance._meta.pk.attname if field.model is self.related else field.target_attname)
        return instance.pk


def unsupported(name: str, kind: str, choices: Iterable[str]) -> str:
    """Return Django's sentence about a name that is no lookup of the field before it; ``choices`` are its lookups."""
    close = similar(name, choices)
    proposed = f", perhaps you meant {' or '.join(close)}?" if close else "."
    return f"Unsupported lookup {name!r} for {kind} or join on the field not permitted{proposed}"


def _is_key(relation: Any, name: str) -> bool:
    """Whether a name is that of a relation's own column, ``author_id``, and not of the relation."""
    return name != relation.name and name == getattr(relation, "attname", None)


def _leads_on(relation: Any, further: Sequence[str]) -> bool:
    """Whether the next name after a relation's is one of the rows it leads to."""
    return bool(further) and (further[0] == "pk" or further[0] in relation.hops[-1].model._meta.names)


def check_attribute(model: type[Any], name: str, field_message: str) -> None:
    """Refuse a name under which an instance could not keep a computed value without losing something of its own.

    Raises ``ValueError`` for the name of a field (with ``field_message``), and for that of a method of all models, a
    property or anything else that instances need. A method of the program's own is the program's to hide.
    """
    if name in model._meta.names:
        raise advised(ValueError, field_message, f" Choose a name that {model.__name__} does not have.")
    held = inspect.getattr_static(model, name, None)
    own = next((cls.__module__ for cls in model.__mro__ if name in vars(cls)), "")
    needed = held is not None and (
        name[0] == "_" or inspect.isdatadescriptor(held) or (callable(held) and own.startswith("orm."))
    )
    if needed or name == PREFETCHED:
        raise ValueError(f"{name!r} would hide what instances of {model.__name__} need: choose another name.")


class Names:
    """The part of a builder that knows names: it changes the joins of ``select``."""

    select: Select
    model: Any

    def describe(self, lhs: Expression) -> str:
        """Return what to call an expression in an error."""
        target = getattr(lhs, "target", None)
        if target is not None and getattr(target, "model", None) is not None:
            return f"{target.model.__name__}.{target.name}"
        return type(lhs).__name__

    def _taken_aliases(self) -> set[str]:
        return self.select.aliases()

    def path(self, name: str, model: ModelClass | None = None) -> Path:
        """Return where a name such as ``author__name__lower`` leads.

        Raises ``FieldError`` when its first part is nothing this model has.
        """
        if not isinstance(name, str):
            raise FieldError(f"A field is named by a string, not by {name!r}")
        opts = (model or self.model)._meta
        parts = name.split("__")
        hops: list[Hop] = []
        field: Any = None
        relation: Any = None
        for position, part in enumerate(parts):
            if position == 0 and part in self.select.filtered and model is None:
                hops += self.filtered_hops(part)
                field = relation = self.select.filtered[part].relation
                opts = hops[-1].model._meta
                continue
            found = opts.pk if part == "pk" else opts.names.get(part)
            if found is None:
                if position == 0:
                    raise self._no_field(opts, part)
                return self._ending(hops, field, tuple(parts[position:]), relation)
            field, relation = found, None
            if found.is_relation and (not _is_key(found, part) or _leads_on(found, parts[position + 1 :])):
                relation = found
                hops.extend(opts.hops_along(found))
                opts = hops[-1].model._meta
                continue
            hops.extend(opts.way_to(found))
            if position + 1 < len(parts):
                return self._ending(hops, field, tuple(parts[position + 1 :]), None)
        return self._ending(hops, field, (), relation)

    def filtered_hops(self, name: str) -> list[Hop]:
        """Return the way to the rows of a filtered relation; its last hop has the relation's condition."""
        *before, last = self.select.filtered[name].hops
        return [*before, last._replace(filtered=name)]

    def _no_field(self, opts: Any, name: str) -> FieldError:
        known = {*opts.names, *self.select.annotations, *self.select.filtered}
        shown = sorted(item for item in known if item != "pk" and not item.endswith("+"))
        return advised(
            FieldError,
            f"Cannot resolve keyword {name!r} into field. Choices are: {', '.join(shown)}",
            f". {opts.object_name} has no field {name!r}.{did_you_mean(name, shown)}",
        )

    def _ending(self, hops: list[Hop], field: ModelField, rest: tuple[str, ...], relation: object) -> Path:
        if relation is not None:
            last = hops[-1]
            field = last.rhs if follows_key(last) else last.model._meta.pk
        while hops and field is hops[-1].rhs and follows_key(hops[-1]):
            field = hops.pop().lhs  # the foreign key itself holds the value: no join needed
        return Path(tuple(hops), field, rest, relation)

    def join(self, hops: Sequence[Hop], reuse: set[str] | None, alias: str | None = None) -> str:
        """Return the alias at the end of ``hops``, joining tables where they are not joined yet.

        ``reuse`` are the aliases of to-many relations that may serve again (and gets the new ones); None: all may.
        """
        alias = alias or self.select.base_alias
        for hop in hops:
            alias = self._join_one(alias, hop, reuse)
        return alias

    def _joined(self, parent: str, hop: Hop, reuse: set[str] | None) -> str | None:
        for join in reversed(self.select.joins.values()):
            if join.parent == parent and join.hop == hop and (not hop.many or reuse is None or join.alias in reuse):
                return join.alias
        return None

    def _join_one(self, parent: str, hop: Hop, reuse: set[str] | None) -> str:
        alias = self._joined(parent, hop, reuse)
        if alias is not None:
            return alias
        if hop.filtered is not None:
            self._filtered_aliases(hop.filtered, parent)
        alias = self._new_alias(hop.model._meta.db_table)
        conditions = further_conditions(hop, parent, alias)
        if hop.filtered is not None:
            conditions.append(self._joined_when(hop.filtered, alias, parent))
        condition = Where(conditions) if len(conditions) > 1 else conditions[0] if conditions else None
        self.select.joins[alias] = Join(alias, hop.model._meta.db_table, parent, hop, condition)
        if reuse is not None:
            reuse.add(alias)
        return alias

    def _joined_when(self, name: str, alias: str, parent: str) -> Any:
        """Return the condition of a filtered relation whose last table is ``alias``."""
        filtered = self.select.filtered[name]
        return moved(filtered.condition, {**self._filtered_aliases(name, parent), filtered.aliases[-1]: alias})

    def _filtered_aliases(self, name: str, parent: str) -> dict[str, str]:
        """Return what the tables are called here that a filtered relation's condition speaks of, its last one left out.

        Those off the relation's way are joined where they are not yet: before its last table, which needs them.
        """
        filtered = self.select.filtered[name]
        known = dict(zip(filtered.aliases[:-1], reversed(self.way_to(parent)), strict=True))
        for alias, near, hop in filtered.further:
            known[alias] = self._join_one(known[near], hop, None)
        return known

    def way_to(self, alias: str) -> list[str]:
        """Return an alias and those its table is joined by, up to the model's own."""
        way: list[str] = []
        at: str | None = alias
        while at is not None:
            way.append(at)
            at = self.select.joins[at].parent
        return way

    def _new_alias(self, table: str) -> str:
        taken = self._taken_aliases()
        if table not in taken:
            return table
        number = len(self.select.joins) + 1
        while f"t{number}" in taken:
            number += 1
        return f"t{number}"

    def column(self, path: Path, reuse: set[str] | None, allow_joins: bool = True) -> Col:
        """Return the column a path leads to, with its joins made."""
        if path.hops and not allow_joins:
            advice = f": {path.field.name!r} lies across a relation, which is not allowed here"
            raise advised(FieldError, "Joined field references are not permitted in this query", advice)
        alias = self.join(path.hops, reuse)
        if not path.field.concrete and not path.field.is_composite:
            raise FieldError(f"{path.field.name!r} has no column of its own")
        # The key at a relation's end may be a foreign key itself: what is compared is a row at the end.
        if path.relation is not None and path.relation is not path.field and not path.field.is_composite:
            return Col(alias, path.field, RelatedValue(path.field, path.relation.related_model, path.relation.name))
        return Col(alias, path.field)

    def own_column(self, field: ModelField, model: ModelClass | None = None, alias: str | None = None) -> Col:
        """Return the column of a model's field, whose table may be that of a parent, which is joined then.

        Parameters: ``model`` and ``alias`` are those of the query unless given. A parent's key is not fetched from its
        table: the child's link holds it.
        """
        hops = list((model or self.model)._meta.way_to(field))
        while hops and field is hops[-1].rhs:
            field = hops.pop().lhs
        return Col(self.join(hops, None, alias), field)

    def resolve_ref(
        self, name: str, allow_joins: bool = True, reuse: set[str] | None = None, summarize: bool = False
    ) -> Expression:
        """Return the expression a name stands for: an annotation, a column, or a transform of one."""
        annotation, rest = self._annotation(name)
        if annotation is not None:
            return self._transformed(annotation, rest, name)
        path = self.path(name)
        return self._transformed(self.column(path, reuse, allow_joins), path.rest, name)

    def _annotation(self, name: str) -> tuple[Any, tuple[str, ...]]:
        if name in self.select.annotations and not self._is_hidden(name):
            return self.select.annotations[name], ()
        first, *rest = parts = name.split("__")
        for end in range(len(parts) - 1, 0, -1):  # an annotation may have been named by what it is: book__pages__sum
            named = "__".join(parts[:end])
            annotation = self.select.annotations.get(named)
            if annotation is not None and not self._is_hidden(named):
                return annotation, tuple(parts[end:])
        offer = self.select.offered.get(first)
        if offer is not None:
            column, *rest = rest or [""]
            if column not in offer.columns:
                known = did_you_mean_of(column, [*offer.columns])
                raise FieldError(f"{first!r} has no column {column!r} (in {name!r}).{known}")
            return Column(offer.alias, column, offer.columns[column]), tuple(rest)
        return None, ()

    def _is_hidden(self, name: str) -> bool:
        """Whether a name means the model's field, though a column of ``extra()`` has the name in the results."""
        meta = self.select.model._meta
        return isinstance(self.select.annotations[name], ExtraColumn) and (name in meta.names or name == "pk")

    def _keyed(self, lhs: Expression, names: Sequence[str], whole: str, filtering: bool) -> tuple[Any, Sequence[str]]:
        """Return ``lhs`` with the JSON keys gone along that come first among ``names``, and the names after them."""
        count = _leading_keys(lhs, names, filtering)
        if not count:
            return lhs, names
        items = [json_paths.path_item(name) for name in names[:count]]
        return json_paths.KeyTransform.along(items, self.take_path(whole, filtering, items), lhs), names[count:]

    def take_path(self, whole: str, filtering: bool, items: list[PathItem]) -> KeyPath | Slot:
        """Return where a path into JSON waits that ``whole`` (with a lookup at its end, if ``filtering``) names."""
        return json_paths.KeyPath(items)

    def _transformed(self, lhs: Expression, names: Sequence[str], whole: str, comparing: bool = False) -> Expression:
        """Return ``lhs`` with transforms; ``comparing``: a lookup follows, as the sentence of an error says."""
        lhs, names = self._keyed(lhs, names, whole, False)
        for position, name in enumerate(names):
            transform = transform_of(lhs, name)
            if transform is None:
                raise self._unknown(lhs, name, whole, names[:position], comparing)
            lhs = transform(lhs)
        return lhs

    def _unknown(
        self, lhs: Expression, name: str, whole: str, after: Sequence[str] = (), comparing: bool = False
    ) -> FieldError:
        field = lhs.output_field_or_none
        known = sorted(field.lookups()) if field is not None else []
        related = getattr(field, "related_model", None) or getattr(field, "related", None)
        if related is not None and not after:
            known = sorted({*known, *related._meta.names})
        what = f"{self.describe(lhs)}" + (f" ({field.kind})" if field is not None else "")
        if related is not None and not after and not comparing:
            names = sorted(choice for choice in related._meta.names if choice != "pk" and not choice.endswith("+"))
            return advised(
                FieldError,
                f"Cannot resolve keyword {name!r} into field. Choices are: {', '.join(names)}",
                f".{did_you_mean(name, known)} {what} has no lookup, transform or field {name!r} (in {whole!r}).",
            )
        if comparing:
            kind = type(lhs).__name__ if field is None else field_name(field)
            parts = whole.split("__")
            rest = "__".join(parts[parts.index(name) :]) if name in parts else name
            said = unsupported(rest, kind, () if field is None else field.lookups())
        else:
            said = f"Cannot resolve keyword {name!r} into field. Join on {whole.split('__')[-2]!r} not permitted."
        return advised(
            FieldError,
            said,
            f" {what} has no lookup, transform or field {name!r} (in {whole!r}).{did_you_mean_of(name, known)}",
        )


class Listing(list[Any]):
    """A step's values in the order of its structure, with those of the JSON paths that its names hold after them.

    A path is a value, so that a name stands in the step's key without it: queries of any keys share a shape.
    """

    def __init__(self, select: Select) -> None:
        super().__init__()
        self.names = Names()
        self.names.select, self.names.model = select, select.model
        self.paths: dict[tuple[str, bool], list[PathItem]] = {}
        self.starts: dict[str, int] = {}
        """How many parts of a name come before its path."""

    def named(self, name: str, filtering: bool = False) -> Hashable:
        """Return what stands for a name in a key; ``filtering``: it may end in a lookup."""
        parts = name.split("__") if isinstance(name, str) else ()
        select = self.names.select
        if len(parts) < 2 or name in select.annotations or select.combination is not None:
            return name  # the columns of a union are found by their whole names
        rest, count = self._keys(name, parts, filtering)
        if not count:
            return name
        items = [json_paths.path_item(item) for item in rest[:count]]
        self.paths.setdefault((name, filtering), items)
        self.starts[name] = len(parts) - len(rest)
        place = list(self.paths).index((name, filtering))
        return (
            json_paths.KeyPath,
            *parts[: len(parts) - len(rest)],
            json_paths.is_special(items),
            place,
            *rest[count:],
        )

    def ordering(self, name: str) -> Hashable:
        """Return what stands in a key for a name that an ordering may have a sign before."""
        plain = name.lstrip("-+")
        return (name[: len(name) - len(plain)], self.named(plain))

    def _keys(self, name: str, parts: Sequence[str], filtering: bool) -> tuple[Sequence[str], int]:
        annotation = self.names.select.annotations.get(parts[0])
        if annotation is not None:
            return parts[1:], _leading_keys(annotation, parts[1:], filtering)
        try:
            path = self.names.path(name)
        except FieldError:  # the step itself says so
            return (), 0
        if path.relation is not None or not path.rest:
            return (), 0
        field = path.field
        return path.rest, json_paths.keys_in(field, path.rest, filtering) if field.kind == "json" else 0


def _leading_keys(lhs: Expression, names: Sequence[str], filtering: bool) -> int:
    """Return how many of the names after ``lhs`` are keys into its JSON value; 0 where it holds none."""
    sql_type = lhs.output_field_or_none
    if sql_type is None or sql_type.kind != "json":
        return 0
    known = getattr(type(lhs), "class_lookups", {})
    return json_paths.keys_in(sql_type, names, filtering, known, isinstance(lhs, json_paths.KeyTransform))


def follows_key(hop: Hop) -> bool:
    """Tell whether a hop goes along a foreign key to the column it refers to."""
    lhs: Any = hop.lhs
    if hop.many or hop.filtered or hop.further or hop.restriction is not None:
        return False
    return lhs.is_relation and lhs.concrete and lhs.target_field is hop.rhs


def further_conditions(hop: Hop, near: str, far: str) -> list[Any]:
    """Return what a join must meet besides its first pair of columns."""
    found: list[Any] = [Exact(Col(far, rhs), Col(near, lhs)) for lhs, rhs in hop.further]
    return found if hop.restriction is None else [*found, hop.restriction.condition(near, far)]


def transform_of(lhs: Expression, name: str) -> Any:
    """Return the transform of that name for an expression, or None."""
    if hasattr(lhs, "get_transform"):
        return lhs.get_transform(name)
    own = getattr(type(lhs), "class_lookups", {}).get(name)
    if own is not None and getattr(own, "is_transform", False):
        return own
    field = lhs.output_field_or_none
    return field.get_transform(name) if field is not None else None
