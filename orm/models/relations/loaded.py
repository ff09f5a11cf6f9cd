"""``LoadedRelations``: what an instance has loaded of its relations, as Django's ``_state.fields_cache``."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

from orm.models.relations.both_sides import KeptInstance


class LoadedRelations(MutableMapping[str, Any]):
    """The loaded related instances of one instance, by the names they are kept under; None for a relation to nothing.

    A view: what is taken out is loaded anew when it is asked for.
    """

    def __init__(self, instance: Any) -> None:
        self._held: dict[str, Any] = instance.__dict__
        meta = instance._meta
        fields = (*meta.get_fields(include_hidden=True), *meta.private_fields)
        self._names = {field.cache_name: None for field in fields if isinstance(field, KeptInstance)}

    def __repr__(self) -> str:
        return repr(dict(self))

    def __iter__(self) -> Iterator[str]:
        return iter([name for name in self._names if name in self._held])

    def __len__(self) -> int:
        return sum(name in self._held for name in self._names)

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        return self._held[name]

    def __setitem__(self, name: str, value: Any) -> None:
        if name not in self._names:
            raise KeyError(f"{name!r} is no relation to one row: {', '.join(self._names) or 'there is none'}")
        self._held[name] = value

    def __delitem__(self, name: str) -> None:
        if name not in self._names:
            raise KeyError(name)
        del self._held[name]
