"""How a relation's manager class is made: the operations of the relation on top of the related model's own manager.

So ``author.book_set`` has the custom methods and the ``get_queryset`` of ``Book.objects``. What differs between two
relations is one class attribute, ``link``, so that making a manager on each access is one small object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from orm.models.managers import BaseManager, own_state

if TYPE_CHECKING:
    from orm.models.relations.rels import ForeignObjectRel

C = TypeVar("C")


class Link:
    """One side of a relation, as its managers need it. ``name`` is the attribute on the instances of that side."""

    def __init__(self, name: str, rel: ForeignObjectRel, field: Any) -> None:
        self.name = name
        self.rel = rel
        self.field = field


class JoinedLink(Link):
    """One side of a many-to-many relation.

    ``near`` is the join model's foreign key to the instance's model, ``far`` the one to the related model.
    """

    def __init__(
        self,
        name: str,
        rel: ForeignObjectRel,
        field: object,
        through: Any,
        near: Any,
        far: Any,
        reverse: bool,
        symmetrical: bool,
    ) -> None:
        super().__init__(name, rel, field)
        self.through = through
        self.near = near
        self.far = far
        self.reverse = reverse
        self.symmetrical = symmetrical

    @property
    def path(self) -> str:
        """The condition on the related model that says to which instance a row is joined."""
        return f"{self.far.remote_field.name}__{self.near.attname}"


class Withheld:
    """In the place of an operation that a relation can't have: it is not there, and the error says why."""

    def __init__(self, name: str, link: Link) -> None:
        self.name = name
        self.link = link

    def __get__(self, manager: Any, owner: Any = None) -> Any:
        if manager is None:
            return self
        raise AttributeError(
            f"{self.link.name}.{self.name}() would leave {self.link.field} empty, and it may not be null. "
            "Give it null=True, or delete the rows."
        )


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
    if type(link) is Link and not link.field.null:
        body.update((name, Withheld(name, link)) for name in ("remove", "aremove", "clear", "aclear"))
    made: Any = type(operations.__name__, (operations, base), body)
    return made  # type: ignore[no-any-return]
