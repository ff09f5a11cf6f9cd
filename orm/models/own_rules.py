"""``Told``: the collector that a rule which is a function of a program's own is called with.

It writes down what the function says is to happen to the referring rows; ``orm.models.deletion`` does it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from orm.models.on_delete import SET, OnDelete


class Told:
    """What a function says of some referring rows, in the methods that Django's collectors have.

    Parameters: ``using`` is the alias of the rows' database; ``origin`` what was to be deleted, an instance or a
    queryset.
    """

    def __init__(self, using: str, origin: object) -> None:
        self.using = using
        self.origin = origin
        self.going: list[Any] = []
        """Rows that go as well."""
        self.ruled: list[tuple[OnDelete, list[Any]]] = []
        """Rows that another rule guards, or takes along, with that rule."""
        self.updates: list[tuple[Any, OnDelete, list[Any]]] = []
        """Fields that get another value, the rule that says which, and the keys of the rows."""

    def apply(self, rule: OnDelete, field: Any, objs: Iterable[Any]) -> None:
        """Have one of the library's rules hold for rows."""
        if rule.sets_value:
            self.updates.append((field, rule, [obj.pk for obj in objs]))
        elif not rule.by_database:
            self.ruled.append((rule, list(objs)))

    def collect(self, objs: Iterable[Any], source: object = None, **options: object) -> None:
        """Have rows go as well, with what refers to them; what else Django's takes says how it looks for these."""
        self.going += objs

    def add_field_update(self, field: Any, value: object, objs: Iterable[Any]) -> None:
        """Give a field of rows another value."""
        self.updates.append((field, SET(value), [obj.pk for obj in objs]))
