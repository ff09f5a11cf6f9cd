"""``author.book_set``: the descriptor behind the reverse side of a ForeignKey; the manager is in ``many``."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from orm.errors import advised
from orm.late import late_module

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.models.relations import manager_class
    from orm.models.relations import many_blocking as many
    from orm.models.relations.many_blocking import RelatedManager
    from orm.models.relations.rels import ManyToOneRel
else:
    manager_class = late_module("orm.models.relations.manager_class")
    many = late_module("orm.models.relations.many_blocking")


class ReverseManyDescriptor:
    """The reverse attribute of a ForeignKey. ``Author.book_set.rel`` is the rel, ``.field`` the foreign key."""

    def __init__(self, rel: ManyToOneRel) -> None:
        self.rel = self.relation = rel

    @cached_property
    def name(self) -> str:
        """The attribute it is. Asked for late: a relation of an application's own may give its name itself."""
        return str(self.rel.accessor_name)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.rel.field}>"

    @property
    def field(self) -> Any:
        """The ForeignKey on the other model."""
        return self.rel.field

    @cached_property
    def related_manager_cls(self) -> type[RelatedManager[Any]]:
        """The class of the managers this descriptor gives; made once, on top of the related model's own manager."""
        link = manager_class.Link(self.name, self.rel, self.field)
        return manager_class.manager_class(many.RelatedManager, self.rel.related_model._default_manager, link)

    def __get__(self, instance: AwaitableModel | None, owner: Any = None) -> Any:
        if instance is None:
            return self
        cls = self.related_manager_cls
        manager = object.__new__(cls)
        manager.instance = instance
        return manager

    def __set__(self, instance: AwaitableModel, value: Any) -> NoReturn:
        raise advised(
            TypeError,
            f"Direct assignment to the reverse side of a related set is prohibited. Use {self.name}.set() instead.",
            f" (In async code: await {self.name}.aset().)",
        )


def create_reverse_many_to_one_manager(superclass: type, rel: Any) -> type[Any]:
    """Return the class of a foreign key's managers on its other side, on top of a manager class of one's own.

    Parameters: ``superclass`` is a manager class of the related model, ``rel`` the far side of the foreign key.
    """
    manager = superclass()
    manager.model = rel.related_model
    link = manager_class.Link(str(rel.accessor_name), rel, rel.field)
    return manager_class.manager_class(many.RelatedManager, manager, link)
