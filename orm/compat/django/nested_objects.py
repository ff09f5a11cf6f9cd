"""``django.contrib.admin.utils.NestedObjects``: what would go with some objects, as a tree; packages that hide rows in
place of deleting them walk by it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from orm.models.on_delete import CASCADE, PROTECT, RESTRICT

Nested = list[Any]
LOOKED_AT = (CASCADE, PROTECT, RESTRICT)


class NestedObjects:
    """Which rows the deletion of others would take with it. Blocking code.

    Parameters: ``using`` is the alias of the database; ``origin`` is Django's, and of no use here.

    ``edges`` has the objects that go because another does, by that one, and under None those it began with;
    ``protected`` those whose relation forbids it, ``model_objs`` all by model.
    """

    def __init__(self, using: str, origin: object = None) -> None:
        self.using = using
        self.origin = origin
        self.edges: dict[Any, list[Any]] = {}
        self.protected: set[Any] = set()
        self.model_objs: dict[type[Any], set[Any]] = {}
        self._seen: set[Any] = set()

    def collect(self, objs: Iterable[Any]) -> None:
        """Take in objects, and what their deletion would take with it."""
        waiting = [(None, obj) for obj in objs]
        while waiting:
            source, obj = waiting.pop(0)
            self.edges.setdefault(source, []).append(obj)
            self.model_objs.setdefault(type(obj), set()).add(obj)
            if obj not in self._seen:
                self._seen.add(obj)
                waiting += [(obj, each) for each in self._dependants(obj)]

    def _dependants(self, obj: Any) -> list[Any]:
        found: list[Any] = []
        meta = type(obj)._meta
        for rel in meta.get_fields(include_hidden=True):
            if not (rel.auto_created and not rel.concrete and (rel.one_to_one or rel.one_to_many)):
                continue
            rows = rel.related_model._base_manager.using(self.using)
            referring = list(rows.filter(**{rel.field.name: obj})) if rel.rule in LOOKED_AT else []
            if rel.rule == CASCADE:
                found += referring
            else:
                self.protected.update(referring)
        for field in meta.private_fields:
            if hasattr(field, "bulk_related_objects"):
                found += field.bulk_related_objects([obj], self.using)
        return found

    def nested(self, format_callback: Callable[[Any], Any] | None = None) -> Nested:
        """Return the tree as a list: after each object a list of those that go with it, if there are any."""
        shown: set[Any] = set()
        return [each for root in self.edges.get(None, ()) for each in self._nested(root, shown, format_callback)]

    def _nested(self, obj: object, shown: set[Any], format_callback: Callable[[Any], Any] | None) -> Nested:
        if obj in shown:
            return []
        shown.add(obj)
        below = [each for child in self.edges.get(obj, ()) for each in self._nested(child, shown, format_callback)]
        found = [obj if format_callback is None else format_callback(obj)]
        return [*found, below] if below else found
