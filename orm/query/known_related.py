"""What the instances that a query's rows become are told: the object through which they were found, say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from orm.records import NamedTuple


class Tie(Protocol):
    """What is told to instances while a query makes them, some at a time."""

    def tie(self, instances: Sequence[Any]) -> None:
        """Tell these."""
        ...

    def among_others(self) -> Tie:
        """Return what is still to be told once rows of other queries may be among them."""
        ...


class KnownRelated(NamedTuple):
    """The object through which the rows of a related manager were found: each gets it as its relation ``name``.

    ``key`` is what their column ``attname`` holds then (where these are several, so are the keys); ``of_all`` is False
    once other rows may be among them.
    """

    name: str
    attname: str | tuple[str, ...]
    key: Any
    instance: Any
    of_all: bool = True

    def tie(self, instances: Sequence[Any]) -> None:
        """Give them the object."""
        name, attname, key, related, of_all = self
        for instance in instances:
            attributes = getattr(instance, "__dict__", None)
            if attributes is None or name in attributes:
                continue
            if type(attname) is tuple:
                if of_all or tuple(map(attributes.get, attname)) == key:
                    attributes[name] = related
                continue
            if of_all:
                attributes[attname] = key  # only() may have left it out
            if attributes.get(attname) == key:
                attributes[name] = related

    def among_others(self) -> KnownRelated:
        """Return the same for those of the rows alone that refer to the object."""
        return self._replace(of_all=False)
