"""A table as it is to be: a model's facts with some fields replaced, for statements that build a table anew."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from orm.errors import FieldDoesNotExist

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.models.fields.base import Field
    from orm.models.relations.rels import ForeignObjectRel


class TableDraft:
    """Stands where a model stands in ``orm.sql.ddl``; its ``_meta`` holds what those functions ask for.

    Parameters: ``replace`` gives a new field for each old one; ``add`` and ``remove`` are fields; the others, when
    given, take the place of what the model's Meta says. An old field's name still leads to the field that replaced it,
    so that constraints and indexes of the model read right.
    """

    def __init__(
        self,
        model: type[AwaitableModel],
        *,
        table: str | None = None,
        replace: Mapping[Any, Any] | None = None,
        add: Iterable[Any] = (),
        remove: Iterable[Any] = (),
        unique_together: Iterable[Iterable[str]] | None = None,
        constraints: Iterable[Any] | None = None,
        indexes: Iterable[Any] | None = None,
    ) -> None:
        self._meta = DraftOptions(model, table, dict(replace or {}), list(add), list(remove))
        coming = {field.name for field in add}
        self.added = [field for field in model._meta.local_concrete_fields if field.name in coming]
        """Fields of the model that the table does not have yet, where the model is of the state after the change."""
        meta, gone = model._meta, {field.name for field in remove}
        together = meta.unique_together if unique_together is None else unique_together
        self._meta.unique_together = tuple(tuple(group) for group in together if not gone.intersection(group))
        kept = meta.constraints if constraints is None else constraints
        self._meta.constraints = [one for one in kept if not gone.intersection(one.field_names)]
        kept = meta.indexes if indexes is None else indexes
        self._meta.indexes = [one for one in kept if not gone.intersection(one.field_names)]


class DraftOptions:
    """The part of ``Options`` that statements about one table need."""

    unique_together: tuple[tuple[str, ...], ...]
    constraints: list[Any]
    indexes: list[Any]

    def __init__(
        self, model: type[AwaitableModel], table: str | None, replace: dict[Any, Any], add: list[Any], remove: list[Any]
    ) -> None:
        meta = model._meta
        self.label, self.object_name = meta.label, meta.object_name
        gone = {field.name for field in remove}
        self.index_together = tuple(group for group in meta.index_together if not gone.intersection(group))
        self.app_label = meta.app_label
        self.parents: Mapping[Any, Any] = {}
        """None: a table's own rules speak of no other's columns."""
        self.db_table = table or meta.db_table
        # By name, since callers may hold another object for a field than the model does.
        new_for = {old.name: new for old, new in replace.items()}
        gone_names = {field.name for field in remove} - new_for.keys()
        coming = {field.name for field in (*new_for.values(), *add)} - new_for.keys()
        fields = []
        for field in meta.local_concrete_fields:
            if field.name in new_for:
                fields.append(new_for.pop(field.name))
            elif field.name not in gone_names and field.name not in coming:
                fields.append(field)
        brought = [*replace.values(), *add]
        fields = _without_other_keys([*fields, *new_for.values(), *add], brought)
        taken = {field.column for field in brought}
        kept = [field for field in fields if field.column not in taken or any(field is one for one in brought)]
        self.local_concrete_fields = tuple({id(field): field for field in kept}.values())
        self.concrete_fields = self.table_fields = self.local_concrete_fields
        self.pk = next(
            (field for field in self.local_concrete_fields if field.primary_key), replace.get(meta.pk, meta.pk)
        )
        names: dict[str, Any] = {}
        for old, new in replace.items():
            names[old.name] = names[old.attname] = new
        for field in self.local_concrete_fields:
            names[field.name] = names[field.attname] = field
        self.pk = _key_of(self.pk, names)
        self.fields_map: Mapping[str, Any] = names
        self.names: Mapping[str, Any] = {**names, "pk": self.pk}

    def get_field(self, name: str) -> Any:
        """The field of that name, or the one that replaced it.

        Raises ``FieldDoesNotExist``.
        """
        if name not in self.fields_map:
            raise FieldDoesNotExist(f"{self.label} has no field {name!r}.")
        return self.fields_map[name]

    def way_to(self, field: Field) -> tuple[Any, ...]:
        """The joins to the table of a field: none, since it is this one."""
        return ()

    def hops_along(self, relation: ForeignObjectRel) -> tuple[Any, ...]:
        """The joins along a relation."""
        return tuple(relation.hops)


def _without_other_keys(fields: list[Field], coming: list[Any]) -> list[Any]:
    """The fields, where a new one is the key: the key there was is gone if the database made it, and plain if not."""
    if not any(field.primary_key for field in coming):
        return fields
    kept = []
    for field in fields:
        if field.primary_key and not any(field is one for one in coming):
            if field.auto:
                continue
            field = copy.copy(field)
            field.primary_key = False
        kept.append(field)
    return kept


def _key_of(key: Any, names: Mapping[str, object]) -> Any:
    """The table's key; one of several columns with the fields that are in the table now."""
    if not getattr(key, "is_composite", False):
        return key
    drafted = copy.copy(key)
    drafted.fields = tuple(names.get(name, field) for name, field in zip(key.field_names, key.fields, strict=True))
    return drafted


def with_new_field(model: type[AwaitableModel], field: Field) -> TableDraft:
    """Return the model's table with a new field; a model that is of the state after the change has it already."""
    there = [one for one in model._meta.local_concrete_fields if one.name == field.name]
    return TableDraft(model, remove=there, add=[field])
