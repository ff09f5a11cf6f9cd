"""``refresh_from_db()``: which columns are read again, and what an instance takes over from the row and forgets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from orm.errors import FieldDoesNotExist, advised
from orm.structures.attributes import PREFETCHED, UNFOUND

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.models.options import Options


def columns_to_read(instance: AwaitableModel, fields: Iterable[str]) -> list[str]:
    """Drop named relations that are prefetched or have no column here; return the attnames of the columns."""
    if isinstance(fields, str):
        raise TypeError(f"fields must be a list of names, like [{fields!r}], not a string.")
    meta = instance._meta
    prefetched = vars(instance).get(PREFETCHED, {})
    single = _relations_elsewhere(meta)
    columns: list[str] = []
    for name in fields:
        if "__" in name:
            raise ValueError(
                f'Found "__" in fields argument. Relations and transforms are not allowed in fields. ({name!r})'
            )
        if name in prefetched:
            del prefetched[name]
            continue
        if name in single:
            vars(instance).pop(name, None)
            continue
        field = meta.pk if name == "pk" else meta.fields_map.get(name)
        if field is None or not field.concrete:
            known = sorted(known for known, field in meta.fields_map.items() if field.concrete)
            raise advised(
                FieldDoesNotExist,
                f"{meta.object_name} has no field named {name!r}",
                " that can be refreshed: it is no column of it and no prefetched relation of this instance. "
                f"Columns are {', '.join(known)}.",
            )
        columns.append(field.attname)
    return columns


def take_over(instance: AwaitableModel, fresh: AwaitableModel, names: list[str] | None, *, everything: bool) -> None:
    """Give an instance the values of the same row read anew (``names`` are attnames, None for all that was read)."""
    held = vars(instance)
    meta = instance._meta
    for field in meta.concrete_fields:
        if field.attname in vars(fresh) and (names is None or field.attname in names):
            setattr(instance, field.attname, vars(fresh)[field.attname])
            if field.is_relation:
                held.pop(field.name, None)
                held.get(UNFOUND, {}).pop(field.name, None)
                if field.name in vars(fresh):
                    held[field.name] = vars(fresh)[field.name]
    if everything:
        for name in (PREFETCHED, *_relations_elsewhere(meta)):
            held.pop(name, None)
    instance._state.db = fresh._state.db


def _relations_elsewhere(meta: Options) -> set[str]:
    """Return the attributes that hold one related instance, and no column here says which."""
    back = {rel.get_accessor_name() or "" for rel in meta.related_objects if not rel.multiple}
    return back | {field.name for field in meta.private_fields if field.many_to_one}
