"""How a relation's manager class is made: the operations of the relation on top of the related model's own manager.

So ``author.book_set`` has the custom methods and the ``get_queryset`` of ``Book.objects``. What differs between two
relations is one class attribute, ``link``, so that making a manager on each access is one small object.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from orm.models.managers import BaseManager, own_state

C = TypeVar("C")


@dataclass(frozen=True, eq=False)
class Link:
    """One side of a relation, as its managers need it. ``name`` is the attribute on the instances of that side."""

    name: str
    rel: Any
    field: Any


@dataclass(frozen=True, eq=False)
class JoinedLink(Link):
    """One side of a many-to-many relation."""

    through: Any
    near: Any
    """The join model's foreign key to the instance's model."""
    far: Any
    """The join model's foreign key to the related model."""
    reverse: bool
    symmetrical: bool

    @property
    def path(self) -> str:
        """The condition on the related model that says to which instance a row is joined."""
        return f"{self.far.remote_field.name}__{self.near.attname}"


def manager_class(operations: type[C], manager: BaseManager[Any], link: Link) -> type[C]:
    """Return a subclass of ``operations`` and of ``manager``'s class, with the state its ``__init__`` set."""
    base: Any = type(manager)
    body = {
        **own_state(manager),
        "operations": operations,
        "link": link,
        "_every": manager.get_queryset() if base.get_queryset is BaseManager.get_queryset else None,
        "__module__": operations.__module__,
    }
    made: Any = type(operations.__name__, (operations, base), body)
    return made  # type: ignore[no-any-return]
